/* SPDX-License-Identifier: Apache-2.0
 *
 * What one's own token was used for in the last PAT_USAGE_DAYS days, and what it therefore need not have.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "web/api.h"
#include "web/api_tokens.h"

#define TURNS_TOLD_S (7 * (int64_t)PAT_DAY_S)
#define UNTOLD_PART \
	10 /* more than one in so many uses that nobody told of: too many to say what it needs */
#define DATE_TEXT_LENGTH 10

/* "" is what is not known: null. */
static void write_known(struct pat_json_writer *w, const char *key, const char *text)
{
	pat_json_text(w, key, *text ? text : NULL);
}

static void write_days(struct pat_json_writer *w, const struct pat_usage_view *usage, int64_t now_s)
{
	char time[PAT_TIME_TEXT_BYTES];

	pat_json_open(w, "days", '[');
	for (int64_t i = 0; i < PAT_USAGE_DAYS; i++) {
		pat_time_format(now_s - (PAT_USAGE_DAYS - 1 - i) * PAT_DAY_S, time);
		pat_json_open(w, NULL, '{');
		pat_json_text_n(w, "date", time, DATE_TEXT_LENGTH);
		pat_json_number(w, "count", usage->days[i]);
		pat_json_close(w, '}');
	}
	pat_json_close(w, ']');
}

static void write_operations(struct pat_json_writer *w, const struct pat_usage_view *usage)
{
	pat_json_open(w, "operations", '[');
	for (size_t i = 0; i < usage->n_done; i++) {
		const struct pat_usage_done *done = &usage->done[i];

		pat_json_open(w, NULL, '{');
		write_known(w, "product", done->operation.product);
		write_known(w, "method", done->operation.method);
		write_known(w, "operation", done->operation.name);
		pat_api_write_scopes(w, done->operation.scopes);
		pat_json_number(w, "count", done->count);
		pat_json_time(w, "first_used_at", done->first_s);
		pat_json_time(w, "last_used_at", done->last_s);
		pat_json_close(w, '}');
	}
	pat_json_close(w, ']');
}

/* ---- Scopes. */

static bool is_used(const struct pat_usage_view *usage, const char *name, size_t len)
{
	char scope[PAT_SCOPE_BYTES_MAX + 1];

	pat_assert(len < sizeof(scope));
	memcpy(scope, name, len); /* UNSAFE: asserted above */
	scope[len] = '\0';
	for (size_t i = 0; i < usage->n_done; i++)
		if (pat_scopes_has(usage->done[i].operation.scopes, scope))
			return true;
	return false;
}

static void write_scopes(struct pat_json_writer *w, const char *key, const char *scopes,
                         const struct pat_usage_view *usage, bool used)
{
	const char *name = NULL;
	size_t len = 0;

	pat_json_open(w, key, '[');
	while (pat_scopes_next(&scopes, &name, &len))
		if (is_used(usage, name, len) == used)
			pat_json_text_n(w, NULL, name, len);
	pat_json_close(w, ']');
}

/* Whether the scopes that were used are known to be all: something else may have looked at what the token has, and uses
 * may have been counted that nobody told of. */
static bool scopes_known(const struct pat_usage_view *usage)
{
	int64_t counted = 0;
	int64_t told = 0;

	for (size_t i = 0; i < PAT_USAGE_DAYS; i++)
		counted += usage->days[i];
	for (size_t i = 0; i < usage->n_done; i++) {
		if (!usage->done[i].operation.judged)
			return false;
		told += usage->done[i].count;
	}
	return told > 0 && (counted - told) * UNTOLD_PART <= counted;
}

/* ---- Clients. */

static void write_client(struct pat_json_writer *w, const struct pat_usage_client *client)
{
	write_known(w, "network", client->network);
	write_known(w, "agent", client->family);
}

static void write_last(struct pat_json_writer *w, const struct pat_usage_last *last)
{
	if (last->at_s == 0) {
		pat_json_text(w, "last_used", NULL);
		return;
	}
	pat_json_open(w, "last_used", '{');
	pat_json_time(w, "at", last->at_s);
	write_known(w, "address", last->address);
	write_known(w, "agent", last->agent);
	pat_json_close(w, '}');
}

static void write_clients(struct pat_json_writer *w, const struct pat_usage_view *usage)
{
	pat_json_open(w, "clients", '[');
	for (size_t i = 0; i < usage->n_seen; i++) {
		pat_json_open(w, NULL, '{');
		write_client(w, &usage->seen[i].client);
		pat_json_time(w, "first_used_at", usage->seen[i].first_s);
		pat_json_time(w, "last_used_at", usage->seen[i].last_s);
		pat_json_close(w, '}');
	}
	pat_json_close(w, ']');
}

static void write_turns(struct pat_json_writer *w, const struct pat_usage_turns *turns,
                        int64_t now_s)
{
	if (turns->at_s == 0 || turns->at_s < now_s - TURNS_TOLD_S) {
		pat_json_text(w, "concurrent", NULL);
		return;
	}
	pat_json_open(w, "concurrent", '{');
	pat_json_time(w, "at", turns->at_s);
	pat_json_open(w, "clients", '[');
	for (size_t i = 0; i < 2; i++) {
		pat_json_open(w, NULL, '{');
		write_client(w, &turns->clients[i]);
		pat_json_close(w, '}');
	}
	pat_json_close(w, ']');
	pat_json_close(w, '}');
}

/* ---- The answer. */

static void write_usage(struct pat_call *call, const struct pat_record *record,
                        const struct pat_usage_view *usage)
{
	struct pat_json_writer w = pat_call_json(call, 200);
	int64_t now_s = usage->now_s;

	pat_json_open(&w, NULL, '{');
	write_days(&w, usage, now_s);
	write_operations(&w, usage);
	write_scopes(&w, "scopes_used", record->scopes, usage, true);
	write_scopes(&w, "scopes_unused", record->scopes, usage, false);
	pat_json_bool(&w, "scopes_known", scopes_known(usage));
	write_last(&w, &usage->last);
	write_clients(&w, usage);
	write_turns(&w, &usage->last.turns, now_s);
	pat_json_close(&w, '}');
}

int pat_api_token_usage_get(struct pat_call *call)
{
	pat_cleanup(pat_freep) struct pat_usage_view *usage = malloc(sizeof(*usage));
	uint8_t tid[PAT_TID_BYTES];
	struct pat_record record;

	if (!usage)
		return -ENOMEM;
	if (!pat_api_parse_tid(call, tid))
		return pat_call_refuse(call, PAT_REASON_NOT_FOUND, NULL);
	int r = pat_core_token_usage(call->context->core, &call->who, tid, &record, usage);
	if (r != 0)
		return pat_call_refuse_core(call, r, NULL, 0);
	write_usage(call, &record, usage);
	return 0;
}
