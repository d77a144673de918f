/* SPDX-License-Identifier: Apache-2.0
 *
 * A writer killed at any instruction. A child writes the index under ptrace; the parent runs it one machine
 * instruction at a time and, at every stop, asks a verifier of its own. Then again, with kill -9 in the
 * middle and a fresh writer that takes over. Last, the other way round: a reader that is stopped at any
 * instruction of a verification, while the slot or the table it has come to is given to others.
 *
 * What must hold at every stop, and after every kill:
 *  - a token that was there and is not being removed is allowed;
 *  - a token that was never added is unknown, also one whose digest differs in its last bytes only;
 *  - the token being added or removed is one or the other, and for one verifier never goes back;
 *  - an allowed token has its own owner, scopes, number and times, never another's;
 *  - nothing is unavailable. The one exception is a folder in which nothing has been published yet.
 *
 * Two verifiers may see a new generation at different instants, between its rename and the word in the old
 * header. That is sound because patd opens its sockets only after publishing: there is nobody whom a
 * change could have been acknowledged to.
 *
 * The child's clock can jump (link with -Wl,--wrap=pat_clock_boot_ns), so that slots and tables which rest for 30
 * seconds are used again here too. ptrace must be permitted: without it this test fails.
 */
#include "tests/unit/test.h"

#include <errno.h>
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "index/verify.h"
#include "index/writer.h"
#include "token/record.h"

#define PART 0x5a /* the first two bytes of every digest: whatever bits choose a part, it is one */
#define FRESH_EVERY \
	53 /* stops between two questions to a verifier that has just opened the index */
#define KILL_STEPS 12000 /* instructions on the way to all the kills of a scenario */
#define KILLS_MIN  4
#define KILLS_MAX  60
#define STEPS_MAX  2000000
#define NOW_S      1200
#define NO_PTRACE  77

/* Token numbers: what they are is said by the scenarios. */
enum {
	KEPT_MAX = 60,
	COMING = 64, /* a twin: its first 16 bytes are those of every multiple of 4 */
	GOING = 68,
	STRANGER = 72,  /* never added */
	NEW_WORDS = 77, /* with an owner and scopes that nobody has */
	NEVER_FIRST = 80,
	NEVER_LAST = 83,
	EXPIRED_FIRST = 100,
	EXPIRED_LAST = 102,
	FILLER_FIRST = 200, /* came and went before */
	NUMBERS = 300,
};

static struct pat_token_format format;
static char folder[64];
static uint64_t clock_ahead_ns;

uint64_t __wrap_pat_clock_boot_ns(void);

/* By a system call: the vDSO reads the kernel's clock again whenever a tick has come meanwhile, and one instruction
 * at a time there is always one. */
uint64_t __wrap_pat_clock_boot_ns(void)
{
	struct timespec ts = { 0 };
	long r = syscall(SYS_clock_gettime, CLOCK_BOOTTIME, &ts);

	pat_assert(r == 0);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec + clock_ahead_ns;
}

/* ---- Tokens. */

/* Made before the child is: what it does under ptrace shall be the index's work only. */
static uint8_t digests[NUMBERS][PAT_DIGEST_BYTES];

/* All in one part. Every fourth is a twin: same tag, same public id; only the end differs. */
static void make_digests(void)
{
	for (uint64_t n = 0; n < NUMBERS; n++) {
		pat_sha256(&n, sizeof(n), digests[n]);
		if (n % 4 == 0)
			memset(digests[n], 0xf1, PAT_TID_BYTES);
		memset(digests[n], PART, 2);
	}
}

static const char *owner_of(uint64_t n)
{
	static const char *const owners[] = { "1", "u_22", "333", "ada@acme.org", "55555" };

	return n == NEW_WORDS ? "somebody-new" : owners[n % PAT_ARRAY_LEN(owners)];
}

static const char *scopes_of(uint64_t n)
{
	static const char *const scopes[] = { "a:read", "a:read b:write", "c:read" };

	return n == NEW_WORDS ? "a:read z:new" : scopes[n % PAT_ARRAY_LEN(scopes)];
}

