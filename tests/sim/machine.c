/* SPDX-License-Identifier: Apache-2.0
 *
 * See machine.h: the index, the processes and the verifiers.
 */
#include "machine.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/provoke.h"
#include "task_libc.h"

#define ASK_WAIT_NS (2 * SECOND)

struct machine machines[MACHINES];
const char *broken_step = "";
bool verbose;
unsigned pauses;

/* ---- What the code under test is told by the build. */

bool pat_breaks(const char *what)
{
	return strcmp(broken_step, what) == 0;
}

/* Any step may take long, and some do. */
void pat_pause(const char *point)
{
	(void)point;
	if (dice(100) >= pauses)
		task_sleep(dice_ns(0, 20 * US));
	else
		task_sleep(chance(70) ? dice_ns(MS, 300 * MS) : dice_ns(300 * MS, 3 * SECOND));
}

void pat_log(enum pat_log_level level, const char *event, ...)
{
	va_list values;

	(void)level;
	if (!verbose)
		return;
	(void)fprintf(stderr, "%12.6f machine %d %s", (double)sim_now() / 1e9, task_machine(),
	              event);
	va_start(values, event);
	for (const char *key = va_arg(values, const char *); key;
	     key = va_arg(values, const char *))
		(void)fprintf(stderr, " %s=%s", key, va_arg(values, const char *));
	va_end(values);
	(void)fputc('\n', stderr);
}

const char *pat_num(char out[static PAT_NUM_BYTES], int64_t number)
{
	(void)snprintf(out, PAT_NUM_BYTES, "%lld", (long long)number);
	return out;
}

int64_t pat_core_now(struct pat_core *core)
{
	(void)core;
	return pat_clock_wall_s();
}

/* ---- The index. */

struct pat_index_writer {
	struct generation *of;
};

struct pat_index_reader {
	struct generation *of;
};

static struct machine *here(void)
{
	return &machines[task_machine()];
}

int machine_bell(int machine, int fd)
{
	machines[machine].bell = fd;
	return fd;
}

bool machine_has_index(int machine)
{
	return machines[machine].current != NULL;
}

int pat_index_writer_new(const struct pat_index_config *config, struct pat_index_writer **ret,
                         struct pat_err *err)
{
	static uint64_t numbers;
	struct pat_index_writer *writer = sim_alloc(sizeof(*writer));

	(void)err;
	writer->of = sim_alloc(sizeof(*writer->of));
	writer->of->number = ++numbers;
	writer->of->consistency = config->consistency;
	(void)snprintf(writer->of->node, sizeof(writer->of->node), "%s", config->node);
	*ret = writer;
	return 0;
}

void pat_index_writer_free(struct pat_index_writer *writer)
{
	(void)writer; /* the run's */
}

int pat_index_writer_add(struct pat_index_writer *writer, const struct pat_index_entry *entry)
{
	writer->of->live[entry->digest[0]] = true;
	return 0;
}

void pat_index_writer_swap(struct pat_index_writer *writer, struct pat_index_writer *fresh)
{
	struct generation *of = writer->of;

	writer->of = fresh->of;
	fresh->of = of;
}

void pat_index_writer_lease(struct pat_index_writer *writer, uint64_t end_ns)
{
	writer->of->lease_end_ns = end_ns;
	pat_pause("lease");
}

int pat_index_writer_publish(struct pat_index_writer *writer, int64_t seq, int64_t clock_s,
                             struct pat_err *err)
{
	(void)clock_s;
	(void)err;
	writer->of->applied = seq;
	pat_pause("publish");
	here()->current = writer->of;
	return 0;
}

void pat_index_writer_forget_older(struct pat_index_writer *writer, uint64_t former)
{
	(void)writer;
	(void)former;
}

void pat_index_writer_stats(struct pat_index_writer *writer, struct pat_index_stats *ret)
{
	(void)writer;
	*ret = (struct pat_index_stats){ 0 };
}

struct pat_index_question pat_index_writer_asked(struct pat_index_writer *writer)
{
	return (struct pat_index_question){ .generation = writer->of->number,
		                            .number = writer->of->asks };
}

