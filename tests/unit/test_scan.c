/* SPDX-License-Identifier: Apache-2.0
 *
 * The scanner: what it tells of a text, what it refuses and where, and that it makes no difference how the text is cut
 * into pieces.
 */
#include "tests/unit/test.h"

#include <jansson.h>

#include "base/buf.h"
#include "base/scan.h"

#define TRACE_BYTES_MAX (1 << 20)
#define WHOLE           SIZE_MAX

/* ---- What was told, as a text: "kind begin-end depth text" a line. */

struct trace {
	struct pat_buf out;
	int stop_after; /* tokens; 0: never */
	int n;
};

static void trace_done(struct trace *trace)
{
	pat_buf_done(&trace->out);
}

static int trace_token(void *arg, const struct pat_scan_token *t)
{
	static const char kinds[] = {
		[PAT_SCAN_OBJECT] = '{',    [PAT_SCAN_OBJECT_END] = '}', [PAT_SCAN_ARRAY] = '[',
		[PAT_SCAN_ARRAY_END] = ']', [PAT_SCAN_KEY] = ':',        [PAT_SCAN_STRING] = '"',
		[PAT_SCAN_NUMBER] = '#',    [PAT_SCAN_TRUE] = 't',       [PAT_SCAN_FALSE] = 'f',
		[PAT_SCAN_NULL] = 'n'
	};
	struct trace *trace = arg;

	(void)pat_buf_addf(&trace->out, "%c %llu-%llu %u", kinds[t->kind],
	                   (unsigned long long)t->begin, (unsigned long long)t->end, t->depth);
	if (t->text_len > 0) {
		(void)pat_buf_add_str(&trace->out, " ");
		(void)pat_buf_add(&trace->out, t->text, t->text_len);
	}
	(void)pat_buf_add_str(&trace->out, t->cut ? " cut\n" : "\n");
	return ++trace->n == trace->stop_after ? 7 : 0;
}

/* A copy of exactly these bytes, so that a sanitizer sees every step too far. */
static int feed_copy(struct pat_scan *scan, const char *bytes, size_t len)
{
	pat_cleanup(pat_freep) char *copy = malloc(len > 0 ? len : 1);

	assert_non_null(copy);
	if (len > 0)
		memcpy(copy, bytes, len);
	int r = pat_scan_feed(scan, copy, len);
	memset(copy, 'x', len);
	return r;
}

/* Scans a text in pieces of which the first is `first` long and the others `next`. The fault goes to the trace's end. */
static int scan_in_pieces(const char *text, size_t len, size_t first, size_t next,
                          struct trace *trace)
{
	struct pat_scan scan;
	size_t piece = first < len ? first : len;
	int r = 0;

	pat_buf_init(&trace->out, TRACE_BYTES_MAX);
	pat_scan_init(&scan, trace_token, trace);
	for (size_t at = 0; r == 0 && at < len; at += piece, piece = next) {
		if (piece > len - at)
			piece = len - at;
		r = feed_copy(&scan, text + at, piece);
	}
	if (r == 0)
		r = pat_scan_finish(&scan);
	if (r == PAT_SCAN_E_MALFORMED)
		(void)pat_buf_addf(&trace->out, "%llu %llu:%llu %s\n",
		                   (unsigned long long)scan.fault.at,
		                   (unsigned long long)scan.fault.line,
		                   (unsigned long long)scan.fault.column, scan.fault.what);
	assert_int_equal(pat_buf_error(&trace->out), 0);
	return r;
}

/* Any split tells the same: one piece, byte by byte, and in two pieces cut anywhere. */
static int scan_any_way(const char *text, size_t len, struct trace *ret)
{
	int result = scan_in_pieces(text, len, WHOLE, WHOLE, ret);

	for (size_t first = 1; first <= len; first++) {
		pat_cleanup(trace_done) struct trace trace = { 0 };
		int r = scan_in_pieces(text, len, first, first == 1 ? 1 : WHOLE, &trace);

		if (r != result || strcmp(pat_buf_str(&trace.out), pat_buf_str(&ret->out)) != 0)
			fail_msg("%s: cut at %zu: %d\n%s\n%s", text, first, r,
			         pat_buf_str(&trace.out), pat_buf_str(&ret->out));
	}
	return result;
}

