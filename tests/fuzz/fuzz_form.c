/* SPDX-License-Identifier: Apache-2.0
 *
 * Forms: what is read is in the body, encodes back to the same, and stays within the room that was given.
 */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "web/form.h"

#define ROOM_MAX 64

/* The value as every byte escaped; reading that again gives the same. */
static void check_encoded(const char *value, size_t len)
{
	static const char digits[] = "0123456789aBcDeF";
	char body[sizeof("x=1&token=") + 3 * ROOM_MAX] = "x=1&token=";
	char again[ROOM_MAX];
	size_t at = strlen(body);
	size_t again_len = 0;

	for (size_t i = 0; i < len; i++) {
		body[at++] = '%';
		body[at++] = digits[(unsigned char)value[i] >> 4];
		body[at++] = digits[(unsigned char)value[i] & 15];
	}
	/* An encoded value needs three times its room. */
	int r = pat_form_get(body, at, "token", again, sizeof(again), &again_len);
	if (3 * len >= sizeof(again)) {
		pat_assert(r == PAT_FORM_E_TOO_LONG);
		return;
	}
	pat_assert(r == 0 && again_len == len && memcmp(again, value, len) == 0);
}

static bool check(const char *body, size_t len, size_t room)
{
	char *value = malloc(room);
	size_t value_len = 0;

	pat_assert(value);
	int r = pat_form_get(body, len, "token", value, room, &value_len);
	if (r == 0) {
		pat_assert(value_len < room && value[value_len] == '\0');
		pat_assert(strlen(value) == value_len);
		check_encoded(value, value_len);
	}
	free(value);
	return r == 0;
}

bool pat_fuzz_accepts(const uint8_t *data, size_t size)
{
	char *body = malloc(size > 0 ? size : 1);

	/* A copy that ends where the body does, so that reading on is seen. */
	pat_assert(body);
	memcpy(body, data, size);
	(void)check(body, size, 1);
	(void)check(body, size, 7);
	bool accepted = check(body, size, ROOM_MAX);
	free(body);
	return accepted;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	(void)pat_fuzz_accepts(data, size);
	return 0;
}
