/* SPDX-License-Identifier: Apache-2.0
 *
 * Between files/draw.h, which draws a tree of JSON objects, and a document that is stored: a node's own members are read
 * when they are drawn, and images are put in as data, because a picture in an <img> may not fetch anything.
 *
 * A node that says very much is drawn as if it said nothing: a picture of the rest is better than none.
 */
#include "files/picture.h"

#include <errno.h>
#include <jansson.h>

#include "files/draw.h"
#include "files/fill.h"
#include "files/room.h"

#define OWN_BYTES_MAX (512u << 10) /* of one node without its children */
/* What all nodes of a picture may say together. A tree of objects takes a hundred times its text while it is drawn, so what
 * large ones say counts more. */
#define DRAWN_BYTES_MAX (32u << 20)
#define LARGE_BYTES     (4u << 10)
#define LARGE_COUNTS    8
#define NODES_MAX       20000
#define SMALL_NODES_MAX 2000
#define SMALL_WIDTH     480
#define SMALL_HEIGHT    360
#define PAGES_MAX       8

struct canvas {
	const struct pat_files_drawing *drawing;
	struct pat_buf own;
	size_t left; /* of DRAWN_BYTES_MAX */
};

static bool take_room(struct canvas *c)
{
	size_t counted = c->own.len > LARGE_BYTES ? LARGE_COUNTS * c->own.len : c->own.len;

	if (counted > c->left)
		return false;
	c->left -= counted;
	return true;
}

static int canvas_own(void *arg, uint32_t node, json_t **ret)
{
	struct canvas *c = arg;
	json_error_t error = { 0 };

	pat_buf_clear(&c->own);
	int e = pat_outline_own(c->drawing->outline, c->drawing->text, node, &c->own);
	if (e < 0 && e != -EMSGSIZE)
		return e;
	if (e == 0 && !take_room(c))
		e = -EMSGSIZE;
	*ret = e == 0 ? json_loadb(pat_buf_str(&c->own), c->own.len,
	                           JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, &error)
	              : NULL;
	if (!*ret && e == 0 && json_error_code(&error) == json_error_out_of_memory)
		return -ENOMEM;
	if (!*ret)
		*ret = json_object();
	return *ret ? 0 : -ENOMEM;
}

static uint32_t canvas_child(void *arg, uint32_t node)
{
	const struct canvas *c = arg;

	return pat_outline_child(c->drawing->outline, node);
}

static uint32_t canvas_next(void *arg, uint32_t node)
{
	const struct canvas *c = arg;

	return pat_outline_next(c->drawing->outline, node);
}

static int canvas_image(void *arg, const char *ref, struct pat_buf *out, struct pat_draw_image *ret)
{
	const struct canvas *c = arg;

	int r = pat_files_fill_inline(c->drawing->files, c->drawing->file, ref, out, &ret->width,
	                              &ret->height);
	return r == PAT_FILES_E_NOT_FOUND ? 1 : r;
}

static void canvas_begin(struct canvas *c, const struct pat_files_drawing *drawing,
                         struct pat_draw_tree *ret)
{
	*c = (struct canvas){ .drawing = drawing, .left = DRAWN_BYTES_MAX };
	pat_buf_init(&c->own, OWN_BYTES_MAX);
	*ret = (struct pat_draw_tree){ .arg = c,
		                       .own = canvas_own,
		                       .child = canvas_child,
		                       .next = canvas_next,
		                       .image = drawing->file ? canvas_image : NULL };
}

/* 0, E_NODE (nothing can be drawn, or not in the room there is), or a fault. */
static int draw(const struct pat_files_drawing *drawing, uint32_t node,
                const struct pat_draw_options *options, struct pat_buf *out)
{
	struct pat_draw_tree tree;
	struct canvas canvas;

	canvas_begin(&canvas, drawing, &tree);
	int r = pat_draw_svg(&tree, node, options, out);
	pat_buf_done(&canvas.own);
	return r > 0 ? PAT_FILES_E_NODE : r;
}

/* ---- The small picture of the whole. */

/* The same with fewer nodes until it fits, because a picture of the larger things is better than none. */
static int draw_small(const struct pat_files_drawing *drawing, uint32_t page, struct pat_buf *out)
{
	struct pat_draw_options options = { .width_max = SMALL_WIDTH, .height_max = SMALL_HEIGHT };
	int r = PAT_FILES_E_NODE;

	for (options.nodes_max = SMALL_NODES_MAX;
	     r == PAT_FILES_E_NODE && options.nodes_max > SMALL_NODES_MAX / 64;
	     options.nodes_max /= 4) {
		pat_buf_clear(out);
		r = draw(drawing, page, &options, out);
	}
	return r;
}

