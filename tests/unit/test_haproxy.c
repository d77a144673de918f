/* SPDX-License-Identifier: Apache-2.0
 *
 * What HAProxy's master says, and its map between threads: a HAProxy of ours agrees to everything, at times it does not answer, and its workers
 * come and go. Whether the map is true is tests/system/test_proxy_haproxy_map.py's.
 */
#include "tests/unit/test.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "haproxy/map.h"
#include "haproxy/master.h"
#include "index/writer.h"
#include "token/token.h"

/* ---- What a master says. */

static const char listing[] =
	"#<PID>          <type>          <reloads>       <uptime>        <version>      \n"
	"32200           master          1 [failed: 0]   0d00h00m04s     2.6.12-1+deb12u4\n"
	"# workers\n"
	"32292           worker          0               0d00h00m02s     2.6.12-1+deb12u4\n"
	"# old workers\n"
	"32203           worker          1               0d00h00m03s     2.6.12-1+deb12u4\n"
	"# programs\n"
	"4711            worker-like     0               0d00h00m03s     -\n";

static void workers_are_read_and_nothing_else(void **state)
{
	static const char none[] =
		"#<PID> <type>\n7 master 0 [failed: 0] 1d02h03m04s 3.0\n# workers\n";
	struct pat_haproxy_listing read;
	struct pat_haproxy_listing other;

	(void)state;
	assert_int_equal(pat_haproxy_list_parse(listing, 1000, &read), 0);
	assert_int_equal(read.n, 2);
	assert_int_equal(read.pids[0], 32292);
	assert_int_equal(read.pids[1], 32203);
	assert_int_equal(read.master, 32200);
	assert_int_equal(read.started_s, 996);
	/* It is told in seconds, and pids come again. */
	assert_int_equal(pat_haproxy_list_parse(listing, 1002, &other), 0);
	assert_true(pat_haproxy_same_master(&read, &other));
	assert_int_equal(pat_haproxy_list_parse(listing, 1003, &other), 0);
	assert_false(pat_haproxy_same_master(&read, &other));
	assert_int_equal(pat_haproxy_list_parse(none, 1000000, &other), 0);
	assert_int_equal(other.n, 0);
	assert_int_equal(other.started_s, 1000000 - 93784);
	other.started_s = read.started_s;
	assert_false(pat_haproxy_same_master(&read, &other));
	static const char *const bad[] = {
		"",
		"\n",
		"# workers\n1 worker 0\n",
		"#<PID>\n1 worker 0\n",
		"Unknown command.",
		"#<PID>\n# workers\n1 worker 0\n", /* no master */
		"#<PID>\n1 master 0 [failed: 0] soon 3.0\n# workers\n",
		"#<PID>\n1 master 0\n# workers\n",
		"#<PID>\n1 master 0 [failed: 0] 0d00h00m01s\n2 master 0 [failed: 0] 0d00h00m01s\n# workers\n",
	};
	for (size_t i = 0; i < PAT_ARRAY_LEN(bad); i++)
		assert_int_equal(pat_haproxy_list_parse(bad[i], 1000, &other), -EPROTO);
	char many[PAT_HAPROXY_WORKERS_MAX * 16 + 128];
	int at = snprintf(many, sizeof(many), "%s", none);
	for (int i = 0; i < PAT_HAPROXY_WORKERS_MAX; i++)
		at += snprintf(many + at, sizeof(many) - (size_t)at, "%d worker 0\n", 100 + i);
	assert_int_equal(pat_haproxy_list_parse(many, 1000, &other), 0);
	(void)snprintf(many + at, sizeof(many) - (size_t)at, "99 worker 0\n");
	assert_int_equal(pat_haproxy_list_parse(many, 1000, &other), -EPROTO);
}

/* ---- A HAProxy. */

struct fake {
	char folder[64];
	char socket[100];
	int listener;
	pthread_t thread;
	atomic_bool stopping;
	atomic_uint commands;
	unsigned asked;
	uint64_t began_ns;
};

