/* SPDX-License-Identifier: Apache-2.0
 *
 * Breaking a text into lines.
 */
#include "tests/unit/test.h"

#include <math.h>

#include "files/letters.h"
#include "files/lines.h"

static const struct pat_style usual = {
	.family = "", .size = 10, .leading = 12, .weight = 400, .breadth = 1
};

struct broken {
	json_t *own;
	struct pat_lines lines;
};

static void broken_done(struct broken *b)
{
	pat_lines_done(&b->lines);
	json_decref(b->own);
}

/* `json` has ' for ". */
static void read_text(struct broken *b, const char *json, double w, double h)
{
	char text[4096];
	json_error_t error;

	(void)snprintf(text, sizeof(text), "%s", json);
	for (char *c = text; *c; c++)
		if (*c == '\'')
			*c = '"';
	*b = (struct broken){ .own = json_loads(text, 0, &error) };
	if (!b->own)
		fail_msg("%s: %s", json, error.text);
	assert_int_equal(pat_lines_init(&b->lines, b->own, &usual, w, h), 0);
}

/* The lines with "|" between them. */
static const char *lines_of(const struct pat_lines *lines)
{
	static char text[4096];
	size_t n = 0;

	for (uint32_t i = 0; i < lines->n_lines; i++) {
		if (i > 0)
			text[n++] = '|';
		for (uint32_t c = lines->lines[i].first; c < lines->lines[i].end; c++)
			n += pat_letter_encode(lines->chars[c].code, text + n);
		if (lines->lines[i].cut)
			text[n++] = '+';
		assert_true(n + 10 < sizeof(text));
	}
	text[n] = '\0';
	return text;
}

static void texts_are_broken(void **state)
{
	static const struct {
		const char *json;
		double w;
		double h;
		const char *lines;
	} cases[] = {
		{ "{'characters':'one two three'}", 1000, 100, "one two three" },
		{ "{'characters':'one two three'}", 40, 100, "one two|three" },
		{ "{'characters':'one  two  '}", 20, 100, "one|two" },
		{ "{'characters':'one\\ntwo\\n\\nfour'}", 1000, 100, "one|two||four" },
		{ "{'characters':'one\\u2028two'}", 1000, 100, "one|two" },
		{ "{'characters':'one\\r\\ntwo\\u0001'}", 1000, 100, "one|two" },
		{ "{'characters':''}", 1000, 100, "" },
		{ "{'characters':7}", 1000, 100, "" },
		{ "{}", 1000, 100, "" },
		{ "{'characters':'well-known'}", 32, 100, "well-|known" },
		{ "{'characters':'Donaudampfschiff'}", 30, 100, "Donau|dampf|schiff" },
		{ "{'characters':'ab'}", 0, 100, "a|b" },
		{ "{'characters':'中文字符'}", 20, 100, "中文|字符" },
		/* As wide as it wants. */
		{ "{'characters':'one two three','style':{'textAutoResize':'WIDTH_AND_HEIGHT'}}",
		  10, 12, "one two three" },
		/* Cut off. */
		{ "{'characters':'one two three four','style':{'textTruncation':'ENDING'}}", 40, 24,
		  "one two|three+" },
		{ "{'characters':'one two three four','style':{'textAutoResize':'TRUNCATE'}}", 40,
		  12, "one+" },
		{ "{'characters':'one two three','style':{'textTruncation':'ENDING','maxLines':1}}",
		  40, 100, "one+" },
		{ "{'characters':'one two','style':{'textTruncation':'ENDING'}}", 40, 24,
		  "one two" },
		/* Cases. */
		{ "{'characters':'Straße éà','style':{'textCase':'UPPER'}}", 1000, 12,
		  "STRAßE ÉÀ" },
		{ "{'characters':'ONE Two','style':{'textCase':'LOWER'}}", 1000, 12, "one two" },
		{ "{'characters':'one o’clock 2nd','style':{'textCase':'TITLE'}}", 1000, 12,
		  "One O’clock 2nd" },
	};

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(cases); i++) {
		pat_cleanup(broken_done) struct broken b;

		read_text(&b, cases[i].json, cases[i].w, cases[i].h);
		if (strcmp(lines_of(&b.lines), cases[i].lines) != 0)
			fail_msg("%s: %s", cases[i].json, lines_of(&b.lines));
	}
}

