/* SPDX-License-Identifier: Apache-2.0
 *
 * Design documents for tests: random ones, their outlines, and the text as a store would read it.
 */
#ifndef PAT_TESTS_UNIT_TEST_FILES_H
#define PAT_TESTS_UNIT_TEST_FILES_H

#include "tests/unit/test.h"

#include <jansson.h>

#include "base/buf.h"
#include "files/outline.h"

#define TEST_TEXT_BYTES_MAX (8u << 20)

/* ---- Chance, the same in every run. */

static uint64_t test_random = 1;

static inline uint32_t any(uint32_t below)
{
	test_random = test_random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(test_random >> 33) % below;
}

static inline bool chance(uint32_t percent)
{
	return any(100) < percent;
}

/* ---- Outlines of texts. */

/* Feeds pieces of at most `piece` bytes, each from memory of exactly its size. */
static inline int feed_pieces(struct pat_outliner *outliner, const char *text, size_t len,
                              size_t piece, struct pat_buf *why)
{
	int r = 0;

	for (size_t at = 0; at < len && r == 0; at += piece) {
		size_t n = piece < len - at ? piece : len - at;
		char *copy = malloc(n);

		assert_non_null(copy);
		memcpy(copy, text + at, n);
		r = pat_outliner_feed(outliner, copy, n, why);
		free(copy);
	}
	return r;
}

static inline int outline_of(const char *text, size_t len, size_t piece, struct pat_outline *ret,
                             struct pat_buf *why)
{
	pat_cleanup(pat_outliner_freep) struct pat_outliner *outliner = NULL;

	assert_int_equal(pat_outliner_new(&outliner), 0);
	int r = feed_pieces(outliner, text, len, piece, why);
	return r == 0 ? pat_outliner_finish(outliner, ret, why) : r;
}

static inline int read_buf(void *arg, uint32_t at, void *out, uint32_t len)
{
	const struct pat_buf *text = arg;

	assert_true(at <= text->len);
	assert_true(len <= text->len - at);
	memcpy(out, text->data + at, len);
	return 0;
}

static inline json_t *load_json(const char *text, size_t len)
{
	json_error_t error;
	json_t *value = json_loadb(
		text, len, JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, &error);

	if (!value)
		fail_msg("%s at %d of\n%.*s", error.text, error.position, (int)len, text);
	return value;
}

/* ---- Random documents. */

struct writer {
	struct pat_buf *out;
	unsigned space;  /* percent: white space between tokens */
	unsigned nodes;  /* to come, at most */
	unsigned n_ids;  /* given out */
	unsigned omit;   /* percent of nodes that have a member that is left out */
	unsigned escape; /* percent of keys that are written with an escape */
};

static inline void put(struct writer *w, const char *text)
{
	assert_int_equal(pat_buf_add_str(w->out, text), 0);
}

static inline void put_space(struct writer *w)
{
	static const char *const spaces[] = { " ", "\n", "\t", "\r\n", "  \n    " };

	if (chance(w->space))
		put(w, spaces[any(PAT_ARRAY_LEN(spaces))]);
}

static inline void put_key(struct writer *w, const char *key)
{
	put_space(w);
	if (chance(w->escape) && *key)
		assert_int_equal(pat_buf_addf(w->out, "\"\\u%04x%s\"", *key, key + 1), 0);
	else
		assert_int_equal(pat_buf_addf(w->out, "\"%s\"", key), 0);
	put_space(w);
	put(w, ":");
	put_space(w);
}

/* A value that nobody looks into, with everything in it that is looked at elsewhere. */
static inline void put_any(struct writer *w)
{
	static const char *const values[] = {
		"null",
		"true",
		"false",
		"-12.5e-3",
		"1.0",
		"12345678901234567890",
		"\"\"",
		"\"a \\\"text\\\" \\u00e9\\ud83d\\ude00 \xe2\x82\xac\"",
		"\"\\u0000\"",
		"[]",
		"{}",
		"[1,[2,{\"id\":\"9:9\"}],\"x\"]",
		"{\"children\":[{\"id\":\"9:9\",\"size\":1}],\"id\":7,\"type\":\"DOCUMENT\"}",
		"{\"size\" : {\"x\":1.0 } , \"fillGeometry\":[ ] }",
		"{\"a\":1,\"a\":2,\"styles\":{\"fill\":\"1:1\"},\"componentId\":\"1:1\"}",
		"[ { } , [ [ ] ] ]",
	};

	put(w, values[any(PAT_ARRAY_LEN(values))]);
}

