/* SPDX-License-Identifier: Apache-2.0
 *
 * The description of everything that patd answers, for whoever wants to make a client of it.
 */
#include "web/api.h"

int pat_api_openapi_get(struct pat_call *call)
{
	const struct pat_buf *document = call->context->api_document;

	if (!document)
		return pat_call_refuse(call, PAT_REASON_NOT_FOUND, NULL);
	pat_call_status(call, 200);
	(void)pat_response_header(call->response, "Content-Type", "application/yaml");
	(void)pat_buf_add(&call->response->body, document->data, document->len);
	pat_call_tag(call);
	return 0;
}
