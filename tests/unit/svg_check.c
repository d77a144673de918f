/* SPDX-License-Identifier: Apache-2.0
 *
 * A recogniser, not a parser: it keeps the names of the elements that are open, and which ids were met.
 */
#include "tests/unit/svg_check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files/letters.h"

#define DEPTH_MAX      4096
#define ATTRIBUTES_MAX 32

struct word {
	const char *at;
	size_t len;
};

struct check {
	const char *begin;
	const char *at;
	const char *end;
	char *why;
	struct word open[DEPTH_MAX];
	size_t depth;
	bool *defined; /* by the number of an id of ours */
	bool *used;
	size_t n_ids;
};

static bool fail(struct check *c, const char *format, ...) PAT_PRINTF(2, 3);
static bool fail(struct check *c, const char *format, ...)
{
	va_list args;
	int n = snprintf(c->why, SVG_CHECK_WHY_BYTES, "at %zu: ", (size_t)(c->at - c->begin));

	va_start(args, format);
	(void)vsnprintf(c->why + n, SVG_CHECK_WHY_BYTES - (size_t)n, format, args);
	va_end(args);
	return false;
}

static bool is_one_of(struct word w, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(words[i]) == w.len && memcmp(words[i], w.at, w.len) == 0)
			return true;
	return false;
}
#define IS_ONE_OF(word, list) is_one_of(word, list, PAT_ARRAY_LEN(list))

static bool is_word(struct word w, const char *text)
{
	return is_one_of(w, &text, 1);
}

static const char *const elements[] = {
	"svg",
	"g",
	"rect",
	"ellipse",
	"path",
	"text",
	"tspan",
	"clipPath",
	"mask",
	"filter",
	"stop",
	"pattern",
	"linearGradient",
	"radialGradient",
	"image",
	"feOffset",
	"feFlood",
	"feComposite",
	"feMerge",
	"feMergeNode",
	"feMorphology",
	"feColorMatrix",
	"feGaussianBlur",
};

static const char *const numbers[] = {
	"x",
	"y",
	"x1",
	"y1",
	"x2",
	"y2",
	"cx",
	"cy",
	"r",
	"rx",
	"ry",
	"width",
	"height",
	"opacity",
	"fill-opacity",
	"stroke-opacity",
	"stop-opacity",
	"flood-opacity",
	"offset",
	"stroke-width",
	"stroke-miterlimit",
	"font-size",
	"font-weight",
	"letter-spacing",
	"word-spacing",
	"textLength",
	"dx",
	"dy",
	"stdDeviation",
	"radius",
};

static const char *const lists[] = { "viewBox", "values", "stroke-dasharray" };
static const char *const sizes[] = { "width",     "height",       "rx",     "ry",
	                             "r",         "stroke-width", "radius", "stdDeviation",
	                             "font-size", "textLength" };

static const char *const paints[] = { "fill", "stroke", "stop-color", "flood-color" };
static const char *const links[] = { "clip-path", "mask", "filter" };

static const char *const others[] = {
	"xmlns",
	"xmlns:xlink",
	"xml:space",
	"id",
	"data-node-id",
	"fill-rule",
	"clip-rule",
	"stroke-linecap",
	"stroke-linejoin",
	"text-anchor",
	"font-family",
	"font-style",
	"font-variant",
	"text-decoration",
	"lengthAdjust",
	"gradientUnits",
	"patternUnits",
	"maskUnits",
	"filterUnits",
	"preserveAspectRatio",
	"shape-rendering",
	"in",
	"in2",
	"result",
	"operator",
	"color-interpolation-filters",
};

/* ---- Values. */

static bool digits(struct word *w, size_t *ret)
{
	size_t n = 0;

	for (; w->len > 0 && *w->at >= '0' && *w->at <= '9'; w->at++, w->len--)
		n++;
	*ret = n;
	return n > 0;
}

static bool number(struct word *w)
{
	size_t n = 0;

	if (w->len > 0 && *w->at == '-') {
		w->at++;
		w->len--;
	}
	if (!digits(w, &n) || n > 10)
		return false;
	if (w->len == 0 || *w->at != '.')
		return true;
	w->at++;
	w->len--;
	return digits(w, &n) && n <= 3;
}

/* Numbers between spaces, commas, and, where they are allowed, `letters`. */
static bool number_list(struct word w, const char *letters)
{
	while (w.len > 0) {
		if (strchr(letters, *w.at) || *w.at == ' ' || *w.at == ',') {
			w.at++;
			w.len--;
		} else if (!number(&w)) {
			return false;
		}
	}
	return true;
}

