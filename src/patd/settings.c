/* SPDX-License-Identifier: Apache-2.0
 *
 * The table and its readers.
 */
#include "patd/settings.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "core/core.h"
#include "haproxy/map.h"
#include "store/store.h"
#include "token/network.h"

#define LINE_BYTES_MAX 4096

enum type {
	TEXT,
	NUMBER,
	YESNO,
	CHOICE
};

struct setting {
	const char *name;
	enum type type;
	size_t offset;
	const char *preset;
	int64_t min; /* NUMBER; TEXT: least bytes */
	int64_t max; /* NUMBER; TEXT: most bytes */
	const char *const *choices;
	bool reloadable;
	const char *help;
};

static const char *const access_logs[] = { "off", "refused", "all", NULL };
static const char *const consistencies[] = { "lease", "strict", NULL };
static const char *const mail_tlses[] = { "auto", "required", "off", NULL };
static const char *const log_levels[] = { "debug", "info", "warning", "error", NULL };

#define AT(member) offsetof(struct pat_settings, member)

static const struct setting table[] = {
	{ "data", TEXT, AT(data), "patd-data", 1, 3000, NULL, false,
	  "Folder that holds everything to keep: the database, the row key, patd.conf." },
	{ "listen", TEXT, AT(listen), "127.0.0.1:8080", 3, 200, NULL, false,
	  "Address and port that `patd run` serves." },
	{ "public_url", TEXT, AT(public_url), "", 0, 500, NULL, false,
	  "How people reach this server when something stands before it, as https://tokens.example.org. Empty: as the "
	  "request says." },
	{ "api_docs_url", TEXT, AT(api_docs_url), "", 0, 500, NULL, false,
	  "Where people read about the API that tokens open, as https://example.org/api. The page links there. Empty: no link." },
	{ "store", TEXT, AT(store), "", 0, PAT_STORE_LOCATION_MAX, NULL, false,
	  "Where people and tokens are kept: the path of an SQLite database, or a PostgreSQL URL, as "
	  "postgresql://patd@db.example.org/patd. Empty: patd.db in `data`." },
	{ "node_name", TEXT, AT(node_name), "", 0, 63, NULL, false,
	  "What this node is called among those on one PostgreSQL database. Empty: the host's name." },
	{ "lease_seconds", NUMBER, AT(lease_seconds), "10", 0, PAT_LEASE_MS_MAX / 1000, NULL, false,
	  "How long a node goes on verifying when the PostgreSQL database does not answer; a revoke waits at most about so long for a "
	  "node that cannot be reached. 0: this is the only patd on the database, no other is let in, and it verifies for as long as it takes." },
	{ "consistency", CHOICE, AT(consistency), "lease", 0, 0, consistencies, false,
	  "lease: a node answers from what it knows, and a revoke waits until every node knows. strict: a node asks the PostgreSQL "
	  "database before each answer, many at a time." },
	{ "runtime_dir", TEXT, AT(runtime_dir), "", 0, 80, NULL, false,
	  "Folder on a tmpfs for the verification index, sockets and the edge's configuration. Empty: one of its own "
	  "under /dev/shm." },
	{ "realm", TEXT, AT(realm), "patd", 1, 100, NULL, false,
	  "The realm that refusals name (RFC 6750)." },
	{ "token_headers", TEXT, AT(token_headers), "X-Figma-Token", 1, 500, NULL, false,
	  "Header names, besides Authorization: Bearer, that may carry a token; separated by blanks." },
	{ "trusted_proxies", TEXT, AT(trusted_proxies), "127.0.0.1 ::1", 0, 2000, NULL, false,
	  "Networks of proxies before the edge, separated by blanks: who may say for whom (X-Forwarded-For) and about which request "
	  "(X-Forwarded-Method, X-Forwarded-Uri) it asks. unix: is whoever comes by a unix socket. Empty: nobody." },
	{ "haproxy_master", TEXT, AT(haproxy_master), "", 0, 107, NULL, false,
	  "The socket of HAProxy's master process (haproxy -W -S), to keep a map of tokens in HAProxy (docs/proxies.md). Empty: none." },
	{ "haproxy_map", TEXT, AT(haproxy_map), "/etc/haproxy/patd.map", 1, 999, NULL, false,
	  "That map's file, by the name that HAProxy's configuration calls it. Beside it is one that is called the same and .until." },
	{ "haproxy_lease_seconds", NUMBER, AT(haproxy_lease_seconds), "5", 1,
	  PAT_HAPROXY_LEASE_S_MAX, NULL, false,
	  "How long HAProxy goes on believing its map when patd does not say that it may; a revoke waits at most about so long for a HAProxy "
	  "that does not answer." },
	{ "token_prefix", TEXT, AT(token_prefix), "pat", 2, 5, NULL, false,
	  "What tokens begin with, before their underscore. Tokens of another prefix are no longer accepted." },
	{ "token_expires_days_max", NUMBER, AT(token_expires_days_max), "90", 1, 3650, NULL, false,
	  "The longest life of a new token, in days." },
	{ "token_expires_days_default", NUMBER, AT(token_expires_days_default), "30", 1, 3650, NULL,
	  false, "What the page proposes, in days." },
	{ "token_never_allowed", YESNO, AT(token_never_allowed), "no", 0, 0, NULL, false,
	  "Whether tokens that do not expire may be generated." },
	{ "token_expired_keep_days", NUMBER, AT(token_expired_keep_days), "30", 0, 3650, NULL,
	  false, "How long an expired token is told so, before it is unknown." },
	{ "token_fresh_sign_in_minutes", NUMBER, AT(token_fresh_sign_in_minutes), "0", 0, 1440,
	  NULL, false,
	  "Generating a token takes a sign-in, or the password entered again, no longer ago than this; tokens generate none. 0: any session does." },
	{ "tokens_live_max", NUMBER, AT(tokens_live_max), "50", 1, 10000, NULL, false,
	  "The most live tokens a person may have." },
	{ "tokens_per_hour_max", NUMBER, AT(tokens_per_hour_max), "100", 1, 1000000, NULL, false,
	  "The most tokens a person may generate in an hour." },
	{ "tokens_total_max", NUMBER, AT(tokens_total_max), "67108864", 1024, 2147483648, NULL,
	  false, "Capacity of the verification index: address space, not memory." },
	{ "session_idle_hours", NUMBER, AT(session_idle_hours), "72", 1, 8760, NULL, false,
	  "A session ends when it was not used for so long." },
	{ "session_max_days", NUMBER, AT(session_max_days), "30", 1, 365, NULL, false,
	  "A session ends after so long in any case." },
	{ "sessions_live_max", NUMBER, AT(sessions_live_max), "50", 1, 10000, NULL, false,
	  "The most sessions a person may have at once. Signing in once more ends the one that was used longest ago." },
	{ "argon2_memory_kib", NUMBER, AT(argon2_memory_kib), "47104", 8192, 4194304, NULL, false,
	  "Memory of one password hash (argon2id). 47104 is the least OWASP ASVS 5.0 names for one pass." },
	{ "argon2_passes", NUMBER, AT(argon2_passes), "1", 1, 100, NULL, false,
	  "Passes of one password hash (argon2id)." },
	{ "argon2_parallel", NUMBER, AT(argon2_parallel), "2", 1, 64, NULL, false,
	  "Password hashes that run at the same time." },
	{ "argon2_waiting", NUMBER, AT(argon2_waiting), "16", 0, 1024, NULL, false,
	  "Sign-ins that may wait for their turn; more are told to come back. One place in four is kept for people who sign in "
	  "where they have signed in before." },
	{ "threads", NUMBER, AT(threads), "64", 2, 256, NULL, false,
	  "Threads of patd that answer requests." },
	{ "edge_workers", NUMBER, AT(edge_workers), "0", 0, 256, NULL, false,
	  "nginx worker processes of `patd run`. 0: one a processor." },
	{ "nginx", TEXT, AT(nginx), "/usr/sbin/nginx", 1, 3000, NULL, false, "The nginx program." },
	{ "edge_module", TEXT, AT(edge_module), "", 0, 3000, NULL, false,
	  "The nginx module. Empty: ngx_http_pat_module.so beside patd, or where the package puts it." },
	{ "web_dir", TEXT, AT(web_dir), "", 0, 3000, NULL, false,
	  "Folder of the pages. Empty: the ones that came with patd." },
	{ "scopes_file", TEXT, AT(scopes_file), "", 0, 3000, NULL, false,
	  "JSON file of the scopes people choose from. Empty: the ones that came with patd." },
	{ "common_passwords_file", TEXT, AT(common_passwords_file), "", 0, 3000, NULL, false,
	  "Passwords that are refused, one a line. Empty: the list that came with patd." },
	{ "usage_addresses", YESNO, AT(usage_addresses), "yes", 0, 0, NULL, false,
	  "Whether it is kept for 30 days from which addresses and by which programs each token was used, for its owner to see. No: "
	  "only how often, and for what." },
	{ "mail_url", TEXT, AT(mail_url), "", 0, 300, NULL, false,
	  "The server that mail to people is handed to, as smtp://mail.example.org:587, or smtps:// for TLS from the first byte. Needs "
	  "mail_from and public_url. Empty: no mail is sent." },
	{ "mail_from", TEXT, AT(mail_from), "", 0, 254, NULL, false,
	  "The address that mail comes from, as patd@example.org." },
	{ "mail_user", TEXT, AT(mail_user), "", 0, 200, NULL, false,
	  "Who patd is to the mail server. Empty: it does not say." },
	{ "mail_password_file", TEXT, AT(mail_password_file), "", 0, 3000, NULL, false,
	  "A file that nobody else can read, with the password of mail_user in its first line." },
	{ "mail_tls", CHOICE, AT(mail_tls), "auto", 0, 0, mail_tlses, false,
	  "Whether nothing is said to the mail server before TLS (STARTTLS): auto is required, unless the server is on this machine. "
	  "With smtps:// it always is." },
	{ "mail_ca_file", TEXT, AT(mail_ca_file), "", 0, 3000, NULL, false,
	  "PEM file of certificates that the mail server's must follow from. Empty: the system's." },
	{ "files", YESNO, AT(files), "yes", 0, 0, NULL, false,
	  "Whether patd serves its own files product: the file browser, and Figma's API under /v1." },
	{ "files_store", TEXT, AT(files_store), "", 0, 3000, NULL, false,
	  "Path of the files product's SQLite database. Empty: files.db in `data`." },
	{ "files_team_mib", NUMBER, AT(files_team_mib), "4096", 0, 1073741824, NULL, false,
	  "How much a team may keep in its files, in MiB: every version, every image and the trash included. 0: any amount." },
	{ "files_reserve_mib", NUMBER, AT(files_reserve_mib), "256", 0, 1073741824, NULL, false,
	  "Nothing is added to files when less than so many MiB would be left free where the database of tokens is, so that tokens "
	  "can be revoked in any case. Counts where both databases are on one file system. 0: nothing is kept free." },
	{ "sample_file", TEXT, AT(sample_file), "", 0, 3000, NULL, false,
	  "The design document that new people find in their first project. Empty: the one that came with patd." },
	{ "access_log", CHOICE, AT(access_log), "refused", 0, 0, access_logs, false,
	  "Requests that the edge logs: off, refused (those the gate turned away), all." },
	{ "log_level", CHOICE, AT(log_level), "info", 0, 0, log_levels, false,
	  "The least important lines that are logged: debug, info, warning, error." },
};
#define N_SETTINGS (sizeof(table) / sizeof(table[0]))

