/* SPDX-License-Identifier: Apache-2.0
 *
 * What a document publishes, read from the tables beside it before the change that makes it visible: others who want to
 * change something do not wait for it. Those that are "remote" live in another file.
 *
 * Texts are cut (files/cut.h), and all of them together are bounded as an answer would write them, so that the list of a
 * file's is always answered. What is no object, or too large to be an entry, publishes nothing: the document is not worse for it.
 */
#include "files/asset.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "files/cut.h"

#define ENTRY_BYTES_MAX      (64u << 10) /* of what a table says of one */
#define STYLE_TYPE_BYTES_MAX 15
#define KEY_BYTES_MAX        (sizeof(((struct pat_files_asset *)0)->key) - 1)
#define NAME_BYTES           PAT_FILES_CUT_NAME_BYTES

struct reading {
	const struct pat_outline *outline;
	const struct pat_text *text;
	struct pat_files_assets *assets;
	uint64_t answer_bytes;
	char *entry; /* ENTRY_BYTES_MAX */
};

/* ---- Texts of a row, one behind the other. */

static int add_text(struct reading *r, const char *text, size_t max)
{
	size_t written = 0;
	int e = pat_files_cut_text(text, max, &r->assets->texts, &written);

	r->answer_bytes += written;
	return e;
}

/* A node's id, which has no escapes. */
static int read_id(const struct reading *r, struct pat_range range,
                   char out[static PAT_NODE_ID_MAX + 1])
{
	if (range.len > PAT_NODE_ID_MAX)
		return -EIO;
	out[range.len] = '\0';
	return r->text->read(r->text->arg, range.at, out, range.len);
}

static int add_id(struct reading *r, uint32_t node)
{
	char id[PAT_NODE_ID_MAX + 1] = "";

	int e = node == PAT_NO_NODE ? 0 : read_id(r, r->outline->nodes[node].id, id);
	return e < 0 ? e : add_text(r, id, PAT_NODE_ID_MAX);
}

/* A node's name, its escapes undone. */
static int add_name(struct reading *r, uint32_t node)
{
	char text[NAME_BYTES + 2];
	json_error_t error = { 0 };
	size_t len = 0;

	if (node == PAT_NO_NODE)
		return add_text(r, "", 0);
	int e = pat_files_cut_written(r->text, r->outline->nodes[node].name, text + 1, &len);
	if (e < 0)
		return e;
	text[0] = text[len + 1] = '"';
	json_t *json = json_loadb(text, len + 2, JSON_DECODE_ANY, &error);
	if (!json && json_error_code(&error) == json_error_out_of_memory)
		return -ENOMEM;
	e = add_text(r, json ? json_string_value(json) : "", NAME_BYTES);
	json_decref(json);
	return e;
}

/* ---- Where it lies. */

struct place {
	uint32_t
		frame; /* what of the page's children holds it; PAT_NO_NODE: nothing does, or it is that itself */
	uint32_t page; /* PAT_NO_NODE: none */
};

static int find_node(const struct reading *r, const char *id, uint32_t *ret)
{
	*ret = PAT_NO_NODE;
	return pat_outline_find(r->outline, r->text, id, strlen(id), ret);
}

static int find_place(const struct reading *r, const char *id, struct place *ret)
{
	const struct pat_node *nodes = r->outline->nodes;
	uint32_t node = PAT_NO_NODE;

	*ret = (struct place){ PAT_NO_NODE, PAT_NO_NODE };
	int e = find_node(r, id, &node);
	if (e < 0 || node == PAT_NO_NODE)
		return e;
	bool own = true;
	for (; node != PAT_NO_NODE && nodes[node].depth > 1; node = nodes[node].parent) {
		if (nodes[node].depth == 2 && !own)
			ret->frame = node;
		own = false;
	}
	if (node != PAT_NO_NODE && nodes[node].depth == 1)
		ret->page = node;
	return 0;
}

static int add_place(struct reading *r, const char *id)
{
	struct place place;

	int e = find_place(r, id, &place);
	if (e == 0)
		e = add_id(r, place.frame);
	if (e == 0)
		e = add_name(r, place.frame);
	if (e == 0)
		e = add_id(r, place.page);
	return e == 0 ? add_name(r, place.page) : e;
}

static int add_set(struct reading *r, const char *set)
{
	uint32_t node = PAT_NO_NODE;
	size_t len = strlen(set);

	if (len == 0 || len > PAT_NODE_ID_MAX)
		set = "";
	int e = *set ? find_node(r, set, &node) : 0;
	if (e == 0)
		e = add_text(r, set, 6 * PAT_NODE_ID_MAX);
	return e == 0 ? add_name(r, node) : e;
}

/* ---- Entries. */

