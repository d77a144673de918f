/* SPDX-License-Identifier: Apache-2.0
 *
 * Plans: an answer that is put together from a document's bytes is what one gets by reading the document with jansson,
 * taking out of the tree what was not asked for, and writing it again.
 */
#include "tests/unit/test_files.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>

#include "files/plan.h"

#define ROUNDS     120
#define QUERIES    12
#define ALL_LEVELS UINT32_MAX

/* ---- Sending. */

struct answer {
	struct pat_buf out;
	size_t window;
	unsigned pieces;
	unsigned pieces_max; /* then it is ended with -EPIPE */
};

static int emit(void *arg, const void *bytes, size_t len)
{
	struct answer *answer = arg;

	assert_true(len > 0);
	assert_true(len <= answer->window);
	if (++answer->pieces > answer->pieces_max)
		return -EPIPE;
	return pat_buf_add(&answer->out, bytes, len);
}

/* What the plan sends: its length is what was foretold. */
static void send_plan(const struct pat_plan *plan, const struct pat_text *text, size_t window,
                      struct pat_buf *ret)
{
	struct answer answer = { .window = window, .pieces_max = UINT_MAX };

	pat_buf_init(&answer.out, TEST_TEXT_BYTES_MAX);
	assert_int_equal(pat_buf_error(pat_plan_words((struct pat_plan *)plan)), 0);
	assert_int_equal(pat_plan_send(plan, text, window, emit, &answer), 0);
	assert_int_equal(answer.out.len, pat_plan_bytes(plan));
	/* All pieces but the last are full. */
	assert_int_equal(answer.pieces, (answer.out.len + window - 1) / window);
	*ret = answer.out;
}

/* ---- The same, from a tree. */

struct query {
	struct pat_plan_tree tree;
	const struct pat_outline *outline;
	const struct pat_text *text;
};

static bool is_wanted(const struct query *q, json_t *node)
{
	const char *id = json_string_value(json_object_get(node, "id"));
	uint32_t number = 0;

	if (!q->tree.wanted)
		return false;
	assert_int_equal(pat_outline_find(q->outline, q->text, id, strlen(id), &number), 0);
	assert_int_not_equal(number, PAT_NO_NODE);
	return q->tree.wanted[number / 8] >> number % 8 & 1;
}

static bool has_wanted(const struct query *q, json_t *node)
{
	json_t *child = NULL;
	size_t i = 0;

	if (is_wanted(q, node))
		return true;
	json_array_foreach(json_object_get(node, "children"), i,
	                   child) if (has_wanted(q, child)) return true;
	return false;
}

/* A new tree of what is asked for. `levels` are below this node, -1: none of them for its own sake. */
static json_t *expected(const struct query *q, json_t *node, int64_t levels, bool first)
{
	static const char *const geometry[] = { "fillGeometry", "strokeGeometry", "size",
		                                "relativeTransform" };
	json_t *copy = json_copy(node);
	json_t *children = json_array();
	json_t *child = NULL;
	size_t i = 0;
	bool is_document =
		strcmp(json_string_value(json_object_get(node, "type")), "DOCUMENT") == 0;

	for (i = 0; i < PAT_ARRAY_LEN(geometry) && !q->tree.geometry; i++)
		(void)json_object_del(copy, geometry[i]);
	if (is_wanted(q, node) || (first && !q->tree.wanted))
		levels = q->tree.levels;
	json_array_foreach(json_object_get(node, "children"), i,
	                   child) if (levels > 0 || has_wanted(q, child) ||
	                              (is_document && q->tree.wanted && q->tree.pages))
		assert_int_equal(
			json_array_append_new(children, expected(q, child, levels - 1, false)), 0);
	if (json_object_get(node, "children"))
		assert_int_equal(json_object_set(copy, "children", children), 0);
	json_decref(children);
	return copy;
}

static json_t *find_node(json_t *node, const char *id)
{
	json_t *child = NULL;
	json_t *found = NULL;
	size_t i = 0;

	if (strcmp(json_string_value(json_object_get(node, "id")), id) == 0)
		return node;
	json_array_foreach(json_object_get(node, "children"), i, child)
	{
		found = find_node(child, id);
		if (found)
			break;
	}
	return found;
}

static void add_entry(json_t *tree, const char *table, json_t *id, json_t *out)
{
	json_t *entry = json_object_get(json_object_get(tree, table), json_string_value(id));

	if (entry)
		assert_int_equal(json_object_set(out, json_string_value(id), entry), 0);
}

