/* SPDX-License-Identifier: Apache-2.0
 *
 * What the dialog offers: the scopes with their words, and the operator's limits.
 */
#include "web/api.h"

static void write_scope(struct pat_json_writer *w, const struct pat_scope *scope)
{
	pat_json_open(w, NULL, '{');
	pat_json_text(w, "scope", scope->scope);
	pat_json_text(w, "description", scope->description);
	pat_json_text(w, "category", scope->category);
	pat_json_text(w, "access", scope->writes ? "write" : "read");
	pat_json_bool(w, "deprecated", scope->deprecated);
	pat_json_close(w, '}');
}

static void write_policy(struct pat_json_writer *w, const struct pat_core_config *settings)
{
	pat_json_open(w, "policy", '{');
	pat_json_number(w, "expires_in_days_max", settings->expires_days_max);
	pat_json_number(w, "expires_in_days_default", settings->expires_days_default);
	pat_json_bool(w, "never_allowed", settings->never_allowed);
	pat_json_number(w, "live_tokens_max", settings->live_tokens_max);
	pat_json_close(w, '}');
}

int pat_api_scopes_get(struct pat_call *call)
{
	const struct pat_catalogue *catalogue = call->context->catalogue;
	struct pat_json_writer w = pat_call_json(call, 200);

	pat_json_open(&w, NULL, '{');
	pat_json_open(&w, "scopes", '[');
	for (size_t i = 0; i < catalogue->n; i++)
		write_scope(&w, &catalogue->scopes[i]);
	pat_json_close(&w, ']');
	write_policy(&w, pat_core_settings(call->context->core));
	pat_json_close(&w, '}');
	return 0;
}
