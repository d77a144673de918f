/* SPDX-License-Identifier: Apache-2.0
 *
 * A database of the simulation: a primary, its synchronous standby, and the lines to them. It does what PostgreSQL is relied upon
 * for: a statement sees what was visible when it began; a row that is being written is locked until that is visible; what is
 * committed synchronously is visible when the standby has it; a server that was killed has, when it is back, everything that it
 * had written, seen by anybody or not.
 *
 * The statements run as tasks of the server, so one that was sent may be executed after its sender has given up or is dead.
 */
#ifndef PAT_SIM_DATABASE_H
#define PAT_SIM_DATABASE_H

#include "store/node.h"
#include "task.h"

#define TOKENS_MAX  64
#define CHANGES_MAX 512
#define ROWS_MAX    32

/* Closed: it is known, but by a policy it may nothing any more. */
enum token_state {
	TOKEN_NONE,
	TOKEN_LIVE,
	TOKEN_CLOSED,
	TOKEN_REVOKED,
};

struct db_change {
	int64_t seq; /* 0: pruned */
	enum pat_change_kind kind;
	unsigned token;
};

struct db_state {
	int64_t head;
	enum token_state tokens[TOKENS_MAX];
	struct db_change changes[CHANGES_MAX]; /* by number */
	struct pat_node_row rows[ROWS_MAX];    /* incarnation "": free */
};

struct db_server;

/* A connection of a process at a machine. */
struct db_conn {
	struct db_server *server; /* NULL: not connected */
	unsigned boot;            /* of the server, when it was connected to */
	int machine;
	bool broken;
	bool listens;
	bool holds_head; /* between begin and commit */
	unsigned hints;
	int socket; /* 0: none */
};

void db_begin(void);
/* 0, or a fault of the line or the server. */
int db_connect(struct db_conn *conn, int machine, bool listens);
void db_close(struct db_conn *conn);
int db_timeline(const struct db_conn *conn);

/* Each is a statement. 0; -ETIMEDOUT or -ECONNRESET: nobody knows whether it was executed, and the connection is broken;
 * `*ret_warned`: it was, but nobody knows whether the standby has it. */
int db_head(struct db_conn *conn, int64_t *ret);
/* Up to `room` changes behind `after`, and for each whether its token is live now. */
int db_changes(struct db_conn *conn, int64_t after, int64_t head, struct db_change *ret,
               bool *ret_live, size_t room, size_t *ret_n);
int db_rows(struct db_conn *conn, struct pat_node_row *ret, size_t *ret_n);
/* One view. */
int db_tokens(struct db_conn *conn, int64_t *ret_head, enum token_state *ret);
int db_row_insert(struct db_conn *conn, const struct pat_node_row *row, bool *ret_warned);
int db_row_count(struct db_conn *conn, const char *incarnation, int64_t counter, int64_t applied,
                 bool *ret_found, bool *ret_warned);
int db_row_applied(struct db_conn *conn, const char *incarnation, int64_t applied);
/* `counter` -1: whatever it says. */
int db_row_delete(struct db_conn *conn, const char *incarnation, int64_t counter);
int db_prune(struct db_conn *conn);
int db_notify(struct db_conn *conn, unsigned hint);
/* A transaction: takes the head's lock, and its number. */
int db_change_begin(struct db_conn *conn, int64_t *ret_head);
/* … and commits: a change of `token`, if it changes anything. `*ret_seq` 0: it does not. -EEXIST for a token that is there. */
int db_change_commit(struct db_conn *conn, enum pat_change_kind kind, unsigned token,
                     int64_t *ret_seq, bool *ret_warned);

/* ---- What goes wrong. */

void line_swallow(int machine, bool swallows);
void line_cut(int machine);
/* Which server the machine reaches: whoever was promoted, or the one before. */
void line_lead(int machine, bool to_the_former);
void server_freeze(uint64_t until);
void server_crash(uint64_t until);
void standby_freeze(uint64_t until);
/* Ends the waits for the standby: what waits is visible, and its client is warned. */
void standby_waits_cancel(void);
void standby_promote(void);
/* The former primary is switched off. */
void former_end(void);
void hints_lose(bool lost);
/* Whether some of what they carry takes long; it does in the beginning. */
void lines_slow(bool slow);

#endif
