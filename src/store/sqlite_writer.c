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
 *  - One writer must not wait for company, sixty-four should: only after a shared batch does the
 *    thread give its writers, just woken, a moment to come back.
 */
#include "store/sqlite.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define WAL_FRAMES_CHECKPOINT 1000  /* 4 MiB: copy them into the database file */
#define WAL_FRAMES_RESTART    16000 /* 64 MiB: wait for readers so that the file starts over */
#define CHANGES_FIRST         64
#define GATHER_YIELDS_MAX     64

/* One writer's request; lives on its stack until `done` is posted. */
struct pat_lite_op {
	pat_lite_op_fn *fn;
	void *arg;
	int result;
	sem_t done;
	struct pat_lite_op *next;
};

/* ---- The queue. */

void pat_lite_writer_init(struct pat_lite_writer *w)
{
	(void)pthread_mutex_init(&w->lock, NULL); /* never fails with default kinds */
	(void)pthread_cond_init(&w->wake, NULL);
}

static int enqueue(struct pat_lite_writer *w, struct pat_lite_op *op)
{
	int e = 0;

	(void)pthread_mutex_lock(&w->lock);
	if (w->n_queued >= PAT_LITE_QUEUE_MAX) {
		e = -EBUSY;
	} else {
		if (w->last)
			w->last->next = op;
		else
			w->first = op;
		w->last = op;
		w->n_queued++;
		(void)pthread_cond_signal(&w->wake);
	}
	(void)pthread_mutex_unlock(&w->lock);
	return e;
}

int pat_lite_write(struct pat_store *store, pat_lite_op_fn *fn, void *arg)
{
	struct pat_lite *lite = (struct pat_lite *)store;
	struct pat_lite_op op = { .fn = fn, .arg = arg };

	(void)sem_init(&op.done, 0, 0);
	int e = enqueue(&lite->writer, &op);
	if (e == 0) {
		while (sem_wait(&op.done) < 0)
			pat_assert(errno == EINTR);
		e = op.result;
	}
	(void)sem_destroy(&op.done);
	return e;
}

static size_t queued(struct pat_lite_writer *w)
{
	(void)pthread_mutex_lock(&w->lock);
	size_t n = w->n_queued;
	(void)pthread_mutex_unlock(&w->lock);
	return n;
}

/* Lets the writers of the last batch come back, as long as more of them still do. */
static void gather(struct pat_lite_writer *w, size_t last_batch)
{
	size_t before = 0;

	for (int i = 0; last_batch > 1 && i < GATHER_YIELDS_MAX; i++) {
		size_t now = queued(w);

		if (now >= last_batch || (now > 0 && now == before))
			return;
		before = now;
		(void)sched_yield();
	}
}

/* Everything queued, waiting for the first; NULL when stopping and all is done. */
static struct pat_lite_op *dequeue(struct pat_lite_writer *w, size_t *ret_n)
{
	(void)pthread_mutex_lock(&w->lock);
	while (!w->first && !w->stop)
		(void)pthread_cond_wait(&w->wake, &w->lock);
	struct pat_lite_op *batch = w->first;
	*ret_n = w->n_queued;
	w->first = NULL;
	w->last = NULL;
	w->n_queued = 0;
	(void)pthread_mutex_unlock(&w->lock);
	return batch;
}

/* ---- The write-ahead log. */

static int wal_hook(void *arg, sqlite3 *db, const char *name, int frames)
{
	struct pat_lite_writer *w = arg;

	(void)db;
	(void)name;
	w->wal_frames = frames;
	return SQLITE_OK;
}

/* Cuts off what a failed commit left behind. When that fails as well, the next commit overwrites it:
 * the checksums of frames are chained, so the rest of it is then worthless too. */
static void wal_cut(struct pat_lite_writer *w)
{
	if (!w->conn.db)
		return;
	int rc =
		sqlite3_wal_checkpoint_v2(w->conn.db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	if (rc != SQLITE_OK)
		(void)pat_lite_error(&w->conn, rc);
}

/* Copies the log into the database file, after enough was added since the last time. Failing leaves
 * it as it is, and a later batch tries again. */
static void wal_checkpoint(struct pat_lite_writer *w)
{
	int frames = w->wal_frames;

	if (frames < w->wal_frames_copied)
		w->wal_frames_copied = 0; /* the log has started over */
	if (!w->conn.db || frames - w->wal_frames_copied < WAL_FRAMES_CHECKPOINT)
		return;
	w->wal_frames_copied = frames;
	int mode = frames < WAL_FRAMES_RESTART ? SQLITE_CHECKPOINT_PASSIVE
	                                       : SQLITE_CHECKPOINT_TRUNCATE;
	int rc = sqlite3_wal_checkpoint_v2(w->conn.db, NULL, mode, NULL, NULL);
	if (rc != SQLITE_OK)
		(void)pat_lite_error(&w->conn, rc);
}

/* ---- One transaction. */

static int statement_run(struct pat_lite_conn *conn, const char *sql)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(conn, sql);

	return pat_lite_run(&q);
}

int pat_lite_writer_connect(struct pat_lite *lite)
{
	struct pat_lite_writer *w = &lite->writer;

	if (w->conn.broken)
		pat_lite_conn_close(&w->conn);
	if (w->conn.db)
		return 0;
	int e = pat_lite_conn_open(&w->conn, lite->path, true);
	if (e < 0)
		return e;
	(void)sqlite3_wal_hook(w->conn.db, wal_hook, w);
	return 0;
}

/* Whether the path still leads to the file that is open. What is written to a file without a name is gone with the
 * process, so it must not be acknowledged. */
