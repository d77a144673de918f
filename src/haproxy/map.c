/* SPDX-License-Identifier: Apache-2.0
 *
 * The rules that make it true:
 *
 *  - a worker's lease is only ever written after it was filled and has taken every change since it began to be;
 *  - what a worker does not take within its lease makes it a stranger: it begins anew, and its lease was waited out;
 *  - what adds something and was not answered may be done at any time later: the lease is waited out as well, and what is added from
 *    then on is of another epoch;
 *  - leases are of CLOCK_BOOTTIME, which HAProxy reads anew for each request; no wall clock decides whether anybody is believed;
 *  - that a worker is gone is said by the master that has it, and by no other;
 *  - the index is read under the lock, and was changed before the change is told: what is read after a removal was told has no trace
 *    of the token, and what was read before is in the worker before the removal is.
 */
#include "haproxy/map.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "haproxy/entry.h"
#include "haproxy/mark.h"
#include "haproxy/master.h"
#include "index/reader.h"

#define MS          1000000ull
#define TURN_MS     100
#define ASK_NS      (1000 * MS) /* how long the master may take for an answer */
#define TELL_NS     (3000 * MS) /* … a worker, which goes through a list for it */
#define LOST_NS     (5000 * MS)
#define RETRY_MS    20
#define CHUNK_BYTES 8000 /* of lines in one command */
#define CHUNK_SLOTS 64   /* of the index, before others may have the lock */
#define STEPS_MAX   500  /* before it is asked again who is there */
#define ANSWER_MAX  65536
#define NAME_MAX_   1000

struct worker {
	int64_t pid; /* 0: forgotten */
	bool listed;
	bool failed; /* which was logged */
	bool begun;  /* its map holds nothing of before, and every change is told to it */
	bool filled; /* … and everything there is */
	bool leased; /* it has an entry in the second map */
	bool doubt;  /* something may be added to its maps that nobody knows of */
	bool orphan; /* another master has come, which cannot say whether it is gone */
	uint64_t epoch;
	uint64_t cursor;
	int64_t lease_end_s; /* by CLOCK_BOOTTIME: until then it may be believed */
	uint64_t began_ns;
};

struct pat_haproxy_map {
	struct pat_haproxy_map_config config;
	struct pat_core_mirror mirror;
	pthread_t thread;
	bool runs;
	atomic_bool stopping;

	pthread_mutex_t lock; /* what follows */
	struct pat_index_reader *reader;
	struct worker workers[PAT_HAPROXY_WORKERS_MAX];
	size_t n_workers;
	struct pat_haproxy_listing listing; /* the last */
	int64_t strangers_s; /* until then workers may be believed that nobody here has spoken to; 0: none */
	uint64_t answered_ns;         /* when the master did last */
	bool lost;                    /* … which was too long ago, and was logged */
	struct pat_haproxy_mark mark; /* … and whose they are */
	struct pat_buf answer;
	struct pat_buf command;
};

/* ---- Speaking to the workers. With the lock, but where it says otherwise. */

static void log_worker(struct worker *w, int r, const char *answer)
{
	char pid[PAT_NUM_BYTES];
	bool failed = r != 0 && r != -ESRCH && r != -ECONNREFUSED;

	if (failed && !w->failed)
		pat_log(PAT_LOG_WARNING, "haproxy.worker_failed", "worker", pat_num(pid, w->pid),
		        "error", r == -EPROTO ? answer : pat_err_words(r), NULL);
	w->failed = failed;
}

static bool was_not_done(int r)
{
	return r == -ESRCH || r == -EPROTO || r == -ECONNREFUSED || r == -ENOENT || r == -EAGAIN ||
	       r == -EACCES;
}

static int tell(struct pat_haproxy_map *map, struct worker *w, const char *command)
{
	int r = pat_haproxy_tell(map->config.master, w->pid, command, pat_clock_boot_ns() + TELL_NS,
	                         &map->answer);

	log_worker(w, r, pat_buf_str(&map->answer));
	if (r != 0 && !was_not_done(r) && strncmp(command, "del ", 4) != 0)
		w->doubt = true;
	return r;
}