void pat_index_writer_answer(struct pat_index_writer *writer,
                             const struct pat_index_question *question, bool heard)
{
	struct generation *of = writer->of;
	uint64_t *answered = heard ? &of->asks_heard : &of->asks_failed;

	if (question->generation == of->number && question->number > *answered)
		*answered = question->number;
}

int pat_index_reader_new(const char *directory, struct pat_index_reader **ret)
{
	struct pat_index_reader *reader = sim_alloc(sizeof(*reader));

	(void)directory;
	reader->of = here()->current;
	*ret = reader;
	return 0;
}

void pat_index_reader_freep(struct pat_index_reader **reader)
{
	(void)reader;
}

int pat_index_reader_enter(struct pat_index_reader *reader, uint64_t (*boot_ns)(void))
{
	(void)boot_ns;
	return reader->of ? 0 : PAT_INDEX_E_UNAVAILABLE;
}

bool pat_index_reader_refresh(struct pat_index_reader *reader)
{
	reader->of = here()->current;
	return reader->of != NULL;
}

uint64_t pat_index_reader_generation(const struct pat_index_reader *reader)
{
	return reader->of->number;
}

int64_t pat_index_reader_clock_floor_s(const struct pat_index_reader *reader)
{
	(void)reader;
	return 0;
}

const char *pat_index_reader_node(const struct pat_index_reader *reader)
{
	return reader->of ? reader->of->node : "";
}

/* ---- What else the code under test calls. */

/* As product.c's: documents are read, and then they are in force. */
int pat_core_products_load(struct pat_core *core, struct pat_index_writer *index,
                           struct pat_err *err)
{
	enum token_state tokens[TOKENS_MAX];
	int64_t seq = 0;

	(void)err;
	pat_core_due_begin(core);
	int r = store_tokens(core->store, &seq, tokens);
	pat_pause("products");
	for (unsigned i = 0; i < TOKENS_MAX && r == 0; i++)
		index->of->closed[i] = tokens[i] == TOKEN_CLOSED;
	pat_core_due_end(core, r == 0);
	return r;
}

void pat_index_writer_applied(struct pat_index_writer *writer, int64_t seq)
{
	if (writer->of->applied < seq)
		writer->of->applied = seq;
}

int pat_intake_new(const char *directory, gid_t group, bool clients, struct pat_intake **ret,
                   struct pat_err *err)
{
	(void)directory;
	(void)group;
	(void)clients;
	(void)ret;
	(void)err;
	return 0;
}

int pat_ring_claim(struct pat_ring *ring, const char *index_directory)
{
	(void)ring;
	(void)index_directory;
	return 0;
}

void pat_record_tid(const uint8_t digest[static PAT_DIGEST_BYTES],
                    char ret[static PAT_TID_CHARS + 1])
{
	(void)snprintf(ret, PAT_TID_CHARS + 1, "%u", digest[0]);
}

struct pat_journal {
	bool revoked[TOKENS_MAX];
	char *history; /* the machine's */
};

int pat_journal_open(const char *path, struct pat_journal **ret, struct pat_err *err)
{
	struct pat_journal *journal = sim_alloc(sizeof(*journal));

	(void)path;
	(void)err;
	memcpy(journal->revoked, here()->journal, sizeof(journal->revoked)); /* UNSAFE: same */
	journal->history = here()->history;
	*ret = journal;
	return 0;
}

void pat_journal_closep(struct pat_journal **journal)
{
	(void)journal;
}

const char *pat_journal_history(const struct pat_journal *journal)
{
	return journal->history;
}

void pat_journal_history_note(struct pat_journal *journal, const char *history)
{
	(void)snprintf(journal->history, PAT_HISTORY_BYTES, "%s", history);
}

int pat_journal_sync(struct pat_journal *journal)
{
	(void)journal;
	return 0;
}

bool pat_journal_has(const struct pat_journal *journal,
                     const uint8_t digest[static PAT_DIGEST_BYTES])
{
	return journal->revoked[digest[0]];
}

