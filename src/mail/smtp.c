/* SPDX-License-Identifier: Apache-2.0
 *
 * libcurl says whether a mail was taken, and little of why not. So what it says to the server and hears is looked at: the last
 * command and the last reply decide whether a recipient was refused, or the server is in trouble. Of what is said only the
 * command's word is kept: behind it may be a password.
 */
#include "mail/smtp.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crypto.h"

#define CONNECT_S          10
#define WHOLE_S            30
#define PASSWORD_BYTES_MAX 1024
#define HOST_BYTES_MAX     253

struct pat_smtp {
	char *url; /* all owned */
	char *from;
	char *from_name;
	char *user;
	char *ca_file;
	char password[PASSWORD_BYTES_MAX + 1];
	bool tls;
};

/* ---- Configurations. */

struct server {
	bool tls; /* from the first byte */
	char host[HOST_BYTES_MAX + 1];
};

static bool digits_are_port(const char *text)
{
	char *end = NULL;
	long port = strtol(text, &end, 10);

	return *text >= '0' && *text <= '9' && *end == '\0' && port > 0 && port < 65536;
}

static bool url_read(const char *url, struct server *ret)
{
	ret->tls = strncmp(url, "smtps://", 8) == 0;
	if (!ret->tls && strncmp(url, "smtp://", 7) != 0)
		return false;
	const char *host = url + (ret->tls ? 8 : 7);
	const char *within =
		*host == '[' ? "0123456789abcdefABCDEF:.[]"
			     : "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-";
	size_t len = *host == '[' ? strcspn(host, "]") + 1 : strspn(host, within);

	if (len == 0 || len > HOST_BYTES_MAX || len > strlen(host) || strspn(host, within) < len)
		return false;
	(void)snprintf(ret->host, sizeof(ret->host), "%.*s", (int)len, host);
	return host[len] == '\0' || (host[len] == ':' && digits_are_port(host + len + 1));
}

static bool is_here(const struct server *server)
{
	return strcmp(server->host, "localhost") == 0 || strcmp(server->host, "[::1]") == 0 ||
	       (strncmp(server->host, "127.", 4) == 0 &&
	        strspn(server->host, "0123456789.") == strlen(server->host));
}

static bool tls_wanted(const struct pat_smtp_config *config, const struct server *server)
{
	return server->tls || config->tls == PAT_SMTP_TLS_REQUIRED ||
	       (config->tls == PAT_SMTP_TLS_AUTO && !is_here(server));
}

/* The part behind the @ is a host's name: it stands in a greeting and in names of mails. */
static bool from_ok(const char *from)
{
	static const char host[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";

	return pat_mail_address_ok(from) &&
	       strspn(strchr(from, '@') + 1, host) == strlen(strchr(from, '@') + 1);
}

/* CRY-04, as of the row key. */
static int password_read(const char *path, char out[static PASSWORD_BYTES_MAX + 1],
                         struct pat_err *err)
{
	struct stat st;
	pat_cleanup(pat_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) < 0)
		return pat_err_set(err, -errno, "cannot read mail_password_file %s: %s", path,
		                   pat_err_words(errno));
	if ((st.st_mode & 077) != 0)
		return pat_err_set(err, -EPERM,
		                   "others can read mail_password_file %s: chmod 600 it", path);
	ssize_t n = read(fd, out, PASSWORD_BYTES_MAX);
	if (n < 0)
		return pat_err_set(err, -errno, "cannot read mail_password_file %s: %s", path,
		                   pat_err_words(errno));
	out[n] = '\0';
	out[strcspn(out, "\r\n")] = '\0';
	return *out ? 0
	            : pat_err_set(err, -EINVAL,
	                          "mail_password_file %s has no password in its first line", path);
}

int pat_smtp_check(const struct pat_smtp_config *config, struct pat_err *err)
{
	struct server server;
	char password[PASSWORD_BYTES_MAX + 1];
	int r = 0;

	if (!url_read(config->url, &server))
		return pat_err_set(
			err, -EINVAL,
			"mail_url must be smtp://host, smtp://host:port or smtps://host, and nothing more");
	if (!from_ok(config->from))
		return pat_err_set(err, -EINVAL,
		                   "mail_from must be an address, as patd@example.org");
	if ((*config->user == '\0') != (*config->password_file == '\0'))
		return pat_err_set(err, -EINVAL,
		                   "mail_user and mail_password_file are given both or neither");
	if (*config->user && !tls_wanted(config, &server) && !is_here(&server))
		return pat_err_set(
			err, -EINVAL,
			"with mail_tls = off a password would be sent for anybody to read");
	if (*config->ca_file && access(config->ca_file, R_OK) < 0)
		return pat_err_set(err, -errno, "cannot read mail_ca_file %s: %s", config->ca_file,
		                   pat_err_words(errno));
	if (*config->password_file)
		r = password_read(config->password_file, password, err);
	pat_wipe(password, sizeof(password));
	return r;
}

