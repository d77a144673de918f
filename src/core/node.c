/* SPDX-License-Identifier: Apache-2.0
 *
 * The node's thread. One thread takes every step, in the protocol's order; what it must never do:
 *
 *  - count a lease from anything later than the moment before N2 was sent;
 *  - extend a lease by a catch-up, which is not preceded by N2;
 *  - extend it while anything that was found is not in force: a product's document that cannot be read yet counts;
 *  - tell the others of a change before verifiers here see it.
 *
 * No wall clock decides anything here. Everything is measured by CLOCK_BOOTTIME, which goes on while a machine sleeps.
 */
#include "core/node.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/provoke.h"
#include "core/private.h"

#define MS           1000000ull
#define ROUNDS       5 /* in a lease */
#define RETRY_NS     (100 * MS)
#define CATCH_UP_NS  (5 * MS)  /* at most so often */
#define LOOK_NS      (20 * MS) /* while somebody waits for the others */
#define PRUNE_ROUNDS 30
#define SKEW_S       30
#define DRAIN_MAX    256 /* reads: a pipe may be filled as fast as it is emptied */

/* ---- Beginning and ending. */

static int bell_make(struct pat_core *core, struct pat_err *err)
{
	const struct pat_core_config *config = &core->config;
	char path[4200];

	(void)snprintf(path, sizeof(path), "%s/%s", config->index_directory, PAT_INDEX_BELL);
	(void)unlink(path);
	if (mkfifo(path, 0600) < 0 || chmod(path, 0620) < 0 ||
	    (config->index_group != (gid_t)-1 && chown(path, (uid_t)-1, config->index_group) < 0))
		return pat_err_set(err, -errno, "cannot create %s: %s", path, pat_err_words(errno));
	/* Open for writing as well: it never ends. */
	core->node->asks = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
	core->node->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (core->node->asks < 0 || core->node->bell < 0)
		return pat_err_set(err, -errno, "cannot open %s: %s", path, pat_err_words(errno));
	return 0;
}

bool pat_core_history_known(const struct pat_core *core, struct pat_node *node)
{
	return !core->journal || pat_node_told(node) == 0 ||
	       strcmp(pat_journal_history(core->journal), pat_node_history(node)) == 0;
}

/* Where another server has taken over, rows may be missing that others still serve by: for a while nothing but time counts. */
static void be_cautious(struct pat_core *core)
{
	core->node->history_noted = false;
	atomic_store(&core->node->cautious_until_ns,
	             pat_clock_boot_ns() + pat_core_lease_over_ns(core->config.lease_ms));
}

/* From now on a start knows that it needs no caution. */
static void history_note(struct pat_core *core)
{
	struct pat_core_node *node = core->node;

	if (node->history_noted || !core->journal ||
	    pat_clock_boot_ns() < atomic_load(&node->cautious_until_ns))
		return;
	pat_node_hold(node->store); /* the listener writes there as well */
	if (strcmp(pat_journal_history(core->journal), pat_node_history(node->store)) != 0)
		pat_journal_history_note(core->journal, pat_node_history(node->store));
	int r = pat_journal_sync(core->journal);
	pat_node_release(node->store);
	node->history_noted = r == 0;
}

/* Registered before the index is loaded, so that whoever changes something from now on waits for this node. */
static int join(struct pat_core *core, struct pat_err *err)
{
	struct pat_core_node *node = core->node;

	int r = pat_node_open(core->store, core->config.node_label, core->config.lease_ms,
	                      &node->store);
	if (r == PAT_NODE_E_ALONE)
		return r;
	node->began_ns = pat_clock_boot_ns();
	if (r == 0)
		r = pat_node_connect(node->store);
	if (r == 0 && !pat_core_history_known(core, node->store)) {
		pat_log(PAT_LOG_INFO, "node.unknown_history", "hint",
		        "another database server has taken over since this node ran last, or it is new here: for the time of a lease every revoke waits for it",
		        NULL);
		be_cautious(core);
	}
	if (r == 0)
		r = pat_node_register(node->store);
	if (r != 0)
		return pat_err_set(err, r < 0 ? r : -EIO, "cannot register this node: %s",
		                   r < 0 ? pat_err_words(r) : "another server has just taken over");
	node->registered = true;
	return bell_make(core, err);
}

