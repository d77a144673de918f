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

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       strchr("-._~/", c);
}

static void add_encoded(struct pat_buf *out, const char *text)
{
	for (; *text != '\0'; text++)
		(void)pat_buf_addf(out, is_plain(*text) ? "%c" : "%%%02X", (unsigned char)*text);
}

void pat_next_add(const struct pat_request *request, struct pat_buf *out)
{
	pat_cleanup(pat_buf_done) struct pat_buf target = { 0 };

	pat_buf_init(&target, PAT_NEXT_BYTES_MAX);
	(void)pat_buf_addf(&target, "%s?%s", request->path, request->query);
	bool whole = request->query[0] != '\0' && pat_buf_error(&target) == 0 &&
	             pat_next_ok(pat_buf_str(&target));
	add_encoded(out, whole ? pat_buf_str(&target) : request->path);
}

void pat_next_get(const struct pat_request *request, char out[static PAT_NEXT_BYTES_MAX + 1])
{
	if (pat_request_query(request, "next", out, PAT_NEXT_BYTES_MAX + 1) == 1 &&
	    pat_next_ok(out))
		return;
	out[0] = '/';
	out[1] = '\0';
}
