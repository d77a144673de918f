/* SPDX-License-Identifier: Apache-2.0
 *
 * Files, as the file browser has them: list, look, rename and move, trash, restore, purge.
 */
#include "web/api_files.h"
#include "web/param.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "web/api.h"

#define PAGE_USUAL   50
#define PAGE_MAX     100
#define PICTURE_DAYS 1

/* ---- What they share. */

int pat_api_files_caller(struct pat_call *call, struct pat_files_caller *ret)
{
	*ret = (struct pat_files_caller){ .person = call->who.person.id,
		                          .now_s = pat_clock_wall_s() };
	return call->context->files ? 0 : pat_call_refuse(call, PAT_REASON_NOT_FOUND, NULL);
}

void pat_api_write_moment(struct pat_json_writer *w, const char *key, int64_t time_s)
{
	if (time_s != 0)
		pat_json_time(w, key, time_s);
	else
		pat_json_text(w, key, NULL);
}

void pat_api_log_file(const struct pat_call *call, const char *event, const char *what,
                      const char *value)
{
	char person[PAT_NUM_BYTES];

	pat_log(PAT_LOG_INFO, event, "file", call->id, "person",
	        pat_num(person, call->who.person.id), "address", call->request->address,
	        "request_id", call->request->request_id, what, value, NULL);
}

int pat_api_done(struct pat_call *call)
{
	pat_call_status(call, 204);
	return 0;
}

/* The picture's address ends soon: a page that is open asks again. One day has one address. */
static int write_picture(const struct pat_call *call, struct pat_json_writer *w,
                         const struct pat_files_file *file, int64_t now_s)
{
	char path[PAT_FILES_PICTURE_PATH_MAX];
	int64_t ends_s = (now_s / 86400 + PICTURE_DAYS + 1) * 86400;

	int r = pat_files_picture_path(call->context->files, file, file->version, "", NULL, ends_s,
	                               path);
	if (r == 0)
		pat_json_text(w, "picture_url", path);
	return r > 0 ? -EPROTO : r;
}

static void write_project(struct pat_json_writer *w, const struct pat_files_file *file)
{
	if (file->project == 0) {
		pat_json_text(w, "project", NULL);
		return;
	}
	pat_json_open(w, "project", '{');
	pat_json_id(w, "id", file->project);
	pat_json_text(w, "name", file->project_name);
	pat_json_close(w, '}');
}

int pat_api_write_file(struct pat_people *people, struct pat_json_writer *w,
                       const struct pat_files_file *file, int64_t now_s)
{
	pat_json_text(w, "key", file->key);
	pat_json_text(w, "name", file->name);
	pat_json_text(w, "role", pat_files_role_name(file->role));
	write_project(w, file);
	int r = pat_people_write(people, w, "creator", file->creator);
	if (r == 0)
		r = pat_people_write(people, w, "last_touched_by", file->toucher);
	pat_json_time(w, "created_at", file->created_s);
	pat_json_time(w, "last_touched_at", file->touched_s);
	pat_api_write_moment(w, "opened_at", file->opened_s);
	pat_api_write_moment(w, "trashed_at", file->trashed_s);
	pat_json_id(w, "version", file->version);
	pat_json_number(w, "version_count", file->n_versions);
	pat_json_number(w, "comment_count", file->n_comments);
	pat_json_number(w, "share_count", file->n_shares);
	pat_json_number(w, "bytes", file->bytes);
	pat_json_number(w, "node_count", file->n_nodes);
	pat_json_text(w, "editor_type", file->editor_type);
	return r == 0 ? write_picture(people->call, w, file, now_s) : r;
}

int pat_api_answer_file(struct pat_call *call, int status, const struct pat_files_file *file,
                        int64_t now_s)
{
	struct pat_json_writer w = pat_call_json(call, status);
	struct pat_people people;

	pat_people_init(&people, call);
	pat_json_open(&w, NULL, '{');
	int r = pat_api_write_file(&people, &w, file, now_s);
	pat_json_close(&w, '}');
	return r;
}

/* ---- Listing. */

static const char *const view_names[] = {
	[PAT_FILES_VIEW_ALL] = "all",
	[PAT_FILES_VIEW_RECENT] = "recent",
	[PAT_FILES_VIEW_SHARED] = "shared",
	[PAT_FILES_VIEW_TRASH] = "trash",
};
static const char *const order_names[] = {
	[PAT_FILES_BY_NAME] = "name",
	[PAT_FILES_BY_CREATED] = "created",
	[PAT_FILES_BY_TOUCHED] = "touched",
	[PAT_FILES_BY_SIZE] = "size",
};

/* The place of a parameter's text in a list of names; without one `*ret` stays what it is. `descending` takes a "-" before
 * it; NULL: there may be none. */
static int read_choice(struct pat_call *call, const char *param, const char *const *names, size_t n,
                       bool *descending, unsigned *ret)
{
	char text[16];
	const char *word = text;

	int r = pat_param_text(call, param, text, sizeof(text));
	if (r != 0 || text[0] == '\0')
		return r;
	if (descending) {
		*descending = text[0] == '-';
		word += *descending;
	}
	for (unsigned i = 0; i < n; i++) {
		if (strcmp(names[i], word) == 0) {
			*ret = i;
			return 0;
		}
	}
	return pat_param_refuse(call, param, NULL);
}

struct listing {
	struct pat_json_writer w;
	struct pat_people people;
	struct pat_files_query query;
	char search[PAT_FILES_NAME_BYTES_MAX + 1];
	int64_t now_s;
	int64_t n;
};