static void tokens_are_told(void **state)
{
	static const struct {
		const char *text;
		const char *trace;
	} cases[] = {
		{ "{}", "{ 0-1 0\n} 1-2 0\n" },
		{ " [ ]\r\n\t", "[ 1-2 0\n] 3-4 0\n" },
		{ "\"\"", "\" 0-2 0\n" },
		{ "\"a\"", "\" 0-3 0 a\n" },
		{ "0", "# 0-1 0 0\n" },
		{ "-0", "# 0-2 0 -0\n" },
		{ "-12.50e+07 ", "# 0-10 0 -12.50e+07\n" },
		{ "1E-2", "# 0-4 0 1E-2\n" },
		{ "0e0", "# 0-3 0 0e0\n" },
		{ "true", "t 0-4 0\n" },
		{ "\nfalse", "f 1-6 0\n" },
		{ "null\n", "n 0-4 0\n" },
		{ "[[0,1],{\"a\":[]}]",
		  "[ 0-1 0\n[ 1-2 1\n# 2-3 2 0\n# 4-5 2 1\n] 5-6 1\n{ 7-8 1\n: 8-11 2 a\n[ 12-13 2\n"
		  "] 13-14 2\n} 14-15 1\n] 15-16 0\n" },
		{ "{ \"k\" : -1 , \"\" : null }",
		  "{ 0-1 0\n: 2-5 1 k\n# 8-10 1 -1\n: 13-15 1\nn 18-22 1\n} 23-24 0\n" },
		{ "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\" 0-18 0 \"\\/\b\f\n\r\t\n" },
		{ "\"\\u0041\\u00e9\\u20AC\\uffff\"", "\" 0-26 0 A\u00e9\u20ac\uffff\n" },
		{ "\"\\u007f\\u0080\\u07FF\\u0800\"", "\" 0-26 0 \x7f\xc2\x80\u07ff\u0800\n" },
		{ "\"x\\ud83d\\ude00y\\uDBFF\\uDFFF\"", "\" 0-28 0 x\U0001f600y\U0010ffff\n" },
		{ "\"\u00e9\u20ac\U0001f600 \U0010ffff\x7f\"",
		  "\" 0-17 0 \u00e9\u20ac\U0001f600 \U0010ffff\x7f\n" },
		{ "[\"sixteen and more bytes\",\"sixteen and more \\u0062ytes\"]",
		  "[ 0-1 0\n\" 1-25 1 sixteen and more bytes\n\" 26-55 1 sixteen and more bytes\n] 55-56 0\n" },
		{ "[1e308,1e-999,179769313486231570e291]",
		  "[ 0-1 0\n# 1-6 1 1e308\n# 7-13 1 1e-999\n# 14-36 1 179769313486231570e291\n] 36-37 0\n" },
		{ "[\"\\n99999999\",1e100]",
		  "[ 0-1 0\n\" 1-13 1 \n99999999\n# 14-19 1 1e100\n] 19-20 0\n" },
		{ "{\"a\":1,\"a\":1}",
		  "{ 0-1 0\n: 1-4 1 a\n# 5-6 1 1\n: 7-10 1 a\n# 11-12 1 1\n} 12-13 0\n" },
	};

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(cases); i++) {
		pat_cleanup(trace_done) struct trace trace = { 0 };
		int r = scan_any_way(cases[i].text, strlen(cases[i].text), &trace);

		if (r != 0 || strcmp(pat_buf_str(&trace.out), cases[i].trace) != 0)
			fail_msg("%s: %d\n%s", cases[i].text, r, pat_buf_str(&trace.out));
	}
}