int pat_files_small_draw(const struct pat_files_drawing *drawing, struct pat_buf *out,
                         int64_t *ret_fills)
{
	uint32_t page = pat_outline_child(drawing->outline, 0);
	int r = pat_files_fill_count(drawing->files, drawing->file, ret_fills);

	if (r < 0)
		return r;
	r = PAT_FILES_E_NODE;
	for (int i = 0; i < PAGES_MAX && page != PAT_NO_NODE && r == PAT_FILES_E_NODE; i++) {
		r = draw_small(drawing, page, out);
		page = pat_outline_next(drawing->outline, page);
	}
	return r;
}

int pat_files_small_keep(struct pat_lite_conn *conn, int64_t file, int64_t version, int64_t fills,
                         const struct pat_buf *svg)
{
	int e = PAT_LITE_DO(conn, "DELETE FROM picture WHERE file = ?1 AND version <= ?2", file,
	                    version);

	if (e < 0 || !svg)
		return e;
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q =
		pat_lite_query(conn, "INSERT INTO picture (file, version, svg) SELECT ?1, ?2, ?4"
	                             " WHERE ?2 = (SELECT version FROM file WHERE id = ?1)"
	                             " AND ?3 = (SELECT count(*) FROM fill WHERE file = ?1)");
	pat_lite_bind_i64(&q, 1, file);
	pat_lite_bind_i64(&q, 2, version);
	pat_lite_bind_i64(&q, 3, fills);
	pat_lite_bind_blob(&q, 4, pat_buf_str(svg), svg->len);
	return pat_lite_run(&q);
}

/* Appends the picture that is kept: E_NOT_FOUND when there is none yet, E_NODE when it is known that there is none. */
static int read_kept(struct pat_files_document *d, struct pat_buf *out)
{
	pat_cleanup(pat_lite_reader_done) struct pat_lite_reader look = { 0 };
	size_t len = 0;

	int e = pat_files_look(d->files, &look);
	if (e < 0)
		return e;
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		look.conn, "SELECT svg FROM picture WHERE file = ?1 AND version = ?2");
	pat_lite_bind_i64(&q, 1, d->file);
	pat_lite_bind_i64(&q, 2, d->version);
	e = pat_lite_step(&q);
	if (e <= 0)
		return e < 0 ? e : PAT_FILES_E_NOT_FOUND;
	const void *svg = pat_lite_blob_here(&q, 0, &len);
	if (q.malformed || len == 0)
		return q.malformed ? -EIO : PAT_FILES_E_NODE;
	return pat_buf_add(out, svg, len);
}

/* Keeping saves work later; that it could not be done is no matter. */
static void try_to_keep(struct pat_files_document *d, int64_t fills, const struct pat_buf *svg)
{
	struct pat_lite_conn *conn = NULL;

	if (!d->newest || pat_files_grow_begin(d->files, svg->len, &conn) != 0)
		return;
	(void)!pat_files_change_end(d->files,
	                            pat_files_small_keep(conn, d->file, d->version, fills, svg));
}

static int draw_whole(struct pat_files_document *d, struct pat_buf *out)
{
	struct pat_files_drawing drawing = { d->files, &d->outline, &d->text, d->file };
	pat_cleanup(pat_buf_done) struct pat_buf svg = { 0 };
	int64_t fills = 0;

	int r = read_kept(d, out);
	if (r != PAT_FILES_E_NOT_FOUND)
		return r;
	pat_buf_init(&svg, PAT_FILES_SMALL_BYTES_MAX);
	r = pat_files_small_draw(&drawing, &svg, &fills);
	if (r == PAT_FILES_E_NODE)
		pat_buf_clear(&svg);
	if (r == 0 || r == PAT_FILES_E_NODE)
		try_to_keep(d, fills, &svg);
	if (r != 0)
		return r;
	return pat_buf_add(out, svg.data, svg.len);
}

/* ---- Of a node. */

int pat_files_document_draw(struct pat_files_document *d, const struct pat_files_picture *picture,
                            struct pat_buf *out)
{
	struct pat_files_drawing drawing = { d->files, &d->outline, &d->text, d->file };
	struct pat_draw_options options = {
		.nodes_max = NODES_MAX,
		.width_max = picture->width_max,
		.height_max = picture->height_max,
		.scale = picture->scale,
		.include_id = picture->include_id,
		.include_node_id = picture->include_node_id,
		.outline_text = picture->outline_text,
	};

	if (picture->node == PAT_NO_NODE)
		return draw_whole(d, out);
	if (picture->node >= d->outline.n_nodes)
		return PAT_FILES_E_NODE;
	return draw(&drawing, picture->node, &options, out);
}

int pat_files_document_drawable(struct pat_files_document *d, uint32_t node)
{
	struct pat_files_drawing drawing = { d->files, &d->outline, &d->text, d->file };
	struct pat_draw_tree tree;
	struct canvas canvas;

	if (node >= d->outline.n_nodes)
		return PAT_FILES_E_NODE;
	canvas_begin(&canvas, &drawing, &tree);
	int r = pat_draw_some(&tree, node, NODES_MAX);
	pat_buf_done(&canvas.own);
	return r > 0 ? PAT_FILES_E_NODE : r;
}