/* Workers change every second time they are asked for; every fiftieth command is not answered. */
static const char *answer_to(struct fake *f, const char *command)
{
	static char said[200];
	uint64_t up_s = (pat_clock_boot_ns() - f->began_ns) / 1000000000u;

	(void)snprintf(
		said, sizeof(said),
		"#<PID>\n7 master 0 [failed: 0] 0d00h00m%02us 2.6\n# workers\n100 worker 0\n%s",
		(unsigned)up_s, f->asked / 2 % 2 ? "# old workers\n101 worker 1\n" : "");
	if (strcmp(command, "show proc\n") == 0) {
		f->asked++;
		return said;
	}
	assert_int_equal(strncmp(command, "@!10", 4), 0);
	unsigned n = atomic_fetch_add(&f->commands, 1);
	return n % 50 == 49   ? ""
	       : n % 70 == 69 ? "Can't find the target PID matching the prefix\n"
	                      : "\n";
}

static void *fake_run(void *arg)
{
	struct fake *f = arg;
	static char command[2 * PAT_HAPROXY_LINE_MAX];

	while (!atomic_load(&f->stopping)) {
		struct pollfd p = { .fd = f->listener, .events = POLLIN };
		size_t len = 0;
		ssize_t n = 0;

		if (poll(&p, 1, 10) <= 0)
			continue;
		int fd = accept(f->listener, NULL, NULL);
		assert_true(fd >= 0);
		while ((n = read(fd, command + len, sizeof(command) - 1 - len)) > 0)
			len += (size_t)n;
		command[len] = '\0';
		const char *answer = answer_to(f, command);
		(void)!send(fd, answer, strlen(answer), MSG_NOSIGNAL);
		(void)close(fd);
	}
	return NULL;
}

