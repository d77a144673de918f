/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests about products, and the built-in one's rules.
 */
#include "patd/product.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "web/routes.h"

static const struct pat_actor cli = { .via = "cli" };

static json_t *failed(const char *sentence)
{
	return json_pack("{s:b, s:s}", "ok", 0, "error", sentence);
}

static const char *sentence(int outcome, const struct pat_err *err)
{
	if (err->text[0])
		return err->text;
	switch (outcome) {
	case PAT_CORE_E_NOT_FOUND:
		return "there is no product of this name";
	case PAT_CORE_E_PRODUCT_NAME:
		return "a product's name is a lower case letter, then those, digits and \"-\", at most "
		       "64; and not \"files\" or \"patd\", which are built in";
	case PAT_CORE_E_PRODUCT_LIMIT:
		return "there are 60 products, and no more can be";
	case PAT_STORE_UNKNOWN:
		return "it is not known whether this was done: look before you try again";
	case -ENOSPC:
		return "the disk is full; nothing was changed";
	case -EBUSY:
		return "patd is busy; try again";
	default:
		return "the store failed; nothing was changed (the log says more)";
	}
}

static const char *text(const json_t *request, const char *key)
{
	return json_string_value(json_object_get(request, key));
}

/* ---- Importing and removing. */

/* The scopes that may be misspelt. NULL when that can not be said: the import has been done all the same. */
static json_t *undeclared_list(struct pat_core *core, const char *name)
{
	pat_cleanup(pat_rules_freep) struct pat_rules *rules = NULL;
	struct pat_err err = { { 0 } };
	json_t *list = json_array();
	int r = pat_core_product_rules(core, name, &rules, &err);

	for (size_t i = 0; r == 0 && i < rules->n_scopes; i++)
		if (rules->scopes[i].undeclared)
			(void)json_array_append_new(
				list, json_pack("{s:s, s:I}", "scope", rules->scopes[i].name,
			                        "line", (json_int_t)rules->scopes[i].line));
	return list;
}

static json_t *policy_import(struct pat_core *core, const json_t *request)
{
	const json_t *document = json_object_get(request, "document");
	const char *name = text(request, "name");
	struct pat_core_product made = { 0 };
	struct pat_err err = { { 0 } };
	struct pat_openapi_reading how = {
		.token_scheme = text(request, "token_scheme"),
		.scopes_scheme = text(request, "scopes_scheme"),
		.any = json_is_true(json_object_get(request, "any")),
		.base_path = text(request, "base_path"),
	};

	if (!name || !json_is_string(document))
		return failed("the request has no name or no document");
	int r = pat_core_product_import(core, name, json_string_value(document),
	                                json_string_length(document), &how, &cli, &made, &err);
	if (r != 0)
		return failed(sentence(r, &err));
	pat_log(PAT_LOG_INFO, "product.imported", "product", name, "via", "cli", NULL);
	return json_pack("{s:b, s:I, s:I, s:o*}", "ok", 1, "operations",
	                 (json_int_t)made.n_operations, "scopes", (json_int_t)made.n_scopes,
	                 "undeclared", undeclared_list(core, name));
}

static json_t *policy_remove(struct pat_core *core, const json_t *request)
{
	const char *name = text(request, "name");
	struct pat_err err = { { 0 } };
	int r = name ? pat_core_product_remove(core, name, &cli, &err) : PAT_CORE_E_NOT_FOUND;

	if (r != 0)
		return failed(sentence(r, &err));
	pat_log(PAT_LOG_INFO, "product.removed", "product", name, "via", "cli", NULL);
	return json_pack("{s:b}", "ok", 1);
}

/* ---- Looking. */

static int list_one(void *arg, const struct pat_core_product *product)
{
	char imported[PAT_TIME_TEXT_BYTES] = "built in";
	json_t *list = arg;

	if (!product->built_in)
		pat_time_format(product->imported_s, imported);
	return json_array_append_new(list, json_pack("{s:s, s:s, s:I, s:I}", "name", product->name,
	                                             "imported_at", imported, "operations",
	                                             (json_int_t)product->n_operations, "scopes",
	                                             (json_int_t)product->n_scopes)) == 0
	               ? 0
	               : -ENOMEM;
}

static json_t *policy_list(struct pat_core *core)
{
	json_t *list = json_array();
	int r = list ? pat_core_product_list(core, list_one, list) : -ENOMEM;

	if (r != 0) {
		json_decref(list);
		return failed("out of memory");
	}
	return json_pack("{s:b, s:o}", "ok", 1, "products", list);
}

/* What an operation takes: "(a or b) and c". */
static void needs_write(struct pat_buf *out, const struct pat_rules *rules,
                        const struct pat_rules_op *rule)
{
	if (rule->refused)
		(void)pat_buf_add_str(out, "not open to tokens");
	else if (rule->n_needs == 0)
		(void)pat_buf_add_str(out, "any token");
	for (uint32_t i = 0; i < rule->n_needs && !rule->refused; i++)
		for (uint32_t k = 0; k < rule->needs[i].n; k++)
			(void)pat_buf_addf(out, "%s%s",
			                   k > 0   ? " or "
			                   : i > 0 ? "; and "
			                           : "",
			                   rules->scopes[rule->needs[i].scopes[k]].name);
}