static const struct setting *setting_find(const char *name, size_t len)
{
	for (size_t i = 0; i < N_SETTINGS; i++)
		if (strlen(table[i].name) == len && strncmp(table[i].name, name, len) == 0)
			return &table[i];
	return NULL;
}

static void *member(struct pat_settings *settings, const struct setting *s)
{
	return (char *)settings + s->offset;
}

static int set_text(struct pat_settings *settings, const struct setting *s, const char *text,
                    struct pat_err *err)
{
	char **place = member(settings, s);
	size_t len = strlen(text);

	if (len < (size_t)s->min || len > (size_t)s->max)
		return pat_err_set(err, -EINVAL, "%s must be %lld to %lld characters long", s->name,
		                   (long long)s->min, (long long)s->max);
	for (const char *c = text; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			return pat_err_set(err, -EINVAL, "%s must not contain control characters",
			                   s->name);
	char *copy = strdup(text);
	if (!copy)
		return pat_err_set(err, -ENOMEM, "out of memory");
	free(*place);
	*place = copy;
	return 0;
}

static int set_number(struct pat_settings *settings, const struct setting *s, const char *text,
                      struct pat_err *err)
{
	char *end = NULL;

	errno = 0;
	long long v = strtoll(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || isspace((unsigned char)*text) ||
	    v < s->min || v > s->max)
		return pat_err_set(err, -EINVAL,
		                   "%s must be a whole number from %lld to %lld, not \"%s\"",
		                   s->name, (long long)s->min, (long long)s->max, text);
	*(int64_t *)member(settings, s) = v;
	return 0;
}

static int set_yesno(struct pat_settings *settings, const struct setting *s, const char *text,
                     struct pat_err *err)
{
	bool *place = member(settings, s);