/* translate(1 2) rotate(3) … */
static bool transform(struct word w)
{
	static const char *const names[] = { "translate", "rotate", "skewX", "scale", "matrix" };

	while (w.len > 0) {
		const char *open = memchr(w.at, '(', w.len);
		const char *close = memchr(w.at, ')', w.len);

		if (!open || !close || close < open)
			return false;
		struct word name = { w.at, (size_t)(open - w.at) };
		struct word inner = { open + 1, (size_t)(close - open - 1) };
		if (!IS_ONE_OF(name, names) || !number_list(inner, ""))
			return false;
		w.len -= (size_t)(close + 1 - w.at);
		w.at = close + 1;
		if (w.len > 0 && *w.at == ' ') {
			w.at++;
			w.len--;
		}
	}
	return true;
}

/* The number of "p12", or 0. */
static size_t id_number(struct word w)
{
	size_t value = 0;

	if (w.len < 2 || w.at[0] != 'p' || w.len > 10)
		return 0;
	for (size_t i = 1; i < w.len; i++) {
		if (w.at[i] < '0' || w.at[i] > '9')
			return 0;
		value = value * 10 + (size_t)(w.at[i] - '0');
	}
	return value;
}

/* url(#p12) */
static bool link_ok(struct check *c, struct word w)
{
	if (w.len < 8 || memcmp(w.at, "url(#", 5) != 0 || w.at[w.len - 1] != ')')
		return fail(c, "no link of ours");
	size_t id = id_number((struct word){ w.at + 5, w.len - 6 });
	if (id == 0 || id >= c->n_ids)
		return fail(c, "a link to nowhere");
	c->used[id] = true;
	return true;
}

static bool paint_ok(struct check *c, struct word w)
{
	if (is_word(w, "none"))
		return true;
	if (w.len > 0 && w.at[0] == '#') {
		bool good = w.len == 4 || w.len == 7;

		for (size_t i = 1; i < w.len; i++)
			good = good && strchr("0123456789abcdef", w.at[i]);
		return good || fail(c, "no colour");
	}
	return link_ok(c, w);
}

static bool id_ok(struct check *c, struct word w)
{
	size_t id = id_number(w);

	if (w.len == 0)
		return fail(c, "an empty id");
	if (id == 0)
		return true;
	if (id >= c->n_ids || c->defined[id])
		return fail(c, "an id that is there twice, or too large");
	c->defined[id] = true;
	return true;
}

static bool href_ok(struct check *c, struct word w)
{
	bool data = w.len > 11 && memcmp(w.at, "data:image/", 11) == 0;
	bool path = w.len > 1 && w.at[0] == '/' && w.at[1] != '/' && w.at[1] != '\\';

	return data || path || fail(c, "a link to elsewhere");
}

static bool value_ok(struct check *c, struct word name, struct word value)
{
	if (IS_ONE_OF(name, numbers)) {
		struct word rest = value;

		if (!number(&rest) || rest.len > 0)
			return fail(c, "no number: %.*s", (int)value.len, value.at);
		return !(IS_ONE_OF(name, sizes) && value.at[0] == '-') || fail(c, "negative");
	}
	if (IS_ONE_OF(name, lists))
		return number_list(value, "") || fail(c, "no numbers");
	if (IS_ONE_OF(name, paints))
		return paint_ok(c, value);
	if (IS_ONE_OF(name, links))
		return link_ok(c, value);
	if (is_word(name, "transform") || is_word(name, "gradientTransform"))
		return transform(value) || fail(c, "no transform");
	if (is_word(name, "d"))
		return (value.len > 0 && (*value.at | 0x20) == 'm' &&
		        number_list(value, "MmLlHhVvCcSsQqTtAaZz")) ||
		       fail(c, "no path data");
	if (is_word(name, "xlink:href"))
		return href_ok(c, value);
	if (!IS_ONE_OF(name, others))
		return fail(c, "an attribute of somebody else: %.*s", (int)name.len, name.at);
	return !is_word(name, "id") || id_ok(c, value);
}

/* ---- XML. */

