/* SPDX-License-Identifier: Apache-2.0
 *
 * Documents and kept outlines. Bytes that begin like a kept outline are one, and get the checksum they need; all others are
 * a document. What is asked is drawn from the bytes.
 *
 * Of a document that is accepted: jansson reads it; its outline, kept, comes back the same; every answer to a question about
 * it is JSON of the length that was foretold. Of an outline, whoever made it: nothing is read beside the text.
 */
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/crc32.h"
#include "files/plan.h"

#define BYTES_MAX   (16u << 20)
#define CHECKSUM_AT 5 /* behind "PATO" and the version */
#define NUMBERS_AT  25
#define QUESTIONS   6

static uint64_t random_state;

static uint32_t any(uint32_t below)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(random_state >> 33) % below;
}

struct text {
	const uint8_t *bytes; /* NULL: all x */
	uint32_t len;
};

static int read_text(void *arg, uint32_t at, void *out, uint32_t len)
{
	const struct text *text = arg;

	pat_assert(at <= text->len);
	pat_assert(len <= text->len - at);
	if (text->bytes)
		memcpy(out, text->bytes + at, len);
	else
		memset(out, 'x', len);
	return 0;
}

static int emit(void *arg, const void *bytes, size_t len)
{
	return pat_buf_add(arg, bytes, len);
}

static void check_json(const char *bytes, size_t len)
{
	json_t *value = json_loadb(bytes, len, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, NULL);

	pat_assert(json_is_object(value));
	json_decref(value);
}

/* Sends what is planned; JSON if the outline is the text's own. */
static void check_plan(const struct pat_plan *plan, const struct pat_text *reader)
{
	pat_cleanup(pat_buf_done) struct pat_buf out = { 0 };
	const struct text *text = reader->arg;

	if (!text->bytes && pat_plan_bytes(plan) > (1u << 20))
		return;
	pat_buf_init(&out, BYTES_MAX);
	pat_assert(pat_plan_send(plan, reader, 1 + any(500), emit, &out) == 0);
	pat_assert(out.len == pat_plan_bytes(plan));
	if (text->bytes)
		check_json(pat_buf_str(&out), out.len);
}

static void ask_node(const struct pat_outline *outline, const struct pat_text *reader,
                     uint32_t node)
{
	pat_cleanup(pat_plan_freep) struct pat_plan *plan = NULL;
	pat_cleanup(pat_freep) uint8_t *wanted = calloc(PAT_PLAN_WANTED_BYTES(outline->n_nodes), 1);
	struct pat_plan_tree tree = { .levels = any(2) ? any(4) : UINT32_MAX,
		                      .geometry = any(2),
		                      .wanted = any(2) ? wanted : NULL,
		                      .pages = any(2) };

	pat_assert(wanted != NULL);
	for (uint32_t n = any(4); n > 0; n--)
		pat_plan_want(wanted, any(outline->n_nodes));
	pat_assert(pat_plan_new(0, &plan) == 0);
	pat_assert(pat_plan_node(plan, outline, node, &tree) == 0);
	check_plan(plan, reader);
}

static void ask_tables(const struct pat_outline *outline, const struct pat_text *reader,
                       uint32_t node)
{
	for (enum pat_outline_table t = 0; t < PAT_TABLES; t++) {
		pat_cleanup(pat_plan_freep) struct pat_plan *plan = NULL;

		pat_assert(pat_plan_new(2, &plan) == 0);
		pat_assert(pat_plan_table(plan, outline, t, node) == 0);
		check_plan(plan, reader);
	}
}

static void ask_own(const struct pat_outline *outline, const struct pat_text *reader, uint32_t node)
{
	pat_cleanup(pat_buf_done) struct pat_buf own = { 0 };
	const struct text *text = reader->arg;

	pat_buf_init(&own, BYTES_MAX);
	int r = pat_outline_own(outline, reader, node, &own);
	pat_assert(r == 0 || (r == -EMSGSIZE && !text->bytes));
	if (text->bytes)
		check_json(own.data, own.len);
}

