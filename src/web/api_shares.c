/* SPDX-License-Identifier: Apache-2.0
 *
 * Whom a file is shared with.
 */
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "web/api.h"
#include "web/api_files.h"

struct list {
	struct pat_call *call;
	struct pat_json_writer w;
	struct pat_people people;
};

/* The owner is shown the email address by which the share was made. */
static int write_person(struct list *l, int64_t person)
{
	struct pat_person known = { 0 };

	int r = pat_core_person_known(l->call->context->core, person, &known);
	if (r != 0)
		return r < 0 ? r : -EPROTO;
	pat_json_open(&l->w, "person", '{');
	pat_people_write_person(l->call, &l->w, &known);
	pat_json_text(&l->w, "email", known.email);
	pat_json_close(&l->w, '}');
	pat_wipe(&known, sizeof(known));
	return 0;
}

static int write_share(void *arg, const struct pat_files_share *share)
{
	struct list *l = arg;

	pat_json_open(&l->w, NULL, '{');
	int r = write_person(l, share->person);
	pat_json_text(&l->w, "role", pat_files_role_name(share->role));
	pat_json_time(&l->w, "created_at", share->created_s);
	pat_json_close(&l->w, '}');
	return r;
}

int pat_api_shares_get(struct pat_call *call)
{
	struct list l = { .call = call };
	struct pat_files_caller caller;

	int r = pat_api_files_caller(call, &caller);
	if (r != 0)
		return r;
	l.w = pat_call_json(call, 200);
	pat_json_open(&l.w, NULL, '{');
	pat_json_open(&l.w, "shares", '[');
	r = pat_files_share_list(call->context->files, &caller, call->id, write_share, &l);
	pat_json_close(&l.w, ']');
	pat_json_close(&l.w, '}');
	return r > 0 ? pat_call_refuse_files(call, r, NULL) : r;
}

/* LOG-01: who may see what has changed. */
static void log_share(const struct pat_call *call, const char *event, int64_t with)
{
	char person[PAT_NUM_BYTES];
	char other[PAT_NUM_BYTES];

	pat_log(PAT_LOG_INFO, event, "file", call->id, "with", pat_num(other, with), "person",
	        pat_num(person, call->who.person.id), "address", call->request->address,
	        "request_id", call->request->request_id, NULL);
}

static bool read_role(const char *text, enum pat_files_role *ret)
{
	*ret = strcmp(text, "editor") == 0 ? PAT_FILES_EDITOR : PAT_FILES_VIEWER;
	return strcmp(text, pat_files_role_name(*ret)) == 0;
}

int pat_api_shares_put(struct pat_call *call)
{
	struct pat_json_field fields[] = {
		{ .name = "email", .type = PAT_JSON_TEXT },
		{ .name = "role", .type = PAT_JSON_TEXT },
	};
	pat_cleanup(pat_json_decrefp) json_t *body = NULL;
	struct list l = { .call = call };
	struct pat_files_caller caller;
	struct pat_files_share share;
	enum pat_files_role role = PAT_FILES_NOBODY;

	int r = pat_api_files_caller(call, &caller);
	if (r == 0)
		r = pat_call_read(call, fields, PAT_ARRAY_LEN(fields), &body);
	if (r != 0)
		return r;
	if (!read_role(fields[1].text, &role))
		return pat_call_refuse(call, PAT_REASON_BAD_VALUE, "role");
	r = pat_files_share_set(call->context->files, &caller, call->id, fields[0].text, role,
	                        &share);
	if (r != 0)
		return pat_call_refuse_files(call, r, NULL);
	log_share(call, "file.shared", share.person);
	l.w = pat_call_json(call, 200);
	return write_share(&l, &share);
}

int pat_api_share_delete(struct pat_call *call)
{
	struct pat_files_caller caller;
	int64_t person = 0;

	int r = pat_api_files_caller(call, &caller);
	if (r == 0)
		r = pat_param_id(call, call->part, &person);
	if (r != 0)
		return r;
	r = pat_files_share_end(call->context->files, &caller, call->id, person);
	if (r != 0)
		return pat_call_refuse_files(call, r, NULL);
	log_share(call, "file.unshared", person);
	return pat_api_done(call);
}
