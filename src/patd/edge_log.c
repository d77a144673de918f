/* SPDX-License-Identifier: Apache-2.0
 *
 * Receiving the edge's lines. nginx's own error lines quote the request line, and a client may have put a
 * token into its query against all advice: so what follows a "?" up to the next blank or quote is dropped.
 */
#include "patd/edge_log.h"

#include <errno.h>
#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/socket.h"
#include "token/token.h"

#define DATAGRAM_BYTES_MAX 8192

struct pat_edge_log {
	int fd;
	pthread_t thread;
	bool runs;
	_Atomic bool stopping;
};

static void cut_queries(char *text)
{
	char *out = text;

	for (char *in = text; *in;) {
		*out++ = *in;
		if (*in++ == '?')
			in += strcspn(in, " \"");
	}
	*out = '\0';
}

/* Somebody may have put a token into a path: what is as long as a token's body is no word. */
static void blot_secrets(char *text)
{
	for (char *at = text; *at;) {
		size_t run = strspn(
			at, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

		if (run >= PAT_TOKEN_BODY_CHARS)
			memset(at, '*', run);
		at += run;
		at += *at != '\0';
	}
}

static bool is_object(const char *text)
{
	json_t *value = text[0] == '{' ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
	const char *event = json_string_value(json_object_get(value, "event"));
	bool ours = event && strcmp(event, "edge.request") == 0 && !strchr(text, '\n');

	json_decref(value);
	return ours;
}

/* nginx escapes what JSON demands; DEL, and bytes that are not UTF-8, it passes on as the client sent them. */
static void make_plain(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text >= 0x80)
			*text = '?';
}

char *pat_edge_log_message(char *datagram, bool *json)
{
	char *message = strstr(datagram, "edge: ");

	message = message ? message + 6 : datagram;
	blot_secrets(message);
	for (char *del = strchr(message, 0x7f); del; del = strchr(del, 0x7f))
		*del = '?';
	*json = is_object(message);
	if (!*json) {
		make_plain(message);
		*json = is_object(message);
	}
	/* What is cut off is no object, whatever its last byte: it is wrapped as a text. */
	if (!*json)
		cut_queries(message);
	return message;
}

static void *log_run(void *arg)
{
	struct pat_edge_log *log = arg;
	char datagram[DATAGRAM_BYTES_MAX + 2];

	for (;;) {
		bool json = false;
		ssize_t n = recv(log->fd, datagram, DATAGRAM_BYTES_MAX, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || atomic_load(&log->stopping))
			return NULL;
		datagram[n] = '\0';
		char *message = pat_edge_log_message(datagram, &json);
		if (!json) {
			pat_log(PAT_LOG_WARNING, "edge.message", "message", message, NULL);
			continue;
		}
		size_t len = strlen(message);
		message[len] = '\n';
		ssize_t ignored = write(STDERR_FILENO, message, len + 1);
		(void)ignored;
	}
}

int pat_edge_log_start(const struct pat_place *place, struct pat_edge_log **ret,
                       struct pat_err *err)
{
	char path[sizeof(place->runtime) + 16];
	struct pat_edge_log *log = calloc(1, sizeof(*log));

	if (!log)
		return pat_err_set(err, -ENOMEM, "out of memory");
	log->fd = -1;
	(void)snprintf(path, sizeof(path), "%s/log.sock", place->runtime);
	int r = pat_socket_bind(path, SOCK_DGRAM, 0660, place->edge_group, &log->fd);
	if (r == 0) {
		r = -pthread_create(&log->thread, NULL, log_run, log);
		log->runs = r == 0;
	}
	if (r < 0) {
		pat_edge_log_stop(log);
		return pat_err_set(err, r, "cannot open the edge's log socket %s: %s", path,
		                   pat_err_words(r));
	}
	*ret = log;
	return 0;
}

void pat_edge_log_stop(struct pat_edge_log *log)
{
	if (!log)
		return;
	if (log->runs) {
		atomic_store(&log->stopping, true);
		(void)shutdown(log->fd, SHUT_RDWR);
		(void)pthread_join(log->thread, NULL);
	}
	pat_closep(&log->fd);
	free(log);
}
