/* SPDX-License-Identifier: Apache-2.0
 *
 * The SCGI parser, and everything that reads its parameters: request, query, cookie, next.
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "web/cookie.h"
#include "web/next.h"
#include "web/origin.h"
#include "web/scgi.h"

static void check_params(const struct pat_scgi *scgi, const char *bytes, size_t size)
{
	pat_assert(scgi->n_params >= 2);
	pat_assert(scgi->n_params <= PAT_SCGI_PARAMS_MAX);
	for (size_t i = 0; i < scgi->n_params; i++) {
		const struct pat_scgi_param *p = &scgi->params[i];

		pat_assert(p->name >= bytes);
		pat_assert(p->value + strlen(p->value) < bytes + size);
		pat_assert(*p->name != '\0');
		for (size_t j = 0; j < i; j++)
			pat_assert(strncmp(p->name, "HTTP_", 5) == 0 ||
			           strcmp(p->name, scgi->params[j].name) != 0);
	}
}

static void check_request(const struct pat_scgi *scgi)
{
	struct pat_request request;
	char next[PAT_NEXT_BYTES_MAX + 1];
	char value[40];
	const char *cookie = NULL;
	size_t len = 0;

	pat_request_init(&request, scgi, "https://pat.example");
	pat_assert(request.entry == PAT_ENTRY_PRODUCT || *request.user == '\0');
	pat_next_get(&request, next);
	pat_assert(pat_next_ok(next));
	int r = pat_request_query(&request, "limit", value, sizeof(value));
	pat_assert(r != 1 || strlen(value) < sizeof(value));
	if (pat_cookie_get(&request, &cookie, &len))
		pat_assert(len == 43);
	(void)pat_origin_ok(&request, "https://pat.example");
	(void)pat_request_is_json(&request);
}

bool pat_fuzz_accepts(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data;
	struct pat_scgi scgi;
	struct pat_scgi less;

	if (pat_scgi_parse(bytes, size, &scgi) != 0)
		return false;
	check_params(&scgi, bytes, size);
	pat_assert(scgi.body_len <= PAT_SCGI_BODY_BYTES_MAX);
	pat_assert(scgi.body + scgi.body_len == bytes + size);
	/* One request has one end: with less it is unfinished. */
	pat_assert(pat_scgi_parse(bytes, size - 1, &less) == PAT_SCGI_E_MORE);
	check_request(&scgi);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	(void)pat_fuzz_accepts(data, size);
	return 0;
}
