/* SPDX-License-Identifier: Apache-2.0
 *
 * What drawing is made of: the writer of SVG, path data, characters, boxes and matrices, members of a node.
 */
#include "tests/unit/test.h"

#include <errno.h>
#include <locale.h>
#include <math.h>

#include "files/letters.h"
#include "files/matrix.h"
#include "files/member.h"
#include "files/path.h"
#include "files/svg.h"

struct page {
	struct pat_buf out;
	struct pat_svg svg;
};

static void page_init(struct page *page)
{
	pat_buf_init(&page->out, 10000);
	page->svg = (struct pat_svg){ .out = &page->out };
}

static void page_done(struct page *page)
{
	pat_buf_done(&page->out);
}

/* ---- The writer. */

static void numbers_are_short_and_plain(void **state)
{
	static const struct {
		double value;
		const char *text;
	} cases[] = {
		{ 0, "0" },
		{ -0.0, "0" },
		{ 1, "1" },
		{ -1, "-1" },
		{ 10, "10" },
		{ 1000, "1000" },
		{ 0.5, "0.5" },
		{ 0.05, "0.05" },
		{ 0.005, "0.005" },
		{ -0.125, "-0.125" },
		{ 12.3456, "12.346" },
		{ 0.0004, "0" },
		{ -0.0004, "0" },
		{ 99.9996, "100" },
		{ 1e9, "1000000000" },
		{ 1e300, "1000000000" },
		{ -1e300, "-1000000000" },
		{ INFINITY, "0" },
		{ -INFINITY, "0" },
		{ NAN, "0" },
	};

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(cases); i++) {
		pat_cleanup(page_done) struct page page;

		page_init(&page);
		pat_svg_put_number(&page.out, cases[i].value);
		assert_string_equal(pat_buf_str(&page.out), cases[i].text);
	}
}

static void a_locale_with_commas_changes_nothing(void **state)
{
	pat_cleanup(page_done) struct page page;

	(void)state;
	page_init(&page);
	/* Where no such locale is installed, this proves nothing and does no harm. */
	(void)setlocale(LC_ALL, "de_DE.UTF-8");
	pat_svg_put_number(&page.out, 1.5);
	assert_true(pat_path_write(&page.svg, "M1.5 2", 6));
	(void)setlocale(LC_ALL, "C");
	assert_string_equal(pat_buf_str(&page.out), "1.5M1.5 2");
}

static void text_is_escaped(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		const char *written;
	} cases[] = {
		{ "plain \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", 17, NULL },
		{ "<a b='c'>&\"</a>", 15, "&lt;a b=&#39;c&#39;&gt;&amp;&quot;&lt;/a&gt;" },
		{ "a\0b\x01\x08\x0b\x1f\x7f", 9, "ab" },
		{ "a\tb\nc\rd", 7, "a b c d" },
		{ "\xef\xbf\xbe\xef\xbf\xbf", 6, "" },
		{ "\xc2\x85", 2, "" },
		{ "\xff", 1, "\xef\xbf\xbd" },
		{ "\xc3", 1, "\xef\xbf\xbd" },
		{ "\xc0\xaf", 2, "\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\xed\xa0\x80", 3, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\xf4\x90\x80\x80", 4, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
		{ "]]>", 3, "]]&gt;" },
		{ "", 0, "" },
	};

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(cases); i++) {
		pat_cleanup(page_done) struct page page;

		page_init(&page);
		pat_svg_chars(&page.svg, cases[i].text, cases[i].len);
		assert_string_equal(pat_buf_str(&page.out),
		                    cases[i].written ? cases[i].written : cases[i].text);
	}
}