/* The entries that a subtree has to do with. */
static void collect(json_t *tree, json_t *node, json_t *tables[PAT_TABLES])
{
	const char *type = json_string_value(json_object_get(node, "type"));
	json_t *id = json_object_get(node, "id");
	json_t *value = NULL;
	const char *key = NULL;
	size_t i = 0;

	add_entry(tree, "components", json_object_get(node, "componentId"), tables[0]);
	if (strcmp(type, "COMPONENT") == 0)
		add_entry(tree, "components", id, tables[0]);
	if (strcmp(type, "COMPONENT_SET") == 0)
		add_entry(tree, "componentSets", id, tables[1]);
	json_object_foreach(json_object_get(node, "styles"), key, value) if (json_is_string(value))
		add_entry(tree, "styles", value, tables[2]);
	json_array_foreach(json_object_get(node, "children"), i, value)
		collect(tree, value, tables);
	if (tables[1])
		json_object_foreach(tables[0], key, value) add_entry(
			tree, "componentSets", json_object_get(value, "componentSetId"), tables[1]);
}

/* ---- Random documents and questions. */

struct sample {
	struct pat_buf text;
	struct pat_outline outline;
	struct pat_text reader;
	json_t *tree;
	uint8_t *wanted;
};

static void sample_init(struct sample *s, unsigned nodes)
{
	pat_cleanup(pat_buf_done) struct pat_buf why = { 0 };

	*s = (struct sample){ .reader = { .read = read_buf, .arg = &s->text } };
	pat_buf_init(&s->text, TEST_TEXT_BYTES_MAX);
	pat_buf_init(&why, 1000);
	random_document(&s->text, nodes);
	assert_int_equal(outline_of(s->text.data, s->text.len, 4096, &s->outline, &why), 0);
	s->tree = load_json(s->text.data, s->text.len);
	s->wanted = calloc(PAT_PLAN_WANTED_BYTES(s->outline.n_nodes), 1);
	assert_non_null(s->wanted);
}

static void sample_done(struct sample *s)
{
	pat_outline_done(&s->outline);
	pat_buf_done(&s->text);
	json_decref(s->tree);
	free(s->wanted);
}

static void any_query(struct sample *s, struct query *ret)
{
	static const uint32_t levels[] = { 0, 1, 2, 3, 100, ALL_LEVELS, ALL_LEVELS, ALL_LEVELS };
	uint32_t percent = chance(50) ? 5 : 30;
	bool some = chance(60);

	memset(s->wanted, 0, PAT_PLAN_WANTED_BYTES(s->outline.n_nodes));
	for (uint32_t i = 0; i < s->outline.n_nodes; i++)
		if (chance(percent))
			pat_plan_want(s->wanted, i);
	*ret = (struct query){ .tree = { .levels = levels[any(PAT_ARRAY_LEN(levels))],
		                         .geometry = chance(30),
		                         .wanted = some ? s->wanted : NULL,
		                         .pages = chance(50) },
		               .outline = &s->outline,
		               .text = &s->reader };
}

static void same_json(const struct pat_buf *got, json_t *wanted, const struct sample *s)
{
	json_t *value = load_json(got->data, got->len);
	size_t flags = JSON_SORT_KEYS | JSON_ENCODE_ANY | JSON_COMPACT;
	pat_cleanup(pat_freep) char *a = json_dumps(value, flags);
	pat_cleanup(pat_freep) char *b = json_dumps(wanted, flags);

	if (strcmp(a, b) != 0)
		fail_msg("of\n%s\ncame\n%s\nnot\n%s", s->text.data, a, b);
	json_decref(value);
}

static json_t *tree_of(const struct sample *s, uint32_t node)
{
	struct pat_range at = s->outline.nodes[node].id;
	char id[PAT_NODE_ID_MAX + 1] = "";

	memcpy(id, s->text.data + at.at, at.len);
	json_t *found = find_node(json_object_get(s->tree, "document"), id);
	assert_non_null(found);
	return found;
}

static void node_is_as_expected(struct sample *s, uint32_t node)
{
	pat_cleanup(pat_plan_freep) struct pat_plan *plan = NULL;
	pat_cleanup(pat_buf_done) struct pat_buf got = { 0 };
	struct query q;

	any_query(s, &q);
	assert_int_equal(pat_plan_new(0, &plan), 0);
	assert_int_equal(pat_plan_node(plan, &s->outline, node, &q.tree), 0);
	send_plan(plan, &s->reader, 1 + any(3000), &got);
	json_t *wanted = expected(&q, tree_of(s, node), -1, true);
	same_json(&got, wanted, s);
	json_decref(wanted);
}