/* The last line of a trace. */
static const char *fault_of(const struct trace *trace)
{
	const char *line = pat_buf_str(&trace->out);

	for (const char *p = line; *p; p++)
		if (*p == '\n' && p[1])
			line = p + 1;
	return line;
}

static void what_is_no_json_is_refused_where_it_is_wrong(void **state)
{
#define BAD(text, fault)                      \
	{                                     \
		text, sizeof(text) - 1, fault \
	}
#define UTF8  "this is not UTF-8"
#define HALF  "half of a surrogate pair stands alone"
#define WORDS "only true, false and null can stand without quotes"
	static const struct {
		const char *text;
		size_t len;
		const char *fault;
	} cases[] = {
		BAD("", "0 1:1 there is no value"),
		BAD(" \n ", "3 2:2 there is no value"),
		BAD("\xef\xbb\xbf{}", "0 1:1 a byte order mark stands before the text"),
		BAD(" \xef\xbb\xbf", "1 1:2 a value is missing"),
		BAD("{}x", "2 1:3 something follows after the end"),
		BAD("1 1", "2 1:3 something follows after the end"),
		BAD("{}\n{}", "3 2:1 something follows after the end"),
		BAD("{}\0", "2 1:3 something follows after the end"),
		BAD("1\0", "1 1:2 something follows after the end"),
		BAD("\0", "0 1:1 a value is missing"),
		BAD("[", "1 1:2 the text ends too early"),
		BAD("{", "1 1:2 the text ends too early"),
		BAD("[1", "2 1:3 the text ends too early"),
		BAD("{\"a\":1", "6 1:7 the text ends too early"),
		BAD("{\"a\"", "4 1:5 the text ends too early"),
		BAD("{\"a\":", "5 1:6 the text ends too early"),
		BAD("[1,", "3 1:4 the text ends too early"),
		BAD("]", "0 1:1 a value is missing"),
		BAD("[1,]", "3 1:4 a value is missing"),
		BAD("[,1]", "1 1:2 a value is missing"),
		BAD("[1,,2]", "3 1:4 a value is missing"),
		BAD("[1 2]", "3 1:4 a comma or ] is missing"),
		BAD("[1}", "2 1:3 a comma or ] is missing"),
		BAD("{\"a\":1]", "6 1:7 a comma or } is missing"),
		BAD("{\"a\":1 \"b\":2}", "7 1:8 a comma or } is missing"),
		BAD("{\"a\":1,}", "7 1:8 a key in quotes is missing"),
		BAD("{,}", "1 1:2 a key in quotes is missing"),
		BAD("{a:1}", "1 1:2 a key in quotes is missing"),
		BAD("{'a':1}", "1 1:2 a key in quotes is missing"),
		BAD("{1:1}", "1 1:2 a key in quotes is missing"),
		BAD("{]", "1 1:2 a key in quotes is missing"),
		BAD("{\"a\" 1}", "5 1:6 a colon is missing after the key"),
		BAD("{\"a\",1}", "4 1:5 a colon is missing after the key"),
		BAD("{\"a\"}", "4 1:5 a colon is missing after the key"),
		BAD("{\"a\"::1}", "5 1:6 a value is missing"),
		BAD("{\"a\":}", "5 1:6 a value is missing"),
		BAD("[\f1]", "1 1:2 a value is missing"),
		BAD("[\v1]", "1 1:2 a value is missing"),
		BAD("[\xc2\xa0]", "1 1:2 a value is missing"),
		BAD("[1] // no", "4 1:5 something follows after the end"),
		BAD("/**/ 1", "0 1:1 a value is missing"),
		BAD("tru", "3 1:4 there is no value"),
		BAD("[tru]", "4 1:5 " WORDS),
		BAD("nul ", "3 1:4 " WORDS),
		BAD("False", "0 1:1 a value is missing"),
		BAD("truer", "4 1:5 something follows after the end"),
		BAD("NaN", "0 1:1 a value is missing"),
		BAD("Infinity", "0 1:1 a value is missing"),
		BAD("-Infinity", "1 1:2 a digit is missing"),
		BAD("01", "1 1:2 a number can not begin with 0"),
		BAD("-00", "2 1:3 a number can not begin with 0"),
		BAD("+1", "0 1:1 a value is missing"),
		BAD("-", "1 1:2 a digit is missing"),
		BAD("--1", "1 1:2 a digit is missing"),
		BAD("1.", "2 1:3 a digit is missing"),
		BAD("[1.]", "3 1:4 a digit is missing"),
		BAD("1.e1", "2 1:3 a digit is missing"),
		BAD(".5", "0 1:1 a value is missing"),
		BAD("-.5", "1 1:2 a digit is missing"),
		BAD("1e", "2 1:3 a digit is missing"),
		BAD("1e+", "3 1:4 a digit is missing"),
		BAD("1e+-1", "3 1:4 a digit is missing"),
		BAD("1e1.5", "3 1:4 something follows after the end"),
		BAD("1.5.5", "3 1:4 something follows after the end"),
		BAD("1e1e1", "3 1:4 something follows after the end"),
		BAD("0x10", "1 1:2 something follows after the end"),
		BAD("1_000", "1 1:2 something follows after the end"),
		BAD("[ 1e309 ]", "2 1:3 a number is larger than any double"),
		BAD("[-1.8e308]", "1 1:2 a number is larger than any double"),
		BAD("\"", "1 1:2 the text ends within quotes"),
		BAD("\"abc", "4 1:5 the text ends within quotes"),
		BAD("\"\\", "2 1:3 the text ends within quotes"),
		BAD("[\"a\nb\"]",
		    "3 1:4 in a text, a control character must be written as an escape"),
		BAD("\"\t\"", "1 1:2 in a text, a control character must be written as an escape"),
		BAD("\"\0\"", "1 1:2 in a text, a control character must be written as an escape"),
		BAD("\"a sixteen bytes run \x1f\"",
		    "21 1:22 in a text, a control character must be written as an escape"),
		BAD("\"\\x\"", "2 1:3 this character can not follow a backslash"),
		BAD("\"\\'\"", "2 1:3 this character can not follow a backslash"),
		BAD("\"\\\0\"", "2 1:3 this character can not follow a backslash"),
		BAD("\"\\\xc3\xa9\"", "2 1:3 this character can not follow a backslash"),
		BAD("\"\\U0041\"", "2 1:3 this character can not follow a backslash"),
		BAD("\"\\u12\"", "5 1:6 \\u needs four hexadecimal digits"),
		BAD("\"\\u12g4\"", "5 1:6 \\u needs four hexadecimal digits"),
		BAD("\"\\u-123\"", "3 1:4 \\u needs four hexadecimal digits"),
		BAD("\"\\u@000\"", "3 1:4 \\u needs four hexadecimal digits"),
		BAD("\"\\u`000\"", "3 1:4 \\u needs four hexadecimal digits"),
		BAD("\"\\ud800\"", "7 1:8 " HALF),
		BAD("\"\\ud800x\"", "7 1:8 " HALF),
		BAD("\"\\ud800\\n\"", "8 1:9 " HALF),
		BAD("\"\\ud800\\u0041\"", "12 1:13 " HALF),
		BAD("\"\\ud800\\ud800\"", "12 1:13 " HALF),
		BAD("\"\\udc00\"", "6 1:7 " HALF),
		BAD("\"\\ud83d\\ude00\\ude00\"", "18 1:19 " HALF),
		BAD("{\"\\udfaa\":0}", "7 1:8 " HALF),
		BAD("\"\xff\"", "1 1:2 " UTF8),
		BAD("\"\x80\"", "1 1:2 " UTF8),
		BAD("\"\xc0\xaf\"", "1 1:2 " UTF8),
		BAD("\"\xc1\xbf\"", "1 1:2 " UTF8),
		BAD("\"\xc3\"", "2 1:3 " UTF8),
		BAD("\"\xc3\x28\"", "2 1:3 " UTF8),
		BAD("\"\xe0\x9f\xbf\"", "2 1:3 " UTF8),
		BAD("\"\xe2\x82\"", "3 1:4 " UTF8),
		BAD("\"\xed\xa0\x80\"", "2 1:3 " UTF8),
		BAD("\"\xf0\x8f\xbf\xbf\"", "2 1:3 " UTF8),
		BAD("\"\xf0\x9f\x98\"", "4 1:5 " UTF8),
		BAD("\"\xf4\x90\x80\x80\"", "2 1:3 " UTF8),
		BAD("\"\xf5\x80\x80\x80\"", "1 1:2 " UTF8),
		BAD("{\n\t\"a\": [1, 2,\r\n  3 4]\n}", "20 3:5 a comma or ] is missing"),
	};

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(cases); i++) {
		pat_cleanup(trace_done) struct trace trace = { 0 };
		int r = scan_any_way(cases[i].text, cases[i].len, &trace);
		const char *fault = fault_of(&trace);

		if (r != PAT_SCAN_E_MALFORMED || strlen(fault) != strlen(cases[i].fault) + 1 ||
		    strncmp(fault, cases[i].fault, strlen(cases[i].fault)) != 0)
			fail_msg("case %zu, %s: %d, %s", i, cases[i].text, r, fault);
	}
}

