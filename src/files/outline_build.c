/* SPDX-License-Identifier: Apache-2.0
 *
 * Making an outline while the text goes by. The scanner hands over tokens; `place` says what is being read, and `frames`
 * are the nodes around it. Whatever is not read is passed over, with everything in it.
 *
 * Nothing of the text is kept, so ids are compared by 64 bits of a keyed hash: two of a million nodes are taken for one in
 * one document of 37 million. It is refused then, and accepted when it is sent again, under another key.
 */
#include "files/outline_build.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"

#define MEMBER(place, name)                   \
	{                                     \
		place, sizeof(name) - 1, name \
	}
static const struct {
	enum place place;
	uint32_t len;
	const char *name;
} members[] = {
	[OTHER] = MEMBER(BEHIND, ""),
	[ID] = MEMBER(NODE, "id"),
	[TYPE] = MEMBER(NODE, "type"),
	[NAME] = MEMBER(NODE, "name"),
	[NODES] = MEMBER(NODE, "children"),
	[VISIBLE] = MEMBER(NODE, "visible"),
	[COMPONENT_ID] = MEMBER(NODE, "componentId"),
	[NODE_STYLES] = MEMBER(NODE, "styles"),
	[FILL_GEOMETRY] = MEMBER(NODE, "fillGeometry"),
	[STROKE_GEOMETRY] = MEMBER(NODE, "strokeGeometry"),
	[SIZE] = MEMBER(NODE, "size"),
	[RELATIVE_TRANSFORM] = MEMBER(NODE, "relativeTransform"),
	[DOCUMENT] = MEMBER(ENVELOPE, "document"),
	[COMPONENTS] = MEMBER(ENVELOPE, "components"),
	[COMPONENT_SETS] = MEMBER(ENVELOPE, "componentSets"),
	[STYLES_TABLE] = MEMBER(ENVELOPE, "styles"),
	[FILE_NAME] = MEMBER(ENVELOPE, "name"),
	[EDITOR_TYPE] = MEMBER(ENVELOPE, "editorType"),
	[SCHEMA_VERSION] = MEMBER(ENVELOPE, "schemaVersion"),
	[COMPONENT_SET_ID] = MEMBER(ENTRY, "componentSetId"),
};

const char *pat_outliner_member_name(enum member member)
{
	return members[member].name;
}

/* ---- Words. */

int pat_outliner_refuse(struct pat_outliner *o, struct pat_outliner_where at, int outcome,
                        const char *format, ...)
{
	char words[256];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	(void)pat_buf_addf(o->why, "line %llu, column %llu: %s", (unsigned long long)at.line,
	                   (unsigned long long)at.column, words);
	return outcome;
}

int pat_outliner_refuse_member(struct pat_outliner *o, const struct pat_scan_token *t,
                               const char *kind)
{
	return pat_outliner_refuse(o, where_is(o, t), PAT_OUTLINE_E_NOT_A_DOCUMENT,
	                           "\"%s\" must be %s", pat_outliner_member_name(o->member), kind);
}

int pat_outliner_too_large(struct pat_outliner *o, const struct pat_scan_token *t, const char *what,
                           uint32_t max)
{
	return pat_outliner_refuse(o, where_is(o, t), PAT_OUTLINE_E_TOO_LARGE,
	                           "there are more than %u %s", max, what);
}

/* ---- Arrays that grow, and the set of hashes. */

/* By half, and by realloc, which moves pages and does not copy them. */
int pat_outliner_make_room(void *pointer_to_array, uint32_t n, uint32_t *cap, size_t size)
{
	void **array = pointer_to_array;

	if (n < *cap)
		return 0;
	uint32_t more = *cap + *cap / 2 + 64;
	void *grown = reallocarray(*array, more, size);
	if (!grown)
		return -ENOMEM;
	*array = grown;
	*cap = more;
	return 0;
}

static uint64_t *slot_of(const struct pat_outliner_hashes *set, uint64_t hash)
{
	size_t at = hash & (set->size - 1);

	while (set->slots[at] != 0 && set->slots[at] != hash)
		at = (at + 1) & (set->size - 1);
	return &set->slots[at];
}

static int hashes_grow(struct pat_outliner_hashes *set)
{
	struct pat_outliner_hashes more = { .n = set->n, .size = set->size ? 2 * set->size : 1024 };

	more.slots = calloc(more.size, sizeof(*more.slots));
	if (!more.slots)
		return -ENOMEM;
	for (size_t i = 0; i < set->size; i++)
		if (set->slots[i] != 0)
			*slot_of(&more, set->slots[i]) = set->slots[i];
	free(set->slots);
	*set = more;
	return 0;
}

/* 0, 1 when it is there, -ENOMEM. */
static int hashes_add(struct pat_outliner_hashes *set, uint64_t hash)
{
	hash += hash == 0;
	if (4 * set->n >= 3 * set->size && hashes_grow(set) < 0)
		return -ENOMEM;
	uint64_t *slot = slot_of(set, hash);
	if (*slot != 0)
		return 1;
	*slot = hash;
	set->n++;
	return 0;
}