static void nodes_are_what_was_asked_for(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ROUNDS; i++) {
		pat_cleanup(sample_done) struct sample s;

		sample_init(&s, 1 + any(100));
		for (unsigned j = 0; j < QUERIES; j++)
			node_is_as_expected(&s, chance(50) ? 0 : any(s.outline.n_nodes));
	}
}

static void tables_are_as_expected(struct sample *s, uint32_t node)
{
	json_t *wanted[PAT_TABLES] = { json_object(), json_object(), json_object() };

	collect(s->tree, tree_of(s, node), wanted);
	for (unsigned table = 0; table < PAT_TABLES; table++) {
		pat_cleanup(pat_plan_freep) struct pat_plan *plan = NULL;
		pat_cleanup(pat_buf_done) struct pat_buf got = { 0 };

		assert_int_equal(pat_plan_new(2, &plan), 0);
		assert_int_equal(pat_plan_table(plan, &s->outline, table, node), 0);
		send_plan(plan, &s->reader, 1 + any(3000), &got);
		same_json(&got, wanted[table], s);
		json_decref(wanted[table]);
	}
}

static void tables_are_what_a_subtree_has_to_do_with(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ROUNDS; i++) {
		pat_cleanup(sample_done) struct sample s;

		sample_init(&s, 1 + any(60));
		for (unsigned j = 0; j < QUERIES; j++)
			tables_are_as_expected(&s, chance(30) ? 0 : any(s.outline.n_nodes));
	}
}

/* Omissions across everything, as an outline may have them that somebody made up and load accepts. */
static void make_up_omissions(struct sample *s)
{
	uint32_t at = 0;

	for (uint32_t i = 0; i < s->outline.n_omissions; i++) {
		uint32_t left = s->outline.text_bytes - at - (s->outline.n_omissions - i);
		struct pat_range range = { .at = at + any(left / 4 + 1),
			                   .len = 1 + any(left / 4 + 1) };

		s->outline.omissions[i].range = range;
		at = range.at + range.len;
	}
}

static void what_somebody_made_up_stays_in_the_text(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ROUNDS; i++) {
		pat_cleanup(sample_done) struct sample s;

		sample_init(&s, 1 + any(100));
		make_up_omissions(&s);
		for (unsigned j = 0; j < QUERIES; j++) {
			pat_cleanup(pat_plan_freep) struct pat_plan *plan = NULL;
			pat_cleanup(pat_buf_done) struct pat_buf got = { 0 };
			uint32_t node = any(s.outline.n_nodes);
			struct query q;

			any_query(&s, &q);
			assert_int_equal(pat_plan_new(0, &plan), 0);
			assert_int_equal(pat_plan_node(plan, &s.outline, node, &q.tree), 0);
			send_plan(plan, &s.reader, 1 + any(3000), &got);
			assert_true(got.len <= s.outline.nodes[node].whole.len);
		}
	}
}

/* ---- To the byte. */

/* Appends a text in which ' is a quote and <3> are the members that node 3 must have. */
static void add_short(struct pat_buf *out, const char *text)
{
	for (const char *p = text; *p; p++) {
		bool is_page = strchr("167", p[1]) != NULL;

		if (*p == '<') {
			assert_int_equal(pat_buf_addf(out,
			                              "\"id\":\"%c\",\"type\":\"%s\",\"name\":\"\"",
			                              p[1],
			                              p[1] == '0' ? "DOCUMENT"
			                              : is_page   ? "CANVAS"
			                                          : "X"),
			                 0);
			p += 2;
		} else {
			assert_int_equal(pat_buf_add(out, *p == '\'' ? "\"" : p, 1), 0);
		}
	}
}