static void elements_and_attributes(void **state)
{
	pat_cleanup(page_done) struct page page;
	struct pat_svg *svg = &page.svg;

	(void)state;
	page_init(&page);
	uint32_t id = pat_svg_new_id(svg);
	pat_svg_begin(svg, "g");
	pat_svg_id(svg, id);
	pat_svg_text(svg, "title", "\"><script>", 10);
	pat_svg_color(svg, "fill", 0x00ff7f);
	pat_svg_reference(svg, "mask", pat_svg_new_id(svg));
	pat_svg_number_unless(svg, "x", 0.0001, 0);
	pat_svg_number_unless(svg, "y", 0.001, 0);
	pat_svg_inside(svg);
	pat_svg_begin(svg, "path");
	pat_svg_open(svg, "d");
	PAT_SVG_PIECE(svg, 'M', 1, -2.5);
	pat_svg_piece(svg, 'Z', NULL, 0);
	pat_svg_close(svg);
	pat_svg_empty(svg);
	pat_svg_end(svg, "g");
	assert_string_equal(pat_buf_str(&page.out),
	                    "<g id=\"p1\" title=\"&quot;&gt;&lt;script&gt;\" fill=\"#00ff7f\" "
	                    "mask=\"url(#p2)\" y=\"0.001\"><path d=\"M1 -2.5Z\"/></g>");
}

/* ---- Path data. */

static void path_data_is_read_and_written_anew(void **state)
{
	static const struct {
		const char *data;
		const char *written; /* NULL: nothing */
	} cases[] = {
		{ "M0 0L10 0L10 10Z", "M0 0L10 0L10 10Z" },
		{ "m1,2 3,4", "m1 2l3 4" },
		{ "M1-2.5.5", "M1 -2.5" },
		{ "M1-2.5.5.25", "M1 -2.5L0.5 0.25" },
		{ "  M 1e1 1E-1 ", "M10 0.1" },
		{ "M+1 +2H3V4h-1v-2", "M1 2H3V4h-1v-2" },
		{ "M0 0C1 2 3 4 5 6S1 2 3 4Q1 2 3 4T1 2", "M0 0C1 2 3 4 5 6S1 2 3 4Q1 2 3 4T1 2" },
		{ "M0 0a1 1 0 0110 10", "M0 0a1 1 0 0 1 10 10" },
		{ "M0 0A1,1,0,1,0,2,2", "M0 0A1 1 0 1 0 2 2" },
		{ "M0 0 1 1 2 2zm1 1", "M0 0L1 1L2 2zm1 1" },
		{ "M0 0L1e999 0", "M0 0" },
		{ "M0 0L1e308 1", "M0 0" },
		{ "M0 0L1 2 3", "M0 0L1 2" },
		{ "M0 0A1 1 0 2 0 1 1", "M0 0" },
		{ "M0 0 L 5 5 <script>", "M0 0L5 5" },
		{ "M0 0\"/><script>L1 1", "M0 0" },
		{ "M.0000000000000000000000000000000001 0.12345678901234567890123", "M0 0.123" },
		{ "M0 0Z5 5", "M0 0Z" },
		{ "M0 0ZL1 1", "M0 0ZL1 1" },
		{ "L1 1", NULL },
		{ "M", NULL },
		{ "M1", NULL },
		{ "M1e", NULL },
		{ "M 1 . ", NULL },
		{ "Mnan 0", NULL },
		{ "Minf 0", NULL },
		{ "M0x10 0", NULL },
		{ "M1,,2", NULL },
		{ "M--1 2", NULL },
		{ "url(#a)", NULL },
		{ "", NULL },
		{ " ", NULL },
	};

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(cases); i++) {
		pat_cleanup(page_done) struct page page;
		size_t len = strlen(cases[i].data);

		page_init(&page);
		bool ok = pat_path_write(&page.svg, cases[i].data, len);
		assert_int_equal(ok, cases[i].written != NULL);
		assert_int_equal(pat_path_ok(cases[i].data, len), ok);
		assert_string_equal(pat_buf_str(&page.out),
		                    cases[i].written ? cases[i].written : "");
	}
}

static void path_data_may_hold_a_nul(void **state)
{
	pat_cleanup(page_done) struct page page;

	(void)state;
	page_init(&page);
	assert_true(pat_path_write(&page.svg, "M0 0\0L1 1", 9));
	assert_string_equal(pat_buf_str(&page.out), "M0 0");
	assert_false(pat_path_ok("\0M0 0", 5));
}

