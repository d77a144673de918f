/* SPDX-License-Identifier: Apache-2.0
 *
 * Products: their documents are in the store, their policies in the index, and what people may choose of their scopes
 * here. All three are made anew, together, whenever a document comes or goes: it is seldom.
 */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "core/private.h"
#include "index/policies.h"

/* ---- How a document is read, as the store keeps it. */

static int reading_write(const struct pat_openapi_reading *how,
                         char out[static PAT_PRODUCT_READING_MAX + 1])
{
	json_t *object = json_pack("{s:s?, s:s?, s:b, s:s?}", "token_scheme", how->token_scheme,
	                           "scopes_scheme", how->scopes_scheme, "any", how->any,
	                           "base_path", how->base_path);
	size_t len = object ? json_dumpb(object, out, PAT_PRODUCT_READING_MAX, JSON_COMPACT) : 0;

	json_decref(object);
	if (len == 0 || len > PAT_PRODUCT_READING_MAX)
		return -EINVAL;
	out[len] = '\0';
	return 0;
}

/* Texts live as long as `*ret_object`. */
static int reading_read(const char *text, json_t **ret_object, struct pat_openapi_reading *ret)
{
	json_t *object = json_loads(text, 0, NULL);

	if (!object)
		return -EINVAL;
	*ret_object = object;
	*ret = (struct pat_openapi_reading){
		.token_scheme = json_string_value(json_object_get(object, "token_scheme")),
		.scopes_scheme = json_string_value(json_object_get(object, "scopes_scheme")),
		.any = json_is_true(json_object_get(object, "any")),
		.base_path = json_string_value(json_object_get(object, "base_path")),
	};
	return 0;
}

/* ---- One product, loaded. */

static void product_done(struct pat_product_loaded *p)
{
	for (size_t i = 0; i < p->view.n_scopes; i++) {
		free(p->scopes[i].scope);
		free(p->scopes[i].description);
		free(p->scopes[i].category);
	}
	free(p->scopes);
	pat_buf_done(&p->block);
	*p = (struct pat_product_loaded){ 0 };
}

/* Whether an operation that takes the scope changes something. */
static bool scope_writes(const struct pat_rules *rules, uint32_t scope)
{
	for (size_t i = 0; i < rules->n; i++) {
		const struct pat_rules_op *rule = &rules->rules[i];

		if (rule->method == PAT_METHOD_GET || rule->method == PAT_METHOD_HEAD)
			continue;
		for (uint32_t n = 0; n < rule->n_needs; n++)
			for (uint32_t k = 0; k < rule->needs[n].n; k++)
				if (rule->needs[n].scopes[k] == scope)
					return true;
	}
	return false;
}

static int scopes_copy(struct pat_product_loaded *p, const struct pat_rules *rules)
{
	p->scopes = calloc(rules->n_scopes > 0 ? rules->n_scopes : 1, sizeof(*p->scopes));
	if (!p->scopes)
		return -ENOMEM;
	for (uint32_t i = 0; i < rules->n_scopes; i++) {
		struct pat_scope *s = &p->scopes[i];
		const char *description = rules->scopes[i].description;

		p->view.n_scopes = i + 1;
		s->scope = strdup(rules->scopes[i].name);
		s->description = strdup(*description ? description : rules->scopes[i].name);
		s->category = strdup(p->name);
		s->writes = scope_writes(rules, i);
		if (!s->scope || !s->description || !s->category)
			return -ENOMEM;
	}
	p->view.scopes = p->scopes;
	return 0;
}

static int product_make(struct pat_product_loaded *p, const char *name,
                        const struct pat_rules *rules, int64_t imported_s, struct pat_err *err)
{
	*p = (struct pat_product_loaded){ 0 };
	(void)snprintf(p->name, sizeof(p->name), "%s", name);
	p->view = (struct pat_core_product){ .imported_s = imported_s, .n_operations = rules->n };
	pat_buf_init(&p->block, PAT_POLICY_BYTES_MAX);
	int r = scopes_copy(p, rules);
	if (r == 0)
		r = pat_rules_compile(rules, &p->block, err);
	if (r != 0)
		product_done(p);
	return r;
}