static void answers_are_the_bytes_of_the_document(void **state)
{
	static const char text[] = "{ 'document' : {<0>,'children' : [ "
				   "{<1>,'children':[{<2>,'size':1,'children':[ ] } , {<3>},\n"
				   "{<4>, 'children' : [ {<5>} ] ,'fillGeometry':[]} ]} ,"
				   "{<6>},{<7>,'children':[{<8>}]} ] } }";
	static const struct {
		uint32_t node;
		uint32_t levels;
		const char *wanted; /* the numbers; NULL: all */
		bool pages;
		bool geometry;
		const char *answer;
	} cases[] = {
		{ 0, 0, NULL, false, false, "{<0>,'children' : [] }" },
		{ 0, 1, NULL, false, false,
		  "{<0>,'children' : [ {<1>,'children':[]} ,{<6>},{<7>,'children':[]} ] }" },
		{ 1, 1, NULL, false, false,
		  "{<1>,'children':[{<2>,'children':[ ] } , {<3>},\n{<4>, 'children' : []} ]}" },
		{ 4, ALL_LEVELS, NULL, false, true,
		  "{<4>, 'children' : [ {<5>} ] ,'fillGeometry':[]}" },
		{ 4, ALL_LEVELS, NULL, false, false, "{<4>, 'children' : [ {<5>} ]}" },
		{ 4, 0, NULL, false, true, "{<4>, 'children' : [] ,'fillGeometry':[]}" },
		{ 4, 0, NULL, false, false, "{<4>, 'children' : []}" },
		{ 2, 0, NULL, false, true, "{<2>,'size':1,'children':[ ] }" },
		{ 3, ALL_LEVELS, NULL, false, false, "{<3>}" },
		{ 0, ALL_LEVELS, "", false, false, "{<0>,'children' : [] }" },
		{ 0, ALL_LEVELS, "", true, false,
		  "{<0>,'children' : [ {<1>,'children':[]} ,{<6>},{<7>,'children':[]} ] }" },
		{ 0, ALL_LEVELS, "3", false, false,
		  "{<0>,'children' : [ {<1>,'children':[{<3>}]}] }" },
		{ 0, ALL_LEVELS, "3", true, false,
		  "{<0>,'children' : [ {<1>,'children':[{<3>}]} ,{<6>},{<7>,'children':[]} ] }" },
		{ 0, ALL_LEVELS, "24", false, false,
		  "{<0>,'children' : [ {<1>,'children':[{<2>,'children':[ ] } , "
		  "{<4>, 'children' : [ {<5>} ]} ]}] }" },
		{ 0, ALL_LEVELS, "5", false, true,
		  "{<0>,'children' : [ {<1>,'children':["
		  "{<4>, 'children' : [ {<5>} ] ,'fillGeometry':[]} ]}] }" },
		{ 0, ALL_LEVELS, "6", false, false, "{<0>,'children' : [ {<6>}] }" },
		{ 0, ALL_LEVELS, "8", false, false,
		  "{<0>,'children' : [ {<7>,'children':[{<8>}]} ] }" },
		{ 0, ALL_LEVELS, "38", false, false,
		  "{<0>,'children' : [ {<1>,'children':[{<3>}]} ,{<7>,'children':[{<8>}]} ] }" },
		{ 0, 0, "7", false, false, "{<0>,'children' : [ {<7>,'children':[]} ] }" },
		{ 0, 0, "45", false, false,
		  "{<0>,'children' : [ {<1>,'children':[{<4>, 'children' : [ {<5>} ]} ]}] }" },
		{ 0, 1, "15", false, false,
		  "{<0>,'children' : [ {<1>,'children':[{<2>,'children':[ ] } , {<3>},\n"
		  "{<4>, 'children' : [ {<5>} ]} ]}] }" },
		{ 1, ALL_LEVELS, "8", true, false, "{<1>,'children':[]}" },
	};
	pat_cleanup(pat_buf_done) struct pat_buf buf = { 0 };
	pat_cleanup(pat_buf_done) struct pat_buf why = { 0 };
	pat_cleanup(pat_outline_done) struct pat_outline outline = { 0 };
	const struct pat_text reader = { .read = read_buf, .arg = &buf };

	(void)state;
	pat_buf_init(&buf, 10000);
	pat_buf_init(&why, 1000);
	add_short(&buf, text);
	assert_int_equal(outline_of(buf.data, buf.len, 10, &outline, &why), 0);
	for (size_t i = 0; i < PAT_ARRAY_LEN(cases); i++) {
		pat_cleanup(pat_plan_freep) struct pat_plan *plan = NULL;
		pat_cleanup(pat_buf_done) struct pat_buf got = { 0 };
		pat_cleanup(pat_buf_done) struct pat_buf answer = { 0 };
		uint8_t wanted[2] = { 0 };
		struct pat_plan_tree tree = { .levels = cases[i].levels,
			                      .pages = cases[i].pages,
			                      .geometry = cases[i].geometry,
			                      .wanted = cases[i].wanted ? wanted : NULL };

		for (const char *p = cases[i].wanted; p && *p; p++)
			pat_plan_want(wanted, (uint32_t)(*p - '0'));
		pat_buf_init(&answer, 10000);
		add_short(&answer, cases[i].answer);
		assert_int_equal(pat_plan_new(0, &plan), 0);
		assert_int_equal(pat_plan_node(plan, &outline, cases[i].node, &tree), 0);
		send_plan(plan, &reader, 1 + i * 7, &got);
		if (strcmp(pat_buf_str(&got), pat_buf_str(&answer)) != 0)
			fail_msg("case %zu:\n%s\n%s", i, got.data, answer.data);
	}
}