static json_t *rule_show(const struct pat_rules *rules, const struct pat_rules_op *rule)
{
	pat_cleanup(pat_buf_done) struct pat_buf needs = { 0 };

	pat_buf_init(&needs, 65536);
	needs_write(&needs, rules, rule);
	return json_pack("{s:s, s:s, s:s, s:s}", "method", pat_method_name(rule->method), "path",
	                 rule->path, "id", rule->id, "takes", pat_buf_str(&needs));
}

static json_t *policy_show(const struct pat_rules *rules)
{
	json_t *list = json_array();

	for (size_t i = 0; i < rules->n; i++)
		(void)json_array_append_new(list, rule_show(rules, &rules->rules[i]));
	return json_pack("{s:b, s:o}", "ok", 1, "operations", list);
}

static void lint_one(void *arg, enum pat_lint_kind kind, unsigned line, const char *finding)
{
	static const char *const kinds[] = { "no-scopes", "closed", "unused-scope", "ambiguous",
		                             "undeclared" };

	(void)json_array_append_new(arg, json_pack("{s:s, s:I, s:s}", "kind", kinds[kind], "line",
	                                           (json_int_t)line, "text", finding));
}

json_t *pat_products_lint(const struct pat_rules *rules)
{
	json_t *list = json_array();

	if (list)
		pat_rules_lint(rules, lint_one, list);
	return list;
}

static json_t *policy_look(struct pat_core *core, const json_t *request, bool lint)
{
	pat_cleanup(pat_rules_freep) struct pat_rules *rules = NULL;
	const char *name = text(request, "name");
	struct pat_err err = { { 0 } };
	int r = name ? pat_core_product_rules(core, name, &rules, &err) : PAT_CORE_E_NOT_FOUND;

	if (r == PAT_CORE_E_NOT_FOUND && name && strcmp(name, PAT_PRODUCT_BUILT_IN) == 0 &&
	    pat_core_product_known(core, name, NULL)) {
		rules = pat_products_built_in();
		r = rules ? 0 : -ENOMEM;
	}
	if (r != 0)
		return failed(sentence(r, &err));
	return lint ? json_pack("{s:b, s:o}", "ok", 1, "findings", pat_products_lint(rules))
	            : policy_show(rules);
}

json_t *pat_products_do(struct pat_core *core, const json_t *request)
{
	const char *what = text(request, "do");

	if (!what || strncmp(what, "policy ", strlen("policy ")) != 0)
		return NULL;
	what += strlen("policy ");
	if (strcmp(what, "import") == 0)
		return policy_import(core, request);
	if (strcmp(what, "remove") == 0)
		return policy_remove(core, request);
	if (strcmp(what, "list") == 0)
		return policy_list(core);
	if (strcmp(what, "show") == 0 || strcmp(what, "lint") == 0)
		return policy_look(core, request, strcmp(what, "lint") == 0);
	return failed("the running patd does not know this request; is it another version?");
}

/* ---- The built-in product. */

/* Any one of them, separated by blanks. */
static int scopes_take(struct pat_rules *rules, struct pat_rules_op *rule, const char *scopes)
{
	struct pat_rules_need *need = &rule->needs[0];
	const char *cursor = scopes;
	const char *name = NULL;
	size_t len = 0;

	rule->n_needs = 1;
	while (pat_scopes_next(&cursor, &name, &len)) {
		size_t i = 0;

		while (i < rules->n_scopes && (strlen(rules->scopes[i].name) != len ||
		                               memcmp(rules->scopes[i].name, name, len) != 0))
			i++;
		if (i == rules->n_scopes) {
			const char *copy = pat_arena_text(&rules->arena, name, len);

			if (!copy)
				return -ENOMEM;
			pat_assert(i < PAT_POLICY_SCOPES_MAX);
			rules->scopes[rules->n_scopes++] =
				(struct pat_rules_scope){ .name = copy, .description = "" };
		}
		pat_assert(need->n < PAT_POLICY_NEED_SCOPES);
		need->scopes[need->n++] = (uint32_t)i;
	}
	return 0;
}

/* With a slash at its end, which Figma's clients may send, it is the same operation. */
static int route_take(struct pat_rules *rules, const struct pat_route *route, bool slash)
{
	char path[256];
	struct pat_rules_op *rule = pat_rules_add(rules);

	if (!rule)
		return -ENOMEM;
	int len = snprintf(path, sizeof(path), "%s%s", route->path, slash ? "/" : "");
	pat_assert(len > 0);
	pat_assert((size_t)len < sizeof(path));
	rule->method = pat_method_of(route->method, strlen(route->method));
	rule->path = pat_arena_text(&rules->arena, path, (size_t)len);
	rule->id = pat_arena_text(&rules->arena, route->path, strlen(route->path));
	return rule->path && rule->id ? scopes_take(rules, rule, route->scopes) : -ENOMEM;
}

struct pat_rules *pat_products_built_in(void)
{
	pat_cleanup(pat_rules_freep) struct pat_rules *rules = pat_rules_new();
	int r = rules ? 0 : -ENOMEM;

	for (size_t i = 0; i < pat_routes_len && r == 0; i++) {
		/* A token's questions about itself are no operations of the product's. */
		if (pat_routes[i].entry != PAT_ENTRY_PRODUCT || !pat_routes[i].scopes)
			continue;
		r = route_take(rules, &pat_routes[i], false);
		if (r == 0)
			r = route_take(rules, &pat_routes[i], true);
	}
	return r == 0 ? PAT_TAKE(rules) : NULL;
}