/* A document to rules. 0, -ENOMEM, or E_DOCUMENT with the sentence. */
static int rules_read(const char *document, size_t len, const struct pat_openapi_reading *how,
                      struct pat_rules **ret, struct pat_err *err)
{
	pat_cleanup(pat_rules_freep) struct pat_rules *rules = pat_rules_new();
	pat_cleanup(pat_tree_done) struct pat_tree parsed = { 0 };

	if (!rules)
		return -ENOMEM;
	int r = pat_tree_read(&parsed, document, len, err);
	if (r == 0)
		r = pat_openapi_read(&parsed, how, rules, err);
	if (r == 0)
		*ret = PAT_TAKE(rules);
	return r > 0 ? PAT_CORE_E_DOCUMENT : r;
}

/* ---- All of them. */

static void loaded_free(struct pat_products_loaded *loaded)
{
	if (!loaded)
		return;
	for (size_t i = 0; i < loaded->n; i++)
		product_done(&loaded->products[i]);
	free(loaded);
}

struct load {
	struct pat_products_loaded *loaded;
};

/* A document that can not be read any more, by a patd that is stricter than the one that took it, or that somebody has
 * edited, has no policy. Verifiers must not say that there is no such product, of no name that they do not know: which
 * one it was can not be told from an edited row. */
static int load_one(void *arg, const struct pat_product *product)
{
	struct load *load = arg;
	struct pat_products_loaded *loaded = load->loaded;
	pat_cleanup(pat_rules_freep) struct pat_rules *rules = NULL;
	struct pat_openapi_reading how;
	struct pat_err err = { { 0 } };
	json_t *texts = NULL;

	if (!product->document || loaded->n == PAT_ARRAY_LEN(loaded->products)) {
		loaded->incomplete = true;
		return 0;
	}
	int r = reading_read(product->reading, &texts, &how);
	if (r == 0)
		r = rules_read(product->document, product->document_len, &how, &rules, &err);
	if (r == 0)
		r = product_make(&loaded->products[loaded->n], product->name, rules,
		                 product->imported_s, &err);
	json_decref(texts);
	if (r == -ENOMEM)
		return r;
	if (r == 0) {
		loaded->n++;
		return 0;
	}
	loaded->incomplete = true;
	pat_log(PAT_LOG_ERROR, "product.unreadable", "product", product->name, "error", err.text,
	        NULL);
	return 0;
}

static int index_tell(struct pat_index_writer *index, const struct pat_products_loaded *loaded,
                      struct pat_err *err)
{
	struct pat_policies_source sources[PAT_POLICIES_MAX];

	for (size_t i = 0; i < loaded->n; i++) {
		const struct pat_product_loaded *p = &loaded->products[i];

		sources[i] = (struct pat_policies_source){
			.name = p->name,
			.flags = p->view.built_in ? PAT_POLICIES_RESOURCES_ELSEWHERE : 0,
			.bytes = p->block.data,
			.len = p->block.len,
		};
	}
	return pat_index_writer_policies(index, sources, loaded->n, loaded->incomplete, err);
}

static int built_in_make(struct pat_core *core, struct pat_products_loaded *loaded,
                         struct pat_err *err)
{
	if (!core->config.built_in)
		return 0;
	int r = product_make(&loaded->products[0], core->config.built_in_name,
	                     core->config.built_in, 0, err);
	if (r != 0)
		return r < 0 ? r : -EINVAL;
	loaded->products[0].view.built_in = true;
	loaded->n = 1;
	return 0;
}

int pat_core_products_load(struct pat_core *core, struct pat_index_writer *index,
                           struct pat_err *err)
{
	struct load load = { .loaded = calloc(1, sizeof(*load.loaded)) };

	if (!load.loaded)
		return pat_err_set(err, -ENOMEM, "out of memory");
	int r = built_in_make(core, load.loaded, err);
	pat_core_due_begin(core);
	if (r == 0)
		r = pat_store_product_list(core->store, load_one, &load);
	if (r == 0 && index)
		r = index_tell(index, load.loaded, err);
	if (r != 0) {
		pat_core_due_end(core, false);
		loaded_free(load.loaded);
		return r;
	}
	(void)pthread_rwlock_wrlock(&core->products_lock);
	struct pat_products_loaded *before = core->products;
	core->products = load.loaded;
	(void)pthread_rwlock_unlock(&core->products_lock);
	loaded_free(before);
	pat_core_due_end(core, true);
	return 0;
}