static void tables_are_the_bytes_of_the_document(void **state)
{
	static const char text[] =
		"{'styles' : { 'a' : {'x':1} , 'b':{} ,\n'c':{ }\t}  ,'components':{'a':{},"
		"'b':{'componentSetId':'t'},'d':{'componentSetId':'nobody'}},"
		"'componentSets':{'s':{},'t':{}},'document':{<0>,'styles':{'x':'b'},'children':["
		"{<7>,'componentId':'a','styles':{'x':'b'}},{<1>";
	static const struct {
		const char *members; /* of a page */
		const char *tables[PAT_TABLES];
	} cases[] = {
		{ "", { "{}", "{}", "{}" } },
		{ ",'styles':{'x':'a'}", { "{}", "{}", "{'a' : {'x':1}}" } },
		{ ",'styles':{'x':'b'}", { "{}", "{}", "{'b':{}}" } },
		{ ",'styles':{'x':'c'}", { "{}", "{}", "{'c':{ }}" } },
		{ ",'styles':{'x':'c','y':'a','z':'c'}",
		  { "{}", "{}", "{'a' : {'x':1} , 'c':{ }}" } },
		{ ",'styles':{'x':'b','y':'a'}", { "{}", "{}", "{'a' : {'x':1} , 'b':{}}" } },
		{ ",'styles':{'x':'c','y':'b','z':'a'}",
		  { "{}", "{}", "{'a' : {'x':1} , 'b':{} ,\n'c':{ }}" } },
		{ ",'componentId':'a'", { "{'a':{}}", "{}", "{}" } },
		{ ",'componentId':'b'", { "{'b':{'componentSetId':'t'}}", "{'t':{}}", "{}" } },
		{ ",'componentId':'d'", { "{'d':{'componentSetId':'nobody'}}", "{}", "{}" } },
		{ ",'componentId':'s'", { "{}", "{}", "{}" } },
		{ ",'children':[{'id':'a','type':'COMPONENT','name':''},"
		  "{'id':'s','type':'COMPONENT_SET','name':''},{'id':'b','type':'FRAME','name':''}]",
		  { "{'a':{}}", "{'s':{}}", "{}" } },
		{ ",'children':[{'id':'b','type':'COMPONENT','name':''},"
		  "{'id':'s','type':'COMPONENT_SET','name':''}]",
		  { "{'b':{'componentSetId':'t'}}", "{'s':{},'t':{}}", "{}" } },
	};

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(cases); i++) {
		pat_cleanup(pat_buf_done) struct pat_buf buf = { 0 };
		pat_cleanup(pat_buf_done) struct pat_buf why = { 0 };
		pat_cleanup(pat_outline_done) struct pat_outline outline = { 0 };
		const struct pat_text reader = { .read = read_buf, .arg = &buf };

		pat_buf_init(&buf, 10000);
		pat_buf_init(&why, 1000);
		add_short(&buf, text);
		add_short(&buf, cases[i].members);
		add_short(&buf, "}]}}");
		assert_int_equal(outline_of(buf.data, buf.len, 10, &outline, &why), 0);
		/* What is beside the page and above it does not count. */
		for (unsigned table = 0; table < PAT_TABLES; table++) {
			pat_cleanup(pat_plan_freep) struct pat_plan *plan = NULL;
			pat_cleanup(pat_buf_done) struct pat_buf got = { 0 };
			pat_cleanup(pat_buf_done) struct pat_buf answer = { 0 };

			pat_buf_init(&answer, 1000);
			add_short(&answer, cases[i].tables[table]);
			assert_int_equal(pat_plan_new(0, &plan), 0);
			assert_int_equal(pat_plan_table(plan, &outline, table, 2), 0);
			send_plan(plan, &reader, 50, &got);
			if (strcmp(pat_buf_str(&got), pat_buf_str(&answer)) != 0)
				fail_msg("case %zu, table %u:\n%s\n%s", i, table, got.data,
				         answer.data);
		}
	}
}

/* ---- Words and ranges. */