int pat_core_node_new(struct pat_core *core, struct pat_err *err)
{
	struct pat_core_node *node = calloc(1, sizeof(*node));

	if (!node)
		return pat_err_set(err, -ENOMEM, "out of memory");
	core->node = node;
	node->bell = node->asks = -1;
	node->consistency = core->config.strict ? PAT_INDEX_STRICT : PAT_INDEX_LEASED;
	node->lease_ns = (uint64_t)core->config.lease_ms * MS;
	(void)pthread_mutex_init(&node->lock, NULL);
	(void)pthread_mutex_init(&node->kept_lock, NULL);
	pat_clock_cond_init(&node->seen);
	int r = join(core, err);
	if (r == PAT_NODE_E_ALONE)
		pat_core_node_free(core);
	return r < 0 ? r : 0;
}

void pat_core_node_free(struct pat_core *core)
{
	struct pat_core_node *node = core->node;

	if (!node)
		return;
	core->node = NULL;
	pat_node_close(node->store);
	pat_closep(&node->asks);
	pat_closep(&node->bell);
	(void)pthread_cond_destroy(&node->seen);
	(void)pthread_mutex_destroy(&node->kept_lock);
	(void)pthread_mutex_destroy(&node->lock);
	free(node->kept);
	free(node->watched);
	free(node->rows);
	free(node->heard_ns);
	free(node);
}

enum pat_index_consistency pat_core_node_consistency(const struct pat_core *core)
{
	return core->node ? core->node->consistency : PAT_INDEX_ALONE;
}

const char *pat_core_node_incarnation(const struct pat_core *core)
{
	return core->node ? pat_node_incarnation(core->node->store) : NULL;
}

void pat_core_node_ring(struct pat_core_node *node)
{
	uint64_t one = 1;

	(void)!write(node->bell, &one, sizeof(one));
}

void pat_core_node_changed(struct pat_core *core)
{
	struct pat_core_node *node = core->node;

	if (!node || !node->runs || pthread_equal(node->thread, pthread_self()))
		return;
	atomic_store(&node->changed, true);
	pat_core_node_ring(node);
}

int pat_core_node_ready(struct pat_core *core, struct pat_err *err)
{
	struct pat_core_node *node = core->node;
	int64_t skew_s = atomic_load(&node->skew_s);

	if (pat_clock_boot_ns() >= atomic_load(&node->lease_end_ns))
		return pat_err_set(err, -EIO,
		                   "node: no lease: the store does not answer, or not in time");
	if (skew_s > SKEW_S || skew_s < -SKEW_S)
		return pat_err_set(err, -ERANGE,
		                   "clock: it is %lld seconds from the clock of the store",
		                   (long long)skew_s);
	return 0;
}

/* ---- The lease. */

static void lease_set(struct pat_core *core, uint64_t end_ns)
{
	if (atomic_exchange(&core->node->lease_end_ns, end_ns) <= pat_clock_boot_ns() &&
	    end_ns != 0)
		pat_log(PAT_LOG_INFO, "node.serving", "node", pat_core_node_incarnation(core),
		        NULL);
	pat_index_writer_lease(core->index, end_ns);
}

void pat_core_node_begin(struct pat_core *core)
{
	lease_set(core, core->node->began_ns + core->node->lease_ns);
}

/* What is known here is not to be relied upon any longer. */
static void lease_drop(struct pat_core *core, const char *why)
{
	pat_log(PAT_LOG_WARNING, "node.left_behind", "why", why, NULL);
	lease_set(core, 0);
}

/* ---- Rounds. */

/* Up to where what is in force here follows the changes of the server that it is told to. */
static int64_t applied_here(struct pat_core *core)
{
	struct pat_core_node *node = core->node;

	int64_t told = pat_node_told(node->store);

	if (node->anew)
		return 0;
	return pat_breaks("DUE_IGNORED") ? told : pat_core_in_force(core, told);
}

