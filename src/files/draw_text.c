/* SPDX-License-Identifier: Apache-2.0
 *
 * Texts, as <text> with a <tspan> for each line. Whoever looks at the picture has other fonts than who drew the design, so
 * each line is told how long it is (textLength) and stays in its place.
 *
 * A document with geometry has the letters as paths (fillGeometry); whether these are drawn is the caller's choice.
 */
#include <math.h>

#include "files/draw_private.h"
#include "files/letters.h"
#include "files/lines.h"
#include "files/member.h"

/* Where letters stand in a line, from its middle: the mean of usual fonts. */
#define BASELINE 0.355

enum align {
	LEFT,
	CENTER,
	RIGHT,
	JUSTIFIED
};

struct text {
	struct pat_draw *draw;
	const json_t *own;
	struct pat_lines lines;
	struct pat_draw_shape shape; /* where it is */
	struct pat_box box;          /* the same without an inset */
	enum align align;
	struct pat_draw_paint
		paints[PAT_LINES_STYLES_MAX]; /* of the layer that is drawn, by style */
	double outline; /* the weight of a stroke that is drawn instead of a filling, or 0 */
};

/* ---- Attributes. */

/* Names of fonts are quoted in CSS: nothing that could end the quotes is let through. */
static void write_family(struct pat_svg *svg, const struct pat_style *style)
{
	char name[PAT_STYLE_FAMILY_MAX];
	size_t n = 0;

	for (size_t i = 0; i < style->family_len; i++) {
		char c = style->family[i];

		if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
		    c == ' ' || c == '-' || (c & 0x80))
			name[n++] = c;
	}
	pat_svg_open(svg, "font-family");
	if (n > 0) {
		(void)pat_buf_add_str(svg->out, "'");
		pat_svg_chars(svg, name, n);
		(void)pat_buf_add_str(svg->out, "',");
	}
	(void)pat_buf_add_str(svg->out, style->monospaced ? "monospace"
	                                : style->serifs   ? "serif"
	                                                  : "sans-serif");
	pat_svg_close(svg);
}

static const char *decoration(const struct pat_style *style)
{
	return style->underlined ? "underline" : style->struck ? "line-through" : "none";
}

/* SVG 1.1 knows hundreds only. */
static double hundreds(unsigned weight)
{
	return fmax(100, fmin(900, round(weight / 100.0) * 100));
}

/* What is different from `around`: for the text itself, from what an SVG has anyway. */
static void write_style(struct pat_svg *svg, const struct pat_style *style,
                        const struct pat_style *around, bool first)
{
	if (first || style->family != around->family)
		write_family(svg, style);
	if (first || style->size != around->size)
		pat_svg_number(svg, "font-size", style->size);
	pat_svg_number_unless(svg, "font-weight", hundreds(style->weight),
	                      hundreds(around->weight));
	if (style->italic != around->italic)
		pat_svg_word(svg, "font-style", style->italic ? "italic" : "normal");
	pat_svg_number_unless(svg, "letter-spacing", style->letter_spacing, around->letter_spacing);
	if ((style->letter_case == PAT_CASE_SMALL_CAPS) !=
	    (around->letter_case == PAT_CASE_SMALL_CAPS))
		pat_svg_word(svg, "font-variant",
		             style->letter_case == PAT_CASE_SMALL_CAPS ? "small-caps" : "normal");
	if (decoration(style) != decoration(around))
		pat_svg_word(svg, "text-decoration", decoration(style));
}

static void write_paint(const struct text *t, uint32_t style)
{
	pat_svg_number_unless(&t->draw->svg, "stroke-width", t->outline, 0);
	if (t->outline > 0)
		pat_svg_word(&t->draw->svg, "fill", "none");
	pat_draw_paint_attribute(t->draw, t->outline > 0 ? "stroke" : "fill", &t->paints[style]);
}

/* ---- Lines. */

static void write_chars(struct pat_svg *svg, const struct pat_lines *lines, uint32_t from,
                        uint32_t end)
{
	char bytes[256];
	size_t n = 0;

	for (uint32_t i = from; i < end; i++) {
		if (n + 4 > sizeof(bytes)) {
			pat_svg_chars(svg, bytes, n);
			n = 0;
		}
		n += pat_letter_encode(lines->chars[i].code, bytes + n);
	}
	pat_svg_chars(svg, bytes, n);
}

