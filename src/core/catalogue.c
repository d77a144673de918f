/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading the scope catalogue. The file is the operator's, so every fault names its place in it.
 */
#include "core/catalogue.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static int text_member(const json_t *object, const char *key, char **ret)
{
	const char *text = json_string_value(json_object_get(object, key));

	if (!text || *text == '\0')
		return -EINVAL;
	*ret = strdup(text);
	return *ret ? 0 : -ENOMEM;
}

static int scope_read(const json_t *object, struct pat_scope *scope)
{
	int r = text_member(object, "scope", &scope->scope);

	if (r == 0)
		r = text_member(object, "description", &scope->description);
	if (r == 0)
		r = text_member(object, "category", &scope->category);
	if (r < 0)
		return r;
	scope->writes = json_is_true(json_object_get(object, "writes"));
	scope->deprecated = json_is_true(json_object_get(object, "deprecated"));
	scope->admin = json_is_true(json_object_get(object, "admin"));
	return pat_scope_name_ok(scope->scope, strlen(scope->scope)) ? 0 : -EINVAL;
}

static int catalogue_read(struct pat_catalogue *catalogue, const json_t *list, const char *path,
                          struct pat_err *err)
{
	size_t n = json_array_size(list);

	if (n == 0 || n > PAT_SCOPES_MAX)
		return pat_err_set(err, -EINVAL, "%s: \"scopes\" must be a list of 1 to %d scopes",
		                   path, PAT_SCOPES_MAX);
	catalogue->scopes = calloc(n, sizeof(*catalogue->scopes));
	if (!catalogue->scopes)
		return pat_err_set(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < n; i++) {
		int r = scope_read(json_array_get(list, i), &catalogue->scopes[i]);

		catalogue->n = i + 1;
		if (r < 0)
			return pat_err_set(
				err, r,
				"%s: scope number %zu needs \"scope\", \"description\" and \"category\"",
				path, i + 1);
		for (size_t j = 0; j < i; j++)
			if (strcmp(catalogue->scopes[j].scope, catalogue->scopes[i].scope) == 0)
				return pat_err_set(err, -EINVAL, "%s: the scope %s is listed twice",
				                   path, catalogue->scopes[i].scope);
	}
	return 0;
}

int pat_catalogue_load(const char *path, struct pat_catalogue **ret, struct pat_err *err)
{
	json_error_t at;
	json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &at);
	struct pat_catalogue *catalogue = calloc(1, sizeof(*catalogue));

	if (!root || !catalogue) {
		json_decref(root);
		free(catalogue);
		return pat_err_set(err, -EINVAL, "%s, line %d: %s", path, at.line, at.text);
	}
	int r = catalogue_read(catalogue, json_object_get(root, "scopes"), path, err);
	json_decref(root);
	if (r < 0) {
		pat_catalogue_free(catalogue);
		return r;
	}
	*ret = catalogue;
	return 0;
}

void pat_catalogue_free(struct pat_catalogue *catalogue)
{
	if (!catalogue)
		return;
	for (size_t i = 0; i < catalogue->n; i++) {
		free(catalogue->scopes[i].scope);
		free(catalogue->scopes[i].description);
		free(catalogue->scopes[i].category);
	}
	free(catalogue->scopes);
	free(catalogue);
}

const struct pat_scope *pat_catalogue_find(const struct pat_catalogue *catalogue, const char *scope)
{
	for (size_t i = 0; catalogue && i < catalogue->n; i++)
		if (strcmp(catalogue->scopes[i].scope, scope) == 0)
			return &catalogue->scopes[i];
	return NULL;
}
