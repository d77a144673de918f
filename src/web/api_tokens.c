/* SPDX-License-Identifier: Apache-2.0
 *
 * Personal access tokens: list, look, revoke. Generating is api_generate.c. The token's own text is
 * never here: a record does not have it.
 */
#include "web/api_tokens.h"

#include <stdio.h>
#include <string.h>

#include "base/codec.h"
#include "base/log.h"
#include "web/api.h"
#include "web/api_limits.h"
#include "web/param.h"

#define PAGE_MAX   100
#define PAGE_USUAL 50

/* ---- Writing a token. */

void pat_api_write_scopes(struct pat_json_writer *w, const char *scopes)
{
	const char *cursor = scopes;
	const char *name = NULL;
	size_t len = 0;

	pat_json_open(w, "scopes", '[');
	while (pat_scopes_next(&cursor, &name, &len))
		pat_json_text_n(w, NULL, name, len);
	pat_json_close(w, ']');
}

/* A time that may not have come about: null. */
static void write_moment(struct pat_json_writer *w, const char *key, bool known, int64_t time_s)
{
	if (known)
		pat_json_time(w, key, time_s);
	else
		pat_json_text(w, key, NULL);
}

static const char *reason_word(enum pat_revoke_reason reason)
{
	switch (reason) {
	case PAT_REVOKE_OWNER:
		return "owner";
	case PAT_REVOKE_PERSON_DISABLED:
		return "person_disabled";
	case PAT_REVOKE_MAKER:
		return "maker_revoked";
	case PAT_REVOKE_ADMINISTRATOR:
		return "administrator";
	case PAT_REVOKE_ROTATED:
		return "rotated";
	case PAT_REVOKE_NONE:
	default:
		return NULL;
	}
}

void pat_api_write_token(struct pat_call *call, struct pat_json_writer *w,
                         const struct pat_record *record)
{
	char tid[PAT_TID_CHARS + 1];
	char maker[PAT_TID_CHARS + 1];
	char replaced_by[PAT_TID_CHARS + 1];
	char hint[64];

	pat_record_tid(record->digest, tid);
	pat_hex_encode(record->maker, PAT_TID_BYTES, maker);
	pat_hex_encode(record->replaced_by, PAT_TID_BYTES, replaced_by);
	(void)snprintf(hint, sizeof(hint), "%s_…%s",
	               pat_core_settings(call->context->core)->token_prefix, record->hint);
	pat_json_text(w, "id", tid);
	pat_json_text(w, "name", record->name);
	pat_json_text(w, "note", record->note);
	pat_json_text(w, "hint", hint);
	pat_api_write_scopes(w, record->scopes);
	pat_api_write_limits(w, record->limits);
	pat_json_text(w, "state", pat_core_token_state(call->context->core, record));
	pat_json_time(w, "created_at", record->issued_s);
	pat_json_text(w, "made_by", pat_record_made(record) ? maker : NULL);
	pat_json_text(w, "replaced_by", pat_record_replaced(record) ? replaced_by : NULL);
	write_moment(w, "expires_at", record->expires_s != PAT_NEVER, record->expires_s);
	write_moment(w, "last_used_at", record->last_used_s != 0, record->last_used_s);
	pat_json_number(w, "use_count", record->use_count);
	write_moment(w, "revoked_at", record->state == PAT_RECORD_REVOKED, record->revoked_s);
	pat_json_text(w, "revoked_reason", reason_word(record->revoked_reason));
	pat_json_number(w, "seq",
	                record->revoked_seq > record->seq ? record->revoked_seq : record->seq);
}

