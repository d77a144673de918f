/* SPDX-License-Identifier: Apache-2.0
 *
 * Usage: what the cells of the index counted, and what verifiers told of it. Rows are found by token and end by day; the
 * indexes on `day` are what makes forgetting cheap, and change once a day and row.
 *
 * There is much of it, and the head is locked meanwhile: so that a revoke does not wait for a round trip for every token,
 * what was counted goes in one statement, and what was told in one for each entry.
 */
#include "store/postgres.h"

#include <errno.h>
#include <string.h>

#define PRUNE_ROWS "512" /* of a table in one transaction */
#define FOLD_MAX   4096  /* tokens in one statement */
#define FOLD_BYTES (FOLD_MAX * 21)

static int64_t day_of(int64_t time_s)
{
	return time_s / PAT_DAY_S;
}

/* ---- What cells counted. */

struct fold_op {
	const struct pat_usage *usage;
	size_t n;
};

/* Numbers as the text of three arrays: "{1,2}". */
static int columns_write(struct pat_buf columns[static 3], const struct pat_usage *usage, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char before = i == 0 ? '{' : ',';

		(void)pat_buf_addf(&columns[0], "%c%lld", before, (long long)usage[i].number);
		(void)pat_buf_addf(&columns[1], "%c%lld", before, (long long)usage[i].last_used_s);
		(void)pat_buf_addf(&columns[2], "%c%lld", before,
		                   (long long)usage[i].use_count_more);
	}
	int e = 0;
	for (int i = 0; i < 3 && e == 0; i++) {
		(void)pat_buf_add_str(&columns[i], "}");
		e = pat_buf_error(&columns[i]);
	}
	return e;
}

static int columns_fold(struct pat_pg_tx *tx, const struct pat_buf columns[static 3])
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q = pat_pg_query(
		tx->conn,
		"WITH used AS (SELECT number, last, more, last / $4 AS day"
		"  FROM unnest($1::int8[], $2::int8[], $3::int8[]) AS u (number, last, more)),"
		" folded AS (UPDATE token t SET last_used = greatest(t.last_used, u.last),"
		"  use_count = t.use_count + u.more FROM (SELECT number, max(last) AS last,"
		"  sum(more)::int8 AS more FROM used GROUP BY number) u"
		"  WHERE t.number = u.number RETURNING t.number)"
		" INSERT INTO usage_day AS d (token, day, count)"
		"  SELECT number, day, sum(more)::int8 FROM used JOIN folded USING (number)"
		"  WHERE more > 0 GROUP BY number, day"
		"  ON CONFLICT (token, day) DO UPDATE SET count = d.count + excluded.count");

	for (int i = 0; i < 3; i++)
		pat_pg_bind_text(&q, i + 1, columns[i].data, columns[i].len);
	pat_pg_bind_i64(&q, 4, PAT_DAY_S);
	return pat_pg_run(&q);
}

static void columns_done(struct pat_buf (*columns)[3])
{
	for (int i = 0; i < 3; i++)
		pat_buf_done(&(*columns)[i]);
}

static int fold_some(struct pat_pg_tx *tx, const struct pat_usage *usage, size_t n)
{
	pat_cleanup(columns_done) struct pat_buf columns[3] = { { 0 } };

	for (int i = 0; i < 3; i++)
		pat_buf_init(&columns[i], FOLD_BYTES + 2);
	int e = columns_write(columns, usage, n);
	return e == 0 ? columns_fold(tx, columns) : e;
}

static int fold_op(struct pat_pg_tx *tx, void *arg)
{
	const struct fold_op *op = arg;
	int e = 0;

	for (size_t i = 0; i < op->n && e == 0; i += FOLD_MAX)
		e = fold_some(tx, op->usage + i, op->n - i < FOLD_MAX ? op->n - i : FOLD_MAX);
	for (size_t i = 0; i < op->n; i++)
		if (tx->time_s < op->usage[i].last_used_s)
			tx->time_s = op->usage[i].last_used_s;
	return e;
}

int pat_pg_usage_fold(struct pat_store *store, const struct pat_usage *usage, size_t n)
{
	return pat_pg_write(store, fold_op, &(struct fold_op){ usage, n });
}

/* ---- What verifiers told. Numbers that name no token put nothing. */