/* The characters of one style, from `from` on: where they end. */
static uint32_t write_run(const struct text *t, uint32_t from, uint32_t end)
{
	const struct pat_lines *lines = &t->lines;
	struct pat_svg *svg = &t->draw->svg;
	uint32_t style = lines->chars[from].style;
	uint32_t stop = from;

	while (stop < end && lines->chars[stop].style == style)
		stop++;
	if (style == 0) {
		write_chars(svg, lines, from, stop);
		return stop;
	}
	pat_svg_begin(svg, "tspan");
	write_style(svg, &lines->styles[style], &lines->styles[0], false);
	if (lines->styles[style].fills && t->outline <= 0)
		write_paint(t, style);
	pat_svg_inside(svg);
	write_chars(svg, lines, from, stop);
	pat_svg_end(svg, "tspan");
	return stop;
}

static void write_marker(const struct text *t, const struct pat_line *line, double y)
{
	struct pat_svg *svg = &t->draw->svg;

	if (line->marker == 0)
		return;
	pat_svg_begin(svg, "tspan");
	pat_svg_number(svg, "x", t->box.x + line->indent - 0.4 * line->size);
	pat_svg_number(svg, "y", y);
	pat_svg_word(svg, "text-anchor", "end");
	pat_svg_inside(svg);
	if (line->marker == PAT_LINE_BULLET)
		(void)pat_buf_add_str(svg->out, "\xe2\x80\xa2");
	else
		(void)pat_buf_addf(svg->out, "%u.", (unsigned)line->marker);
	pat_svg_end(svg, "tspan");
}

static void write_length(const struct text *t, const struct pat_line *line)
{
	struct pat_svg *svg = &t->draw->svg;
	double room = t->box.w - line->indent;
	double width = line->width;

	if (width <= 0)
		return;
	if (t->align == JUSTIFIED && line->wrapped && line->spaces > 0 && width < room) {
		pat_svg_number(svg, "word-spacing", (room - width) / line->spaces);
		width = room;
	}
	pat_svg_number(svg, "textLength", width);
	pat_svg_word(svg, "lengthAdjust", "spacingAndGlyphs");
}

static void write_line(const struct text *t, const struct pat_line *line, double y)
{
	struct pat_svg *svg = &t->draw->svg;
	double x = t->box.x + line->indent;

	if (t->align == CENTER || t->align == RIGHT)
		x = t->box.x + t->box.w / (t->align == CENTER ? 2 : 1);
	write_marker(t, line, y);
	if (line->first == line->end && !line->cut)
		return;
	pat_svg_begin(svg, "tspan");
	pat_svg_number(svg, "x", x);
	pat_svg_number(svg, "y", y);
	write_length(t, line);
	pat_svg_inside(svg);
	for (uint32_t i = line->first; i < line->end && pat_draw_error(t->draw) == 0;)
		i = write_run(t, i, line->end);
	if (line->cut)
		(void)pat_buf_add_str(svg->out, "\xe2\x80\xa6");
	pat_svg_end(svg, "tspan");
}

static double top_of(const struct text *t)
{
	const json_t *style = json_object_get(t->own, "style");
	double rest = t->box.h - t->lines.height;

	if (pat_member_is(style, "textAlignVertical", "BOTTOM"))
		return t->box.y + rest;
	return t->box.y + (pat_member_is(style, "textAlignVertical", "CENTER") ? rest / 2 : 0);
}

/* All lines, with the paints that are set. */
static void write_text(const struct text *t, double top)
{
	static const struct pat_style plain = { .weight = 400 };
	struct pat_svg *svg = &t->draw->svg;

	pat_svg_begin(svg, "text");
	pat_draw_shape_transform(t->draw, &t->shape);
	pat_svg_word(svg, "xml:space", "preserve");
	if (t->align == CENTER || t->align == RIGHT)
		pat_svg_word(svg, "text-anchor", t->align == CENTER ? "middle" : "end");
	write_style(svg, &t->lines.styles[0], &plain, true);
	write_paint(t, 0);
	pat_svg_inside(svg);
	for (uint32_t i = 0; i < t->lines.n_lines && pat_draw_error(t->draw) == 0; i++) {
		const struct pat_line *line = &t->lines.lines[i];

		top += line->above;
		write_line(t, line, top + line->leading / 2 + BASELINE * line->size);
		top += line->leading;
	}
	pat_svg_end(svg, "text");
}

/* ---- Layers: a text is written once for each of its paints, one above the other. */