	if (strcmp(text, "yes") == 0 || strcmp(text, "true") == 0 || strcmp(text, "on") == 0)
		*place = true;
	else if (strcmp(text, "no") == 0 || strcmp(text, "false") == 0 || strcmp(text, "off") == 0)
		*place = false;
	else
		return pat_err_set(err, -EINVAL, "%s must be yes or no, not \"%s\"", s->name, text);
	return 0;
}

static int set_choice(struct pat_settings *settings, const struct setting *s, const char *text,
                      struct pat_err *err)
{
	for (int64_t i = 0; s->choices[i]; i++) {
		if (strcmp(s->choices[i], text) == 0) {
			*(int64_t *)member(settings, s) = i;
			return 0;
		}
	}
	return pat_err_set(err, -EINVAL, "%s cannot be \"%s\"", s->name, text);
}

static int setting_set(struct pat_settings *settings, const struct setting *s, const char *text,
                       struct pat_err *err)
{
	switch (s->type) {
	case TEXT:
		return set_text(settings, s, text, err);
	case NUMBER:
		return set_number(settings, s, text, err);
	case YESNO:
		return set_yesno(settings, s, text, err);
	case CHOICE:
		return set_choice(settings, s, text, err);
	}
	return -EINVAL;
}

int pat_settings_init(struct pat_settings *settings)
{
	*settings = (struct pat_settings){ 0 };
	for (size_t i = 0; i < N_SETTINGS; i++) {
		int r = setting_set(settings, &table[i], table[i].preset, NULL);

		pat_assert(r != -EINVAL);
		if (r < 0)
			return r;
	}
	return 0;
}

void pat_settings_done(struct pat_settings *settings)
{
	for (size_t i = 0; i < N_SETTINGS; i++)
		if (table[i].type == TEXT)
			free(*(char **)member(settings, &table[i]));
	*settings = (struct pat_settings){ 0 };
}

int pat_settings_set(struct pat_settings *settings, const char *name, const char *text,
                     struct pat_err *err)
{
	const struct setting *s = setting_find(name, strlen(name));

