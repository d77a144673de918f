/* SPDX-License-Identifier: Apache-2.0
 *
 * Usage: what the cells of the index counted, and what verifiers told of it. Rows are found by token and end by day; the
 * indexes on `day` are what makes forgetting cheap, and change once a day and row.
 */
#include "store/sqlite.h"

#include <errno.h>
#include <string.h>

#define PRUNE_ROWS "512" /* of a table in one transaction */

static int64_t day_of(int64_t time_s)
{
	return time_s / PAT_DAY_S;
}

/* ---- What cells counted. */

struct fold_op {
	const struct pat_usage *usage;
	size_t n;
};

static int fold_token(struct pat_lite_tx *tx, const struct pat_usage *usage)
{
	return PAT_LITE_DO(
		tx->conn,
		"UPDATE token SET last_used = max(last_used, ?2), use_count = use_count + ?3"
		" WHERE number = ?1",
		usage->number, usage->last_used_s, usage->use_count_more);
}

static int fold_day(struct pat_lite_tx *tx, const struct pat_usage *usage)
{
	return PAT_LITE_DO(tx->conn,
	                   "INSERT INTO usage_day (token, day, count) VALUES (?1, ?2, ?3)"
	                   " ON CONFLICT (token, day) DO UPDATE SET count = count + excluded.count",
	                   usage->number, day_of(usage->last_used_s), usage->use_count_more);
}

static int fold_op(struct pat_lite_tx *tx, void *arg)
{
	const struct fold_op *op = arg;
	int e = 0;

	for (size_t i = 0; i < op->n && e == 0; i++) {
		e = fold_token(tx, &op->usage[i]);
		if (e == 0 && op->usage[i].use_count_more > 0 && sqlite3_changes(tx->conn->db) > 0)
			e = fold_day(tx, &op->usage[i]);
		if (tx->time_s < op->usage[i].last_used_s)
			tx->time_s = op->usage[i].last_used_s;
	}
	return e;
}

int pat_lite_usage_fold(struct pat_store *store, const struct pat_usage *usage, size_t n)
{
	return pat_lite_write(store, fold_op, &(struct fold_op){ usage, n });
}

/* ---- What verifiers told. */

/* 1: there is such a token; 0, or negative. */
static int token_there(struct pat_lite_tx *tx, int64_t number)
{
	int64_t ignored = 0;

	return PAT_LITE_ASK(tx->conn, &ignored, "SELECT number FROM token WHERE number = ?1",
	                    number);
}

static void bind_operation(struct pat_lite_query *q, int64_t number,
                           const struct pat_usage_operation *operation)
{
	pat_lite_bind_i64(q, 1, number);
	pat_lite_bind_text(q, 2, operation->product, sizeof(operation->product));
	pat_lite_bind_text(q, 3, operation->method, sizeof(operation->method));
	pat_lite_bind_text(q, 4, operation->name, sizeof(operation->name));
	pat_lite_bind_text(q, 5, operation->scopes, sizeof(operation->scopes));
}

/* Whether one more operation is one too many: 1, 0, or negative. */
static int done_full(struct pat_lite_tx *tx, const struct pat_usage_done *done)
{
	int64_t others = 0;
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		tx->conn,
		"SELECT 1 FROM usage_operation"
		" WHERE token = ?1 AND product = ?2 AND method = ?3 AND name = ?4 AND scopes = ?5");

	bind_operation(&q, done->number, &done->operation);
	int e = pat_lite_step(&q);
	if (e != 0)
		return e < 0 ? e : 0;
	e = PAT_LITE_ASK(tx->conn, &others, "SELECT count(*) FROM usage_operation WHERE token = ?1",
	                 done->number);
	if (e <= 0)
		return e < 0 ? e : -EIO;
	return others >= PAT_USAGE_OPERATIONS_MAX - 1;
}

