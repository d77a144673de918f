/* SPDX-License-Identifier: Apache-2.0
 *
 * What the parts of the drawing share. For draw*.c only.
 *
 * Everything is drawn in the coordinates of the picture: groups carry no transform, so that clips, masks, filters and
 * gradients of a node need not know what is around it. Only an element whose node is turned, or whose outline comes as
 * path data, has a `transform` of its own; then its outline and its paints are in the node's own coordinates.
 *
 * Definitions (gradients, clips, masks, filters) are written just before what refers to them.
 */
#ifndef PAT_FILES_DRAW_PRIVATE_H
#define PAT_FILES_DRAW_PRIVATE_H

#include "files/draw.h"
#include "files/matrix.h"
#include "files/svg.h"

/* More of these on one node are left out. */
#define PAT_DRAW_PAINTS_MAX  16u
#define PAT_DRAW_EFFECTS_MAX 8u
#define PAT_DRAW_STOPS_MAX   64u
#define PAT_DRAW_DASHES_MAX  16u
/* Filters and masks are what costs a viewer most: of a picture, and within each other. */
#define PAT_DRAW_FILTERS_MAX       1000u
#define PAT_DRAW_FILTERS_DEPTH_MAX 16u

struct pat_draw {
	struct pat_svg svg;
	const struct pat_draw_tree *tree;
	const struct pat_draw_options *options;
	struct pat_point origin; /* of the picture, in the page's coordinates */
	uint32_t nodes_left;
	uint32_t filters;      /* so far */
	uint32_t filters_open; /* around what is drawn now */
	int fault;             /* the first one; nothing is drawn any more */
};

/* The first fault, or what the buffer says. */
int pat_draw_error(const struct pat_draw *draw);
void pat_draw_fail(struct pat_draw *draw, int fault);

/* ---- draw_place.c: where a node is. */

struct pat_draw_place {
	struct pat_matrix
		at; /* from the node's own coordinates, (0, 0) to (w, h), into the picture */
	double w;
	double h;
	struct pat_box box; /* around it, in the picture */
	bool straight;      /* neither turned nor mirrored */
};

/* How what is inside of a node is turned: by the node, and by the frame around it, to which the children of a group are
 * relative as well. */
struct pat_draw_axes {
	struct pat_matrix own;
	struct pat_matrix frame;
};

/* False: the document does not say. `is_group`: what is inside stays relative to the frame. */
bool pat_draw_place(const struct pat_draw *draw, const json_t *own, bool is_group,
                    const struct pat_draw_axes *around, struct pat_draw_place *ret,
                    struct pat_draw_axes *ret_inside);

/* ---- draw_shape.c: outlines. */

enum pat_draw_form {
	PAT_DRAW_RECT,
	PAT_DRAW_ELLIPSE,
	PAT_DRAW_ARC,
	PAT_DRAW_POLYGON,
	PAT_DRAW_LINE,
	PAT_DRAW_PATHS,
	PAT_DRAW_NOWHERE, /* nothing is known of it */
};

struct pat_draw_shape {
	enum pat_draw_form form;
	const struct pat_draw_place *place;
	struct pat_box box;             /* in the coordinates that it is drawn in */
	bool moved;                     /* these are the node's own, by a transform */
	double radii[4];                /* from the top left, clockwise; they fit */
	double from, sweep, hole;       /* of an arc, in radians; the hole 0 to 1 */
	const struct pat_point *points; /* of a polygon, 0 to 1 */
	size_t n_points;
	const json_t *paths;
};

/* How the outline of a type is known. */
enum pat_draw_outline {
	PAT_DRAW_BY_BOX,
	PAT_DRAW_BY_ARC,
	PAT_DRAW_BY_LINE,
	PAT_DRAW_BY_CORNERS, /* stars and polygons */
	PAT_DRAW_BY_GEOMETRY,
	PAT_DRAW_BY_SHAPE_TYPE,
};

void pat_draw_shape(const json_t *own, enum pat_draw_outline outline,
                    const struct pat_draw_place *place, struct pat_draw_shape *ret);
/* The same, made of the paths of a member. */
void pat_draw_shape_paths(const struct pat_draw_shape *shape, const json_t *paths,
                          struct pat_draw_shape *ret);

/* A shape is some elements; of each the beginning is written (`<rect x=…`), the caller adds attributes and ends it. False:
 * nothing was written. Rectangles and ellipses can be drawn larger, by half a stroke or so. `rule` is "fill-rule" or
 * "clip-rule". */
size_t pat_draw_shape_parts(const struct pat_draw_shape *shape);
bool pat_draw_shape_part(struct pat_draw *draw, const struct pat_draw_shape *shape, size_t part,
                         double larger, const char *rule);
/* What a part has of its own to be filled with, or NULL (`overrideID`). */
const json_t *pat_draw_shape_part_fills(const json_t *own, const struct pat_draw_shape *shape,
                                        size_t part);
/* The frame between two rectangles, of four widths each. */
void pat_draw_shape_sides(struct pat_draw *draw, const struct pat_draw_shape *shape,
                          const double outer[static 4], const double inner[static 4]);
void pat_draw_shape_transform(struct pat_draw *draw, const struct pat_draw_shape *shape);
/* A <clipPath>: what may be drawn inside of the shape. */
uint32_t pat_draw_shape_clip(struct pat_draw *draw, const struct pat_draw_shape *shape);