	if (!s)
		return pat_err_set(err, -EINVAL, "there is no setting \"%s\"", name);
	return setting_set(settings, s, text, err);
}

/* Cuts blanks at both ends, in place. */
static char *trim(char *text)
{
	while (isspace((unsigned char)*text))
		text++;
	size_t len = strlen(text);
	while (len > 0 && isspace((unsigned char)text[len - 1]))
		text[--len] = '\0';
	return text;
}

static int read_line(struct pat_settings *settings, char *line, const char *path, int number,
                     struct pat_err *err)
{
	struct pat_err why = { { 0 } };
	char *name = trim(line);

	if (*name == '\0' || *name == '#')
		return 0;
	char *equals = strchr(name, '=');
	if (!equals)
		return pat_err_set(err, -EINVAL, "%s, line %d: expected `name = value`", path,
		                   number);
	*equals = '\0';
	int r = pat_settings_set(settings, trim(name), trim(equals + 1), &why);
	if (r < 0)
		return pat_err_set(err, r, "%s, line %d: %s", path, number, why.text);
	return 0;
}

int pat_settings_read_file(struct pat_settings *settings, const char *path, struct pat_err *err)
{
	char line[LINE_BYTES_MAX];
	FILE *f = fopen(path, "re");
	int r = 0;

	if (!f)
		return pat_err_set(err, -errno, "cannot read %s: %s", path, pat_err_words(errno));
	for (int number = 1; r == 0 && fgets(line, sizeof(line), f); number++) {
		if (!strchr(line, '\n') && !feof(f))
			r = pat_err_set(err, -EINVAL, "%s, line %d: longer than %d characters",
			                path, number, LINE_BYTES_MAX);
		else
			r = read_line(settings, line, path, number, err);
	}
	if (r == 0 && ferror(f))
		r = pat_err_set(err, -EIO, "cannot read %s", path);
	(void)fclose(f);
	return r;
}

/* One variable, `PATD_NAME=value`. */
static int read_variable(struct pat_settings *settings, const char *variable, const char *equals,
                         struct pat_err *err)
{
	char name[64];
	struct pat_err why = { { 0 } };
	size_t len = (size_t)(equals - variable) - 5;