/* ---- Ids, keys, and what is not read. */

int pat_outliner_add_id(struct pat_outliner *o, const struct pat_scan_token *t, unsigned kind,
                        uint64_t *ret_hash)
{
	struct pat_outliner_where where = where_is(o, t);

	if (t->text_len > PAT_NODE_ID_MAX)
		return pat_outliner_refuse(o, where, PAT_OUTLINE_E_TOO_LARGE,
		                           "an id is longer than %u characters", PAT_NODE_ID_MAX);
	if (!is_id(t))
		return pat_outliner_refuse(
			o, where, PAT_OUTLINE_E_NOT_A_DOCUMENT,
			"an id must be printable ASCII characters, without any escapes");
	*ret_hash = pat_outline_hash(&o->outline, kind, t->text, t->text_len);
	int r = hashes_add(&o->ids, *ret_hash);
	if (r <= 0)
		return r;
	return pat_outliner_refuse(o, where, PAT_OUTLINE_E_NOT_A_DOCUMENT,
	                           "the id %.*s is there twice", (int)t->text_len, t->text);
}

int pat_outliner_pass_over(struct pat_outliner *o, const struct pat_scan_token *t)
{
	if (t->kind == PAT_SCAN_OBJECT || t->kind == PAT_SCAN_ARRAY) {
		o->passing_over = true;
		o->passing_depth = t->depth;
	} else {
		value_ends(o, t);
	}
	return 0;
}

int pat_outliner_key(struct pat_outliner *o, const struct pat_scan_token *t, uint32_t *seen)
{
	o->member = OTHER;
	for (unsigned m = OTHER + 1; m < PAT_ARRAY_LEN(members); m++)
		if (members[m].place == o->place && strlen(members[m].name) == t->text_len &&
		    memcmp(members[m].name, t->text, t->text_len) == 0)
			o->member = (enum member)m;
	if (o->member == OTHER)
		return 0;
	if (*seen >> o->member & 1)
		return pat_outliner_refuse(o, where_is(o, t), PAT_OUTLINE_E_NOT_A_DOCUMENT,
		                           "\"%s\" is there twice",
		                           pat_outliner_member_name(o->member));
	*seen |= 1u << o->member;
	return 0;
}

/* ---- The envelope. */

static int value_in_envelope(struct pat_outliner *o, const struct pat_scan_token *t)
{
	switch (o->member) {
	case DOCUMENT:
		return t->kind == PAT_SCAN_OBJECT ? pat_outliner_node_begins(o, t)
		                                  : pat_outliner_refuse_member(o, t, "an object");
	case COMPONENTS:
	case COMPONENT_SETS:
	case STYLES_TABLE:
		return pat_outliner_table_begins(o, t);
	case FILE_NAME:
	case EDITOR_TYPE:
		if (t->kind != PAT_SCAN_STRING)
			return pat_outliner_refuse_member(o, t, "a text");
		*(o->member == FILE_NAME ? &o->outline.name : &o->outline.editor_type) =
			between_quotes(t);
		return 0;
	case SCHEMA_VERSION:
		if (t->kind != PAT_SCAN_NUMBER)
			return pat_outliner_refuse_member(o, t, "a number");
		o->outline.schema_version =
			(struct pat_range){ (uint32_t)t->begin, (uint32_t)(t->end - t->begin) };
		return 0;
	default:
		return pat_outliner_pass_over(o, t);
	}
}

static int in_envelope(struct pat_outliner *o, const struct pat_scan_token *t)
{
	if (t->kind == PAT_SCAN_KEY)
		return pat_outliner_key(o, t, &o->seen);
	if (t->kind != PAT_SCAN_OBJECT_END)
		return value_in_envelope(o, t);
	o->place = BEHIND;
	return 0;
}

#define SAVE_THE_ANSWER "save the whole answer of GET /v1/files/:key"

static int before_all(struct pat_outliner *o, const struct pat_scan_token *t)
{
	if (t->kind != PAT_SCAN_OBJECT)
		return pat_outliner_refuse(o, where_is(o, t), PAT_OUTLINE_E_NOT_A_DOCUMENT,
		                           "the file is no JSON object: " SAVE_THE_ANSWER);
	o->place = ENVELOPE;
	return 0;
}

/* Keys that can not be read by everybody: jansson takes no NUL in a key. */
static int check_key(struct pat_outliner *o, const struct pat_scan_token *t)
{
	if (t->cut)
		return pat_outliner_refuse(o, where_is(o, t), PAT_OUTLINE_E_TOO_LARGE,
		                           "a key is longer than %u bytes", PAT_SCAN_TEXT_MAX);
	if (has_escapes(t) && memchr(t->text, '\0', t->text_len))
		return pat_outliner_refuse(o, where_is(o, t), PAT_OUTLINE_E_NOT_A_DOCUMENT,
		                           "a key holds the character U+0000");
	return 0;
}

