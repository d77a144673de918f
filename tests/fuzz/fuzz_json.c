/* SPDX-License-Identifier: Apache-2.0
 *
 * The strict decoder, held against jansson's encoder and against our own writer: whatever is accepted
 * means the same after it was written and read again.
 */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "web/json.h"

#define REWRITE_BYTES_MAX (1 << 20)

/* Writes a value with our writer; false when it holds a real number, which the writer has not. */
static bool rewrite(struct pat_json_writer *w, const char *key, json_t *value)
{
	const char *name = NULL;
	json_t *member = NULL;
	bool whole = true;

	switch (json_typeof(value)) {
	case JSON_OBJECT:
		pat_json_open(w, key, '{');
		json_object_foreach(value, name, member) whole = rewrite(w, name, member) && whole;
		pat_json_close(w, '}');
		return whole;
	case JSON_ARRAY:
		pat_json_open(w, key, '[');
		for (size_t i = 0; i < json_array_size(value); i++)
			whole = rewrite(w, NULL, json_array_get(value, i)) && whole;
		pat_json_close(w, ']');
		return whole;
	case JSON_STRING:
		pat_json_text_n(w, key, json_string_value(value), json_string_length(value));
		return true;
	case JSON_INTEGER:
		pat_json_number(w, key, json_integer_value(value));
		return true;
	case JSON_TRUE:
	case JSON_FALSE:
		pat_json_bool(w, key, json_is_true(value));
		return true;
	case JSON_NULL:
		pat_json_text(w, key, NULL);
		return true;
	case JSON_REAL:
	default:
		return false;
	}
}

static void check_same(const char *text, size_t len, json_t *value)
{
	pat_cleanup(pat_json_decrefp) json_t *again = NULL;

	pat_assert(pat_json_decode(text, len, &again) == 0);
	pat_assert(json_equal(value, again));
}

static void check_jansson(json_t *value)
{
	pat_cleanup(pat_freep) char *space = malloc(REWRITE_BYTES_MAX);

	pat_assert(space != NULL);
	size_t len = json_dumpb(value, space, REWRITE_BYTES_MAX, JSON_ENCODE_ANY);
	pat_assert(len > 0);
	pat_assert(len <= REWRITE_BYTES_MAX);
	check_same(space, len, value);
}

static void check_writer(json_t *value)
{
	pat_cleanup(pat_buf_done) struct pat_buf out = { 0 };
	struct pat_json_writer w = { .out = &out };

	pat_buf_init(&out, REWRITE_BYTES_MAX);
	if (!rewrite(&w, NULL, value))
		return;
	pat_assert(pat_buf_error(&out) == 0);
	check_same(out.data, out.len, value);
}

static void check_reader(json_t *value)
{
	struct pat_json_field fields[] = {
		{ .name = "name", .type = PAT_JSON_TEXT },
		{ .name = "password", .type = PAT_JSON_PASSWORD, .flags = PAT_JSON_OPTIONAL },
		{ .name = "scopes", .type = PAT_JSON_TEXTS, .flags = PAT_JSON_OPTIONAL },
		{ .name = "expires_at",
		  .type = PAT_JSON_TEXT,
		  .flags = PAT_JSON_OPTIONAL | PAT_JSON_NULLABLE },
		{ .name = "days", .type = PAT_JSON_INTEGER, .flags = PAT_JSON_OPTIONAL },
	};
	char fault[PAT_JSON_FIELD_BYTES_MAX + 1];

	int r = pat_json_read(value, fields, PAT_ARRAY_LEN(fields), fault);
	pat_assert(r >= 0);
	pat_assert(strlen(fault) <= PAT_JSON_FIELD_BYTES_MAX);
	if (r == 0)
		pat_assert(strlen(fields[0].text) == fields[0].len);
}

bool pat_fuzz_accepts(const uint8_t *data, size_t size)
{
	pat_cleanup(pat_json_decrefp) json_t *value = NULL;

	int r = pat_json_decode((const char *)data, size, &value);
	pat_assert(r == 0 || r == PAT_JSON_E_MALFORMED);
	if (r != 0)
		return false;
	check_jansson(value);
	check_writer(value);
	check_reader(value);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool started;

	if (!started)
		pat_json_init();
	started = true;
	(void)pat_fuzz_accepts(data, size);
	return 0;
}