static bool file_in_place(const struct pat_lite *lite)
{
	struct stat st;

	return stat(lite->path, &st) == 0 && st.st_dev == lite->device && st.st_ino == lite->inode;
}

static int transaction_begin(struct pat_lite *lite)
{
	if (!file_in_place(lite))
		return -EIO;
	int e = pat_lite_writer_connect(lite);

	if (e < 0)
		return e == -EINVAL ? -EIO : e;
	return statement_run(&lite->writer.conn, "BEGIN IMMEDIATE");
}

/* Leaves no transaction behind, whatever happened in it. */
static void transaction_abandon(struct pat_lite_writer *w)
{
	w->n_changes = 0;
	if (!w->conn.db || sqlite3_get_autocommit(w->conn.db))
		return;
	if (sqlite3_exec(w->conn.db, "ROLLBACK", NULL, NULL, NULL) != SQLITE_OK ||
	    !sqlite3_get_autocommit(w->conn.db))
		w->conn.broken = true;
}

/* The head's time is the largest any row carries. */
static int time_raise(struct pat_lite_tx *tx)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q =
		pat_lite_query(tx->conn, "UPDATE head SET time = ?1 WHERE id = 1 AND time < ?1");

	pat_lite_bind_i64(&q, 1, tx->time_s);
	return pat_lite_run(&q);
}

static int savepoint_end(struct pat_lite_conn *conn, bool keep)
{
	int e = keep ? 0 : statement_run(conn, "ROLLBACK TO op");

	return e < 0 ? e : statement_run(conn, "RELEASE op");
}

/* Sets op->result. Negative only when the transaction as a whole is lost. */
static int op_run(struct pat_lite *lite, struct pat_lite_op *op)
{
	struct pat_lite_writer *w = &lite->writer;
	struct pat_lite_tx tx = { .lite = lite, .conn = &w->conn };
	size_t n_changes = w->n_changes;

	int e = statement_run(&w->conn, "SAVEPOINT op");
	if (e < 0)
		return e;
	op->result = op->fn(&tx, op->arg);
	if (op->result == 0 && tx.time_s > 0)
		op->result = time_raise(&tx);
	if (op->result < 0 && sqlite3_get_autocommit(w->conn.db))
		return op->result;
	if (op->result != 0)
		w->n_changes = n_changes;
	return savepoint_end(&w->conn, op->result == 0);
}

static int batch_run(struct pat_lite *lite, struct pat_lite_op *batch)
{
	int e = transaction_begin(lite);

	for (struct pat_lite_op *op = batch; op && e == 0; op = op->next)
		e = op_run(lite, op);
	return e < 0 ? e : statement_run(&lite->writer.conn, "COMMIT");
}

/* All or nothing: a batch that could not be committed gives all of its operations the error. */
static void batch_finish(struct pat_lite *lite, struct pat_lite_op *batch)
{
	struct pat_lite_writer *w = &lite->writer;

	int e = batch_run(lite, batch);
	if (e < 0) {
		transaction_abandon(w);
		wal_cut(w);
		for (struct pat_lite_op *op = batch; op; op = op->next)
			op->result = e;
	}
	if (w->n_changes > 0 && lite->listener)
		lite->listener(lite->listener_arg, w->changes, w->n_changes);
	w->n_changes = 0;
	/* A woken writer's `op` is gone: read on before waking. */
	for (struct pat_lite_op *op = batch, *next = NULL; op; op = next) {
		next = op->next;
		(void)sem_post(&op->done);
	}
}

/* ---- The thread. */

static void *writer_main(void *arg)
{
	struct pat_lite *lite = arg;
	struct pat_lite_writer *w = &lite->writer;
	size_t n = 0;

	for (struct pat_lite_op *batch = dequeue(w, &n); batch; batch = dequeue(w, &n)) {
		batch_finish(lite, batch);
		wal_checkpoint(w);
		gather(w, n);
	}
	return NULL;
}

int pat_lite_writer_start(struct pat_lite *lite)
{
	sigset_t all;
	sigset_t before;

	/* Signals are for the threads that expect them. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	int e = pthread_create(&lite->writer.thread, NULL, writer_main, lite);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	lite->writer.started = e == 0;
	return -e;
}

void pat_lite_writer_done(struct pat_lite *lite)
{
	struct pat_lite_writer *w = &lite->writer;

	if (w->started) {
		(void)pthread_mutex_lock(&w->lock);
		w->stop = true;
		(void)pthread_cond_signal(&w->wake);
		(void)pthread_mutex_unlock(&w->lock);
		(void)pthread_join(w->thread, NULL);
	}
	pat_lite_conn_close(&w->conn);
	free(w->changes);
	(void)pthread_cond_destroy(&w->wake);
	(void)pthread_mutex_destroy(&w->lock);
}

/* ---- Changes. */

static int changes_reserve(struct pat_lite_writer *w)
{
	if (w->n_changes < w->cap_changes)
		return 0;
	size_t cap = w->cap_changes ? 2 * w->cap_changes : CHANGES_FIRST;
	struct pat_change *grown = reallocarray(w->changes, cap, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	w->changes = grown;
	w->cap_changes = cap;
	return 0;
}

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

	int e = changes_reserve(w);
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

	struct pat_change *change = &w->changes[w->n_changes++];
	*change =
		(struct pat_change){ .seq = seq, .kind = kind, .person = person, .record = record };
	if (digest)
		memcpy(change->digest, digest, sizeof(change->digest)); /* UNSAFE: fixed sizes */
	*ret_seq = seq;
	return 0;
}
