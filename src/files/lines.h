/* SPDX-License-Identifier: Apache-2.0
 *
 * A text of a document, broken into lines. The document does not say where its lines end, and we have no fonts: the width of
 * a character is what it is in the usual sans serifs. How many lines there were is seen from the height of the box, and
 * the estimate is corrected until it gives as many.
 */
#ifndef PAT_FILES_LINES_H
#define PAT_FILES_LINES_H

#include <jansson.h>

#include "base/base.h"

/* What is more is left out. */
#define PAT_LINES_CHARS_MAX  65536u
#define PAT_LINES_MAX        4096u
#define PAT_LINES_STYLES_MAX 64u
#define PAT_STYLE_FAMILY_MAX 64u

enum pat_letter_case {
	PAT_CASE_ORIGINAL,
	PAT_CASE_UPPER,
	PAT_CASE_LOWER,
	PAT_CASE_TITLE,
	PAT_CASE_SMALL_CAPS,
};

struct pat_style {
	const json_t *fills; /* of its own; NULL: none */
	const char *family;  /* as the document has it, no more than PAT_STYLE_FAMILY_MAX bytes */
	size_t family_len;
	bool monospaced; /* as far as names of fonts tell */
	bool serifs;
	double breadth; /* of its letters: usually 1 */
	double size;
	double letter_spacing;
	double leading; /* the height of a line */
	unsigned weight;
	bool italic;
	bool underlined;
	bool struck;
	enum pat_letter_case letter_case;
};

struct pat_char {
	uint32_t code;
	uint32_t style; /* a number in `styles`; 0 is the text's own */
};

#define PAT_LINE_BULLET UINT32_MAX
struct pat_line {
	uint32_t first; /* of its characters; those from `end` on are not its own */
	uint32_t end;
	double width;   /* estimated; 0: not to be relied on */
	double size;    /* of its largest characters */
	double leading; /* of its highest */
	double above;   /* space before it */
	double indent;
	uint32_t marker; /* 0: none, PAT_LINE_BULLET, or a number */
	uint32_t spaces; /* that could be made wider */
	bool wrapped;    /* the paragraph goes on */
	bool cut;        /* the text goes on, and is not shown: an ellipsis */
};

struct pat_lines {
	struct pat_char *chars;
	uint32_t n_chars;
	struct pat_line *lines;
	uint32_t n_lines;
	struct pat_style styles[PAT_LINES_STYLES_MAX];
	uint32_t n_styles;
	double height; /* of all lines */
};

/* Reads `characters` and the styles of a text node, and breaks them for a box. Free it with done, which takes a zeroed
 * struct as well. `own` must outlive it. 0, or -ENOMEM. */
int pat_lines_init(struct pat_lines *lines, const json_t *own, const struct pat_style *usual,
                   double w, double h) PAT_MUST_USE;
void pat_lines_done(struct pat_lines *lines);

#endif
