/* SPDX-License-Identifier: Apache-2.0
 *
 * Comments on a file, as its page has them: with the reactions to each counted, and what may be done with them.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "web/api.h"
#include "web/api_files.h"
#include "web/param.h"
#include "web/reactions.h"

#define ANSWER_BYTES_MAX (48u << 20) /* as PAT_PRODUCT_ANSWER_BYTES_MAX */
#define PEOPLE_NAMED     10          /* of those who reacted alike */

struct list {
	struct pat_call *call;
	struct pat_json_writer w;
	struct pat_people people;
	struct pat_reactions reactions;
};

/* One emoji of a comment: how many, whether one's own is among them, and the first few people. */
static int write_emoji(struct list *l, const struct pat_files_reaction *all, size_t n,
                       const char *emoji)
{
	int64_t count = 0;
	bool mine = false;
	int r = 0;

	pat_json_open(&l->w, NULL, '{');
	pat_json_text(&l->w, "emoji", emoji);
	pat_json_open(&l->w, "people", '[');
	for (size_t i = 0; r == 0 && i < n; i++) {
		if (strcmp(all[i].emoji, emoji) != 0)
			continue;
		if (count++ < PEOPLE_NAMED)
			r = pat_people_write(&l->people, &l->w, NULL, all[i].person);
		mine |= all[i].person == l->call->who.person.id;
	}
	pat_json_close(&l->w, ']');
	pat_json_number(&l->w, "count", count);
	pat_json_bool(&l->w, "mine", mine);
	pat_json_close(&l->w, '}');
	return r;
}

static bool came_before(const struct pat_files_reaction *all, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (strcmp(all[j].emoji, all[i].emoji) == 0)
			return true;
	return false;
}

/* At most PAT_FILES_REACTIONS_MAX to a comment, so that looking at each again for each is nothing. */
static int write_reactions(struct list *l, int64_t comment)
{
	size_t n = 0;
	const struct pat_files_reaction *all = pat_reactions_of(&l->reactions, comment, &n);
	int r = 0;

	pat_json_open(&l->w, "reactions", '[');
	for (size_t i = 0; r == 0 && i < n; i++)
		if (!came_before(all, i))
			r = write_emoji(l, all, n, all[i].emoji);
	pat_json_close(&l->w, ']');
	return r;
}

static int write_comment(void *arg, const struct pat_files_comment *comment)
{
	struct list *l = arg;
	struct pat_json_writer *w = &l->w;

	pat_json_open(w, NULL, '{');
	pat_json_id(w, "id", comment->id);
	if (comment->parent != 0)
		pat_json_id(w, "parent_id", comment->parent);
	else
		pat_json_text(w, "parent_id", NULL);
	int r = pat_people_write(&l->people, w, "person", comment->person);
	pat_json_time(w, "created_at", comment->created_s);
	pat_api_write_moment(w, "resolved_at", comment->resolved_s);
	if (comment->order != 0)
		pat_json_number(w, "order", comment->order);
	else
		pat_json_text(w, "order", NULL);
	pat_json_text(w, "message", comment->message);
	pat_json_key(w, "client_meta");
	(void)pat_buf_add_str(w->out, comment->client_meta);
	if (r == 0)
		r = write_reactions(l, comment->id);
	pat_json_close(w, '}');
	return r;
}

static int list(struct list *l, const struct pat_files_caller *caller)
{
	struct pat_call *call = l->call;

	int r = pat_reactions_load(&l->reactions, call->context->files, caller, call->id);
	if (r != 0)
		return pat_call_refuse_files(call, r, NULL);
	call->response->body.max = ANSWER_BYTES_MAX;
	l->w = pat_call_json(call, 200);
	pat_json_open(&l->w, NULL, '{');
	pat_json_open(&l->w, "comments", '[');
	r = pat_files_comment_list(call->context->files, caller, call->id, write_comment, l);
	pat_json_close(&l->w, ']');
	pat_json_close(&l->w, '}');
	return r > 0 ? pat_call_refuse_files(call, r, NULL) : r;
}

int pat_api_comments_get(struct pat_call *call)
{
	struct list l = { .call = call };
	struct pat_files_caller caller;

	int r = pat_api_files_caller(call, &caller);
	if (r != 0)
		return r;
	pat_people_init(&l.people, call);
	r = list(&l, &caller);
	pat_reactions_done(&l.reactions);
	if (r == 0)
		pat_call_tag(call);
	return r;
}

/* ---- Posting. */

enum {
	MESSAGE,
	PARENT,
	CLIENT_META,
	FIELDS
};

static int post(struct list *l, const struct pat_files_caller *caller,
                const struct pat_json_field *fields)
{
	struct pat_call *call = l->call;
	int64_t parent = 0;
	char *meta = NULL;

	if (fields[PARENT].text && !pat_http_number(fields[PARENT].text, &parent))
		return pat_call_refuse(call, PAT_REASON_BAD_VALUE, "parent_id");
	if (fields[CLIENT_META].value) {
		meta = pat_json_encode(fields[CLIENT_META].value);
		if (!meta)
			return -ENOMEM;
	}
	pat_people_init(&l->people, call);
	l->w = pat_call_json(call, 201);
	int r = pat_files_comment_add(call->context->files, caller, call->id, fields[MESSAGE].text,
	                              parent, meta, write_comment, l);
	pat_json_free(meta);
	return r != 0 ? pat_call_refuse_files(call, r, NULL) : 0;
}