static int64_t expires_of(uint64_t n)
{
	return n >= EXPIRED_FIRST && n <= EXPIRED_LAST ? NOW_S + 100 : 5000 + (int64_t)n;
}

static void add(struct pat_index_writer *w, uint64_t n)
{
	int r = pat_index_writer_add(w, &(struct pat_index_entry){ .digest = digests[n],
	                                                           .number = (int64_t)n,
	                                                           .owner = owner_of(n),
	                                                           .scopes = scopes_of(n),
	                                                           .issued_s = 1000 + (int64_t)n,
	                                                           .expires_s = expires_of(n) });
	pat_assert(r == 0);
}

static void drop(struct pat_index_writer *w, uint64_t n)
{
	int r = pat_index_writer_remove(w, digests[n]);

	pat_assert(r == 0);
}

static struct pat_index_writer *writer_new(void)
{
	struct pat_index_writer *w = NULL;
	struct pat_err err = { { 0 } };
	struct pat_index_config config = {
		.directory = folder,
		.group = (gid_t)-1,
		.format = &format,
		.tokens_max = 1 << 16,
	};
	int r = pat_index_writer_new(&config, &w, &err);

	pat_assert(r == 0);
	return w;
}

static void publish(struct pat_index_writer *w)
{
	struct pat_err err = { { 0 } };
	int r = pat_index_writer_publish(w, 1, 1000, &err);

	pat_assert(r == 0);
}

/* ---- Scenarios: what the child does. `first` and `before` are prepared, `act` is looked at. */

struct scenario {
	const char *name;
	uint64_t kept;       /* tokens 1…kept are there all the time */
	uint64_t coming[4];  /* being added; 0 ends */
	uint64_t going[4];   /* being removed; 0 ends */
	bool nothing_before; /* no index until `act` publishes one */
	bool new_table;      /* the part's table is replaced */
	unsigned stride;     /* look at every n-th instruction; 0: at every one */
	struct pat_index_writer *(*first)(
		const struct scenario *s); /* the index the verifiers open */
	struct pat_index_writer *(*before)(const struct scenario *s, struct pat_index_writer *w);
	void (*act)(const struct scenario *s, struct pat_index_writer *w);
};

static void add_kept(const struct scenario *s, struct pat_index_writer *w)
{
	for (uint64_t n = 1; n <= s->kept; n++)
		add(w, n);
	for (const uint64_t *n = s->going; *n; n++)
		add(w, *n);
}

static struct pat_index_writer *first_published(const struct scenario *s)
{
	struct pat_index_writer *w = writer_new();

	add_kept(s, w);
	publish(w);
	return w;
}

static void act_add(const struct scenario *s, struct pat_index_writer *w)
{
	for (const uint64_t *n = s->coming; *n; n++)
		add(w, *n);
}

static void act_remove(const struct scenario *s, struct pat_index_writer *w)
{
	for (const uint64_t *n = s->going; *n; n++)
		drop(w, *n);
}

/* Uses up the part's entries: `n` tokens come and go. */
static void come_and_go(struct pat_index_writer *w, uint64_t from, uint64_t n)
{
	for (uint64_t i = from; i < from + n; i++) {
		add(w, i);
		drop(w, i);
	}
}

/* 20 kept and 28 removed fill three quarters of 64: the next one makes a cleaner table of the same size. */
static struct pat_index_writer *before_worn_table(const struct scenario *s,
                                                  struct pat_index_writer *w)
{
	(void)s;
	come_and_go(w, FILLER_FIRST, 28);
	return w;
}

/* The same once more, after the first worn table has rested and its pages were given back. */
static struct pat_index_writer *before_rested_table(const struct scenario *s,
                                                    struct pat_index_writer *w)
{
	(void)s;
	come_and_go(w, FILLER_FIRST, 28);
	come_and_go(w, FILLER_FIRST + 28, 1); /* rebuilds */
	clock_ahead_ns += 40ull * 1000000000;
	pat_index_writer_tick(w, 1000);
	come_and_go(w, FILLER_FIRST + 29, 27);
	return w;
}

