/* SPDX-License-Identifier: Apache-2.0
 *
 * See database.h. A write is a list of new rows; it is put into the server's log, waits for the standby to have the log up to there,
 * and then becomes visible and gives its lock back. The standby applies the log from its beginning.
 */
#include "database.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/provoke.h"

#define TIMEOUT_NS (2 * SECOND)
#define LOG_MAX    16384
#define LOCKS_MAX  128
#define CONNS_MAX  512

enum op_kind {
	OP_NOTHING,
	OP_CHANGE,
	OP_ROW,
	OP_APPLIED,
	OP_DELETE,
	OP_PRUNE
};

struct op {
	enum op_kind kind;
	struct db_change change;
	struct pat_node_row row;
	int64_t upto;
};

struct pending {
	struct op op;
	bool visible;
};

struct db_server {
	struct db_state state; /* what is visible */
	size_t n_log;
	size_t received; /* of the primary's log: the standby's */
	unsigned boot;
	int process;
	int timeline;
	bool up;
	bool has_standby;
	unsigned cancels;
	bool head_locked;
	const struct db_conn *head_owner;
	char locks[LOCKS_MAX][PAT_INCARNATION_CHARS + 1];
	uint64_t frozen_until;
	struct pending log[LOG_MAX];
};

static struct database {
	struct db_server *leads[MACHINES];
	struct db_server *primary;
	bool swallows[MACHINES];
	unsigned cuts[MACHINES];
	bool hints_lost;
	bool slow; /* the lines, now and then */
	bool standby_ends;
	struct db_conn *listeners[CONNS_MAX];
	size_t n_listeners;
	struct db_server first;
	struct db_server second;
} db;

/* ---- Rows. */

static struct pat_node_row *row_find(struct db_state *s, const char *incarnation)
{
	for (size_t i = 0; i < ROWS_MAX; i++)
		if (strcmp(s->rows[i].incarnation, incarnation) == 0)
			return &s->rows[i];
	return NULL;
}

static enum token_state state_after(enum pat_change_kind kind)
{
	return kind == PAT_CHANGE_TOKEN_ADDED ? TOKEN_LIVE
	       : kind == PAT_CHANGE_PRODUCT   ? TOKEN_CLOSED
	                                      : TOKEN_REVOKED;
}

static void apply(struct db_state *s, const struct op *op)
{
	struct pat_node_row *row = NULL;

	switch (op->kind) {
	case OP_CHANGE:
		s->head = op->change.seq;
		s->changes[op->change.seq] = op->change;
		s->tokens[op->change.token] = state_after(op->change.kind);
		break;
	case OP_ROW:
		row = row_find(s, op->row.incarnation);
		row = row ? row : row_find(s, "");
		*row = op->row;
		break;
	case OP_APPLIED:
		row = row_find(s, op->row.incarnation);
		if (row)
			row->applied = op->row.applied;
		break;
	case OP_DELETE:
		row = row_find(s, op->row.incarnation);
		if (row)
			*row = (struct pat_node_row){ 0 };
		break;
	case OP_PRUNE:
		for (int64_t i = 1; i <= op->upto; i++)
			s->changes[i].seq = 0;
		break;
	case OP_NOTHING:
		break;
	}
}

/* ---- Statements, at the server. */

enum verb {
	HEAD,
	CHANGES,
	ROWS,
	TOKENS,
	INSERT,
	COUNT,
	APPLIED,
	DELETE,
	PRUNE,
	NOTIFY,
	BEGIN,
	COMMIT,
	CONNECT
};

/* Outlives whoever asked. */
struct statement {
	enum verb verb;
	struct db_server *server;
	struct db_conn *conn; /* NULL: its client is gone */
	unsigned boot;
	int machine;
	unsigned cuts;
	struct pat_node_row row;
	int64_t number;
	int64_t head;
	unsigned hint;
	enum pat_change_kind kind;
	unsigned token;
	size_t room;
	/* The answer. */
	bool answered;
	int result;
	bool warned;
	bool found;
	size_t n;
	int64_t seq;
	struct db_change changes[16];
	bool live[16];
	struct pat_node_row rows[ROWS_MAX];
	enum token_state tokens[TOKENS_MAX];
};

static bool server_lives(const struct statement *s)
{
	return s->server->up && s->server->boot == s->boot;
}