static int done_put(struct pat_lite_tx *tx, const struct pat_usage_done *done,
                    const struct pat_usage_operation *as)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		tx->conn,
		"INSERT INTO usage_operation (token, product, method, name, scopes, judged, count, first, last, day)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
		" ON CONFLICT (token, product, method, name, scopes) DO UPDATE SET"
		" judged = excluded.judged, count = count + excluded.count,"
		" last = max(last, excluded.last), day = max(day, excluded.day)");

	bind_operation(&q, done->number, as);
	pat_lite_bind_i64(&q, 6, as->judged);
	pat_lite_bind_i64(&q, 7, done->count);
	pat_lite_bind_i64(&q, 8, done->first_s);
	pat_lite_bind_i64(&q, 9, done->last_s);
	pat_lite_bind_i64(&q, 10, day_of(done->last_s));
	return pat_lite_run(&q);
}

static int note_done(struct pat_lite_tx *tx, const struct pat_usage_done *done)
{
	static const struct pat_usage_operation others = { .judged = false };
	int e = token_there(tx, done->number);

	if (e <= 0)
		return e;
	e = done_full(tx, done);
	return e < 0 ? e : done_put(tx, done, e == 1 ? &others : &done->operation);
}

static int seen_put(struct pat_lite_tx *tx, const struct pat_usage_seen *seen)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		tx->conn, "INSERT INTO usage_client (token, network, family, first, last, day)"
			  " VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
			  " ON CONFLICT (token, network, family) DO UPDATE SET"
			  " last = max(last, excluded.last), day = max(day, excluded.day)");

	pat_lite_bind_i64(&q, 1, seen->number);
	pat_lite_bind_text(&q, 2, seen->client.network, sizeof(seen->client.network));
	pat_lite_bind_text(&q, 3, seen->client.family, sizeof(seen->client.family));
	pat_lite_bind_i64(&q, 4, seen->first_s);
	pat_lite_bind_i64(&q, 5, seen->last_s);
	pat_lite_bind_i64(&q, 6, day_of(seen->last_s));
	return pat_lite_run(&q);
}

static int note_seen(struct pat_lite_tx *tx, const struct pat_usage_seen *seen)
{
	int e = token_there(tx, seen->number);

	if (e <= 0)
		return e;
	e = seen_put(tx, seen);
	if (e < 0)
		return e;
	return PAT_LITE_DO(
		tx->conn,
		"DELETE FROM usage_client WHERE token = ?1 AND (network, family) NOT IN"
		" (SELECT network, family FROM usage_client WHERE token = ?1 ORDER BY last DESC, first DESC LIMIT ?2)",
		seen->number, PAT_USAGE_CLIENTS_MAX);
}

static int last_put(struct pat_lite_tx *tx, const struct pat_usage_last *last)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		tx->conn,
		"INSERT INTO usage_last (token, at, address, agent, day) VALUES (?1, ?2, ?3, ?4, ?5)"
		" ON CONFLICT (token) DO UPDATE SET at = excluded.at, address = excluded.address,"
		" agent = excluded.agent, day = excluded.day WHERE excluded.at >= at");

	pat_lite_bind_i64(&q, 1, last->number);
	pat_lite_bind_i64(&q, 2, last->at_s);
	pat_lite_bind_text(&q, 3, last->address, sizeof(last->address));
	pat_lite_bind_text(&q, 4, last->agent, sizeof(last->agent));
	pat_lite_bind_i64(&q, 5, day_of(last->at_s));
	return pat_lite_run(&q);
}

static int turns_put(struct pat_lite_tx *tx, int64_t number, const struct pat_usage_turns *turns)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		tx->conn, "UPDATE usage_last SET turns = ?2, network_a = ?3, family_a = ?4,"
			  " network_b = ?5, family_b = ?6 WHERE token = ?1");

	pat_lite_bind_i64(&q, 1, number);
	pat_lite_bind_i64(&q, 2, turns->at_s);
	for (int i = 0; i < 2; i++) {
		const struct pat_usage_client *client = &turns->clients[i];

		pat_lite_bind_text(&q, 3 + 2 * i, client->network, sizeof(client->network));
		pat_lite_bind_text(&q, 4 + 2 * i, client->family, sizeof(client->family));
	}
	return pat_lite_run(&q);
}

