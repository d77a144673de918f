/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading HTTP Basic, and asking the core.
 */
#include "web/basic.h"

#include <sodium.h>
#include <string.h>

#include "base/log.h"
#include "web/form.h"

#define BASIC_BYTES_MAX  512
#define SECRET_BYTES_MAX 128

/* What "Basic …" holds. Wipe it. */
struct basic {
	char text[BASIC_BYTES_MAX];
	char name[BASIC_BYTES_MAX];
	char secret[BASIC_BYTES_MAX];
	size_t secret_len;
};

/* A name and a secret, each form-encoded inside. */
static bool basic_read(const char *header, struct basic *ret)
{
	size_t len = 0;
	size_t name_len = 0;

	if (strncasecmp(header, "Basic ", 6) != 0)
		return false;
	header += 6;
	if (sodium_base642bin((unsigned char *)ret->text, sizeof(ret->text) - 1, header,
	                      strlen(header), NULL, &len, NULL,
	                      sodium_base64_VARIANT_ORIGINAL) != 0)
		return false;
	const char *colon = memchr(ret->text, ':', len);
	if (!colon)
		return false;
	size_t before = (size_t)(colon - ret->text);
	size_t after = len - before - 1;
	memcpy(ret->name, ret->text, before);  /* UNSAFE: the same size */
	memcpy(ret->secret, colon + 1, after); /* UNSAFE: the same size */
	return pat_form_decode(ret->name, before, &name_len) &&
	       pat_form_decode(ret->secret, after, &ret->secret_len) &&
	       ret->secret_len <= SECRET_BYTES_MAX;
}

int pat_basic_prove(struct pat_call *call, struct pat_service *ret, unsigned *ret_retry_after_s)
{
	const char *header = NULL;
	struct basic basic = { 0 };
	bool read = pat_request_header(call->request, "HTTP_AUTHORIZATION", &header) ==
	                    PAT_HEADER_ONE &&
	            basic_read(header, &basic);
	int r = read ? pat_core_service_prove(call->context->core, basic.name, basic.secret,
	                                      basic.secret_len, &call->actor, ret,
	                                      ret_retry_after_s)
	             : PAT_CORE_E_CREDENTIALS;

	pat_wipe(&basic, sizeof(basic));
	if (read && r == PAT_CORE_E_CREDENTIALS)
		pat_log(PAT_LOG_WARNING, "service.refused", "address", call->request->address,
		        "request_id", call->request->request_id, NULL);
	return r;
}

void pat_basic_challenge(struct pat_call *call)
{
	(void)pat_response_header(call->response, "WWW-Authenticate",
	                          "Basic realm=\"patd services\", charset=\"UTF-8\"");
}
