/* SPDX-License-Identifier: Apache-2.0
 *
 * What administrators ask and do: people, their tokens, the audit records, the nodes. The router has seen that whoever asks is one now.
 * Lists are pages: `after` is the last id that was seen, and `next_cursor` what to say there for the next page.
 */
#include "web/api.h"

#include <string.h>

#include "base/codec.h"
#include "base/log.h"
#include "web/api_tokens.h"
#include "web/param.h"

#define PAGE_MAX   100
#define PAGE_USUAL 50

/* ---- Pages. */

struct page {
	struct pat_json_writer w;
	int64_t after;
	int64_t limit;
	int64_t left;
	bool more;
	int64_t last; /* id of what was written last */
};

/* With `filter`, the name of one more parameter, or NULL. 0, or 1 after refusing. */
static int page_read(struct pat_call *call, const char *filter, struct page *page)
{
	const char *const known[] = { "after", "limit", filter, NULL };

	*page = (struct page){ .limit = PAGE_USUAL };
	int r = pat_param_known(call, known);
	if (r == 0)
		r = pat_param_number(call, "after", 0, INT64_MAX, &page->after);
	if (r == 0)
		r = pat_param_number(call, "limit", 1, PAGE_MAX, &page->limit);
	page->left = page->limit;
	return r;
}

/* Whether there is room for what has this id; one more than is shown says that there is another page. */
static bool page_takes(struct page *page, int64_t id)
{
	page->more = page->left == 0;
	if (page->more)
		return false;
	page->left--;
	page->last = id;
	return true;
}

static void page_begin(struct pat_call *call, struct page *page, const char *what)
{
	page->w = pat_call_json(call, 200);
	pat_json_open(&page->w, NULL, '{');
	pat_json_open(&page->w, what, '[');
}

static int page_end(struct page *page)
{
	pat_json_close(&page->w, ']');
	if (page->more)
		pat_json_id(&page->w, "next_cursor", page->last);
	else
		pat_json_text(&page->w, "next_cursor", NULL);
	pat_json_close(&page->w, '}');
	return 0;
}

/* ---- People. */

static void write_fields(struct pat_json_writer *w, const struct pat_person *person)
{
	pat_json_id(w, "id", person->id);
	pat_json_text(w, "email", person->email);
	pat_json_text(w, "name", person->name);
	pat_json_bool(w, "admin", person->admin);
	pat_json_bool(w, "disabled", person->disabled);
	pat_json_time(w, "created_at", person->created_s);
	pat_json_text(w, "service", *person->service ? person->service : NULL);
	pat_json_text(w, "subject", *person->subject ? person->subject : NULL);
}

static void write_person(struct pat_json_writer *w, const struct pat_person *person)
{
	pat_json_open(w, NULL, '{');
	write_fields(w, person);
	pat_json_close(w, '}');
}

static int add_person(void *arg, const struct pat_person *person)
{
	struct page *page = arg;

	if (page_takes(page, person->id))
		write_person(&page->w, person);
	return 0;
}

/* The one whom a service knows as this, or nobody. */
static int add_named(struct pat_call *call, const char *subject, struct page *page)
{
	struct pat_person person;
	int r = pat_core_person_named(call->context->core, subject, &person);

	if (r != 0)
		return r == PAT_CORE_E_NOT_FOUND ? 0 : r;
	return person.id > page->after ? add_person(page, &person) : 0;
}

int pat_api_admin_people_get(struct pat_call *call)
{
	char subject[PAT_KNOWN_AS_BYTES_MAX + 1];
	struct page page;

	int r = page_read(call, "subject", &page);
	if (r == 0)
		r = pat_param_text(call, "subject", subject, sizeof(subject));
	if (r == 0 && subject[0] && !strchr(subject, ':'))
		r = pat_param_refuse(call, "subject", "It must be SERVICE:SUBJECT.");
	if (r != 0)
		return r;
	page_begin(call, &page, "people");
	if (subject[0])
		r = add_named(call, subject, &page);
	else
		r = pat_core_person_list(call->context->core, page.after, (unsigned)page.limit + 1,
		                         add_person, &page);
	return r == 0 ? page_end(&page) : r;
}

/* The person that stood at {id}, disabled or not. 0, or 1 after refusing, or a fault. */
static int person_named(struct pat_call *call, struct pat_person *ret)
{
	int64_t id = 0;

	int r = pat_param_id(call, call->id, &id);
	if (r != 0)
		return r;
	r = pat_core_person_known(call->context->core, id, ret);
	return r > 0 ? pat_call_refuse_core(call, r, NULL, 0) : r;
}