/* N5, and the hint to others when something was changed here. */
static int acknowledge(struct pat_core *core)
{
	struct pat_core_node *node = core->node;
	bool changed = atomic_exchange(&node->changed, false);
	int64_t applied = applied_here(core);

	pat_index_writer_applied(core->index, applied);
	int r = pat_node_acknowledge(node->store, applied, changed);
	if (r != 0 && changed)
		atomic_store(&node->changed, true);
	return r;
}

/* Documents are read where their changes are heard of. */
static int products(struct pat_core *core)
{
	pat_core_products_refresh(core);
	return pat_core_due(core) != 0 ? -EAGAIN : 0;
}

static int connect(struct pat_core *core)
{
	struct pat_core_node *node = core->node;

	int r = pat_node_connect(node->store);
	if (r != PAT_NODE_E_ANEW)
		return r;
	pat_log(PAT_LOG_WARNING, "node.other_timeline", NULL);
	be_cautious(core);
	node->anew = true;
	return 0;
}

/* N3 and N4 without the lease. */
static int catch_up(struct pat_core *core)
{
	struct pat_core_node *node = core->node;
	struct pat_node_view view = { 0 };

	int r = connect(core);
	if (r == 0 && pat_breaks("ACK_FIRST")) {
		r = pat_node_acknowledge(node->store, pat_node_told(node->store) + 1, false);
		pat_pause("N4");
	}
	if (r == 0 && !node->anew)
		r = pat_node_follow(node->store, &view);
	if (r == PAT_NODE_E_ANEW)
		node->anew = true;
	if (node->anew)
		return -ESTALE; /* a round's work */
	if (r == 0)
		r = products(core);
	return r == 0 ? acknowledge(core) : r;
}

/* The row of the incarnation before: nobody serves as that any more once a new generation is published. */
static void former_note(struct pat_core_node *node)
{
	if (node->former[0] == '\0')
		(void)snprintf(node->former, sizeof(node->former), "%s",
		               pat_node_incarnation(node->store));
}

static int register_anew(struct pat_core_node *node)
{
	former_note(node);
	node->registered = false;
	int r = pat_node_register(node->store);
	node->registered = r == 0;
	return r;
}

/* N2. */
static int raise(struct pat_core *core)
{
	struct pat_core_node *node = core->node;

	if (!node->registered)
		return register_anew(node);
	if (pat_breaks("READ_RENEWAL") && node->rounds > 0)
		return 0;
	int r = pat_node_raise(node->store, applied_here(core));
	if (r != PAT_NODE_E_REAPED)
		return r;
	lease_drop(core, "its row is gone");
	node->anew = true;
	return register_anew(node);
}

/* Everything anew, into a generation of its own: begun after N2, like N3. */
static int renew(struct pat_core *core, uint64_t lease_end_ns)
{
	struct pat_core_node *node = core->node;
	struct pat_err err = { { 0 } };

	int r = pat_core_index_renew(core, lease_end_ns, &err);
	if (r != 0) {
		pat_log(PAT_LOG_ERROR, "node.not_loaded", "error",
		        err.text[0] ? err.text : pat_err_words(r < 0 ? r : -ESTALE), NULL);
		return r < 0 ? r : -ESTALE;
	}
	node->anew = false;
	return 0;
}

static int follow(struct pat_core *core, uint64_t lease_end_ns)
{
	struct pat_core_node *node = core->node;
	struct pat_node_view view = { 0 };
	int r = node->anew ? PAT_NODE_E_ANEW : pat_node_follow(node->store, &view);

	pat_pause("N3");
	if (pat_breaks("LATE_T0"))
		lease_end_ns = pat_clock_boot_ns() + node->lease_ns;
	if (r == 0) {
		atomic_store(&node->skew_s, view.database_s - pat_clock_wall_s());
	} else if (r == PAT_NODE_E_ANEW) {
		node->anew = true;
		r = renew(core, lease_end_ns);
	}
	if (r == 0)
		r = products(core);
	if (r == 0)
		lease_set(core, lease_end_ns);
	return r;
}

