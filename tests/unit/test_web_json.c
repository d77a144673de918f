/* SPDX-License-Identifier: Apache-2.0
 *
 * The strict decoder, the object reader and the writer.
 */
#include "tests/unit/test_web.h"

#include "web/json.h"

static int decode(const char *text, size_t len)
{
	pat_cleanup(pat_json_decrefp) json_t *value = NULL;

	return pat_json_decode(text, len, &value);
}

static void texts_are_judged(void **state)
{
#define GOOD(text)                        \
	{                                 \
		text, sizeof(text) - 1, 0 \
	}
#define BAD(text)                                            \
	{                                                    \
		text, sizeof(text) - 1, PAT_JSON_E_MALFORMED \
	}
	static const struct {
		const char *text;
		size_t len;
		int result;
	} cases[] = {
		GOOD("{}"),
		GOOD(" [1, -2, 3.5e-3, true, false, null, \"\\u00e9\\ud83d\\ude00\"] \r\n\t"),
		GOOD("\"\\u0000\""),
		GOOD("9223372036854775807"),
		BAD(""),
		BAD(" "),
		BAD("{}x"),
		BAD("{}{}"),
		BAD("{}\0"),
		BAD("1\0"),
		BAD("[1\0]"),
		BAD("{\"a\":1.5\0}"),
		BAD("{\"a\":1,\"a\":1}"),
		BAD("{\"a\":1,\"\\u0061\":1}"),
		BAD("{\"a\\u0000b\":1}"),
		BAD("\"\\ud800\""),
		BAD("\"\\udc00\""),
		BAD("\"\\ud800\\u0041\""),
		BAD("\"\xed\xa0\x80\""),
		BAD("\"\xc0\xaf\""),
		BAD("\"\xff\""),
		BAD("\"\xc3\""),
		BAD("\"\n\""),
		BAD("\"\\x\""),
		BAD("\"\\u12\""),
		BAD("9223372036854775808"),
		BAD("-9223372036854775809"),
		BAD("1e999"),
		BAD("01"),
		BAD("+1"),
		BAD("1."),
		BAD(".5"),
		BAD("0x10"),
		BAD("NaN"),
		BAD("Infinity"),
		BAD("[1,]"),
		BAD("{\"a\":1,}"),
		BAD("{a:1}"),
		BAD("{'a':1}"),
		BAD("[1] // no"),
		BAD("/* no */ [1]"),
		BAD("\xef\xbb\xbf{}"),
		BAD("\x00{}"),
		BAD("[1}"),
		BAD("[\f1]"),
		BAD("[True]"),
	};

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(cases); i++) {
		int r = decode(cases[i].text, cases[i].len);

		if (r != cases[i].result)
			fail_msg("case %zu, %s: %d", i, cases[i].text, r);
	}
}

static void depth_ends_at_its_maximum(void **state)
{
	char text[4 * PAT_JSON_DEPTH_MAX];

	(void)state;
	for (int depth = PAT_JSON_DEPTH_MAX - 1; depth <= PAT_JSON_DEPTH_MAX + 1; depth++) {
		memset(text, '[', (size_t)depth);
		memset(text + depth, ']', (size_t)depth);
		assert_int_equal(decode(text, 2 * (size_t)depth),
		                 depth <= PAT_JSON_DEPTH_MAX ? 0 : PAT_JSON_E_MALFORMED);
	}
	/* Brackets inside of texts are no depth. */
	memset(text, '[', sizeof(text));
	text[0] = '"';
	text[1] = '\\';
	text[2] = '"';
	text[sizeof(text) - 1] = '"';
	assert_int_equal(decode(text, sizeof(text)), 0);
}

enum {
	NAME,
	PASSWORD,
	DAYS,
	KEEP,
	LIST,
	N
};

static int read_object(const char *text, size_t len, struct pat_json_field *fields, json_t **value,
                       char fault[static PAT_JSON_FIELD_BYTES_MAX + 1])
{
	const struct pat_json_field fresh[N] = {
		[NAME] = { .name = "name", .type = PAT_JSON_TEXT },
		[PASSWORD] = { .name = "password",
		               .type = PAT_JSON_PASSWORD,
		               .flags = PAT_JSON_OPTIONAL },
		[DAYS] = { .name = "days", .type = PAT_JSON_INTEGER, .flags = PAT_JSON_OPTIONAL },
		[KEEP] = { .name = "keep",
		           .type = PAT_JSON_BOOL,
		           .flags = PAT_JSON_OPTIONAL | PAT_JSON_NULLABLE },
		[LIST] = { .name = "list", .type = PAT_JSON_TEXTS, .flags = PAT_JSON_OPTIONAL },
	};

	memcpy(fields, fresh, sizeof(fresh));
	assert_int_equal(pat_json_decode(text, len, value), 0);
	return pat_json_read(*value, fields, N, fault);
}

static void fields_are_read(void **state)
{
	static const char text[] =
		"{\"name\":\"n\\u00e9\",\"password\":\"a\\u0000b\",\"days\":-3,\"keep\":true,"
		"\"list\":[\"x\",\"y\"]}";
	pat_cleanup(pat_json_decrefp) json_t *value = NULL;
	struct pat_json_field fields[N];
	char fault[PAT_JSON_FIELD_BYTES_MAX + 1];

	(void)state;
	assert_int_equal(read_object(text, sizeof(text) - 1, fields, &value, fault), 0);
	assert_string_equal(fields[NAME].text, "n\xc3\xa9");
	assert_int_equal(fields[PASSWORD].len, 3);
	assert_memory_equal(fields[PASSWORD].text, "a\0b", 3);
	assert_int_equal(fields[DAYS].number, -3);
	assert_true(fields[KEEP].flag);
	assert_int_equal(json_array_size(fields[LIST].list), 2);
}

