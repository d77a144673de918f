/* SPDX-License-Identifier: Apache-2.0
 *
 * Every token at once, at start: the one read that must be fast. Ten million rows pass through here,
 * so it differs from the other reads:
 *
 *  - Two threads, the caller's and one of its own, each on its own connection, take the table in runs
 *    of row numbers. Both connections stand on the same view: they are begun until their heads agree.
 *    The caller's function is called by either thread, never by both at a time.
 *  - Scopes are not joined in. Few sets serve many tokens, so each thread keeps those it saw, with
 *    their hash, and a record's text is only written when its set differs from the last one there.
 *  - The MAC is checked with one keyed context per thread.
 *
 * If a second connection or thread is not to be had, one does it all.
 */
#include "store/sqlite.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define RUN_ROWS   65536 /* row numbers a thread takes at a time */
#define BATCH_ROWS 64    /* records checked between two turns at the caller's function */
#define SETS       1024  /* scope sets a thread keeps */
#define VIEW_TRIES 100

/* What both threads share. */
struct load {
	struct pat_lite *lite;
	int64_t expired_before_s;
	int64_t *disabled; /* people, ascending; owned */
	size_t n_disabled;
	int64_t last_number;
	atomic_llong next_number;
	atomic_int result; /* the first that is not 0 ends the load */
	pthread_mutex_t turn;
	pat_record_fn *fn; /* under `turn` */
	void *arg;
};

struct load_set {
	int64_t id; /* 0: free */
	size_t len;
	char *text; /* owned; NULL: there is no such set */
	uint8_t hash[PAT_SHA256_BYTES];
};

struct load_worker {
	struct load *load;
	struct pat_lite_reader reader;
	struct pat_hmac *hmac;
	size_t n; /* records in the batch */
	struct {
		int64_t set; /* whose text record.scopes holds */
		struct pat_record record;
	} batch[BATCH_ROWS];
	struct load_set sets[SETS]; /* a set's place is its id's remainder */
};

/* ---- A worker. */

static void worker_free(struct load_worker *worker)
{
	if (!worker)
		return;
	for (size_t i = 0; i < SETS; i++)
		free(worker->sets[i].text);
	pat_hmac_free(worker->hmac);
	pat_lite_reader_done(&worker->reader);
	free(worker);
}

static void worker_freep(struct load_worker **worker)
{
	worker_free(*worker);
	*worker = NULL;
}

static int worker_new(struct load *load, struct load_worker **ret)
{
	pat_cleanup(worker_freep) struct load_worker *worker = calloc(1, sizeof(*worker));

	if (!worker)
		return -ENOMEM;
	worker->load = load;
	int e = pat_hmac_new(load->lite->key.bytes, &worker->hmac);
	if (e == 0)
		e = pat_lite_reader_take(&load->lite->base, &worker->reader);
	if (e == 0)
		*ret = PAT_TAKE(worker);
	return e;
}

static int set_read(struct load_worker *worker, struct load_set *set)
{
	char text[PAT_SCOPES_TEXT_BYTES_MAX + 1];
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q =
		pat_lite_query(worker->reader.conn, "SELECT scopes FROM scope_set WHERE id = ?1");

	pat_lite_bind_i64(&q, 1, set->id);
	int e = pat_lite_step(&q);
	if (e <= 0)
		return e;
	pat_lite_text(&q, 0, text, sizeof(text));
	if (q.malformed)
		return 0;
	set->len = strlen(text);
	pat_sha256(text, set->len, set->hash);
	set->text = strdup(text);
	return set->text ? 0 : -ENOMEM;
}

static int set_get(struct load_worker *worker, int64_t id, const struct load_set **ret)
{
	struct load_set *set = &worker->sets[(uint64_t)id % SETS];

	if (set->id != id) {
		free(set->text);
		*set = (struct load_set){ .id = id };
		int e = set_read(worker, set);
		if (e < 0) {
			set->id = 0;
			return e;
		}
	}
	*ret = set;
	return 0;
}