static inline void put_text(struct writer *w)
{
	static const char *const texts[] = { "\"Frame 1\"", "\"\"", "\"\\\"\"", "\"\\n\\u20ac\"",
		                             "\"\xf0\x9f\x98\x80, a longer name than that\"" };

	put(w, texts[any(PAT_ARRAY_LEN(texts))]);
}

/* The members of an object in any order: each is written by its number. */
static inline void put_members(struct writer *w, unsigned *members, unsigned n, unsigned depth,
                               void (*put_member)(struct writer *w, unsigned member,
                                                  unsigned depth))
{
	put(w, "{");
	for (unsigned left = n; left > 0; left--) {
		unsigned i = any(left);
		unsigned member = members[i];

		members[i] = members[left - 1];
		if (left < n) {
			put_space(w);
			put(w, ",");
		}
		put_member(w, member, depth);
	}
	put_space(w);
	put(w, "}");
}

enum {
	MEMBER_ID,
	MEMBER_TYPE,
	MEMBER_NAME,
	MEMBER_CHILDREN,
	MEMBER_VISIBLE,
	MEMBER_STYLES,
	MEMBER_COMPONENT,
	MEMBER_FILL_GEOMETRY,
	MEMBER_STROKE_GEOMETRY,
	MEMBER_SIZE,
	MEMBER_TRANSFORM,
	MEMBER_FILLS,
	MEMBER_BOX,
	MEMBER_OTHER,
	MEMBERS,
};

static inline void put_node(struct writer *w, unsigned depth);

static inline void put_children(struct writer *w, unsigned depth)
{
	unsigned n = any(depth == 0 ? 4 : 6);

	put(w, "[");
	for (unsigned i = 0; i < n && w->nodes > 0; i++) {
		if (i > 0)
			put(w, ",");
		put_space(w);
		put_node(w, depth + 1);
		put_space(w);
	}
	put_space(w);
	put(w, "]");
}

static inline void put_styles(struct writer *w)
{
	put(w, "{");
	put_space(w);
	for (unsigned i = 0, n = any(4); i < n; i++) {
		if (i > 0)
			put(w, ",");
		assert_int_equal(pat_buf_addf(w->out, "\"k%u\":", i), 0);
		if (chance(20))
			put_any(w);
		else
			assert_int_equal(pat_buf_addf(w->out, "\"s:%u\"", any(12)), 0);
	}
	put(w, "}");
}

static inline void put_type(struct writer *w, unsigned depth)
{
	static const char *const types[] = { "\"FRAME\"",     "\"TEXT\"",
		                             "\"VECTOR\"",    "\"INSTANCE\"",
		                             "\"COMPONENT\"", "\"COMPONENT_SET\"",
		                             "\"RECTANGLE\"", "\"NEVER_HEARD_OF\"" };

	put(w, depth == 0 ? "\"DOCUMENT\"" : depth == 1 ? "\"CANVAS\"" : types[any(8)]);
}

/* Some ids are those of entries. */
static inline void put_id(struct writer *w)
{
	unsigned n = w->n_ids++;

	if (n % 5 == 3)
		assert_int_equal(pat_buf_addf(w->out, "\"c:%u\"", n / 5), 0);
	else if (n % 5 == 4)
		assert_int_equal(pat_buf_addf(w->out, "\"set:%u\"", n / 5), 0);
	else
		assert_int_equal(pat_buf_addf(w->out, "\"I%u:%u;7\"", n % 7, n), 0);
}

