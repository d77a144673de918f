/* SPDX-License-Identifier: Apache-2.0
 *
 * Outlines: what is in them is what jansson sees in the same text, what is no document is refused with words, and what was
 * kept comes back, or is refused.
 */
#include "tests/unit/test_files.h"

#include <errno.h>

#include "base/crc32.h"

#define ROUNDS 150

/* A random document with its outline and its tree. */
struct sample {
	struct pat_buf text;
	struct pat_outline outline;
	struct pat_text reader;
	json_t *tree;
};

static void sample_init(struct sample *s, unsigned nodes)
{
	pat_cleanup(pat_buf_done) struct pat_buf why = { 0 };

	*s = (struct sample){ .reader = { .read = read_buf, .arg = &s->text } };
	pat_buf_init(&s->text, TEST_TEXT_BYTES_MAX);
	pat_buf_init(&why, 1000);
	random_document(&s->text, nodes);
	if (outline_of(s->text.data, s->text.len, 1 + any(5000), &s->outline, &why) != 0)
		fail_msg("%s\n%s", pat_buf_str(&why), s->text.data);
	s->tree = load_json(s->text.data, s->text.len);
}

static void sample_done(struct sample *s)
{
	pat_outline_done(&s->outline);
	pat_buf_done(&s->text);
	json_decref(s->tree);
}

/* A range of the text, which is the inside of a JSON text, says this. */
static void range_says(const struct sample *s, struct pat_range range, const char *text)
{
	assert_int_equal(s->text.data[range.at - 1], '"');
	assert_int_equal(s->text.data[range.at + range.len], '"');
	json_t *value = load_json(s->text.data + range.at - 1, range.len + 2);
	assert_string_equal(json_string_value(value), text);
	json_decref(value);
}

static void range_is(const struct sample *s, struct pat_range range, const json_t *wanted)
{
	json_t *value = load_json(s->text.data + range.at, range.len);

	assert_true(json_equal(value, wanted));
	json_decref(value);
}

static void own_is(const struct sample *s, uint32_t node, json_t *wanted)
{
	pat_cleanup(pat_buf_done) struct pat_buf own = { 0 };
	json_t *copy = json_copy(wanted);

	if (json_object_get(copy, "children"))
		assert_int_equal(json_object_set_new(copy, "children", json_array()), 0);
	pat_buf_init(&own, TEST_TEXT_BYTES_MAX);
	assert_int_equal(pat_outline_own(&s->outline, &s->reader, node, &own), 0);
	json_t *value = load_json(own.data, own.len);
	assert_true(json_equal(value, copy));
	json_decref(value);
	json_decref(copy);
}

static void node_is(const struct sample *s, uint32_t node, json_t *wanted, uint32_t parent)
{
	const struct pat_node *n = &s->outline.nodes[node];
	const char *id = json_string_value(json_object_get(wanted, "id"));
	const char *type = json_string_value(json_object_get(wanted, "type"));
	uint32_t found = 0;

	range_is(s, n->whole, wanted);
	range_says(s, n->id, id);
	range_says(s, n->name, json_string_value(json_object_get(wanted, "name")));
	assert_string_equal(pat_node_type_name(n->type),
	                    strcmp(type, "NEVER_HEARD_OF") == 0 ? "" : type);
	assert_int_equal(n->parent, parent);
	assert_int_equal(n->depth, parent == PAT_NO_NODE ? 0 : s->outline.nodes[parent].depth + 1);
	assert_int_equal(n->flags,
	                 json_is_false(json_object_get(wanted, "visible")) ? PAT_NODE_HIDDEN : 0);
	assert_int_equal(pat_outline_find(&s->outline, &s->reader, id, strlen(id), &found), 0);
	assert_int_equal(found, node);
	own_is(s, node, wanted);
}

/* Compares a subtree; the number behind its last node. */
static uint32_t tree_is(const struct sample *s, uint32_t node, json_t *wanted, uint32_t parent)
{
	const struct pat_node *n = &s->outline.nodes[node];
	json_t *children = json_object_get(wanted, "children");
	uint32_t child = pat_outline_child(&s->outline, node);
	uint32_t next = node + 1;

	node_is(s, node, wanted, parent);
	if (children)
		range_is(s, n->children, children);
	else
		assert_int_equal(n->children.len, 0);
	assert_int_equal(n->n_children, json_array_size(children));
	for (size_t i = 0; i < json_array_size(children); i++) {
		assert_int_equal(child, next);
		next = tree_is(s, next, json_array_get(children, i), node);
		child = pat_outline_next(&s->outline, child);
	}
	assert_int_equal(child, PAT_NO_NODE);
	assert_int_equal(n->subtree, next - node);
	return next;
}

static const char *const table_keys[PAT_TABLES] = { [PAT_TABLE_COMPONENTS] = "components",
	                                            [PAT_TABLE_COMPONENT_SETS] = "componentSets",
	                                            [PAT_TABLE_STYLES] = "styles" };

/* The number of an entry, or PAT_NO_NODE. */
static uint32_t entry_number(const struct sample *s, unsigned table, const char *id)
{
	uint32_t number = 0;

	assert_int_equal(pat_outline_entry(&s->outline, &s->reader, table, id, strlen(id), &number),
	                 0);
	return number;
}

static void set_is(const struct sample *s, const struct pat_entry_range *entry, json_t *wanted)
{
	json_t *set = json_object_get(wanted, "componentSetId");

	assert_int_equal(entry->set,
	                 set ? entry_number(s, PAT_TABLE_COMPONENT_SETS, json_string_value(set))
	                     : PAT_NO_NODE);
}

static void table_is(const struct sample *s, unsigned table)
{
	json_t *wanted = json_object_get(s->tree, table_keys[table]);
	const char *id = NULL;
	json_t *value = NULL;

	if (!wanted) {
		assert_int_equal(s->outline.tables[table].len, 0);
		assert_int_equal(s->outline.n_entries[table], 0);
		return;
	}
	range_is(s, s->outline.tables[table], wanted);
	assert_int_equal(s->outline.n_entries[table], json_object_size(wanted));
	json_object_foreach(wanted, id, value)
	{
		uint32_t number = entry_number(s, table, id);

		assert_int_not_equal(number, PAT_NO_NODE);
		const struct pat_entry_range *entry = &s->outline.entries[table][number];
		range_says(s, entry->id, id);
		range_is(s, entry->value, value);
		assert_true(number == 0 ||
		            entry->id.at > s->outline.entries[table][number - 1].value.at);
		if (table == PAT_TABLE_COMPONENTS)
			set_is(s, entry, value);
		else
			assert_int_equal(entry->set, PAT_NO_NODE);
	}
	assert_int_equal(entry_number(s, table, "nobody"), PAT_NO_NODE);
}