static void a_path_that_fills_the_buffer_ends(void **state)
{
	struct pat_buf out;
	struct pat_svg svg = { .out = &out };
	char *data = malloc(1000002);

	(void)state;
	assert_non_null(data);
	memcpy(data, "M0", 2);
	memset(data + 2, ' ', 1000000);
	for (size_t i = 3; i < 1000000; i += 2)
		data[i] = '1';
	pat_buf_init(&out, 1000);
	(void)pat_path_write(&svg, data, 1000000);
	assert_int_equal(pat_buf_error(&out), -EMSGSIZE);
	pat_buf_done(&out);
	free(data);
}

/* ---- Characters. */

static void case_is_changed_in_three_alphabets(void **state)
{
	static const uint32_t pairs[][2] = {
		{ 'a', 'A' },     { 'z', 'Z' },       { 0xe9, 0xc9 },   { 0xfe, 0xde },
		{ 0x101, 0x100 }, { 0x13a, 0x139 },   { 0x17e, 0x17d }, { 0x3b1, 0x391 },
		{ 0x3c9, 0x3a9 }, { 0x3ae, 0x389 },   { 0x434, 0x414 }, { 0x451, 0x401 },
		{ 0x4d1, 0x4d0 }, { 0x1ea1, 0x1ea0 },
	};
	static const uint32_t same[] = {
		'1', ' ', 0xd7, 0xf7, 0xdf, 0x130, 0x131, 0x4e2d, 0x1f600
	};

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(pairs); i++) {
		assert_int_equal(pat_letter_upper(pairs[i][0]), pairs[i][1]);
		assert_int_equal(pat_letter_lower(pairs[i][1]), pairs[i][0]);
		assert_int_equal(pat_letter_upper(pairs[i][1]), pairs[i][1]);
		assert_int_equal(pat_letter_lower(pairs[i][0]), pairs[i][0]);
	}
	for (size_t i = 0; i < PAT_ARRAY_LEN(same); i++) {
		assert_int_equal(pat_letter_upper(same[i]), same[i]);
		assert_int_equal(pat_letter_lower(same[i]), same[i]);
	}
	assert_int_equal(pat_letter_upper(0x3c2), 0x3a3);
}

static void every_character_is_written_as_it_was_read(void **state)
{
	(void)state;
	for (uint32_t code = 1; code <= 0x10ffff; code++) {
		char text[4];
		uint32_t again = 0;
		size_t n = pat_letter_encode(code, text);
		bool surrogate = code >= 0xd800 && code <= 0xdfff;

		assert_int_equal(pat_letter_decode(text, n, &again), surrogate ? 0 : n);
		assert_true(surrogate || again == code);
		assert_int_equal(n > 1 ? pat_letter_decode(text, n - 1, &again) : 0, 0);
	}
}

static void widths_are_those_of_usual_fonts(void **state)
{
	bool known = false;

	(void)state;
	assert_true(pat_letter_width('i', false, &known) < pat_letter_width('m', false, &known));
	assert_true(known);
	assert_true(pat_letter_width('i', true, &known) == pat_letter_width('m', true, &known));
	assert_true(pat_letter_width(0x4e2d, false, &known) == 1);
	assert_true(pat_letter_width(0x301, false, &known) == 0);
	(void)pat_letter_width(0x627, false, &known);
	assert_false(known);
}

/* ---- Boxes and matrices. */

static void matrices(void **state)
{
	struct pat_matrix turn = { .a = 0, .b = 1, .c = -1, .d = 0, .e = 5, .f = 6 };
	struct pat_matrix back;
	struct pat_point p = pat_matrix_point(&turn, 2, 3);
	struct pat_box box = pat_matrix_box(&turn, 10, 20);

	(void)state;
	assert_true(p.x == 2 && p.y == 8);
	assert_true(box.x == -15 && box.y == 6 && box.w == 20 && box.h == 10);
	assert_true(pat_matrix_invert(&turn, &back));
	p = pat_matrix_point(&back, p.x, p.y);
	assert_true(fabs(p.x - 2) < 1e-9 && fabs(p.y - 3) < 1e-9);
	back = pat_matrix_multiply(&turn, &back);
	assert_true(pat_matrix_is_straight(&back));
	assert_false(pat_matrix_is_straight(&turn));
	turn.d = turn.b = 0;
	assert_false(pat_matrix_invert(&turn, &back));
}