static void fake_start(struct fake *f)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	*f = (struct fake){ .listener = socket(AF_UNIX, SOCK_STREAM, 0),
		            .began_ns = pat_clock_boot_ns() };
	test_folder(f->folder);
	(void)snprintf(f->socket, sizeof(f->socket), "%s/master", f->folder);
	(void)snprintf(at.sun_path, sizeof(at.sun_path), "%s", f->socket);
	assert_int_equal(bind(f->listener, (const struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(f->listener, 64), 0);
	assert_int_equal(pthread_create(&f->thread, NULL, fake_run, f), 0);
}

static void fake_stop(struct fake *f)
{
	atomic_store(&f->stopping, true);
	(void)pthread_join(f->thread, NULL);
	(void)close(f->listener);
}

static void answers_are_told_apart(void **state)
{
	struct pat_buf answer;
	struct fake f;

	(void)state;
	pat_buf_init(&answer, 1000);
	uint64_t soon_ns = pat_clock_boot_ns() + 50000000;
	assert_int_equal(pat_haproxy_tell("/dev/shm/nobody", 1, "x", soon_ns, &answer), -ENOENT);
	fake_start(&f);
	soon_ns = pat_clock_boot_ns() + 5000000000u;
	for (int i = 0; i < 140; i++) {
		int r = pat_haproxy_tell(f.socket, 100, "del map m k", soon_ns, &answer);
		assert_int_equal(r, i % 50 == 49 ? -ECONNRESET : i % 70 == 69 ? -ESRCH : 0);
	}
	fake_stop(&f);
	/* The socket is there, and nobody listens. */
	assert_int_equal(pat_haproxy_tell(f.socket, 1, "x", soon_ns, &answer), -ECONNREFUSED);
	/* One that takes the connection and says nothing. */
	(void)unlink(f.socket);
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int silent = socket(AF_UNIX, SOCK_STREAM, 0);
	(void)snprintf(at.sun_path, sizeof(at.sun_path), "%s", f.socket);
	assert_int_equal(bind(silent, (const struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(silent, 1), 0);
	soon_ns = pat_clock_boot_ns() + 50000000;
	assert_int_equal(pat_haproxy_tell(f.socket, 1, "x", soon_ns, &answer), -ETIMEDOUT);
	assert_true(pat_clock_boot_ns() >= soon_ns);
	(void)close(silent);
	test_folder_remove(f.folder);
	pat_buf_done(&answer);
}

/* ---- Threads. */

struct shared {
	struct pat_index_writer *index;
	const struct pat_core_mirror *mirror;
	unsigned from;
	atomic_bool *stopping;
};

static void digest_of(unsigned n, uint8_t digest[static 32])
{
	pat_sha256(&n, sizeof(n), digest);
}

static int add(struct pat_index_writer *index, unsigned n)
{
	uint8_t digest[32];

	digest_of(n, digest);
	return pat_index_writer_add(index, &(struct pat_index_entry){ .digest = digest,
	                                                              .number = n,
	                                                              .owner = "a;b\\c",
	                                                              .scopes = "a:read b;c",
	                                                              .limits = n % 5 ? NULL : "",
	                                                              .issued_s = 1000,
	                                                              .expires_s = PAT_NEVER });
}

static void *change(void *arg)
{
	const struct shared *s = arg;
	uint8_t digest[32];

	for (unsigned n = s->from; !atomic_load(s->stopping); n++) {
		digest_of(n, digest);
		assert_int_equal(add(s->index, n), 0);
		s->mirror->changed(s->mirror->arg, digest, true);
		if (n % 3 == 0) {
			assert_int_equal(pat_index_writer_regrant(s->index, digest, "a:read", ""),
			                 0);
			s->mirror->changed(s->mirror->arg, digest, false);
		}
		(void)pat_index_writer_remove(s->index, digest);
		s->mirror->changed(s->mirror->arg, digest, false);
		if (n % 500 == 0)
			s->mirror->renewed(s->mirror->arg);
		(void)poll(NULL, 0, 1);
	}
	return NULL;
}

static void threads_share_it(void **state)
{
	struct pat_token_format format;
	struct pat_index_writer *index = NULL;
	struct pat_haproxy_map *map = NULL;
	struct pat_err err = { { 0 } };
	char folder[64];
	atomic_bool stopping = false;
	struct fake f;

	(void)state;
	fake_start(&f);
	test_folder(folder);
	assert_int_equal(pat_token_format_init(&format, "pat"), 0);
	assert_int_equal(pat_index_writer_new(&(struct pat_index_config){ .directory = folder,
	                                                                  .group = (gid_t)-1,
	                                                                  .format = &format,
	                                                                  .tokens_max = 100000 },
	                                      &index, &err),
	                 0);
	for (unsigned n = 0; n < 5000; n++)
		assert_int_equal(add(index, n), 0);
	assert_int_equal(pat_index_writer_publish(index, 1, 1000, &err), 0);
	assert_int_equal(
		pat_haproxy_map_new(&(struct pat_haproxy_map_config){ .master = f.socket,
	                                                              .map = "m",
	                                                              .index_directory = folder,
	                                                              .lease_s = 1 },
	                            &map, &err),
		0);
	assert_int_equal(pat_haproxy_map_start(map, &err), 0);
	struct shared shared[2];
	pthread_t threads[2];
	for (unsigned i = 0; i < 2; i++) {
		shared[i] = (struct shared){ .index = index,
			                     .mirror = pat_haproxy_map_mirror(map),
			                     .from = 10000 + 40000 * i,
			                     .stopping = &stopping };
		assert_int_equal(pthread_create(&threads[i], NULL, change, &shared[i]), 0);
	}
	(void)poll(NULL, 0, 4000);
	atomic_store(&stopping, true);
	for (unsigned i = 0; i < 2; i++)
		(void)pthread_join(threads[i], NULL);
	assert_true(atomic_load(&f.commands) > 200);
	pat_haproxy_map_stop(map);
	pat_haproxy_map_free(map);
	pat_index_writer_retire(index);
	pat_index_writer_free(index);
	fake_stop(&f);
	test_folder_remove(f.folder);
	test_folder_remove(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(workers_are_read_and_nothing_else),
		cmocka_unit_test(answers_are_told_apart),
		cmocka_unit_test(threads_share_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