static void envelope_is(const struct sample *s)
{
	json_t *name = json_object_get(s->tree, "name");
	json_t *editor = json_object_get(s->tree, "editorType");
	json_t *version = json_object_get(s->tree, "schemaVersion");

	if (name)
		range_says(s, s->outline.name, json_string_value(name));
	if (editor)
		range_says(s, s->outline.editor_type, json_string_value(editor));
	if (version)
		range_is(s, s->outline.schema_version, version);
	assert_int_equal(s->outline.schema_version.len > 0, version != NULL);
	assert_int_equal(s->outline.text_bytes, s->text.len);
}

static void expect_reference(const struct sample *s, uint32_t node, unsigned table, const char *id,
                             unsigned *n)
{
	uint32_t entry = entry_number(s, table, id);

	if (entry == PAT_NO_NODE)
		return;
	*n += 1;
	for (uint32_t i = 0; i < s->outline.n_references; i++) {
		const struct pat_reference *r = &s->outline.references[i];

		if (r->node == node && r->table == table && r->entry == entry)
			return;
	}
	fail_msg("node %u does not refer to %s", node, id);
}

/* The references of a node, and how many there are. */
static unsigned references_are(const struct sample *s, uint32_t node)
{
	pat_cleanup(pat_buf_done) struct pat_buf own = { 0 };
	const char *key = NULL;
	json_t *value = NULL;
	unsigned n = 0;

	pat_buf_init(&own, TEST_TEXT_BYTES_MAX);
	assert_int_equal(pat_outline_own(&s->outline, &s->reader, node, &own), 0);
	json_t *tree = load_json(own.data, own.len);
	const char *type = json_string_value(json_object_get(tree, "type"));
	const char *id = json_string_value(json_object_get(tree, "id"));
	if (json_object_get(tree, "componentId"))
		expect_reference(s, node, PAT_TABLE_COMPONENTS,
		                 json_string_value(json_object_get(tree, "componentId")), &n);
	json_object_foreach(json_object_get(tree, "styles"), key,
	                    value) if (json_is_string(value) && json_string_length(value) > 0)
		expect_reference(s, node, PAT_TABLE_STYLES, json_string_value(value), &n);
	if (strcmp(type, "COMPONENT") == 0)
		expect_reference(s, node, PAT_TABLE_COMPONENTS, id, &n);
	if (strcmp(type, "COMPONENT_SET") == 0)
		expect_reference(s, node, PAT_TABLE_COMPONENT_SETS, id, &n);
	json_decref(tree);
	return n;
}

static void all_references_are(const struct sample *s)
{
	unsigned n = 0;

	for (uint32_t node = 0; node < s->outline.n_nodes; node++)
		n += references_are(s, node);
	assert_int_equal(s->outline.n_references, n);
	for (uint32_t i = 1; i < n; i++)
		assert_true(s->outline.references[i - 1].node <= s->outline.references[i].node);
}

static void sample_is(const struct sample *s)
{
	json_t *document = json_object_get(s->tree, "document");
	uint32_t found = 0;

	assert_int_equal(tree_is(s, 0, document, PAT_NO_NODE), s->outline.n_nodes);
	assert_int_equal(pat_outline_next(&s->outline, 0), PAT_NO_NODE);
	for (unsigned table = 0; table < PAT_TABLES; table++)
		table_is(s, table);
	envelope_is(s);
	all_references_are(s);
	assert_int_equal(pat_outline_find(&s->outline, &s->reader, "nobody", 6, &found), 0);
	assert_int_equal(found, PAT_NO_NODE);
	assert_int_equal(pat_outline_find(&s->outline, &s->reader, "", 0, &found), 0);
	assert_int_equal(found, PAT_NO_NODE);
}

static void an_outline_is_what_jansson_sees(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ROUNDS; i++) {
		pat_cleanup(sample_done) struct sample s;

		sample_init(&s, 1 + any(120));
		sample_is(&s);
	}
}

/* ---- Two outlines are the same, but for the hash. */

#define SAME(a, b, n) assert_memory_equal(a, b, (size_t)(n) * sizeof(*(a)))

static void same_outlines(const struct pat_outline *a, const struct pat_outline *b)
{
	assert_int_equal(a->n_nodes, b->n_nodes);
	SAME(a->nodes, b->nodes, a->n_nodes);
	assert_int_equal(a->n_omissions, b->n_omissions);
	if (a->n_omissions > 0)
		SAME(a->omissions, b->omissions, a->n_omissions);
	assert_int_equal(a->n_references, b->n_references);
	if (a->n_references > 0)
		SAME(a->references, b->references, a->n_references);
	for (unsigned t = 0; t < PAT_TABLES; t++) {
		assert_int_equal(a->n_entries[t], b->n_entries[t]);
		if (a->n_entries[t] > 0)
			SAME(a->entries[t], b->entries[t], a->n_entries[t]);
	}
	SAME(a->tables, b->tables, PAT_TABLES);
	SAME(&a->name, &b->name, 1);
	SAME(&a->editor_type, &b->editor_type, 1);
	SAME(&a->schema_version, &b->schema_version, 1);
	assert_int_equal(a->text_bytes, b->text_bytes);
}

static void pieces_make_no_difference(void **state)
{
	pat_cleanup(sample_done) struct sample s;
	pat_cleanup(pat_buf_done) struct pat_buf why = { 0 };

	(void)state;
	pat_buf_init(&why, 1000);
	sample_init(&s, 40);
	for (size_t piece = 1; piece < 300; piece += 1 + piece / 10) {
		struct pat_outline other;

		assert_int_equal(outline_of(s.text.data, s.text.len, piece, &other, &why), 0);
		same_outlines(&s.outline, &other);
		/* Each has a key of its own. */
		assert_memory_not_equal(s.outline.hash_key, other.hash_key, 16);
		pat_outline_done(&other);
	}
}