static int housekeep(struct pat_core *core)
{
	struct pat_core_node *node = core->node;
	int r = 0;

	if (node->former[0] != '\0') {
		r = pat_node_leave(node->store, node->former);
		if (r == 0)
			node->former[0] = '\0';
	}
	if (r == 0)
		r = pat_core_others_look(node);
	if (r == 0)
		r = pat_core_others_reap(node);
	if (r == 0 && node->rounds % PRUNE_ROUNDS == 0)
		r = pat_node_prune(node->store);
	if (r == 0)
		history_note(core);
	return r;
}

/* N1 to N5. */
static int round_trip(struct pat_core *core)
{
	struct pat_core_node *node = core->node;
	uint64_t t0 = pat_clock_boot_ns();

	int r = connect(core);
	pat_pause("N1");
	if (r == 0 && pat_breaks("FETCH_FIRST") && node->rounds > 0) {
		r = follow(core, atomic_load(&node->lease_end_ns));
		pat_pause("N2");
		t0 = pat_clock_boot_ns();
		if (r == 0)
			r = raise(core);
		if (r == 0)
			lease_set(core, t0 + node->lease_ns);
	} else {
		if (r == 0)
			r = raise(core);
		pat_pause("N2");
		if (r == 0)
			r = follow(core, t0 + node->lease_ns);
	}
	pat_pause("N4");
	if (r == 0)
		r = acknowledge(core);
	pat_pause("N5");
	if (r != 0)
		return r;
	node->rounds++;
	return housekeep(core);
}

/* ---- The thread. */

struct turn {
	uint64_t round_ns;    /* when the next round is due */
	uint64_t catch_up_ns; /* not before, for verifiers: strangers can make them ask */
	unsigned hints;       /* that nothing was done about yet */
	bool round_failed;
};

/* Until something happens, at the latest when the next round is due. What others have said may have arrived already. */
static void wait_for(struct pat_core_node *node, struct turn *turn, uint64_t until_ns)
{
	struct pollfd fds[3] = { { .fd = node->bell, .events = POLLIN },
		                 { .fd = node->asks, .events = POLLIN },
		                 { .fd = pat_node_socket(node->store), .events = POLLIN } };
	uint64_t now_ns = pat_clock_boot_ns();
	unsigned hints = pat_node_hints(node->store);
	char bytes[512];

	turn->hints |= hints;
	if (hints)
		return;
	(void)poll(fds, 3, until_ns <= now_ns ? 0 : (int)((until_ns - now_ns) / MS) + 1);
	(void)!read(node->bell, bytes, sizeof(uint64_t));
	for (int i = 0; i < DRAIN_MAX; i++)
		if (read(node->asks, bytes, sizeof(bytes)) != (ssize_t)sizeof(bytes))
			break;
	turn->hints |= pat_node_hints(node->store);
}

/* Verifiers' questions are answered by what began after they were asked. */
static void answer(struct pat_core *core, const struct pat_index_question *asked, int result)
{
	pat_index_writer_answer(core->index, asked, result == 0);
	core->node->answered = *asked;
}

static bool is_asked(const struct pat_core_node *node, const struct pat_index_question *asked)
{
	return asked->number > 0 && (asked->number != node->answered.number ||
	                             asked->generation != node->answered.generation);
}

static void turn_round(struct pat_core *core, struct turn *turn,
                       const struct pat_index_question *asked)
{
	uint64_t began_ns = pat_clock_boot_ns();

	turn->hints &= ~(unsigned)PAT_NODE_HINTS_CHANGED;
	int r = round_trip(core);
	if (r < 0 && !turn->round_failed)
		pat_log(PAT_LOG_ERROR, "node.round_failed", "error", pat_err_words(r), NULL);
	turn->round_failed = r < 0;
	turn->round_ns = began_ns + (r < 0 ? RETRY_NS : core->node->lease_ns / ROUNDS);
	turn->catch_up_ns = pat_clock_boot_ns() + CATCH_UP_NS;
	answer(core, asked, r);
}