static void words_stand_where_they_were_said(void **state)
{
	pat_cleanup(pat_buf_done) struct pat_buf text = { 0 };
	const struct pat_text reader = { .read = read_buf, .arg = &text };
	static const char wanted[] = "<0123-45678+23->";

	(void)state;
	pat_buf_init(&text, 100);
	assert_int_equal(pat_buf_add_str(&text, "0123456789"), 0);
	for (size_t window = 1; window < 20; window++) {
		pat_cleanup(pat_plan_freep) struct pat_plan *plan = NULL;
		pat_cleanup(pat_buf_done) struct pat_buf got = { 0 };

		assert_int_equal(pat_plan_new(100, &plan), 0);
		struct pat_buf *words = pat_plan_words(plan);
		(void)pat_buf_add_str(words, "<");
		assert_int_equal(pat_plan_range(plan, (struct pat_range){ 0, 2 }), 0);
		assert_int_equal(pat_plan_range(plan, (struct pat_range){ 2, 2 }), 0);
		(void)pat_buf_add_str(words, "-");
		assert_int_equal(pat_plan_range(plan, (struct pat_range){ 4, 5 }), 0);
		assert_int_equal(pat_plan_range(plan, (struct pat_range){ 0, 0 }), 0);
		(void)pat_buf_add_str(words, "+");
		assert_int_equal(pat_plan_range(plan, (struct pat_range){ 2, 2 }), 0);
		(void)pat_buf_add_str(words, "-");
		(void)pat_buf_add_str(words, ">");
		assert_int_equal(pat_plan_bytes(plan), strlen(wanted));
		send_plan(plan, &reader, window, &got);
		assert_string_equal(pat_buf_str(&got), wanted);
	}
}

static void nothing_is_an_answer_too(void **state)
{
	pat_cleanup(pat_plan_freep) struct pat_plan *plan = NULL;
	pat_cleanup(pat_buf_done) struct pat_buf got = { 0 };
	const struct pat_text nobody = { 0 };

	(void)state;
	assert_int_equal(pat_plan_new(10, &plan), 0);
	assert_int_equal(pat_plan_bytes(plan), 0);
	send_plan(plan, &nobody, 10, &got);
	assert_int_equal(got.len, 0);
}

static void words_have_their_maximum(void **state)
{
	pat_cleanup(pat_plan_freep) struct pat_plan *plan = NULL;
	pat_cleanup(pat_buf_done) struct pat_buf got = { 0 };
	const struct pat_text nobody = { 0 };

	(void)state;
	assert_int_equal(pat_plan_new(3, &plan), 0);
	assert_int_equal(pat_buf_add_str(pat_plan_words(plan), "abc"), 0);
	send_plan(plan, &nobody, 10, &got);
	assert_string_equal(pat_buf_str(&got), "abc");
	assert_int_equal(pat_buf_add_str(pat_plan_words(plan), "d"), -EMSGSIZE);
	assert_int_equal(pat_buf_error(pat_plan_words(plan)), -EMSGSIZE);
}

/* ---- Reading. */

struct counted {
	struct pat_buf text;
	unsigned reads;
	uint64_t bytes;
	unsigned reads_max;
};

static int read_counted(void *arg, uint32_t at, void *out, uint32_t len)
{
	struct counted *c = arg;

	c->bytes += len;
	assert_true(len > 0);
	return ++c->reads > c->reads_max ? -EIO : read_buf(&c->text, at, out, len);
}

/* `n` ranges of `len` bytes, one every `step`. */
static struct pat_plan *striped(unsigned n, uint32_t len, uint32_t step)
{
	struct pat_plan *plan = NULL;

	assert_int_equal(pat_plan_new(0, &plan), 0);
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(pat_plan_range(plan, (struct pat_range){ i * step, len }), 0);
	return plan;
}

static void ranges_have_their_maximum(void **state)
{
	pat_cleanup(pat_plan_freep) struct pat_plan *plan = NULL;
	uint32_t at = 0;

	(void)state;
	assert_int_equal(pat_plan_new(1000, &plan), 0);
	for (unsigned i = 0; i < PAT_PLAN_RANGES_MAX; i++, at += 2)
		assert_int_equal(pat_plan_range(plan, (struct pat_range){ at, 1 }), 0);
	assert_int_equal(pat_plan_range(plan, (struct pat_range){ at, 1 }), -EMSGSIZE);
	/* A neighbour of the last one is no other. */
	assert_int_equal(pat_plan_range(plan, (struct pat_range){ at - 1, 5 }), 0);
	assert_int_equal(pat_plan_range(plan, (struct pat_range){ at + 10, 1 }), -EMSGSIZE);
}

