/* SPDX-License-Identifier: Apache-2.0
 *
 * The outline of a design document: where each node and each of the tables beside it stands in the text. Made once,
 * while a document is uploaded, and kept beside it; from then on every question (one node, two levels, the names of the
 * layers, a picture) is answered from byte ranges, without reading the rest.
 *
 * The text is what Figma's GET /v1/files/:key answers:
 *
 *   { "name": …, "document": { "id": "0:0", "type": "DOCUMENT", "children": [ pages ] },
 *     "components": { id: {…} }, "componentSets": { id: {…} }, "styles": { id: {…} }, "schemaVersion": 0, … }
 *
 * A node is the document or an object in the children of a node: it has an id (unique, 1 to PAT_NODE_ID_MAX printable
 * ASCII characters, written without escapes), a type and a name, which is a text. Only the document is a DOCUMENT, its
 * children are CANVAS, and no other node is. What else is in a node is carried along and not looked at, but for the few
 * members that are named below. A key that is read must not be repeated.
 *
 * Nodes are in document order (parents before children), so a node's descendants follow it: nodes n + 1 to
 * n + subtree - 1. Node 0 is the document. All offsets are into the text and fit 32 bits.
 *
 * Building needs less than three times the text even when that is nothing but the smallest nodes, and less than 16 MB more
 * when it is tables; an ordinary document needs a fifth.
 */
#ifndef PAT_FILES_OUTLINE_H
#define PAT_FILES_OUTLINE_H

#include "base/buf.h"
#include "base/scan.h"

#define PAT_DOCUMENT_BYTES_MAX (64u << 20)
#define PAT_NODE_ID_MAX        96u /* "I5666:180;1:23;…" of nested instances */
#define PAT_NODES_MAX          1000000u
#define PAT_ENTRIES_MAX        250000u /* of all tables together */
#define PAT_REFERENCES_MAX     2000000u
/* Of nodes within nodes: two levels of JSON each, and room for what is in the last. */
#define PAT_NODE_DEPTH_MAX 400u
#define PAT_NO_NODE        UINT32_MAX

/* Part of the text. */
struct pat_range {
	uint32_t at;
	uint32_t len;
};

struct pat_node {
	struct pat_range whole;    /* the object, braces included */
	struct pat_range children; /* the array's value, brackets included; len 0: none */
	struct pat_range id;       /* the text between the quotes, as written (no escapes in it) */
	struct pat_range name;     /* as written, escapes and all */
	uint32_t parent;           /* PAT_NO_NODE: the document */
	uint32_t subtree;          /* nodes in it, itself included */
	uint32_t n_children;
	uint16_t type;  /* enum pat_node_type */
	uint16_t depth; /* the document 0, pages 1 */
	uint32_t flags; /* PAT_NODE_… */
};

#define PAT_NODE_HIDDEN 1u /* "visible": false */

enum pat_node_type {
	PAT_NODE_OTHER, /* a type that we do not know: its name is in the text */
	PAT_NODE_DOCUMENT,
	PAT_NODE_CANVAS,
	PAT_NODE_FRAME,
	PAT_NODE_GROUP,
	PAT_NODE_SECTION,
	PAT_NODE_VECTOR,
	PAT_NODE_BOOLEAN_OPERATION,
	PAT_NODE_STAR,
	PAT_NODE_LINE,
	PAT_NODE_ELLIPSE,
	PAT_NODE_REGULAR_POLYGON,
	PAT_NODE_RECTANGLE,
	PAT_NODE_TEXT,
	PAT_NODE_SLICE,
	PAT_NODE_COMPONENT,
	PAT_NODE_COMPONENT_SET,
	PAT_NODE_INSTANCE,
	PAT_NODE_STICKY,
	PAT_NODE_SHAPE_WITH_TEXT,
	PAT_NODE_CONNECTOR,
	PAT_NODE_TABLE,
	PAT_NODE_TABLE_CELL,
	PAT_NODE_WIDGET,
	PAT_NODE_EMBED,
	PAT_NODE_LINK_UNFURL,
	PAT_NODE_TEXT_PATH,
	PAT_NODE_TRANSFORM_GROUP,
	PAT_NODE_TYPES,
};
/* "FRAME"; "" for OTHER. */
const char *pat_node_type_name(enum pat_node_type type);

/* A member of a node that is only served when it is asked for: fillGeometry, strokeGeometry, size and relativeTransform
 * (`geometry=paths`). The range is cut so that what is left is JSON: a comma goes with it. Ascending, apart. */
struct pat_omission {
	struct pat_range range;
};

/* The tables beside the document. */
enum pat_outline_table {
	PAT_TABLE_COMPONENTS,
	PAT_TABLE_COMPONENT_SETS,
	PAT_TABLE_STYLES,
	PAT_TABLES
};
struct pat_entry_range {
	struct pat_range id;    /* between the quotes, as written */
	struct pat_range value; /* the object */
	uint32_t set; /* of a component: the number of its set's entry; PAT_NO_NODE: none */
};