static int in_place(struct pat_outliner *o, const struct pat_scan_token *t)
{
	switch (o->place) {
	case BEFORE:
		return before_all(o, t);
	case ENVELOPE:
		return in_envelope(o, t);
	case TABLE:
		return pat_outliner_in_table(o, t);
	case ENTRY:
		return pat_outliner_in_entry(o, t);
	case NODE:
		return pat_outliner_in_node(o, t);
	case CHILDREN:
		return pat_outliner_in_children(o, t);
	case STYLES:
		return pat_outliner_in_styles(o, t);
	case BEHIND:
	default:
		return 0; /* nothing comes */
	}
}

static int on_token(void *arg, const struct pat_scan_token *t)
{
	struct pat_outliner *o = arg;

	if (t->kind == PAT_SCAN_KEY) {
		int r = check_key(o, t);
		if (r != 0)
			return r;
	}
	if (!o->passing_over)
		return in_place(o, t);
	if (t->depth > o->passing_depth)
		return 0;
	o->passing_over = false;
	value_ends(o, t);
	return 0;
}

/* ---- The outliner. */

int pat_outliner_new(struct pat_outliner **ret)
{
	struct pat_outliner *o = calloc(1, sizeof(*o));

	if (!o)
		return -ENOMEM;
	int r = pat_random(o->outline.hash_key, sizeof(o->outline.hash_key));
	if (r < 0) {
		free(o);
		return r;
	}
	pat_scan_init(&o->scan, on_token, o);
	*ret = o;
	return 0;
}

void pat_outliner_free(struct pat_outliner *o)
{
	if (!o)
		return;
	pat_outline_done(&o->outline);
	for (unsigned t = 0; t < PAT_TABLES; t++)
		free(o->entry_hashes[t]);
	free(o->ids.slots);
	free(o->keys);
	free(o);
}

void pat_outliner_freep(struct pat_outliner **o)
{
	pat_outliner_free(*o);
	*o = NULL;
}

/* Gives the scanner's own fault its words. */
static int scanned(struct pat_outliner *o, int r)
{
	const struct pat_scan_fault *fault = &o->scan.fault;

	if (r != PAT_SCAN_E_MALFORMED)
		return r;
	return pat_outliner_refuse(o, (struct pat_outliner_where){ fault->line, fault->column },
	                           PAT_OUTLINE_E_MALFORMED, "%s", fault->what);
}

int pat_outliner_feed(struct pat_outliner *o, const void *bytes, size_t len, struct pat_buf *why)
{
	size_t room = PAT_DOCUMENT_BYTES_MAX - o->outline.text_bytes;
	size_t part = len < room ? len : room;

	o->why = why;
	o->outline.text_bytes += (uint32_t)part;
	int r = scanned(o, pat_scan_feed(&o->scan, bytes, part));
	if (r != 0 || part == len)
		return r;
	(void)pat_buf_addf(why, "the file is larger than %u MiB", PAT_DOCUMENT_BYTES_MAX >> 20);
	return PAT_OUTLINE_E_TOO_LARGE;
}

/* ---- The end: ids in order, references resolved, nothing kept that is not needed. */

/* Gives back what an array grew too large; if that can not be, it stays. */
static void shrink(void *pointer_to_array, uint32_t n, size_t size)
{
	void **array = pointer_to_array;
	void *shrunk = n > 0 ? reallocarray(*array, n, size) : NULL;

	if (shrunk)
		*array = shrunk;
}

static void shrink_all(struct pat_outline *outline)
{
	shrink(&outline->nodes, outline->n_nodes, sizeof(*outline->nodes));
	shrink(&outline->by_id[PAT_OUTLINE_NODES], outline->n_nodes, sizeof(uint64_t));
	shrink(&outline->omissions, outline->n_omissions, sizeof(*outline->omissions));
	shrink(&outline->references, outline->n_references, sizeof(*outline->references));
	for (unsigned t = 0; t < PAT_TABLES; t++)
		shrink(&outline->entries[t], outline->n_entries[t], sizeof(*outline->entries[t]));
}

int pat_outliner_finish(struct pat_outliner *o, struct pat_outline *ret, struct pat_buf *why)
{
	o->why = why;
	int r = scanned(o, pat_scan_finish(&o->scan));
	if (r != 0)
		return r;
	if (!(o->seen >> DOCUMENT & 1)) {
		(void)pat_buf_add_str(why,
		                      "there is no \"document\" in the file: " SAVE_THE_ANSWER);
		return PAT_OUTLINE_E_NOT_A_DOCUMENT;
	}
	free(PAT_TAKE(o->ids.slots)); /* Before more is needed. */
	r = pat_outline_sort(o->keys, o->outline.n_nodes);
	if (r == 0)
		r = pat_outliner_resolve(o);
	if (r != 0)
		return r;
	o->outline.by_id[PAT_OUTLINE_NODES] = PAT_TAKE(o->keys);
	shrink_all(&o->outline);
	*ret = o->outline;
	o->outline = (struct pat_outline){ 0 };
	return 0;
}
