/* SPDX-License-Identifier: Apache-2.0
 *
 * Group commit. Writers queue an operation and sleep; one thread takes what is queued, runs each in a savepoint of one
 * transaction, commits once for all of them, tells the listener, and wakes them. The head is locked from begin to commit, so
 * transactions side by side would wait for each other's fsync: together they pay for one.
 *
 * What a newcomer would get wrong:
 *  - An operation that fails, or ends in an outcome, is rolled back alone and the others go on. A connection that is lost
 *    takes the whole transaction with it; nothing has happened then, and the batch runs again.
 *  - So an operation may run more than once. It sets its results, and does not add to them; one that has spoken to its
 *    caller (tokens_revoke) is not run again.
 *  - An outcome, too, is only true once the batch is durable: it may rest on an operation before it.
 *  - Only the answer to COMMIT says what COMMIT did. Without it the server is asked (postgres_link.c), never guessed for.
 */
#include "store/postgres.h"

#include <errno.h>
#include <string.h>

#define TRIES            3
#define UNSETTLED_WAIT_S 1

struct pat_pg_op {
	struct pat_queue_op queued;
	pat_pg_op_fn *fn;
	void *arg;
};

int pat_pg_write(struct pat_store *store, pat_pg_op_fn *fn, void *arg)
{
	struct pat_pg *pg = (struct pat_pg *)store;
	struct pat_pg_op op = { .fn = fn, .arg = arg };

	return pat_queue_wait(&pg->writer.queue, &op.queued);
}

/* ---- One transaction. */

/* The head's time is the largest any row carries. */
static int time_raise(struct pat_pg_tx *tx)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q =
		pat_pg_query(tx->conn, "UPDATE head SET time = $1 WHERE id = 1 AND time < $1");

	pat_pg_bind_i64(&q, 1, tx->time_s);
	return pat_pg_run(&q);
}

static int savepoint_end(struct pat_pg_conn *conn, bool keep)
{
	return pat_pg_do(conn, keep ? "RELEASE op" : "ROLLBACK TO op; RELEASE op");
}

/* Sets queued->result. Negative only when the transaction as a whole is lost, or is to be run again. One that is `alone` in its
 * transaction needs no savepoint: what takes it back takes everything back. */
static int op_run(struct pat_pg *pg, struct pat_queue_op *queued, bool alone)
{
	struct pat_pg_op *op = (struct pat_pg_op *)queued;
	struct pat_pg_writer *w = &pg->writer;
	struct pat_pg_tx tx = { .pg = pg, .conn = &pg->link.conn };
	size_t n_changes = w->changes.n;

	int e = alone ? 0 : pat_pg_do(tx.conn, "SAVEPOINT op");
	if (e < 0)
		return e;
	queued->result = op->fn(&tx, op->arg);
	if (queued->result == 0 && tx.time_s > tx.raised_s)
		queued->result = time_raise(&tx);
	if (queued->result < 0 && (tx.conn->broken || tx.conn->retry))
		return queued->result;
	if (queued->result != 0)
		w->changes.n = n_changes;
	return alone ? 0 : savepoint_end(tx.conn, queued->result == 0);
}

static int batch_ops(struct pat_pg *pg, struct pat_queue_op *batch)
{
	bool alone = batch && !batch->next;
	int e = 0;

	for (struct pat_queue_op *op = batch; op && e == 0; op = op->next)
		e = op_run(pg, op, alone);
	return e;
}

/* Commits what there is to keep. One operation alone that found an outcome or a fault has nothing: there is no commit whose fate
 * could become unknown, and what it found stood under the lock. Only that a change is there already is said to somebody who
 * relies on it. */
static enum pat_pg_commit batch_end(struct pat_pg *pg, struct pat_queue_op *batch, int *ret_error)
{
	struct pat_pg_conn *conn = &pg->link.conn;

	if (batch && !batch->next && batch->result != 0) {
		pat_pg_conn_rollback(conn);
		if (batch->result == PAT_STORE_E_REPLAYED)
			*ret_error = pat_pg_link_confirm(pg);
		return *ret_error < 0 ? PAT_PG_ROLLED_BACK : PAT_PG_COMMITTED;
	}
	enum pat_pg_commit end = pat_pg_conn_commit(conn, ret_error);
	return end == PAT_PG_UNKNOWN ? pat_pg_link_fate(pg) : end;
}