/* One operation too many is counted with all others. */
static int note_done(struct pat_pg_tx *tx, const struct pat_usage_done *done)
{
	const struct pat_usage_operation *as = &done->operation;
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q = pat_pg_query(
		tx->conn,
		"WITH known AS (SELECT count(*) >= $11 AND count(*) FILTER (WHERE product = $2"
		"  AND method = $3 AND name = $4 AND scopes = $5) = 0 AS is_full"
		"  FROM usage_operation WHERE token = $1)"
		" INSERT INTO usage_operation AS o"
		"  (token, product, method, name, scopes, judged, count, first, last, day)"
		" SELECT number, CASE WHEN is_full THEN '' ELSE $2 END, CASE WHEN is_full THEN '' ELSE $3 END,"
		"  CASE WHEN is_full THEN '' ELSE $4 END, CASE WHEN is_full THEN '' ELSE $5 END,"
		"  CASE WHEN is_full THEN 0 ELSE $6 END, $7, $8, $9, $10"
		"  FROM token, known WHERE number = $1"
		" ON CONFLICT (token, product, method, name, scopes) DO UPDATE SET"
		"  judged = excluded.judged, count = o.count + excluded.count,"
		"  last = greatest(o.last, excluded.last), day = greatest(o.day, excluded.day)");

	pat_pg_bind_i64(&q, 1, done->number);
	pat_pg_bind_text(&q, 2, as->product, sizeof(as->product));
	pat_pg_bind_text(&q, 3, as->method, sizeof(as->method));
	pat_pg_bind_text(&q, 4, as->name, sizeof(as->name));
	pat_pg_bind_text(&q, 5, as->scopes, sizeof(as->scopes));
	pat_pg_bind_i64(&q, 6, as->judged);
	pat_pg_bind_i64(&q, 7, done->count);
	pat_pg_bind_i64(&q, 8, done->first_s);
	pat_pg_bind_i64(&q, 9, done->last_s);
	pat_pg_bind_i64(&q, 10, day_of(done->last_s));
	pat_pg_bind_i64(&q, 11, PAT_USAGE_OPERATIONS_MAX - 1);
	return pat_pg_run(&q);
}

static int seen_put(struct pat_pg_tx *tx, const struct pat_usage_seen *seen)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q = pat_pg_query(
		tx->conn,
		"INSERT INTO usage_client AS c (token, network, family, first, last, day)"
		" SELECT number, $2, $3, $4, $5, $6 FROM token WHERE number = $1"
		" ON CONFLICT (token, network, family) DO UPDATE SET"
		" last = greatest(c.last, excluded.last), day = greatest(c.day, excluded.day)");

	pat_pg_bind_i64(&q, 1, seen->number);
	pat_pg_bind_text(&q, 2, seen->client.network, sizeof(seen->client.network));
	pat_pg_bind_text(&q, 3, seen->client.family, sizeof(seen->client.family));
	pat_pg_bind_i64(&q, 4, seen->first_s);
	pat_pg_bind_i64(&q, 5, seen->last_s);
	pat_pg_bind_i64(&q, 6, day_of(seen->last_s));
	return pat_pg_run(&q);
}

static int note_seen(struct pat_pg_tx *tx, const struct pat_usage_seen *seen)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q = pat_pg_query(
		tx->conn,
		"DELETE FROM usage_client WHERE token = $1 AND (network, family) NOT IN"
		" (SELECT network, family FROM usage_client WHERE token = $1 ORDER BY last DESC, first DESC LIMIT $2)");

	int e = seen_put(tx, seen);
	if (e < 0)
		return e;
	pat_pg_bind_i64(&q, 1, seen->number);
	pat_pg_bind_i64(&q, 2, PAT_USAGE_CLIENTS_MAX);
	return pat_pg_run(&q);
}

static int last_put(struct pat_pg_tx *tx, const struct pat_usage_last *last)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q = pat_pg_query(
		tx->conn,
		"INSERT INTO usage_last AS l (token, at, address, agent, day)"
		" SELECT number, $2, $3, $4, $5 FROM token WHERE number = $1"
		" ON CONFLICT (token) DO UPDATE SET at = excluded.at, address = excluded.address,"
		" agent = excluded.agent, day = excluded.day WHERE excluded.at >= l.at");

	pat_pg_bind_i64(&q, 1, last->number);
	pat_pg_bind_i64(&q, 2, last->at_s);
	pat_pg_bind_text(&q, 3, last->address, sizeof(last->address));
	pat_pg_bind_text(&q, 4, last->agent, sizeof(last->agent));
	pat_pg_bind_i64(&q, 5, day_of(last->at_s));
	return pat_pg_run(&q);
}

