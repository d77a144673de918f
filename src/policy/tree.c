/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/tree_build.h"

#define ARENA_BYTES (256u * 1024 * 1024)
#define TOKEN_BYTES 1024u /* of a JSON pointer's reference token */

static int bad(struct pat_tree_build *b, unsigned line, const char *what, const char *which)
{
	return pat_err_set(b->err, PAT_TREE_E_BAD, "line %u: %s%s", line, what, which);
}

/* ---- Building. */

static struct pat_tree_node *node_new(struct pat_tree_build *b, enum pat_tree_kind kind,
                                      unsigned line)
{
	struct pat_tree_node *n = pat_arena_take(&b->document->arena, 1, sizeof(*n));

	if (n) {
		n->kind = kind;
		n->line = line;
	}
	return n;
}

/* Puts a value where it belongs: the root, the next of a list, the one of a key. */
static int value_put(struct pat_tree_build *b, unsigned line, const struct pat_tree_node *value)
{
	if (++b->document->n_nodes > PAT_TREE_NODES_MAX)
		return bad(b, line, "the document has more than a million values", "");
	if (b->depth == 0) {
		if (b->document->root)
			return bad(b, line, "a second document begins; only one is read", "");
		b->document->root = value;
		return 0;
	}
	struct pat_tree_node *in = b->open[b->depth - 1];
	struct pat_tree_entry *e = pat_arena_take(&b->document->arena, 1, sizeof(*e));
	if (!e)
		return -ENOMEM;
	*e = (struct pat_tree_entry){ .value = value, .line = line };
	if (in->kind == PAT_TREE_MAP) {
		if (!b->name)
			return bad(b, line, "a key has to be a text", "");
		e->name = b->name;
		e->line = b->key_line;
		b->name = NULL;
	}
	if (in->last)
		in->last->next = e;
	else
		in->first = e;
	in->last = e;
	in->n++;
	return 0;
}

int pat_tree_put_text(struct pat_tree_build *b, enum pat_tree_kind kind, unsigned line,
                      const char *text, size_t len, struct pat_tree_node **ret)
{
	const char *copy = pat_arena_text(&b->document->arena, text, len);

	*ret = NULL;
	if (!copy)
		return -ENOMEM;
	if (memchr(text, '\0', len))
		return bad(b, line, "a NUL character", "");
	if (b->depth > 0 && b->open[b->depth - 1]->kind == PAT_TREE_MAP && !b->name) {
		if (kind == PAT_TREE_PLAIN && strcmp(copy, "<<") == 0)
			return bad(b, line, "merge keys (<<) are not read: write the keys out", "");
		b->name = copy;
		b->key_line = line;
		return 0;
	}
	struct pat_tree_node *n = node_new(b, kind, line);
	if (!n)
		return -ENOMEM;
	n->text = copy;
	n->complete = true;
	*ret = n;
	return value_put(b, line, n);
}

int pat_tree_begin(struct pat_tree_build *b, enum pat_tree_kind kind, unsigned line,
                   struct pat_tree_node **ret)
{
	struct pat_tree_node *n = node_new(b, kind, line);

	*ret = n;
	if (!n)
		return -ENOMEM;
	if (b->depth == PAT_TREE_DEPTH_MAX)
		return bad(b, line, "more than 100 levels", "");
	int r = value_put(b, line, n);
	if (r == 0)
		b->open[b->depth++] = n;
	return r;
}

static int compare_keys(const void *a, const void *b)
{
	const struct pat_tree_entry *const *left = a;
	const struct pat_tree_entry *const *right = b;
	int r = strcmp((*left)->name, (*right)->name);

	return r != 0 ? r : ((*left)->line > (*right)->line) - ((*left)->line < (*right)->line);
}

static int keys_differ(struct pat_tree_build *b, const struct pat_tree_node *map)
{
	size_t i = 0;
	int r = 0;

	if (map->n < 2)
		return 0;
	const struct pat_tree_entry **sorted = calloc(map->n, sizeof(const void *));
	if (!sorted)
		return -ENOMEM;
	for (const struct pat_tree_entry *e = map->first; e; e = e->next)
		sorted[i++] = e;
	qsort(sorted, map->n, sizeof(const void *), compare_keys);
	for (i = 1; i < map->n && r == 0; i++)
		if (strcmp(sorted[i - 1]->name, sorted[i]->name) == 0)
			r = bad(b, sorted[i]->line,
			        "there is a key of that name before: ", sorted[i]->name);
	free((void *)sorted);
	return r;
}

