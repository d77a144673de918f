/* SPDX-License-Identifier: Apache-2.0
 *
 * A file: its document, whole or in parts, what is known of it, and its versions. Answers with a document are put together
 * from ranges of its text (files/plan.h) and sent without being in memory.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "web/api.h"
#include "web/product.h"

#define WORDS_BYTES_MAX  (4u << 20)
#define WINDOW_BYTES     (128u << 10)
#define ANSWER_BYTES_MAX (4ull * PAT_DOCUMENT_BYTES_MAX) /* of overlapping nodes together */
#define DEPTH_MAX        1000000

/* What is asked for, and what is answered with. Lives until the answer is sent. */
struct answer {
	struct pat_files_file file;
	struct pat_files_document *document;
	struct pat_plan *plan;
};

static void answer_free(void *arg)
{
	struct answer *a = arg;

	if (!a)
		return;
	pat_plan_free(a->plan);
	pat_files_document_close(a->document);
	free(a);
}

static void answer_freep(struct answer **a)
{
	answer_free(*a);
}

static int answer_send(void *arg, pat_emit_fn *emit, void *to)
{
	struct answer *a = arg;

	return pat_plan_send(a->plan, pat_files_document_text(a->document), WINDOW_BYTES, emit, to);
}

/* What both calls are asked. */
struct question {
	struct pat_files_caller caller;
	struct pat_product_ids ids;
	int64_t version;
	struct pat_plan_tree tree;
};

static int read_question(struct pat_call *call, struct question *q)
{
	char geometry[16];
	int64_t depth = 0;

	int r = pat_product_caller(call, &q->caller);
	if (r == 0)
		r = pat_product_ids(call, &q->ids);
	if (r == 0)
		r = pat_param_number(call, "version", 1, INT64_MAX, &q->version);
	if (r == 0)
		r = pat_param_number(call, "depth", 1, DEPTH_MAX, &depth);
	if (r == 0)
		r = pat_param_text(call, "geometry", geometry, sizeof(geometry));
	if (r != 0)
		return r;
	if (geometry[0] && strcmp(geometry, "paths") != 0)
		return pat_param_refuse(call, "geometry", "It may only be paths.");
	q->tree.levels = depth > 0 ? (uint32_t)depth : UINT32_MAX;
	q->tree.geometry = geometry[0] != '\0';
	return 0;
}

/* 0, 1 after refusing, or a fault. */
static int answer_new(struct pat_call *call, const struct question *q, struct answer **ret)
{
	pat_cleanup(answer_freep) struct answer *a = calloc(1, sizeof(*a));

	if (!a)
		return -ENOMEM;
	int r = pat_files_document_open(call->context->files, &q->caller, call->id, q->version,
	                                &a->file, &a->document);
	if (r != 0)
		return r < 0 ? r : pat_call_refuse_files(call, r, NULL);
	r = pat_plan_new(WORDS_BYTES_MAX, &a->plan);
	if (r < 0)
		return r;
	*ret = PAT_TAKE(a);
	return 0;
}

/* What both answers begin with. */
static int write_head(struct pat_call *call, const struct answer *a, struct pat_json_writer *w,
                      int64_t now_s)
{
	pat_json_open(w, NULL, '{');
	pat_json_text(w, "name", a->file.name);
	pat_json_text(w, "role", pat_files_role_name(a->file.role));
	pat_json_time(w, "lastModified", pat_files_document_time_s(a->document));
	pat_json_text(w, "editorType", a->file.editor_type);
	pat_json_id(w, "version", pat_files_document_version(a->document));
	return pat_product_write_thumbnail(call, w, "thumbnailUrl", &a->file,
	                                   pat_files_document_version(a->document), now_s);
}

static int write_range(const struct answer *a, struct pat_json_writer *w, const char *key,
                       struct pat_range range, const char *without)
{
	pat_json_key(w, key);
	if (range.len > 0)
		return pat_plan_range(a->plan, range);
	return pat_buf_add_str(w->out, without);
}