static int turns_put(struct pat_pg_tx *tx, int64_t number, const struct pat_usage_turns *turns)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q = pat_pg_query(
		tx->conn, "UPDATE usage_last SET turns = $2, network_a = $3, family_a = $4,"
			  " network_b = $5, family_b = $6 WHERE token = $1");

	pat_pg_bind_i64(&q, 1, number);
	pat_pg_bind_i64(&q, 2, turns->at_s);
	for (int i = 0; i < 2; i++) {
		const struct pat_usage_client *client = &turns->clients[i];

		pat_pg_bind_text(&q, 3 + 2 * i, client->network, sizeof(client->network));
		pat_pg_bind_text(&q, 4 + 2 * i, client->family, sizeof(client->family));
	}
	return pat_pg_run(&q);
}

static int note_last(struct pat_pg_tx *tx, const struct pat_usage_last *last)
{
	int e = last_put(tx, last);

	return e == 0 && last->turns.at_s > 0 ? turns_put(tx, last->number, &last->turns) : e;
}

static int note_op(struct pat_pg_tx *tx, void *arg)
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

int pat_pg_usage_note(struct pat_store *store, const struct pat_usage_notes *notes)
{
	struct pat_usage_notes op = *notes;

	return pat_pg_write(store, note_op, &op);
}

/* ---- Looking. Days up to and including `before` are forgotten, whether or not their rows are gone. */

static int view_days(struct pat_pg_conn *conn, int64_t number, int64_t before,
                     struct pat_usage_view *ret)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q = pat_pg_query(
		conn, "SELECT day, count FROM usage_day WHERE token = $1 AND day > $2");
	int e = 0;

	pat_pg_bind_i64(&q, 1, number);
	pat_pg_bind_i64(&q, 2, before);
	while ((e = pat_pg_step(&q)) > 0) {
		int64_t at = pat_pg_i64(&q, 0) - before - 1;

		if (at < PAT_USAGE_DAYS)
			ret->days[at] = pat_pg_i64(&q, 1);
	}
	return e;
}

static int view_done(struct pat_pg_conn *conn, int64_t number, int64_t before,
                     struct pat_usage_view *ret)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q = pat_pg_query(
		conn,
		"SELECT product, method, name, scopes, judged, count, first, last FROM usage_operation"
		" WHERE token = $1 AND day > $2 ORDER BY count DESC, last DESC LIMIT $3");
	int e = 0;

	pat_pg_bind_i64(&q, 1, number);
	pat_pg_bind_i64(&q, 2, before);
	pat_pg_bind_i64(&q, 3, PAT_USAGE_OPERATIONS_MAX);
	while (ret->n_done < PAT_USAGE_OPERATIONS_MAX && (e = pat_pg_step(&q)) > 0) {
		struct pat_usage_done *done = &ret->done[ret->n_done++];
		struct pat_usage_operation *operation = &done->operation;

		done->number = number;
		pat_pg_text(&q, 0, operation->product, sizeof(operation->product));
		pat_pg_text(&q, 1, operation->method, sizeof(operation->method));
		pat_pg_text(&q, 2, operation->name, sizeof(operation->name));
		pat_pg_text(&q, 3, operation->scopes, sizeof(operation->scopes));
		operation->judged = pat_pg_i64(&q, 4) != 0;
		done->count = pat_pg_i64(&q, 5);
		done->first_s = pat_pg_i64(&q, 6);
		done->last_s = pat_pg_i64(&q, 7);
	}
	return e < 0 ? e : q.malformed ? -EIO : 0;
}

