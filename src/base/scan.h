/* SPDX-License-Identifier: Apache-2.0
 *
 * A strict JSON scanner (RFC 8259) that is fed bytes as they come and tells what begins and ends where.
 *
 * A design document is tens of megabytes and is never in memory as a tree: it is scanned once, on its way into the
 * store, and served later by byte ranges. So what is wanted of a parser is offsets, in constant memory, from pieces
 * that end anywhere. jansson, which reads everything else, builds the tree.
 *
 * Refused, with the offset, line and column: whatever RFC 8259 does not allow, invalid UTF-8 (Unicode 15, table 3-7),
 * lone surrogates, nesting deeper than PAT_SCAN_DEPTH_MAX, bytes after the value, a byte order mark, and numbers that
 * readers would make infinite or refuse: beyond a double, or longer than PAT_SCAN_TEXT_MAX. Repeated keys are the
 * caller's to judge: he knows which of them he reads.
 *
 * Not thread-safe; one scanner reads one text. Nothing is allocated.
 */
#ifndef PAT_BASE_SCAN_H
#define PAT_BASE_SCAN_H

#include "base/base.h"

#define PAT_SCAN_DEPTH_MAX 1024u
#define PAT_SCAN_TEXT_MAX  1024u /* bytes of a key or string that are handed over, decoded */

enum pat_scan_kind {
	PAT_SCAN_OBJECT,     /* "{": `begin` */
	PAT_SCAN_OBJECT_END, /* "}": `end` */
	PAT_SCAN_ARRAY,
	PAT_SCAN_ARRAY_END,
	PAT_SCAN_KEY, /* the text before a ":" */
	PAT_SCAN_STRING,
	PAT_SCAN_NUMBER, /* `text` is as written */
	PAT_SCAN_TRUE,
	PAT_SCAN_FALSE,
	PAT_SCAN_NULL,
};

struct pat_scan_token {
	enum pat_scan_kind kind;
	unsigned depth; /* objects and arrays that are open around it: a pair has the same */
	uint64_t begin; /* offset of its first byte; of a text: of its opening quote */
	uint64_t end;   /* offset behind its last byte */
	/* KEY, STRING, NUMBER: decoded; may hold NULs, and none ends it. Valid during the call. */
	const char *text;
	size_t text_len;
	bool cut; /* it is longer than PAT_SCAN_TEXT_MAX, and `text` is that much of it */
};

/* Called for each token in order. Anything but 0 ends the scan and is returned by feed or finish. */
typedef int pat_scan_fn(void *arg, const struct pat_scan_token *token);

enum pat_scan_outcome {
	PAT_SCAN_E_MALFORMED = 1000, /* see `fault`; above the outcomes of those who call */
};

struct pat_scan_fault {
	const char *what; /* "a comma or } is missing": static, plain words */
	uint64_t at;   /* offset of the byte that can not be; of the end, when more was expected */
	uint64_t line; /* from 1 */
	uint64_t column; /* from 1, in bytes */
};

struct pat_scan {
	pat_scan_fn *fn;
	void *arg;
	struct pat_scan_fault fault; /* set with E_MALFORMED */
	/* What follows is the scanner's own. */
	int result;           /* what ended the scan */
	const uint8_t *piece; /* the bytes that are being read, which are at `at` */
	uint64_t at;
	uint64_t line;
	uint64_t line_at; /* offset of the line's first byte */
	unsigned depth;
	unsigned state;
	uint64_t nesting[PAT_SCAN_DEPTH_MAX / 64]; /* a bit a level: 1 is an object */
	/* Of the token that is being read. */
	uint64_t token_at;
	unsigned token_state;
	bool is_key;
	bool cut;
	size_t text_len;
	size_t whole_digits; /* of a number */
	size_t exponent_digits;
	unsigned n_hex;     /* of an escape */
	uint32_t unit;      /* which they are */
	uint32_t high;      /* the first half of a pair, while the second is expected */
	unsigned utf8_left; /* bytes of the sequence */
	uint8_t utf8_low;   /* what the next of them may be */
	uint8_t utf8_high;
	const char *word; /* the rest of true, false or null */
	enum pat_scan_kind word_kind;
	char text[PAT_SCAN_TEXT_MAX + 1];
};

void pat_scan_init(struct pat_scan *scan, pat_scan_fn *fn, void *arg);

/* 0, PAT_SCAN_E_MALFORMED, or what `fn` returned. After anything but 0 the scanner is done with. */
int pat_scan_feed(struct pat_scan *scan, const void *bytes, size_t len) PAT_MUST_USE;

/* The text is over: 0 if it was one whole value. As feed. */
int pat_scan_finish(struct pat_scan *scan) PAT_MUST_USE;

/* Where a token is, while it is handed over: the scanner knows no other line. */
void pat_scan_where(const struct pat_scan *scan, const struct pat_scan_token *token,
                    uint64_t *ret_line, uint64_t *ret_column);

#endif