/* The first removal gets memory for resting slots; here that has been. "drop expired" is a first one. */
static struct pat_index_writer *before_one_removed(const struct scenario *s,
                                                   struct pat_index_writer *w)
{
	(void)s;
	come_and_go(w, FILLER_FIRST, 1);
	return w;
}

static struct pat_index_writer *before_rested_slot(const struct scenario *s,
                                                   struct pat_index_writer *w)
{
	(void)s;
	come_and_go(w, STRANGER, 1);
	clock_ahead_ns += 40ull * 1000000000;
	return w;
}

static struct pat_index_writer *before_retired_table(const struct scenario *s,
                                                     struct pat_index_writer *w)
{
	(void)s;
	come_and_go(w, FILLER_FIRST, 30);
	clock_ahead_ns += 40ull * 1000000000;
	return w;
}

static void act_keep_house(const struct scenario *s, struct pat_index_writer *w)
{
	(void)s;
	pat_index_writer_tick(w, 1001);
	pat_index_writer_forget_others(w);
	pat_index_writer_applied(w, 2);
}

static void act_drop_expired(const struct scenario *s, struct pat_index_writer *w)
{
	uint64_t dropped = 0;

	(void)s;
	(void)pat_index_writer_drop_expired(w, NOW_S + 101, 0, 1000, &dropped);
	pat_assert(dropped == EXPIRED_LAST - EXPIRED_FIRST + 1);
}

/* The next generation, as a restarted patd makes it: without what is going, with what is coming. */
static struct pat_index_writer *next_generation(const struct scenario *s)
{
	struct pat_index_writer *w = writer_new();

	for (uint64_t n = 1; n <= s->kept; n++)
		add(w, n);
	act_add(s, w);
	return w;
}

static struct pat_index_writer *before_publish(const struct scenario *s, struct pat_index_writer *w)
{
	pat_index_writer_free(w);
	return next_generation(s);
}

static void act_publish(const struct scenario *s, struct pat_index_writer *w)
{
	(void)s;
	publish(w);
}

static void name_of(const char *file, char out[static 128])
{
	(void)snprintf(out, 128, "%s/%s", folder, file);
}

/* A run was killed between the rename and the mark. */
static struct pat_index_writer *before_publish_over_a_killed_one(const struct scenario *s,
                                                                 struct pat_index_writer *w)
{
	char index[128];
	char prev[128];
	char fresh[128];

	name_of(PAT_INDEX_FILE, index);
	name_of(PAT_INDEX_PREV, prev);
	name_of(PAT_INDEX_TMP, fresh);
	pat_index_writer_free(w);
	(void)next_generation(s); /* its header says "loading": it never came to publish */
	struct pat_index_writer *killed = next_generation(s);
	pat_index_writer_suspend(killed, false);
	pat_assert(link(index, prev) == 0);
	pat_assert(rename(fresh, index) == 0);
	return next_generation(s);
}

static struct pat_index_writer *before_loading(const struct scenario *s, struct pat_index_writer *w)
{
	(void)s;
	pat_index_writer_free(w);
	return NULL;
}

static void act_load_and_publish(const struct scenario *s, struct pat_index_writer *w)
{
	(void)w;
	w = next_generation(s);
	publish(w);
}

static struct pat_index_writer *first_nothing(const struct scenario *s)
{
	return next_generation(s);
}

