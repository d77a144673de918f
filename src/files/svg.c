/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers are spelled by hand: printf follows the locale, and "%g" has exponents. Three decimals are a thousandth of a
 * pixel, which no screen shows at any zoom that a design is looked at with.
 */
#include "files/svg.h"

#include <math.h>
#include <stdlib.h>

#include "files/letters.h"

void pat_svg_begin(struct pat_svg *svg, const char *name)
{
	(void)pat_buf_add(svg->out, "<", 1);
	(void)pat_buf_add_str(svg->out, name);
}

void pat_svg_inside(struct pat_svg *svg)
{
	(void)pat_buf_add(svg->out, ">", 1);
}

void pat_svg_empty(struct pat_svg *svg)
{
	(void)pat_buf_add(svg->out, "/>", 2);
}

void pat_svg_end(struct pat_svg *svg, const char *name)
{
	(void)pat_buf_add(svg->out, "</", 2);
	(void)pat_buf_add_str(svg->out, name);
	(void)pat_buf_add(svg->out, ">", 1);
}

/* ---- Numbers. */

void pat_svg_put_number(struct pat_buf *out, double value)
{
	char digits[24];
	size_t at = sizeof(digits);
	unsigned places = 3;

	if (!isfinite(value))
		value = 0;
	value = fmax(-PAT_SVG_NUMBER_MAX, fmin(PAT_SVG_NUMBER_MAX, value));
	long long thousandths = llround(value * 1000);
	unsigned long long rest = (unsigned long long)llabs(thousandths);
	for (; places > 0 && rest % 10 == 0; places--)
		rest /= 10;
	for (unsigned place = 0; place <= places || rest > 0; place++) {
		if (place == places && places > 0)
			digits[--at] = '.';
		digits[--at] = (char)('0' + rest % 10);
		rest /= 10;
	}
	if (thousandths < 0)
		digits[--at] = '-';
	(void)pat_buf_add(out, digits + at, sizeof(digits) - at);
}

/* ---- Text. */

/* What stands for a character: NULL is itself, "" is nothing. A line break inside of an attribute would be read as a
 * space, and one in content is the caller's business: both are spaces here. */
static const char *spelling(uint32_t c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	case '\t':
	case '\n':
	case '\r':
		return " ";
	default:
		break;
	}
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xfffe || c == 0xffff ? "" : NULL;
}

void pat_svg_chars(struct pat_svg *svg, const char *text, size_t len)
{
	size_t kept = 0; /* from here to i is as it is */

	for (size_t i = 0; i < len;) {
		uint32_t c = 0;
		size_t n = pat_letter_decode(text + i, len - i, &c);
		const char *other = n == 0 ? "\xef\xbf\xbd" : spelling(c);

		if (other) {
			(void)pat_buf_add(svg->out, text + kept, i - kept);
			(void)pat_buf_add_str(svg->out, other);
			kept = i + (n == 0 ? 1 : n);
		}
		i += n == 0 ? 1 : n;
	}
	(void)pat_buf_add(svg->out, text + kept, len - kept);
}

/* ---- Attributes. */

void pat_svg_open(struct pat_svg *svg, const char *name)
{
	(void)pat_buf_add(svg->out, " ", 1);
	(void)pat_buf_add_str(svg->out, name);
	(void)pat_buf_add(svg->out, "=\"", 2);
}

void pat_svg_close(struct pat_svg *svg)
{
	(void)pat_buf_add(svg->out, "\"", 1);
}

void pat_svg_piece(struct pat_svg *svg, char letter, const double *values, size_t n)
{
	(void)pat_buf_add(svg->out, &letter, 1);
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			(void)pat_buf_add(svg->out, " ", 1);
		pat_svg_put_number(svg->out, values[i]);
	}
}

void pat_svg_word(struct pat_svg *svg, const char *name, const char *word)
{
	pat_svg_open(svg, name);
	(void)pat_buf_add_str(svg->out, word);
	pat_svg_close(svg);
}

void pat_svg_text(struct pat_svg *svg, const char *name, const char *text, size_t len)
{
	pat_svg_open(svg, name);
	pat_svg_chars(svg, text, len);
	pat_svg_close(svg);
}

void pat_svg_number(struct pat_svg *svg, const char *name, double value)
{
	pat_svg_open(svg, name);
	pat_svg_put_number(svg->out, value);
	pat_svg_close(svg);
}

void pat_svg_number_unless(struct pat_svg *svg, const char *name, double value, double usual)
{
	if (fabs(value - usual) >= 0.0005)
		pat_svg_number(svg, name, value);
}

void pat_svg_color(struct pat_svg *svg, const char *name, uint32_t rgb)
{
	pat_svg_open(svg, name);
	(void)pat_buf_addf(svg->out, "#%06x", (unsigned)(rgb & 0xffffff));
	pat_svg_close(svg);
}

uint32_t pat_svg_new_id(struct pat_svg *svg)
{
	return ++svg->ids;
}

void pat_svg_id(struct pat_svg *svg, uint32_t id)
{
	pat_svg_open(svg, "id");
	(void)pat_buf_addf(svg->out, "p%u", (unsigned)id);
	pat_svg_close(svg);
}

void pat_svg_reference(struct pat_svg *svg, const char *name, uint32_t id)
{
	pat_svg_open(svg, name);
	(void)pat_buf_addf(svg->out, "url(#p%u)", (unsigned)id);
	pat_svg_close(svg);
}
