/* SPDX-License-Identifier: Apache-2.0
 *
 * A YAML 1.1 or JSON document as a tree that knows its lines: what an OpenAPI document is before anything in it is
 * understood. libyaml reads YAML, the scanner of base/scan.h reads JSON (libyaml refuses JSON's surrogate pairs).
 *
 * Refused, with the line: repeated keys and merge keys ("<<"), which readers understand differently; more than one YAML
 * document; an alias of what is not complete yet. Other aliases are references, so that nothing multiplies.
 */
#ifndef PAT_POLICY_TREE_H
#define PAT_POLICY_TREE_H

#include "base/arena.h"
#include "base/err.h"

#define PAT_TREE_BYTES_MAX (10u * 1024 * 1024)
#define PAT_TREE_NODES_MAX 1000000u
#define PAT_TREE_DEPTH_MAX 100u

enum pat_tree_kind {
	PAT_TREE_MAP,
	PAT_TREE_LIST,
	PAT_TREE_TEXT, /* a string, or anything in quotes */
	PAT_TREE_PLAIN, /* a number, true, false, null, or plain YAML that may be one: `text` is as written */
};

struct pat_tree_node;

/* One of a map's or a list's; `name`, its key, is NULL in a list. */
struct pat_tree_entry {
	struct pat_tree_entry *next;
	const char *name;
	unsigned line;
	const struct pat_tree_node *value;
};

struct pat_tree_node {
	enum pat_tree_kind kind;
	unsigned line; /* from 1 */
	bool complete; /* its end has been read */
	const char
		*text; /* TEXT, PLAIN; no NUL in it. A longer one than 1024 bytes is cut in JSON */
	size_t n;
	struct pat_tree_entry *first; /* in the order of the document */
	struct pat_tree_entry *last;
};

/* Everything belongs to `arena`. Memory the caller holds. */
struct pat_tree {
	struct pat_arena arena;
	size_t n_nodes;
	const struct pat_tree_node *root; /* of a read document never NULL */
};

enum pat_tree_outcome {
	PAT_TREE_E_BAD = 1, /* `err` says what, and where */
};

/* 0, -ENOMEM, or PAT_TREE_E_BAD. Call done() in any case. */
int pat_tree_read(struct pat_tree *document, const char *text, size_t len,
                  struct pat_err *err) PAT_MUST_USE;
void pat_tree_done(struct pat_tree *document);

/* The value of a map's key, or NULL; also when `node` is NULL or no map. */
const struct pat_tree_node *pat_tree_get(const struct pat_tree_node *node, const char *key);
/* Its text, or NULL when it has none. */
const char *pat_tree_text(const struct pat_tree_node *node, const char *key);

/* What a JSON pointer (RFC 6901) with "#" before it, percent-encoded as in a URI fragment, leads to; or NULL. */
const struct pat_tree_node *pat_tree_at(const struct pat_tree *document, const char *fragment);

#endif