/* ---- What is left out. */

/* The text without the omissions. */
static void without_omissions(const struct sample *s, struct pat_buf *out)
{
	uint32_t at = 0;

	for (uint32_t i = 0; i < s->outline.n_omissions; i++) {
		struct pat_range range = s->outline.omissions[i].range;

		assert_true(range.at >= at);
		assert_true(range.len > 0);
		assert_int_equal(pat_buf_add(out, s->text.data + at, range.at - at), 0);
		at = range.at + range.len;
	}
	assert_int_equal(pat_buf_add(out, s->text.data + at, s->text.len - at), 0);
}

static void strip(json_t *node)
{
	json_t *child = NULL;
	size_t i = 0;

	(void)json_object_del(node, "fillGeometry");
	(void)json_object_del(node, "strokeGeometry");
	(void)json_object_del(node, "size");
	(void)json_object_del(node, "relativeTransform");
	json_array_foreach(json_object_get(node, "children"), i, child) strip(child);
}

static void what_remains_is_json(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ROUNDS; i++) {
		pat_cleanup(sample_done) struct sample s;
		pat_cleanup(pat_buf_done) struct pat_buf rest = { 0 };

		sample_init(&s, 1 + any(60));
		pat_buf_init(&rest, TEST_TEXT_BYTES_MAX);
		without_omissions(&s, &rest);
		json_t *value = load_json(rest.data, rest.len);
		strip(json_object_get(s.tree, "document"));
		if (!json_equal(value, s.tree))
			fail_msg("%s\n%s", s.text.data, rest.data);
		json_decref(value);
	}
}

/* A document whose only object has these members. */
#define HEAD                                                                                \
	"{\"document\":{\"id\":\"0:0\",\"type\":\"DOCUMENT\",\"name\":\"D\",\"children\":[" \
	"{\"id\":\"0:1\",\"type\":\"CANVAS\",\"name\":\"P\",\"children\":[{"
#define TAIL "}]}]}}"

static void node_text(struct pat_buf *out, const char *members)
{
	pat_buf_init(out, TEST_TEXT_BYTES_MAX);
	assert_int_equal(pat_buf_add_str(out, HEAD), 0);
	assert_int_equal(pat_buf_add_str(out, members), 0);
	assert_int_equal(pat_buf_add_str(out, TAIL), 0);
}

static void commas_go_with_what_they_separate(void **state)
{
	static const struct {
		const char *members;
		const char *rest;
	} cases[] = {
		{ "\"id\":\"1\",\"type\":\"X\",\"name\":\"\"",
		  "\"id\":\"1\",\"type\":\"X\",\"name\":\"\"" },
		{ "\"size\":1,\"id\":\"1\",\"type\":\"X\",\"name\":\"\"",
		  "\"id\":\"1\",\"type\":\"X\",\"name\":\"\"" },
		{ "\"id\":\"1\",\"type\":\"X\",\"name\":\"\",\"size\":1",
		  "\"id\":\"1\",\"type\":\"X\",\"name\":\"\"" },
		{ "\"id\":\"1\",\"size\":{},\"type\":\"X\",\"name\":\"\"",
		  "\"id\":\"1\",\"type\":\"X\",\"name\":\"\"" },
		{ " \"id\" : \"1\" , \"size\" : [ 1 ] , \"fillGeometry\":0 , \"type\":\"X\",\"name\":\"\" ",
		  " \"id\" : \"1\" , \"type\":\"X\",\"name\":\"\" " },
		{ "\"id\":\"1\",\"type\":\"X\",\"name\":\"\" , \"size\":1 , \"strokeGeometry\":[] ",
		  "\"id\":\"1\",\"type\":\"X\",\"name\":\"\"" },
		{ " \"size\":1 , \"relativeTransform\":[[1]]\n, \"id\":\"1\",\"type\":\"X\",\"name\":\"\"",
		  " \"id\":\"1\",\"type\":\"X\",\"name\":\"\"" },
		{ "\"size\":1,\"id\":\"1\",\"fillGeometry\":2,\"type\":\"X\",\"strokeGeometry\":3,"
		  "\"name\":\"\",\"relativeTransform\":4",
		  "\"id\":\"1\",\"type\":\"X\",\"name\":\"\"" },
		{ "\"id\":\"1\",\"type\":\"X\",\"children\":[ ],\"size\":1,\"name\":\"\"",
		  "\"id\":\"1\",\"type\":\"X\",\"children\":[ ],\"name\":\"\"" },
		{ "\"id\":\"1\",\"type\":\"X\",\"name\":\"\",\"size\":1,\"children\":[],\"fillGeometry\":1",
		  "\"id\":\"1\",\"type\":\"X\",\"name\":\"\",\"children\":[]" },
		{ "\"s\\u0069ze\":1,\"id\":\"1\",\"type\":\"X\",\"name\":\"\"",
		  "\"id\":\"1\",\"type\":\"X\",\"name\":\"\"" },
		{ "\"Size\":1,\"id\":\"1\",\"type\":\"X\",\"name\":\"\",\"a\":{\"size\":1}",
		  "\"Size\":1,\"id\":\"1\",\"type\":\"X\",\"name\":\"\",\"a\":{\"size\":1}" },
	};

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(cases); i++) {
		pat_cleanup(pat_buf_done) struct pat_buf why = { 0 };
		pat_cleanup(pat_buf_done) struct pat_buf rest = { 0 };
		pat_cleanup(pat_buf_done) struct pat_buf wanted = { 0 };
		struct sample s = { 0 };

		pat_buf_init(&why, 1000);
		pat_buf_init(&rest, 1000);
		node_text(&s.text, cases[i].members);
		node_text(&wanted, cases[i].rest);
		if (outline_of(s.text.data, s.text.len, 7, &s.outline, &why) != 0)
			fail_msg("case %zu: %s", i, pat_buf_str(&why));
		without_omissions(&s, &rest);
		assert_string_equal(pat_buf_str(&rest), pat_buf_str(&wanted));
		pat_outline_done(&s.outline);
		pat_buf_done(&s.text);
	}
}

/* ---- What is refused. */