static int set_disabled(struct pat_call *call, struct pat_person *person, bool disabled)
{
	char number[PAT_NUM_BYTES];
	char by[PAT_NUM_BYTES];

	int r = pat_core_person_set_disabled(call->context->core, person->id, disabled,
	                                     &call->actor, &call->receipt);
	if (pat_core_made(r) && person->disabled != disabled)
		pat_log(PAT_LOG_INFO, disabled ? "person.disabled" : "person.enabled", "person",
		        pat_num(number, person->id), "via", "api", "actor",
		        pat_num(by, call->who.person.id), "by", call->by, "address",
		        call->request->address, "request_id", call->request->request_id, NULL);
	if (r != 0)
		return pat_call_refuse_core(call, r, NULL, 0);
	person->disabled = disabled;
	struct pat_json_writer w = pat_call_json(call, 200);
	pat_json_open(&w, NULL, '{');
	write_fields(&w, person);
	pat_api_write_receipt(call, &w);
	pat_json_close(&w, '}');
	return 0;
}

int pat_api_admin_person_patch(struct pat_call *call)
{
	struct pat_json_field fields[] = { { .name = "disabled", .type = PAT_JSON_BOOL } };
	pat_cleanup(pat_json_decrefp) json_t *body = NULL;
	struct pat_person person = { 0 };

	int r = pat_call_read(call, fields, PAT_ARRAY_LEN(fields), &body);
	if (r == 0)
		r = person_named(call, &person);
	if (r != 0)
		return r;
	/* The last administrator would have to go to the machine to get back in. */
	if (fields[0].flag && person.id == call->who.person.id)
		return pat_call_refuse_with(call, &(struct pat_call_refusal){
							  .reason = PAT_REASON_NOT_ALLOWED,
							  .field = "disabled",
							  .detail = "You can not disable yourself.",
						  });
	return set_disabled(call, &person, fields[0].flag);
}

/* ---- Tokens. */

int pat_api_admin_person_tokens_get(struct pat_call *call)
{
	struct pat_signed_in owner = { 0 };

	int r = person_named(call, &owner.person);
	return r == 0 ? pat_api_list_tokens(call, &owner) : r;
}

int pat_api_admin_token_delete(struct pat_call *call)
{
	uint8_t tid[PAT_TID_BYTES];
	struct pat_record record;

	if (pat_hex_decode(call->id, strlen(call->id), tid, PAT_TID_BYTES) < 0)
		return pat_call_refuse(call, PAT_REASON_NOT_FOUND, NULL);
	int r = pat_core_token_revoke_any(call->context->core, tid, &call->actor, &record,
	                                  &call->receipt);
	if (pat_core_made(r))
		pat_api_log_token(call, "token.revoked", &record);
	if (r != 0)
		return pat_call_refuse_core(call, r, NULL, 0);
	return pat_api_answer_token(call, &record);
}

/* ---- The audit records. */

/* Nobody, of what the command line and patd itself do. */
static void write_actor(struct pat_json_writer *w, int64_t actor)
{
	if (actor != 0)
		pat_json_id(w, "actor", actor);
	else
		pat_json_text(w, "actor", NULL);
}

static int add_record(void *arg, const struct pat_audit *audit)
{
	struct page *page = arg;
	struct pat_json_writer *w = &page->w;

	if (!page_takes(page, audit->id))
		return 0;
	pat_json_open(w, NULL, '{');
	pat_json_id(w, "id", audit->id);
	pat_json_time(w, "at", audit->at_s);
	write_actor(w, audit->actor);
	pat_json_text(w, "via", audit->via);
	pat_json_text(w, "action", audit->action);
	pat_json_text(w, "object", audit->object);
	pat_json_number(w, "seq", audit->seq);
	pat_json_text(w, "address", audit->address);
	pat_json_text(w, "agent", audit->agent);
	pat_json_text(w, "request_id", audit->request_id);
	pat_json_close(w, '}');
	return 0;
}

int pat_api_admin_audit_get(struct pat_call *call)
{
	struct page page;

	int r = page_read(call, NULL, &page);
	if (r != 0)
		return r;
	page_begin(call, &page, "records");
	r = pat_core_audit_list(call->context->core, page.after, (unsigned)page.limit + 1,
	                        add_record, &page);
	return r == 0 ? page_end(&page) : r;
}

/* ---- The nodes. */

static int add_node(void *arg, const struct pat_core_node_view *node)
{
	struct pat_json_writer *w = arg;

	pat_json_open(w, NULL, '{');
	pat_json_text(w, "node", node->label);
	pat_json_text(w, "incarnation", node->incarnation);
	pat_json_number(w, "lease_ms", node->lease_ms);
	pat_json_number(w, "behind", node->behind);
	pat_json_number(w, "silent_ms", node->silent_ms);
	pat_json_text(w, "state", pat_core_node_state(node));
	pat_json_bool(w, "self", node->self);
	pat_json_close(w, '}');
	return 0;
}

int pat_api_admin_nodes_get(struct pat_call *call)
{
	static const char *const known[] = { NULL };

	int r = pat_param_known(call, known);
	if (r != 0)
		return r;
	struct pat_json_writer w = pat_call_json(call, 200);
	pat_json_open(&w, NULL, '{');
	pat_json_open(&w, "nodes", '[');
	r = pat_core_node_list(call->context->core, add_node, &w);
	if (r != 0)
		return r;
	pat_json_close(&w, ']');
	pat_json_close(&w, '}');
	pat_call_tag(
		call); /* a page that asks again and again says so by it, and does not keep its session open */
	return 0;
}
