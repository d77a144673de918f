/* SPDX-License-Identifier: Apache-2.0
 *
 * Several nodes on one database, simulated: the very code of a node (src/core/node.c, others.c, settle.c, receipts.c, load.c) among clocks
 * that go at different rates, processes that stand still or die between any two steps, lines that swallow, and servers that fail over.
 * Every run is of a seed, and the same seed is the same run.
 *
 *   sim_nodes [--seed FIRST] [--runs N] [--break STEP] [--verbose]
 *
 * No token may be accepted in a request that was sent after its revoke had returned; none may be called unknown that was given out
 * before and that nobody revokes; and when everything is well again every node serves, and revokes return. With --break a step of
 * the code is taken wrongly (src/base/provoke.h), and that has to be found.
 */
#include <errno.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"

#define WRITERS      3
#define VERIFIERS    2 /* a machine */
#define LIMIT_NS     (200 * SECOND)
#define NEMESES_LAST (8 * SECOND)

struct token {
	uint64_t generated; /* when the call returned; 0: it has not */
	uint64_t revoking;  /* when the first call was sent; 0: none was */
	uint64_t revoked;   /* when one returned */
};

static struct {
	struct token tokens[TOKENS_MAX];
	unsigned n_tokens;
	int nodes;
	int64_t lease_ms; /* the longest */
	bool ending;
	uint64_t failed_over; /* when; 0: not */
	unsigned writers;
	char violation[200];
} run;

/* Of all runs. */
static struct {
	uint64_t accepted;
	uint64_t refused;
	uint64_t unavailable;
	uint64_t revokes;
	uint64_t
		acknowledged; /* receipts in which every node has applied the change, or had gone */
	uint64_t outlasted;   /* receipts in which some lease was waited for */
	uint64_t failovers;
	uint64_t struck;
} totals;

__attribute__((format(printf, 1, 2))) static void violation(const char *format, ...)
{
	va_list values;

	if (run.violation[0])
		return;
	va_start(values, format);
	(void)vsnprintf(run.violation, sizeof(run.violation), format, values);
	va_end(values);
}

/* ---- Verifiers. */

/* Until its lease is over a node may ask the primary before, which does not know what was given out since. It fails closed. */
static bool may_follow_the_former(void)
{
	return run.failed_over &&
	       sim_now() < run.failed_over + pat_core_lease_over_ns(run.lease_ms) + SECOND;
}

static void judge(int machine, unsigned token, uint64_t sent, enum answer answer)
{
	const struct token *t = &run.tokens[token];

	totals.accepted += answer == ACCEPTED;
	totals.refused += answer == REFUSED;
	totals.unavailable += answer == UNAVAILABLE;
	if (answer == ACCEPTED && t->revoked && sent > t->revoked)
		violation(
			"token %u: accepted at machine %d in a request of %.6f, and revoked at %.6f",
			token, machine, (double)sent / 1e9, (double)t->revoked / 1e9);
	if (answer == REFUSED && t->generated && sent > t->generated && !t->revoking &&
	    !may_follow_the_former())
		violation(
			"token %u: unknown at machine %d in a request of %.6f, and given out at %.6f",
			token, machine, (double)sent / 1e9, (double)t->generated / 1e9);
}

struct asked {
	struct machine *machine;
	unsigned token;
};

static void verify_once(void *arg)
{
	struct asked *asked = arg;
	uint64_t sent = sim_now();

	task_sleep(dice_ns(0, 200 * US));
	judge(asked->machine->number, asked->token, sent, verify(asked->machine, asked->token));
}

static void verify_at(struct machine *m, unsigned token)
{
	struct asked *asked = sim_alloc(sizeof(*asked));

	*asked = (struct asked){ .machine = m, .token = token };
	task_spawn(m->number, m->edge, verify_once, asked);
}

static void verifier_main(void *arg)
{
	struct machine *m = arg;

	while (!run.ending) {
		task_sleep(dice_ns(MS, 150 * MS));
		if (run.n_tokens == 0)
			continue;
		struct asked asked = { .machine = m, .token = dice(run.n_tokens) };
		verify_once(&asked);
	}
}

static void verifiers_start(struct machine *m)
{
	for (int i = 0; i < VERIFIERS; i++)
		task_spawn(m->number, m->edge, verifier_main, m);
}

/* ---- Writers. */

static struct machine *any_machine(void)
{
	return &machines[1 + dice((unsigned)run.nodes)];
}

static void receipt_count(const struct pat_receipt *receipt)
{
	bool outlasted = false;

	for (size_t i = 0; i < receipt->n; i++)
		outlasted |= receipt->nodes[i].how == PAT_RECEIPT_EXPIRED;
	totals.outlasted += outlasted;
	totals.acknowledged += !outlasted;
}

/* Again and again, at any node, until it is done. */
static bool insist(enum request_kind kind, unsigned token, unsigned tries)
{
	for (unsigned i = 0; i < tries; i++) {
		struct request *request = sim_alloc(sizeof(*request));

		*request = (struct request){ .kind = kind,
			                     .patd = any_machine()->patd,
			                     .token = token };
		if (request_send(request) == 0) {
			if (kind == REVOKE || kind == CLOSE)
				receipt_count(&request->receipt);
			return true;
		}
		task_sleep(dice_ns(MS, 100 * MS));
	}
	return false;
}