static void absent_is_not_null(void **state)
{
	pat_cleanup(pat_json_decrefp) json_t *one = NULL;
	pat_cleanup(pat_json_decrefp) json_t *two = NULL;
	struct pat_json_field fields[N];
	char fault[PAT_JSON_FIELD_BYTES_MAX + 1];

	(void)state;
	assert_int_equal(read_object("{\"name\":\"\"}", 11, fields, &one, fault), 0);
	assert_false(fields[KEEP].present);
	assert_int_equal(read_object("{\"name\":\"\",\"keep\":null}", 23, fields, &two, fault), 0);
	assert_true(fields[KEEP].present);
	assert_true(fields[KEEP].is_null);
}

static void wrong_objects_name_their_field(void **state)
{
	static const struct {
		const char *text;
		int result;
		const char *field;
	} cases[] = {
		{ "[]", PAT_JSON_E_NOT_AN_OBJECT, "" },
		{ "null", PAT_JSON_E_NOT_AN_OBJECT, "" },
		{ "\"name\"", PAT_JSON_E_NOT_AN_OBJECT, "" },
		{ "{}", PAT_JSON_E_MISSING_FIELD, "name" },
		{ "{\"owner\":1}", PAT_JSON_E_UNKNOWN_FIELD, "owner" },
		{ "{\"name\":\"\",\"Name\":\"\"}", PAT_JSON_E_UNKNOWN_FIELD, "Name" },
		{ "{\"name\":\"\",\"\":\"\"}", PAT_JSON_E_UNKNOWN_FIELD, "" },
		{ "{\"name\":null}", PAT_JSON_E_WRONG_TYPE, "name" },
		{ "{\"name\":1}", PAT_JSON_E_WRONG_TYPE, "name" },
		{ "{\"name\":[\"a\"]}", PAT_JSON_E_WRONG_TYPE, "name" },
		{ "{\"name\":\"a\\u0000\"}", PAT_JSON_E_NUL, "name" },
		{ "{\"name\":\"\",\"days\":\"1\"}", PAT_JSON_E_WRONG_TYPE, "days" },
		{ "{\"name\":\"\",\"days\":1.0}", PAT_JSON_E_WRONG_TYPE, "days" },
		{ "{\"name\":\"\",\"days\":null}", PAT_JSON_E_WRONG_TYPE, "days" },
		{ "{\"name\":\"\",\"keep\":1}", PAT_JSON_E_WRONG_TYPE, "keep" },
		{ "{\"name\":\"\",\"list\":\"x\"}", PAT_JSON_E_WRONG_TYPE, "list" },
		{ "{\"name\":\"\",\"list\":[1]}", PAT_JSON_E_WRONG_TYPE, "list" },
		{ "{\"name\":\"\",\"list\":[\"\\u0000\"]}", PAT_JSON_E_NUL, "list" },
	};

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(cases); i++) {
		pat_cleanup(pat_json_decrefp) json_t *value = NULL;
		struct pat_json_field fields[N];
		char fault[PAT_JSON_FIELD_BYTES_MAX + 1] = "?";
		int r = read_object(cases[i].text, strlen(cases[i].text), fields, &value, fault);

		if (r != cases[i].result || strcmp(fault, cases[i].field) != 0)
			fail_msg("%s: %d, %s", cases[i].text, r, fault);
	}
}

static void a_long_unknown_name_is_cut(void **state)
{
	pat_cleanup(pat_json_decrefp) json_t *value = NULL;
	struct pat_json_field fields[N];
	char fault[PAT_JSON_FIELD_BYTES_MAX + 1];
	char text[400] = "{\"";

	(void)state;
	memset(text + 2, 'x', 300);
	memcpy(text + 302, "\":1}", 5);
	assert_int_equal(read_object(text, strlen(text), fields, &value, fault),
	                 PAT_JSON_E_UNKNOWN_FIELD);
	assert_int_equal(strlen(fault), PAT_JSON_FIELD_BYTES_MAX);
}

static void written_json_reads_back(void **state)
{
	pat_cleanup(pat_buf_done) struct pat_buf out = { 0 };
	struct pat_json_writer w = { .out = &out };

	(void)state;
	pat_buf_init(&out, 1000);
	pat_json_open(&w, NULL, '{');
	pat_json_text(&w, "text", "a\"\n");
	pat_json_text(&w, "none", NULL);
	pat_json_number(&w, "number", INT64_MIN);
	pat_json_bool(&w, "flag", false);
	pat_json_id(&w, "id", 7);
	pat_json_time(&w, "time", 0);
	pat_json_open(&w, "list", '[');
	pat_json_text_n(&w, NULL, "abc", 2);
	pat_json_open(&w, NULL, '{');
	pat_json_close(&w, '}');
	pat_json_close(&w, ']');
	pat_json_open(&w, "empty", '[');
	pat_json_close(&w, ']');
	pat_json_close(&w, '}');
	assert_string_equal(
		pat_buf_str(&out),
		"{\"text\":\"a\\\"\\n\",\"none\":null,\"number\":-9223372036854775808,\"flag\":false,"
		"\"id\":\"7\",\"time\":\"1970-01-01T00:00:00Z\",\"list\":[\"ab\",{}],\"empty\":[]}");
	assert_int_equal(decode(out.data, out.len), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_judged),
		cmocka_unit_test(depth_ends_at_its_maximum),
		cmocka_unit_test(fields_are_read),
		cmocka_unit_test(absent_is_not_null),
		cmocka_unit_test(wrong_objects_name_their_field),
		cmocka_unit_test(a_long_unknown_name_is_cut),
		cmocka_unit_test(written_json_reads_back),
	};

	pat_json_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