/* ---- draw_paint.c: what an outline is filled with. */

struct pat_draw_paint {
	enum {
		PAT_DRAW_NO_PAINT,
		PAT_DRAW_COLOR,
		PAT_DRAW_REFERENCE
	} kind;
	uint32_t rgb;
	uint32_t id;
	double opacity;
};

/* Whether one of them hides what is behind it. */
bool pat_draw_paints_are_opaque(const json_t *paints);
/* The n-th visible one of them, from the bottom, or NULL. */
const json_t *pat_draw_paint_at(const json_t *paints, size_t n);
/* What a visible paint is; its definition is written, if it needs one. `box` is what its 0 to 1 mean. */
void pat_draw_paint(struct pat_draw *draw, const json_t *paint, const struct pat_box *box,
                    struct pat_draw_paint *ret);
/* `name` is "fill" or "stroke". Nothing is "none". */
void pat_draw_paint_attribute(struct pat_draw *draw, const char *name,
                              const struct pat_draw_paint *paint);
/* Fills a shape with all of them. */
void pat_draw_fill(struct pat_draw *draw, const json_t *own, const struct pat_draw_shape *shape,
                   const json_t *paints);
/* draw_gradient.c: sets everything but the opacity, which becomes less by that of a single colour. Nothing is set when it
 * has no colours. */
void pat_draw_gradient(struct pat_draw *draw, const json_t *paint, const struct pat_box *box,
                       struct pat_draw_paint *ret);

/* ---- draw_stroke.c */

void pat_draw_strokes(struct pat_draw *draw, const json_t *own, const struct pat_draw_shape *shape);
/* How far they reach beyond the outline. */
double pat_draw_strokes_reach(const json_t *own, enum pat_draw_outline outline);
/* The head of an arrow as Figma names it ("TRIANGLE_ARROW"), in the coordinates of the picture. */
void pat_draw_arrow(struct pat_draw *draw, const char *cap, struct pat_point tip,
                    struct pat_point direction, double weight, const struct pat_draw_paint *paint);

/* ---- draw_effect.c */

/* Writes the <filter> of a node's effects, 0 when there are none to be seen. `box` is what the node draws in. */
uint32_t pat_draw_effects(struct pat_draw *draw, const json_t *own, const struct pat_box *box);
/* Whether they are drop shadows and nothing else. */
bool pat_draw_effects_are_drop_shadows(const json_t *effects);
/* How far they reach. */
double pat_draw_effects_reach(const json_t *effects);

/* ---- draw_text.c */

/* What the document does not say of a text. */
struct pat_draw_label {
	double size;
	double inset;
	bool centred;
	uint32_t rgb;
};

/* The characters of a node in its place. `label`: NULL for a TEXT, which says it all. */
void pat_draw_text(struct pat_draw *draw, const json_t *own, const struct pat_draw_place *place,
                   const struct pat_draw_label *label);

/* ---- draw_jam.c: stickies, connectors, cells. */

void pat_draw_sticky(struct pat_draw *draw, const json_t *own, const struct pat_draw_place *place);
void pat_draw_shape_with_text(struct pat_draw *draw, const json_t *own,
                              const struct pat_draw_place *place);
void pat_draw_connector(struct pat_draw *draw, const json_t *own,
                        const struct pat_draw_place *place);
void pat_draw_cell(struct pat_draw *draw, const json_t *own, const struct pat_draw_place *place);

/* ---- draw_type.c: what kinds of nodes there are. */

enum pat_draw_kind {
	PAT_DRAW_KIND_NOTHING,
	PAT_DRAW_KIND_CHILDREN, /* nothing of its own; also what we do not know */
	PAT_DRAW_KIND_PAGE,
	PAT_DRAW_KIND_GROUP,
	PAT_DRAW_KIND_FRAME,
	PAT_DRAW_KIND_SECTION,
	PAT_DRAW_KIND_SHAPE, /* its children are what it is made of: not drawn */
	PAT_DRAW_KIND_TEXT,
	PAT_DRAW_KIND_STICKY,
	PAT_DRAW_KIND_SHAPE_WITH_TEXT,
	PAT_DRAW_KIND_CONNECTOR,
	PAT_DRAW_KIND_CELL,
};

struct pat_draw_type {
	const char *name;
	enum pat_draw_kind kind;
	enum pat_draw_outline outline;
};

const struct pat_draw_type *pat_draw_type(const json_t *own);
/* What a node draws in: its box with its strokes, and what the document says that it covers. */
struct pat_box pat_draw_covers(const struct pat_draw *draw, const json_t *own,
                               const struct pat_draw_type *type,
                               const struct pat_draw_place *place);

/* ---- draw_mask.c */

/* Writes the beginning of a mask: the node that is drawn next is its content. Its id. */
uint32_t pat_draw_mask_begin(struct pat_draw *draw, const json_t *own, const struct pat_box *box);
void pat_draw_mask_end(struct pat_draw *draw);
/* Whether a clip of the outline does the same. */
bool pat_draw_mask_is_clip(const json_t *own, const struct pat_draw_shape *shape);

/* ---- draw_walk.c */

/* Draws a node and all below it. Check the error afterwards. */
void pat_draw_walk(struct pat_draw *draw, uint32_t node);

#endif