static int write_schema_version(const struct answer *a, struct pat_json_writer *w)
{
	const struct pat_outline *outline = pat_files_document_outline(a->document);

	return write_range(a, w, "schemaVersion", outline->schema_version, "0");
}

static const char *const table_names[PAT_TABLES] = {
	[PAT_TABLE_COMPONENTS] = "components",
	[PAT_TABLE_COMPONENT_SETS] = "componentSets",
	[PAT_TABLE_STYLES] = "styles",
};

/* The answer is whole: it is sent from now on, or it does not fit. `r`: what making it ended with. */
static int answer_flow(struct pat_call *call, struct answer **a, int r)
{
	if (r == 0)
		r = pat_buf_error(pat_plan_words((*a)->plan));
	if (r == -EMSGSIZE || (r == 0 && pat_plan_bytes((*a)->plan) > ANSWER_BYTES_MAX))
		return pat_param_refuse(
			call, "ids",
			"The answer would be too large. Ask for fewer nodes at a time.");
	if (r < 0)
		return r;
	struct pat_outflow flow = { .bytes = pat_plan_bytes((*a)->plan),
		                    .send = answer_send,
		                    .done = answer_free,
		                    .arg = *a };
	(void)pat_call_json(call, 200);
	pat_response_flow(call->response, &flow);
	*a = NULL;
	return 0;
}

/* ---- GET /v1/files/{key}. */

/* Which nodes are wanted; an id that no node has wants nothing. `*ret` is NULL when all are. */
static int want(const struct answer *a, const struct pat_product_ids *ids, uint8_t **ret)
{
	const struct pat_outline *outline = pat_files_document_outline(a->document);
	const struct pat_text *text = pat_files_document_text(a->document);

	*ret = NULL;
	if (ids->n == 0)
		return 0;
	uint8_t *wanted = calloc(1, PAT_PLAN_WANTED_BYTES(outline->n_nodes));
	if (!wanted)
		return -ENOMEM;
	for (size_t i = 0; i < ids->n; i++) {
		uint32_t node = PAT_NO_NODE;

		int r = pat_outline_find(outline, text, ids->ids[i], strlen(ids->ids[i]), &node);
		if (r != 0) {
			free(wanted);
			return r;
		}
		if (node != PAT_NO_NODE)
			pat_plan_want(wanted, node);
	}
	*ret = wanted;
	return 0;
}

static int write_document(const struct answer *a, struct pat_json_writer *w, struct question *q)
{
	uint8_t *wanted = NULL;

	int r = want(a, &q->ids, &wanted);
	if (r != 0)
		return r;
	q->tree.wanted = wanted;
	q->tree.pages = true;
	pat_json_key(w, "document");
	r = pat_plan_node(a->plan, pat_files_document_outline(a->document), 0, &q->tree);
	free(wanted);
	q->tree.wanted = NULL;
	return r;
}

static int write_file(struct pat_call *call, const struct answer *a, struct question *q)
{
	const struct pat_outline *outline = pat_files_document_outline(a->document);
	struct pat_json_writer w = { .out = pat_plan_words(a->plan) };

	int r = write_head(call, a, &w, q->caller.now_s);
	if (r == 0)
		r = write_document(a, &w, q);
	for (size_t i = 0; r == 0 && i < PAT_TABLES; i++)
		r = write_range(a, &w, table_names[i], outline->tables[i], "{}");
	if (r == 0)
		r = write_schema_version(a, &w);
	pat_json_close(&w, '}');
	return r;
}

int pat_product_file(struct pat_call *call)
{
	pat_cleanup(answer_freep) struct answer *a = NULL;
	struct question q = { 0 };

	int r = read_question(call, &q);
	if (r == 0)
		r = answer_new(call, &q, &a);
	if (r == 0)
		r = write_file(call, a, &q);
	return r == 0 || r == -EMSGSIZE ? answer_flow(call, &a, r) : r;
}

/* ---- GET /v1/files/{key}/nodes. */