	if (len >= sizeof(name))
		return pat_err_set(err, -EINVAL, "environment: there is no setting for %.80s",
		                   variable);
	for (size_t i = 0; i < len; i++)
		name[i] = (char)tolower((unsigned char)variable[5 + i]);
	name[len] = '\0';
	int r = pat_settings_set(settings, name, equals + 1, &why);
	return r < 0 ? pat_err_set(err, r, "environment, %.*s: %s", (int)(equals - variable),
	                           variable, why.text)
	             : 0;
}

int pat_settings_read_environment(struct pat_settings *settings, char *const *environment,
                                  struct pat_err *err)
{
	for (; *environment; environment++) {
		const char *equals = strchr(*environment, '=');

		if (strncmp(*environment, "PATD_", 5) != 0 || !equals)
			continue;
		int r = read_variable(settings, *environment, equals, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static bool is_web_address(const char *url)
{
	return strncmp(url, "https://", 8) == 0 || strncmp(url, "http://", 7) == 0;
}

static bool are_networks(const char *list)
{
	struct pat_network network;

	while (*(list += strspn(list, " "))) {
		size_t len = strcspn(list, " ");

		if (!(len == 5 && memcmp(list, "unix:", 5) == 0) &&
		    pat_network_parse(list, len, &network) < 0)
			return false;
		list += len;
	}
	return true;
}

int pat_settings_check(const struct pat_settings *s, struct pat_err *err)
{
	if (s->token_expires_days_default > s->token_expires_days_max)
		return pat_err_set(
			err, -EINVAL,
			"token_expires_days_default (%lld) is more than token_expires_days_max (%lld)",
			(long long)s->token_expires_days_default,
			(long long)s->token_expires_days_max);
	if (s->session_idle_hours > s->session_max_days * 24)
		return pat_err_set(err, -EINVAL,
		                   "session_idle_hours is longer than session_max_days");
	if (*s->public_url && !is_web_address(s->public_url))
		return pat_err_set(err, -EINVAL, "public_url must begin with https:// or http://");
	if (*s->api_docs_url && !is_web_address(s->api_docs_url))
		return pat_err_set(err, -EINVAL,
		                   "api_docs_url must begin with https:// or http://");
	if (*s->public_url && s->public_url[strlen(s->public_url) - 1] == '/')
		return pat_err_set(err, -EINVAL, "public_url must not end with a slash");
	if (*s->mail_url && (!*s->public_url || !*s->mail_from))
		return pat_err_set(
			err, -EINVAL,
			"mail_url needs mail_from, which mail comes from, and public_url, which it leads back to");
	if (!strrchr(s->listen, ':') || strpbrk(s->listen, " ;{}\"'\\$"))
		return pat_err_set(err, -EINVAL,
		                   "listen must be an address and a port, as 127.0.0.1:8080");
	if (strspn(s->token_prefix,
	           "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") !=
	    strlen(s->token_prefix))
		return pat_err_set(err, -EINVAL, "token_prefix must be letters and digits");
	if (!are_networks(s->trusted_proxies))
		return pat_err_set(err, -EINVAL,
		                   "trusted_proxies must be networks, as 10.0.0.0/8 2001:db8::/32");
	if (*s->node_name && pat_text_line_chars(s->node_name, strlen(s->node_name)) < 0)
		return pat_err_set(
			err, -EINVAL,
			"node_name must be UTF-8, without characters that turn the direction of what is around it");
	if (strpbrk(s->haproxy_map, " ;\\\"'#"))
		return pat_err_set(
			err, -EINVAL,
			"haproxy_map must not contain blanks, quotes, backslashes, ; or #");
	if (*s->haproxy_master && s->consistency == PAT_CONSISTENCY_STRICT)
		return pat_err_set(
			err, -EINVAL,
			"haproxy_master does not go with consistency = strict: a map asks nobody");
	if (strpbrk(s->realm, "\"\\$;{}"))
		return pat_err_set(err, -EINVAL,
		                   "realm must not contain quotes, backslashes, $, ; or braces");
	if (strspn(s->token_headers,
	           "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789- ") !=
	    strlen(s->token_headers))
		return pat_err_set(
			err, -EINVAL,
			"token_headers must be header names of letters, digits and hyphens");
	return 0;
}

/* A URL may hold a password, and what is printed is pasted into reports. */
static void print_text(const struct setting *s, const char *text, FILE *out)
{
	char shown[PAT_STORE_LOCATION_MAX + 1];

	if (s->offset == AT(store)) {
		pat_store_location_show(text, shown);
		text = shown;
	}
	(void)fprintf(out, "%s = %s\n", s->name, text);
}

static void print_value(const struct pat_settings *settings, const struct setting *s, FILE *out)
{
	const void *place = (const char *)settings + s->offset;

	switch (s->type) {
	case TEXT:
		print_text(s, *(char *const *)place, out);
		break;
	case NUMBER:
		(void)fprintf(out, "%s = %lld\n", s->name, (long long)*(const int64_t *)place);
		break;
	case YESNO:
		(void)fprintf(out, "%s = %s\n", s->name, *(const bool *)place ? "yes" : "no");
		break;
	case CHOICE:
		(void)fprintf(out, "%s = %s\n", s->name, s->choices[*(const int64_t *)place]);
		break;
	}
}

void pat_settings_print(const struct pat_settings *settings, FILE *out)
{
	for (size_t i = 0; i < N_SETTINGS; i++)
		print_value(settings, &table[i], out);
}

static void document_range(const struct setting *s, FILE *out)
{
	switch (s->type) {
	case TEXT:
		(void)fprintf(out, "text");
		break;
	case NUMBER:
		(void)fprintf(out, "%lld to %lld", (long long)s->min, (long long)s->max);
		break;
	case YESNO:
		(void)fprintf(out, "yes, no");
		break;
	case CHOICE:
		for (size_t i = 0; s->choices[i]; i++)
			(void)fprintf(out, "%s%s", i ? ", " : "", s->choices[i]);
		break;
	}
}

void pat_settings_document(FILE *out)
{
	(void)fprintf(
		out,
		"# Settings\n\n"
		"Made by `patd settings` from the one table in src/patd/settings.c.\n\n"
		"A setting is given as a line `name = value` in `patd.conf` (in the data folder, or named by\n"
		"`--config`), as an environment variable `PATD_NAME`, or as a flag `--name value` with hyphens for\n"
		"underscores. The flag wins over the environment, the environment over the file. `patd check` says\n"
		"what is in force and whether it can work. A change takes effect at the next start.\n\n"
		"| name | values | default | what it does |\n| --- | --- | --- | --- |\n");
	for (size_t i = 0; i < N_SETTINGS; i++) {
		(void)fprintf(out, "| `%s` | ", table[i].name);
		document_range(&table[i], out);
		(void)fprintf(out, " | %s%s%s | %s |\n", *table[i].preset ? "`" : "",
		              *table[i].preset ? table[i].preset : "–", *table[i].preset ? "`" : "",
		              table[i].help);
	}
}
