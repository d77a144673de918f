/* SPDX-License-Identifier: Apache-2.0
 *
 * Which images a document's fills refer to, and which of them it has not got. The text is searched for the member's name: a
 * document is strict JSON, in which no string has a quotation mark that is not escaped, so what is found with its quotation
 * marks around it is the name of a member, or a string that is followed by no colon.
 */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "base/crypto.h"
#include "files/document.h"
#include "files/fill.h"

#define WINDOW_BYTES (128u << 10)
#define MEMBER       "\"imageRef\""
#define MEMBER_BYTES (sizeof(MEMBER) - 1)
/* The member, its reference, and some white space between: windows overlap by so much. */
#define REACH_BYTES 256
#define SHA1_BYTES  20
#define SLOTS       (2 * PAT_FILES_REFS_MAX)

/* References, each once: open addressing. A document may name whatever it likes, so the names are hashed under a key that nobody
 * knows beforehand. */
struct refs {
	uint8_t key[crypto_shorthash_KEYBYTES];
	uint8_t names[SLOTS][SHA1_BYTES];
	bool used[SLOTS];
	unsigned n;
};

static void add(struct refs *refs, const uint8_t name[static SHA1_BYTES])
{
	uint64_t hash = 0;

	(void)crypto_shorthash((uint8_t *)&hash, name, SHA1_BYTES, refs->key);
	size_t slot = (size_t)(hash % SLOTS);
	while (refs->used[slot]) {
		if (memcmp(refs->names[slot], name, SHA1_BYTES) == 0)
			return;
		slot = (slot + 1) % SLOTS;
	}
	if (refs->n == PAT_FILES_REFS_MAX)
		return;
	refs->used[slot] = true;
	memcpy(refs->names[slot], name, SHA1_BYTES); /* UNSAFE: both are a SHA-1 */
	refs->n++;
}

static const char *skip_space(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r'))
		at++;
	return at;
}

/* Behind the member's name: a colon, and a string that is a SHA-1. */
static bool read_value(const char *at, const char *end, uint8_t name[static SHA1_BYTES])
{
	at = skip_space(at, end);
	if (at == end || *at != ':')
		return false;
	at = skip_space(at + 1, end);
	if (end - at < PAT_FILES_REF_CHARS + 2 || *at != '"' || at[PAT_FILES_REF_CHARS + 1] != '"')
		return false;
	return pat_hex_decode(at + 1, PAT_FILES_REF_CHARS, name, SHA1_BYTES) == 0;
}

static void search(struct refs *refs, const char *at, const char *end)
{
	uint8_t name[SHA1_BYTES];

	while ((at = memmem(at, (size_t)(end - at), MEMBER, MEMBER_BYTES)) != NULL) {
		at += MEMBER_BYTES;
		if (read_value(at, end, name))
			add(refs, name);
	}
}

/* What lies across the end of a window is found again, or first, in the next one. */
static int collect(struct pat_files_document *document, char *window, struct refs *refs)
{
	const struct pat_text *text = pat_files_document_text(document);
	uint32_t bytes = document->outline.text_bytes;
	uint32_t at = 0;

	while (at < bytes) {
		uint32_t len = bytes - at < WINDOW_BYTES ? bytes - at : WINDOW_BYTES;

		int r = text->read(text->arg, at, window, len);
		if (r != 0)
			return r;
		search(refs, window, window + len);
		if (at + len == bytes)
			break;
		at += len - REACH_BYTES;
	}
	return 0;
}

static int has(struct pat_lite_conn *conn, int64_t file, const char *ref)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q =
		pat_lite_query(conn, "SELECT 1 FROM fill WHERE file = ?1 AND ref = ?2");

	pat_lite_bind_i64(&q, 1, file);
	pat_lite_bind_text(&q, 2, ref, PAT_FILES_REF_CHARS);
	return pat_lite_step(&q);
}

static int tell(struct pat_files_document *document, const struct refs *refs, pat_files_ref_fn *fn,
                void *arg)
{
	pat_cleanup(pat_lite_reader_done) struct pat_lite_reader look = { 0 };
	char ref[PAT_FILES_REF_CHARS + 1];

	int r = pat_files_look(document->files, &look);
	for (size_t slot = 0; r == 0 && slot < SLOTS; slot++) {
		if (!refs->used[slot])
			continue;
		pat_hex_encode(refs->names[slot], SHA1_BYTES, ref);
		r = has(look.conn, document->file, ref);
		r = r == 0 ? fn(arg, ref) : r > 0 ? 0 : r;
	}
	return r;
}

int pat_files_document_missing(struct pat_files_document *document, pat_files_ref_fn *fn, void *arg)
{
	struct refs *refs = calloc(1, sizeof(*refs));
	char *window = malloc(WINDOW_BYTES);
	int r = -ENOMEM;

	if (refs && window)
		r = pat_random(refs->key, sizeof(refs->key));
	if (r == 0)
		r = collect(document, window, refs);
	if (r == 0)
		r = tell(document, refs, fn, arg);
	free(window);
	free(refs);
	return r;
}
