/* SPDX-License-Identifier: Apache-2.0
 *
 * A writer of SVG into a buffer. It knows no drawing: it spells elements, attributes, numbers and text so that the result
 * is well-formed XML whatever the values are. Failures are remembered by the buffer and asked for at the end.
 *
 * Names of elements and attributes, and what is given to pat_svg_word(), are words of ours and are written as they are.
 * Whatever came from a document goes through pat_svg_text() or pat_svg_chars().
 */
#ifndef PAT_FILES_SVG_H
#define PAT_FILES_SVG_H

#include "base/buf.h"

struct pat_svg {
	struct pat_buf *out;
	uint32_t ids; /* given out so far */
};

/* `<name`, to be followed by attributes, and ended by inside or empty. */
void pat_svg_begin(struct pat_svg *svg, const char *name);
void pat_svg_inside(struct pat_svg *svg); /* > */
void pat_svg_empty(struct pat_svg *svg);  /* /> */
void pat_svg_end(struct pat_svg *svg, const char *name);

/* ---- Attributes. */

void pat_svg_word(struct pat_svg *svg, const char *name, const char *word);
void pat_svg_text(struct pat_svg *svg, const char *name, const char *text, size_t len);
void pat_svg_number(struct pat_svg *svg, const char *name, double value);
/* Like `number`, but nothing when the value is what is meant without it. */
void pat_svg_number_unless(struct pat_svg *svg, const char *name, double value, double usual);
/* 0xrrggbb */
void pat_svg_color(struct pat_svg *svg, const char *name, uint32_t rgb);

/* What is referred to has an id of ours, "p1", "p2", …: never 0. */
uint32_t pat_svg_new_id(struct pat_svg *svg);
void pat_svg_id(struct pat_svg *svg, uint32_t id);
/* name="url(#p1)" */
void pat_svg_reference(struct pat_svg *svg, const char *name, uint32_t id);

/* An attribute that is put together from pieces: open, pieces, close. `letter` is a path's command, or ' ' or ','; the
 * numbers follow it. */
void pat_svg_open(struct pat_svg *svg, const char *name);
void pat_svg_piece(struct pat_svg *svg, char letter, const double *values, size_t n);
void pat_svg_close(struct pat_svg *svg);
#define PAT_SVG_PIECE(svg, letter, ...)                             \
	pat_svg_piece(svg, letter, (const double[]){ __VA_ARGS__ }, \
	              sizeof((const double[]){ __VA_ARGS__ }) / sizeof(double))

/* ---- Content. */

/* Escaped; what XML 1.0 has no way to say is left out; bytes that are not UTF-8 become U+FFFD. */
void pat_svg_chars(struct pat_svg *svg, const char *text, size_t len);

/* At most three decimals, a point whatever the locale, no exponent; what is not finite is 0, and what is beyond
 * PAT_SVG_NUMBER_MAX is that. */
#define PAT_SVG_NUMBER_MAX 1e9
void pat_svg_put_number(struct pat_buf *out, double value);

#endif