static const struct scenario scenarios[] = {
	{ .name = "add",
	  .kept = 20,
	  .coming = { COMING },
	  .first = first_published,
	  .act = act_add },
	{ .name = "add with new words",
	  .kept = 20,
	  .coming = { NEW_WORDS },
	  .first = first_published,
	  .act = act_add },
	{ .name = "add to a part that grows",
	  .kept = 48,
	  .coming = { COMING },
	  .new_table = true,
	  .first = first_published,
	  .act = act_add },
	{ .name = "add to a worn part",
	  .kept = 20,
	  .coming = { COMING },
	  .new_table = true,
	  .first = first_published,
	  .act = act_add,
	  .before = before_worn_table },
	{ .name = "add into a rested table",
	  .kept = 20,
	  .coming = { COMING },
	  .new_table = true,
	  .first = first_published,
	  .act = act_add,
	  .before = before_rested_table },
	{ .name = "add into a rested slot",
	  .kept = 20,
	  .coming = { COMING },
	  .first = first_published,
	  .act = act_add,
	  .before = before_rested_slot },
	{ .name = "remove",
	  .kept = 20,
	  .going = { GOING },
	  .first = first_published,
	  .before = before_one_removed,
	  .act = act_remove },
	{ .name = "drop expired",
	  .kept = 20,
	  .going = { EXPIRED_FIRST, EXPIRED_FIRST + 1, EXPIRED_LAST },
	  .first = first_published,
	  .act = act_drop_expired },
	{ .name = "keep house",
	  .kept = 20,
	  .first = first_published,
	  .before = before_retired_table,
	  .act = act_keep_house },
	{ .name = "publish",
	  .kept = 20,
	  .coming = { COMING },
	  .going = { GOING },
	  .first = first_published,
	  .before = before_publish,
	  .act = act_publish },
	{ .name = "publish over a killed publish",
	  .kept = 20,
	  .coming = { COMING },
	  .going = { GOING },
	  .first = first_published,
	  .before = before_publish_over_a_killed_one,
	  .act = act_publish },
	{ .name = "load and publish",
	  .kept = 12,
	  .coming = { COMING },
	  .going = { GOING },
	  .first = first_published,
	  .before = before_loading,
	  .act = act_load_and_publish,
	  .stride = 7 },
	{ .name = "publish the first",
	  .kept = 20,
	  .nothing_before = true,
	  .first = first_nothing,
	  .act = act_publish },
};

/* ---- The child, and moving it. */

static void stop_here(void)
{
	(void)kill(getpid(), SIGSTOP);
}

static void child_main(const struct scenario *s)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
		_exit(NO_PTRACE);
	struct pat_index_writer *w = s->first(s);
	stop_here();
	if (s->before)
		w = s->before(s, w);
	stop_here();
	s->act(s, w);
	stop_here();
	_exit(1);
}

/* Waits for the next stop: its signal. */
static int stopped(pid_t child)
{
	int status = 0;

	while (waitpid(child, &status, 0) < 0)
		assert_int_equal(errno, EINTR);
	if (WIFEXITED(status) && WEXITSTATUS(status) == NO_PTRACE)
		fail_msg("ptrace is not permitted here, and this test is nothing without it");
	if (!WIFSTOPPED(status) || (WSTOPSIG(status) != SIGSTOP && WSTOPSIG(status) != SIGTRAP))
		fail_msg("the writer ended by itself (wait status %#x)", (unsigned)status);
	return WSTOPSIG(status);
}

static void run_to_stop(pid_t child)
{
	assert_int_equal(ptrace(PTRACE_CONT, child, NULL, NULL), 0);
	assert_int_equal(stopped(child), SIGSTOP);
}

/* One instruction; false when the act is over. */
static bool step(pid_t child)
{
	assert_int_equal(ptrace(PTRACE_SINGLESTEP, child, NULL, NULL), 0);
	return stopped(child) == SIGTRAP;
}

static pid_t child_start(const struct scenario *s)
{
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0)
		child_main(s);
	assert_int_equal(stopped(child), SIGSTOP);
	return child;
}

