/* SPDX-License-Identifier: Apache-2.0 */
#include "web/param.h"

#include <stdio.h>
#include <string.h>

int pat_param_refuse(struct pat_call *call, const char *param, const char *why)
{
	return pat_call_refuse_with(
		call, &(struct pat_call_refusal){
			      .reason = PAT_REASON_BAD_VALUE, .field = param, .detail = why });
}

int pat_param_known(struct pat_call *call, const char *const *names)
{
	const char *unknown = NULL;
	size_t len = 0;
	char name[PAT_JSON_FIELD_BYTES_MAX + 1];

	if (!pat_request_query_unknown(call->request, names, &unknown, &len))
		return 0;
	if (len >= sizeof(name))
		len = sizeof(name) - 1;
	(void)snprintf(name, sizeof(name), "%.*s", (int)len, unknown);
	return pat_call_refuse(call, PAT_REASON_UNKNOWN_FIELD, name);
}

int pat_param_text(struct pat_call *call, const char *param, char *out, size_t out_bytes)
{
	out[0] = '\0';
	if (pat_request_query(call->request, param, out, out_bytes) < 0)
		return pat_param_refuse(call, param, "It is malformed, too long, or given twice.");
	return 0;
}

int pat_param_number(struct pat_call *call, const char *param, int64_t min, int64_t max,
                     int64_t *ret)
{
	char text[32];
	int64_t number = 0;

	int r = pat_param_text(call, param, text, sizeof(text));
	if (r != 0 || text[0] == '\0')
		return r;
	if (strcmp(text, "0") != 0 && !pat_http_number(text, &number))
		return pat_param_refuse(call, param, "It must be a whole number.");
	if (number < min || number > max)
		return pat_param_refuse(call, param, "It is out of range.");
	*ret = number;
	return 0;
}

int pat_param_flag(struct pat_call *call, const char *param, bool *ret)
{
	char text[8];

	int r = pat_param_text(call, param, text, sizeof(text));
	if (r != 0 || text[0] == '\0')
		return r;
	if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
		return pat_param_refuse(call, param, "It must be true or false.");
	*ret = text[0] == 't';
	return 0;
}

int pat_param_id(struct pat_call *call, const char *text, int64_t *ret)
{
	if (pat_http_number(text, ret))
		return 0;
	return pat_call_refuse(call, PAT_REASON_NOT_FOUND, NULL);
}