static int compare_ids(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a;
	int64_t y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static bool owner_disabled(const struct load *load, int64_t owner)
{
	return load->n_disabled > 0 && bsearch(&owner, load->disabled, load->n_disabled,
	                                       sizeof(load->disabled[0]), compare_ids);
}

/* Reads the row into the batch's next place; 0, PAT_RECORD_E_MAC, or negative. */
static int row_read(struct load_worker *worker, struct pat_lite_query *q)
{
	struct pat_record *r = &worker->batch[worker->n].record;
	const struct load_set *set = NULL;
	int64_t set_id = 0;

	q->malformed = false;
	pat_lite_token_columns(q, r, &set_id);
	if (q->malformed)
		return PAT_RECORD_E_MAC;
	int e = set_get(worker, set_id, &set);
	if (e < 0)
		return e;
	if (!set->text)
		return PAT_RECORD_E_MAC;
	e = pat_record_check_hashed(r, set->hash, worker->load->lite->key.id, worker->hmac);
	if (e != 0)
		return e;
	if (worker->batch[worker->n].set != set_id) {
		memcpy(r->scopes, set->text, set->len + 1); /* UNSAFE: set_read() kept the bound */
		worker->batch[worker->n].set = set_id;
	}
	return 0;
}

/* The caller's turn. */
static int batch_hand_out(struct load_worker *worker)
{
	struct load *load = worker->load;
	int e = 0;

	(void)pthread_mutex_lock(&load->turn);
	for (size_t i = 0; i < worker->n && e == 0; i++) {
		e = atomic_load(&load->result);
		if (e == 0)
			e = load->fn(load->arg, &worker->batch[i].record);
	}
	(void)pthread_mutex_unlock(&load->turn);
	worker->n = 0;
	return e;
}

static int row_take(struct load_worker *worker, struct pat_lite_query *q)
{
	struct pat_record *r = &worker->batch[worker->n].record;

	int e = row_read(worker, q);
	if (e == PAT_RECORD_E_MAC) {
		pat_tampered_note(&worker->load->lite->tampered, r->number, r->digest);
		return 0;
	}
	if (e < 0 || owner_disabled(worker->load, r->owner))
		return e;
	return ++worker->n < BATCH_ROWS ? 0 : batch_hand_out(worker);
}

static int run_load(struct load_worker *worker, int64_t first, int64_t last)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		worker->reader.conn, "SELECT " PAT_LITE_TOKEN_COLUMNS
				     " FROM token t NOT INDEXED WHERE t.number BETWEEN ?1 AND ?2"
				     " AND t.state = 0 AND t.expires > ?3");

	pat_lite_bind_i64(&q, 1, first);
	pat_lite_bind_i64(&q, 2, last);
	pat_lite_bind_i64(&q, 3, worker->load->expired_before_s);
	int e = 0;
	while ((e = pat_lite_step(&q)) > 0) {
		e = row_take(worker, &q);
		if (e != 0)
			return e;
	}
	return e < 0 ? e : batch_hand_out(worker);
}

static void *worker_main(void *arg)
{
	struct load_worker *worker = arg;
	struct load *load = worker->load;
	int none = 0;

	while (atomic_load(&load->result) == 0) {
		int64_t first = atomic_fetch_add(&load->next_number, RUN_ROWS);
		if (first > load->last_number)
			break;
		int e = run_load(worker, first, first + RUN_ROWS - 1);
		if (e != 0)
			(void)atomic_compare_exchange_strong(&load->result, &none, e);
	}
	return NULL;
}

/* ---- The view. */

