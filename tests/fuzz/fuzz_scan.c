/* SPDX-License-Identifier: Apache-2.0
 *
 * The scanner: how a text is cut into pieces makes no difference, and it accepts what jansson does, except for what either
 * is known to see differently.
 */
#include "tests/fuzz/fuzz.h"

#include <jansson.h>
#include <string.h>

#include "base/crc32.h"
#include "base/scan.h"

/* What was told, as numbers that change with everything in it. */
struct told {
	uint64_t tokens;
	uint64_t end; /* of the token before */
	unsigned depth;
	uint32_t sum;
	bool nul_in_key;
};

static void add(struct told *told, const void *bytes, size_t len)
{
	told->sum = told->sum * 31 + pat_crc32(bytes, len);
}

static int tell(void *arg, const struct pat_scan_token *t)
{
	struct told *told = arg;

	pat_assert(t->begin >= told->end);
	pat_assert(t->end > t->begin);
	pat_assert(t->text_len <= PAT_SCAN_TEXT_MAX);
	if (t->kind == PAT_SCAN_OBJECT_END || t->kind == PAT_SCAN_ARRAY_END)
		told->depth--;
	pat_assert(t->depth == told->depth);
	if (t->kind == PAT_SCAN_OBJECT || t->kind == PAT_SCAN_ARRAY)
		told->depth++;
	if (t->kind == PAT_SCAN_KEY && memchr(t->text, '\0', t->text_len))
		told->nul_in_key = true;
	told->end = t->end;
	told->tokens++;
	add(told, &(uint64_t[]){ t->kind, t->begin, t->end, t->cut }, 4 * sizeof(uint64_t));
	add(told, t->text, t->text_len);
	return 0;
}

static int scan_in_pieces(const uint8_t *data, size_t size, size_t piece, struct told *told,
                          struct pat_scan_fault *fault)
{
	struct pat_scan scan;
	int r = 0;

	pat_scan_init(&scan, tell, told);
	for (size_t at = 0; at < size && r == 0; at += piece)
		r = pat_scan_feed(&scan, data + at, piece < size - at ? piece : size - at);
	if (r == 0)
		r = pat_scan_finish(&scan);
	pat_assert(r == 0 || r == PAT_SCAN_E_MALFORMED);
	*fault = scan.fault;
	return r;
}

static void check_pieces(const uint8_t *data, size_t size, int result, const struct told *told,
                         const struct pat_scan_fault *fault)
{
	for (size_t piece = 1; piece < 40; piece += 13) {
		struct told again = { 0 };
		struct pat_scan_fault other;

		pat_assert(scan_in_pieces(data, size, piece, &again, &other) == result);
		pat_assert(again.tokens == told->tokens);
		pat_assert(again.sum == told->sum);
		pat_assert(other.what == fault->what);
		pat_assert(other.at == fault->at);
		pat_assert(other.line == fault->line);
		pat_assert(other.column == fault->column);
	}
}

/* jansson refuses NUL in keys, and overlooks one after a number; it has no limit to a number's length. */
static void check_jansson(const uint8_t *data, size_t size, bool accepted, const struct told *told,
                          const struct pat_scan_fault *fault)
{
	if (memchr(data, '\0', size) || told->nul_in_key ||
	    (fault->what && strstr(fault->what, "1024")))
		return;
	json_t *value =
		json_loadb((const char *)data, size,
	                   JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, NULL);
	pat_assert((value != NULL) == accepted);
	json_decref(value);
}

bool pat_fuzz_accepts(const uint8_t *data, size_t size)
{
	struct told told = { 0 };
	struct pat_scan_fault fault;

	int r = scan_in_pieces(data, size, size + 1, &told, &fault);
	pat_assert(r == 0 || fault.at <= size);
	check_pieces(data, size, r, &told, &fault);
	check_jansson(data, size, r == 0, &told, &fault);
	return r == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	(void)pat_fuzz_accepts(data, size);
	return 0;
}