/* The n-th paint of each style. False: none of them has so many. */
static bool set_paints(struct text *t, const json_t *fills, size_t n)
{
	bool some = false;

	for (uint32_t i = 0; i < t->lines.n_styles; i++) {
		const json_t *own = t->lines.styles[i].fills;
		const json_t *paint = pat_draw_paint_at(own ? own : fills, n);

		t->paints[i] = (struct pat_draw_paint){ 0 };
		if (paint && (i == 0 || own))
			pat_draw_paint(t->draw, paint, &t->box, &t->paints[i]);
		some = some || t->paints[i].kind != PAT_DRAW_NO_PAINT;
	}
	return some;
}

static void write_fills(struct text *t, const json_t *fills, double top)
{
	for (size_t n = 0; n < PAT_DRAW_PAINTS_MAX && pat_draw_error(t->draw) == 0; n++) {
		if (!set_paints(t, fills, n))
			return;
		write_text(t, top);
	}
}

/* Strokes are centred on the outline of a letter; of those outside of it the inner half is under the filling. */
static void write_strokes(struct text *t, double top, bool outside)
{
	const json_t *strokes = pat_member_list(t->own, "strokes");
	double weight = pat_member_between(t->own, "strokeWeight", 1, 0, PAT_MEMBER_MAX);
	const json_t *paint = NULL;

	if (pat_member_is(t->own, "strokeAlign", "OUTSIDE") != outside || weight <= 0)
		return;
	t->outline = outside ? weight * 2 : weight;
	for (size_t n = 0; n < PAT_DRAW_PAINTS_MAX && (paint = pat_draw_paint_at(strokes, n)) &&
	                   pat_draw_error(t->draw) == 0;
	     n++) {
		pat_draw_paint(t->draw, paint, &t->box, &t->paints[0]);
		if (t->paints[0].kind != PAT_DRAW_NO_PAINT)
			write_text(t, top);
	}
	t->outline = 0;
}

static enum align align_of(const json_t *own, bool centred)
{
	const json_t *style = json_object_get(own, "style");

	if (pat_member_is(style, "textAlignHorizontal", "CENTER"))
		return CENTER;
	if (pat_member_is(style, "textAlignHorizontal", "RIGHT"))
		return RIGHT;
	if (pat_member_is(style, "textAlignHorizontal", "JUSTIFIED"))
		return JUSTIFIED;
	return centred ? CENTER : LEFT;
}

static struct pat_style usual_style(const struct pat_draw_label *label)
{
	double size = label ? label->size : 12;

	return (struct pat_style){ .family = "",
		                   .size = size,
		                   .leading = size * 1.25,
		                   .weight = label ? 500 : 400,
		                   .breadth = 1 };
}

/* A label has one colour, and is in the middle. */
static void write_label(struct text *t, const struct pat_draw_label *label)
{
	double rest = t->box.h - t->lines.height;

	t->paints[0] =
		(struct pat_draw_paint){ .kind = PAT_DRAW_COLOR, .rgb = label->rgb, .opacity = 1 };
	write_text(t, t->box.y + (label->centred ? rest / 2 : 0));
}

static bool is_painted(const json_t *own)
{
	const json_t *table = json_object_get(own, "styleOverrideTable");

	return pat_draw_paint_at(pat_member_list(own, "fills"), 0) ||
	       pat_draw_paint_at(pat_member_list(own, "strokes"), 0) || json_object_size(table) > 0;
}

void pat_draw_text(struct pat_draw *draw, const json_t *own, const struct pat_draw_place *place,
                   const struct pat_draw_label *label)
{
	struct text t = { .draw = draw, .own = own };
	struct pat_style usual = usual_style(label);

	if (!label && !is_painted(own))
		return;
	pat_draw_shape(own, PAT_DRAW_BY_LINE, place, &t.shape);
	t.box = pat_box_grown(&t.shape.box, label ? -label->inset : 0);
	t.align = align_of(own, label && label->centred);
	int r = pat_lines_init(&t.lines, own, &usual, t.box.w, t.box.h);
	if (r < 0) {
		pat_draw_fail(draw, r);
	} else if (t.lines.n_chars > 0 && label) {
		write_label(&t, label);
	} else if (t.lines.n_chars > 0) {
		write_strokes(&t, top_of(&t), true);
		write_fills(&t, pat_member_list(own, "fills"), top_of(&t));
		write_strokes(&t, top_of(&t), false);
	}
	pat_lines_done(&t.lines);
}