static void what_is_no_document_is_refused_with_words(void **state)
{
#define MALFORMED PAT_OUTLINE_E_MALFORMED
#define NO        PAT_OUTLINE_E_NOT_A_DOCUMENT
#define LARGE     PAT_OUTLINE_E_TOO_LARGE
#define OK_NODE   "\"id\":\"1\",\"type\":\"X\",\"name\":\"\""
#define DOC       "{\"id\":\"0:0\",\"type\":\"DOCUMENT\",\"name\":\"D\",\"children\":[]}"
	static const struct {
		const char *text; /* or, beginning with a comma, more members of the one node */
		int result;
		const char *why;
	} cases[] = {
		{ "", MALFORMED, "line 1, column 1: there is no value" },
		{ "{\"document\":\n {,}}", MALFORMED,
		  "line 2, column 3: a key in quotes is missing" },
		{ "{\"document\":" DOC "} x", MALFORMED,
		  "line 1, column 70: something follows after the end" },
		{ "[]", NO,
		  "line 1, column 1: the file is no JSON object: save the whole answer of GET /v1/files/:key" },
		{ "\"x\"", NO,
		  "line 1, column 1: the file is no JSON object: save the whole answer of GET /v1/files/:key" },
		{ "{}", NO,
		  "there is no \"document\" in the file: save the whole answer of GET /v1/files/:key" },
		{ DOC, NO,
		  "there is no \"document\" in the file: save the whole answer of GET /v1/files/:key" },
		{ "{\"status\":404,\"err\":\"Not found\"}", NO,
		  "there is no \"document\" in the file: save the whole answer of GET /v1/files/:key" },
		{ "{\"document\":null}", NO, "line 1, column 13: \"document\" must be an object" },
		{ "{\"document\":[]}", NO, "line 1, column 13: \"document\" must be an object" },
		{ "{\"document\":{}}", NO, "line 1, column 13: the node has no \"id\"" },
		{ "{\"document\":{\"id\":\"0:0\"}}", NO,
		  "line 1, column 13: the node 0:0 has no \"type\"" },
		{ "{\"document\":{\"id\":\"0:0\",\"type\":\"DOCUMENT\"}}", NO,
		  "line 1, column 13: the node 0:0 has no \"name\"" },
		{ "{\"document\":{\"id\":\"0:0\",\"type\":\"FRAME\",\"name\":\"\"}}", NO,
		  "line 1, column 13: the type of the document must be DOCUMENT" },
		{ "{\"document\":{\"children\":[{" OK_NODE "}]}}", NO,
		  "line 1, column 26: the children of the document must be pages, and the type of 1 is not CANVAS" },
		{ "{\"document\":" DOC ",\"document\":" DOC "}", NO,
		  "line 1, column 69: \"document\" is there twice" },
		{ "{\"document\":" DOC ",\"d\\u006fcument\":1}", NO,
		  "line 1, column 69: \"document\" is there twice" },
		{ "{\"name\":\"\",\"name\":\"\"}", NO,
		  "line 1, column 12: \"name\" is there twice" },
		{ "{\"editorType\":\"\",\"editorType\":\"\"}", NO,
		  "line 1, column 18: \"editorType\" is there twice" },
		{ "{\"schemaVersion\":0,\"schemaVersion\":0}", NO,
		  "line 1, column 20: \"schemaVersion\" is there twice" },
		{ "{\"name\":null}", NO, "line 1, column 9: \"name\" must be a text" },
		{ "{\"editorType\":1}", NO, "line 1, column 15: \"editorType\" must be a text" },
		{ "{\"schemaVersion\":\"0\"}", NO,
		  "line 1, column 18: \"schemaVersion\" must be a number" },
		{ "{\"components\":null}", NO,
		  "line 1, column 15: \"components\" must be an object" },
		{ "{\"componentSets\":[]}", NO,
		  "line 1, column 18: \"componentSets\" must be an object" },
		{ "{\"styles\":0}", NO, "line 1, column 11: \"styles\" must be an object" },
		{ "{\"styles\":{},\"styles\":{}}", NO,
		  "line 1, column 14: \"styles\" is there twice" },
		{ "{\"components\":{\"1\":null}}", NO,
		  "line 1, column 20: the entries of \"components\" must be objects" },
		{ "{\"componentSets\":{\"1\":[]}}", NO,
		  "line 1, column 23: the entries of \"componentSets\" must be objects" },
		{ "{\"styles\":{\"1\":\"\"}}", NO,
		  "line 1, column 16: the entries of \"styles\" must be objects" },
		{ "{\"styles\":{\"1\":{},\n\"1\":{}}}", NO,
		  "line 2, column 1: the id 1 is there twice" },
		{ "{\"styles\":{\"\":{}}}", NO,
		  "line 1, column 12: an id must be printable ASCII characters, without any escapes" },
		{ "{\"components\":{\"\\u0031\":{}}}", NO,
		  "line 1, column 16: an id must be printable ASCII characters, without any escapes" },
		{ "{\"components\":{\"1\":{\"componentSetId\":\"1\",\"componentSetId\":\"1\"}}}",
		  NO, "line 1, column 42: \"componentSetId\" is there twice" },
		{ "{\"a\\u0000b\":0}", NO, "line 1, column 2: a key holds the character U+0000" },
		{ "{\"a\":[{\"\\u0000\":0}]}", NO,
		  "line 1, column 8: a key holds the character U+0000" },
		/* The members begin in column 118. */
		{ ",\"id\":\"2\"", NO, "line 1, column 148: \"id\" is there twice" },
		{ ",\"i\\u0064\":\"2\"", NO, "line 1, column 148: \"id\" is there twice" },
		{ ",\"type\":\"X\"", NO, "line 1, column 148: \"type\" is there twice" },
		{ ",\"name\":\"X\"", NO, "line 1, column 148: \"name\" is there twice" },
		{ ",\"children\":[],\"children\":[]", NO,
		  "line 1, column 162: \"children\" is there twice" },
		{ ",\"visible\":true,\"visible\":true", NO,
		  "line 1, column 163: \"visible\" is there twice" },
		{ ",\"componentId\":\"\",\"componentId\":\"\"", NO,
		  "line 1, column 165: \"componentId\" is there twice" },
		{ ",\"styles\":1,\"styles\":{}", NO,
		  "line 1, column 159: \"styles\" is there twice" },
		{ ",\"size\":1,\"size\":1", NO, "line 1, column 157: \"size\" is there twice" },
		{ ",\"fillGeometry\":1,\"fillGeometry\":1", NO,
		  "line 1, column 165: \"fillGeometry\" is there twice" },
		{ ",\"strokeGeometry\":1,\"strokeGeometry\":1", NO,
		  "line 1, column 167: \"strokeGeometry\" is there twice" },
		{ ",\"relativeTransform\":1,\"relativeTransform\":1", NO,
		  "line 1, column 170: \"relativeTransform\" is there twice" },
		{ ",\"children\":{}", NO, "line 1, column 159: \"children\" must be an array" },
		{ ",\"children\":null", NO, "line 1, column 159: \"children\" must be an array" },
		{ ",\"children\":[1]", NO,
		  "line 1, column 160: the children of a node must be nodes" },
		{ ",\"children\":[[]]", NO,
		  "line 1, column 160: the children of a node must be nodes" },
		{ ",\"children\":[null]", NO,
		  "line 1, column 160: the children of a node must be nodes" },
		{ ",\"children\":[{\"id\":\"\"}]", NO,
		  "line 1, column 166: an id must be printable ASCII characters, without any escapes" },
		{ ",\"children\":[{\"id\":7}]", NO, "line 1, column 166: \"id\" must be a text" },
		{ ",\"children\":[{\"type\":null}]", NO,
		  "line 1, column 168: \"type\" must be a text" },
		{ ",\"children\":[{\"name\":{}}]", NO,
		  "line 1, column 168: \"name\" must be a text" },
		{ ",\"children\":[{\"id\":\"\xc3\xa9\"}]", NO,
		  "line 1, column 166: an id must be printable ASCII characters, without any escapes" },
		{ ",\"children\":[{\"id\":\"\x7f\"}]", NO,
		  "line 1, column 166: an id must be printable ASCII characters, without any escapes" },
		{ ",\"children\":[{\"id\":\"a\\\"b\"}]", NO,
		  "line 1, column 166: an id must be printable ASCII characters, without any escapes" },
		{ ",\"children\":[{\"id\":\"a\\/b\"}]", NO,
		  "line 1, column 166: an id must be printable ASCII characters, without any escapes" },
		{ ",\"children\":[{\"id\":\"0:0\"}]", NO,
		  "line 1, column 166: the id 0:0 is there twice" },
		{ ",\"children\":[{\"id\":\"1\"}]", NO,
		  "line 1, column 166: the id 1 is there twice" },
		{ ",\"children\":[\n{\"id\":\"2\",\"type\":\"CANVAS\",\"name\":\"\"}]", NO,
		  "line 2, column 1: the node 2 has the type CANVAS, but stands within a page" },
		{ ",\"children\":[{\"id\":\"2\",\"type\":\"DOCUMENT\",\"name\":\"\"}]", NO,
		  "line 1, column 160: the node 2 has the type DOCUMENT, but stands within a page" },
		{ ",\"children\":[{\"id\":\"2\",\"name\":\"\"}]", NO,
		  "line 1, column 160: the node 2 has no \"type\"" },
	};

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(cases); i++) {
		pat_cleanup(pat_buf_done) struct pat_buf text = { 0 };

		pat_buf_init(&text, 10000);
		if (cases[i].text[0] == ',')
			assert_int_equal(
				pat_buf_addf(&text, "%s" OK_NODE "%s" TAIL, HEAD, cases[i].text),
				0);
		else
			assert_int_equal(pat_buf_add_str(&text, cases[i].text), 0);
		for (size_t piece = 1; piece < 1000; piece = piece * 5 + 1) {
			pat_cleanup(pat_buf_done) struct pat_buf why = { 0 };
			struct pat_outline outline;

			pat_buf_init(&why, 1000);
			int r = outline_of(pat_buf_str(&text), text.len, piece, &outline, &why);
			if (r != cases[i].result || strcmp(pat_buf_str(&why), cases[i].why) != 0)
				fail_msg("%s: %d, %s", cases[i].text, r, pat_buf_str(&why));
		}
	}
}

