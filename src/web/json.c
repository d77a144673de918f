/* SPDX-License-Identifier: Apache-2.0
 *
 * The strict decoder, the object reader and the writer. jansson's own limit of depth is 2048 and
 * recursive, so depth is counted before it sees the bytes.
 */
#include "web/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

/* ---- Memory that is wiped: the size stands before each block, kept aligned for any type. */

#define BLOCK_HEAD_BYTES 16

static void *wiping_malloc(size_t bytes)
{
	if (bytes > SIZE_MAX - BLOCK_HEAD_BYTES)
		return NULL;
	char *block = malloc(BLOCK_HEAD_BYTES + bytes);
	if (!block)
		return NULL;
	*(size_t *)(void *)block = bytes; /* UNSAFE: the head of our own block */
	return block + BLOCK_HEAD_BYTES;
}

static void wiping_free(void *memory)
{
	if (!memory)
		return;
	char *block = (char *)memory - BLOCK_HEAD_BYTES; /* UNSAFE: as wiping_malloc made it */
	explicit_bzero(memory, *(size_t *)(void *)block);
	free(block);
}

void pat_json_init(void)
{
	json_set_alloc_funcs(wiping_malloc, wiping_free);
}

/* ---- Decoding. */

/* Counts brackets outside of strings; whether they match is jansson's business. */
static bool depth_ok(const char *bytes, size_t len)
{
	size_t depth = 0;
	bool in_string = false;

	for (size_t i = 0; i < len; i++) {
		char c = bytes[i];

		if (in_string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				in_string = false;
		} else if (c == '"') {
			in_string = true;
		} else if (c == '[' || c == '{') {
			if (++depth > PAT_JSON_DEPTH_MAX)
				return false;
		} else if ((c == ']' || c == '}') && depth > 0) {
			depth--;
		}
	}
	return true;
}

int pat_json_decode(const char *bytes, size_t len, json_t **ret)
{
	json_error_t error;

	/* jansson 2.14 overlooks a NUL that follows a number. */
	if (memchr(bytes, '\0', len) || !depth_ok(bytes, len))
		return PAT_JSON_E_MALFORMED;
	json_t *value = json_loadb(
		bytes, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
	if (!value) {
		int r = json_error_code(&error) == json_error_out_of_memory ? -ENOMEM
		                                                            : PAT_JSON_E_MALFORMED;

		explicit_bzero(&error, sizeof(error)); /* It quotes what it could not read. */
		return r;
	}
	*ret = value;
	return 0;
}

char *pat_json_encode(const json_t *value)
{
	return json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
}

void pat_json_free(char *text)
{
	wiping_free(text);
}

void pat_json_decrefp(json_t **value)
{
	json_decref(*value);
	*value = NULL;
}

/* ---- The object reader. */

static struct pat_json_field *find_field(struct pat_json_field *fields, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(fields[i].name, name) == 0)
			return &fields[i];
	return NULL;
}

static int read_text(struct pat_json_field *field, const json_t *value)
{
	if (!json_is_string(value))
		return PAT_JSON_E_WRONG_TYPE;
	field->text = json_string_value(value);
	field->len = json_string_length(value);
	if (field->type == PAT_JSON_TEXT && memchr(field->text, '\0', field->len))
		return PAT_JSON_E_NUL;
	return 0;
}

static int read_texts(struct pat_json_field *field, json_t *value)
{
	if (!json_is_array(value))
		return PAT_JSON_E_WRONG_TYPE;
	for (size_t i = 0; i < json_array_size(value); i++) {
		json_t *item = json_array_get(value, i);

		if (!json_is_string(item))
			return PAT_JSON_E_WRONG_TYPE;
		if (memchr(json_string_value(item), '\0', json_string_length(item)))
			return PAT_JSON_E_NUL;
	}
	field->list = value;
	return 0;
}

static int read_objects(struct pat_json_field *field, json_t *value)
{
	if (!json_is_array(value))
		return PAT_JSON_E_WRONG_TYPE;
	for (size_t i = 0; i < json_array_size(value); i++)
		if (!json_is_object(json_array_get(value, i)))
			return PAT_JSON_E_WRONG_TYPE;
	field->list = value;
	return 0;
}

