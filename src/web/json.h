/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON in and out. In: jansson, made strict (no duplicate names, nothing after the value, at most
 * PAT_JSON_DEPTH_MAX levels, no bad UTF-8, lone surrogate or number out of range), and an object reader
 * that knows every field it accepts. Out: a small writer over pat_buf, because jansson would leave
 * copies of a token on the heap.
 */
#ifndef PAT_WEB_JSON_H
#define PAT_WEB_JSON_H

#include <jansson.h>

#include "base/buf.h"

#define PAT_JSON_DEPTH_MAX       32
#define PAT_JSON_FIELD_BYTES_MAX 64

enum pat_json_outcome {
	PAT_JSON_E_MALFORMED = 1,
	PAT_JSON_E_NOT_AN_OBJECT,
	PAT_JSON_E_UNKNOWN_FIELD,
	PAT_JSON_E_MISSING_FIELD,
	PAT_JSON_E_WRONG_TYPE,
	PAT_JSON_E_NUL, /* a text holds U+0000 */
};

/* Makes jansson wipe all memory it gives back, since passwords pass through it. Call before any other
 * use of jansson, before threads start. */
void pat_json_init(void);

/* 0 with a new reference in `*ret`, E_MALFORMED, or -ENOMEM. U+0000 inside a text is accepted here, as
 * the grammar does, and judged by the object reader; in a name it is refused. */
int pat_json_decode(const char *bytes, size_t len, json_t **ret) PAT_MUST_USE;

/* Text as one line, to be freed with pat_json_free(); NULL: no memory. */
char *pat_json_encode(const json_t *value);
void pat_json_free(char *text);

/* For pat_cleanup. */
void pat_json_decrefp(json_t **value);

/* ---- The object reader. */

enum pat_json_type {
	PAT_JSON_TEXT,     /* a string without U+0000 */
	PAT_JSON_PASSWORD, /* a string; U+0000 is the reader's to judge, by `len` */
	PAT_JSON_BOOL,
	PAT_JSON_INTEGER,
	PAT_JSON_TEXTS,   /* an array of such texts */
	PAT_JSON_OBJECT,  /* an object: `value` */
	PAT_JSON_OBJECTS, /* an array of objects: `list` */
};

enum {
	PAT_JSON_OPTIONAL = 1,
	PAT_JSON_NULLABLE = 2,
};

struct pat_json_field {
	const char *name;
	enum pat_json_type type;
	unsigned flags;

	/* Written by the reader; texts belong to the object. */
	bool present;
	bool is_null;
	const char *text;
	size_t len;
	bool flag;
	int64_t number;
	const json_t *list;
	json_t *value;
};

/* Reads `value` into the `n` fields. 0 or an outcome; `fault` then holds the field's name, except with
 * E_NOT_AN_OBJECT. Unknown names come first, because they are most likely the cause of the rest. */
int pat_json_read(json_t *value, struct pat_json_field *fields, size_t n,
                  char fault[static PAT_JSON_FIELD_BYTES_MAX + 1]) PAT_MUST_USE;

/* ---- The writer: commas are its business, failures stay in the buffer. `key` is NULL inside arrays. */

struct pat_json_writer {
	struct pat_buf *out;
	bool comma;
};

/* Begins a value that is added to `out` by other means. */
void pat_json_key(struct pat_json_writer *w, const char *key);
void pat_json_open(struct pat_json_writer *w, const char *key, char bracket);
void pat_json_close(struct pat_json_writer *w, char bracket);
void pat_json_text(struct pat_json_writer *w, const char *key,
                   const char *text); /* NULL writes null */
void pat_json_text_n(struct pat_json_writer *w, const char *key, const char *text, size_t len);
void pat_json_number(struct pat_json_writer *w, const char *key, int64_t number);
void pat_json_bool(struct pat_json_writer *w, const char *key, bool flag);
void pat_json_id(struct pat_json_writer *w, const char *key, int64_t id); /* ids are texts */
void pat_json_time(struct pat_json_writer *w, const char *key, int64_t time_s);

#endif