static int write_node(const struct answer *a, struct pat_json_writer *w, const char *id,
                      const struct pat_plan_tree *tree)
{
	const struct pat_outline *outline = pat_files_document_outline(a->document);
	const struct pat_text *text = pat_files_document_text(a->document);
	uint32_t node = PAT_NO_NODE;

	int r = pat_outline_find(outline, text, id, strlen(id), &node);
	if (r != 0)
		return r;
	if (node == PAT_NO_NODE) {
		pat_json_text(w, id, NULL);
		return 0;
	}
	pat_json_open(w, id, '{');
	pat_json_key(w, "document");
	r = pat_plan_node(a->plan, outline, node, tree);
	for (size_t i = 0; r == 0 && i < PAT_TABLES; i++) {
		pat_json_key(w, table_names[i]);
		r = pat_plan_table(a->plan, outline, (enum pat_outline_table)i, node);
	}
	if (r == 0)
		r = write_schema_version(a, w);
	pat_json_close(w, '}');
	return r;
}

static int write_nodes(struct pat_call *call, const struct answer *a, const struct question *q)
{
	struct pat_json_writer w = { .out = pat_plan_words(a->plan) };

	int r = write_head(call, a, &w, q->caller.now_s);
	pat_json_open(&w, "nodes", '{');
	for (size_t i = 0; r == 0 && i < q->ids.n && pat_plan_bytes(a->plan) <= ANSWER_BYTES_MAX;
	     i++)
		r = write_node(a, &w, q->ids.ids[i], &q->tree);
	pat_json_close(&w, '}');
	pat_json_close(&w, '}');
	return r;
}

int pat_product_nodes(struct pat_call *call)
{
	pat_cleanup(answer_freep) struct answer *a = NULL;
	struct question q = { 0 };

	int r = read_question(call, &q);
	if (r == 0 && q.ids.n == 0)
		return pat_param_refuse(call, "ids", "Name at least one node.");
	if (r == 0)
		r = answer_new(call, &q, &a);
	if (r == 0)
		r = write_nodes(call, a, &q);
	return r == 0 || r == -EMSGSIZE ? answer_flow(call, &a, r) : r;
}

/* ---- GET /v1/files/{key}/meta. */

static int write_meta(struct pat_call *call, const struct pat_files_file *file, int64_t now_s,
                      struct pat_json_writer *w)
{
	struct pat_people people;
	char path[PAT_FILES_KEY_CHARS + 16];

	(void)snprintf(path, sizeof(path), "/files/%s", file->key);
	pat_people_init(&people, call);
	pat_json_text(w, "name", file->name);
	if (file->role == PAT_FILES_OWNER)
		pat_json_text(w, "folder_name", file->project_name);
	pat_json_time(w, "last_touched_at", file->touched_s);
	int r = pat_people_write(&people, w, "creator", file->creator);
	if (r == 0)
		r = pat_people_write(&people, w, "last_touched_by", file->toucher);
	if (r == 0)
		r = pat_product_write_thumbnail(call, w, "thumbnail_url", file, 0, now_s);
	pat_json_text(w, "editorType", file->editor_type);
	pat_json_text(w, "role", pat_files_role_name(file->role));
	pat_json_text(w, "link_access", "inherit");
	pat_call_json_url(call, w, "url", path);
	pat_json_id(w, "version", file->version);
	return r;
}

int pat_product_file_meta(struct pat_call *call)
{
	struct pat_files_caller caller;
	struct pat_files_file file;

	int r = pat_product_caller(call, &caller);
	if (r != 0)
		return r;
	r = pat_files_file_get(call->context->files, &caller, call->id, &file);
	if (r != 0)
		return pat_call_refuse_files(call, r, NULL);
	struct pat_json_writer w = pat_call_json(call, 200);
	pat_json_open(&w, NULL, '{');
	pat_json_open(&w, "file", '{');
	r = write_meta(call, &file, caller.now_s, &w);
	pat_json_close(&w, '}');
	pat_json_close(&w, '}');
	return r;
}