static void verify_everywhere(unsigned token)
{
	for (int i = 1; i <= run.nodes; i++)
		verify_at(&machines[i], token);
}

static void revoke(unsigned token)
{
	run.tokens[token].revoking = sim_now();
	/* Or a policy takes everything from it that it may. */
	if (!insist(chance(30) ? CLOSE : REVOKE, token, 1000))
		return;
	run.tokens[token].revoked = sim_now();
	totals.revokes++;
	if (verbose)
		(void)fprintf(stderr, "%12.6f revoked %u\n", (double)sim_now() / 1e9, token);
	task_sleep(1);
	verify_everywhere(token);
}

static void writer_main(void *arg)
{
	(void)arg;
	while (!run.ending && run.n_tokens < TOKENS_MAX - 8) {
		unsigned token = run.n_tokens++;

		if (insist(GENERATE, token, 1000))
			run.tokens[token].generated = sim_now();
		task_sleep(1);
		verify_everywhere(token);
		task_sleep(dice_ns(0, 300 * MS));
		if (chance(80))
			revoke(token);
		if (chance(10))
			(void)insist(LIST, 0, 1);
	}
	run.writers--;
}

/* ---- What goes wrong. */

static uint64_t some_time(void)
{
	static const uint64_t longest[] = { 50 * MS, 300 * MS, SECOND, 4 * SECOND };

	return dice_ns(MS, longest[dice(4)]);
}

static void stand_still(struct machine *m)
{
	uint64_t until = sim_now() + some_time();
	unsigned which = dice(3);

	if (which != 0)
		process_freeze(m->patd->process, until);
	if (which != 1)
		process_freeze(m->edge, until);
}

static void die(struct machine *m, bool edge)
{
	patd_kill(m);
	if (edge) {
		process_end(m->edge);
		m->edge = process_new();
	}
	if (chance(50))
		task_sleep(some_time());
	patd_start(m);
	if (edge)
		verifiers_start(m);
}

static void stop(struct machine *m)
{
	if (!m->patd->up)
		return;
	process_freeze(m->patd->process, 0);
	patd_stop(m);
	patd_start(m);
	verifiers_start(m);
}

struct swallowed {
	int machine;
	uint64_t until;
};

static void heal_main(void *arg)
{
	struct swallowed *s = arg;

	task_sleep(s->until - sim_now());
	line_swallow(s->machine, false);
}

static void swallow(const struct machine *m)
{
	struct swallowed *s = sim_alloc(sizeof(*s));

	*s = (struct swallowed){ .machine = m->number, .until = sim_now() + some_time() };
	line_swallow(m->number, true);
	task_spawn(0, process_new(), heal_main, s);
}

/* One after the other, and some not until the former primary is switched off, which answers until then. */
static void fail_over(void)
{
	if (run.failed_over)
		return;
	run.failed_over = sim_now();
	totals.failovers++;
	standby_promote();
	for (int i = 1; i <= run.nodes; i++) {
		if (chance(60))
			line_lead(i, false);
		if (chance(60))
			line_cut(i);
		if (chance(50))
			task_sleep(some_time());
	}
}

static void strike(void)
{
	struct machine *m = any_machine();

	totals.struck++;
	switch (dice(14)) {
	case 0:
	case 1:
		stand_still(m);
		break;
	case 2:
		die(m, false);
		break;
	case 3:
		die(m, true);
		break;
	case 4:
		stop(m);
		break;
	case 5:
	case 6:
		swallow(m);
		break;
	case 7:
		line_cut(m->number);
		break;
	case 8:
		server_freeze(sim_now() + some_time());
		break;
	case 9:
		server_crash(sim_now() + some_time());
		break;
	case 10:
		standby_freeze(sim_now() + some_time());
		break;
	case 11:
		standby_waits_cancel();
		break;
	case 12:
		hints_lose(chance(50));
		break;
	default:
		if (chance(40))
			fail_over();
		break;
	}
}

/* ---- When everything is well again. */

static void heal(void)
{
	former_end();
	hints_lose(false);
	lines_slow(false);
	server_freeze(0);
	standby_freeze(0);
	for (int i = 1; i <= run.nodes; i++) {
		line_swallow(i, false);
		line_lead(i, false);
		process_freeze(machines[i].edge, 0);
		process_freeze(machines[i].patd->process, 0);
	}
	pauses = 0;
}

static bool serves(const struct machine *m)
{
	return m->patd->up && m->current && m->current->lease_end_ns > machine_clock(m->number);
}

static bool all_serve(void)
{
	bool all = true;

	for (int i = 1; i <= run.nodes; i++)
		all &= serves(&machines[i]);
	return all;
}