void pat_core_products_done(struct pat_core *core)
{
	loaded_free(core->products);
	core->products = NULL;
}

/* ---- Changing. */

static bool is_built_in(const struct pat_core *core, const char *name)
{
	return core->config.built_in && strcmp(core->config.built_in_name, name) == 0;
}

/* patd's own API, which has no document here. */
static bool is_own(const struct pat_core *core, const char *name)
{
	return core->config.own && strcmp(core->config.own_name, name) == 0;
}

/* The change is stored; now it has to be in force. Not being able to is said, and tried again every second. */
static int put_in_force(struct pat_core *core, struct pat_err *err)
{
	struct pat_err why = { { 0 } };
	int r = pat_core_products_load(core, core->index, &why);

	if (r != 0)
		return pat_err_set(err, r, "it is stored, but not in force yet: %s",
		                   why.text[0] ? why.text : pat_err_words(r));
	return 0;
}

int pat_core_product_import(struct pat_core *core, const char *name, const char *document,
                            size_t len, const struct pat_openapi_reading *how,
                            const struct pat_actor *actor, struct pat_core_product *ret,
                            struct pat_err *err)
{
	pat_cleanup(pat_rules_freep) struct pat_rules *rules = NULL;
	struct pat_product_loaded trial;
	char reading[PAT_PRODUCT_READING_MAX + 1];
	int64_t seq = 0;

	if (!pat_product_name_ok(name, strlen(name)) || is_built_in(core, name) ||
	    is_own(core, name))
		return PAT_CORE_E_PRODUCT_NAME;
	if (reading_write(how, reading) < 0)
		return pat_err_set(err, PAT_CORE_E_DOCUMENT,
		                   "the names of the schemes are too long");
	int r = rules_read(document, len, how, &rules, err);
	if (r == 0)
		r = product_make(&trial, name, rules, pat_core_now(core), err);
	if (r != 0)
		return r > 0 ? PAT_CORE_E_DOCUMENT : r;
	*ret = trial.view;
	ret->name = NULL;
	ret->scopes = NULL;
	product_done(&trial);
	(void)pthread_mutex_lock(&core->import_lock);
	r = pat_store_product_put(core->store,
	                          &(struct pat_product){ .name = name,
	                                                 .reading = reading,
	                                                 .document = document,
	                                                 .document_len = len },
	                          actor, pat_core_now(core), &seq);
	if (r == 0)
		r = put_in_force(core, err);
	(void)pthread_mutex_unlock(&core->import_lock);
	if (r == 0)
		return pat_core_settle(core, actor, NULL);
	return r == PAT_STORE_E_LIMIT ? PAT_CORE_E_PRODUCT_LIMIT : pat_core_outcome(r);
}

int pat_core_product_remove(struct pat_core *core, const char *name, const struct pat_actor *actor,
                            struct pat_err *err)
{
	(void)pthread_mutex_lock(&core->import_lock);
	int r = pat_store_product_remove(core->store, name, actor, pat_core_now(core));
	if (r == 0)
		r = put_in_force(core, err);
	(void)pthread_mutex_unlock(&core->import_lock);
	return r == 0 ? pat_core_settle(core, actor, NULL) : pat_core_outcome(r);
}

/* ---- Looking. */

bool pat_core_product_imported(struct pat_core *core, const char *name)
{
	return !is_built_in(core, name) && !is_own(core, name) &&
	       pat_core_product_known(core, name, NULL);
}

int pat_core_product_list(struct pat_core *core, pat_core_product_fn *fn, void *arg)
{
	int r = 0;

	(void)pthread_rwlock_rdlock(&core->products_lock);
	for (size_t i = 0; core->products && i < core->products->n && r == 0; i++) {
		struct pat_core_product view = core->products->products[i].view;

		view.name = core->products->products[i].name;
		r = fn(arg, &view);
	}
	(void)pthread_rwlock_unlock(&core->products_lock);
	return r;
}

struct wanted {
	const char *name;
	struct pat_rules *rules;
	struct pat_err *err;
};