/* As core.c's. */
void listener(struct patd *patd, const struct db_change *changes, const bool *live, size_t n)
{
	struct generation *of = patd->core->index ? patd->core->index->of : NULL;

	for (size_t i = 0; i < n; i++)
		if (changes[i].kind == PAT_CHANGE_TOKEN_REMOVED)
			machines[patd->machine].journal[changes[i].token] = true;
	for (size_t i = 0; of && i < n; i++) {
		pat_pause("listener");
		if (changes[i].kind == PAT_CHANGE_PRODUCT)
			pat_core_due_heard(patd->core, changes[i].seq);
		else
			of->live[changes[i].token] =
				changes[i].kind == PAT_CHANGE_TOKEN_ADDED && live[i];
		pat_index_writer_applied(patd->core->index,
		                         pat_core_in_force(patd->core, changes[i].seq));
	}
	if (of)
		pat_core_node_changed(patd->core);
}

/* ---- Processes. */

void machine_begin(int number, int64_t lease_ms, bool strict)
{
	machines[number] = (struct machine){
		.number = number, .edge = process_new(), .lease_ms = lease_ms, .strict = strict
	};
}

/* All zeros but for its largest part, which nothing here looks at. */
static struct pat_core *core_new(void)
{
	struct pat_core *core = sim_alloc_raw(sizeof(*core));
	size_t left_end = offsetof(struct pat_core, left) + sizeof(core->left);

	memset(core, 0, offsetof(struct pat_core, left));             /* UNSAFE: inside */
	memset((char *)core + left_end, 0, sizeof(*core) - left_end); /* UNSAFE: inside */
	return core;
}

static struct patd *patd_new(struct machine *m)
{
	static const char labels[MACHINES][8] = { "", "one", "two", "three", "four" };
	struct patd *p = sim_alloc(sizeof(*p));

	p->machine = m->number;
	p->process = process_new();
	p->core = core_new();
	p->store = store_new(p);
	p->core->store = p->store;
	p->core->config = (struct pat_core_config){ .node_label = labels[m->number],
		                                    .lease_ms = m->lease_ms,
		                                    .strict = m->strict,
		                                    .waiting_max = 16,
		                                    .journal = "journal",
		                                    .index_directory = "/",
		                                    .index_group = (gid_t)-1 };
	return p;
}

static int patd_open(struct patd *p)
{
	struct pat_err err = { { 0 } };
	int r = store_open(p->store);

	if (r == 0)
		r = pat_journal_open("", &p->core->journal, &err);
	if (r == 0)
		r = pat_core_node_new(p->core, &err);
	if (r == 0)
		r = pat_core_index_load(p->core, &err);
	if (r == 0)
		r = pat_core_node_start(p->core);
	if (verbose && r != 0)
		(void)fprintf(stderr, "%12.6f machine %d: %s\n", (double)sim_now() / 1e9,
		              p->machine, err.text);
	return r;
}

static void housekeeper(void *arg)
{
	struct patd *p = arg;

	for (;;) {
		task_sleep(SECOND);
		pat_core_receipts_write(p->core);
		pat_core_reassert(p->core);
	}
}

/* Whoever starts it starts it again when it fails. */
static void patd_main(void *arg)
{
	struct machine *m = arg;
	struct patd *p = m->patd;

	if (patd_open(p) == 0) {
		p->up = true;
		task_spawn(p->machine, p->process, housekeeper, p);
		return;
	}
	p->dead = true;
	store_drop(p->store);
	task_sleep(200 * MS);
	patd_start(m);
}

void patd_start(struct machine *m)
{
	m->patd = patd_new(m);
	task_spawn(m->number, m->patd->process, patd_main, m);
}

void patd_kill(struct machine *m)
{
	struct patd *p = m->patd;

	process_end(p->process);
	p->dead = true;
	p->up = false;
	store_drop(p->store);
}

struct stop {
	struct patd *patd;
	bool done;
};

/* As pat_core_end(). */
static void stop_main(void *arg)
{
	struct stop *stop = arg;
	struct patd *p = stop->patd;

	pat_core_node_stop(p->core);
	machines[p->machine].current = NULL;
	pat_core_node_leave(p->core);
	stop->done = true;
}

void patd_stop(struct machine *m)
{
	struct stop *stop = sim_alloc(sizeof(*stop));
	uint64_t until = sim_now() + 10 * SECOND;

	process_end(m->edge);
	m->edge = process_new();
	stop->patd = m->patd;
	m->patd->up = false;
	task_spawn(m->number, m->patd->process, stop_main, stop);
	while (!stop->done && sim_now() < until)
		task_sleep(MS);
	patd_kill(m);
}

