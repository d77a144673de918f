/* SPDX-License-Identifier: Apache-2.0
 *
 * The tests speak SQLite's SQL where the two differ: a literal of bytes, a function that makes zeros, and how references
 * between tables are left unchecked. These are put into PostgreSQL's words here.
 */
#include "tests/contract/postgres_place.h"

#include <sys/stat.h>

#include "tests/contract/postgres_cluster.h"
#include "tests/contract/postgres_proxy.h"

#define SQL_BYTES_MAX 4096

static void start(struct contract *c)
{
	static char wire[48];

	postgres_cluster_start();
	if (wire[0] == '\0') {
		(void)snprintf(wire, sizeof(wire), "%.40s/wire", postgres_cluster_folder());
		assert_int_equal(mkdir(wire, 0700), 0);
		postgres_proxy_start(wire, postgres_cluster_folder());
	}
	test_folder(c->folder);
	postgres_cluster_sql(
		"SET client_min_messages = error; DROP SCHEMA public CASCADE; CREATE SCHEMA public;"
		"CREATE FUNCTION zeroblob(int) RETURNS bytea LANGUAGE sql"
		" AS $$ SELECT decode(repeat('00', $1), 'hex') $$;"
		"CREATE FUNCTION hex(bytea) RETURNS text LANGUAGE sql AS $$ SELECT encode($1, 'hex') $$",
		NULL, 0);
	(void)snprintf(c->location, sizeof(c->location), "postgresql:///postgres?user=patd&host=%s",
	               wire);
}

static void stop(struct contract *c)
{
	test_folder_remove(c->folder);
}

static void translate(const char *text, char out[static SQL_BYTES_MAX])
{
	static const char untied[] = "PRAGMA foreign_keys = OFF;";
	static const char tied[] = "; RESET session_replication_role";
	bool unties = strncmp(text, untied, strlen(untied)) == 0;
	bool quoted = false;
	size_t n = 0;

	out[0] = '\0';
	if (unties) {
		n = (size_t)snprintf(out, SQL_BYTES_MAX, "SET session_replication_role = replica;");
		text += strlen(untied);
	}
	for (; *text; text++) {
		assert_true(n + 4 < SQL_BYTES_MAX);
		if (!quoted && strncmp(text, "x'", 2) == 0) {
			memcpy(out + n, "'\\x", 3);
			n += 3;
			text++;
			quoted = true;
		} else {
			quoted ^= *text == '\'';
			out[n++] = *text;
		}
	}
	assert_true(n + sizeof(tied) < SQL_BYTES_MAX);
	(void)snprintf(out + n, SQL_BYTES_MAX - n, "%s", unties ? tied : "");
}

static void sql(struct contract *c, const char *text)
{
	char own[SQL_BYTES_MAX];

	(void)c;
	translate(text, own);
	postgres_cluster_sql(own, NULL, 0);
}

static int64_t sql_i64(struct contract *c, const char *text)
{
	char value[32];

	(void)c;
	postgres_cluster_sql(text, value, sizeof(value));
	return value[0] == 't' ? 1 : strtoll(value, NULL, 10);
}

/* A commit that the server has answered is on disk: that is what fsync and synchronous_commit are for. */
static bool durable(void)
{
	return !postgres_proxy_committing();
}

void postgres_place_direct(struct contract *c)
{
	(void)snprintf(c->location, sizeof(c->location),
	               "postgresql:///postgres?user=patd&host=%.40s", postgres_cluster_folder());
}

/* ---- What is in it. Each of these is one statement, composed by the server. */

static void do_each(const char *what, const char *name)
{
	char text[1024];

	(void)snprintf(text, sizeof(text),
	               "DO $$ DECLARE t text; BEGIN"
	               " FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP"
	               " EXECUTE format('%s', t); END LOOP; END $$",
	               what);
	char *at = NULL;
	while ((at = strstr(text, "NAME")))
		memcpy(at, name, 4);
	postgres_cluster_sql(text, NULL, 0);
}

void postgres_place_keep(const char *name)
{
	char text[128];

	assert_int_equal(strlen(name), 4);
	(void)snprintf(
		text, sizeof(text),
		"SET client_min_messages = error; DROP SCHEMA IF EXISTS %s CASCADE; CREATE SCHEMA %s",
		name, name);
	postgres_cluster_sql(text, NULL, 0);
	do_each("CREATE TABLE NAME.%1$I AS TABLE public.%1$I", name);
}

void postgres_place_put(const char *name)
{
	postgres_cluster_sql("SET session_replication_role = replica", NULL, 0);
	do_each("DELETE FROM public.%1$I; INSERT INTO public.%1$I SELECT * FROM NAME.%1$I", name);
	postgres_cluster_sql("RESET session_replication_role", NULL, 0);
}

struct postgres_state postgres_place_state(void)
{
	struct postgres_state state;

	postgres_cluster_sql(
		"SELECT md5(concat((SELECT concat(seq, ' ', audit, ' ', time, ' ', session) FROM head),"
		" (SELECT string_agg(t::text, chr(10) ORDER BY t.id) FROM setup t),"
		" (SELECT string_agg(t::text, chr(10) ORDER BY t.id) FROM person t),"
		" (SELECT string_agg(t::text, chr(10) ORDER BY t.person) FROM portal_person t),"
		" (SELECT string_agg(t::text, chr(10) ORDER BY t.hash) FROM portal_link t),"
		" (SELECT string_agg(t::text, chr(10)) FROM notice t),"
		" (SELECT string_agg(t::text, chr(10) ORDER BY t.audit) FROM former_email t),"
		" (SELECT string_agg(t::text, chr(10) ORDER BY t.person) FROM picture t),"
		" (SELECT string_agg(t::text, chr(10) ORDER BY t.id) FROM session t),"
		" (SELECT string_agg(t::text, chr(10) ORDER BY t.person, t.address) FROM sign_in t),"
		" (SELECT string_agg(t::text, chr(10) ORDER BY t.id) FROM scope_set t),"
		" (SELECT string_agg(t::text, chr(10) ORDER BY t.number) FROM token t),"
		" (SELECT string_agg(t::text, chr(10) ORDER BY t.person, t.key) FROM idempotency t),"
		" (SELECT string_agg(t::text, chr(10) ORDER BY t.seq) FROM change t),"
		" (SELECT string_agg(t::text, chr(10) ORDER BY t.id) FROM audit t),"
		" (SELECT string_agg(t::text, chr(10) ORDER BY t.name) FROM product t),"
		" (SELECT string_agg(t::text, chr(10) ORDER BY t.name) FROM service t),"
		" (SELECT string_agg(t::text, chr(10) ORDER BY t.token, t.day) FROM usage_day t),"
		" (SELECT string_agg(t::text, chr(10) ORDER BY t.token, t.name) FROM usage_operation t),"
		" (SELECT string_agg(t::text, chr(10) ORDER BY t.token, t.network) FROM usage_client t),"
		" (SELECT string_agg(t::text, chr(10) ORDER BY t.token) FROM usage_last t)))",
		state.md5, sizeof(state.md5));
	return state;
}

const struct contract_backend postgres_place = {
	.name = "postgresql",
	.start = start,
	.stop = stop,
	.sql = sql,
	.sql_i64 = sql_i64,
	.syncs = postgres_proxy_commits,
	.durable = durable,
};