static int64_t boot_s(void)
{
	return (int64_t)(pat_clock_boot_ns() / 1000000000u);
}

/* A second more than it says, for a request that is being judged. */
static bool lease_over(int64_t end_s)
{
	return boot_s() > end_s;
}

static void pause_ms(int ms)
{
	(void)poll(NULL, 0, ms);
}

/* What it has been told counts no more, and nothing is believed of it. Another master's is nobody's to begin with again. */
static void begin_anew(struct worker *w)
{
	*w = (struct worker){ .pid = w->orphan ? 0 : w->pid,
		              .listed = w->listed,
		              .failed = w->failed };
}

/* Whether the master that does not know it is the one that had it. */
static bool is_gone(const struct pat_haproxy_map *map)
{
	struct pat_haproxy_listing now;

	return pat_haproxy_list(map->config.master, pat_clock_boot_ns() + ASK_NS, &now) == 0 &&
	       pat_haproxy_same_master(&now, &map->listing);
}

/* Returns when the worker has done it, is gone, or may not be believed any more. */
static void tell_or_outlast(struct pat_haproxy_map *map, struct worker *w, const char *command)
{
	for (;;) {
		int r = w->doubt || w->orphan ? -EAGAIN : tell(map, w, command);

		if (r == 0)
			return;
		if (r == -ESRCH && is_gone(map)) {
			w->pid = 0;
			return;
		}
		if (lease_over(w->lease_end_s)) {
			begin_anew(w);
			return;
		}
		pause_ms(RETRY_MS);
	}
}

static void forget_gone(struct pat_haproxy_map *map)
{
	size_t n = 0;

	for (size_t i = 0; i < map->n_workers; i++)
		if (map->workers[i].pid != 0)
			map->workers[n++] = map->workers[i];
	map->n_workers = n;
}

/* ---- Which workers there are. */

static struct worker *worker_find(struct pat_haproxy_map *map, int64_t pid)
{
	for (size_t i = 0; i < map->n_workers; i++)
		if (map->workers[i].pid == pid)
			return &map->workers[i];
	return NULL;
}

/* Without the lock as well. */
static int list_ask(const struct pat_haproxy_map *map, struct pat_haproxy_listing *ret)
{
	return pat_haproxy_list(map->config.master, pat_clock_boot_ns() + ASK_NS, ret);
}

/* One that its master does not list any more has ended; of another master's, time says it. */
static void list_take(struct pat_haproxy_map *map, const struct pat_haproxy_listing *listing)
{
	bool same = pat_haproxy_same_master(listing, &map->listing);

	for (size_t i = 0; i < map->n_workers; i++) {
		map->workers[i].listed = false;
		map->workers[i].orphan = map->workers[i].orphan || !same;
	}
	map->listing = *listing;
	for (size_t i = 0; i < listing->n; i++) {
		struct worker *w = worker_find(map, listing->pids[i]);

		if (!w && map->n_workers < PAT_HAPROXY_WORKERS_MAX) {
			w = &map->workers[map->n_workers++];
			*w = (struct worker){ .pid = listing->pids[i] };
		}
		if (w)
			w->listed = true;
	}
	for (size_t i = 0; i < map->n_workers; i++) {
		struct worker *w = &map->workers[i];

		if (w->orphan ? lease_over(w->lease_end_s) : !w->listed)
			w->pid = 0;
	}
	forget_gone(map);
}

/* `r`: what asking for it came to. */
static int list_note(struct pat_haproxy_map *map, int r, const struct pat_haproxy_listing *listing)
{
	uint64_t now_ns = pat_clock_boot_ns();

	if (r == 0) {
		map->answered_ns = now_ns;
		map->lost = false;
		list_take(map, listing);
	} else if (!map->lost && now_ns - map->answered_ns >= LOST_NS) {
		map->lost = true;
		pat_log(PAT_LOG_WARNING, "haproxy.lost", "error", pat_err_words(r), NULL);
	}
	return r;
}