int pat_smtp_new(const struct pat_smtp_config *config, struct pat_smtp **ret, struct pat_err *err)
{
	struct server server;
	const char *domain = strchr(config->from, '@');
	struct pat_smtp *smtp = NULL;

	int r = pat_smtp_check(config, err);
	if (r < 0)
		return r;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || !(smtp = calloc(1, sizeof(*smtp))))
		return pat_err_set(err, -ENOMEM, "out of memory");
	(void)url_read(config->url, &server);
	smtp->tls = tls_wanted(config, &server);
	/* What stands behind the host is how libcurl greets: by a name that exists, which the machine's may not. */
	if (asprintf(&smtp->url, "%s/%s", config->url, domain + 1) < 0)
		smtp->url = NULL;
	smtp->from = strdup(config->from);
	smtp->from_name = strdup(config->from_name);
	smtp->user = strdup(config->user);
	smtp->ca_file = strdup(config->ca_file);
	if (!smtp->url || !smtp->from || !smtp->from_name || !smtp->user || !smtp->ca_file)
		r = pat_err_set(err, -ENOMEM, "out of memory");
	if (r == 0 && *config->password_file)
		r = password_read(config->password_file, smtp->password, err);
	if (r < 0)
		pat_smtp_free(PAT_TAKE(smtp));
	else
		*ret = smtp;
	return r;
}

void pat_smtp_free(struct pat_smtp *smtp)
{
	if (!smtp)
		return;
	pat_wipe(smtp->password, sizeof(smtp->password));
	free(smtp->url);
	free(smtp->from);
	free(smtp->from_name);
	free(smtp->user);
	free(smtp->ca_file);
	free(smtp);
}

/* ---- Sending. */

struct sending {
	const struct pat_buf *mail;
	size_t done;
	const atomic_bool *stop;
	struct pat_mail_reply *reply;
	bool leaving; /* what is said to the end of it tells nothing */
};

static size_t read_more(char *out, size_t size, size_t n, void *arg)
{
	struct sending *s = arg;
	size_t left = s->mail->len - s->done;
	size_t len = size * n < left ? size * n : left;

	memcpy(out, s->mail->data + s->done, len); /* UNSAFE: within both */
	s->done += len;
	return len;
}

static int watch(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	const struct sending *s = arg;

	(void)a;
	(void)b;
	(void)c;
	(void)d;
	return atomic_load(s->stop);
}

static void note_command(struct sending *s, const char *said, size_t len)
{
	static const char *const commands[] = { "EHLO", "HELO", "STARTTLS", "AUTH",
		                                "MAIL", "RCPT", "DATA",     "QUIT" };

	for (size_t i = 0; i < PAT_ARRAY_LEN(commands); i++) {
		size_t n = strlen(commands[i]);

		if (len < n || strncmp(said, commands[i], n) != 0 ||
		    (len > n && said[n] != ' ' && said[n] != '\r'))
			continue;
		s->leaving = strcmp(commands[i], "QUIT") == 0;
		if (s->leaving)
			return;
		(void)snprintf(s->reply->command, sizeof(s->reply->command), "%s", commands[i]);
		s->reply->code = 0;
	}
}

/* The last line of a reply has a blank behind its code. */
static void note_reply(struct sending *s, const char *heard, size_t len)
{
	int code = 0;

	if (s->leaving || len < 4 || heard[3] != ' ')
		return;
	for (int i = 0; i < 3; i++) {
		if (heard[i] < '0' || heard[i] > '9')
			return;
		code = code * 10 + heard[i] - '0';
	}
	s->reply->code = code;
	size_t n = 0;
	for (; 4 + n < len && n < sizeof(s->reply->words) - 1 && heard[4 + n] != '\r'; n++)
		s->reply->words[n] =
			heard[4 + n] >= 0x20 && heard[4 + n] < 0x7f ? heard[4 + n] : '?';
	s->reply->words[n] = '\0';
}

static int overhear(CURL *curl, curl_infotype type, char *data, size_t len, void *arg)
{
	(void)curl;
	if (type == CURLINFO_HEADER_OUT)
		note_command(arg, data, len);
	else if (type == CURLINFO_HEADER_IN)
		note_reply(arg, data, len);
	return 0;
}