/* Where and how soon what was taken away is no longer accepted. */
void pat_api_write_receipt(struct pat_call *call, struct pat_json_writer *w)
{
	static const char *const how[] = { "pending", "stopped", "gone", "lease_over" };
	const struct pat_receipt *receipt = &call->receipt;

	if (!receipt->effective || receipt->n == 0)
		return;
	pat_json_open(w, "receipt", '{');
	pat_json_number(w, "seq", receipt->seq);
	pat_json_number(w, "ms", receipt->ms);
	pat_json_open(w, "nodes", '[');
	for (size_t i = 0; i < receipt->n; i++) {
		pat_json_open(w, NULL, '{');
		pat_json_text(w, "node", receipt->nodes[i].label);
		pat_json_text(w, "how", how[receipt->nodes[i].how]);
		pat_json_number(w, "ms", receipt->nodes[i].ms);
		pat_json_close(w, '}');
	}
	pat_json_close(w, ']');
	pat_json_close(w, '}');
}

int pat_api_answer_token(struct pat_call *call, const struct pat_record *record)
{
	struct pat_json_writer w = pat_call_json(call, 200);

	pat_json_open(&w, NULL, '{');
	pat_api_write_token(call, &w, record);
	pat_api_write_receipt(call, &w);
	pat_json_close(&w, '}');
	return 0;
}

void pat_api_log_token(const struct pat_call *call, const char *event,
                       const struct pat_record *record)
{
	char tid[PAT_TID_CHARS + 1];
	char person[PAT_NUM_BYTES];

	pat_record_tid(record->digest, tid);
	pat_log(PAT_LOG_INFO, event, "tid", tid, "person", pat_num(person, record->owner), "by",
	        call->by, "scopes", record->scopes, "address", call->request->address, "request_id",
	        call->request->request_id, NULL);
}

/* ---- Listing. */

struct page_request {
	enum pat_token_filter filter;
	unsigned limit;
	int64_t before;
};

static bool parse_limit(const char *text, int64_t *ret)
{
	return pat_http_number(text, ret) && *ret <= PAGE_MAX;
}

static bool parse_filter(const char *text, enum pat_token_filter *ret)
{
	static const char *const names[] = {
		[PAT_TOKENS_ALL] = "all",
		[PAT_TOKENS_LIVE] = "live",
		[PAT_TOKENS_ENDED] = "ended",
	};

	for (size_t i = 0; i < PAT_ARRAY_LEN(names); i++) {
		if (strcmp(text, names[i]) != 0)
			continue;
		*ret = (enum pat_token_filter)i;
		return true;
	}
	return false;
}

/* Reads a query parameter that may be absent or empty: whether there is a value to look at. A parameter
 * that can not be read becomes a text that no parser accepts. */
static bool query_value(struct pat_call *call, const char *name, char out[static 32])
{
	int r = pat_request_query(call->request, name, out, 32);

	if (r < 0)
		(void)snprintf(out, 32, "?");
	return r < 0 || (r == 1 && out[0] != '\0');
}

/* The name of the parameter at fault, or NULL. */
static const char *parse_page(struct pat_call *call, struct page_request *ret)
{
	char text[32];
	int64_t number = PAGE_USUAL;

	*ret = (struct page_request){ .filter = PAT_TOKENS_ALL };
	if (query_value(call, "state", text) && !parse_filter(text, &ret->filter))
		return "state";
	if (query_value(call, "limit", text) && !parse_limit(text, &number))
		return "limit";
	ret->limit = (unsigned)number;
	if (query_value(call, "cursor", text) && !pat_http_number(text, &ret->before))
		return "cursor";
	return NULL;
}

struct page {
	struct pat_call *call;
	struct pat_json_writer w;
	unsigned left;
	bool more;
	int64_t last; /* number of the last token written */
};

static int page_add(void *arg, const struct pat_record *record)
{
	struct page *page = arg;

	if (page->left == 0) {
		page->more = true;
		return 0;
	}
	page->left--;
	page->last = record->number;
	pat_json_open(&page->w, NULL, '{');
	pat_api_write_token(page->call, &page->w, record);
	pat_json_close(&page->w, '}');
	return 0;
}