static void thaw_wait(const struct db_server *server)
{
	while (server->frozen_until > sim_now())
		task_wait(NULL, server->frozen_until);
}

static char *lock_find(struct db_server *server, const char *incarnation)
{
	for (size_t i = 0; i < LOCKS_MAX; i++)
		if (strcmp(server->locks[i], incarnation) == 0)
			return server->locks[i];
	return NULL;
}

static void row_lock(struct db_server *server, const char *incarnation)
{
	while (lock_find(server, incarnation))
		task_wait(server->locks, FOREVER);
	(void)snprintf(lock_find(server, ""), sizeof(server->locks[0]), "%s", incarnation);
}

static void row_unlock(struct db_server *server, const char *incarnation)
{
	char *lock = lock_find(server, incarnation);

	if (lock)
		lock[0] = '\0';
	task_wake(server->locks);
}

static void head_lock(struct db_server *server, const struct db_conn *owner)
{
	while (server->head_locked)
		task_wait(&server->head_locked, FOREVER);
	server->head_locked = true;
	server->head_owner = owner;
}

static void head_unlock(struct db_server *server)
{
	server->head_locked = false;
	server->head_owner = NULL;
	task_wake(&server->head_locked);
}

/* Writes it, and waits until it may be seen; false: that the standby has it is not known. */
static bool commit(struct db_server *server, const struct op *op, bool synchronous)
{
	struct pending *p = &server->log[server->n_log++];
	size_t upto = server->n_log;
	unsigned cancels = server->cancels;

	if (upto == LOG_MAX)
		__builtin_trap();
	p->op = *op;
	task_wake(&server->n_log);
	if (synchronous)
		task_sleep(dice_ns(100 * US, 2 * MS));
	while (synchronous && server->has_standby && server->received < upto &&
	       server->cancels == cancels)
		task_wait(&server->received, FOREVER);
	thaw_wait(server);
	apply(&server->state, op);
	p->visible = true;
	return !synchronous || !server->has_standby || server->received >= upto;
}

static void read_changes(struct statement *s)
{
	struct db_state *state = &s->server->state;

	for (int64_t seq = s->number + 1; seq <= s->head && s->n < s->room; seq++) {
		if (state->changes[seq].seq == 0)
			continue;
		s->live[s->n] = state->tokens[state->changes[seq].token] < TOKEN_REVOKED;
		s->changes[s->n++] = state->changes[seq];
	}
}

static void read_rows(struct statement *s)
{
	for (size_t i = 0; i < ROWS_MAX; i++)
		if (s->server->state.rows[i].incarnation[0])
			s->rows[s->n++] = s->server->state.rows[i];
}

static void write_row(struct statement *s)
{
	struct db_server *server = s->server;
	struct op op = { .kind = OP_ROW, .row = s->row };

	row_lock(server, s->row.incarnation);
	const struct pat_node_row *row = row_find(&server->state, s->row.incarnation);
	s->found = row != NULL;
	if (s->verb == DELETE && row && (s->number < 0 || row->counter == s->number))
		op.kind = OP_DELETE;
	else if (s->verb == DELETE || (s->verb != INSERT && !row))
		op.kind = OP_NOTHING;
	if (s->verb == COUNT && row) {
		op.row = *row;
		op.row.counter = s->row.counter;
		op.row.applied = s->row.applied;
	}
	bool durable = s->verb != INSERT && s->verb != COUNT ? true : !pat_breaks("ASYNC_REGISTER");
	if (op.kind != OP_NOTHING)
		s->warned = !commit(server, &op, durable);
	row_unlock(server, s->row.incarnation);
}

static void write_applied(struct statement *s)
{
	struct op op = { .kind = OP_APPLIED, .row = s->row };

	row_lock(s->server, s->row.incarnation);
	if (row_find(&s->server->state, s->row.incarnation))
		(void)commit(s->server, &op, false);
	row_unlock(s->server, s->row.incarnation);
}

static void prune(struct statement *s)
{
	struct op op = { .kind = OP_PRUNE, .upto = INT64_MAX };
	bool any = false;

	for (size_t i = 0; i < ROWS_MAX; i++) {
		const struct pat_node_row *row = &s->server->state.rows[i];

		if (row->incarnation[0] && row->applied < op.upto)
			op.upto = row->applied;
		any |= row->incarnation[0] != '\0';
	}
	if (any)
		(void)commit(s->server, &op, true);
}

