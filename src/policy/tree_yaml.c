/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "policy/tree_build.h"

#define ANCHORS_MAX 1000u

struct anchor {
	const char *name;
	const struct pat_tree_node *node;
};

struct reading {
	struct pat_tree_build *build;
	size_t n_anchors;
	struct anchor anchors[ANCHORS_MAX];
};

/* A later anchor of the same name takes its place, as YAML has it. */
static int anchor_put(struct reading *reading, const yaml_char_t *name,
                      const struct pat_tree_node *node, unsigned line)
{
	struct pat_tree_build *b = reading->build;

	if (!name || !node)
		return 0;
	if (reading->n_anchors == ANCHORS_MAX)
		return pat_err_set(b->err, PAT_TREE_E_BAD, "line %u: more than 1000 anchors", line);
	const char *copy =
		pat_arena_text(&b->document->arena, (const char *)name, strlen((const char *)name));
	if (!copy)
		return -ENOMEM;
	reading->anchors[reading->n_anchors++] = (struct anchor){ copy, node };
	return 0;
}

static int alias_seen(struct reading *reading, const char *name, unsigned line)
{
	for (size_t i = reading->n_anchors; i-- > 0;)
		if (strcmp(reading->anchors[i].name, name) == 0)
			return pat_tree_put_again(reading->build, line, reading->anchors[i].node);
	return pat_err_set(reading->build->err, PAT_TREE_E_BAD,
	                   "line %u: there is no anchor &%s before", line, name);
}

static int event_seen(struct reading *reading, const yaml_event_t *e)
{
	struct pat_tree_build *b = reading->build;
	struct pat_tree_node *n = NULL;
	unsigned line = (unsigned)e->start_mark.line + 1;
	const yaml_char_t *anchor = NULL;
	int r = 0;

	switch (e->type) {
	case YAML_SCALAR_EVENT:
		anchor = e->data.scalar.anchor;
		r = pat_tree_put_text(
			b,
			e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE ? PAT_TREE_PLAIN
									: PAT_TREE_TEXT,
			line, (const char *)e->data.scalar.value, e->data.scalar.length, &n);
		break;
	case YAML_MAPPING_START_EVENT:
		anchor = e->data.mapping_start.anchor;
		r = pat_tree_begin(b, PAT_TREE_MAP, line, &n);
		break;
	case YAML_SEQUENCE_START_EVENT:
		anchor = e->data.sequence_start.anchor;
		r = pat_tree_begin(b, PAT_TREE_LIST, line, &n);
		break;
	case YAML_MAPPING_END_EVENT:
	case YAML_SEQUENCE_END_EVENT:
		return pat_tree_end(b);
	case YAML_ALIAS_EVENT:
		return alias_seen(reading, (const char *)e->data.alias.anchor, line);
	default:
		return 0;
	}
	return r == 0 ? anchor_put(reading, anchor, n, line) : r;
}

static int malformed(struct reading *reading, const yaml_parser_t *parser)
{
	if (parser->error == YAML_MEMORY_ERROR)
		return -ENOMEM;
	return pat_err_set(reading->build->err, PAT_TREE_E_BAD, "line %zu, column %zu: %s",
	                   parser->problem_mark.line + 1, parser->problem_mark.column + 1,
	                   parser->problem ? parser->problem : "this is not YAML");
}

int pat_tree_read_yaml(struct pat_tree_build *build, const char *text, size_t len)
{
	struct reading *reading = calloc(1, sizeof(*reading));
	yaml_parser_t parser;
	bool over = false;
	int r = 0;

	if (!reading)
		return -ENOMEM;
	reading->build = build;
	if (!yaml_parser_initialize(&parser)) {
		free(reading);
		return -ENOMEM;
	}
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
	while (r == 0 && !over) {
		yaml_event_t event;

		if (!yaml_parser_parse(&parser, &event)) {
			r = malformed(reading, &parser);
			break;
		}
		over = event.type == YAML_STREAM_END_EVENT;
		r = event_seen(reading, &event);
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	free(reading);
	return r;
}