/* The counterpart: what is odd, and accepted. */
static void what_is_not_read_may_be_anything(void **state)
{
	static const char *const members[] = {
		OK_NODE ",\"visible\":null",
		OK_NODE ",\"styles\":null",
		OK_NODE ",\"styles\":{\"a\":{\"b\":[]},\"c\":\"\",\"d\":\"\\u0031\",\"a\":1}",
		OK_NODE ",\"componentId\":null",
		OK_NODE ",\"componentId\":\"\\u0031 \xc3\xa9\"",
		OK_NODE ",\"componentId\":{\"a\":[{}]}",
		OK_NODE ",\"a\":1,\"a\":2",
		OK_NODE ",\"document\":1,\"components\":2,\"document\":3",
		"\"id\":\"1\",\"type\":\"\",\"name\":\"\\u0000\"",
		"\"id\":\"a b,~!#$\",\"type\":\"\\u0058\",\"name\":\"\"",
	};

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(members); i++) {
		pat_cleanup(pat_buf_done) struct pat_buf text = { 0 };
		pat_cleanup(pat_buf_done) struct pat_buf why = { 0 };
		struct pat_outline outline = { 0 };

		pat_buf_init(&why, 1000);
		node_text(&text, members[i]);
		if (outline_of(text.data, text.len, 3, &outline, &why) != 0)
			fail_msg("%s: %s", members[i], pat_buf_str(&why));
		assert_int_equal(outline.n_nodes, 3);
		assert_int_equal(outline.n_references, 0);
		pat_outline_done(&outline);
	}
}

/* ---- Bounds. */

static int feed_str(struct pat_outliner *outliner, const char *text, struct pat_buf *why)
{
	return pat_outliner_feed(outliner, text, strlen(text), why);
}