static int take_lease(struct pat_haproxy_map *map, struct worker *w)
{
	char command[NAME_MAX_ + 64];

	(void)snprintf(command, sizeof(command), "del map %s.until until", map->config.map);
	return tell(map, w, command);
}

/* Those that a patd before has left with a lease: it is taken away, or over. */
static bool strangers_met(struct pat_haproxy_map *map)
{
	struct pat_haproxy_listing listing;

	if (map->strangers_s == 0)
		return true;
	int r = list_note(map, list_ask(map, &listing), &listing);
	if (r == 0 && !pat_haproxy_same_master(&listing, &map->mark.whose))
		r = -ESRCH; /* this one does not know of all */
	for (size_t i = 0; i < map->n_workers && r == 0; i++) {
		r = take_lease(map, &map->workers[i]);
		/* Without such a map it believes nothing. */
		if (r == -ESRCH || r == -EPROTO)
			r = 0;
	}
	if (r < 0 && !lease_over(map->strangers_s))
		return false;
	map->strangers_s = 0;
	pat_haproxy_mark_clear(&map->mark);
	return true;
}

/* ---- Filling. */

/* The wall clock, which does not go back behind what verifiers have seen. */
static int64_t now_of(const struct pat_haproxy_map *map)
{
	int64_t floor_s = pat_index_reader_clock_floor_s(map->reader);
	int64_t now_s = pat_clock_wall_s();

	return now_s > floor_s ? now_s : floor_s;
}

struct fill {
	struct pat_haproxy_map *map;
	struct worker *w;
	int64_t now_s;
	size_t nothing; /* bytes of a command without lines */
	int result;
};

static void chunk_begin(struct pat_haproxy_map *map)
{
	pat_buf_clear(&map->command);
	(void)pat_buf_addf(&map->command, "add map %s <<\n", map->config.map);
}

static void chunk_send(struct fill *fill)
{
	struct pat_buf *command = &fill->map->command;

	if (fill->result == 0)
		fill->result = pat_buf_error(command);
	if (fill->result == 0)
		fill->result = tell(fill->map, fill->w, pat_buf_str(command));
	chunk_begin(fill->map);
}

static void fill_one(void *arg, const struct pat_index_hit *hit,
                     const uint8_t digest[PAT_DIGEST_BYTES], struct pat_usage_cell *cell)
{
	struct fill *fill = arg;
	struct pat_buf *command = &fill->map->command;
	char key[PAT_HAPROXY_KEY_CHARS + 1];

	(void)cell;
	if (fill->result != 0 || !pat_haproxy_entry_fits(hit, fill->now_s))
		return;
	if (command->len > fill->nothing && command->len + hit->grant->text_len > CHUNK_BYTES)
		chunk_send(fill);
	pat_haproxy_entry_key(digest, key);
	(void)pat_buf_addf(command, "%s ", key);
	pat_haproxy_entry_add(command, fill->w->epoch, hit, digest);
	(void)pat_buf_add(command, "\n", 1);
}

static void log_filled(const struct worker *w)
{
	char pid[PAT_NUM_BYTES];
	char ms[PAT_NUM_BYTES];

	pat_log(PAT_LOG_INFO, "haproxy.filled", "worker", pat_num(pid, w->pid), "ms",
	        pat_num(ms, (int64_t)((pat_clock_boot_ns() - w->began_ns) / MS)), NULL);
}

/* Some slots. */
static void fill_some(struct pat_haproxy_map *map, struct worker *w)
{
	struct fill fill = { .map = map, .w = w, .now_s = now_of(map) };

	chunk_begin(map);
	fill.nothing = map->command.len;
	uint64_t slots =
		pat_index_reader_visit(map->reader, w->cursor, CHUNK_SLOTS, fill_one, &fill);
	if (map->command.len > fill.nothing)
		chunk_send(&fill);
	w->cursor += CHUNK_SLOTS;
	if (fill.result != 0) {
		begin_anew(w);
	} else if (w->cursor >= slots) {
		w->filled = true;
		log_filled(w);
	}
}