/* The document says how high it was; with it the estimate is corrected in both directions. */
static void the_height_says_how_many_lines(void **state)
{
	static const char *json =
		"{'characters':'Plan your passage around slack water now','style':{'textAutoResize':'HEIGHT'}}";

	(void)state;
	for (double width = 96; width < 106; width += 2) {
		pat_cleanup(broken_done) struct broken two;
		pat_cleanup(broken_done) struct broken three;

		read_text(&two, json, width, 24);
		read_text(&three, json, width, 36);
		assert_int_equal(two.lines.n_lines, 2);
		assert_int_equal(three.lines.n_lines, 3);
		for (uint32_t i = 0; i < 2; i++)
			assert_true(two.lines.lines[i].width <= width + 1);
	}
}

static void the_width_of_a_free_text_is_its_box(void **state)
{
	pat_cleanup(broken_done) struct broken b;
	pat_cleanup(broken_done) struct broken far;

	(void)state;
	read_text(
		&b,
		"{'characters':'longest line\\nshort','style':{'textAutoResize':'WIDTH_AND_HEIGHT'}}",
		60, 24);
	assert_true(fabs(b.lines.lines[0].width - 60) < 0.001);
	assert_true(b.lines.lines[1].width > 15 && b.lines.lines[1].width < 30);
	assert_true(b.lines.height == 24);
	/* A box that has nothing to do with it tells nothing. */
	read_text(&far, "{'characters':'ab','style':{'textAutoResize':'WIDTH_AND_HEIGHT'}}", 1000,
	          12);
	assert_true(far.lines.lines[0].width == 0);
}

static void widths_are_only_given_where_they_are_known(void **state)
{
	pat_cleanup(broken_done) struct broken b;

	(void)state;
	read_text(&b, "{'characters':'abc\\nمرحبا\\n'}", 100, 100);
	assert_true(b.lines.lines[0].width > 0);
	assert_true(b.lines.lines[1].width == 0);
	assert_true(b.lines.lines[2].width == 0);
}

static void styles_are_by_utf16_units(void **state)
{
	pat_cleanup(broken_done) struct broken b;

	(void)state;
	read_text(&b,
	          "{'characters':'😀ab','characterStyleOverrides':[0,0,5,9],"
	          "'styleOverrideTable':{'5':{'fontSize':20,'fontWeight':700,'fills':[]},'9':7}}",
	          100, 100);
	assert_int_equal(b.lines.n_chars, 3);
	assert_int_equal(b.lines.chars[0].style, 0);
	assert_int_equal(b.lines.chars[1].style, 1);
	assert_int_equal(b.lines.chars[2].style, 2);
	assert_true(b.lines.styles[1].size == 20 && b.lines.styles[1].leading == 24);
	assert_int_equal(b.lines.styles[1].weight, 700);
	assert_non_null(b.lines.styles[1].fills);
	assert_true(b.lines.styles[2].size == 10);
	assert_null(b.lines.styles[2].fills);
	assert_true(b.lines.lines[0].size == 20 && b.lines.lines[0].leading == 24);
}