/* Nodes within each other, `depth` the last one's. */
static int nest(unsigned depth, struct pat_buf *why)
{
	pat_cleanup(pat_outliner_freep) struct pat_outliner *o = NULL;
	struct pat_outline outline;
	char text[100];
	int r = 0;

	assert_int_equal(pat_outliner_new(&o), 0);
	assert_int_equal(feed_str(o, "{\"document\":", why), 0);
	for (unsigned i = 0; i <= depth && r == 0; i++) {
		(void)snprintf(text, sizeof(text),
		               "{\"id\":\"%u\",\"name\":\"\",\"type\":\"%s\",\"children\":[", i,
		               i == 0   ? "DOCUMENT"
		               : i == 1 ? "CANVAS"
		                        : "FRAME");
		r = feed_str(o, text, why);
	}
	for (unsigned i = 0; i <= depth && r == 0; i++)
		r = feed_str(o, "]}", why);
	if (r == 0)
		r = feed_str(o, "}", why);
	if (r == 0)
		r = pat_outliner_finish(o, &outline, why);
	if (r == 0) {
		assert_int_equal(outline.n_nodes, depth + 1);
		pat_outline_done(&outline);
	}
	return r;
}

static void depth_is_bounded(void **state)
{
	pat_cleanup(pat_buf_done) struct pat_buf why = { 0 };

	(void)state;
	pat_buf_init(&why, 1000);
	assert_int_equal(nest(PAT_NODE_DEPTH_MAX, &why), 0);
	assert_int_equal(nest(PAT_NODE_DEPTH_MAX + 1, &why), LARGE);
	assert_non_null(strstr(why.data, ": nodes stand more than 400 deep within each other"));
}

static void texts_are_bounded(void **state)
{
	static const struct {
		const char *before;
		size_t len;
		const char *behind;
		int result;
		const char *why;
	} cases[] = {
		{ "\"type\":\"\",\"name\":\"\",\"id\":\"", PAT_NODE_ID_MAX, "\"", 0, "" },
		{ "\"type\":\"\",\"name\":\"\",\"id\":\"", PAT_NODE_ID_MAX + 1, "\"", LARGE,
		  "line 1, column 143: an id is longer than 96 characters" },
		{ "\"type\":\"\",\"name\":\"\",\"id\":\"", 5000, "\"", LARGE,
		  "line 1, column 143: an id is longer than 96 characters" },
		{ OK_NODE ",\"", PAT_SCAN_TEXT_MAX, "\":1", 0, "" },
		{ OK_NODE ",\"", PAT_SCAN_TEXT_MAX + 1, "\":1", LARGE,
		  "line 1, column 148: a key is longer than 1024 bytes" },
		{ OK_NODE ",\"a\":\"", 5000, "\"", 0, "" },
		{ "\"id\":\"1\",\"name\":\"\",\"type\":\"", 5000, "\"", 0, "" },
		{ "\"id\":\"1\",\"type\":\"\",\"name\":\"", 5000, "\"", 0, "" },
	};

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(cases); i++) {
		pat_cleanup(pat_buf_done) struct pat_buf members = { 0 };
		pat_cleanup(pat_buf_done) struct pat_buf text = { 0 };
		pat_cleanup(pat_buf_done) struct pat_buf why = { 0 };
		struct pat_outline outline = { 0 };

		pat_buf_init(&members, 10000);
		pat_buf_init(&why, 1000);
		assert_int_equal(pat_buf_add_str(&members, cases[i].before), 0);
		for (size_t n = 0; n < cases[i].len; n++)
			assert_int_equal(pat_buf_add_str(&members, "x"), 0);
		assert_int_equal(pat_buf_add_str(&members, cases[i].behind), 0);
		node_text(&text, members.data);
		int r = outline_of(text.data, text.len, 1000, &outline, &why);
		if (r != cases[i].result || strcmp(pat_buf_str(&why), cases[i].why) != 0)
			fail_msg("case %zu: %d, %s", i, r, pat_buf_str(&why));
		pat_outline_done(&outline);
	}
}

/* Writes the i-th thing, and a comma before it unless it is the first; its length. */
typedef int item_fn(char out[static 64], unsigned i);

static int node_item(char out[static 64], unsigned i)
{
	return snprintf(out, 64, "%s{\"id\":\"%u\",\"type\":\"\",\"name\":\"\"}", i > 0 ? "," : "",
	                i);
}

static int entry_item(char out[static 64], unsigned i)
{
	return snprintf(out, 64, "%s\"%u\":{}", i > 0 ? "," : "", i);
}

static int style_item(char out[static 64], unsigned i)
{
	memcpy(out, ",\"\":\"1\"", 8);
	return i > 0 ? 7 : snprintf(out, 64, "\"\":\"1\"");
}

static int feed_items(struct pat_outliner *o, item_fn *item, unsigned from, unsigned to,
                      struct pat_buf *why)
{
	static char text[1 << 16];
	size_t len = 0;
	int r = 0;

	for (unsigned i = from; i < to && r == 0; i++) {
		len += (size_t)item(text + len, i);
		if (len + 64 > sizeof(text) || i + 1 == to) {
			r = pat_outliner_feed(o, text, len, why);
			len = 0;
		}
	}
	return r;
}

static void numbers_are_bounded(void **state)
{
#define PAGE_HEAD                                                                           \
	"{\"document\":{\"id\":\"0:0\",\"type\":\"DOCUMENT\",\"name\":\"D\",\"children\":[" \
	"{\"id\":\"0:1\",\"type\":\"CANVAS\",\"name\":\"P\""
	static const struct {
		const char *head;
		item_fn *item;
		unsigned max;
		const char *why;
	} cases[] = {
		{ PAGE_HEAD ",\"children\":[", node_item, PAT_NODES_MAX - 2,
		  ": there are more than 1000000 nodes" },
		{ PAGE_HEAD ",\"styles\":{", style_item, PAT_REFERENCES_MAX,
		  ": there are more than 2000000 references to components and styles" },
		{ "{\"document\":" DOC ",\"styles\":{\"s\":{}},\"components\":{", entry_item,
		  PAT_ENTRIES_MAX - 1, ": there are more than 250000 components, sets and styles" },
	};

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(cases); i++) {
		pat_cleanup(pat_outliner_freep) struct pat_outliner *o = NULL;
		pat_cleanup(pat_buf_done) struct pat_buf why = { 0 };
		unsigned max = cases[i].max;

		pat_buf_init(&why, 1000);
		assert_int_equal(pat_outliner_new(&o), 0);
		assert_int_equal(feed_str(o, cases[i].head, &why), 0);
		assert_int_equal(feed_items(o, cases[i].item, 0, max, &why), 0);
		assert_int_equal(feed_items(o, cases[i].item, max, max + 1, &why), LARGE);
		assert_non_null(strstr(pat_buf_str(&why), cases[i].why));
	}
}

