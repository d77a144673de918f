/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading the characters with their styles, and breaking them. What a newcomer would get wrong: the overrides of styles
 * count UTF-16 units, as JavaScript does, so that an emoji has two.
 */
#include "files/lines.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files/letters.h"
#include "files/member.h"

#define SIZE_MAX_PX   10000
#define FIT_CHARS_MAX 8192 /* longer ones are broken once */

/* ---- Styles. */

static enum pat_letter_case case_of(const json_t *json, enum pat_letter_case usual)
{
	static const struct {
		const char *name;
		enum pat_letter_case letter_case;
	} cases[] = {
		{ "ORIGINAL", PAT_CASE_ORIGINAL },     { "UPPER", PAT_CASE_UPPER },
		{ "LOWER", PAT_CASE_LOWER },           { "TITLE", PAT_CASE_TITLE },
		{ "SMALL_CAPS", PAT_CASE_SMALL_CAPS }, { "SMALL_CAPS_FORCED", PAT_CASE_SMALL_CAPS },
	};

	for (size_t i = 0; i < PAT_ARRAY_LEN(cases); i++)
		if (pat_member_is(json, "textCase", cases[i].name))
			return cases[i].letter_case;
	return usual;
}

static bool family_has(const struct pat_style *style, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(words[i]);

		for (size_t at = 0; at + len <= style->family_len; at++)
			if (strncasecmp(style->family + at, words[i], len) == 0)
				return true;
	}
	return false;
}
#define FAMILY_HAS(style, ...)                                  \
	family_has(style, (const char *const[]){ __VA_ARGS__ }, \
	           sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

static void read_family(const json_t *json, struct pat_style *style)
{
	size_t len = 0;
	const char *family = pat_member_text(json, "fontFamily", &len);

	if (len == 0 || len > PAT_STYLE_FAMILY_MAX)
		return;
	style->family = family;
	style->family_len = len;
	style->monospaced = FAMILY_HAS(style, "mono", "code", "courier", "consolas", "menlo");
	style->serifs = !FAMILY_HAS(style, "sans", "grotesk") &&
	                FAMILY_HAS(style, "serif", "times", "georgia", "garamond", "playfair",
	                           "merriweather", "lora", "baskerville", "bodoni", "crimson",
	                           "fraunces", "slab");
}

/* A larger size without a word on the height of its lines: as much higher. */
static void read_sizes(const json_t *json, const struct pat_style *usual, struct pat_style *style)
{
	double leading = pat_member_between(json, "lineHeightPx", 0, 0, SIZE_MAX_PX);

	style->size = pat_member_between(json, "fontSize", usual->size, 0.1, SIZE_MAX_PX);
	style->leading = leading > 0 ? leading : usual->leading * style->size / usual->size;
	style->letter_spacing = pat_member_between(json, "letterSpacing", usual->letter_spacing,
	                                           -SIZE_MAX_PX, SIZE_MAX_PX);
}

/* The style that `json` makes of another one. */
static void read_style(const json_t *json, const struct pat_style *usual, struct pat_style *ret)
{
	struct pat_style style = *usual;
	const json_t *fills = json_object_get(json, "fills");

	read_family(json, &style);
	read_sizes(json, usual, &style);
	style.weight = (unsigned)pat_member_between(json, "fontWeight", usual->weight, 1, 1000);
	style.breadth = style.weight >= 800 ? 1.08 : style.weight >= 600 ? 1.04 : 1;
	if (FAMILY_HAS(&style, "condensed", "narrow", "compressed"))
		style.breadth *= 0.82;
	style.italic = pat_member_flag(json, "italic", usual->italic);
	if (json_object_get(json, "textDecoration")) {
		style.underlined = pat_member_is(json, "textDecoration", "UNDERLINE");
		style.struck = pat_member_is(json, "textDecoration", "STRIKETHROUGH");
	}
	style.letter_case = case_of(json, usual->letter_case);
	style.fills = json_is_array(fills) ? fills : NULL;
	*ret = style;
}

/* ---- Characters. */

struct reader {
	struct pat_lines *lines;
	const json_t *overrides;
	const json_t *table;
	uint32_t ids[PAT_LINES_STYLES_MAX]; /* of the styles, as the table has them */
	uint32_t units;                     /* of UTF-16, so far */
	uint32_t before;                    /* the character */
};

/* The style of an override: made when it is first met. Too many are as the text's own. */
static uint32_t style_of(struct reader *r)
{
	const json_t *id = json_array_get(r->overrides, r->units);
	uint32_t value = 0;
	struct pat_lines *lines = r->lines;
	char key[24];

	if (!pat_member_id(id, &value))
		return 0;
	for (uint32_t i = 1; i < lines->n_styles; i++)
		if (r->ids[i] == value)
			return i;
	if (lines->n_styles == PAT_LINES_STYLES_MAX)
		return 0;
	(void)snprintf(key, sizeof(key), "%u", value);
	read_style(json_object_get(r->table, key), &lines->styles[0],
	           &lines->styles[lines->n_styles]);
	r->ids[lines->n_styles] = (uint32_t)value;
	return lines->n_styles++;
}

static void add_char(struct reader *r, uint32_t code)
{
	struct pat_lines *lines = r->lines;
	uint32_t style = style_of(r);
	enum pat_letter_case letter_case = lines->styles[style].letter_case;
	bool begins = !pat_letter_is(r->before);

	r->units += code > 0xffff ? 2 : 1;
	r->before = code;
	if (code == '\r' || (code < 0x20 && code != '\n' && code != '\t'))
		return;
	if (letter_case == PAT_CASE_UPPER || (letter_case == PAT_CASE_TITLE && begins))
		code = pat_letter_upper(code);
	else if (letter_case == PAT_CASE_LOWER)
		code = pat_letter_lower(code);
	lines->chars[lines->n_chars++] = (struct pat_char){ code == '\t' ? ' ' : code, style };
}

static int read_chars(struct pat_lines *lines, const json_t *own)
{
	size_t len = 0;
	const char *text = pat_member_text(own, "characters", &len);
	struct reader r = { .lines = lines,
		            .overrides = pat_member_list(own, "characterStyleOverrides"),
		            .table = json_object_get(own, "styleOverrideTable") };

	/* Never more characters than bytes. */
	size_t n = len < PAT_LINES_CHARS_MAX ? len : PAT_LINES_CHARS_MAX;
	lines->chars = n > 0 ? calloc(n, sizeof(*lines->chars)) : NULL;
	if (n > 0 && !lines->chars)
		return -ENOMEM;
	for (size_t at = 0; at < len && lines->n_chars < n;) {
		uint32_t code = 0xfffd;
		size_t bytes = pat_letter_decode(text + at, len - at, &code);

		add_char(&r, code);
		at += bytes > 0 ? bytes : 1;
	}
	return 0;
}

/* ---- Breaking. */

struct breaker {
	struct pat_lines *lines;
	const json_t *own;
	double width;    /* that there is; infinite when a text is as wide as it wants */
	double stretch;  /* of the estimate */
	uint32_t number; /* in the list that goes on */
	double level;
};

static double advance(const struct pat_lines *lines, uint32_t at, double stretch, bool *known)
{
	const struct pat_style *style = &lines->styles[lines->chars[at].style];
	double em = pat_letter_width(lines->chars[at].code, style->monospaced, known);

	return em * style->size * style->breadth * stretch + style->letter_spacing;
}

static bool is_space(const struct pat_lines *lines, uint32_t at)
{
	return lines->chars[at].code == ' ';
}

/* What a line looks like between two places: trailing spaces do not count. */
static void measure(const struct breaker *b, struct pat_line *line)
{
	const struct pat_lines *lines = b->lines;
	bool all_known = true;
	double inner = 0; /* the last letter's spacing is no part of a line */

	while (line->end > line->first && is_space(lines, line->end - 1))
		line->end--;
	line->width = 0;
	line->spaces = 0;
	line->size = lines->styles[0].size;
	line->leading = lines->styles[0].leading;
	for (uint32_t i = line->first; i < line->end; i++) {
		const struct pat_style *style = &lines->styles[lines->chars[i].style];
		bool known = true;

		line->width += advance(lines, i, b->stretch, &known);
		inner = style->letter_spacing;
		all_known = all_known && known;
		line->spaces += is_space(lines, i);
		line->size = i == line->first ? style->size : fmax(line->size, style->size);
		line->leading =
			i == line->first ? style->leading : fmax(line->leading, style->leading);
	}
	line->width = all_known && line->end > line->first ? fmax(0, line->width - inner) : 0;
}

/* 0, also when there are too many: then it is left out. */
static int add_line(struct breaker *b, struct pat_line *line)
{
	struct pat_lines *lines = b->lines;
	uint32_t n = lines->n_lines;

	measure(b, line);
	if (n == PAT_LINES_MAX)
		return 0;
	if ((n & (n - 1)) == 0) { /* full: room doubles */
		struct pat_line *grown =
			reallocarray(lines->lines, n == 0 ? 1 : 2 * (size_t)n, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		lines->lines = grown;
	}
	lines->lines[lines->n_lines++] = *line;
	return 0;
}

/* Where the line that begins at `from` ends at the latest, and where a next one would begin. */
static uint32_t find_end(const struct breaker *b, uint32_t from, uint32_t end, double width)
{
	double x = 0;
	uint32_t good = from;

	for (uint32_t i = from; i < end; i++) {
		bool known = true;
		bool space = is_space(b->lines, i);

		x += advance(b->lines, i, b->stretch, &known);
		if (x > width + 0.5 && !space && i > from)
			return good > from ? good : i;
		if (pat_letter_ends_line(b->lines->chars[i].code))
			good = i + 1;
	}
	return end;
}

/* One paragraph, or what a line separator leaves of it. `line` is its first line, without an end. */
static int break_paragraph(struct breaker *b, struct pat_line line, uint32_t end)
{
	for (;;) {
		uint32_t stop = find_end(b, line.first, end, b->width - line.indent);

		line.end = stop;
		line.wrapped = stop < end;
		int r = add_line(b, &line);
		if (r < 0 || stop == end || b->lines->n_lines == PAT_LINES_MAX)
			return r;
		line.first = stop;
		line.above = 0;
		line.marker = 0;
	}
}

/* Indents, markers and distances of the n-th paragraph. */
static struct pat_line begin_paragraph(struct breaker *b, size_t n, uint32_t first)
{
	const json_t *kind = json_array_get(json_object_get(b->own, "lineTypes"), n);
	const json_t *indents = json_object_get(b->own, "lineIndentations");
	const json_t *style = json_object_get(b->own, "style");
	const char *name = json_is_string(kind) ? json_string_value(kind) : "";
	bool ordered = strcmp(name, "ORDERED") == 0;
	bool list = ordered || strcmp(name, "UNORDERED") == 0;
	double level = fmax(list ? 1 : 0, fmin(20, pat_member_element(indents, n, 0)));
	struct pat_line line = { .first = first };

	b->number = ordered ? (level == b->level ? b->number + 1 : 1) : 0;
	b->level = ordered ? level : 0;
	line.marker = ordered ? b->number : list ? PAT_LINE_BULLET : 0;
	line.indent = level * 1.5 * b->lines->styles[0].size;
	if (n > 0)
		line.above = pat_member_between(style, list ? "listSpacing" : "paragraphSpacing", 0,
		                                0, SIZE_MAX_PX);
	return line;
}

static int break_all(struct breaker *b)
{
	struct pat_lines *lines = b->lines;
	uint32_t first = 0;
	size_t paragraph = 0;
	int r = 0;

	lines->n_lines = 0;
	b->number = 0;
	struct pat_line line = begin_paragraph(b, 0, 0);
	for (uint32_t i = 0; i <= lines->n_chars && r == 0; i++) {
		uint32_t code = i < lines->n_chars ? lines->chars[i].code : '\n';

		if (code != '\n' && code != 0x2028 && code != 0x2029)
			continue;
		line.first = first;
		r = break_paragraph(b, line, i);
		first = i + 1;
		line.marker = 0; /* behind a line separator the paragraph goes on */
		line.above = 0;
		if (code != 0x2028)
			line = begin_paragraph(b, ++paragraph, first);
	}
	return r;
}

static double height_of(const struct pat_lines *lines)
{
	double height = 0;

	for (uint32_t i = 0; i < lines->n_lines; i++)
		height += lines->lines[i].above + lines->lines[i].leading;
	return height;
}

/* ---- Fitting. */

/* A text as wide as it wants: its box is as wide as its longest line, which tells how wide the letters really are. */
static void fit_free(struct pat_lines *lines, double w)
{
	double widest = 0;

	for (uint32_t i = 0; i < lines->n_lines; i++)
		widest = fmax(widest, lines->lines[i].indent + lines->lines[i].width);
	double part = widest > 0 ? w / widest : 0;
	for (uint32_t i = 0; i < lines->n_lines; i++)
		lines->lines[i].width *= part > 0.6 && part < 1.6 ? part : 0;
}

/* A text as high as it needs: letters are made wider or narrower until it has its lines. In a box of its own size, only
 * narrower, if it would not fit. */
static int fit_height(struct breaker *b, double h, bool grows)
{
	double leading = fmax(1, b->lines->styles[0].leading);
	int r = 0;

	if (b->lines->n_chars > FIT_CHARS_MAX)
		return 0;
	for (int step = 1; step <= 8 && r == 0; step++) {
		double over = height_of(b->lines) - h;

		if (fabs(over) < leading / 2 || (over < 0 && (!grows || b->stretch < 1)) ||
		    (over > 0 && b->stretch > 1))
			break;
		b->stretch += over > 0 ? -0.02 : 0.02;
		r = break_all(b);
	}
	return r;
}

static void shorten(struct breaker *b, double w, double h)
{
	struct pat_lines *lines = b->lines;
	const json_t *style = json_object_get(b->own, "style");
	double most = pat_member_between(style, "maxLines", 0, 0, PAT_LINES_MAX);
	double leading = fmax(1, lines->styles[0].leading);

	if (most < 1)
		most = fmax(1, floor(h / leading + 0.3));
	if (lines->n_lines <= most)
		return;
	lines->n_lines = (uint32_t)most;
	struct pat_line *last = &lines->lines[lines->n_lines - 1];
	last->cut = true;
	last->wrapped = false;
	double room = w - last->indent - 0.84 * last->size;
	last->end = find_end(b, last->first, last->end, fmax(0, room));
	measure(b, last);
	if (last->width > 0)
		last->width += 0.84 * last->size;
}

static int fit(struct pat_lines *lines, const json_t *own, double w, double h)
{
	const json_t *style = json_object_get(own, "style");
	bool is_free = pat_member_is(style, "textAutoResize", "WIDTH_AND_HEIGHT");
	bool grows = pat_member_is(style, "textAutoResize", "HEIGHT");
	bool is_cut = pat_member_is(style, "textAutoResize", "TRUNCATE") ||
	              pat_member_is(style, "textTruncation", "ENDING");
	struct breaker b = {
		.lines = lines, .own = own, .width = is_free ? INFINITY : w, .stretch = 1
	};

	int r = break_all(&b);
	if (r == 0 && is_free)
		fit_free(lines, w);
	else if (r == 0 && is_cut)
		shorten(&b, w, h);
	else if (r == 0)
		r = fit_height(&b, h, grows);
	lines->height = height_of(lines);
	return r;
}

int pat_lines_init(struct pat_lines *lines, const json_t *own, const struct pat_style *usual,
                   double w, double h)
{
	*lines = (struct pat_lines){ .n_styles = 1 };
	read_style(json_object_get(own, "style"), usual, &lines->styles[0]);
	lines->styles[0].fills = NULL;
	int r = read_chars(lines, own);
	return r < 0 ? r : fit(lines, own, w, h);
}

void pat_lines_done(struct pat_lines *lines)
{
	free(lines->chars);
	free(lines->lines);
	*lines = (struct pat_lines){ 0 };
}
