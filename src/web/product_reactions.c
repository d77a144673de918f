/* SPDX-License-Identifier: Apache-2.0
 *
 * Reactions to a comment: list, add, take back.
 */
#include <stdio.h>
#include <string.h>

#include "web/api.h"
#include "web/product.h"

#define PAGE 50

int pat_product_write_reaction(struct pat_people *people, struct pat_json_writer *w,
                               const struct pat_files_reaction *reaction)
{
	pat_json_open(w, NULL, '{');
	int r = pat_people_write(people, w, "user", reaction->person);
	pat_json_text(w, "emoji", reaction->emoji);
	pat_json_time(w, "created_at", reaction->created_s);
	pat_json_close(w, '}');
	return r;
}

/* Who calls, and the comment that the call is about. */
static int begin(struct pat_call *call, struct pat_files_caller *ret_caller, int64_t *ret_comment)
{
	int r = pat_product_caller(call, ret_caller);

	return r == 0 ? pat_param_id(call, call->part, ret_comment) : r;
}

/* ---- Listing. */

struct list {
	struct pat_json_writer w;
	struct pat_people people;
};

static int write_one(void *arg, const struct pat_files_reaction *reaction)
{
	struct list *l = arg;

	return pat_product_write_reaction(&l->people, &l->w, reaction);
}

static void write_neighbour(const struct pat_call *call, struct pat_json_writer *w, const char *key,
                            int64_t cursor)
{
	char path[2 * PAT_CALL_ID_BYTES_MAX + 64];

	(void)snprintf(path, sizeof(path), "/v1/files/%s/comments/%s/reactions?cursor=%lld",
	               call->id, call->part, (long long)cursor);
	pat_call_json_url(call, w, key, path);
}

int pat_product_reactions_get(struct pat_call *call)
{
	struct list l = { 0 };
	struct pat_files_caller caller;
	int64_t comment = 0;
	int64_t cursor = 0;
	bool more = false;

	int r = begin(call, &caller, &comment);
	if (r == 0)
		r = pat_param_number(call, "cursor", 0, INT64_MAX, &cursor);
	if (r != 0)
		return r;
	pat_people_init(&l.people, call);
	l.w = pat_call_json(call, 200);
	pat_json_open(&l.w, NULL, '{');
	pat_json_open(&l.w, "reactions", '[');
	r = pat_files_reaction_list(call->context->files, &caller, call->id, comment, cursor, PAGE,
	                            write_one, &l, &more);
	pat_json_close(&l.w, ']');
	pat_json_open(&l.w, "pagination", '{');
	if (cursor > 0)
		write_neighbour(call, &l.w, "prev_page", cursor > PAGE ? cursor - PAGE : 0);
	if (more)
		write_neighbour(call, &l.w, "next_page", cursor + PAGE);
	pat_json_close(&l.w, '}');
	pat_json_close(&l.w, '}');
	return r > 0 ? pat_call_refuse_files(call, r, NULL) : r;
}

/* ---- Adding. The same again is done already, as a client that repeats a call that broke off wants to hear. */

int pat_product_reactions_post(struct pat_call *call)
{
	struct pat_json_field emoji = { .name = "emoji", .type = PAT_JSON_TEXT };
	pat_cleanup(pat_json_decrefp) json_t *body = NULL;
	struct pat_files_caller caller;
	int64_t comment = 0;

	int r = begin(call, &caller, &comment);
	if (r == 0)
		r = pat_call_read(call, &emoji, 1, &body);
	if (r != 0)
		return r;
	r = pat_files_reaction_add(call->context->files, &caller, call->id, comment, emoji.text);
	if (r != 0 && r != PAT_FILES_E_EXISTS)
		return pat_call_refuse_files(call, r, NULL);
	return pat_product_done(call);
}

/* ---- Taking back. */

int pat_product_reactions_delete(struct pat_call *call)
{
	char emoji[PAT_FILES_EMOJI_BYTES_MAX + 1];
	struct pat_files_caller caller;
	int64_t comment = 0;

	int r = begin(call, &caller, &comment);
	if (r == 0)
		r = pat_param_text(call, "emoji", emoji, sizeof(emoji));
	if (r != 0)
		return r;
	if (emoji[0] == '\0')
		return pat_param_refuse(call, "emoji", "Say which.");
	/* ":+1:" that was not escaped. */
	for (char *blank = emoji; (blank = strchr(blank, ' ')) != NULL;)
		*blank = '+';
	r = pat_files_reaction_remove(call->context->files, &caller, call->id, comment, emoji);
	return r != 0 ? pat_call_refuse_files(call, r, NULL) : pat_product_done(call);
}