static void notify(const struct statement *s)
{
	for (size_t i = 0; i < db.n_listeners && !db.hints_lost; i++) {
		struct db_conn *conn = db.listeners[i];

		if (conn->server == s->server && !conn->broken && conn->boot == s->boot &&
		    !db.swallows[conn->machine]) {
			conn->hints |= s->hint;
			sim_fd_ready(conn->socket, true);
		}
	}
}

static void change_begin(struct statement *s)
{
	head_lock(s->server, s->conn);
	/* Its client may have gone meanwhile. */
	if (!s->conn || s->conn->broken)
		head_unlock(s->server);
	else
		s->conn->holds_head = true;
	s->seq = s->server->state.head;
}

static void change_commit(struct statement *s)
{
	struct db_server *server = s->server;
	enum token_state state = server->state.tokens[s->token];
	struct op op = { .kind = OP_NOTHING };

	if (server->head_owner != s->conn || !s->conn) {
		s->result = -ECONNRESET;
		return;
	}
	server->head_owner = NULL; /* whatever becomes of the client now */
	if (state_after(s->kind) > state &&
	    (s->kind == PAT_CHANGE_TOKEN_ADDED) == (state == TOKEN_NONE))
		op = (struct op){ .kind = OP_CHANGE,
			          .change = { .seq = server->state.head + 1,
			                      .kind = s->kind,
			                      .token = s->token } };
	if (server->state.head + 2 == CHANGES_MAX)
		__builtin_trap();
	s->seq = op.change.seq;
	s->warned = !commit(server, &op, !pat_breaks("ASYNC_REVOKE"));
	head_unlock(server);
}

static void execute(struct statement *s)
{
	switch (s->verb) {
	case HEAD:
		s->seq = s->server->state.head;
		break;
	case CHANGES:
		read_changes(s);
		break;
	case ROWS:
		read_rows(s);
		break;
	case TOKENS:
		s->seq = s->server->state.head;
		memcpy(s->tokens, s->server->state.tokens, sizeof(s->tokens)); /* UNSAFE: same */
		break;
	case INSERT:
	case COUNT:
	case DELETE:
		write_row(s);
		break;
	case APPLIED:
		write_applied(s);
		break;
	case PRUNE:
		prune(s);
		break;
	case NOTIFY:
		notify(s);
		break;
	case BEGIN:
		change_begin(s);
		break;
	case COMMIT:
		change_commit(s);
		break;
	case CONNECT:
		break;
	}
}

/* On its way; false: it does not arrive. */
static bool travel(const struct statement *s)
{
	task_sleep(dice_ns(50 * US, 500 * US));
	if (db.slow && chance(1))
		task_sleep(dice_ns(MS, 200 * MS));
	while (db.swallows[s->machine])
		task_wait(&db.swallows[s->machine], FOREVER);
	return db.cuts[s->machine] == s->cuts;
}

/* A commit that does not arrive: in the end the server notices. */
static void abandon(const struct statement *s)
{
	if (s->verb == COMMIT && s->conn && server_lives(s) && s->server->head_owner == s->conn)
		head_unlock(s->server);
}

static void statement_main(void *arg)
{
	struct statement *s = arg;

	/* What a line has swallowed may arrive after all, from somebody who no longer waits. */
	if (!travel(s) || (!s->conn && chance(50))) {
		abandon(s);
		return;
	}
	thaw_wait(s->server);
	if (!server_lives(s))
		s->result = -ECONNRESET;
	else
		execute(s);
	thaw_wait(s->server);
	if (!travel(s))
		return;
	s->answered = true;
	task_wake(s);
}

/* ---- At the client. */

static void give_up(struct db_conn *conn, bool commit_is_sent)
{
	conn->broken = true;
	/* Before it has seen that its client is gone, the server may see that a commit has come. */
	if (conn->holds_head && !commit_is_sent && conn->server->head_owner == conn &&
	    conn->server->boot == conn->boot)
		head_unlock(conn->server);
	conn->holds_head = false;
}

static struct statement *statement_new(struct db_conn *conn, enum verb verb)
{
	struct statement *s = sim_alloc(sizeof(*s));

	s->verb = verb;
	s->conn = conn;
	s->server = conn->server;
	s->boot = conn->boot;
	s->machine = conn->machine;
	s->cuts = db.cuts[conn->machine];
	return s;
}

