/* SPDX-License-Identifier: Apache-2.0
 *
 * What projects and files are called, and the keys that stand for files in addresses.
 */
#include <string.h>

#include "base/codec.h"
#include "base/crypto.h"
#include "base/text.h"
#include "files/db.h"

#define KEY_BYTES 16

int pat_files_name_check(const char *name, char out[static PAT_FILES_NAME_BYTES_MAX + 1])
{
	switch (pat_text_label(name, PAT_FILES_NAME_CHARS_MAX, out, PAT_FILES_NAME_BYTES_MAX + 1)) {
	case 0:
		return 0;
	case PAT_TEXT_E_EMPTY:
		return PAT_FILES_E_NAME_REQUIRED;
	case PAT_TEXT_E_TOO_LONG:
		return PAT_FILES_E_NAME_TOO_LONG;
	default:
		return PAT_FILES_E_NAME_BAD_CHARACTERS;
	}
}

int pat_files_key_make(char out[static PAT_FILES_KEY_CHARS + 1])
{
	uint8_t bits[KEY_BYTES];

	int r = pat_random(bits, sizeof(bits));
	if (r < 0)
		return r;
	pat_assert(pat_base62_chars(sizeof(bits)) == PAT_FILES_KEY_CHARS);
	pat_base62_encode(bits, sizeof(bits), out);
	out[PAT_FILES_KEY_CHARS] = '\0';
	return 0;
}

bool pat_files_key_is(const char *key)
{
	return strlen(key) == PAT_FILES_KEY_CHARS && pat_base62_is(key, PAT_FILES_KEY_CHARS);
}
