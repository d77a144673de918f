/* SPDX-License-Identifier: Apache-2.0
 *
 * What is in a file: the document itself, to be saved; its layers, a level at a time; pictures; the images that its fills
 * refer to; its versions.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files/cut.h"
#include "web/api.h"
#include "web/api_files.h"
#include "web/param.h"

#define WINDOW_BYTES      (128u << 10)
#define CHILDREN_MAX      1000
#define SIDE_MAX          4096
#define PICTURE_BYTES_MAX (16u << 20)
#define VERSIONS_PAGE     50
#define VERSIONS_PAGE_MAX 100
#define IMAGE_DAYS        1

/* Opens the version that `version` names, or the newest. 1 after refusing. */
static int open_document(struct pat_call *call, struct pat_files_caller *ret_caller,
                         struct pat_files_file *ret_file, struct pat_files_document **ret)
{
	int64_t version = 0;

	int r = pat_api_files_caller(call, ret_caller);
	if (r == 0)
		r = pat_param_number(call, "version", 1, INT64_MAX, &version);
	if (r != 0)
		return r;
	r = pat_files_document_open(call->context->files, ret_caller, call->id, version, ret_file,
	                            ret);
	return r != 0 ? pat_call_refuse_files(call, r, NULL) : 0;
}

/* ---- The document, as it was uploaded. */

static int send_document(void *arg, pat_emit_fn *emit, void *to)
{
	struct pat_files_document *document = arg;
	const struct pat_text *text = pat_files_document_text(document);
	uint32_t bytes = pat_files_document_outline(document)->text_bytes;
	char *window = malloc(WINDOW_BYTES);
	int r = window ? 0 : -ENOMEM;

	for (uint32_t at = 0; r == 0 && at < bytes;) {
		uint32_t len = bytes - at < WINDOW_BYTES ? bytes - at : WINDOW_BYTES;

		r = text->read(text->arg, at, window, len);
		if (r == 0)
			r = emit(to, window, len);
		at += len;
	}
	free(window);
	return r;
}

static void close_document(void *arg)
{
	pat_files_document_close(arg);
}

/* The file's name in it may be anything; the header has the key, and pages give the saved file its name. */
int pat_api_document_get(struct pat_call *call)
{
	static const char *const known[] = { "version", NULL };
	pat_cleanup(pat_files_document_closep) struct pat_files_document *document = NULL;
	struct pat_files_caller caller;
	struct pat_files_file file;

	int r = pat_param_known(call, known);
	if (r == 0)
		r = open_document(call, &caller, &file, &document);
	if (r != 0)
		return r;
	struct pat_outflow flow = { .bytes = pat_files_document_outline(document)->text_bytes,
		                    .send = send_document,
		                    .done = close_document };
	(void)pat_call_json(call, 200);
	(void)pat_response_headerf(call->response, "Content-Disposition",
	                           "attachment; filename=\"%s.json\"", file.key);
	flow.arg = PAT_TAKE(document);
	pat_response_flow(call->response, &flow);
	return 0;
}

/* ---- Layers. */

/* A text as it stands in the document, which is JSON already; as much of it as a list has. */
static int write_raw(struct pat_json_writer *w, const char *key, const struct pat_text *text,
                     struct pat_range range)
{
	char written[PAT_FILES_CUT_NAME_BYTES];
	size_t len = 0;

	pat_json_key(w, key);
	int r = pat_files_cut_written(text, range, written, &len);
	if (r != 0)
		return r;
	(void)pat_buf_add_str(w->out, "\"");
	(void)pat_buf_add(w->out, written, len);
	return pat_buf_add_str(w->out, "\"");
}

static int write_node_members(struct pat_json_writer *w, const struct pat_outline *outline,
                              const struct pat_text *text, uint32_t node)
{
	const struct pat_node *n = &outline->nodes[node];

	int r = write_raw(w, "id", text, n->id);
	if (r == 0)
		r = write_raw(w, "name", text, n->name);
	pat_json_text(w, "type", pat_node_type_name((enum pat_node_type)n->type));
	return r;
}