static void near_ranges_are_read_at_once(void **state)
{
	static const struct {
		unsigned n;
		uint32_t len;
		uint32_t step;
		size_t window;
		unsigned reads;
		uint64_t bytes;
	} cases[] = {
		{ 1, 10, 10, 100, 1, 10 },       { 1, 1000, 1000, 100, 10, 1000 },
		{ 10, 10, 20, 1000, 1, 190 },    { 10, 10, 20, 100, 2, 180 },
		{ 3, 10, 4106, 10000, 1, 8222 }, { 3, 10, 4107, 10000, 3, 30 },
		{ 100, 1, 4000, 100, 100, 100 }, { 2, 60, 90, 100, 2, 150 },
	};
	struct counted c = { .reads_max = UINT_MAX };

	(void)state;
	pat_buf_init(&c.text, 1 << 20);
	for (unsigned i = 0; i < 500000; i++)
		assert_int_equal(pat_buf_add(&c.text, &"abcdefg"[i % 7], 1), 0);
	for (size_t i = 0; i < PAT_ARRAY_LEN(cases); i++) {
		pat_cleanup(pat_plan_freep) struct pat_plan *plan =
			striped(cases[i].n, cases[i].len, cases[i].step);
		pat_cleanup(pat_buf_done) struct pat_buf got = { 0 };

		c.reads = 0;
		c.bytes = 0;
		send_plan(plan, &(struct pat_text){ read_counted, &c }, cases[i].window, &got);
		for (uint32_t j = 0; j < cases[i].n * cases[i].len; j++)
			assert_int_equal(
				got.data[j],
				c.text.data[j / cases[i].len * cases[i].step + j % cases[i].len]);
		if (c.reads != cases[i].reads || c.bytes != cases[i].bytes)
			fail_msg("case %zu: %u reads, %llu bytes", i, c.reads,
			         (unsigned long long)c.bytes);
	}
	pat_buf_done(&c.text);
}

static void faults_end_the_answer(void **state)
{
	struct counted c = { 0 };
	pat_cleanup(pat_plan_freep) struct pat_plan *plan = striped(5, 100, 10000);

	(void)state;
	pat_buf_init(&c.text, 1 << 20);
	for (unsigned i = 0; i < 60000; i++)
		assert_int_equal(pat_buf_add(&c.text, "x", 1), 0);
	for (c.reads_max = 0; c.reads_max <= 10; c.reads_max++) {
		struct answer answer = { .window = 50, .pieces_max = UINT_MAX };

		c.reads = 0;
		pat_buf_init(&answer.out, 1000);
		int r = pat_plan_send(plan, &(struct pat_text){ read_counted, &c }, 50, emit,
		                      &answer);
		assert_int_equal(r, c.reads_max < 10 ? -EIO : 0);
		assert_int_equal(answer.out.len, 50 * c.reads_max);
		pat_buf_done(&answer.out);
	}
	for (unsigned max = 0; max <= 10; max++) {
		struct answer answer = { .window = 50, .pieces_max = max };

		pat_buf_init(&answer.out, 1000);
		c.reads_max = UINT_MAX;
		int r = pat_plan_send(plan, &(struct pat_text){ read_counted, &c }, 50, emit,
		                      &answer);
		assert_int_equal(r, max < 10 ? -EPIPE : 0);
		assert_int_equal(answer.pieces, max < 10 ? max + 1 : 10);
		pat_buf_done(&answer.out);
	}
	pat_buf_done(&c.text);
}

/* ---- Deep and wide. */

static void add_node(struct pat_buf *out, unsigned id, const char *type, const char *rest)
{
	assert_int_equal(
		pat_buf_addf(out, "{\"id\":\"%u\",\"type\":\"%s\",\"name\":\"\"%s", id, type, rest),
		0);
}

static void *plan_deep(void *arg)
{
	struct sample *s = arg;
	uint32_t deepest = s->outline.n_nodes - 1;
	struct pat_plan_tree tree = { .levels = 0, .wanted = s->wanted };
	pat_cleanup(pat_plan_freep) struct pat_plan *plan = NULL;
	pat_cleanup(pat_buf_done) struct pat_buf got = { 0 };

	pat_plan_want(s->wanted, deepest);
	assert_int_equal(pat_plan_new(0, &plan), 0);
	assert_int_equal(pat_plan_node(plan, &s->outline, 0, &tree), 0);
	send_plan(plan, &s->reader, 4096, &got);
	struct pat_range document = s->outline.nodes[0].whole;
	assert_int_equal(got.len, document.len);
	assert_memory_equal(got.data, s->text.data + document.at, document.len);
	return NULL;
}