static void depth_ends_at_its_maximum(void **state)
{
	char text[2 * (PAT_SCAN_DEPTH_MAX + 1)];

	(void)state;
	for (size_t depth = PAT_SCAN_DEPTH_MAX - 1; depth <= PAT_SCAN_DEPTH_MAX + 1; depth++) {
		pat_cleanup(trace_done) struct trace trace = { 0 };

		memset(text, '[', depth);
		memset(text + depth, ']', depth);
		int r = scan_in_pieces(text, 2 * depth, WHOLE, WHOLE, &trace);
		assert_int_equal(r, depth <= PAT_SCAN_DEPTH_MAX ? 0 : PAT_SCAN_E_MALFORMED);
	}
}

/* Which bracket closes is known at every level, also where the words of 64 bits meet. */
static void objects_and_arrays_close_in_their_order(void **state)
{
	pat_cleanup(pat_buf_done) struct pat_buf text = { 0 };

	(void)state;
	pat_buf_init(&text, 1 << 16);
	for (unsigned level = 0; level < 300; level++)
		assert_int_equal(pat_buf_add_str(&text, level % 3 == 0 ? "[" : "{\"\":"), 0);
	assert_int_equal(pat_buf_add_str(&text, "0"), 0);
	for (unsigned level = 300; level-- > 0;)
		assert_int_equal(pat_buf_add_str(&text, level % 3 == 0 ? "]" : "}"), 0);
	for (size_t wrong = text.len - 300; wrong <= text.len; wrong++) {
		pat_cleanup(trace_done) struct trace trace = { 0 };

		if (wrong < text.len)
			text.data[wrong] ^= ']' ^ '}';
		int r = scan_in_pieces(text.data, text.len, 100, 100, &trace);
		assert_int_equal(r, wrong < text.len ? PAT_SCAN_E_MALFORMED : 0);
		if (wrong < text.len)
			text.data[wrong] ^= ']' ^ '}';
	}
}