static void bytes_are_bounded(void **state)
{
	static char spaces[1 << 20];

	(void)state;
	memset(spaces, ' ', sizeof(spaces));
	for (unsigned more = 0; more < 2; more++) {
		pat_cleanup(pat_outliner_freep) struct pat_outliner *o = NULL;
		pat_cleanup(pat_buf_done) struct pat_buf why = { 0 };
		struct pat_outline outline = { 0 };
		const char *text = "{\"document\":" DOC "}";
		int r = 0;

		pat_buf_init(&why, 1000);
		assert_int_equal(pat_outliner_new(&o), 0);
		assert_int_equal(feed_str(o, text, &why), 0);
		for (size_t at = strlen(text); at < PAT_DOCUMENT_BYTES_MAX + more && r == 0;) {
			size_t left = PAT_DOCUMENT_BYTES_MAX + more - at;
			size_t n = left < sizeof(spaces) ? left : sizeof(spaces);

			r = pat_outliner_feed(o, spaces, n, &why);
			at += n;
		}
		assert_int_equal(r, more ? LARGE : 0);
		if (more) {
			assert_string_equal(pat_buf_str(&why), "the file is larger than 64 MiB");
			continue;
		}
		assert_int_equal(pat_outliner_finish(o, &outline, &why), 0);
		assert_int_equal(outline.text_bytes, PAT_DOCUMENT_BYTES_MAX);
		pat_outline_done(&outline);
	}
}

/* ---- Keeping. */

static void save(const struct pat_outline *outline, struct pat_buf *out)
{
	pat_buf_init(out, TEST_TEXT_BYTES_MAX);
	assert_int_equal(pat_buf_add_str(out, "before"), 0);
	assert_int_equal(pat_outline_save(outline, out), 0);
	memmove(out->data, out->data + 6, out->len - 5);
	out->len -= 6;
}

/* Loads from memory of exactly this size. */
static int load(const char *bytes, size_t len, struct pat_outline *ret)
{
	pat_cleanup(pat_freep) char *copy = malloc(len > 0 ? len : 1);

	assert_non_null(copy);
	memcpy(copy, bytes, len);
	return pat_outline_load(copy, len, ret);
}

static void what_was_kept_comes_back(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ROUNDS; i++) {
		pat_cleanup(sample_done) struct sample s;
		pat_cleanup(pat_buf_done) struct pat_buf bytes = { 0 };
		struct pat_outline made;
		struct pat_outline loaded = { 0 };

		sample_init(&s, 1 + any(120));
		save(&s.outline, &bytes);
		assert_int_equal(load(bytes.data, bytes.len, &loaded), 0);
		same_outlines(&s.outline, &loaded);
		assert_memory_equal(s.outline.hash_key, loaded.hash_key, 16);
		/* And can be asked. */
		made = s.outline;
		s.outline = loaded;
		sample_is(&s);
		pat_outline_done(&made);
	}
}

static void what_does_not_fit_is_not_kept(void **state)
{
	pat_cleanup(sample_done) struct sample s;
	pat_cleanup(pat_buf_done) struct pat_buf bytes = { 0 };

	(void)state;
	sample_init(&s, 20);
	save(&s.outline, &bytes);
	for (size_t max = 0; max <= bytes.len; max += 1 + any(20)) {
		pat_cleanup(pat_buf_done) struct pat_buf small = { 0 };

		pat_buf_init(&small, max < bytes.len ? max : bytes.len - 1);
		assert_int_equal(pat_outline_save(&s.outline, &small), -EMSGSIZE);
	}
}

static void what_was_damaged_is_refused(void **state)
{
	pat_cleanup(sample_done) struct sample s;
	pat_cleanup(pat_buf_done) struct pat_buf bytes = { 0 };
	struct pat_outline loaded = { 0 };

	(void)state;
	sample_init(&s, 20);
	save(&s.outline, &bytes);
	for (size_t len = 0; len < bytes.len; len++)
		assert_int_equal(load(bytes.data, len, &loaded), -EINVAL);
	for (size_t i = 0; i < bytes.len; i++)
		for (unsigned bit = 0; bit < 8; bit++) {
			bytes.data[i] = (char)(bytes.data[i] ^ 1 << bit);
			assert_int_equal(load(bytes.data, bytes.len, &loaded), -EINVAL);
			bytes.data[i] = (char)(bytes.data[i] ^ 1 << bit);
		}
	assert_int_equal(pat_buf_add_str(&bytes, "x"), 0);
	assert_int_equal(load(bytes.data, bytes.len, &loaded), -EINVAL);
}

#define CHECKSUM_AT 5 /* 4 bytes, of all behind them */

static void repair_checksum(struct pat_buf *bytes)
{
	uint32_t sum = pat_crc32(bytes->data + CHECKSUM_AT + 4, bytes->len - CHECKSUM_AT - 4);

	for (unsigned i = 0; i < 4; i++)
		bytes->data[CHECKSUM_AT + i] = (char)(sum >> (8 * i));
}

static void within(struct pat_range inner, struct pat_range outer)
{
	assert_true(inner.at >= outer.at);
	assert_true((uint64_t)inner.at + inner.len <= (uint64_t)outer.at + outer.len);
}

/* What may be relied on, whoever made the bytes. */
static void nodes_are_sound(const struct pat_outline *o, struct pat_range text)
{
	for (uint32_t i = 0; i < o->n_nodes; i++) {
		const struct pat_node *n = &o->nodes[i];
		bool first = n->parent == PAT_NO_NODE;
		const struct pat_node *parent = first ? NULL : &o->nodes[n->parent];

		assert_int_equal(first, i == 0);
		within(n->whole, first ? text : parent->children);
		within(n->id, n->whole);
		within(n->name, n->whole);
		assert_true(n->whole.len >= 2);
		assert_true(n->id.len >= 1 && n->id.len <= PAT_NODE_ID_MAX);
		if (n->children.len > 0)
			within(n->children, n->whole);
		assert_true(n->children.len != 1);
		assert_true(n->type < PAT_NODE_TYPES);
		assert_true(n->depth <= PAT_NODE_DEPTH_MAX);
		assert_int_equal(n->depth, first ? 0 : parent->depth + 1);
		assert_true(first || n->parent < i);
		assert_true(n->subtree >= 1);
		assert_true(i + n->subtree <= (first ? o->n_nodes : n->parent + parent->subtree));
		assert_true(o->by_id[PAT_TABLES][i] < o->by_id[PAT_TABLES][i + 1] ||
		            i + 1 == o->n_nodes);
		assert_true((uint32_t)o->by_id[PAT_TABLES][i] < o->n_nodes);
	}
}