static int view_seen(struct pat_pg_conn *conn, int64_t number, int64_t before,
                     struct pat_usage_view *ret)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q = pat_pg_query(
		conn, "SELECT network, family, first, last FROM usage_client"
		      " WHERE token = $1 AND day > $2 ORDER BY last DESC, first DESC LIMIT $3");
	int e = 0;

	pat_pg_bind_i64(&q, 1, number);
	pat_pg_bind_i64(&q, 2, before);
	pat_pg_bind_i64(&q, 3, PAT_USAGE_CLIENTS_MAX);
	while (ret->n_seen < PAT_USAGE_CLIENTS_MAX && (e = pat_pg_step(&q)) > 0) {
		struct pat_usage_seen *seen = &ret->seen[ret->n_seen++];

		seen->number = number;
		pat_pg_text(&q, 0, seen->client.network, sizeof(seen->client.network));
		pat_pg_text(&q, 1, seen->client.family, sizeof(seen->client.family));
		seen->first_s = pat_pg_i64(&q, 2);
		seen->last_s = pat_pg_i64(&q, 3);
	}
	return e < 0 ? e : q.malformed ? -EIO : 0;
}

static int view_last(struct pat_pg_conn *conn, int64_t number, int64_t before,
                     struct pat_usage_last *ret)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q = pat_pg_query(
		conn,
		"SELECT at, address, agent, turns, network_a, family_a, network_b, family_b FROM usage_last"
		" WHERE token = $1 AND day > $2");

	pat_pg_bind_i64(&q, 1, number);
	pat_pg_bind_i64(&q, 2, before);
	int e = pat_pg_step(&q);
	if (e <= 0)
		return e;
	ret->number = number;
	ret->at_s = pat_pg_i64(&q, 0);
	pat_pg_text(&q, 1, ret->address, sizeof(ret->address));
	pat_pg_text(&q, 2, ret->agent, sizeof(ret->agent));
	ret->turns.at_s = pat_pg_i64(&q, 3);
	for (int i = 0; i < 2; i++) {
		struct pat_usage_client *client = &ret->turns.clients[i];

		pat_pg_text(&q, 4 + 2 * i, client->network, sizeof(client->network));
		pat_pg_text(&q, 5 + 2 * i, client->family, sizeof(client->family));
	}
	return q.malformed ? -EIO : 0;
}

int pat_pg_usage_view(struct pat_store *store, int64_t number, int64_t now_s,
                      struct pat_usage_view *ret)
{
	pat_cleanup(pat_pg_reader_done) struct pat_pg_reader reader = { 0 };
	int64_t before = day_of(now_s) - PAT_USAGE_DAYS;

	memset(ret, 0, sizeof(*ret));
	ret->now_s = now_s;
	int e = pat_pg_reader_take(store, &reader);
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

static int prune_one(struct pat_pg_tx *tx, struct prune_op *op, const char *sql)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q = pat_pg_query(tx->conn, sql);

	pat_pg_bind_i64(&q, 1, op->before);
	int e = pat_pg_run(&q);
	op->more |= e == 0 && pat_pg_changed(&q) > 0;
	return e;
}

static int prune_op(struct pat_pg_tx *tx, void *arg)
{
	static const char *const all[] = {
		"DELETE FROM usage_day WHERE (token, day) IN"
		" (SELECT token, day FROM usage_day WHERE day <= $1 LIMIT " PRUNE_ROWS ")",
		"DELETE FROM usage_operation WHERE (token, product, method, name, scopes) IN"
		" (SELECT token, product, method, name, scopes FROM usage_operation WHERE day <= $1"
		" LIMIT " PRUNE_ROWS ")",
		"DELETE FROM usage_client WHERE (token, network, family) IN"
		" (SELECT token, network, family FROM usage_client WHERE day <= $1 LIMIT " PRUNE_ROWS
		")",
		"DELETE FROM usage_last WHERE token IN"
		" (SELECT token FROM usage_last WHERE day <= $1 LIMIT " PRUNE_ROWS ")",
	};
	struct prune_op *op = arg;
	int e = 0;

	op->more = false;
	for (size_t i = 0; i < PAT_ARRAY_LEN(all) && e == 0; i++)
		e = prune_one(tx, op, all[i]);
	return e;
}

int pat_pg_usage_prune(struct pat_store *store, int64_t now_s, bool *ret_more)
{
	struct prune_op op = { .before = day_of(now_s) - PAT_USAGE_DAYS };

	int e = pat_pg_write(store, prune_op, &op);
	if (e == 0)
		*ret_more = op.more;
	return e;
}