/* A text of `len` bytes, one of them written as an escape if asked for. */
static void long_text(struct pat_buf *out, size_t len, bool escape, const char *quote)
{
	pat_buf_clear(out);
	assert_int_equal(pat_buf_add_str(out, quote), 0);
	if (escape)
		assert_int_equal(pat_buf_add_str(out, "\\u0031"), 0);
	for (size_t i = escape; i < len; i++)
		assert_int_equal(pat_buf_add_str(out, "1"), 0);
	assert_int_equal(pat_buf_add_str(out, quote), 0);
}

static void long_texts_are_cut(void **state)
{
	pat_cleanup(pat_buf_done) struct pat_buf text = { 0 };

	(void)state;
	pat_buf_init(&text, 2 * PAT_SCAN_TEXT_MAX);
	for (int escape = 0; escape < 2; escape++)
		for (size_t len = PAT_SCAN_TEXT_MAX - 1; len <= PAT_SCAN_TEXT_MAX + 1; len++) {
			pat_cleanup(trace_done) struct trace trace = { 0 };
			bool cut = len > PAT_SCAN_TEXT_MAX;

			long_text(&text, len, escape, "\"");
			assert_int_equal(scan_any_way(text.data, text.len, &trace), 0);
			const char *told = strrchr(trace.out.data, ' ');
			assert_int_equal(strcmp(told, " cut\n") == 0, cut);
			assert_int_equal(strspn(strstr(trace.out.data, " 0 ") + 3, "1"),
			                 cut ? PAT_SCAN_TEXT_MAX : len);
		}
}