static void boxes(void **state)
{
	struct pat_box one = { 0, 0, 10, 4 };
	struct pat_box two = { -5, 2, 6, 10 };
	struct pat_box both = pat_box_union(&one, &two);
	struct pat_box grown = pat_box_grown(&one, 1);
	struct pat_box shrunk = pat_box_grown(&one, -3);

	(void)state;
	assert_true(both.x == -5 && both.y == 0 && both.w == 15 && both.h == 12);
	assert_true(grown.x == -1 && grown.y == -1 && grown.w == 12 && grown.h == 6);
	assert_true(shrunk.x == 3 && shrunk.y == 2 && shrunk.w == 4 && shrunk.h == 0);
}

/* ---- Members. */

static void wrong_members_are_absent(void **state)
{
	json_t *own = json_loads(
		"{\"n\":1e300,\"m\":-1e300,\"s\":\"x\",\"a\":[1,\"2\",3],\"e\":[],\"t\":true,"
		"\"box\":{\"x\":1,\"y\":2,\"width\":3,\"height\":-4},\"point\":{\"x\":\"1\",\"y\":2},"
		"\"matrix\":[[1,0],[0,1,0]],\"color\":{\"r\":2,\"g\":-1,\"b\":\"x\",\"a\":0.5}}",
		0, NULL);
	struct pat_box box = { 9, 9, 9, 9 };
	struct pat_point point = { 9, 9 };
	struct pat_matrix matrix;
	uint32_t rgb = 0;
	double alpha = 0;
	size_t len = 9;

	(void)state;
	assert_non_null(own);
	assert_true(pat_member_number(own, "n", 0) == PAT_MEMBER_MAX);
	assert_true(pat_member_number(own, "m", 0) == -PAT_MEMBER_MAX);
	assert_true(pat_member_number(own, "s", 7) == 7);
	assert_true(pat_member_number(own, "none", 7) == 7);
	assert_true(pat_member_number(NULL, "n", 7) == 7);
	assert_true(pat_member_between(own, "n", 0, 0, 5) == 5);
	assert_true(pat_member_element(pat_member_list(own, "a"), 1, 7) == 7);
	assert_true(pat_member_element(pat_member_list(own, "a"), 9, 7) == 7);
	assert_null(pat_member_list(own, "e"));
	assert_null(pat_member_list(own, "box"));
	assert_true(pat_member_flag(own, "t", false));
	assert_true(pat_member_flag(own, "s", true));
	assert_string_equal(pat_member_text(own, "n", &len), "");
	assert_int_equal(len, 0);
	assert_false(pat_member_is(own, "t", "true"));
	assert_false(pat_member_box(own, "box", &box));
	assert_false(pat_member_point(own, "point", &point));
	assert_false(pat_member_matrix(own, "matrix", &matrix));
	assert_true(box.x == 9 && point.x == 9);
	pat_member_color(own, "color", &rgb, &alpha);
	assert_int_equal(rgb, 0xff0000);
	assert_true(alpha == 0.5);
	json_decref(own);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_short_and_plain),
		cmocka_unit_test(a_locale_with_commas_changes_nothing),
		cmocka_unit_test(text_is_escaped),
		cmocka_unit_test(elements_and_attributes),
		cmocka_unit_test(path_data_is_read_and_written_anew),
		cmocka_unit_test(path_data_may_hold_a_nul),
		cmocka_unit_test(a_path_that_fills_the_buffer_ends),
		cmocka_unit_test(case_is_changed_in_three_alphabets),
		cmocka_unit_test(every_character_is_written_as_it_was_read),
		cmocka_unit_test(widths_are_those_of_usual_fonts),
		cmocka_unit_test(matrices),
		cmocka_unit_test(boxes),
		cmocka_unit_test(wrong_members_are_absent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