int pat_tree_end(struct pat_tree_build *b)
{
	pat_assert(b->depth > 0);
	struct pat_tree_node *n = b->open[--b->depth];
	n->complete = true;
	return n->kind == PAT_TREE_MAP ? keys_differ(b, n) : 0;
}

int pat_tree_put_again(struct pat_tree_build *b, unsigned line, const struct pat_tree_node *node)
{
	if (!node->complete)
		return bad(b, line, "an alias of what it stands in", "");
	return value_put(b, line, node);
}

/* ---- Reading. */

int pat_tree_read(struct pat_tree *document, const char *text, size_t len, struct pat_err *err)
{
	struct pat_tree_build b = { .document = document, .err = err };
	size_t at = 0;

	*document = (struct pat_tree){ 0 };
	pat_arena_init(&document->arena, ARENA_BYTES);
	if (len > PAT_TREE_BYTES_MAX)
		return pat_err_set(err, PAT_TREE_E_BAD, "the document is larger than 10 MiB");
	while (at < len && strchr(" \t\r\n", text[at]) && text[at] != '\0')
		at++;
	int r = at < len && text[at] == '{' ? pat_tree_read_json(&b, text, len)
	                                    : pat_tree_read_yaml(&b, text, len);
	if (r == 0 && !document->root)
		r = pat_err_set(err, PAT_TREE_E_BAD, "the document is empty");
	return r;
}

void pat_tree_done(struct pat_tree *document)
{
	pat_arena_done(&document->arena);
	document->root = NULL;
}

const struct pat_tree_node *pat_tree_get(const struct pat_tree_node *node, const char *key)
{
	if (!node || node->kind != PAT_TREE_MAP)
		return NULL;
	for (const struct pat_tree_entry *e = node->first; e; e = e->next)
		if (strcmp(e->name, key) == 0)
			return e->value;
	return NULL;
}

const char *pat_tree_text(const struct pat_tree_node *node, const char *key)
{
	const struct pat_tree_node *value = pat_tree_get(node, key);

	return value ? value->text : NULL;
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The next reference token, decoded; false when it is none. */
static bool pointer_next(const char **cursor, char out[static TOKEN_BYTES])
{
	const char *c = *cursor;
	size_t len = 0;

	for (; *c && *c != '/'; c++) {
		char decoded = *c;

		if (len + 1 >= TOKEN_BYTES)
			return false;
		if (*c == '%') {
			int high = hex(c[1]);
			int low = high < 0 ? -1 : hex(c[2]);

			if (low < 0)
				return false;
			decoded = (char)(high << 4 | low);
			c += 2;
		}
		if (decoded == '~') {
			c++;
			if (*c != '0' && *c != '1')
				return false;
			decoded = *c == '0' ? '~' : '/';
		}
		out[len++] = decoded;
	}
	out[len] = '\0';
	*cursor = c;
	return true;
}

static const struct pat_tree_node *child(const struct pat_tree_node *node, const char *name)
{
	if (!node || node->kind != PAT_TREE_LIST)
		return pat_tree_get(node, name);
	char *end = NULL;
	unsigned long at = strtoul(name, &end, 10);
	if (end == name || *end)
		return NULL;
	for (const struct pat_tree_entry *e = node->first; e; e = e->next)
		if (at-- == 0)
			return e->value;
	return NULL;
}

const struct pat_tree_node *pat_tree_at(const struct pat_tree *document, const char *fragment)
{
	const struct pat_tree_node *node = document->root;
	char name[TOKEN_BYTES];

	if (*fragment++ != '#')
		return NULL;
	while (node && *fragment) {
		if (*fragment++ != '/' || !pointer_next(&fragment, name))
			return NULL;
		node = child(node, name);
	}
	return node;
}