static int write_children(struct pat_json_writer *w, const struct pat_outline *outline,
                          const struct pat_text *text, uint32_t node)
{
	uint32_t child = pat_outline_child(outline, node);
	unsigned n = 0;
	int r = 0;

	pat_json_open(w, "children", '[');
	for (; r == 0 && child != PAT_NO_NODE && n < CHILDREN_MAX;
	     child = pat_outline_next(outline, child), n++) {
		pat_json_open(w, NULL, '{');
		r = write_node_members(w, outline, text, child);
		pat_json_bool(w, "hidden", (outline->nodes[child].flags & PAT_NODE_HIDDEN) != 0);
		pat_json_number(w, "child_count", outline->nodes[child].n_children);
		pat_json_close(w, '}');
	}
	pat_json_close(w, ']');
	pat_json_bool(w, "truncated", child != PAT_NO_NODE);
	return r;
}

/* The node that `node` names; without one, `*ret` stays what it is. */
static int find_node(struct pat_call *call, struct pat_files_document *document, uint32_t *ret)
{
	char id[PAT_NODE_ID_MAX + 1];
	uint32_t found = PAT_NO_NODE;

	int r = pat_param_text(call, "node", id, sizeof(id));
	if (r != 0 || id[0] == '\0')
		return r;
	r = pat_outline_find(pat_files_document_outline(document),
	                     pat_files_document_text(document), id, strlen(id), &found);
	if (r != 0)
		return r;
	if (found == PAT_NO_NODE)
		return pat_call_refuse(call, PAT_REASON_NOT_FOUND, "node");
	*ret = found;
	return 0;
}

int pat_api_layers_get(struct pat_call *call)
{
	static const char *const known[] = { "node", "version", NULL };
	pat_cleanup(pat_files_document_closep) struct pat_files_document *document = NULL;
	struct pat_files_caller caller;
	struct pat_files_file file;
	uint32_t node = 0;

	int r = pat_param_known(call, known);
	if (r == 0)
		r = open_document(call, &caller, &file, &document);
	if (r == 0)
		r = find_node(call, document, &node);
	if (r != 0)
		return r;
	const struct pat_outline *outline = pat_files_document_outline(document);
	const struct pat_text *text = pat_files_document_text(document);
	struct pat_json_writer w = pat_call_json(call, 200);
	pat_json_open(&w, NULL, '{');
	pat_json_open(&w, "node", '{');
	r = write_node_members(&w, outline, text, node);
	pat_json_close(&w, '}');
	if (r == 0)
		r = write_children(&w, outline, text, node);
	pat_json_close(&w, '}');
	return r;
}

/* ---- Pictures. */

int pat_api_picture_get(struct pat_call *call)
{
	static const char *const known[] = { "node", "version", "width", "height", NULL };
	pat_cleanup(pat_files_document_closep) struct pat_files_document *document = NULL;
	struct pat_files_picture picture = { .node = PAT_NO_NODE, .outline_text = true };
	struct pat_files_caller caller;
	struct pat_files_file file;
	int64_t width = 0;
	int64_t height = 0;

	int r = pat_param_known(call, known);
	if (r == 0)
		r = pat_param_number(call, "width", 1, SIDE_MAX, &width);
	if (r == 0)
		r = pat_param_number(call, "height", 1, SIDE_MAX, &height);
	if (r == 0)
		r = open_document(call, &caller, &file, &document);
	if (r == 0)
		r = find_node(call, document, &picture.node);
	if (r != 0)
		return r;
	picture.width_max = (uint32_t)width;
	picture.height_max = (uint32_t)height;
	pat_call_status(call, 200);
	(void)pat_response_header(call->response, "Content-Type", "image/svg+xml");
	call->response->body.max = PICTURE_BYTES_MAX;
	r = pat_files_document_draw(document, &picture, &call->response->body);
	if (r == PAT_FILES_E_NODE) {
		pat_call_status(
			call,
			204); /* the node is there, and looks like nothing: no fault of who asks */
		return 0;
	}
	return r > 0 ? pat_call_refuse_files(call, r, NULL) : r;
}

/* ---- Images. */

struct images {
	struct pat_call *call;
	struct pat_json_writer w;
	struct pat_files_file file;
	int64_t ends_s;
};

static int write_image(void *arg, const struct pat_files_fill *fill)
{
	struct images *i = arg;
	char path[PAT_FILES_PICTURE_PATH_MAX];

	int r = pat_files_fill_path(i->call->context->files, &i->file, fill, i->ends_s, path);
	if (r != 0)
		return r < 0 ? r : -EPROTO;
	pat_json_open(&i->w, NULL, '{');
	pat_json_text(&i->w, "ref", fill->ref);
	pat_json_text(&i->w, "type", fill->type);
	pat_json_number(&i->w, "bytes", fill->bytes);
	pat_json_text(&i->w, "url", path);
	pat_json_close(&i->w, '}');
	return 0;
}

