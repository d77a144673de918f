/* SPDX-License-Identifier: Apache-2.0 */
#include "base/scan.h"
#include "policy/tree_build.h"

struct reading {
	struct pat_tree_build *build;
	struct pat_scan scan;
};

static int text_seen(struct pat_tree_build *b, const struct pat_scan_token *t, unsigned line)
{
	struct pat_tree_node *n = NULL;

	if (t->kind == PAT_SCAN_KEY && t->cut)
		return pat_err_set(b->err, PAT_TREE_E_BAD, "line %u: a key of more than 1024 bytes",
		                   line);
	return pat_tree_put_text(b, t->kind == PAT_SCAN_NUMBER ? PAT_TREE_PLAIN : PAT_TREE_TEXT,
	                         line, t->text, t->text_len, &n);
}

static int word_seen(struct pat_tree_build *b, const char *word, size_t len, unsigned line)
{
	struct pat_tree_node *n = NULL;

	return pat_tree_put_text(b, PAT_TREE_PLAIN, line, word, len, &n);
}

static int seen(void *arg, const struct pat_scan_token *t)
{
	struct reading *reading = arg;
	struct pat_tree_build *b = reading->build;
	struct pat_tree_node *n = NULL;
	uint64_t line = 0;
	uint64_t column = 0;

	pat_scan_where(&reading->scan, t, &line, &column);
	switch (t->kind) {
	case PAT_SCAN_OBJECT:
		return pat_tree_begin(b, PAT_TREE_MAP, (unsigned)line, &n);
	case PAT_SCAN_ARRAY:
		return pat_tree_begin(b, PAT_TREE_LIST, (unsigned)line, &n);
	case PAT_SCAN_OBJECT_END:
	case PAT_SCAN_ARRAY_END:
		return pat_tree_end(b);
	case PAT_SCAN_KEY:
	case PAT_SCAN_STRING:
	case PAT_SCAN_NUMBER:
		return text_seen(b, t, (unsigned)line);
	case PAT_SCAN_TRUE:
		return word_seen(b, "true", 4, (unsigned)line);
	case PAT_SCAN_FALSE:
		return word_seen(b, "false", 5, (unsigned)line);
	case PAT_SCAN_NULL:
		return word_seen(b, "null", 4, (unsigned)line);
	}
	return 0;
}

int pat_tree_read_json(struct pat_tree_build *build, const char *text, size_t len)
{
	struct reading reading = { .build = build };

	pat_scan_init(&reading.scan, seen, &reading);
	int r = pat_scan_feed(&reading.scan, text, len);
	if (r == 0)
		r = pat_scan_finish(&reading.scan);
	if (r != PAT_SCAN_E_MALFORMED)
		return r;
	return pat_err_set(build->err, PAT_TREE_E_BAD, "line %llu, column %llu: %s",
	                   (unsigned long long)reading.scan.fault.line,
	                   (unsigned long long)reading.scan.fault.column, reading.scan.fault.what);
}