/* Without the lock: nobody tells it of changes yet, and it may not answer for long. */
static int empty(const struct pat_haproxy_map *map, int64_t pid, uint64_t epoch,
                 struct pat_buf *answer)
{
	const char *name = map->config.map;
	char commands[3][NAME_MAX_ + 64];
	int r = 0;

	(void)snprintf(commands[0], sizeof(commands[0]), "clear map %s.until", name);
	(void)snprintf(commands[1], sizeof(commands[1]), "clear map %s", name);
	(void)snprintf(commands[2], sizeof(commands[2]), "add map %s epoch %" PRIx64, name, epoch);
	for (size_t i = 0; i < PAT_ARRAY_LEN(commands) && r == 0; i++)
		r = pat_haproxy_tell(map->config.master, pid, commands[i],
		                     pat_clock_boot_ns() + ASK_NS, answer);
	return r;
}

static void begin(struct pat_haproxy_map *map, int64_t pid, bool has_failed)
{
	pat_cleanup(pat_buf_done) struct pat_buf answer = { 0 };
	uint64_t began_ns = pat_clock_boot_ns();

	pat_buf_init(&answer, ANSWER_MAX);
	int r = empty(map, pid, began_ns, &answer);
	if (r == 0 && has_failed) {
		pause_ms(TURN_MS); /* for what it was told before, and does now */
		r = empty(map, pid, began_ns, &answer);
	}
	(void)pthread_mutex_lock(&map->lock);
	struct worker *w = worker_find(map, pid);
	if (w) {
		log_worker(w, r, pat_buf_str(&answer));
		w->begun = r == 0;
		w->epoch = w->began_ns = began_ns;
	}
	(void)pthread_mutex_unlock(&map->lock);
}

/* ---- Leases. */

/* No longer than verifiers may answer from the index; 0: they may not. */
static int64_t lease_end(struct pat_haproxy_map *map)
{
	if (pat_index_reader_enter(map->reader, pat_clock_boot_ns) != 0)
		return 0;
	int64_t end_s = boot_s() + map->config.lease_s;
	uint64_t index_ns = pat_index_reader_lease_end_ns(map->reader);
	int64_t index_s = (int64_t)(index_ns / 1000000000u);
	return index_ns != PAT_LEASE_FOREVER && index_s < end_s ? index_s : end_s;
}

/* Whether it has none now. */
static bool lease_end_now(struct pat_haproxy_map *map, struct worker *w)
{
	if (w->lease_end_s != 0 && take_lease(map, w) != 0)
		return false;
	w->lease_end_s = 0;
	w->leased = false;
	return true;
}

/* Counted from before it was sent, whatever comes of it. */
static void lease_write(struct pat_haproxy_map *map, struct worker *w, int64_t end_s)
{
	char command[NAME_MAX_ + 128];
	int64_t former_s = w->lease_end_s;

	(void)snprintf(command, sizeof(command), "%s map %s.until until %" PRId64 "\\ %" PRIx64,
	               w->leased ? "set" : "add", map->config.map, end_s, w->epoch);
	w->lease_end_s = end_s > w->lease_end_s ? end_s : w->lease_end_s;
	int r = tell(map, w, command);
	if (r == 0 && strncmp(pat_buf_str(&map->answer), "entry", 5) == 0) {
		begin_anew(w); /* somebody else has emptied it */
	} else if (r == 0) {
		w->lease_end_s = end_s;
		w->leased = true;
	} else if (was_not_done(r)) {
		w->lease_end_s = former_s;
	}
}

/* Somebody else may have emptied the map; so may a command of ours to which nobody had answered. */
static bool is_whole(struct pat_haproxy_map *map, const struct worker *w)
{
	char command[NAME_MAX_ + 64];
	char epoch[32];

	(void)snprintf(command, sizeof(command), "get map %s epoch", map->config.map);
	(void)snprintf(epoch, sizeof(epoch), "\"%" PRIx64 "\"", w->epoch);
	int r = pat_haproxy_ask(map->config.master, w->pid, command, pat_clock_boot_ns() + ASK_NS,
	                        &map->answer);
	return r != 0 || !strstr(pat_buf_str(&map->answer), "found=") ||
	       strstr(pat_buf_str(&map->answer), epoch);
}