static void long_numbers_are_refused(void **state)
{
	static const struct {
		size_t digits;
		const char *behind;
		const char *fault; /* NULL: accepted */
	} cases[] = {
		{ 1, ".5e3", NULL },
		{ 308, "", NULL },
		{ 309, "", NULL },
		{ 310, "", "larger" },
		{ 308, "e0", NULL },
		{ 300, "e8", NULL },
		{ 301, "e9", "larger" },
		{ 400, "e-200", NULL },
		{ PAT_SCAN_TEXT_MAX - 6, "e-1000", NULL },
		{ PAT_SCAN_TEXT_MAX - 5, "e-1000", "longer" },
		{ PAT_SCAN_TEXT_MAX + 1, "", "longer" },
	};
	pat_cleanup(pat_buf_done) struct pat_buf text = { 0 };

	(void)state;
	pat_buf_init(&text, 2 * PAT_SCAN_TEXT_MAX);
	for (size_t i = 0; i < PAT_ARRAY_LEN(cases); i++) {
		pat_cleanup(trace_done) struct trace trace = { 0 };

		long_text(&text, cases[i].digits, false, "");
		assert_int_equal(pat_buf_add_str(&text, cases[i].behind), 0);
		int r = scan_any_way(text.data, text.len, &trace);
		if (r != (cases[i].fault ? PAT_SCAN_E_MALFORMED : 0) ||
		    (cases[i].fault && !strstr(trace.out.data, cases[i].fault)))
			fail_msg("case %zu: %d, %s", i, r, trace.out.data);
	}
}

static void what_the_caller_returns_ends_the_scan(void **state)
{
	static const char text[] = "[1,{\"a\":true}] x";

	(void)state;
	for (int n = 1; n <= 7; n++) {
		pat_cleanup(trace_done) struct trace trace = { .stop_after = n };
		struct pat_scan scan;

		pat_buf_init(&trace.out, TRACE_BYTES_MAX);
		pat_scan_init(&scan, trace_token, &trace);
		assert_int_equal(pat_scan_feed(&scan, text, sizeof(text) - 1), 7);
		assert_int_equal(trace.n, n);
		/* And stays what it was. */
		assert_int_equal(pat_scan_feed(&scan, text, sizeof(text) - 1), 7);
		assert_int_equal(pat_scan_finish(&scan), 7);
		assert_int_equal(trace.n, n);
	}
}

static int where_token(void *arg, const struct pat_scan_token *t)
{
	const struct pat_scan *scan = *(const struct pat_scan **)arg;
	uint64_t line = 0;
	uint64_t column = 0;

	pat_scan_where(scan, t, &line, &column);
	/* The numbers of the text say where they are. */
	if (t->kind == PAT_SCAN_NUMBER)
		assert_int_equal(line * 100 + column, strtoul(t->text, NULL, 10));
	return 0;
}

