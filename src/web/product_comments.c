/* SPDX-License-Identifier: Apache-2.0
 *
 * Comments on a file: list, post, delete. Figma's list has all of them at once, each with its reactions.
 */
#include <errno.h>
#include <stdlib.h>

#include "web/api.h"
#include "web/product.h"
#include "web/reactions.h"

struct comments {
	struct pat_json_writer w;
	struct pat_people people;
	struct pat_reactions reactions;
	const char *file_key;
};

static int write_reactions(struct comments *c, int64_t comment)
{
	size_t n = 0;
	const struct pat_files_reaction *reactions = pat_reactions_of(&c->reactions, comment, &n);
	int r = 0;

	pat_json_open(&c->w, "reactions", '[');
	for (size_t i = 0; r == 0 && i < n; i++)
		r = pat_product_write_reaction(&c->people, &c->w, &reactions[i]);
	pat_json_close(&c->w, ']');
	return r;
}

static int write_comment(void *arg, const struct pat_files_comment *comment)
{
	struct comments *c = arg;
	struct pat_json_writer *w = &c->w;

	pat_json_open(w, NULL, '{');
	pat_json_id(w, "id", comment->id);
	pat_json_key(w, "client_meta");
	(void)pat_buf_add_str(w->out, comment->client_meta);
	pat_json_text(w, "file_key", c->file_key);
	if (comment->parent != 0)
		pat_json_id(w, "parent_id", comment->parent);
	int r = pat_people_write(&c->people, w, "user", comment->person);
	pat_json_time(w, "created_at", comment->created_s);
	if (comment->resolved_s != 0)
		pat_json_time(w, "resolved_at", comment->resolved_s);
	else
		pat_json_text(w, "resolved_at", NULL);
	pat_json_text(w, "message", comment->message);
	if (comment->order != 0)
		pat_json_id(w, "order_id", comment->order);
	else
		pat_json_text(w, "order_id", NULL);
	if (r == 0)
		r = write_reactions(c, comment->id);
	pat_json_close(w, '}');
	return r;
}

static int list(struct pat_call *call, struct comments *c, const struct pat_files_caller *caller)
{
	int r = pat_reactions_load(&c->reactions, call->context->files, caller, call->id);
	if (r != 0)
		return pat_call_refuse_files(call, r, NULL);
	c->w = pat_call_json(call, 200);
	pat_json_open(&c->w, NULL, '{');
	pat_json_open(&c->w, "comments", '[');
	r = pat_files_comment_list(call->context->files, caller, call->id, write_comment, c);
	pat_json_close(&c->w, ']');
	pat_json_close(&c->w, '}');
	return r > 0 ? pat_call_refuse_files(call, r, NULL) : r;
}

int pat_product_comments_get(struct pat_call *call)
{
	struct comments c = { .file_key = call->id };
	struct pat_files_caller caller;

	int r = pat_product_caller(call, &caller);
	if (r != 0)
		return r;
	pat_people_init(&c.people, call);
	r = list(call, &c, &caller);
	pat_reactions_done(&c.reactions);
	return r;
}

/* ---- Posting. */

enum {
	MESSAGE,
	COMMENT_ID,
	CLIENT_META,
	FIELDS
};

/* What it is a reply to: Figma's clients send an empty text for nothing. */
static int read_parent(struct pat_call *call, const struct pat_json_field *field, int64_t *ret)
{
	if (!field->present || field->is_null || field->text[0] == '\0')
		return 0;
	if (!pat_http_number(field->text, ret))
		return pat_param_refuse(call, "comment_id", NULL);
	return 0;
}

static int post(struct pat_call *call, struct comments *c, const struct pat_files_caller *caller,
                const struct pat_json_field *fields)
{
	int64_t parent = 0;
	char *meta = NULL;

	int r = read_parent(call, &fields[COMMENT_ID], &parent);
	if (r != 0)
		return r;
	if (fields[CLIENT_META].value) {
		meta = pat_json_encode(fields[CLIENT_META].value);
		if (!meta)
			return -ENOMEM;
	}
	c->w = pat_call_json(call, 200);
	r = pat_files_comment_add(call->context->files, caller, call->id, fields[MESSAGE].text,
	                          parent, meta, write_comment, c);
	pat_json_free(meta);
	return r != 0 ? pat_call_refuse_files(call, r, NULL) : 0;
}

int pat_product_comments_post(struct pat_call *call)
{
	struct pat_json_field fields[FIELDS] = {
		[MESSAGE] = { .name = "message", .type = PAT_JSON_TEXT },
		[COMMENT_ID] = { .name = "comment_id",
		                 .type = PAT_JSON_TEXT,
		                 .flags = PAT_JSON_OPTIONAL | PAT_JSON_NULLABLE },
		[CLIENT_META] = { .name = "client_meta",
		                  .type = PAT_JSON_OBJECT,
		                  .flags = PAT_JSON_OPTIONAL | PAT_JSON_NULLABLE },
	};
	pat_cleanup(pat_json_decrefp) json_t *body = NULL;
	struct comments c = { .file_key = call->id };
	struct pat_files_caller caller;

	int r = pat_product_caller(call, &caller);
	if (r == 0)
		r = pat_call_read(call, fields, FIELDS, &body);
	if (r != 0)
		return r;
	pat_people_init(&c.people, call);
	return post(call, &c, &caller, fields);
}

/* ---- Deleting. */

int pat_product_comment_delete(struct pat_call *call)
{
	struct pat_files_caller caller;
	int64_t comment = 0;

	int r = pat_product_caller(call, &caller);
	if (r == 0)
		r = pat_param_id(call, call->part, &comment);
	if (r != 0)
		return r;
	r = pat_files_comment_remove(call->context->files, &caller, call->id, comment, false);
	return r != 0 ? pat_call_refuse_files(call, r, NULL) : pat_product_done(call);
}
