/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading follows RFC 6265 section 4.2.1 (pairs joined by "; "); what is not of that form is skipped.
 */
#include "web/cookie.h"

#include <string.h>

#include "base/codec.h"

static bool is_https(const struct pat_request *request)
{
	return strcmp(request->scheme, "https") == 0;
}

static const char *cookie_name(const struct pat_request *request)
{
	return is_https(request) ? "__Host-patd_session" : "patd_session";
}

/* Looks through one Cookie header; counts the cookies of that name. */
static size_t find_cookies(const char *header, const char *name, const char **ret, size_t *ret_len)
{
	size_t name_len = strlen(name);
	size_t found = 0;

	while (*header != '\0') {
		header += strspn(header, " \t;");
		size_t len = strcspn(header, ";");

		if (len > name_len && memcmp(header, name, name_len) == 0 &&
		    header[name_len] == '=') {
			*ret = header + name_len + 1;
			*ret_len = len - name_len - 1;
			found++;
		}
		header += len;
	}
	return found;
}

bool pat_cookie_get(const struct pat_request *request, const char **ret, size_t *ret_len)
{
	const struct pat_scgi *scgi = request->scgi;
	const char *value = NULL;
	size_t len = 0;
	size_t found = 0;

	for (size_t i = 0; i < scgi->n_params; i++)
		if (strcmp(scgi->params[i].name, "HTTP_COOKIE") == 0)
			found += find_cookies(scgi->params[i].value, cookie_name(request), &value,
			                      &len);
	if (found != 1 || len != PAT_BASE62_256_CHARS || !pat_base62_is(value, len))
		return false;
	*ret = value;
	*ret_len = len;
	return true;
}

static void set(const struct pat_request *request, struct pat_response *response, const char *value,
                int64_t max_age_s)
{
	(void)pat_response_headerf(response, "Set-Cookie",
	                           "%s=%s; Path=/; Max-Age=%lld; HttpOnly; SameSite=Strict%s",
	                           cookie_name(request), value, (long long)max_age_s,
	                           is_https(request) ? "; Secure" : "");
}

void pat_cookie_set(const struct pat_request *request, struct pat_response *response,
                    const struct pat_secret *cookie, int64_t max_age_s)
{
	set(request, response, cookie->text, max_age_s);
}

void pat_cookie_clear(const struct pat_request *request, struct pat_response *response)
{
	set(request, response, "", 0);
}