static void set_connection(CURL *curl, const struct pat_smtp *smtp)
{
	(void)curl_easy_setopt(curl, CURLOPT_URL, smtp->url);
	(void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	(void)curl_easy_setopt(curl, CURLOPT_PROXY, ""); /* whatever the environment says */
	(void)curl_easy_setopt(curl, CURLOPT_USE_SSL,
	                       (long)(smtp->tls ? CURLUSESSL_ALL : CURLUSESSL_NONE));
	(void)curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (*smtp->ca_file) {
		(void)curl_easy_setopt(curl, CURLOPT_CAINFO, smtp->ca_file);
		(void)curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
	}
	if (*smtp->user) {
		(void)curl_easy_setopt(curl, CURLOPT_USERNAME, smtp->user);
		(void)curl_easy_setopt(curl, CURLOPT_PASSWORD, smtp->password);
	}
	(void)curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
	(void)curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)WHOLE_S);
	(void)curl_easy_setopt(curl, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)WHOLE_S);
	(void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(curl, CURLOPT_QUICK_EXIT,
	                       1L); /* a name that is being looked up holds nobody */
	(void)curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L);
}

static void set_sending(CURL *curl, struct sending *s)
{
	(void)curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
	(void)curl_easy_setopt(curl, CURLOPT_READFUNCTION, read_more);
	(void)curl_easy_setopt(curl, CURLOPT_READDATA, s);
	(void)curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	(void)curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, watch);
	(void)curl_easy_setopt(curl, CURLOPT_XFERINFODATA, s);
	(void)curl_easy_setopt(curl, CURLOPT_VERBOSE, 1L);
	(void)curl_easy_setopt(curl, CURLOPT_DEBUGFUNCTION, overhear);
	(void)curl_easy_setopt(curl, CURLOPT_DEBUGDATA, s);
}

/* 530: the server wants to know who we are first, which is nothing about the recipient. */
static int judge(CURLcode code, const struct pat_mail_reply *reply)
{
	bool recipient = strcmp(reply->command, "RCPT") == 0 && reply->code != 530;
	bool content = strcmp(reply->command, "DATA") == 0;

	if (code == CURLE_OK)
		return 0;
	if (code == CURLE_ABORTED_BY_CALLBACK)
		return -ECANCELED;
	if (code == CURLE_OUT_OF_MEMORY)
		return -ENOMEM;
	if (code == CURLE_OPERATION_TIMEDOUT)
		return -ETIMEDOUT;
	if (code == CURLE_COULDNT_CONNECT)
		return -ECONNREFUSED;
	if ((recipient || content) && reply->code / 100 == 5)
		return PAT_MAIL_E_REFUSED;
	if (recipient && reply->code / 100 == 4 && reply->code != 421)
		return PAT_MAIL_E_LATER;
	return -EIO;
}

static int perform(const struct pat_smtp *smtp, CURL *curl, const char *to, struct sending *s)
{
	char error[CURL_ERROR_SIZE] = "";
	struct curl_slist *recipients = curl_slist_append(NULL, to);

	if (!recipients)
		return -ENOMEM;
	set_connection(curl, smtp);
	set_sending(curl, s);
	(void)curl_easy_setopt(curl, CURLOPT_MAIL_FROM, smtp->from);
	(void)curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, recipients);
	(void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
	CURLcode code = curl_easy_perform(curl);
	if (code != CURLE_OK)
		(void)snprintf(s->reply->error, sizeof(s->reply->error), "%s",
		               *error ? error : curl_easy_strerror(code));
	curl_slist_free_all(recipients);
	return judge(code, s->reply);
}

int pat_smtp_send(void *arg, const struct pat_mail *mail, const atomic_bool *stop,
                  struct pat_mail_reply *reply)
{
	const struct pat_smtp *smtp = arg;
	pat_cleanup(pat_buf_done) struct pat_buf bytes = { 0 };
	struct sending s = { .mail = &bytes, .stop = stop, .reply = reply };

	*reply = (struct pat_mail_reply){ 0 };
	pat_buf_init(&bytes, PAT_MAIL_BYTES_MAX);
	int r = pat_mail_write(mail, smtp->from, smtp->from_name, &bytes);
	if (r < 0) {
		(void)snprintf(reply->error, sizeof(reply->error), "%s",
		               r == -EINVAL ? "this is no address" : pat_err_words(r));
		return r == -ENOMEM ? r : PAT_MAIL_E_REFUSED;
	}
	CURL *curl = curl_easy_init();
	if (!curl)
		return -ENOMEM;
	r = perform(smtp, curl, mail->to, &s);
	curl_easy_cleanup(curl);
	return r;
}
