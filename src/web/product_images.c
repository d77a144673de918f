/* SPDX-License-Identifier: Apache-2.0
 *
 * Pictures of nodes, and the images that fills refer to: addresses of both, which need no token.
 *
 * Pictures are SVG. A client that does not say which format it wants gets that; for a PNG, JPEG or PDF every node is what
 * can not be drawn: null.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "web/api.h"
#include "web/product.h"

struct question {
	struct pat_files_caller caller;
	struct pat_product_ids ids;
	int64_t version;
	struct pat_files_picture picture;
	bool svg;
};

static int read_scale(struct pat_call *call, double *ret)
{
	char text[32];
	char *end = NULL;

	*ret = 1;
	int r = pat_param_text(call, "scale", text, sizeof(text));
	if (r != 0 || text[0] == '\0')
		return r;
	double scale = strtod(text, &end);
	if (*end || !(scale >= 0.01 && scale <= 4) || text[strspn(text, "0123456789.")])
		return pat_param_refuse(call, "scale", "It must be from 0.01 to 4.");
	*ret = scale;
	return 0;
}

static int read_format(struct pat_call *call, bool *ret_svg)
{
	char text[8];

	int r = pat_param_text(call, "format", text, sizeof(text));
	if (r != 0)
		return r;
	*ret_svg = text[0] == '\0' || strcmp(text, "svg") == 0;
	if (*ret_svg || strcmp(text, "png") == 0 || strcmp(text, "jpg") == 0 ||
	    strcmp(text, "pdf") == 0)
		return 0;
	return pat_param_refuse(call, "format", "It must be svg, png, jpg or pdf.");
}

/* Parameters that say how it is drawn where we have no choice are read, so that a wrong one is told. */
static int read_others(struct pat_call *call)
{
	static const char *const names[] = { "svg_simplify_stroke", "contents_only",
		                             "use_absolute_bounds" };
	bool ignored = false;
	int r = 0;

	for (size_t i = 0; r == 0 && i < PAT_ARRAY_LEN(names); i++)
		r = pat_param_flag(call, names[i], &ignored);
	return r;
}

static int read_question(struct pat_call *call, struct question *q)
{
	q->picture = (struct pat_files_picture){ .scale = 1, .outline_text = true };
	int r = pat_product_caller(call, &q->caller);
	if (r == 0)
		r = pat_product_ids(call, &q->ids);
	if (r == 0 && q->ids.n == 0)
		r = pat_param_refuse(call, "ids", "Name at least one node.");
	if (r == 0)
		r = pat_param_number(call, "version", 1, INT64_MAX, &q->version);
	if (r == 0)
		r = read_format(call, &q->svg);
	if (r == 0)
		r = read_scale(call, &q->picture.scale);
	if (r == 0)
		r = pat_param_flag(call, "svg_outline_text", &q->picture.outline_text);
	if (r == 0)
		r = pat_param_flag(call, "svg_include_id", &q->picture.include_id);
	if (r == 0)
		r = pat_param_flag(call, "svg_include_node_id", &q->picture.include_node_id);
	return r == 0 ? read_others(call) : r;
}

/* ---- GET /v1/images/{key}. */

struct answer {
	struct pat_call *call;
	const struct question *question;
	struct pat_files_file file;
	struct pat_files_document *document;
};

/* Whether there is such a node and something of it can be drawn. */
static int is_drawable(const struct answer *a, const char *id, bool *ret)
{
	const struct pat_outline *outline = pat_files_document_outline(a->document);
	const struct pat_text *text = pat_files_document_text(a->document);
	uint32_t node = PAT_NO_NODE;

	*ret = false;
	int r = a->question->svg ? pat_outline_find(outline, text, id, strlen(id), &node) : 0;
	if (r != 0 || node == PAT_NO_NODE)
		return r;
	r = pat_files_document_drawable(a->document, node);
	*ret = r == 0;
	return r < 0 ? r : 0;
}

static int write_image(const struct answer *a, struct pat_json_writer *w, const char *id)
{
	char path[PAT_FILES_PICTURE_PATH_MAX];
	bool drawable = false;

	int r = is_drawable(a, id, &drawable);
	if (r != 0)
		return r;
	if (!drawable) {
		pat_json_text(w, id, NULL);
		return 0;
	}
	r = pat_files_picture_path(
		a->call->context->files, &a->file, pat_files_document_version(a->document), id,
		&a->question->picture, pat_product_picture_end_s(a->question->caller.now_s), path);
	if (r != 0)
		return r < 0 ? r : -EPROTO;
	pat_call_json_url(a->call, w, id, path);
	return 0;
}

static int write_images(const struct answer *a)
{
	struct pat_json_writer w = pat_call_json(a->call, 200);
	int r = 0;

	pat_json_open(&w, NULL, '{');
	pat_json_text(&w, "err", NULL);
	pat_json_open(&w, "images", '{');
	for (size_t i = 0; r == 0 && i < a->question->ids.n; i++)
		r = write_image(a, &w, a->question->ids.ids[i]);
	pat_json_close(&w, '}');
	pat_json_close(&w, '}');
	return r;
}

int pat_product_images(struct pat_call *call)
{
	struct question q = { 0 };
	struct answer a = { .call = call, .question = &q };

	int r = read_question(call, &q);
	if (r != 0)
		return r;
	r = pat_files_document_open(call->context->files, &q.caller, call->id, q.version, &a.file,
	                            &a.document);
	if (r != 0)
		return pat_call_refuse_files(call, r, NULL);
	r = write_images(&a);
	pat_files_document_close(a.document);
	return r;
}

/* ---- GET /v1/files/{key}/images. */

struct fills {
	struct pat_call *call;
	struct pat_json_writer w;
	struct pat_files_file file;
	int64_t now_s;
};

static int write_fill(void *arg, const struct pat_files_fill *fill)
{
	struct fills *f = arg;
	char path[PAT_FILES_PICTURE_PATH_MAX];

	int r = pat_files_fill_path(f->call->context->files, &f->file, fill,
	                            pat_product_picture_end_s(f->now_s), path);
	if (r < 0)
		return r;
	pat_call_json_url(f->call, &f->w, fill->ref, path);
	return 0;
}

int pat_product_fills(struct pat_call *call)
{
	struct fills f = { .call = call };
	struct pat_files_caller caller;

	int r = pat_product_caller(call, &caller);
	if (r != 0)
		return r;
	f.now_s = caller.now_s;
	r = pat_files_file_get(call->context->files, &caller, call->id, &f.file);
	if (r != 0)
		return pat_call_refuse_files(call, r, NULL);
	f.w = pat_call_json(call, 200);
	pat_json_open(&f.w, NULL, '{');
	pat_json_bool(&f.w, "error", false);
	pat_json_number(&f.w, "status", 200);
	pat_json_open(&f.w, "meta", '{');
	pat_json_open(&f.w, "images", '{');
	r = pat_files_fill_list(call->context->files, &caller, call->id, write_fill, &f);
	pat_json_close(&f.w, '}');
	pat_json_close(&f.w, '}');
	pat_json_close(&f.w, '}');
	return r > 0 ? pat_call_refuse_files(call, r, NULL) : r;
}