static int view_begin(struct load_worker *worker, int64_t *ret_seq)
{
	struct pat_lite_conn *conn = worker->reader.conn;

	/* The transaction has its view from its first read on. */
	pat_cleanup(pat_lite_query_done) struct pat_lite_query begin =
		pat_lite_query(conn, "BEGIN");
	pat_cleanup(pat_lite_query_done) struct pat_lite_query head =
		pat_lite_query(conn, "SELECT seq FROM head WHERE id = 1");
	int e = pat_lite_run(&begin);
	if (e < 0)
		return e;
	e = pat_lite_step(&head);
	if (e <= 0)
		return e < 0 ? e : -EIO;
	*ret_seq = pat_lite_i64(&head, 0);
	return 0;
}

static int view_end(struct load_worker *worker)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q =
		pat_lite_query(worker->reader.conn, "COMMIT");

	return pat_lite_run(&q);
}

/* Begins both on one view, or the first alone and *ret_both false. */
static int views_begin(struct load_worker *one, struct load_worker *other, int64_t *ret_seq,
                       bool *ret_both)
{
	int64_t other_seq = 0;

	for (int i = 0; i < VIEW_TRIES; i++) {
		int e = view_begin(one, ret_seq);
		if (e == 0 && other)
			e = view_begin(other, &other_seq);
		*ret_both = other && *ret_seq == other_seq;
		if (e < 0 || !other || *ret_both)
			return e;
		e = view_end(one);
		if (e == 0)
			e = view_end(other);
		if (e < 0)
			return e;
	}
	return view_begin(one, ret_seq);
}

static int disabled_read(struct load *load, struct pat_lite_conn *conn)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q =
		pat_lite_query(conn, "SELECT id FROM person WHERE disabled <> 0 ORDER BY id");
	size_t cap = 0;
	int e = 0;

	while ((e = pat_lite_step(&q)) > 0) {
		if (load->n_disabled == cap) {
			cap = cap ? 2 * cap : 64;
			int64_t *grown = reallocarray(load->disabled, cap, sizeof(*grown));
			if (!grown)
				return -ENOMEM;
			load->disabled = grown;
		}
		load->disabled[load->n_disabled++] = pat_lite_i64(&q, 0);
	}
	return e;
}

static int numbers_read(struct load *load, struct pat_lite_conn *conn)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q =
		pat_lite_query(conn, "SELECT coalesce((SELECT min(number) FROM token), 1),"
	                             " coalesce((SELECT max(number) FROM token), 0)");

	int e = pat_lite_step(&q);
	if (e <= 0)
		return e < 0 ? e : -EIO;
	atomic_store(&load->next_number, pat_lite_i64(&q, 0));
	load->last_number = pat_lite_i64(&q, 1);
	return 0;
}

static int load_all(struct load *load, struct load_worker *one, struct load_worker *other)
{
	pthread_t thread;

	int e = disabled_read(load, one->reader.conn);
	if (e == 0)
		e = numbers_read(load, one->reader.conn);
	if (e < 0)
		return e;
	bool both = other && pthread_create(&thread, NULL, worker_main, other) == 0;
	(void)worker_main(one);
	if (both)
		(void)pthread_join(thread, NULL);
	return atomic_load(&load->result);
}

int pat_lite_token_load(struct pat_store *store, int64_t expired_before_s, int64_t *ret_seq,
                        pat_record_fn *fn, void *arg)
{
	pat_cleanup(worker_freep) struct load_worker *one = NULL;
	pat_cleanup(worker_freep) struct load_worker *other = NULL;
	struct load load = { .lite = (struct pat_lite *)store,
		             .expired_before_s = expired_before_s,
		             .fn = fn,
		             .arg = arg };
	int64_t seq = 0;
	bool both = false;

	int e = worker_new(&load, &one);
	if (e != 0)
		return e;
	if (worker_new(&load, &other) < 0)
		other = NULL;
	(void)pthread_mutex_init(&load.turn, NULL);
	e = views_begin(one, other, &seq, &both);
	if (e == 0)
		e = load_all(&load, one, both ? other : NULL);
	(void)pthread_mutex_destroy(&load.turn);
	free(load.disabled);
	if (e == 0)
		*ret_seq = seq;
	return e;
}
