/* SPDX-License-Identifier: Apache-2.0
 *
 * The same-origin check. Origins are compared as browsers serialise them (RFC 6454 section 6.2): the
 * scheme and host in any case, the default port left out on both sides.
 */
#include "web/origin.h"

#include <string.h>
#include <strings.h>

/* Whether `origin` is scheme://host. */
static bool origin_is(const char *origin, const char *scheme, const char *host)
{
	size_t n = strlen(scheme);

	return host[0] != '\0' && strncasecmp(origin, scheme, n) == 0 &&
	       strncmp(origin + n, "://", 3) == 0 && strcasecmp(origin + n + 3, host) == 0;
}

static bool fetch_site_ok(const struct pat_request *request)
{
	const char *site = NULL;

	switch (pat_request_header(request, "HTTP_SEC_FETCH_SITE", &site)) {
	case PAT_HEADER_NONE:
		return true;
	case PAT_HEADER_ONE:
		return strcmp(site, "same-origin") == 0 ||
		       (strcmp(site, "none") == 0 && pat_request_is_safe(request));
	case PAT_HEADER_MANY:
	default:
		return false;
	}
}

bool pat_origin_ok(const struct pat_request *request, const char *public_url)
{
	const char *origin = NULL;

	if (!fetch_site_ok(request))
		return false;
	switch (pat_request_header(request, "HTTP_ORIGIN", &origin)) {
	case PAT_HEADER_NONE:
		return true;
	case PAT_HEADER_ONE:
		/* Told where people reach us, we believe no other name: a page whose name was made to lead here has its
		 * own in Origin and Host alike. */
		return public_url ? strcasecmp(origin, public_url) == 0
		                  : origin_is(origin, request->scheme, request->host);
	case PAT_HEADER_MANY:
	default:
		return false;
	}
}
