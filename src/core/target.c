/* SPDX-License-Identifier: Apache-2.0
 *
 * Origins and the addresses on them.
 */
#include "core/target.h"

#include <string.h>

#define HOST_BYTES_MAX 253
#define PORT_MAX       65535

static bool starts(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* Length of a host; 0: it is none. */
static size_t host_len(const char *text)
{
	size_t len = 0;

	if (*text == '[') {
		len = 1 + strspn(text + 1, "0123456789abcdef:.");
		return len > 2 && text[len] == ']' ? len + 1 : 0;
	}
	len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789.-_");
	return len <= HOST_BYTES_MAX && *text != '.' && *text != '-' ? len : 0;
}

/* Nothing, or a colon and a number; a scheme's usual port is not written. */
static bool port_ok(const char *text, const char *usual)
{
	unsigned port = 0;
	size_t len = 0;

	if (*text == '\0')
		return true;
	if (*text != ':' || text[1] == '0' || strcmp(text + 1, usual) == 0)
		return false;
	len = strspn(text + 1, "0123456789");
	for (size_t i = 1; i <= len && len <= 5; i++)
		port = port * 10 + (unsigned)(text[i] - '0');
	return len >= 1 && len <= 5 && text[1 + len] == '\0' && port <= PORT_MAX;
}

bool pat_target_origin_ok(const char *origin)
{
	bool tls = starts(origin, "https://");

	if (!tls && !starts(origin, "http://"))
		return false;
	const char *host = origin + (tls ? strlen("https://") : strlen("http://"));
	size_t len = host_len(host);
	return len > 0 && port_ok(host + len, tls ? "443" : "80");
}

static bool visible(const char *url)
{
	for (; *url; url++)
		if (*url <= 0x20 || *url >= 0x7f || *url == '\\')
			return false;
	return true;
}

bool pat_target_ok(const char *origins, const char *url)
{
	while (*origins) {
		size_t len = strcspn(origins, " ");

		if (strncmp(url, origins, len) == 0 &&
		    (url[len] == '\0' || strchr("/?#", url[len])))
			return visible(url);
		origins += len + (origins[len] == ' ');
	}
	return false;
}