static int note_last(struct pat_lite_tx *tx, const struct pat_usage_last *last)
{
	int e = token_there(tx, last->number);

	if (e <= 0)
		return e;
	e = last_put(tx, last);
	return e == 0 && last->turns.at_s > 0 ? turns_put(tx, last->number, &last->turns) : e;
}

static int note_op(struct pat_lite_tx *tx, void *arg)
{
	const struct pat_usage_notes *notes = arg;
	int e = 0;

	for (size_t i = 0; i < notes->n_done && e == 0; i++)
		e = note_done(tx, &notes->done[i]);
	for (size_t i = 0; i < notes->n_seen && e == 0; i++)
		e = note_seen(tx, &notes->seen[i]);
	for (size_t i = 0; i < notes->n_last && e == 0; i++)
		e = note_last(tx, &notes->last[i]);
	return e;
}

int pat_lite_usage_note(struct pat_store *store, const struct pat_usage_notes *notes)
{
	struct pat_usage_notes op = *notes;

	return pat_lite_write(store, note_op, &op);
}

/* ---- Looking. Days up to and including `before` are forgotten, whether or not their rows are gone. */

static int view_days(struct pat_lite_conn *conn, int64_t number, int64_t before,
                     struct pat_usage_view *ret)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		conn, "SELECT day, count FROM usage_day WHERE token = ?1 AND day > ?2");
	int e = 0;

	pat_lite_bind_i64(&q, 1, number);
	pat_lite_bind_i64(&q, 2, before);
	while ((e = pat_lite_step(&q)) > 0) {
		int64_t at = pat_lite_i64(&q, 0) - before - 1;

		if (at < PAT_USAGE_DAYS)
			ret->days[at] = pat_lite_i64(&q, 1);
	}
	return e;
}

static int view_done(struct pat_lite_conn *conn, int64_t number, int64_t before,
                     struct pat_usage_view *ret)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		conn,
		"SELECT product, method, name, scopes, judged, count, first, last FROM usage_operation"
		" WHERE token = ?1 AND day > ?2 ORDER BY count DESC, last DESC LIMIT ?3");
	int e = 0;

	pat_lite_bind_i64(&q, 1, number);
	pat_lite_bind_i64(&q, 2, before);
	pat_lite_bind_i64(&q, 3, PAT_USAGE_OPERATIONS_MAX);
	while (ret->n_done < PAT_USAGE_OPERATIONS_MAX && (e = pat_lite_step(&q)) > 0) {
		struct pat_usage_done *done = &ret->done[ret->n_done++];
		struct pat_usage_operation *operation = &done->operation;

		done->number = number;
		pat_lite_text(&q, 0, operation->product, sizeof(operation->product));
		pat_lite_text(&q, 1, operation->method, sizeof(operation->method));
		pat_lite_text(&q, 2, operation->name, sizeof(operation->name));
		pat_lite_text(&q, 3, operation->scopes, sizeof(operation->scopes));
		operation->judged = pat_lite_i64(&q, 4) != 0;
		done->count = pat_lite_i64(&q, 5);
		done->first_s = pat_lite_i64(&q, 6);
		done->last_s = pat_lite_i64(&q, 7);
	}
	return e < 0 ? e : q.malformed ? -EIO : 0;
}

static int view_seen(struct pat_lite_conn *conn, int64_t number, int64_t before,
                     struct pat_usage_view *ret)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		conn, "SELECT network, family, first, last FROM usage_client"
		      " WHERE token = ?1 AND day > ?2 ORDER BY last DESC, first DESC LIMIT ?3");
	int e = 0;

	pat_lite_bind_i64(&q, 1, number);
	pat_lite_bind_i64(&q, 2, before);
	pat_lite_bind_i64(&q, 3, PAT_USAGE_CLIENTS_MAX);
	while (ret->n_seen < PAT_USAGE_CLIENTS_MAX && (e = pat_lite_step(&q)) > 0) {
		struct pat_usage_seen *seen = &ret->seen[ret->n_seen++];

		seen->number = number;
		pat_lite_text(&q, 0, seen->client.network, sizeof(seen->client.network));
		pat_lite_text(&q, 1, seen->client.family, sizeof(seen->client.family));
		seen->first_s = pat_lite_i64(&q, 2);
		seen->last_s = pat_lite_i64(&q, 3);
	}
	return e < 0 ? e : q.malformed ? -EIO : 0;
}

