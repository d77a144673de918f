/* SPDX-License-Identifier: Apache-2.0
 *
 * The control socket. Requests come from the same user's own command line, one at a time; a request may hold a
 * password, so buffers are wiped.
 */
#include "patd/control.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/socket.h"
#include "patd/audit.h"
#include "patd/nodes.h"
#include "patd/people.h"
#include "patd/product.h"
#include "patd/service.h"

#define MESSAGE_BYTES_MAX \
	(UINT64_C(64) * 1024 * 1024) /* a document of 10 MiB, with every byte escaped */
#define TALK_TIMEOUT_S 30

struct pat_control {
	int fd;
	char path[108];
	struct pat_core *core;
	pthread_t thread;
	bool runs;
};

static int add_piece(const char *bytes, size_t len, void *buf)
{
	return pat_buf_add(buf, bytes, len);
}

/* Not by json_dumps(): its memory would have to be freed by jansson's own functions, which pat_json_init() replaces. */
static int send_json(int fd, const json_t *message)
{
	pat_cleanup(pat_buf_done) struct pat_buf text = { 0 };
	int r = 0;

	pat_buf_init(&text, MESSAGE_BYTES_MAX);
	if (json_dump_callback(message, add_piece, &text, JSON_COMPACT) < 0)
		return pat_buf_error(&text) < 0 ? pat_buf_error(&text) : -ENOMEM;
	for (size_t done = 0; r == 0 && done < text.len;) {
		ssize_t n = send(fd, text.data + done, text.len - done, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			r = -errno;
		done += n > 0 ? (size_t)n : 0;
	}
	if (r == 0 && shutdown(fd, SHUT_WR) < 0)
		r = -errno;
	return r;
}

static int receive_json(int fd, json_t **ret)
{
	pat_cleanup(pat_buf_done) struct pat_buf text = { 0 };
	char piece[4096];
	ssize_t n = 0;

	pat_buf_init(&text, MESSAGE_BYTES_MAX);
	while ((n = recv(fd, piece, sizeof(piece), 0)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (pat_buf_add(&text, piece, (size_t)n) < 0)
			return -EMSGSIZE;
	}
	pat_wipe(piece, sizeof(piece));
	*ret = json_loadb(pat_buf_str(&text), text.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL,
	                  NULL);
	return *ret ? 0 : -EBADMSG;
}

static void set_timeout(int fd)
{
	struct timeval tv = { .tv_sec = TALK_TIMEOUT_S };

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
}

json_t *pat_control_do(struct pat_core *core, const json_t *request)
{
	json_t *answer = pat_products_do(core, request);

	if (!answer)
		answer = pat_services_do(core, request);
	if (!answer)
		answer = pat_nodes_do(core, request);
	if (!answer)
		answer = pat_audit_do(core, request);
	return answer ? answer : pat_people_do(core, request);
}

static void serve_one(struct pat_control *control, int fd)
{
	json_t *request = NULL;
	json_t *answer = NULL;

	set_timeout(fd);
	int r = receive_json(fd, &request);
	if (r == 0)
		answer = pat_control_do(control->core, request);
	if (answer)
		r = send_json(fd, answer);
	if (r < 0)
		pat_log(PAT_LOG_WARNING, "control.failed", "error", pat_err_words(r), NULL);
	json_decref(request);
	json_decref(answer);
}

static void *control_run(void *arg)
{
	struct pat_control *control = arg;

	for (;;) {
		pat_cleanup(pat_closep) int fd = accept4(control->fd, NULL, NULL, SOCK_CLOEXEC);

		if (fd >= 0)
			serve_one(control, fd);
		else if (errno != EINTR && errno != ECONNABORTED && errno != EMFILE)
			return NULL;
	}
}

int pat_control_start(const char *path, struct pat_core *core, struct pat_control **ret,
                      struct pat_err *err)
{
	struct pat_control *control = calloc(1, sizeof(*control));

	if (!control)
		return pat_err_set(err, -ENOMEM, "out of memory");
	control->core = core;
	control->fd = -1;
	(void)snprintf(control->path, sizeof(control->path), "%s", path);
	int r = pat_socket_listen(path, 0600, (gid_t)-1, 16, &control->fd);
	if (r == 0) {
		r = -pthread_create(&control->thread, NULL, control_run, control);
		control->runs = r == 0;
	}
	if (r < 0) {
		pat_control_stop(control);
		return pat_err_set(err, r, "cannot listen at %s: %s", path, pat_err_words(r));
	}
	*ret = control;
	return 0;
}

void pat_control_stop(struct pat_control *control)
{
	if (!control)
		return;
	if (control->runs) {
		(void)shutdown(control->fd, SHUT_RDWR);
		(void)pthread_join(control->thread, NULL);
		(void)unlink(control->path);
	}
	pat_closep(&control->fd);
	free(control);
}

int pat_control_ask(const char *path, const json_t *request, json_t **ret, struct pat_err *err)
{
	pat_cleanup(pat_closep) int fd = -1;
	int r = pat_socket_connect(path, 0, &fd);

	if (r < 0)
		return pat_err_set(err, r, "cannot reach the running patd at %s: %s", path,
		                   pat_err_words(r));
	set_timeout(fd);
	r = send_json(fd, request);
	if (r == 0)
		r = receive_json(fd, ret);
	if (r < 0)
		return pat_err_set(err, r, "the running patd did not answer: %s", pat_err_words(r));
	return 0;
}