/* ---- Requests. */

static int list_one(void *arg, const struct pat_core_node_view *node)
{
	(void)arg;
	return node->incarnation[0] == '\0' ? -EINVAL : 0;
}

/* As pat_core_product_import(): the change is stored, and put in force here, before others are waited for. */
static int policy_close(struct patd *p, unsigned token)
{
	(void)pthread_mutex_lock(&p->core->import_lock);
	int r = store_change(p->store, PAT_CHANGE_PRODUCT, token);
	if (r == 0)
		r = pat_core_products_load(p->core, p->core->index, NULL);
	(void)pthread_mutex_unlock(&p->core->import_lock);
	return r;
}

static void request_main(void *arg)
{
	static const struct pat_actor actor = { .via = "sim" };
	struct request *request = arg;
	struct patd *p = request->patd;

	switch (request->kind) {
	case GENERATE:
		request->result = store_change(p->store, PAT_CHANGE_TOKEN_ADDED, request->token);
		break;
	case REVOKE:
		request->result = store_change(p->store, PAT_CHANGE_TOKEN_REMOVED, request->token);
		if (request->result == 0)
			request->result = pat_core_settle(p->core, &actor, &request->receipt);
		break;
	case CLOSE:
		request->result = policy_close(p, request->token);
		if (request->result == 0)
			request->result = pat_core_settle(p->core, &actor, &request->receipt);
		break;
	case LIST:
		request->result = pat_core_node_list(p->core, list_one, NULL);
		break;
	}
	request->done = true;
	task_wake(request);
}

int request_send(struct request *request)
{
	struct patd *p = request->patd;

	if (!p || !p->up)
		return -EPIPE;
	task_spawn(p->machine, p->process, request_main, request);
	while (!request->done && !p->dead)
		task_wait(request, sim_now() + 20 * MS);
	task_sleep(dice_ns(50 * US, 500 * US));
	return request->done ? request->result : -EPIPE;
}

/* ---- Verifiers. */

static bool lease_is_over(const struct generation *of, uint64_t cached_ns)
{
	uint64_t end = of->lease_end_ns;

	pat_pause("V2");
	if (pat_breaks("NO_LEASE_CHECK"))
		return false;
	uint64_t now = pat_clock_boot_ns();
	if (pat_breaks("CACHED_CLOCK"))
		now = cached_ns;
	return now >= end;
}

static uint64_t ask_of(const struct machine *m, struct generation *of)
{
	sim_fd_ready(m->bell, true);
	return ++of->asks;
}

/* Whether somebody could say: nginx/ngx_http_pat_wait.c. Where another generation has come meanwhile, that is asked anew. */
static bool ask(const struct machine *m)
{
	uint64_t until = sim_now() + ASK_WAIT_NS;
	struct generation *of = NULL;
	uint64_t number = 0;

	for (; sim_now() < until && m->current; task_sleep(MS)) {
		if (m->current != of) {
			of = m->current;
			number = ask_of(m, of);
		} else if (of->asks_heard >= number) {
			return true;
		} else if (of->asks_failed >= number) {
			return false;
		}
	}
	return false;
}

enum answer verify(struct machine *m, unsigned token)
{
	static uint64_t cached[MACHINES];
	static uint64_t cached_at[MACHINES];
	bool asked = false;

	if (cached_at[m->number] > sim_now() || sim_now() - cached_at[m->number] > 2 * SECOND) {
		cached_at[m->number] = sim_now();
		cached[m->number] = pat_clock_boot_ns();
	}
	for (;;) {
		struct generation *of = m->current;

		if (!of || lease_is_over(of, cached[m->number]))
			return UNAVAILABLE;
		pat_pause("V4");
		if (of->consistency != PAT_INDEX_STRICT || asked) {
			pat_pause("V5");
			if (of->live[token])
				return of->closed[token] ? REFUSED : ACCEPTED;
			if (asked)
				return REFUSED;
		}
		if (!ask(m))
			return UNAVAILABLE;
		asked = true;
	}
}