static int run(struct db_conn *conn, struct statement *s)
{
	if (!conn->server || conn->broken)
		return -ECONNRESET;
	uint64_t until = sim_now() + TIMEOUT_NS;

	task_spawn(0, s->server->process, statement_main, s);
	while (!s->answered && sim_now() < until && db.cuts[s->machine] == s->cuts &&
	       server_lives(s))
		task_wait(s, until < sim_now() + 50 * MS ? until : sim_now() + 50 * MS);
	bool may_arrive = s->verb == COMMIT && !s->answered && chance(50);
	if (!may_arrive)
		s->conn = NULL;
	if (s->answered && s->result == 0)
		return 0;
	give_up(conn, may_arrive);
	return s->answered ? s->result : sim_now() >= until ? -ETIMEDOUT : -ECONNRESET;
}

int db_connect(struct db_conn *conn, int machine, bool listens)
{
	struct db_server *server = db.leads[machine];

	*conn = (struct db_conn){
		.server = server, .boot = server->boot, .machine = machine, .listens = listens
	};
	if (!server->up) {
		task_sleep(MS);
		conn->broken = true;
		return -ECONNREFUSED;
	}
	int r = run(conn, statement_new(conn, CONNECT));
	if (r < 0 || !listens)
		return r;
	if (db.n_listeners == CONNS_MAX)
		__builtin_trap();
	conn->socket = sim_fd_new();
	db.listeners[db.n_listeners++] = conn;
	return 0;
}

void db_close(struct db_conn *conn)
{
	size_t kept = 0;

	if (conn->server && !conn->broken)
		give_up(conn, false);
	for (size_t i = 0; i < db.n_listeners; i++)
		if (db.listeners[i] != conn)
			db.listeners[kept++] = db.listeners[i];
	db.n_listeners = kept;
	conn->server = NULL;
}

int db_timeline(const struct db_conn *conn)
{
	return conn->server->timeline;
}

int db_head(struct db_conn *conn, int64_t *ret)
{
	struct statement *s = statement_new(conn, HEAD);
	int r = run(conn, s);

	*ret = s->seq;
	return r;
}

int db_changes(struct db_conn *conn, int64_t after, int64_t head, struct db_change *ret,
               bool *ret_live, size_t room, size_t *ret_n)
{
	struct statement *s = statement_new(conn, CHANGES);

	s->number = after;
	s->head = head;
	s->room = room < 16 ? room : 16;
	int r = run(conn, s);
	memcpy(ret, s->changes, s->n * sizeof(*ret));        /* UNSAFE: within the room */
	memcpy(ret_live, s->live, s->n * sizeof(*ret_live)); /* UNSAFE: within the room */
	*ret_n = s->n;
	return r;
}

int db_rows(struct db_conn *conn, struct pat_node_row *ret, size_t *ret_n)
{
	struct statement *s = statement_new(conn, ROWS);
	int r = run(conn, s);

	memcpy(ret, s->rows, s->n * sizeof(*ret)); /* UNSAFE: ROWS_MAX */
	*ret_n = s->n;
	return r;
}

int db_tokens(struct db_conn *conn, int64_t *ret_head, enum token_state *ret)
{
	struct statement *s = statement_new(conn, TOKENS);
	int r = run(conn, s);

	memcpy(ret, s->tokens, sizeof(s->tokens)); /* UNSAFE: TOKENS_MAX */
	*ret_head = s->seq;
	return r;
}

int db_row_insert(struct db_conn *conn, const struct pat_node_row *row, bool *ret_warned)
{
	struct statement *s = statement_new(conn, INSERT);

	s->row = *row;
	int r = run(conn, s);
	*ret_warned = s->warned;
	return r;
}

int db_row_count(struct db_conn *conn, const char *incarnation, int64_t counter, int64_t applied,
                 bool *ret_found, bool *ret_warned)
{
	struct statement *s = statement_new(conn, COUNT);

	(void)snprintf(s->row.incarnation, sizeof(s->row.incarnation), "%s", incarnation);
	s->row.counter = counter;
	s->row.applied = applied;
	int r = run(conn, s);
	*ret_found = s->found;
	*ret_warned = s->warned;
	return r;
}

int db_row_applied(struct db_conn *conn, const char *incarnation, int64_t applied)
{
	struct statement *s = statement_new(conn, APPLIED);

	(void)snprintf(s->row.incarnation, sizeof(s->row.incarnation), "%s", incarnation);
	s->row.applied = applied;
	return run(conn, s);
}