int pat_api_list_tokens(struct pat_call *call, const struct pat_signed_in *owner)
{
	static const char *const known[] = { "state", "limit", "cursor", NULL };
	struct page_request request = { 0 };

	int r = pat_param_known(call, known);
	if (r != 0)
		return r;
	const char *bad = parse_page(call, &request);
	if (bad)
		return pat_call_refuse(call, PAT_REASON_BAD_VALUE, bad);

	struct page page = { .call = call, .w = pat_call_json(call, 200), .left = request.limit };
	pat_json_open(&page.w, NULL, '{');
	pat_json_open(&page.w, "tokens", '[');
	/* One more than is shown says whether there is another page. */
	r = pat_core_token_list(call->context->core, owner, request.filter, request.before,
	                        request.limit + 1, page_add, &page);
	if (r != 0)
		return pat_call_refuse_core(call, r, NULL, 0);
	pat_json_close(&page.w, ']');
	if (page.more)
		pat_json_id(&page.w, "next_cursor", page.last);
	else
		pat_json_text(&page.w, "next_cursor", NULL);
	pat_json_close(&page.w, '}');
	pat_call_tag(call);
	return 0;
}

int pat_api_tokens_get(struct pat_call *call)
{
	return pat_api_list_tokens(call, &call->who);
}

/* ---- One token. */

bool pat_api_parse_tid(const struct pat_call *call, uint8_t tid[static PAT_TID_BYTES])
{
	return pat_hex_decode(call->id, strlen(call->id), tid, PAT_TID_BYTES) == 0;
}

int pat_api_token_get(struct pat_call *call)
{
	uint8_t tid[PAT_TID_BYTES];
	struct pat_record record;

	if (!pat_api_parse_tid(call, tid))
		return pat_call_refuse(call, PAT_REASON_NOT_FOUND, NULL);
	int r = pat_core_token_get(call->context->core, &call->who, tid, &record);
	return r == 0 ? pat_api_answer_token(call, &record)
	              : pat_call_refuse_core(call, r, NULL, 0);
}

/* Takes scopes away: `scopes` are those that it keeps. */
int pat_api_token_patch(struct pat_call *call)
{
	struct pat_json_field fields[] = { { .name = "scopes", .type = PAT_JSON_TEXTS } };
	pat_cleanup(pat_json_decrefp) json_t *body = NULL;
	const char *scopes[PAT_SCOPES_MAX];
	uint8_t tid[PAT_TID_BYTES];
	struct pat_record record;

	if (!pat_api_parse_tid(call, tid))
		return pat_call_refuse(call, PAT_REASON_NOT_FOUND, NULL);
	int r = pat_call_read(call, fields, PAT_ARRAY_LEN(fields), &body);
	if (r != 0)
		return r;
	size_t n = json_array_size(fields[0].list);
	if (n > PAT_SCOPES_MAX)
		return pat_call_refuse(call, PAT_REASON_TOO_MANY_SCOPES, "scopes");
	for (size_t i = 0; i < n; i++)
		scopes[i] = json_string_value(json_array_get(fields[0].list, i));
	r = pat_core_token_narrow(call->context->core, &call->who, tid, scopes, n, &call->actor,
	                          &record, &call->receipt);
	if (pat_core_made(r))
		pat_api_log_token(call, "token.narrowed", &record);
	if (r != 0)
		return pat_call_refuse_core(call, r, NULL, 0);
	return pat_api_answer_token(call, &record);
}

int pat_api_token_delete(struct pat_call *call)
{
	uint8_t tid[PAT_TID_BYTES];
	struct pat_record record;

	if (!pat_api_parse_tid(call, tid))
		return pat_call_refuse(call, PAT_REASON_NOT_FOUND, NULL);
	int r = pat_core_token_revoke(call->context->core, &call->who, tid, &call->actor, &record,
	                              &call->receipt);
	if (pat_core_made(r))
		pat_api_log_token(call, "token.revoked", &record);
	if (r != 0)
		return pat_call_refuse_core(call, r, NULL, 0);
	return pat_api_answer_token(call, &record);
}