static inline void put_node_member(struct writer *w, unsigned member, unsigned depth)
{
	static const char *const keys[] = { "id",
		                            "type",
		                            "name",
		                            "children",
		                            "visible",
		                            "styles",
		                            "componentId",
		                            "fillGeometry",
		                            "strokeGeometry",
		                            "size",
		                            "relativeTransform",
		                            "fills",
		                            "absoluteBoundingBox",
		                            "interactions" };

	put_key(w, keys[member]);
	switch (member) {
	case MEMBER_ID:
		put_id(w);
		break;
	case MEMBER_TYPE:
		put_type(w, depth);
		break;
	case MEMBER_NAME:
		put_text(w);
		break;
	case MEMBER_CHILDREN:
		put_children(w, depth);
		break;
	case MEMBER_VISIBLE:
		put(w, chance(50) ? "false" : "true");
		break;
	case MEMBER_STYLES:
		put_styles(w);
		break;
	case MEMBER_COMPONENT:
		assert_int_equal(pat_buf_addf(w->out, "\"c:%u\"", any(12)), 0);
		break;
	default:
		put_any(w);
		break;
	}
}

static inline void put_node(struct writer *w, unsigned depth)
{
	unsigned members[MEMBERS] = { MEMBER_ID, MEMBER_TYPE, MEMBER_NAME };
	unsigned n = 3;

	w->nodes -= w->nodes > 0;
	for (unsigned m = MEMBER_CHILDREN; m < MEMBERS; m++) {
		bool omitted = m >= MEMBER_FILL_GEOMETRY && m <= MEMBER_TRANSFORM;
		unsigned percent = omitted                             ? w->omit
		                   : m == MEMBER_CHILDREN && depth < 2 ? 95
		                   : m == MEMBER_CHILDREN && depth > 6 ? 0
		                                                       : 40;

		if (chance(percent))
			members[n++] = m;
	}
	put_members(w, members, n, depth, put_node_member);
}

static inline void put_entry(struct writer *w, const char *kind, unsigned i)
{
	assert_int_equal(pat_buf_addf(w->out, "\"%s:%u\"", kind, i), 0);
	put_space(w);
	put(w, ":");
	put_space(w);
	put(w, "{\"key\":");
	put_text(w);
	if (*kind == 'c' && chance(60))
		assert_int_equal(pat_buf_addf(w->out, ",\"componentSetId\" :\"set:%u\"", any(10)),
		                 0);
	if (chance(30)) {
		put(w, ",\"containingFrame\":");
		put_any(w);
	}
	put(w, "}");
}

static inline void put_table(struct writer *w, const char *kind)
{
	bool comma = false;

	put(w, "{");
	for (unsigned i = 0; i < 12; i++) {
		put_space(w);
		if (chance(30))
			continue;
		put(w, comma ? "," : "");
		put_space(w);
		put_entry(w, kind, i);
		comma = true;
	}
	put_space(w);
	put(w, "}");
}

static inline void put_envelope_member(struct writer *w, unsigned member, unsigned depth)
{
	static const char *const keys[] = { "document",   "components", "componentSets",
		                            "styles",     "name",       "schemaVersion",
		                            "editorType", "version",    "thumbnailUrl" };

	put_key(w, keys[member]);
	switch (member) {
	case 0:
		put_node(w, depth);
		break;
	case 1:
		put_table(w, "c");
		break;
	case 2:
		put_table(w, "set");
		break;
	case 3:
		put_table(w, "s");
		break;
	case 5:
		put(w, "14");
		break;
	case 4:
	case 6:
		put_text(w);
		break;
	default:
		put_any(w);
		break;
	}
}

/* A document of at most so many nodes, appended to `out`. */
static inline void random_document(struct pat_buf *out, unsigned nodes)
{
	struct writer w = { .out = out,
		            .space = chance(50) ? 0 : any(60),
		            .nodes = nodes,
		            .omit = chance(30) ? 90 : any(60),
		            .escape = chance(70) ? 0 : 10 };
	unsigned members[9] = { 0 };
	unsigned n = 1;

	for (unsigned m = 1; m < PAT_ARRAY_LEN(members); m++)
		if (chance(80))
			members[n++] = m;
	put_space(&w);
	put_members(&w, members, n, 0, put_envelope_member);
	put_space(&w);
}

#endif
