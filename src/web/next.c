/* SPDX-License-Identifier: Apache-2.0
 *
 * The check of ?next=. It is judged after decoding, as the browser will see it.
 */
#include "web/next.h"

#include <string.h>

bool pat_next_ok(const char *text)
{
	size_t i = 0;

	for (; text[i] != '\0'; i++)
		if (text[i] <= 0x20 || text[i] >= 0x7f || text[i] == '\\' ||
		    i == PAT_NEXT_BYTES_MAX)
			return false;
	return text[0] == '/' && text[1] != '/';
}

void pat_next_get(const struct pat_request *request, char out[static PAT_NEXT_BYTES_MAX + 1])
{
	if (pat_request_query(request, "next", out, PAT_NEXT_BYTES_MAX + 1) == 1 &&
	    pat_next_ok(out))
		return;
	out[0] = '/';
	out[1] = '\0';
}