static int write_missing(void *arg, const char *ref)
{
	struct images *i = arg;

	pat_json_text(&i->w, NULL, ref);
	return 0;
}

int pat_api_images_get(struct pat_call *call)
{
	static const char *const known[] = { "version", NULL };
	pat_cleanup(pat_files_document_closep) struct pat_files_document *document = NULL;
	struct images i = { .call = call };
	struct pat_files_caller caller;

	int r = pat_param_known(call, known);
	if (r == 0)
		r = open_document(call, &caller, &i.file, &document);
	if (r != 0)
		return r;
	i.ends_s = (caller.now_s / 86400 + IMAGE_DAYS + 1) * 86400;
	i.w = pat_call_json(call, 200);
	pat_json_open(&i.w, NULL, '{');
	pat_json_open(&i.w, "images", '[');
	r = pat_files_fill_list(call->context->files, &caller, call->id, write_image, &i);
	pat_json_close(&i.w, ']');
	pat_json_open(&i.w, "missing", '[');
	if (r == 0)
		r = pat_files_document_missing(document, write_missing, &i);
	pat_json_close(&i.w, ']');
	pat_json_close(&i.w, '}');
	return r > 0 ? pat_call_refuse_files(call, r, NULL) : r;
}

int pat_api_image_delete(struct pat_call *call)
{
	struct pat_files_caller caller;

	int r = pat_api_files_caller(call, &caller);
	if (r != 0)
		return r;
	r = pat_files_fill_remove(call->context->files, &caller, call->id, call->part);
	if (r != 0)
		return pat_call_refuse_files(call, r, NULL);
	pat_api_log_file(call, "file.image_deleted", "ref", call->part);
	return pat_api_done(call);
}

/* ---- Versions. */

struct versions {
	struct pat_json_writer w;
	struct pat_people people;
	int64_t last;
};

static int write_version(void *arg, const struct pat_files_version *version)
{
	struct versions *v = arg;

	v->last = version->id;
	pat_json_open(&v->w, NULL, '{');
	pat_json_id(&v->w, "id", version->id);
	pat_json_time(&v->w, "created_at", version->created_s);
	int r = pat_people_write(&v->people, &v->w, "person", version->person);
	pat_json_text(&v->w, "label", version->label[0] ? version->label : NULL);
	pat_json_text(&v->w, "description", version->description[0] ? version->description : NULL);
	pat_json_number(&v->w, "bytes", version->bytes);
	pat_json_close(&v->w, '}');
	return r;
}

int pat_api_versions_get(struct pat_call *call)
{
	static const char *const known[] = { "cursor", "limit", NULL };
	struct versions v = { 0 };
	struct pat_files_caller caller;
	int64_t limit = VERSIONS_PAGE;
	int64_t before = 0;
	bool more = false;

	int r = pat_api_files_caller(call, &caller);
	if (r == 0)
		r = pat_param_known(call, known);
	if (r == 0)
		r = pat_param_number(call, "limit", 1, VERSIONS_PAGE_MAX, &limit);
	if (r == 0)
		r = pat_param_number(call, "cursor", 1, INT64_MAX, &before);
	if (r != 0)
		return r;
	pat_people_init(&v.people, call);
	v.w = pat_call_json(call, 200);
	pat_json_open(&v.w, NULL, '{');
	pat_json_open(&v.w, "versions", '[');
	r = pat_files_version_list(call->context->files, &caller, call->id, before, 0,
	                           (unsigned)limit, write_version, &v, &more);
	pat_json_close(&v.w, ']');
	if (more)
		pat_json_id(&v.w, "next_cursor", v.last);
	else
		pat_json_text(&v.w, "next_cursor", NULL);
	pat_json_close(&v.w, '}');
	return r > 0 ? pat_call_refuse_files(call, r, NULL) : r;
}

int pat_api_version_delete(struct pat_call *call)
{
	struct pat_files_caller caller;
	int64_t version = 0;

	int r = pat_api_files_caller(call, &caller);
	if (r == 0)
		r = pat_param_id(call, call->part, &version);
	if (r != 0)
		return r;
	r = pat_files_version_remove(call->context->files, &caller, call->id, version);
	if (r != 0)
		return pat_call_refuse_files(call, r, NULL);
	pat_api_log_file(call, "file.version_deleted", "version", call->part);
	return pat_api_done(call);
}