static void tokens_know_their_line(void **state)
{
	static const char text[] = "[102,\n201\n ,\r\n\t402,406,\n\n\n  703 ]";

	(void)state;
	for (size_t piece = 1; piece <= sizeof(text); piece++) {
		struct pat_scan scan;
		const struct pat_scan *arg = &scan;
		int r = 0;

		pat_scan_init(&scan, where_token, &arg);
		for (size_t at = 0; at < sizeof(text) - 1 && r == 0; at += piece)
			r = pat_scan_feed(&scan, text + at,
			                  at + piece < sizeof(text) ? piece
			                                            : sizeof(text) - 1 - at);
		assert_int_equal(r, 0);
		assert_int_equal(pat_scan_finish(&scan), 0);
	}
}

/* ---- Random texts, against jansson. */

static uint64_t random_state = 1;

static uint32_t any(uint32_t below)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(random_state >> 33) % below;
}

static void add_space(struct pat_buf *out)
{
	static const char *const spaces[] = { "",   "",   "",       " ",
		                              "\n", "\t", "\r\n  ", "                  " };

	(void)pat_buf_add_str(out, spaces[any(PAT_ARRAY_LEN(spaces))]);
}

static void add_text(struct pat_buf *out)
{
	static const char *const parts[] = { "a",
		                             "id",
		                             "\\n",
		                             "\\u00e9",
		                             "\\ud83d\\ude00",
		                             "\u00e9",
		                             "\u20ac",
		                             "\\\"",
		                             "/",
		                             "\U0001f600",
		                             "some words",
		                             "\\\\",
		                             "\\u0041",
		                             "a longer run of plain characters" };

	(void)pat_buf_add_str(out, "\"");
	for (uint32_t n = any(5); n > 0; n--)
		(void)pat_buf_add_str(out, parts[any(PAT_ARRAY_LEN(parts))]);
	(void)pat_buf_add_str(out, "\"");
}

static void add_scalar(struct pat_buf *out)
{
	static const char *const scalars[] = { "0",
		                               "-0",
		                               "1",
		                               "-12.5",
		                               "1e5",
		                               "2E-3",
		                               "null",
		                               "true",
		                               "false",
		                               "1e400",
		                               "12345678901234567890",
		                               "0.1",
		                               "-1e+2",
		                               "5e-324",
		                               "1.7976931348623157e308" };

	if (any(3) == 0)
		add_text(out);
	else
		(void)pat_buf_add_str(out, scalars[any(PAT_ARRAY_LEN(scalars))]);
}

static void add_value(struct pat_buf *out, unsigned depth)
{
	bool object = any(2);

	add_space(out);
	if (depth == 0 || any(3) == 0) {
		add_scalar(out);
	} else {
		(void)pat_buf_add_str(out, object ? "{" : "[");
		for (uint32_t n = any(4), i = 0; i < n; i++) {
			if (i > 0)
				(void)pat_buf_add_str(out, ",");
			add_space(out);
			if (object) {
				add_text(out);
				add_space(out);
				(void)pat_buf_add_str(out, ":");
			}
			add_value(out, depth - 1);
		}
		add_space(out);
		(void)pat_buf_add_str(out, object ? "}" : "]");
	}
	add_space(out);
}

/* Puts a text in order again from its tokens. */
struct rewriter {
	struct pat_buf out;
	bool comma;
};

