/* SPDX-License-Identifier: Apache-2.0
 *
 * Group commit. Writers queue an operation and sleep; one thread takes all that are queued, runs each
 * in a savepoint of one transaction, commits once for all of them, tells the listener, and wakes them.
 * So an answer always comes after the fsync, and sixty-four writers pay for one.
 *
 * What a newcomer would get wrong:
 *  - An operation that fails, or ends in an outcome, is rolled back alone and the others go on. But
 *    SQLite rolls the whole transaction back by itself on some faults (disk full, I/O, memory); then
 *    no operation of the batch has happened and all of them get the error.
 *  - An outcome, too, is only true once the batch is durable: it may rest on an operation before it.
 *  - After a failed commit the frames it wrote may still lie behind the end of the WAL, whole. Nobody
 *    reads them now, but recovery after a crash would. So the WAL is cut off before the answer.
 */
#include "store/sqlite.h"

#include <errno.h>
#include <string.h>

struct pat_lite_op {
	struct pat_queue_op queued;
	pat_lite_op_fn *fn;
	void *arg;
};

int pat_lite_write(struct pat_store *store, pat_lite_op_fn *fn, void *arg)
{
	struct pat_lite *lite = (struct pat_lite *)store;
	struct pat_lite_op op = { .fn = fn, .arg = arg };

	return pat_queue_wait(&lite->writer.queue, &op.queued);
}

/* ---- One transaction. */

/* The head's time is the largest any row carries. */
static int time_raise(struct pat_lite_conn *conn, int64_t time_s)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q =
		pat_lite_query(conn, "UPDATE head SET time = ?1 WHERE id = 1 AND time < ?1");

	pat_lite_bind_i64(&q, 1, time_s);
	return pat_lite_run(&q);
}

static int savepoint_end(struct pat_lite_conn *conn, bool keep)
{
	int e = keep ? 0 : pat_lite_do(conn, "ROLLBACK TO op");

	return e < 0 ? e : pat_lite_do(conn, "RELEASE op");
}

/* Sets queued->result, and raises *time_s to the largest time kept. Negative only when the transaction as a whole is lost. */
static int op_run(struct pat_lite *lite, struct pat_queue_op *queued, int64_t *time_s)
{
	struct pat_lite_op *op = (struct pat_lite_op *)queued;
	struct pat_lite_writer *w = &lite->writer;
	struct pat_lite_tx tx = { .lite = lite, .conn = &lite->db.conn };
	size_t n_changes = w->changes.n;

	int e = pat_lite_do(tx.conn, "SAVEPOINT op");
	if (e < 0)
		return e;
	queued->result = op->fn(&tx, op->arg);
	if (queued->result < 0 && sqlite3_get_autocommit(tx.conn->db))
		return queued->result;
	if (queued->result != 0)
		w->changes.n = n_changes;
	else if (*time_s < tx.time_s)
		*time_s = tx.time_s;
	return savepoint_end(tx.conn, queued->result == 0);
}

static int batch_run(struct pat_lite *lite, struct pat_queue_op *batch)
{
	int64_t time_s = 0;
	int e = pat_lite_database_begin(&lite->db);

	for (struct pat_queue_op *op = batch; op && e == 0; op = op->next)
		e = op_run(lite, op, &time_s);
	if (e == 0 && time_s > 0)
		e = time_raise(&lite->db.conn, time_s);
	return e < 0 ? e : pat_lite_database_commit(&lite->db);
}

/* All or nothing: a batch that could not be committed gives all of its operations the error. */
static void batch_finish(struct pat_lite *lite, struct pat_queue_op *batch)
{
	struct pat_lite_writer *w = &lite->writer;

	int e = batch_run(lite, batch);
	if (e < 0) {
		w->changes.n = 0;
		pat_lite_database_abandon(&lite->db);
		pat_lite_database_cut(&lite->db);
		for (struct pat_queue_op *op = batch; op; op = op->next)
			op->result = e;
	}
	if (w->changes.n > 0 && lite->listener)
		lite->listener(lite->listener_arg, w->changes.list, w->changes.n);
	w->changes.n = 0;
	pat_queue_answer(batch);
}

/* ---- The thread. */

static void *writer_main(void *arg)
{
	struct pat_lite *lite = arg;
	struct pat_queue *queue = &lite->writer.queue;
	struct pat_queue_op *batch = NULL;
	size_t n = 0;

	while (pat_queue_take(queue, SIZE_MAX, 0, &batch, &n)) {
		batch_finish(lite, batch);
		pat_lite_database_checkpoint(&lite->db);
		pat_queue_gather(queue, n);
	}
	return NULL;
}

int pat_lite_writer_start(struct pat_lite *lite)
{
	return pat_queue_start(&lite->writer.queue, writer_main, lite);
}

void pat_lite_writer_done(struct pat_lite *lite)
{
	pat_queue_done(&lite->writer.queue);
	pat_changes_done(&lite->writer.changes);
}

/* ---- Changes. */

static int next_seq(struct pat_lite_conn *conn, int64_t *ret)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q =
		pat_lite_query(conn, "UPDATE head SET seq = seq + 1 WHERE id = 1 RETURNING seq");

	int e = pat_lite_step(&q);
	if (e < 0)
		return e;
	if (e == 0)
		return -EIO; /* the head is gone: not patd's doing */
	*ret = pat_lite_i64(&q, 0);
	return pat_lite_run(&q);
}

int pat_lite_change(struct pat_lite_tx *tx, enum pat_change_kind kind, int64_t person,
                    const uint8_t *digest, const struct pat_record *record, int64_t *ret_seq)
{
	struct pat_lite_writer *w = &tx->lite->writer;
	int64_t seq = 0;

	int e = pat_changes_reserve(&w->changes);
	if (e < 0)
		return e;
	e = next_seq(tx->conn, &seq);
	if (e < 0)
		return e;
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		tx->conn, "INSERT INTO change (seq, kind, person, digest) VALUES (?1, ?2, ?3, ?4)");
	pat_lite_bind_i64(&q, 1, seq);
	pat_lite_bind_i64(&q, 2, kind);
	pat_lite_bind_i64(&q, 3, person);
	if (digest)
		pat_lite_bind_blob(&q, 4, digest, PAT_DIGEST_BYTES);
	e = pat_lite_run(&q);
	if (e < 0)
		return e;

	struct pat_change *change = &w->changes.list[w->changes.n++];
	*change =
		(struct pat_change){ .seq = seq, .kind = kind, .person = person, .record = record };
	if (digest)
		memcpy(change->digest, digest, sizeof(change->digest)); /* UNSAFE: fixed sizes */
	*ret_seq = seq;
	return 0;
}