static void ask(const struct pat_outline *outline, const struct pat_text *reader)
{
	for (unsigned i = 0; i < QUESTIONS; i++) {
		uint32_t node = i == 0 ? 0 : any(outline->n_nodes);
		struct pat_range id = outline->nodes[node].id;
		char name[PAT_NODE_ID_MAX];
		uint32_t found = 0;

		pat_assert(id.len <= PAT_NODE_ID_MAX);
		pat_assert(read_text(reader->arg, id.at, name, id.len) == 0);
		pat_assert(pat_outline_find(outline, reader, name, id.len, &found) == 0);
		pat_assert(found == node || !((const struct text *)reader->arg)->bytes);
		for (uint32_t c = pat_outline_child(outline, node); c != PAT_NO_NODE;
		     c = pat_outline_next(outline, c))
			pat_assert(outline->nodes[c].parent == node);
		ask_node(outline, reader, node);
		ask_tables(outline, reader, node);
		ask_own(outline, reader, node);
	}
}

static void repair_checksum(struct pat_buf *b)
{
	uint32_t sum = pat_crc32(b->data + CHECKSUM_AT + 4, b->len - CHECKSUM_AT - 4);

	for (unsigned i = 0; i < 4; i++)
		b->data[CHECKSUM_AT + i] = (char)(sum >> (8 * i));
}

/* Loads bytes that somebody made up. */
static bool load_made_up(const char *bytes, size_t len)
{
	pat_cleanup(pat_buf_done) struct pat_buf b = { 0 };
	struct pat_outline outline;

	pat_buf_init(&b, BYTES_MAX);
	pat_assert(pat_buf_add(&b, bytes, len) == 0);
	if (len >= NUMBERS_AT)
		repair_checksum(&b);
	int r = pat_outline_load(b.data, b.len, &outline);
	pat_assert(r == 0 || r == -EINVAL);
	if (r != 0)
		return false;
	struct text text = { .len = outline.text_bytes };
	ask(&outline, &(struct pat_text){ read_text, &text });
	pat_outline_done(&outline);
	return true;
}

static void keep(const struct pat_outline *outline, struct pat_buf *out)
{
	pat_buf_init(out, BYTES_MAX);
	pat_assert(pat_outline_save(outline, out) == 0);
}

static void check_keeping(struct pat_outline *outline)
{
	pat_cleanup(pat_buf_done) struct pat_buf kept = { 0 };
	pat_cleanup(pat_buf_done) struct pat_buf again = { 0 };
	struct pat_outline loaded;

	keep(outline, &kept);
	pat_assert(pat_outline_load(kept.data, kept.len, &loaded) == 0);
	keep(&loaded, &again);
	pat_assert(kept.len == again.len);
	pat_assert(memcmp(kept.data, again.data, kept.len) == 0);
	pat_outline_done(outline);
	*outline = loaded;
	for (unsigned i = 0; i < QUESTIONS; i++) {
		size_t at = NUMBERS_AT + any((uint32_t)kept.len - NUMBERS_AT);
		char before = kept.data[at];

		kept.data[at] = (char)any(256);
		(void)load_made_up(kept.data, any(4) ? kept.len : at);
		kept.data[at] = before;
	}
}

/* 0, with the outline, or an outcome. Fed in pieces that end anywhere. */
static int outline_of(const uint8_t *data, size_t size, struct pat_outline *ret)
{
	pat_cleanup(pat_outliner_freep) struct pat_outliner *outliner = NULL;
	pat_cleanup(pat_buf_done) struct pat_buf why = { 0 };
	int r = 0;

	pat_buf_init(&why, 1000);
	pat_assert(pat_outliner_new(&outliner) == 0);
	for (size_t at = 0, piece = 0; at < size && r == 0; at += piece) {
		piece = 1 + any(50);
		if (piece > size - at)
			piece = size - at;
		r = pat_outliner_feed(outliner, data + at, piece, &why);
	}
	if (r == 0)
		r = pat_outliner_finish(outliner, ret, &why);
	pat_assert(r >= 0);
	pat_assert(r <= PAT_OUTLINE_E_TOO_LARGE);
	pat_assert((r == 0) == (why.len == 0));
	return r;
}

static bool is_kept(const uint8_t *data, size_t size)
{
	return size >= 4 && memcmp(data, "PATO", 4) == 0;
}

bool pat_fuzz_accepts(const uint8_t *data, size_t size)
{
	struct text text = { .bytes = data, .len = (uint32_t)size };
	struct pat_outline outline;

	random_state = pat_crc32(data, size);
	if (is_kept(data, size))
		return load_made_up((const char *)data, size);
	if (outline_of(data, size, &outline) != 0)
		return false;
	check_json((const char *)data, size);
	check_keeping(&outline);
	ask(&outline, &(struct pat_text){ read_text, &text });
	pat_outline_done(&outline);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	(void)pat_fuzz_accepts(data, size);
	return 0;
}