static int want_one(void *arg, const struct pat_product *product)
{
	struct wanted *wanted = arg;
	struct pat_openapi_reading how;
	json_t *texts = NULL;

	if (!product->document || strcmp(product->name, wanted->name) != 0)
		return 0;
	int r = reading_read(product->reading, &texts, &how);
	if (r == 0)
		r = rules_read(product->document, product->document_len, &how, &wanted->rules,
		               wanted->err);
	json_decref(texts);
	return r;
}

int pat_core_product_rules(struct pat_core *core, const char *name, struct pat_rules **ret,
                           struct pat_err *err)
{
	struct wanted wanted = { .name = name, .err = err };
	int r = pat_store_product_list(core->store, want_one, &wanted);

	if (r != 0)
		return r;
	*ret = wanted.rules;
	return wanted.rules ? 0 : PAT_CORE_E_NOT_FOUND;
}

/* ---- Scopes. */

static const struct pat_scope *product_scope(const struct pat_product_loaded *p, const char *scope)
{
	for (size_t i = 0; i < p->view.n_scopes; i++)
		if (strcmp(p->scopes[i].scope, scope) == 0)
			return &p->scopes[i];
	return NULL;
}

bool pat_core_scope_known(struct pat_core *core, const char *scope)
{
	return pat_catalogue_find(core->config.own, scope) != NULL ||
	       pat_core_scope_elsewhere(core, scope);
}

bool pat_core_scope_elsewhere(struct pat_core *core, const char *scope)
{
	bool known = pat_catalogue_find(core->config.catalogue, scope) != NULL;

	(void)pthread_rwlock_rdlock(&core->products_lock);
	for (size_t i = 0; core->products && i < core->products->n && !known; i++)
		known = product_scope(&core->products->products[i], scope) != NULL;
	(void)pthread_rwlock_unlock(&core->products_lock);
	return known;
}

/* The built-in product's are those that it judges itself. */
static bool has_param(const struct pat_product_loaded *p, const char *param)
{
	static const char *const built_in[] = { "file_key", "project_id" };
	struct pat_policy policy;

	for (size_t i = 0; i < PAT_ARRAY_LEN(built_in) && p->view.built_in; i++)
		if (strcmp(built_in[i], param) == 0)
			return true;
	if (p->view.built_in || pat_policy_open(p->block.data, p->block.len, &policy) < 0)
		return false;
	for (uint32_t i = 0; i < pat_policy_op_count(&policy); i++) {
		const struct pat_policy_op *op = pat_policy_op_at(&policy, i);

		for (uint32_t k = 0; k < op->n_params; k++) {
			struct pat_segment name = pat_policy_param(&policy, op, k);

			if (name.len == strlen(param) && memcmp(name.text, param, name.len) == 0)
				return true;
		}
	}
	return false;
}

size_t pat_core_product_scopes(struct pat_core *core, const char *name)
{
	size_t n = 0;

	(void)pthread_rwlock_rdlock(&core->products_lock);
	for (size_t i = 0; core->products && i < core->products->n; i++)
		if (strcmp(core->products->products[i].name, name) == 0)
			n = core->products->products[i].view.n_scopes;
	(void)pthread_rwlock_unlock(&core->products_lock);
	return n;
}

bool pat_core_product_takes(struct pat_core *core, const char *name, const char *scope)
{
	bool takes = false;

	(void)pthread_rwlock_rdlock(&core->products_lock);
	for (size_t i = 0; core->products && i < core->products->n && !takes; i++)
		takes = strcmp(core->products->products[i].name, name) == 0 &&
		        product_scope(&core->products->products[i], scope) != NULL;
	(void)pthread_rwlock_unlock(&core->products_lock);
	return takes;
}

bool pat_core_product_known(struct pat_core *core, const char *name, const char *param)
{
	bool known = !param && is_own(core, name);

	(void)pthread_rwlock_rdlock(&core->products_lock);
	for (size_t i = 0; core->products && i < core->products->n && !known; i++)
		known = strcmp(core->products->products[i].name, name) == 0 &&
		        (!param || has_param(&core->products->products[i], param));
	(void)pthread_rwlock_unlock(&core->products_lock);
	return known;
}