int pat_api_comments_post(struct pat_call *call)
{
	struct pat_json_field fields[FIELDS] = {
		[MESSAGE] = { .name = "message", .type = PAT_JSON_TEXT },
		[PARENT] = { .name = "parent_id",
		             .type = PAT_JSON_TEXT,
		             .flags = PAT_JSON_OPTIONAL | PAT_JSON_NULLABLE },
		[CLIENT_META] = { .name = "client_meta",
		                  .type = PAT_JSON_OBJECT,
		                  .flags = PAT_JSON_OPTIONAL | PAT_JSON_NULLABLE },
	};
	pat_cleanup(pat_json_decrefp) json_t *body = NULL;
	struct list l = { .call = call };
	struct pat_files_caller caller;

	int r = pat_api_files_caller(call, &caller);
	if (r == 0)
		r = pat_call_read(call, fields, FIELDS, &body);
	return r == 0 ? post(&l, &caller, fields) : r;
}

/* ---- Resolving and deleting. */

static int begin(struct pat_call *call, struct pat_files_caller *ret_caller, int64_t *ret_comment)
{
	int r = pat_api_files_caller(call, ret_caller);

	return r == 0 ? pat_param_id(call, call->part, ret_comment) : r;
}

/* The answer has the comment as it is now, with its reactions. */
static int resolve(struct list *l, const struct pat_files_caller *caller, int64_t comment,
                   bool resolved)
{
	struct pat_call *call = l->call;

	int r = pat_reactions_load(&l->reactions, call->context->files, caller, call->id);
	if (r != 0)
		return pat_call_refuse_files(call, r, NULL);
	pat_people_init(&l->people, call);
	l->w = pat_call_json(call, 200);
	r = pat_files_comment_resolve(call->context->files, caller, call->id, comment, resolved,
	                              write_comment, l);
	return r != 0 ? pat_call_refuse_files(call, r, NULL) : 0;
}

int pat_api_comment_patch(struct pat_call *call)
{
	struct pat_json_field field = { .name = "resolved", .type = PAT_JSON_BOOL };
	pat_cleanup(pat_json_decrefp) json_t *body = NULL;
	struct list l = { .call = call };
	struct pat_files_caller caller;
	int64_t comment = 0;

	int r = begin(call, &caller, &comment);
	if (r == 0)
		r = pat_call_read(call, &field, 1, &body);
	if (r == 0)
		r = resolve(&l, &caller, comment, field.flag);
	pat_reactions_done(&l.reactions);
	return r;
}

int pat_api_comment_delete(struct pat_call *call)
{
	struct pat_files_caller caller;
	int64_t comment = 0;

	int r = begin(call, &caller, &comment);
	if (r != 0)
		return r;
	r = pat_files_comment_remove(call->context->files, &caller, call->id, comment, true);
	return r != 0 ? pat_call_refuse_files(call, r, NULL) : pat_api_done(call);
}

/* ---- Reactions. */

int pat_api_reactions_post(struct pat_call *call)
{
	struct pat_json_field fields[] = {
		{ .name = "comment_id", .type = PAT_JSON_TEXT },
		{ .name = "emoji", .type = PAT_JSON_TEXT },
	};
	pat_cleanup(pat_json_decrefp) json_t *body = NULL;
	struct pat_files_caller caller;
	int64_t comment = 0;

	int r = pat_api_files_caller(call, &caller);
	if (r == 0)
		r = pat_call_read(call, fields, PAT_ARRAY_LEN(fields), &body);
	if (r != 0)
		return r;
	if (!pat_http_number(fields[0].text, &comment))
		return pat_call_refuse(call, PAT_REASON_BAD_VALUE, "comment_id");
	r = pat_files_reaction_add(call->context->files, &caller, call->id, comment,
	                           fields[1].text);
	if (r != 0)
		return pat_call_refuse_files(call, r, NULL);
	struct pat_json_writer w = pat_call_json(call, 201);
	pat_json_open(&w, NULL, '{');
	pat_json_id(&w, "comment_id", comment);
	pat_json_text(&w, "emoji", fields[1].text);
	pat_json_close(&w, '}');
	return 0;
}

int pat_api_reactions_delete(struct pat_call *call)
{
	static const char *const known[] = { "comment_id", "emoji", NULL };
	char emoji[PAT_FILES_EMOJI_BYTES_MAX + 1];
	struct pat_files_caller caller;
	int64_t comment = 0;

	int r = pat_api_files_caller(call, &caller);
	if (r == 0)
		r = pat_param_known(call, known);
	if (r == 0)
		r = pat_param_number(call, "comment_id", 1, INT64_MAX, &comment);
	if (r == 0)
		r = pat_param_text(call, "emoji", emoji, sizeof(emoji));
	if (r != 0)
		return r;
	if (comment == 0 || emoji[0] == '\0')
		return pat_call_refuse(call, PAT_REASON_MISSING_FIELD,
		                       comment == 0 ? "comment_id" : "emoji");
	r = pat_files_reaction_remove(call->context->files, &caller, call->id, comment, emoji);
	return r != 0 ? pat_call_refuse_files(call, r, NULL) : pat_api_done(call);
}