static int read_field(struct pat_json_field *field, json_t *value)
{
	field->present = true;
	if (json_is_null(value) && (field->flags & PAT_JSON_NULLABLE)) {
		field->is_null = true;
		return 0;
	}
	switch (field->type) {
	case PAT_JSON_TEXT:
	case PAT_JSON_PASSWORD:
		return read_text(field, value);
	case PAT_JSON_TEXTS:
		return read_texts(field, value);
	case PAT_JSON_BOOL:
		field->flag = json_is_true(value);
		return json_is_boolean(value) ? 0 : PAT_JSON_E_WRONG_TYPE;
	case PAT_JSON_INTEGER:
		field->number = json_integer_value(value);
		return json_is_integer(value) ? 0 : PAT_JSON_E_WRONG_TYPE;
	case PAT_JSON_OBJECT:
		field->value = value;
		return json_is_object(value) ? 0 : PAT_JSON_E_WRONG_TYPE;
	case PAT_JSON_OBJECTS:
		return read_objects(field, value);
	default:
		return PAT_JSON_E_WRONG_TYPE;
	}
}

/* Keeps as much of a name as fits; the client chose it. */
static void set_fault(char fault[static PAT_JSON_FIELD_BYTES_MAX + 1], const char *name)
{
	size_t len = strnlen(name, PAT_JSON_FIELD_BYTES_MAX);

	memcpy(fault, name, len); /* UNSAFE: len is bounded above */
	fault[len] = '\0';
}

int pat_json_read(json_t *value, struct pat_json_field *fields, size_t n,
                  char fault[static PAT_JSON_FIELD_BYTES_MAX + 1])
{
	const char *name = NULL;
	json_t *member = NULL;

	fault[0] = '\0';
	if (!json_is_object(value))
		return PAT_JSON_E_NOT_AN_OBJECT;
	json_object_foreach(value, name, member)
	{
		if (!find_field(fields, n, name)) {
			set_fault(fault, name);
			return PAT_JSON_E_UNKNOWN_FIELD;
		}
	}
	for (size_t i = 0; i < n; i++) {
		int r = 0;

		member = json_object_get(value, fields[i].name);
		if (member)
			r = read_field(&fields[i], member);
		else if (!(fields[i].flags & PAT_JSON_OPTIONAL))
			r = PAT_JSON_E_MISSING_FIELD;
		if (r != 0) {
			set_fault(fault, fields[i].name);
			return r;
		}
	}
	return 0;
}

/* ---- The writer. */

void pat_json_key(struct pat_json_writer *w, const char *key)
{
	if (w->comma)
		(void)pat_buf_add_str(w->out, ",");
	w->comma = true;
	if (key) {
		(void)pat_buf_add_str(w->out, "\"");
		(void)pat_buf_add_json(w->out, key, strlen(key));
		(void)pat_buf_add_str(w->out, "\":");
	}
}

void pat_json_open(struct pat_json_writer *w, const char *key, char bracket)
{
	pat_json_key(w, key);
	(void)pat_buf_add(w->out, &bracket, 1);
	w->comma = false;
}

void pat_json_close(struct pat_json_writer *w, char bracket)
{
	(void)pat_buf_add(w->out, &bracket, 1);
	w->comma = true;
}

void pat_json_text_n(struct pat_json_writer *w, const char *key, const char *text, size_t len)
{
	pat_json_key(w, key);
	(void)pat_buf_add_str(w->out, "\"");
	(void)pat_buf_add_json(w->out, text, len);
	(void)pat_buf_add_str(w->out, "\"");
}

void pat_json_text(struct pat_json_writer *w, const char *key, const char *text)
{
	if (text) {
		pat_json_text_n(w, key, text, strlen(text));
		return;
	}
	pat_json_key(w, key);
	(void)pat_buf_add_str(w->out, "null");
}

void pat_json_number(struct pat_json_writer *w, const char *key, int64_t number)
{
	pat_json_key(w, key);
	(void)pat_buf_addf(w->out, "%lld", (long long)number);
}

void pat_json_bool(struct pat_json_writer *w, const char *key, bool flag)
{
	pat_json_key(w, key);
	(void)pat_buf_add_str(w->out, flag ? "true" : "false");
}

void pat_json_id(struct pat_json_writer *w, const char *key, int64_t id)
{
	pat_json_key(w, key);
	(void)pat_buf_addf(w->out, "\"%lld\"", (long long)id);
}

void pat_json_time(struct pat_json_writer *w, const char *key, int64_t time_s)
{
	char text[PAT_TIME_TEXT_BYTES];

	pat_time_format(time_s, text);
	pat_json_text(w, key, text);
}