static void last_words(void)
{
	unsigned token = TOKENS_MAX - 1;
	uint64_t over = pat_core_lease_over_ns(run.lease_ms);
	uint64_t until = sim_now() + 3 * over + 10 * SECOND;

	while (!all_serve() && sim_now() < until)
		task_sleep(10 * MS);
	if (!all_serve()) {
		violation("a node does not serve, and nothing is wrong any more");
		return;
	}
	/* Rows of processes that were killed go, and after a failover only time counts. */
	task_sleep(2 * over);
	run.n_tokens = TOKENS_MAX;
	if (!insist(GENERATE, token, 3))
		violation("nothing is generated, and nothing is wrong any more");
	uint64_t began = sim_now();
	revoke(token);
	if (sim_now() - began > 500 * MS)
		violation("a revoke took %.3f s, and nothing is wrong any more",
		          (double)(sim_now() - began) / 1e9);
	for (unsigned i = 0; i < TOKENS_MAX; i++)
		verify_everywhere(i);
	task_sleep(3 * SECOND);
}

/* ---- A run. */

static void set_up(uint64_t seed)
{
	static const int rates[] = { -10, -10, 10, 10, 0, -3, 4 };
	static const int64_t leases_ms[] = { 600, 1000, 1000, 2000 };
	int64_t lease_ms = leases_ms[dice(4)];
	bool strict = dice(8) == 0;

	memset(&run, 0, sizeof(run)); /* UNSAFE: its size */
	(void)seed;
	run.nodes = 1 + (int)dice(MACHINES - 1);
	db_begin();
	pauses = dice(3);
	for (int i = 1; i <= run.nodes; i++) {
		int64_t own_ms = chance(20) ? leases_ms[dice(4)] : lease_ms;

		machine_clock_set(i, rates[dice(7)]);
		machine_begin(i, own_ms, strict);
		run.lease_ms = own_ms > run.lease_ms ? own_ms : run.lease_ms;
		patd_start(&machines[i]);
		verifiers_start(&machines[i]);
	}
}

static void run_main(void *arg)
{
	uint64_t *seed = arg;

	set_up(*seed);
	task_sleep(dice_ns(0, SECOND));
	for (; run.writers < WRITERS; run.writers++)
		task_spawn(0, process_new(), writer_main, NULL);
	uint64_t until = sim_now() + NEMESES_LAST;
	while (sim_now() < until && !run.violation[0]) {
		task_sleep(dice_ns(MS, 700 * MS));
		strike();
	}
	run.ending = true;
	heal();
	while (run.writers > 0 && !run.violation[0])
		task_sleep(50 * MS);
	if (!run.violation[0])
		last_words();
}

static bool run_one(uint64_t seed)
{
	if (!sim_run(seed, run_main, &seed, LIMIT_NS))
		violation("it does not end");
	if (run.violation[0])
		(void)printf("seed %llu: %s\n", (unsigned long long)seed, run.violation);
	return run.violation[0] == '\0';
}

static void report(uint64_t runs)
{
	(void)printf(
		"%llu runs: %llu requests accepted, %llu refused, %llu answered 503; %llu revokes returned, %llu because all nodes had said so, %llu"
		" because leases were over; %llu times something went wrong, %llu failovers\n",
		(unsigned long long)runs, (unsigned long long)totals.accepted,
		(unsigned long long)totals.refused, (unsigned long long)totals.unavailable,
		(unsigned long long)totals.revokes, (unsigned long long)totals.acknowledged,
		(unsigned long long)totals.outlasted, (unsigned long long)totals.struck,
		(unsigned long long)totals.failovers);
}

static bool vacuous(void)
{
	return !totals.accepted || !totals.refused || !totals.unavailable || !totals.acknowledged ||
	       !totals.outlasted || !totals.failovers;
}

static int campaign(uint64_t first, uint64_t runs)
{
	bool sound = true;

	for (uint64_t i = 0; i < runs && sound; i++) {
		sound = run_one(first + i);
		if (!sound && broken_step[0])
			(void)printf("%s: found in run %llu\n", broken_step,
			             (unsigned long long)i + 1);
	}
	if (broken_step[0]) {
		if (sound)
			(void)printf("%s: not found in %llu runs\n", broken_step,
			             (unsigned long long)runs);
		return sound ? 1 : 0;
	}
	report(runs);
	if (sound && runs >= 100 && vacuous()) {
		(void)printf("but something never happened\n");
		return 1;
	}
	return sound ? 0 : 1;
}

int main(int argc, char **argv)
{
	uint64_t first = 1;
	uint64_t runs = 1;

	(void)mallopt(M_MMAP_THRESHOLD, 1 << 30);
	(void)mallopt(M_TRIM_THRESHOLD, 1 << 30);
	for (int i = 1; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : "";

		if (strcmp(argv[i], "--verbose") == 0)
			verbose = true;
		else if (strcmp(argv[i], "--seed") == 0)
			first = strtoull(value, NULL, 10), i++;
		else if (strcmp(argv[i], "--runs") == 0)
			runs = strtoull(value, NULL, 10), i++;
		else if (strcmp(argv[i], "--break") == 0)
			broken_step = value, i++;
		else
			return fprintf(stderr,
			               "usage: sim_nodes [--seed FIRST] [--runs N] [--break STEP] [--verbose]\n"),
			       2;
	}
	return campaign(first, runs);
}