/* The mark is there. Of two masters' workers nobody could say later that they are all. */
static bool may_lease(struct pat_haproxy_map *map)
{
	static const struct pat_haproxy_listing nobodys = { .n = 0 };
	const struct pat_haproxy_listing *whose = &map->listing;

	for (size_t i = 0; i < map->n_workers; i++)
		if (map->workers[i].orphan)
			whose = &nobodys;
	return pat_haproxy_mark_set(&map->mark, map->config.lease_s, whose);
}

static void lease_renew(struct pat_haproxy_map *map, struct worker *w)
{
	int64_t end_s = w->doubt ? 0 : lease_end(map);

	if (w->doubt) {
		if (lease_over(w->lease_end_s))
			begin_anew(w);
	} else if (end_s == 0) {
		(void)lease_end_now(map, w);
	} else if (end_s != w->lease_end_s && may_lease(map)) {
		if (is_whole(map, w))
			lease_write(map, w, end_s);
		else if (lease_end_now(map, w))
			begin_anew(w);
	}
}

/* ---- The thread. */

static void begin_new(struct pat_haproxy_map *map)
{
	struct {
		size_t n;
		int64_t pids[PAT_HAPROXY_WORKERS_MAX];
		bool failed[PAT_HAPROXY_WORKERS_MAX];
	} fresh = { .n = 0 };

	(void)pthread_mutex_lock(&map->lock);
	for (size_t i = 0; i < map->n_workers; i++)
		if (!map->workers[i].begun && !map->workers[i].orphan) {
			fresh.failed[fresh.n] = map->workers[i].failed;
			fresh.pids[fresh.n++] = map->workers[i].pid;
		}
	(void)pthread_mutex_unlock(&map->lock);
	for (size_t i = 0; i < fresh.n; i++)
		begin(map, fresh.pids[i], fresh.failed[i]);
}

/* Others have the lock between two steps. True: something is left to fill. */
static bool step(struct pat_haproxy_map *map)
{
	bool more = false;

	(void)pthread_mutex_lock(&map->lock);
	bool there = pat_index_reader_refresh(map->reader);
	for (size_t i = 0; i < map->n_workers && there; i++) {
		struct worker *w = &map->workers[i];

		if (w->orphan)
			continue;
		if (w->begun && !w->filled)
			fill_some(map, w);
		if (w->filled)
			lease_renew(map, w);
		more = more || (w->begun && !w->filled);
	}
	forget_gone(map);
	(void)pthread_mutex_unlock(&map->lock);
	return more;
}

static void turn(struct pat_haproxy_map *map)
{
	struct pat_haproxy_listing listing;

	int r = list_ask(map, &listing);
	(void)pthread_mutex_lock(&map->lock);
	(void)list_note(map, r, &listing);
	bool met = strangers_met(map);
	(void)pthread_mutex_unlock(&map->lock);
	if (!met)
		return;
	begin_new(map);
	for (int i = 0; i < STEPS_MAX && step(map); i++)
		;
}

static void *run(void *arg)
{
	struct pat_haproxy_map *map = arg;

	while (!atomic_load(&map->stopping)) {
		turn(map);
		pause_ms(TURN_MS);
	}
	return NULL;
}

int pat_haproxy_map_start(struct pat_haproxy_map *map, struct pat_err *err)
{
	(void)pthread_mutex_lock(&map->lock);
	int r = pat_index_reader_new(map->config.index_directory, &map->reader);
	(void)pthread_mutex_unlock(&map->lock);
	if (r == 0)
		r = -pthread_create(&map->thread, NULL, run, map);
	map->runs = r == 0;
	return r == 0 ? 0 : pat_err_set(err, r, "cannot keep HAProxy's map: %s", pat_err_words(r));
}

/* ---- What the core tells. */

