/* SPDX-License-Identifier: Apache-2.0
 *
 * What the dialog offers: the scopes with their words, and the operator's limits.
 */
#include "web/api.h"

#include <string.h>

static void write_scope(struct pat_json_writer *w, const struct pat_scope *scope,
                        const char *product, bool allowed)
{
	pat_json_open(w, NULL, '{');
	pat_json_text(w, "scope", scope->scope);
	pat_json_text(w, "description", scope->description);
	pat_json_text(w, "category", scope->category);
	pat_json_text(w, "access", scope->writes ? "write" : "read");
	pat_json_bool(w, "deprecated", scope->deprecated);
	pat_json_bool(w, "allowed", allowed);
	pat_json_text(w, "product", product);
	pat_json_close(w, '}');
}

/* The built-in one's scopes are the catalogue's. */
static int write_product(void *arg, const struct pat_core_product *product)
{
	struct pat_json_writer *w = arg;

	for (size_t i = 0; i < product->n_scopes && !product->built_in; i++)
		write_scope(w, &product->scopes[i], product->name, true);
	return 0;
}

/* Administrators' scopes are shown to everybody, who then know that there are such. */
static void write_own(struct pat_json_writer *w, const struct pat_core_config *settings, bool admin)
{
	const struct pat_catalogue *own = settings->own;

	for (size_t i = 0; own && i < own->n; i++)
		write_scope(w, &own->scopes[i], settings->own_name, admin || !own->scopes[i].admin);
}

static void write_policy(struct pat_json_writer *w, const struct pat_core_config *settings,
                         const char *api_docs_url)
{
	pat_json_open(w, "policy", '{');
	pat_json_number(w, "expires_in_days_max", settings->expires_days_max);
	pat_json_number(w, "expires_in_days_default", settings->expires_days_default);
	pat_json_bool(w, "never_allowed", settings->never_allowed);
	pat_json_number(w, "live_tokens_max", settings->live_tokens_max);
	pat_json_text(w, "api_docs_url", api_docs_url);
	pat_json_close(w, '}');
}

struct of_product {
	struct pat_json_writer *w;
	const char *name;
};

static int write_only(void *arg, const struct pat_core_product *product)
{
	const struct of_product *only = arg;

	return strcmp(product->name, only->name) == 0 ? write_product(only->w, product) : 0;
}

/* A product's own person is offered that product's. */
static void write_portal(struct pat_call *call, struct pat_json_writer *w)
{
	struct pat_service service;

	if (pat_core_portal_service(call->context->core, &call->who.person, &service) == 0)
		(void)!pat_core_product_list(call->context->core, write_only,
		                             &(struct of_product){ w, service.product });
}

static void write_all(struct pat_call *call, struct pat_json_writer *w)
{
	const struct pat_core_config *settings = pat_core_settings(call->context->core);
	const struct pat_catalogue *catalogue = call->context->catalogue;

	for (size_t i = 0; i < catalogue->n; i++)
		write_scope(w, &catalogue->scopes[i], settings->built_in_name, true);
	(void)!pat_core_product_list(call->context->core, write_product, w);
	write_own(w, settings, call->who.person.admin);
}

int pat_api_scopes_get(struct pat_call *call)
{
	const struct pat_core_config *settings = pat_core_settings(call->context->core);
	struct pat_json_writer w = pat_call_json(call, 200);

	pat_json_open(&w, NULL, '{');
	pat_json_open(&w, "scopes", '[');
	if (pat_core_portal_person(&call->who.person))
		write_portal(call, &w);
	else
		write_all(call, &w);
	pat_json_close(&w, ']');
	write_policy(&w, settings, call->context->api_docs_url);
	pat_json_close(&w, '}');
	return 0;
}
