/* SPDX-License-Identifier: Apache-2.0
 *
 * One connection for each command: half closed behind it, so that HAProxy's end of the answer is the end of the connection.
 */
#include "haproxy/master.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/socket.h"

#define ANSWER_STEP 4096
#define MS          1000000ull

/* -ETIMEDOUT when it takes until then. */
static int wait_for(int fd, short events, uint64_t until_ns)
{
	struct pollfd p = { .fd = fd, .events = events };

	for (;;) {
		uint64_t now_ns = pat_clock_boot_ns();

		if (now_ns >= until_ns)
			return -ETIMEDOUT;
		int n = poll(&p, 1, (int)((until_ns - now_ns) / MS) + 1);
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
	}
}

static int send_all(int fd, const char *text, size_t len, uint64_t until_ns)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = send(fd, text + done, len - done, MSG_NOSIGNAL);

		if (n < 0 && errno == EAGAIN) {
			int r = wait_for(fd, POLLOUT, until_ns);
			if (r < 0)
				return r;
		} else if (n < 0 && errno != EINTR) {
			return -errno;
		}
		done += n > 0 ? (size_t)n : 0;
	}
	return shutdown(fd, SHUT_WR) < 0 ? -errno : 0;
}

static int receive_all(int fd, uint64_t until_ns, struct pat_buf *answer)
{
	char piece[ANSWER_STEP];

	for (;;) {
		ssize_t n = recv(fd, piece, sizeof(piece), 0);

		if (n == 0)
			return 0;
		int r = 0;
		if (n > 0)
			r = pat_buf_add(answer, piece, (size_t)n);
		else if (errno == EAGAIN)
			r = wait_for(fd, POLLIN, until_ns);
		else if (errno != EINTR)
			r = -errno;
		if (r < 0)
			return r;
	}
}

int pat_haproxy_ask(const char *path, int64_t pid, const char *command, uint64_t until_ns,
                    struct pat_buf *answer)
{
	pat_cleanup(pat_buf_done) struct pat_buf text = { 0 };
	pat_cleanup(pat_closep) int fd = -1;

	pat_buf_clear(answer);
	pat_buf_init(&text, 2 * PAT_HAPROXY_LINE_MAX);
	if (pid != 0)
		(void)pat_buf_addf(&text, "@!%" PRId64 " ", pid);
	(void)pat_buf_addf(&text, "%s\n", command);
	int r = pat_buf_error(&text);
	if (r == 0)
		r = pat_socket_connect(path, SOCK_NONBLOCK, &fd);
	if (r == 0)
		r = send_all(fd, text.data, text.len, until_ns);
	return r == 0 ? receive_all(fd, until_ns, answer) : r;
}

/* An answer that is no line at all is none: the worker ended, or somebody between was told to. */
static int answer_judge(const char *text)
{
	static const char *const fine[] = { "Key not found.", "entry not found." };

	if (*text == '\0')
		return -ECONNRESET;
	while (isspace((unsigned char)*text))
		text++;
	if (*text == '\0')
		return 0;
	for (size_t i = 0; i < PAT_ARRAY_LEN(fine); i++)
		if (strncmp(text, fine[i], strlen(fine[i])) == 0)
			return 0;
	return strncmp(text, "Can't find the target PID", 25) == 0 ? -ESRCH : -EPROTO;
}

int pat_haproxy_tell(const char *path, int64_t pid, const char *command, uint64_t until_ns,
                     struct pat_buf *answer)
{
	int r = pat_haproxy_ask(path, pid, command, until_ns, answer);

	return r == 0 ? answer_judge(pat_buf_str(answer)) : r;
}

/* ---- `show proc`: a line for each process, "PID KIND RELOADS UPTIME VERSION"; the master's has "RELOADS [failed: N]". */

/* "1d02h03m04s"; -1 when it is none. */
static int64_t uptime_read(const char *text)
{
	int days = 0;
	int hours = 0;
	int minutes = 0;
	int seconds = 0;

	if (sscanf(text, "%dd%dh%dm%ds", &days, &hours, &minutes, &seconds) != 4)
		return -1;
	return ((days * INT64_C(24) + hours) * 60 + minutes) * 60 + seconds;
}

/* A line's pid when it is of that kind, and what is behind; 0: it is not. */
static int64_t process_read(const char *line, const char *kind, const char **ret_rest)
{
	char *end = NULL;
	long long pid = strtoll(line, &end, 10);
	size_t len = strlen(kind);

	if (end == line || pid <= 0)
		return 0;
	end += strspn(end, " \t");
	*ret_rest = end + len;
	return strncmp(end, kind, len) == 0 && isspace((unsigned char)end[len]) ? pid : 0;
}

static int master_read(const char *rest, int64_t pid, int64_t now_s,
                       struct pat_haproxy_listing *ret)
{
	const char *failed = strchr(rest, ']');
	int64_t uptime_s = failed ? uptime_read(failed + 1 + strspn(failed + 1, " \t")) : -1;

	if (uptime_s < 0 || ret->master != 0)
		return -EPROTO;
	ret->master = pid;
	ret->started_s = now_s - uptime_s;
	return 0;
}

int pat_haproxy_list_parse(const char *text, int64_t now_s, struct pat_haproxy_listing *ret)
{
	int r = strncmp(text, "#<PID>", 6) == 0 && strstr(text, "# workers") ? 0 : -EPROTO;

	*ret = (struct pat_haproxy_listing){ .n = 0 };
	for (const char *line = text; line && r == 0; line = strchr(line, '\n')) {
		const char *rest = NULL;

		line += *line == '\n';
		int64_t worker = process_read(line, "worker", &rest);
		int64_t master = process_read(line, "master", &rest);

		if (worker != 0 && ret->n == PAT_HAPROXY_WORKERS_MAX)
			r = -EPROTO;
		else if (worker != 0)
			ret->pids[ret->n++] = worker;
		else if (master != 0)
			r = master_read(rest, master, now_s, ret);
	}
	return r == 0 && ret->master == 0 ? -EPROTO : r;
}

int pat_haproxy_list(const char *path, uint64_t until_ns, struct pat_haproxy_listing *ret)
{
	pat_cleanup(pat_buf_done) struct pat_buf answer = { 0 };

	pat_buf_init(&answer, 65536);
	*ret = (struct pat_haproxy_listing){ .n = 0 };
	int r = pat_haproxy_ask(path, 0, "show proc", until_ns, &answer);
	return r == 0 ? pat_haproxy_list_parse(pat_buf_str(&answer),
	                                       (int64_t)(pat_clock_boot_ns() / 1000000000u), ret)
	              : r;
}

bool pat_haproxy_same_master(const struct pat_haproxy_listing *a,
                             const struct pat_haproxy_listing *b)
{
	int64_t apart_s = a->started_s - b->started_s;

	return a->master == b->master && apart_s >= -2 && apart_s <= 2;
}