static void tables_are_sound(const struct pat_outline *o, struct pat_range text)
{
	for (unsigned t = 0; t < PAT_TABLES; t++) {
		uint32_t at = o->tables[t].at;

		within(o->tables[t], text);
		for (uint32_t i = 0; i < o->n_entries[t]; i++) {
			const struct pat_entry_range *e = &o->entries[t][i];

			within(e->id, o->tables[t]);
			within(e->value, o->tables[t]);
			assert_true(e->id.at > at);
			assert_true(e->value.at >= e->id.at + e->id.len);
			assert_true(e->set == PAT_NO_NODE ||
			            e->set < o->n_entries[PAT_TABLE_COMPONENT_SETS]);
			assert_true((uint32_t)o->by_id[t][i] < o->n_entries[t]);
			at = e->value.at + e->value.len;
		}
	}
}

static void rest_is_sound(const struct pat_outline *o, struct pat_range text)
{
	uint32_t at = 0;

	for (uint32_t i = 0; i < o->n_omissions; i++) {
		within(o->omissions[i].range, text);
		assert_true(o->omissions[i].range.at >= at);
		at = o->omissions[i].range.at + o->omissions[i].range.len;
	}
	for (uint32_t i = 0; i < o->n_references; i++) {
		const struct pat_reference *r = &o->references[i];

		assert_true(r->node < o->n_nodes);
		assert_true(r->table < PAT_TABLES);
		assert_true(r->entry < o->n_entries[r->table]);
		assert_true(i == 0 || r->node >= o->references[i - 1].node);
	}
	within(o->name, text);
	within(o->editor_type, text);
	within(o->schema_version, text);
}

static void change(struct pat_buf *bytes, const struct pat_buf *other)
{
	size_t at = CHECKSUM_AT + 4 + 16 + any((uint32_t)bytes->len - CHECKSUM_AT - 4 - 16);

	switch (any(4)) {
	case 0:
		bytes->data[at] = (char)any(256);
		break;
	case 1:
		bytes->data[at] = (char)(bytes->data[at] + 1 - (int)any(3));
		break;
	case 2:
		bytes->len -= any((uint32_t)(bytes->len - at));
		break;
	default:
		bytes->data[at] = other->data[any((uint32_t)other->len)];
		break;
	}
}

static void what_somebody_made_up_leads_nowhere(void **state)
{
	unsigned accepted = 0;

	(void)state;
	for (unsigned i = 0; i < ROUNDS; i++) {
		pat_cleanup(sample_done) struct sample s;
		pat_cleanup(pat_buf_done) struct pat_buf bytes = { 0 };
		struct pat_outline loaded = { 0 };

		sample_init(&s, 1 + any(30));
		save(&s.outline, &bytes);
		for (unsigned j = 0; j < 200; j++) {
			pat_cleanup(pat_buf_done) struct pat_buf made_up = { 0 };

			pat_buf_init(&made_up, TEST_TEXT_BYTES_MAX);
			assert_int_equal(pat_buf_add(&made_up, bytes.data, bytes.len), 0);
			for (uint32_t n = 1 + any(3); n > 0; n--)
				change(&made_up, &bytes);
			repair_checksum(&made_up);
			int r = load(made_up.data, made_up.len, &loaded);
			if (r != 0) {
				assert_int_equal(r, -EINVAL);
				continue;
			}
			struct pat_range text = { 0, loaded.text_bytes };
			assert_true(text.len <= PAT_DOCUMENT_BYTES_MAX);
			nodes_are_sound(&loaded, text);
			tables_are_sound(&loaded, text);
			rest_is_sound(&loaded, text);
			pat_outline_done(&loaded);
			accepted++;
		}
	}
	assert_true(accepted > 1000);
}

static int read_fault(void *arg, uint32_t at, void *out, uint32_t len)
{
	(void)arg;
	(void)at;
	(void)out;
	(void)len;
	return -EIO;
}

static void a_text_that_can_not_be_read_is_a_fault(void **state)
{
	pat_cleanup(sample_done) struct sample s;
	pat_cleanup(pat_buf_done) struct pat_buf own = { 0 };
	struct pat_text broken = { .read = read_fault };
	uint32_t found = 0;
	const struct pat_range *id = NULL;

	(void)state;
	sample_init(&s, 20);
	id = &s.outline.nodes[0].id;
	assert_int_equal(
		pat_outline_find(&s.outline, &broken, s.text.data + id->at, id->len, &found), -EIO);
	pat_buf_init(&own, 1000);
	assert_int_equal(pat_outline_own(&s.outline, &broken, 0, &own), -EIO);
	pat_buf_done(&own);
	pat_buf_init(&own, 10);
	assert_int_equal(pat_outline_own(&s.outline, &s.reader, 0, &own), -EMSGSIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_outline_is_what_jansson_sees),
		cmocka_unit_test(pieces_make_no_difference),
		cmocka_unit_test(what_remains_is_json),
		cmocka_unit_test(commas_go_with_what_they_separate),
		cmocka_unit_test(what_is_no_document_is_refused_with_words),
		cmocka_unit_test(what_is_not_read_may_be_anything),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(texts_are_bounded),
		cmocka_unit_test(numbers_are_bounded),
		cmocka_unit_test(bytes_are_bounded),
		cmocka_unit_test(what_was_kept_comes_back),
		cmocka_unit_test(what_does_not_fit_is_not_kept),
		cmocka_unit_test(what_was_damaged_is_refused),
		cmocka_unit_test(what_somebody_made_up_leads_nowhere),
		cmocka_unit_test(a_text_that_can_not_be_read_is_a_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