static void command_for(struct pat_haproxy_map *map, const struct worker *w,
                        const uint8_t digest[static PAT_DIGEST_BYTES], bool is_new)
{
	struct pat_buf *command = &map->command;
	struct pat_index_hit hit;
	char key[PAT_HAPROXY_KEY_CHARS + 1];

	pat_buf_clear(command);
	pat_haproxy_entry_key(digest, key);
	if (!pat_index_reader_refresh(map->reader) ||
	    pat_index_reader_find(map->reader, digest, &hit) != 0 ||
	    !pat_haproxy_entry_fits(&hit, now_of(map))) {
		(void)pat_buf_addf(command, "del map %s %s", map->config.map, key);
		return;
	}
	(void)pat_buf_addf(command, "%s map %s %s ", is_new ? "add" : "set", map->config.map, key);
	if (pat_haproxy_entry_add_argument(command, w->epoch, &hit, digest) == 0)
		return;
	/* Rather no entry than a wrong one. */
	pat_buf_clear(command);
	(void)pat_buf_addf(command, "del map %s %s", map->config.map, key);
}

static void outlast_strangers(struct pat_haproxy_map *map)
{
	while (!strangers_met(map))
		pause_ms(RETRY_MS);
}

static void changed(void *arg, const uint8_t digest[static PAT_DIGEST_BYTES], bool is_new)
{
	struct pat_haproxy_map *map = arg;

	(void)pthread_mutex_lock(&map->lock);
	outlast_strangers(map);
	for (size_t i = 0; i < map->n_workers && map->reader; i++) {
		struct worker *w = &map->workers[i];

		if (!w->begun)
			continue;
		command_for(map, w, digest, is_new);
		tell_or_outlast(map, w, pat_buf_str(&map->command));
	}
	forget_gone(map);
	(void)pthread_mutex_unlock(&map->lock);
}

/* Nobody believes the map. */
static void renewed(void *arg)
{
	struct pat_haproxy_map *map = arg;
	char command[NAME_MAX_ + 64];

	(void)pthread_mutex_lock(&map->lock);
	outlast_strangers(map);
	(void)snprintf(command, sizeof(command), "del map %s.until until", map->config.map);
	for (size_t i = 0; i < map->n_workers; i++) {
		if (map->workers[i].lease_end_s != 0)
			tell_or_outlast(map, &map->workers[i], command);
		begin_anew(&map->workers[i]);
	}
	forget_gone(map);
	pat_haproxy_mark_clear(&map->mark);
	(void)pthread_mutex_unlock(&map->lock);
}

const struct pat_core_mirror *pat_haproxy_map_mirror(struct pat_haproxy_map *map)
{
	return &map->mirror;
}

/* ---- Its life. */

int pat_haproxy_map_new(const struct pat_haproxy_map_config *config, struct pat_haproxy_map **ret,
                        struct pat_err *err)
{
	struct pat_haproxy_map *map = calloc(1, sizeof(*map));
	if (!map)
		return pat_err_set(err, -ENOMEM, "out of memory");
	map->config = *config;
	map->mirror =
		(struct pat_core_mirror){ .arg = map, .changed = changed, .renewed = renewed };
	map->mark.directory = config->index_directory;
	int64_t left_s = pat_haproxy_mark_read(&map->mark, PAT_HAPROXY_LEASE_S_MAX);
	map->strangers_s = left_s > 0 ? boot_s() + left_s : 0;
	pat_buf_init(&map->answer, ANSWER_MAX);
	pat_buf_init(&map->command, 2 * PAT_HAPROXY_LINE_MAX);
	(void)pthread_mutex_init(&map->lock, NULL);
	(void)strangers_met(map);
	*ret = map;
	return 0;
}

void pat_haproxy_map_stop(struct pat_haproxy_map *map)
{
	if (!map)
		return;
	atomic_store(&map->stopping, true);
	if (map->runs)
		(void)pthread_join(map->thread, NULL);
	map->runs = false;
	renewed(map);
}

void pat_haproxy_map_free(struct pat_haproxy_map *map)
{
	if (!map)
		return;
	(void)pthread_mutex_destroy(&map->lock);
	pat_index_reader_free(map->reader);
	pat_buf_done(&map->answer);
	pat_buf_done(&map->command);
	free(map);
}