/* A member of an entry as text; "" when it has none. */
static const char *member(const json_t *entry, const char *name)
{
	const char *text = json_string_value(json_object_get(entry, name));

	return text ? text : "";
}

static const char *style_type(enum pat_outline_table kind, const json_t *entry)
{
	const char *type = kind == PAT_TABLE_STYLES ? member(entry, "styleType") : "";

	return strlen(type) <= STYLE_TYPE_BYTES_MAX ? type : "";
}

/* In the order of enum pat_files_asset_text. */
static int add_texts(struct reading *r, enum pat_outline_table kind, const char *id,
                     const json_t *entry)
{
	int e = add_text(r, member(entry, "key"), 6 * KEY_BYTES_MAX);

	if (e == 0)
		e = add_text(r, id, PAT_NODE_ID_MAX);
	if (e == 0)
		e = add_text(r, style_type(kind, entry), 6 * STYLE_TYPE_BYTES_MAX);
	if (e == 0)
		e = add_text(r, member(entry, "name"), NAME_BYTES);
	if (e == 0)
		e = add_text(r, member(entry, "description"), PAT_FILES_CUT_DESCRIPTION_BYTES);
	if (e == 0)
		e = add_set(r, kind == PAT_TABLE_COMPONENTS ? member(entry, "componentSetId") : "");
	return e == 0 ? add_place(r, id) : e;
}

/* With the last row that still fits all of them are published: what is behind it is as if not there. */
static int add_row(struct reading *r, enum pat_outline_table kind, struct pat_range id_range,
                   const json_t *entry)
{
	struct pat_files_assets *assets = r->assets;
	size_t at = assets->texts.len;
	char id[PAT_NODE_ID_MAX + 1];
	const char *key = member(entry, "key");

	if (*key == '\0' || strlen(key) > KEY_BYTES_MAX ||
	    json_is_true(json_object_get(entry, "remote")))
		return 0;
	int e = read_id(r, id_range, id);
	if (e == 0)
		e = add_texts(r, kind, id, entry);
	if (e < 0)
		return e;
	r->answer_bytes += PAT_FILES_ASSET_ROW_BYTES;
	if (r->answer_bytes <= PAT_FILES_ASSETS_BYTES_MAX)
		assets->rows[assets->n++] =
			(struct pat_files_asset_row){ .kind = kind, .texts_at = (uint32_t)at };
	return 0;
}

static int read_entry(struct reading *r, enum pat_outline_table kind,
                      const struct pat_entry_range *range)
{
	json_error_t error = { 0 };

	if (range->value.len > ENTRY_BYTES_MAX || range->id.len > PAT_NODE_ID_MAX)
		return 0;
	int e = r->text->read(r->text->arg, range->value.at, r->entry, range->value.len);
	if (e < 0)
		return e;
	json_t *entry = json_loadb(r->entry, range->value.len, 0, &error);
	if (!entry)
		return json_error_code(&error) == json_error_out_of_memory ? -ENOMEM : 0;
	e = add_row(r, kind, range->id, entry);
	json_decref(entry);
	return e;
}

static int read_all(struct reading *r, uint32_t rows_max)
{
	const struct pat_outline *outline = r->outline;
	uint32_t left = rows_max;
	int e = 0;

	for (int kind = 0; kind < PAT_TABLES; kind++)
		for (uint32_t i = 0; i < outline->n_entries[kind] && left > 0 && e == 0 &&
		                     r->answer_bytes < PAT_FILES_ASSETS_BYTES_MAX;
		     i++, left--)
			e = read_entry(r, (enum pat_outline_table)kind, &outline->entries[kind][i]);
	return e;
}

int pat_files_assets_read(const struct pat_outline *outline, const struct pat_text *text,
                          struct pat_files_assets *ret)
{
	struct reading r = { .outline = outline, .text = text, .assets = ret };
	uint32_t entries = 0;

	for (int kind = 0; kind < PAT_TABLES; kind++)
		entries += outline->n_entries[kind];
	uint32_t rows_max = entries < PAT_FILES_ASSETS_MAX ? entries : PAT_FILES_ASSETS_MAX;
	*ret = (struct pat_files_assets){ 0 };
	if (rows_max == 0)
		return 0;
	pat_buf_init(&ret->texts, 2 * PAT_FILES_ASSETS_BYTES_MAX);
	ret->rows = calloc(rows_max, sizeof(*ret->rows));
	r.entry = malloc(ENTRY_BYTES_MAX);
	int e = ret->rows && r.entry ? read_all(&r, rows_max) : -ENOMEM;
	free(r.entry);
	return e;
}

void pat_files_assets_done(struct pat_files_assets *assets)
{
	pat_buf_done(&assets->texts);
	free(assets->rows);
	*assets = (struct pat_files_assets){ 0 };
}