static int rewrite_token(void *arg, const struct pat_scan_token *t)
{
	static const char *const words[] = {
		[PAT_SCAN_OBJECT] = "{",    [PAT_SCAN_OBJECT_END] = "}", [PAT_SCAN_ARRAY] = "[",
		[PAT_SCAN_ARRAY_END] = "]", [PAT_SCAN_TRUE] = "true",    [PAT_SCAN_FALSE] = "false",
		[PAT_SCAN_NULL] = "null",
	};
	struct rewriter *w = arg;
	bool is_end = t->kind == PAT_SCAN_OBJECT_END || t->kind == PAT_SCAN_ARRAY_END;
	bool is_begin = t->kind == PAT_SCAN_OBJECT || t->kind == PAT_SCAN_ARRAY;

	if (w->comma && !is_end)
		(void)pat_buf_add_str(&w->out, ",");
	w->comma = !is_begin && t->kind != PAT_SCAN_KEY;
	if (t->kind == PAT_SCAN_NUMBER)
		return pat_buf_add(&w->out, t->text, t->text_len);
	if (t->kind != PAT_SCAN_KEY && t->kind != PAT_SCAN_STRING)
		return pat_buf_add_str(&w->out, words[t->kind]);
	(void)pat_buf_add_str(&w->out, "\"");
	(void)pat_buf_add_json(&w->out, t->text, t->text_len);
	return pat_buf_add_str(&w->out, t->kind == PAT_SCAN_KEY ? "\":" : "\"");
}

static json_t *load(const char *text, size_t len)
{
	return json_loadb(text, len, JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL,
	                  NULL);
}

/* Scans in random pieces; NULL when it is refused. */
static json_t *rescan(const char *text, size_t len)
{
	struct rewriter w = { 0 };
	struct pat_scan scan;
	json_t *value = NULL;
	int r = 0;

	pat_buf_init(&w.out, TRACE_BYTES_MAX);
	pat_scan_init(&scan, rewrite_token, &w);
	for (size_t at = 0, piece = 0; at < len && r == 0; at += piece) {
		piece = 1 + any(40);
		if (piece > len - at)
			piece = len - at;
		r = feed_copy(&scan, text + at, piece);
	}
	if (r == 0)
		r = pat_scan_finish(&scan);
	assert_true(r == 0 || r == PAT_SCAN_E_MALFORMED);
	if (r == 0) {
		value = load(w.out.data, w.out.len);
		assert_non_null(value);
	}
	pat_buf_done(&w.out);
	return value;
}

/* Where the two differ on purpose: jansson refuses NUL in keys, and overlooks a NUL after a number. */
static bool differs(const struct pat_buf *text)
{
	return memchr(text->data, '\0', text->len) || strstr(text->data, "\\u0000");
}

static void random_texts_mean_what_jansson_reads(void **state)
{
	unsigned accepted = 0;
	unsigned refused = 0;

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		pat_cleanup(pat_buf_done) struct pat_buf text = { 0 };

		pat_buf_init(&text, TRACE_BYTES_MAX);
		add_value(&text, 4);
		for (uint32_t n = any(3); n > 0; n--)
			text.data[any((uint32_t)text.len)] = (char)any(256);
		if (differs(&text))
			continue;
		json_t *meant = load(text.data, text.len);
		json_t *got = rescan(text.data, text.len);
		if (!meant != !got || (got && !json_equal(meant, got)))
			fail_msg("%s: jansson %s, we %s", text.data, meant ? "reads" : "refuses",
			         got ? "read" : "refuse");
		*(got ? &accepted : &refused) += 1;
		json_decref(meant);
		json_decref(got);
	}
	assert_true(accepted > 5000);
	assert_true(refused > 5000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tokens_are_told),
		cmocka_unit_test(what_is_no_json_is_refused_where_it_is_wrong),
		cmocka_unit_test(depth_ends_at_its_maximum),
		cmocka_unit_test(objects_and_arrays_close_in_their_order),
		cmocka_unit_test(long_texts_are_cut),
		cmocka_unit_test(long_numbers_are_refused),
		cmocka_unit_test(what_the_caller_returns_ends_the_scan),
		cmocka_unit_test(tokens_know_their_line),
		cmocka_unit_test(random_texts_mean_what_jansson_reads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