static void child_kill(pid_t child)
{
	int status = 0;

	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* ---- Looking. */

/* What one verifier has seen so far. */
struct sight {
	struct pat_verifier *v;
	struct pat_index_reader *slots; /* for looking at every slot, as the usage fold does */
	bool served;                    /* it has had an index */
	bool changed[FILLER_FIRST];     /* by token: it has seen the act's effect */
};

struct tally {
	long stops, asked, kills;
};
static struct tally tally;

static struct pat_verifier *verifier_new(void)
{
	struct pat_verifier *v = NULL;

	assert_int_equal(pat_verifier_new(folder, &v), 0);
	return v;
}

static struct sight sight_new(void)
{
	struct sight sight = { .v = verifier_new() };

	assert_int_equal(pat_index_reader_new(folder, &sight.slots), 0);
	return sight;
}

static void sight_done(struct sight *sight)
{
	pat_verifier_free(sight->v);
	pat_index_reader_free(sight->slots);
}

static bool same(const char *text, size_t len, const char *want)
{
	return strlen(want) == len && memcmp(text, want, len) == 0;
}

static bool identity_is(const struct pat_identity *id, uint64_t n)
{
	return same(id->owner, id->owner_len, owner_of(n)) &&
	       same(id->scopes, id->scopes_len, scopes_of(n)) && id->number == n &&
	       id->issued_s == 1000 + n && id->expires_s == (uint32_t)expires_of(n);
}

/* In all its steps: each of them may meet the index in the middle of a change. */
static enum pat_verdict verify(struct pat_verifier *v, uint64_t n, struct pat_identity *ret)
{
	struct pat_verifying verifying;

	pat_verify_begin_digest(v, digests[n], &verifying);
	pat_verify_approach(v, &verifying);
	return pat_verify_end(v, &verifying, &(struct pat_ask){ 0 }, NOW_S, ret);
}

/* Asks for a token; an allowed one must be itself in everything. */
static enum pat_verdict ask(struct pat_verifier *v, uint64_t n)
{
	struct pat_identity id;
	char tid[PAT_TID_CHARS + 1];
	enum pat_verdict verdict = verify(v, n, &id);

	tally.asked++;
	if (verdict != PAT_VERDICT_ALLOWED)
		return verdict;
	pat_record_tid(digests[n], tid);
	if (!identity_is(&id, n) || strcmp(id.tid, tid) != 0 ||
	    memcmp(id.digest, digests[n], PAT_DIGEST_BYTES) != 0)
		fail_msg("token %llu is taken for another: owner %.*s, scopes %.*s, number %llu",
		         (unsigned long long)n, (int)id.owner_len, id.owner, (int)id.scopes_len,
		         id.scopes, (unsigned long long)id.number);
	return verdict;
}

static void expect(struct sight *sight, uint64_t n, enum pat_verdict want, const char *what)
{
	enum pat_verdict verdict = ask(sight->v, n);

	if (verdict != want)
		fail_msg("token %llu, %s: verdict %d, not %d", (unsigned long long)n, what, verdict,
		         want);
}

static void expect_change(struct sight *sight, uint64_t n, enum pat_verdict was,
                          enum pat_verdict is)
{
	enum pat_verdict verdict = ask(sight->v, n);

	if (verdict == is)
		sight->changed[n] = true;
	else if (verdict != was)
		fail_msg("token %llu: verdict %d is neither before (%d) nor after (%d)",
		         (unsigned long long)n, verdict, was, is);
	else if (sight->changed[n])
		fail_msg("token %llu went back from verdict %d to %d", (unsigned long long)n, is,
		         was);
}

/* A slot that is live is whole: its number, owner and times are those of its digest. */
static void visited(void *arg, const struct pat_index_hit *hit,
                    const uint8_t digest[PAT_DIGEST_BYTES], struct pat_usage_cell *cell)
{
	uint64_t n = hit->number;

	(void)arg;
	(void)cell;
	if (n >= NUMBERS || memcmp(digest, digests[n], PAT_DIGEST_BYTES) != 0 ||
	    hit->issued_s != 1000 + n || hit->expires_s != (uint32_t)expires_of(n) ||
	    !same(hit->owner, hit->owner_len, owner_of(n)) ||
	    !same(pat_grant_text(hit->grant), hit->grant->text_len, scopes_of(n)))
		fail_msg("slot %llu is a mixture: number %llu", (unsigned long long)hit->slot,
		         (unsigned long long)n);
}

static void look_at_slots(struct sight *sight)
{
	assert_int_equal(pat_index_reader_enter(sight->slots, pat_clock_boot_ns), 0);
	(void)pat_index_reader_visit(sight->slots, 0, NUMBERS, visited, NULL);
}

static void look(const struct scenario *s, struct sight *sight)
{
	if (s->nothing_before && !sight->served && ask(sight->v, 1) == PAT_VERDICT_UNAVAILABLE)
		return;
	sight->served = true;
	look_at_slots(sight);
	for (uint64_t n = 1; n <= s->kept; n += s->kept > 20 ? 3 : 1)
		expect(sight, n, PAT_VERDICT_ALLOWED, "kept");
	for (uint64_t n = NEVER_FIRST; n <= NEVER_LAST; n++)
		expect(sight, n, PAT_VERDICT_UNKNOWN, "never added");
	expect(sight, STRANGER, PAT_VERDICT_UNKNOWN, "never there, or gone before");
	expect(sight, FILLER_FIRST, PAT_VERDICT_UNKNOWN, "never there, or gone before");
	for (const uint64_t *n = s->coming; *n; n++)
		expect_change(sight, *n, PAT_VERDICT_UNKNOWN, PAT_VERDICT_ALLOWED);
	for (const uint64_t *n = s->going; *n; n++)
		expect_change(sight, *n, PAT_VERDICT_ALLOWED, PAT_VERDICT_UNKNOWN);
}

/* A verifier that opens the index just now. */
static void look_afresh(const struct scenario *s)
{
	struct sight sight = sight_new();

	look(s, &sight);
	sight_done(&sight);
}

static void look_at_the_end(const struct scenario *s, struct sight *sight)
{
	look(s, sight);
	for (const uint64_t *n = s->coming; *n; n++)
		expect(sight, *n, PAT_VERDICT_ALLOWED, "added");
	for (const uint64_t *n = s->going; *n; n++)
		expect(sight, *n, PAT_VERDICT_UNKNOWN, "removed");
}

/* ---- The two walks. */

/* How often tables were named in the index in force. */
static uint64_t tables_named(void)
{
	struct pat_index_header header;
	uint64_t words[PAT_INDEX_PARTS];
	uint64_t sum = 0;
	char path[128];

	name_of(PAT_INDEX_FILE, path);
	FILE *f = fopen(path, "re");
	if (!f)
		return 0;
	assert_int_equal(fread(&header, sizeof(header), 1, f), 1);
	assert_int_equal(fseek(f, (long)header.parts_at, SEEK_SET), 0);
	assert_int_equal(fread(words, sizeof(words), 1, f), 1);
	(void)fclose(f);
	for (size_t i = 0; i < PAT_INDEX_PARTS; i++)
		sum += words[i] & 0xffff;
	return sum;
}

/* Every instruction of the act is looked at. Returns how many there are. */
static long walk(const struct scenario *s)
{
	struct sight sight = sight_new();
	pid_t child = child_start(s);
	unsigned stride = s->stride ? s->stride : 1;
	long steps = 0;

	look(s, &sight);
	run_to_stop(child);
	uint64_t named = tables_named();
	while (step(child)) {
		steps++;
		assert_true(steps < STEPS_MAX);
		if (steps % stride != 0)
			continue;
		look(s, &sight);
		tally.stops++;
		if (steps % (FRESH_EVERY * stride) == 0)
			look_afresh(s);
	}
	look_at_the_end(s, &sight);
	if (s->new_table)
		assert_int_equal(tables_named(), named + 1);
	child_kill(child);
	look_at_the_end(s, &sight);
	sight_done(&sight);
	return steps;
}

static void no_file(const char *name)
{
	char path[128];

	name_of(name, path);
	assert_int_equal(access(path, F_OK), -1);
}

static void one_usage_file(void)
{
	DIR *dir = opendir(folder);
	int n = 0;

	assert_non_null(dir);
	for (struct dirent *e = readdir(dir); e; e = readdir(dir))
		n += strncmp(e->d_name, "usage-", 6) == 0;
	(void)closedir(dir);
	assert_int_equal(n, 1);
}

/* The next run reads from its store what the killed one was about: done or not done. */
static void take_over(const struct scenario *s, struct sight *sight, bool done)
{
	struct pat_index_writer *w = writer_new();

	for (uint64_t n = 1; n <= s->kept; n++)
		add(w, n);
	for (const uint64_t *n = done ? s->coming : s->going; *n; n++)
		add(w, *n);
	publish(w);
	for (int i = 0; i < 2; i++) {
		for (uint64_t n = 1; n <= s->kept; n++)
			expect(sight, n, PAT_VERDICT_ALLOWED, "kept, in the next generation");
		for (const uint64_t *n = s->coming; *n; n++)
			expect(sight, *n, done ? PAT_VERDICT_ALLOWED : PAT_VERDICT_UNKNOWN,
			       "in the next generation");
		for (const uint64_t *n = s->going; *n; n++)
			expect(sight, *n, done ? PAT_VERDICT_UNKNOWN : PAT_VERDICT_ALLOWED,
			       "in the next generation");
		pat_index_writer_forget_others(w);
	}
	no_file(PAT_INDEX_TMP);
	no_file(PAT_INDEX_PREV);
	one_usage_file();
	/* The next run can be written to like any other. */
	add(w, NEW_WORDS + 1);
	expect(sight, NEW_WORDS + 1, PAT_VERDICT_ALLOWED, "added after the kill");
	drop(w, NEW_WORDS + 1);
	expect(sight, NEW_WORDS + 1, PAT_VERDICT_UNKNOWN, "removed after the kill");
	pat_index_writer_free(w);
}

static void kill_at(const struct scenario *s, long at, bool done)
{
	struct sight sight = sight_new();
	pid_t child = child_start(s);

	look(s, &sight);
	run_to_stop(child);
	for (long i = 0; i < at && step(child); i++)
		;
	child_kill(child);
	tally.kills++;
	look(s, &sight);
	look_afresh(s);
	take_over(s, &sight, done);
	sight_done(&sight);
}

static void empty_folder(void)
{
	test_folder_remove(folder);
	test_folder(folder);
}

static void a_writer_killed_at_any_instruction(void **state)
{
	const struct scenario *s = *state;

	test_folder(folder);
	long steps = walk(s);
	empty_folder();
	long kills = 2 * KILL_STEPS / steps;
	kills = kills < KILLS_MIN ? KILLS_MIN : kills > KILLS_MAX ? KILLS_MAX : kills;
	/* Not the same instructions in every scenario, nor at the same distance; the first and the last always. */
	for (long k = 0; k <= kills; k++) {
		long at = steps * k / kills;

		if (k > 0 && k < kills)
			at -= (k * 7 + (s - scenarios) * 3) % (steps / kills + 1);
		kill_at(s, at, k % 2 == 0);
		empty_folder();
	}
	test_folder_remove(folder);
	print_message("             %ld instructions, %s, killed at %ld of them\n", steps,
	              s->stride ? "every seventh looked at" : "every one looked at", kills + 1);
}

/* ---- The reader's turn to be slow. */

/* What a reader of its own process answered. */
struct answered {
	enum pat_verdict verdict;
	bool itself;
};
static struct answered *answered; /* shared with the child */

struct slow_scenario {
	const char *name;
	uint64_t token; /* the one that is asked for */
	bool leaves; /* it is removed meanwhile: either answer is right, a stranger's identity is not */
};

static const struct slow_scenario slow_scenarios[] = {
	{ "the slot goes to another token", COMING + 1, true },
	{ "the slot goes to another token, behind a twin", COMING, true },
	{ "the table is replaced and used again", 1, false },
	{ "the table is replaced and used again, behind a twin", 8, false },
};

static void reader_main(uint64_t n)
{
	struct pat_verifier *v = NULL;
	struct pat_identity id;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
		_exit(NO_PTRACE);
	int r = pat_verifier_new(folder, &v);
	pat_assert(r == 0);
	for (;;) {
		stop_here();
		answered->verdict = verify(v, n, &id);
		answered->itself = answered->verdict == PAT_VERDICT_ALLOWED && identity_is(&id, n);
		stop_here();
	}
}

static void rest(struct pat_index_writer *w)
{
	clock_ahead_ns += 40ull * 1000000000;
	pat_index_writer_tick(w, 1000);
}

/* Everything the reader may have come to is given to others; then all is as it was. */
static void world_moves_on(struct pat_index_writer *w, const struct slow_scenario *s)
{
	if (s->leaves)
		drop(w, s->token);
	come_and_go(w, FILLER_FIRST, 30); /* another table */
	rest(w);
	come_and_go(w, FILLER_FIRST + 30, 30); /* the first one again */
	rest(w);
	for (uint64_t n = NUMBERS - 20; n < NUMBERS; n++) /* every rested slot */
		add(w, n);
}

static void world_moves_back(struct pat_index_writer *w, const struct slow_scenario *s)
{
	for (uint64_t n = NUMBERS - 20; n < NUMBERS; n++)
		drop(w, n);
	rest(w);
	if (s->leaves)
		add(w, s->token);
}

static void check_answer(const struct slow_scenario *s, long at)
{
	if (answered->verdict == PAT_VERDICT_ALLOWED && !answered->itself)
		fail_msg("a reader stopped at instruction %ld took token %llu for another", at,
		         (unsigned long long)s->token);
	if (answered->verdict != PAT_VERDICT_ALLOWED &&
	    !(s->leaves && answered->verdict == PAT_VERDICT_UNKNOWN))
		fail_msg("a reader stopped at instruction %ld answered %d for token %llu", at,
		         answered->verdict, (unsigned long long)s->token);
}

static void a_reader_stopped_at_any_instruction(void **state)
{
	const struct slow_scenario *s = *state;
	long allowed = 0;
	long stops = 0;
	long at = 0; /* the look-up comes first: there every instruction, later fewer and fewer */

	test_folder(folder);
	struct pat_index_writer *w = writer_new();
	for (uint64_t n = 1; n <= 20; n++)
		add(w, n);
	if (s->leaves)
		add(w, s->token);
	publish(w);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		reader_main(s->token);
	assert_int_equal(stopped(child), SIGSTOP);
	for (bool under_way = true; under_way; at += 1 + at / 24, stops++) {
		for (long i = 0; under_way && i < at; i++)
			under_way = step(child);
		world_moves_on(w, s);
		if (under_way)
			run_to_stop(child);
		check_answer(s, at);
		allowed += answered->verdict == PAT_VERDICT_ALLOWED;
		run_to_stop(child);
		world_moves_back(w, s);
		assert_true(at < STEPS_MAX);
	}
	child_kill(child);
	pat_index_writer_free(w);
	test_folder_remove(folder);
	assert_true(allowed > 0);
	print_message("             stopped at %ld of %ld instructions, %ld times allowed\n", stops,
	              at, allowed);
}

/* Parent and child take turns; on one processor that costs a tenth of waking another. */
static void one_processor(void)
{
	cpu_set_t set;
	int cpu = sched_getcpu();

	CPU_ZERO(&set);
	CPU_SET(cpu < 0 ? 0 : cpu, &set);
	(void)sched_setaffinity(0, sizeof(set), &set);
}

int main(void)
{
	enum {
		KILLED = PAT_ARRAY_LEN(scenarios),
		SLOW = PAT_ARRAY_LEN(slow_scenarios)
	};
	struct CMUnitTest tests[KILLED + SLOW] = { 0 };

	for (size_t i = 0; i < PAT_ARRAY_LEN(scenarios); i++)
		tests[i] = (struct CMUnitTest){ .name = scenarios[i].name,
			                        .test_func = a_writer_killed_at_any_instruction,
			                        .initial_state = (void *)(uintptr_t)&scenarios[i] };
	for (size_t i = 0; i < SLOW; i++)
		tests[KILLED + i] =
			(struct CMUnitTest){ .name = slow_scenarios[i].name,
			                     .test_func = a_reader_stopped_at_any_instruction,
			                     .initial_state =
			                             (void *)(uintptr_t)&slow_scenarios[i] };
	answered = mmap(NULL, sizeof(*answered), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
	                -1, 0);
	assert_true(answered != MAP_FAILED);
	assert_int_equal(pat_token_format_init(&format, "pat"), 0);
	/* Large blocks come cleared from the kernel, not by a hundred thousand repetitions of one instruction. */
	(void)mallopt(M_MMAP_THRESHOLD, 65536);
	make_digests();
	one_processor();
	int failed = cmocka_run_group_tests_name("a writer killed at any instruction", tests, NULL,
	                                         NULL);
	print_message("%ld stops, %ld questions, %ld kills\n", tally.stops, tally.asked,
	              tally.kills);
	return failed;
}