int db_row_delete(struct db_conn *conn, const char *incarnation, int64_t counter)
{
	struct statement *s = statement_new(conn, DELETE);

	(void)snprintf(s->row.incarnation, sizeof(s->row.incarnation), "%s", incarnation);
	s->number = counter;
	return run(conn, s);
}

int db_prune(struct db_conn *conn)
{
	return run(conn, statement_new(conn, PRUNE));
}

int db_notify(struct db_conn *conn, unsigned hint)
{
	struct statement *s = statement_new(conn, NOTIFY);

	s->hint = hint;
	return run(conn, s);
}

int db_change_begin(struct db_conn *conn, int64_t *ret_head)
{
	struct statement *s = statement_new(conn, BEGIN);
	int r = run(conn, s);

	*ret_head = s->seq;
	return r;
}

int db_change_commit(struct db_conn *conn, enum pat_change_kind kind, unsigned token,
                     int64_t *ret_seq, bool *ret_warned)
{
	struct statement *s = statement_new(conn, COMMIT);

	s->kind = kind;
	s->token = token;
	int r = run(conn, s);
	conn->holds_head = false;
	*ret_seq = s->seq;
	*ret_warned = s->warned;
	return r;
}

/* ---- The standby. */

static void standby_main(void *arg)
{
	struct db_server *from = &db.first;
	struct db_server *to = &db.second;

	(void)arg;
	while (!db.standby_ends) {
		if (from->received == from->n_log || !from->up) {
			task_wait(&from->n_log, sim_now() + 20 * MS);
			continue;
		}
		task_sleep(dice_ns(50 * US, MS));
		thaw_wait(to);
		if (db.standby_ends || !from->up || from->received >= from->n_log)
			continue;
		apply(&to->state, &from->log[from->received++].op);
		task_wake(&from->received);
	}
}

static void server_begin(struct db_server *server)
{
	memset(server, 0, offsetof(struct db_server, log)); /* UNSAFE: what is before the log */
	server->process = process_new();
}

void db_begin(void)
{
	memset(&db, 0, offsetof(struct database, first)); /* UNSAFE: what is before the servers */
	server_begin(&db.first);
	server_begin(&db.second);
	db.first.up = true;
	db.first.has_standby = true;
	db.first.timeline = 1;
	db.second.timeline = 2;
	db.primary = &db.first;
	db.slow = true;
	for (int i = 0; i < MACHINES; i++)
		db.leads[i] = &db.first;
	task_spawn(0, db.second.process, standby_main, NULL);
}

/* ---- What goes wrong. */

void line_swallow(int machine, bool swallows)
{
	db.swallows[machine] = swallows;
	task_wake(&db.swallows[machine]);
}

void line_cut(int machine)
{
	db.cuts[machine]++;
}

void line_lead(int machine, bool to_the_former)
{
	db.leads[machine] = to_the_former ? &db.first : db.primary;
}

void server_freeze(uint64_t until)
{
	db.primary->frozen_until = until;
}

static void server_main(void *arg)
{
	struct db_server *server = arg;

	for (size_t i = 0; i < server->n_log; i++) {
		if (!server->log[i].visible)
			apply(&server->state, &server->log[i].op);
		server->log[i].visible = true;
	}
	server->up = true;
}

/* What was written is there again, whoever waited for it. */
void server_crash(uint64_t until)
{
	struct db_server *server = db.primary;

	server->up = false;
	server->boot++;
	process_end(server->process);
	server->head_locked = false;
	server->head_owner = NULL;
	memset(server->locks, 0, sizeof(server->locks)); /* UNSAFE: its size */
	task_sleep(until - sim_now());
	server_main(server);
}

void standby_freeze(uint64_t until)
{
	db.second.frozen_until = until;
}

void standby_waits_cancel(void)
{
	db.primary->cancels++;
	task_wake(&db.primary->received);
}

void standby_promote(void)
{
	db.standby_ends = true;
	db.second.up = true;
	db.primary = &db.second;
}

void former_end(void)
{
	if (db.primary == &db.first)
		return;
	db.first.up = false;
	db.first.boot++;
	process_end(db.first.process);
}

void hints_lose(bool lost)
{
	db.hints_lost = lost;
}

void lines_slow(bool slow)
{
	db.slow = slow;
}