/* As deep as it may be, on a stack of 128 KiB. */
static void depth_costs_no_stack(void **state)
{
	pat_cleanup(pat_buf_done) struct pat_buf why = { 0 };
	struct sample s = { .reader = { .read = read_buf, .arg = &s.text } };
	pthread_attr_t attributes;
	pthread_t thread;

	(void)state;
	pat_buf_init(&why, 1000);
	pat_buf_init(&s.text, 1 << 20);
	assert_int_equal(pat_buf_add_str(&s.text, "{\"document\":"), 0);
	for (unsigned i = 0; i <= PAT_NODE_DEPTH_MAX; i++)
		add_node(&s.text, i,
		         i == 0   ? "DOCUMENT"
		         : i == 1 ? "CANVAS"
		                  : "FRAME",
		         ",\"children\":[");
	for (unsigned i = 0; i <= PAT_NODE_DEPTH_MAX; i++)
		assert_int_equal(pat_buf_add_str(&s.text, "]}"), 0);
	assert_int_equal(pat_buf_add_str(&s.text, "}"), 0);
	assert_int_equal(outline_of(s.text.data, s.text.len, 1000, &s.outline, &why), 0);
	s.wanted = calloc(PAT_PLAN_WANTED_BYTES(s.outline.n_nodes), 1);
	assert_int_equal(pthread_attr_init(&attributes), 0);
	assert_int_equal(pthread_attr_setstacksize(&attributes, 128 << 10), 0);
	assert_int_equal(pthread_create(&thread, &attributes, plan_deep, &s), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	(void)pthread_attr_destroy(&attributes);
	sample_done(&s);
}

#define WIDE 60000

/* Many siblings, every other one wanted; the last one; none: quadratic work would take minutes. */
static void width_costs_no_time(void **state)
{
	pat_cleanup(pat_buf_done) struct pat_buf why = { 0 };
	struct sample s = { .reader = { .read = read_buf, .arg = &s.text } };

	(void)state;
	pat_buf_init(&why, 1000);
	pat_buf_init(&s.text, TEST_TEXT_BYTES_MAX);
	assert_int_equal(pat_buf_add_str(&s.text, "{\"document\":"), 0);
	add_node(&s.text, 0, "DOCUMENT", ",\"children\":[");
	add_node(&s.text, 1, "CANVAS", ",\"children\":[");
	for (unsigned i = 0; i < WIDE; i++)
		add_node(&s.text, 2 + i, "FRAME", i + 1 < WIDE ? ",\"size\":1}," : "}");
	assert_int_equal(pat_buf_add_str(&s.text, "]}]}}"), 0);
	assert_int_equal(outline_of(s.text.data, s.text.len, 65536, &s.outline, &why), 0);
	s.wanted = calloc(PAT_PLAN_WANTED_BYTES(s.outline.n_nodes), 1);
	for (uint32_t step = 2; step < 4 * WIDE; step *= 300) {
		pat_cleanup(pat_plan_freep) struct pat_plan *plan = NULL;
		pat_cleanup(pat_buf_done) struct pat_buf got = { 0 };
		struct pat_plan_tree tree = { .levels = ALL_LEVELS, .wanted = s.wanted };

		memset(s.wanted, 0, PAT_PLAN_WANTED_BYTES(s.outline.n_nodes));
		for (uint32_t i = 2; i < 2 + WIDE; i += step)
			pat_plan_want(s.wanted, i);
		assert_int_equal(pat_plan_new(0, &plan), 0);
		assert_int_equal(pat_plan_node(plan, &s.outline, 0, &tree), 0);
		send_plan(plan, &s.reader, 65536, &got);
		json_t *value = load_json(got.data, got.len);
		json_t *page = json_array_get(json_object_get(value, "children"), 0);
		assert_int_equal(json_array_size(json_object_get(page, "children")),
		                 (WIDE + step - 1) / step);
		json_decref(value);
	}
	sample_done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nodes_are_what_was_asked_for),
		cmocka_unit_test(tables_are_what_a_subtree_has_to_do_with),
		cmocka_unit_test(what_somebody_made_up_stays_in_the_text),
		cmocka_unit_test(answers_are_the_bytes_of_the_document),
		cmocka_unit_test(tables_are_the_bytes_of_the_document),
		cmocka_unit_test(words_stand_where_they_were_said),
		cmocka_unit_test(nothing_is_an_answer_too),
		cmocka_unit_test(words_have_their_maximum),
		cmocka_unit_test(ranges_have_their_maximum),
		cmocka_unit_test(near_ranges_are_read_at_once),
		cmocka_unit_test(faults_end_the_answer),
		cmocka_unit_test(depth_costs_no_stack),
		cmocka_unit_test(width_costs_no_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