/* `*ret_again`: nothing has happened, and the next try may well succeed. */
static enum pat_pg_commit batch_try(struct pat_pg *pg, struct pat_queue_op *batch, int *ret_error,
                                    bool *ret_again)
{
	struct pat_pg_conn *conn = &pg->link.conn;
	pg->writer.changes.n = 0;
	*ret_again = false;
	*ret_error = pat_pg_link_ready(pg);
	if (*ret_error < 0)
		return PAT_PG_ROLLED_BACK;
	*ret_error = pat_pg_link_begin(pg);
	if (*ret_error == 0)
		*ret_error = batch_ops(pg, batch);
	if (*ret_error < 0) {
		*ret_again = conn->broken || conn->retry;
		pat_pg_conn_rollback(conn);
		return PAT_PG_ROLLED_BACK;
	}
	enum pat_pg_commit end = batch_end(pg, batch, ret_error);
	*ret_again = *ret_error == -ECONNRESET || *ret_error == -ETIMEDOUT || conn->retry;
	*ret_error = *ret_error == 0 ? -EIO : *ret_error;
	return end;
}

static enum pat_pg_commit batch_run(struct pat_pg *pg, struct pat_queue_op *batch, int *ret_error)
{
	enum pat_pg_commit end = PAT_PG_ROLLED_BACK;
	bool again = true;

	pg->writer.spoke = false;
	for (int i = 0; i < TRIES && again && !pg->writer.spoke; i++) {
		end = batch_try(pg, batch, ret_error, &again);
		again &= end == PAT_PG_ROLLED_BACK;
	}
	return end;
}

/* All or nothing: a batch that could not be committed gives all of its operations the error; one of which nobody knows says
 * so, whatever an operation had found in it. */
static void batch_answer(struct pat_queue_op *batch, enum pat_pg_commit end, int error)
{
	for (struct pat_queue_op *op = batch; op; op = op->next) {
		if (end == PAT_PG_ROLLED_BACK)
			op->result = error;
		else if (end != PAT_PG_COMMITTED)
			op->result = PAT_STORE_UNKNOWN;
	}
	pat_queue_answer(batch);
}

static void batch_finish(struct pat_pg *pg, struct pat_queue_op *batch)
{
	struct pat_pg_writer *w = &pg->writer;
	int error = 0;

	enum pat_pg_commit end = batch_run(pg, batch, &error);
	bool stands = end == PAT_PG_COMMITTED || end == PAT_PG_UNCONFIRMED;
	if (stands && w->changes.n > 0)
		pat_pg_feed_tell(pg, w->changes.list, w->changes.n);
	/* What was unsettled is settled by the next transaction that begins: it has fed the listener. */
	w->unsettled = end == PAT_PG_UNKNOWN || (w->unsettled && !stands);
	w->changes.n = 0;
	batch_answer(batch, end, error);
}

/* ---- The thread. */

static void *writer_main(void *arg)
{
	struct pat_pg *pg = arg;
	struct pat_pg_writer *w = &pg->writer;
	struct pat_queue_op *batch = NULL;
	size_t n = 0;

	while (pat_queue_take(&w->queue, PAT_PG_BATCH_MAX, w->unsettled ? UNSETTLED_WAIT_S : 0,
	                      &batch, &n)) {
		batch_finish(pg, batch);
		pat_queue_gather(&w->queue, n);
	}
	return NULL;
}

int pat_pg_writer_start(struct pat_pg *pg)
{
	return pat_queue_start(&pg->writer.queue, writer_main, pg);
}

void pat_pg_writer_done(struct pat_pg *pg)
{
	pat_queue_done(&pg->writer.queue);
	pat_changes_done(&pg->writer.changes);
}

/* ---- Changes. */

/* Takes the next number and writes the change, in one statement. */
static int change_insert(struct pat_pg_conn *conn, struct pat_change *change, bool digest)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q = pat_pg_query(
		conn, "WITH next AS (UPDATE head SET seq = seq + 1 WHERE id = 1 RETURNING seq)"
		      " INSERT INTO change (seq, kind, person, digest)"
		      " SELECT seq, $1, $2, $3 FROM next RETURNING seq");

	pat_pg_bind_i64(&q, 1, change->kind);
	pat_pg_bind_i64(&q, 2, change->person);
	if (digest)
		pat_pg_bind_blob(&q, 3, change->digest, sizeof(change->digest));
	else
		pat_pg_bind_null_blob(&q, 3);
	int e = pat_pg_step(&q);
	if (e <= 0)
		return e < 0 ? e : -EIO; /* the head is gone: not patd's doing */
	change->seq = pat_pg_i64(&q, 0);
	return 0;
}

int pat_pg_change(struct pat_pg_tx *tx, enum pat_change_kind kind, int64_t person,
                  const uint8_t *digest, const struct pat_record *record, int64_t *ret_seq)
{
	struct pat_pg_writer *w = &tx->pg->writer;

	int e = pat_changes_reserve(&w->changes);
	if (e < 0)
		return e;
	struct pat_change *change = &w->changes.list[w->changes.n];
	*change = (struct pat_change){ .kind = kind, .person = person, .record = record };
	if (digest)
		memcpy(change->digest, digest, sizeof(change->digest)); /* UNSAFE: fixed sizes */
	e = change_insert(tx->conn, change, digest != NULL);
	if (e < 0)
		return e;
	w->changes.n++;
	*ret_seq = change->seq;
	return 0;
}