static void turn_catch_up(struct pat_core *core, struct turn *turn,
                          const struct pat_index_question *asked)
{
	turn->hints &= ~(unsigned)PAT_NODE_HINTS_CHANGED;
	int r = catch_up(core);
	turn->catch_up_ns = pat_clock_boot_ns() + CATCH_UP_NS;
	if (r < 0)
		turn->round_ns = 0; /* find out what is wrong */
	answer(core, asked, r);
}

/* While somebody waits for the others: at once for who has just come, then when something was said, and now and then. */
static bool look_is_wanted(struct pat_core_node *node, const struct turn *turn, bool *ret_waiting)
{
	(void)pthread_mutex_lock(&node->lock);
	bool waiting = node->waiting > 0;
	bool fresh = node->looks_begun < node->look_wanted;
	(void)pthread_mutex_unlock(&node->lock);
	*ret_waiting = waiting;
	return waiting && (fresh || (turn->hints & PAT_NODE_HINTS_APPLIED) ||
	                   pat_clock_boot_ns() - node->looked_ns >= LOOK_NS);
}

/* What there is to do without a round or a catch-up; returns until when there is nothing. */
static uint64_t turn_tell(struct pat_core *core, struct turn *turn)
{
	struct pat_core_node *node = core->node;
	uint64_t until_ns = turn->round_ns;
	bool waiting = false;
	int r = 0;

	if (atomic_load(&node->changed))
		r = acknowledge(core);
	if (r == 0 && look_is_wanted(node, turn, &waiting)) {
		turn->hints &= ~(unsigned)PAT_NODE_HINTS_APPLIED;
		r = pat_core_others_look(node);
	}
	if (r < 0)
		turn->round_ns = 0; /* find out what is wrong */
	uint64_t next_ns = pat_clock_boot_ns() + LOOK_NS;
	return waiting && next_ns < until_ns ? next_ns : until_ns;
}

/* However much is asked, between two turns whoever waits here is told, and the bells are emptied. */
static void *node_run(void *arg)
{
	struct pat_core *core = arg;
	struct pat_core_node *node = core->node;
	struct turn turn = { 0 };

	while (!atomic_load(&node->stopping)) {
		struct pat_index_question asks = pat_index_writer_asked(core->index);
		bool asked = is_asked(node, &asks);
		bool changed = turn.hints & PAT_NODE_HINTS_CHANGED;
		uint64_t now_ns = pat_clock_boot_ns();

		if (now_ns >= turn.round_ns || (asked && node->consistency == PAT_INDEX_STRICT))
			turn_round(core, &turn, &asks);
		else if (changed || (asked && now_ns >= turn.catch_up_ns))
			turn_catch_up(core, &turn, &asks);
		uint64_t until_ns = turn_tell(core, &turn);
		if (is_asked(node, &asks) && turn.catch_up_ns < until_ns)
			until_ns = turn.catch_up_ns;
		wait_for(node, &turn, until_ns);
	}
	return NULL;
}

int pat_core_node_start(struct pat_core *core)
{
	struct pat_core_node *node = core->node;

	if (core->former)
		(void)snprintf(node->former, sizeof(node->former), "%s",
		               pat_index_reader_node(core->former));
	int r = pthread_create(&node->thread, NULL, node_run, core);
	node->runs = r == 0;
	return -r;
}

void pat_core_node_stop(struct pat_core *core)
{
	struct pat_core_node *node = core->node;

	if (!node || !node->runs)
		return;
	atomic_store(&node->stopping, true);
	pat_core_node_ring(node);
	(void)pthread_join(node->thread, NULL);
	node->runs = false;
}

void pat_core_node_leave(struct pat_core *core)
{
	struct pat_core_node *node = core->node;

	if (node && pat_node_connect(node->store) == 0)
		(void)!pat_node_leave(node->store, pat_node_incarnation(node->store));
}