static int read_query(struct pat_call *call, struct listing *l)
{
	static const char *const known[] = { "view",  "project", "search", "sort",
		                             "limit", "cursor",  NULL };
	unsigned view = PAT_FILES_VIEW_ALL;
	unsigned order = PAT_FILES_BY_TOUCHED;
	int64_t limit = PAGE_USUAL;

	l->query.descending = true;
	int r = pat_param_known(call, known);
	if (r == 0)
		r = read_choice(call, "view", view_names, PAT_ARRAY_LEN(view_names), NULL, &view);
	if (r == 0)
		r = read_choice(call, "sort", order_names, PAT_ARRAY_LEN(order_names),
		                &l->query.descending, &order);
	if (r == 0)
		r = pat_param_number(call, "project", 1, INT64_MAX, &l->query.project);
	if (r == 0)
		r = pat_param_text(call, "search", l->search, sizeof(l->search));
	if (r == 0)
		r = pat_param_number(call, "limit", 1, PAGE_MAX, &limit);
	if (r == 0)
		r = pat_param_number(call, "cursor", 0, INT64_MAX, &l->query.offset);
	l->query.view = (enum pat_files_view)view;
	l->query.order = (enum pat_files_order)order;
	l->query.search = l->search;
	l->query.limit = (unsigned)limit;
	return r;
}

static int write_one(void *arg, const struct pat_files_file *file)
{
	struct listing *l = arg;

	l->n++;
	pat_json_open(&l->w, NULL, '{');
	int r = pat_api_write_file(&l->people, &l->w, file, l->now_s);
	pat_json_close(&l->w, '}');
	return r;
}

int pat_api_files_get(struct pat_call *call)
{
	struct listing l = { 0 };
	struct pat_files_caller caller;
	bool more = false;

	int r = pat_api_files_caller(call, &caller);
	if (r == 0)
		r = read_query(call, &l);
	if (r != 0)
		return r;
	l.now_s = caller.now_s;
	pat_people_init(&l.people, call);
	l.w = pat_call_json(call, 200);
	pat_json_open(&l.w, NULL, '{');
	pat_json_open(&l.w, "files", '[');
	r = pat_files_file_list(call->context->files, &caller, &l.query, write_one, &l, &more);
	pat_json_close(&l.w, ']');
	if (more)
		pat_json_id(&l.w, "next_cursor", l.query.offset + l.n);
	else
		pat_json_text(&l.w, "next_cursor", NULL);
	pat_json_close(&l.w, '}');
	return r > 0 ? pat_call_refuse_files(call, r, NULL) : r;
}

/* ---- One file. */

int pat_api_file_get(struct pat_call *call)
{
	struct pat_files_caller caller;
	struct pat_files_file file;

	int r = pat_api_files_caller(call, &caller);
	if (r != 0)
		return r;
	r = pat_files_file_open(call->context->files, &caller, call->id, &file);
	if (r != 0)
		return pat_call_refuse_files(call, r, NULL);
	return pat_api_answer_file(call, 200, &file, caller.now_s);
}

int pat_api_file_patch(struct pat_call *call)
{
	struct pat_json_field fields[] = {
		{ .name = "name", .type = PAT_JSON_TEXT, .flags = PAT_JSON_OPTIONAL },
		{ .name = "project", .type = PAT_JSON_TEXT, .flags = PAT_JSON_OPTIONAL },
	};
	pat_cleanup(pat_json_decrefp) json_t *body = NULL;
	struct pat_files_caller caller;
	struct pat_files_file file;
	int64_t project = 0;

	int r = pat_api_files_caller(call, &caller);
	if (r == 0)
		r = pat_call_read(call, fields, PAT_ARRAY_LEN(fields), &body);
	if (r != 0)
		return r;
	if (fields[1].present && !pat_http_number(fields[1].text, &project))
		return pat_call_refuse(call, PAT_REASON_BAD_VALUE, "project");
	r = pat_files_file_change(call->context->files, &caller, call->id, fields[0].text, project,
	                          &file);
	if (r != 0)
		return pat_call_refuse_files(call, r, NULL);
	return pat_api_answer_file(call, 200, &file, caller.now_s);
}

/* ---- The trash. */

static int set_trashed(struct pat_call *call, bool trashed)
{
	struct pat_files_caller caller;
	struct pat_files_file file;

	int r = pat_api_files_caller(call, &caller);
	if (r != 0)
		return r;
	r = pat_files_file_trash(call->context->files, &caller, call->id, trashed, &file);
	if (r != 0)
		return pat_call_refuse_files(call, r, NULL);
	pat_api_log_file(call, trashed ? "file.trashed" : "file.restored", NULL, NULL);
	return pat_api_answer_file(call, 200, &file, caller.now_s);
}

int pat_api_file_delete(struct pat_call *call)
{
	return set_trashed(call, true);
}

int pat_api_file_restore(struct pat_call *call)
{
	return set_trashed(call, false);
}

int pat_api_file_purge(struct pat_call *call)
{
	struct pat_files_caller caller;

	int r = pat_api_files_caller(call, &caller);
	if (r != 0)
		return r;
	r = pat_files_file_purge(call->context->files, &caller, call->id);
	if (r != 0)
		return pat_call_refuse_files(call, r, NULL);
	pat_api_log_file(call, "file.purged", NULL, NULL);
	return pat_api_done(call);
}
