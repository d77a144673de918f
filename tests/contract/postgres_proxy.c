/* SPDX-License-Identifier: Apache-2.0
 *
 * One thread a connection. It knows as much of the protocol (version 3) as it takes to see where a message ends: a type, a
 * length that counts itself, and the rest; only the first of a client has no type.
 */
#include "tests/contract/postgres_proxy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define MESSAGE_MAX (16u << 20)

static struct sockaddr_un server_address;
static int listener = -1;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* what follows */
static enum proxy_fault fault;
static int fault_at; /* 0: not armed */
static bool fired;
static int rounds;
static atomic_int committing;
static atomic_ullong commits;

void postgres_proxy_arm(enum proxy_fault f, int n)
{
	(void)pthread_mutex_lock(&lock);
	fault = f;
	fault_at = n;
	rounds = 0;
	fired = false;
	(void)pthread_mutex_unlock(&lock);
}

bool postgres_proxy_disarm(void)
{
	(void)pthread_mutex_lock(&lock);
	bool was = fired;
	fault_at = 0;
	fired = false;
	(void)pthread_mutex_unlock(&lock);
	return was;
}

int postgres_proxy_rounds(void)
{
	(void)pthread_mutex_lock(&lock);
	int n = rounds;
	(void)pthread_mutex_unlock(&lock);
	return n;
}

uint64_t postgres_proxy_commits(void)
{
	return atomic_load(&commits);
}

bool postgres_proxy_committing(void)
{
	return atomic_load(&committing) > 0;
}

static bool gone(void)
{
	(void)pthread_mutex_lock(&lock);
	bool is = fired && (fault == PROXY_GONE_BEFORE || fault == PROXY_GONE_AFTER);
	(void)pthread_mutex_unlock(&lock);
	return is;
}

/* ---- Bytes. */

static bool write_all(int fd, const void *bytes, size_t len)
{
	const char *at = bytes;

	while (len > 0) {
		ssize_t n = send(fd, at, len, MSG_NOSIGNAL);
		if (n <= 0)
			return false;
		at += n;
		len -= (size_t)n;
	}
	return true;
}

static bool read_all(int fd, void *bytes, size_t len)
{
	char *at = bytes;

	while (len > 0) {
		ssize_t n = recv(fd, at, len, 0);
		if (n <= 0)
			return false;
		at += n;
		len -= (size_t)n;
	}
	return true;
}

struct message {
	char type; /* 0: the first of a client */
	uint32_t len;
	char *bytes; /* the whole message; owned */
};

static bool message_read(int fd, bool first, struct message *ret)
{
	char head[5] = { 0 };
	size_t head_len = first ? 4 : 5;
	uint32_t len = 0;

	if (!read_all(fd, head, head_len))
		return false;
	memcpy(&len, head + head_len - 4, 4);
	len = ntohl(len) - 4;
	if (len > MESSAGE_MAX)
		return false;
	ret->type = first ? '\0' : head[0];
	ret->len = (uint32_t)head_len + len;
	ret->bytes = malloc(ret->len + 1);
	pat_assert(ret->bytes);
	memcpy(ret->bytes, head, head_len);
	ret->bytes[ret->len] = '\0';
	return read_all(fd, ret->bytes + head_len, len);
}

/* ---- A connection. */

struct wire {
	int client;
	int server;
	bool started;
	bool commits; /* a COMMIT is under way */
	bool left;    /* the server's end stays open */
};

/* What is to happen to a round: 0 nothing, 1 it is cut before, 2 after. */
static int round_judge(void)
{
	int what = 0;

	(void)pthread_mutex_lock(&lock);
	rounds++;
	if (fault_at > 0 && rounds == fault_at && !fired) {
		fired = true;
		what = fault == PROXY_CUT_AFTER || fault == PROXY_GONE_AFTER ? 2 : 1;
	}
	(void)pthread_mutex_unlock(&lock);
	return what;
}

static void commit_answered(struct wire *w)
{
	if (!w->commits)
		return;
	w->commits = false;
	atomic_fetch_add(&commits, 1);
	atomic_fetch_sub(&committing, 1);
}

/* Lets the server finish what it was sent. */
static void server_drain(struct wire *w)
{
	struct message m = { 0 };
	bool ready = false;

	while (!ready && message_read(w->server, false, &m)) {
		ready = m.type == 'Z' || m.type == 'G';
		free(m.bytes);
		m.bytes = NULL;
	}
	free(m.bytes);
	commit_answered(w);
}

static bool half_open(void)
{
	(void)pthread_mutex_lock(&lock);
	bool is = fault == PROXY_HALF_OPEN;
	(void)pthread_mutex_unlock(&lock);
	return is;
}

static bool from_client(struct wire *w)
{
	struct message m = { 0 };
	bool ok = message_read(w->client, !w->started, &m);

	w->started = true;
	int what = ok && (m.type == 'Q' || m.type == 'S') ? round_judge() : 0;
	w->left = what == 1 && half_open();
	if (ok && m.type == 'Q' && strcmp(m.bytes + 5, "COMMIT") == 0 && what != 1) {
		w->commits = true;
		atomic_fetch_add(&committing, 1);
	}
	if (ok && what != 1)
		ok = write_all(w->server, m.bytes, m.len);
	free(m.bytes);
	if (ok && what == 2)
		server_drain(w);
	return ok && what == 0;
}

static bool from_server(struct wire *w)
{
	struct message m = { 0 };
	bool ok = message_read(w->server, false, &m);

	if (ok && m.type == 'Z')
		commit_answered(w);
	ok = ok && write_all(w->client, m.bytes, m.len);
	free(m.bytes);
	return ok;
}

static void *wire_main(void *arg)
{
	struct wire w = { .client = *(int *)arg,
		          .server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) };

	free(arg);
	bool ok =
		connect(w.server, (struct sockaddr *)&server_address, sizeof(server_address)) == 0;
	while (ok && !gone()) {
		struct pollfd fds[2] = { { .fd = w.client, .events = POLLIN },
			                 { .fd = w.server, .events = POLLIN } };

		if (poll(fds, 2, 20) < 0 && errno != EINTR)
			break;
		if (fds[1].revents)
			ok = from_server(&w);
		if (ok && fds[0].revents)
			ok = from_client(&w);
	}
	if (w.commits)
		atomic_fetch_sub(&committing, 1);
	(void)close(w.client);
	if (!w.left)
		(void)close(w.server);
	return NULL;
}

static void *listener_main(void *arg)
{
	pthread_attr_t attr;
	pthread_t thread;

	(void)arg;
	(void)pthread_attr_init(&attr);
	(void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0)
			continue;
		if (gone()) {
			(void)close(fd);
			continue;
		}
		int *at = malloc(sizeof(*at));
		pat_assert(at);
		*at = fd;
		pat_assert(pthread_create(&thread, &attr, wire_main, at) == 0);
	}
	return NULL;
}

static struct sockaddr_un address_in(const char *folder)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/.s.PGSQL.5432", folder);
	return address;
}

void postgres_proxy_start(const char *folder, const char *server_folder)
{
	struct sockaddr_un address = address_in(folder);
	pthread_t thread;

	if (listener >= 0)
		return;
	server_address = address_in(server_folder);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pat_assert(bind(listener, (struct sockaddr *)&address, sizeof(address)) == 0);
	pat_assert(listen(listener, 64) == 0);
	pat_assert(pthread_create(&thread, NULL, listener_main, NULL) == 0);
	(void)pthread_detach(thread);
}