static int view_last(struct pat_lite_conn *conn, int64_t number, int64_t before,
                     struct pat_usage_last *ret)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		conn,
		"SELECT at, address, agent, turns, network_a, family_a, network_b, family_b FROM usage_last"
		" WHERE token = ?1 AND day > ?2");

	pat_lite_bind_i64(&q, 1, number);
	pat_lite_bind_i64(&q, 2, before);
	int e = pat_lite_step(&q);
	if (e <= 0)
		return e;
	ret->number = number;
	ret->at_s = pat_lite_i64(&q, 0);
	pat_lite_text(&q, 1, ret->address, sizeof(ret->address));
	pat_lite_text(&q, 2, ret->agent, sizeof(ret->agent));
	ret->turns.at_s = pat_lite_i64(&q, 3);
	for (int i = 0; i < 2; i++) {
		struct pat_usage_client *client = &ret->turns.clients[i];

		pat_lite_text(&q, 4 + 2 * i, client->network, sizeof(client->network));
		pat_lite_text(&q, 5 + 2 * i, client->family, sizeof(client->family));
	}
	return q.malformed ? -EIO : 0;
}

int pat_lite_usage_view(struct pat_store *store, int64_t number, int64_t now_s,
                        struct pat_usage_view *ret)
{
	pat_cleanup(pat_lite_reader_done) struct pat_lite_reader reader = { 0 };
	int64_t before = day_of(now_s) - PAT_USAGE_DAYS;

	memset(ret, 0, sizeof(*ret));
	ret->now_s = now_s;
	int e = pat_lite_reader_take(store, &reader);
	if (e == 0)
		e = view_days(reader.conn, number, before, ret);
	if (e == 0)
		e = view_done(reader.conn, number, before, ret);
	if (e == 0)
		e = view_seen(reader.conn, number, before, ret);
	return e == 0 ? view_last(reader.conn, number, before, &ret->last) : e;
}

/* ---- Forgetting. */

struct prune_op {
	int64_t before;
	bool more;
};

static int prune_one(struct pat_lite_tx *tx, struct prune_op *op, const char *sql)
{
	int e = pat_lite_do_with(tx->conn, sql, &op->before, 1);

	op->more |= e == 0 && sqlite3_changes(tx->conn->db) > 0;
	return e;
}

static int prune_op(struct pat_lite_tx *tx, void *arg)
{
	static const char *const all[] = {
		"DELETE FROM usage_day WHERE (token, day) IN"
		" (SELECT token, day FROM usage_day WHERE day <= ?1 LIMIT " PRUNE_ROWS ")",
		"DELETE FROM usage_operation WHERE (token, product, method, name, scopes) IN"
		" (SELECT token, product, method, name, scopes FROM usage_operation WHERE day <= ?1"
		" LIMIT " PRUNE_ROWS ")",
		"DELETE FROM usage_client WHERE (token, network, family) IN"
		" (SELECT token, network, family FROM usage_client WHERE day <= ?1 LIMIT " PRUNE_ROWS
		")",
		"DELETE FROM usage_last WHERE token IN"
		" (SELECT token FROM usage_last WHERE day <= ?1 LIMIT " PRUNE_ROWS ")",
	};
	int e = 0;

	for (size_t i = 0; i < PAT_ARRAY_LEN(all) && e == 0; i++)
		e = prune_one(tx, arg, all[i]);
	return e;
}

int pat_lite_usage_prune(struct pat_store *store, int64_t now_s, bool *ret_more)
{
	struct prune_op op = { .before = day_of(now_s) - PAT_USAGE_DAYS };

	int e = pat_lite_write(store, prune_op, &op);
	if (e == 0)
		*ret_more = op.more;
	return e;
}