/* Text up to `stop`: characters that XML has, and the entities that we write. */
static bool text_until(struct check *c, char stop)
{
	static const char *const entities[] = { "&amp;", "&lt;", "&gt;", "&quot;", "&#39;" };

	while (c->at < c->end && *c->at != stop) {
		uint32_t code = 0;
		size_t n = pat_letter_decode(c->at, (size_t)(c->end - c->at), &code);

		if (n == 0)
			return fail(c, "not UTF-8");
		if (code == '<' || (code < 0x20 && code != '\t' && code != '\n' && code != '\r') ||
		    code == 0xfffe || code == 0xffff)
			return fail(c, "a character that can not be there: %x", (unsigned)code);
		for (size_t i = 0; code == '&'; i++) {
			if (i == PAT_ARRAY_LEN(entities))
				return fail(c, "no entity");
			size_t len = strlen(entities[i]);

			if ((size_t)(c->end - c->at) >= len &&
			    memcmp(c->at, entities[i], len) == 0) {
				n = len;
				break;
			}
		}
		c->at += n;
	}
	return c->at < c->end || stop == '<' || fail(c, "it ends in the middle");
}

static struct word read_name(struct check *c)
{
	struct word w = { c->at, 0 };

	while (c->at < c->end && *c->at != '\0' && !strchr(" =/><\"'&", *c->at))
		c->at++;
	w.len = (size_t)(c->at - w.at);
	return w;
}

static bool expect(struct check *c, const char *text)
{
	size_t len = strlen(text);

	if ((size_t)(c->end - c->at) < len || memcmp(c->at, text, len) != 0)
		return fail(c, "%s is missing", text);
	c->at += len;
	return true;
}

static bool attribute(struct check *c, struct word seen[static ATTRIBUTES_MAX], size_t *n)
{
	struct word name = read_name(c);

	if (!expect(c, "=\""))
		return false;
	struct word value = { c->at, 0 };
	if (!text_until(c, '"'))
		return false;
	value.len = (size_t)(c->at - value.at);
	for (size_t i = 0; i < *n; i++)
		if (seen[i].len == name.len && memcmp(seen[i].at, name.at, name.len) == 0)
			return fail(c, "%.*s twice", (int)name.len, name.at);
	if (*n == ATTRIBUTES_MAX)
		return fail(c, "too many attributes");
	seen[(*n)++] = name;
	return value_ok(c, name, value) && expect(c, "\"");
}

static bool begin_tag(struct check *c)
{
	struct word name = read_name(c);
	struct word seen[ATTRIBUTES_MAX];
	size_t n = 0;

	if (!IS_ONE_OF(name, elements))
		return fail(c, "an element of somebody else: %.*s", (int)name.len, name.at);
	if ((c->depth == 0) != is_word(name, "svg"))
		return fail(c, "one svg around all");
	while (c->at < c->end && *c->at == ' ') {
		c->at++;
		if (!attribute(c, seen, &n))
			return false;
	}
	if (c->at < c->end && *c->at == '/') {
		c->at++;
		return expect(c, ">");
	}
	if (c->depth == DEPTH_MAX)
		return fail(c, "too deep");
	c->open[c->depth++] = name;
	return expect(c, ">");
}

static bool end_tag(struct check *c)
{
	struct word name = read_name(c);

	if (c->depth == 0)
		return fail(c, "nothing is open");
	struct word open = c->open[--c->depth];
	if (open.len != name.len || memcmp(open.at, name.at, name.len) != 0)
		return fail(c, "%.*s is open", (int)open.len, open.at);
	return expect(c, ">");
}

static bool content(struct check *c)
{
	do {
		const char *from = c->at;

		if (!text_until(c, '<'))
			return false;
		if (c->at > from && (c->depth == 0 || (!is_word(c->open[c->depth - 1], "tspan") &&
		                                       !is_word(c->open[c->depth - 1], "text"))))
			return fail(c, "text where none belongs");
		if (c->at == c->end)
			return fail(c, "it ends in the middle");
		c->at++;
		bool ends = c->at < c->end && *c->at == '/';
		c->at += ends;
		if (!(ends ? end_tag(c) : begin_tag(c)))
			return false;
	} while (c->depth > 0);
	return c->at == c->end || fail(c, "something behind the picture");
}

bool svg_check(const char *text, size_t len, char why[static SVG_CHECK_WHY_BYTES])
{
	struct check *c = calloc(1, sizeof(*c));

	pat_assert(c != NULL);
	c->begin = c->at = text;
	c->end = text + len;
	c->why = why;
	c->n_ids = len / 8 + 2;
	c->defined = calloc(c->n_ids, sizeof(bool));
	c->used = calloc(c->n_ids, sizeof(bool));
	pat_assert(c->defined != NULL);
	pat_assert(c->used != NULL);
	bool good = content(c);
	for (size_t i = 0; i < c->n_ids && good; i++)
		if (c->used[i] && !c->defined[i])
			good = fail(c, "p%zu is not there", i);
	free(c->defined);
	free(c->used);
	free(c);
	return good;
}