/* That a node has to do with an entry: its component (`componentId`), its styles, or the entry of the component or set
 * that it is itself. Ascending by node. What is in no table is no reference. */
struct pat_reference {
	uint32_t node;
	uint32_t table; /* enum pat_outline_table */
	uint32_t entry; /* its number */
};

struct pat_outline {
	struct pat_node *nodes;
	uint32_t n_nodes;
	struct pat_omission *omissions;
	uint32_t n_omissions;
	struct pat_reference *references;
	uint32_t n_references;
	struct pat_entry_range *entries[PAT_TABLES]; /* in the order of the text */
	uint32_t n_entries[PAT_TABLES];
	struct pat_range tables[PAT_TABLES]; /* the whole objects; len 0: the text has none */
	/* The document's own top-level members; len 0: it has none. */
	struct pat_range name;           /* between the quotes, as written */
	struct pat_range editor_type;    /* likewise */
	struct pat_range schema_version; /* the number as written */
	uint32_t text_bytes;
	/* Of the entries of each table, and of the nodes: the hash of the id << 32 | the number, ascending. The hash has a
	 * key of its own in each outline, so that nobody can write a document whose ids collide. */
	uint64_t *by_id[PAT_TABLES + 1];
	uint8_t hash_key[16];
};

/* ---- Making one. */

struct pat_outliner;

enum pat_outline_outcome {
	PAT_OUTLINE_E_MALFORMED = 1, /* not JSON */
	PAT_OUTLINE_E_NOT_A_DOCUMENT,
	PAT_OUTLINE_E_TOO_LARGE, /* more bytes, nodes, levels or longer ids than allowed */
};

/* -ENOMEM. */
int pat_outliner_new(struct pat_outliner **ret) PAT_MUST_USE;
void pat_outliner_free(struct pat_outliner *outliner);
void pat_outliner_freep(struct pat_outliner **outliner);

/* The next bytes of the text. An outcome, and `why` says in one sentence what is wrong and where ("line 3, column 14: …"),
 * or -ENOMEM. After anything but 0 the outliner is done with. */
int pat_outliner_feed(struct pat_outliner *outliner, const void *bytes, size_t len,
                      struct pat_buf *why) PAT_MUST_USE;

/* The text is over. On 0 the outline is the caller's, to be freed with pat_outline_done(). The outliner is done with. */
int pat_outliner_finish(struct pat_outliner *outliner, struct pat_outline *ret,
                        struct pat_buf *why) PAT_MUST_USE;

/* ---- Keeping one: bytes with a version and a checksum, the same on every machine; 16 a node, more or less. */

/* -ENOMEM or -EMSGSIZE, as `out` says. */
int pat_outline_save(const struct pat_outline *outline, struct pat_buf *out) PAT_MUST_USE;
/* -EINVAL when the bytes are not what save wrote, -ENOMEM. Every number is checked against the others, so that not even
 * bytes that somebody made up can lead out of the arrays or out of the text. */
int pat_outline_load(const void *bytes, size_t len, struct pat_outline *ret) PAT_MUST_USE;
void pat_outline_done(struct pat_outline *outline);

/* ---- Asking one. The text is asked for by ranges; whoever keeps it reads them. */

/* Reads [at, at + len) of the text, which is inside it: 0 or a fault. */
struct pat_text {
	int (*read)(void *arg, uint32_t at, void *out, uint32_t len);
	void *arg;
};

/* The node of an id, or PAT_NO_NODE in `*ret`. 0 or a fault of reading. */
int pat_outline_find(const struct pat_outline *outline, const struct pat_text *text, const char *id,
                     size_t len, uint32_t *ret) PAT_MUST_USE;

/* The entry of an id in a table, or PAT_NO_NODE. */
int pat_outline_entry(const struct pat_outline *outline, const struct pat_text *text,
                      enum pat_outline_table table, const char *id, size_t len,
                      uint32_t *ret) PAT_MUST_USE;

/* The first child, and the next sibling: PAT_NO_NODE when there is none. */
uint32_t pat_outline_child(const struct pat_outline *outline, uint32_t node);
uint32_t pat_outline_next(const struct pat_outline *outline, uint32_t node);

/* A node's own members as JSON, its children []: appended to `out`. For jansson, one node at a time: with JSON_ALLOW_NUL
 * and JSON_DECODE_INT_AS_REAL it reads whatever was accepted. 0 or a fault, of `out` or of reading. */
int pat_outline_own(const struct pat_outline *outline, const struct pat_text *text, uint32_t node,
                    struct pat_buf *out) PAT_MUST_USE;

#endif