static void too_many_styles_are_the_texts_own(void **state)
{
	json_t *own = json_object();
	json_t *overrides = json_array();
	char text[201];

	(void)state;
	memset(text, 'x', 200);
	text[200] = '\0';
	for (int i = 0; i < 200; i++)
		assert_int_equal(json_array_append_new(overrides, json_integer(i + 1)), 0);
	assert_int_equal(json_object_set_new(own, "characters", json_string(text)), 0);
	assert_int_equal(json_object_set_new(own, "characterStyleOverrides", overrides), 0);
	struct pat_lines lines;
	assert_int_equal(pat_lines_init(&lines, own, &usual, 1e6, 12), 0);
	assert_int_equal(lines.n_styles, PAT_LINES_STYLES_MAX);
	assert_int_equal(lines.chars[PAT_LINES_STYLES_MAX - 2].style, PAT_LINES_STYLES_MAX - 1);
	assert_int_equal(lines.chars[PAT_LINES_STYLES_MAX - 1].style, 0);
	pat_lines_done(&lines);
	json_decref(own);
}

static void lists_and_paragraphs(void **state)
{
	pat_cleanup(broken_done) struct broken b;

	(void)state;
	read_text(
		&b,
		"{'characters':'a\\nb\\nc\\nd\\ne','lineTypes':['ORDERED','ORDERED','UNORDERED',3],"
		"'lineIndentations':[1,1,2],'style':{'paragraphSpacing':5,'listSpacing':2}}",
		100, 100);
	assert_int_equal(b.lines.n_lines, 5);
	assert_int_equal(b.lines.lines[0].marker, 1);
	assert_int_equal(b.lines.lines[1].marker, 2);
	assert_int_equal(b.lines.lines[2].marker, PAT_LINE_BULLET);
	assert_int_equal(b.lines.lines[3].marker, 0);
	assert_true(b.lines.lines[0].indent == 15 && b.lines.lines[2].indent == 30);
	assert_true(b.lines.lines[0].above == 0 && b.lines.lines[1].above == 2);
	assert_true(b.lines.lines[4].above == 5 && b.lines.lines[4].indent == 0);
	assert_true(b.lines.height == 5 * 12 + 2 + 2 + 5 + 5);
}

static void families_are_told_by_their_names(void **state)
{
	static const struct {
		const char *name;
		bool monospaced;
		bool serifs;
	} cases[] = {
		{ "Inter", false, false },           { "JetBrains Mono", true, false },
		{ "Source Serif 4", false, true },   { "PT Sans Serif", false, false },
		{ "Playfair Display", false, true }, { "", false, false },
	};

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(cases); i++) {
		pat_cleanup(broken_done) struct broken b;
		char json[200];

		(void)snprintf(json, sizeof(json), "{'characters':'x','style':{'fontFamily':'%s'}}",
		               cases[i].name);
		read_text(&b, json, 100, 100);
		assert_int_equal(b.lines.styles[0].monospaced, cases[i].monospaced);
		assert_int_equal(b.lines.styles[0].serifs, cases[i].serifs);
	}
}

/* What a document can ask for at most: characters, lines, and the tries to fit them. */
static void long_texts_end(void **state)
{
	size_t len = 300000;
	char *text = malloc(len + 1);
	struct pat_lines lines;

	(void)state;
	assert_non_null(text);
	for (int round = 0; round < 2; round++) {
		memset(text, round == 0 ? 'x' : '\n', len);
		text[len] = '\0';
		json_t *own = json_pack("{s:s,s:{s:s}}", "characters", text, "style",
		                        "textAutoResize", "HEIGHT");
		assert_non_null(own);
		assert_int_equal(pat_lines_init(&lines, own, &usual, 1, 10), 0);
		assert_int_equal(lines.n_chars, PAT_LINES_CHARS_MAX);
		assert_int_equal(lines.n_lines, PAT_LINES_MAX);
		pat_lines_done(&lines);
		json_decref(own);
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_broken),
		cmocka_unit_test(the_height_says_how_many_lines),
		cmocka_unit_test(the_width_of_a_free_text_is_its_box),
		cmocka_unit_test(widths_are_only_given_where_they_are_known),
		cmocka_unit_test(styles_are_by_utf16_units),
		cmocka_unit_test(too_many_styles_are_the_texts_own),
		cmocka_unit_test(lists_and_paragraphs),
		cmocka_unit_test(families_are_told_by_their_names),
		cmocka_unit_test(long_texts_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
