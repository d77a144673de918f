/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/openapi.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "policy/needs.h"
#include "token/scopes.h"

#define REFS_MAX 16

struct read {
	const struct pat_tree *document;
	struct pat_openapi_reading how;
	struct pat_rules *rules;
	struct pat_err *err;
	const char *base_path;
	const struct pat_tree_node *schemes;
	bool declares; /* the scopes' scheme is one that has to say which scopes there are */
};

static int bad(struct read *read, unsigned line, const char *what, const char *which)
{
	return pat_err_set(read->err, PAT_RULES_E_BAD, "line %u: %s%s", line, what, which);
}

/* Follows references within the document. */
static int resolve(struct read *read, const struct pat_tree_node *node,
                   const struct pat_tree_node **ret)
{
	for (int i = 0; i < REFS_MAX; i++) {
		const char *ref = pat_tree_text(node, "$ref");

		*ret = node;
		if (!ref)
			return 0;
		if (*ref != '#')
			return bad(read, node->line,
			           "only references within the document are followed: ", ref);
		const struct pat_tree_node *next = pat_tree_at(read->document, ref);
		if (!next)
			return bad(read, node->line, "a reference leads nowhere: ", ref);
		node = next;
	}
	return bad(read, node->line,
	           "references that lead to references: ", pat_tree_text(node, "$ref"));
}

/* ---- Scopes. */

/* At most what is kept, up to a whole UTF-8 character. */
static size_t cut(const char *text)
{
	size_t len = strlen(text);

	if (len <= PAT_OPENAPI_DESCRIPTION_MAX)
		return len;
	len = PAT_OPENAPI_DESCRIPTION_MAX;
	while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
		len--;
	return len;
}

/* The number of a scope, which is given one when it is new. */
static int scope_number(struct read *read, const char *name, const char *description, unsigned line,
                        uint32_t *ret)
{
	struct pat_rules *rules = read->rules;

	for (size_t i = 0; i < rules->n_scopes; i++) {
		if (strcmp(rules->scopes[i].name, name) != 0)
			continue;
		*ret = (uint32_t)i;
		return 0;
	}
	if (!pat_scope_name_ok(name, strlen(name)))
		return bad(read, line,
		           "this can be no scope's name (RFC 6749, section 3.3): ", name);
	if (rules->n_scopes == PAT_POLICY_SCOPES_MAX)
		return bad(read, line, "more than 1024 scopes", "");
	struct pat_rules_scope *s = &rules->scopes[rules->n_scopes];
	s->line = line;
	s->name = pat_arena_text(&rules->arena, name, strlen(name));
	s->description = pat_arena_text(&rules->arena, description, cut(description));
	if (!s->name || !s->description)
		return -ENOMEM;
	*ret = (uint32_t)rules->n_scopes++;
	return 0;
}

/* The scopes that a scheme declares, in its flows. */
static int scopes_declared(struct read *read, const struct pat_tree_node *scheme)
{
	const struct pat_tree_node *flows = pat_tree_get(scheme, "flows");

	if (!flows || flows->kind != PAT_TREE_MAP)
		return 0;
	for (const struct pat_tree_entry *f = flows->first; f; f = f->next) {
		const struct pat_tree_node *scopes = pat_tree_get(f->value, "scopes");

		if (!scopes || scopes->kind != PAT_TREE_MAP)
			continue;
		for (const struct pat_tree_entry *s = scopes->first; s; s = s->next) {
			uint32_t n = 0;
			int r = scope_number(read, s->name, s->value->text ? s->value->text : "",
			                     s->line, &n);
			if (r != 0)
				return r;
		}
	}
	return 0;
}

/* ---- Schemes. */

static bool is_of_type(const struct pat_tree_node *scheme, const char *type)
{
	const char *is = pat_tree_text(scheme, "type");

	return is && strcmp(is, type) == 0;
}

static bool has_scopes_of_its_own(const struct pat_tree_node *scheme)
{
	return is_of_type(scheme, "oauth2") || is_of_type(scheme, "openIdConnect");
}

/* The names of all schemes, for a message. */
static int schemes_unclear(struct read *read, const char *why)
{
	char names[300] = "";
	size_t len = 0;

	for (const struct pat_tree_entry *e = read->schemes ? read->schemes->first : NULL;
	     e && len < sizeof(names); e = e->next) {
		int n = snprintf(names + len, sizeof(names) - len, "%s%s", len ? ", " : "",
		                 e->name);
		len += n > 0 ? (size_t)n : 0;
	}
	return pat_err_set(read->err, PAT_RULES_E_BAD,
	                   "%s: say which security scheme's scopes count (the document has: %s)",
	                   why, names[0] ? names : "none");
}

static const char *only_scheme(struct read *read, bool with_scopes)
{
	const char *only = NULL;

	for (const struct pat_tree_entry *e = read->schemes ? read->schemes->first : NULL; e;
	     e = e->next) {
		const struct pat_tree_node *scheme = NULL;

		if (resolve(read, e->value, &scheme) != 0)
			return NULL;
		if (with_scopes && !has_scopes_of_its_own(scheme))
			continue;
		if (only)
			return NULL;
		only = e->name;
	}
	return only;
}

static int scheme_must_be(struct read *read, const char *name)
{
	char why[160];

	if (pat_tree_get(read->schemes, name))
		return 0;
	(void)snprintf(why, sizeof(why), "there is no security scheme %.100s", name);
	return schemes_unclear(read, why);
}

static int schemes_choose(struct read *read)
{
	const struct pat_tree_node *components = pat_tree_get(read->document->root, "components");
	const struct pat_tree_node *scheme = NULL;

	read->schemes = pat_tree_get(components, "securitySchemes");
	if (read->schemes && read->schemes->kind != PAT_TREE_MAP)
		return bad(read, read->schemes->line, "securitySchemes has to be a map", "");
	if (!read->how.scopes_scheme)
		read->how.scopes_scheme = only_scheme(read, true);
	if (!read->how.scopes_scheme)
		read->how.scopes_scheme = only_scheme(read, false);
	if (!read->how.scopes_scheme)
		return schemes_unclear(read, "there is no scheme, or more than one");
	if (!read->how.token_scheme)
		read->how.token_scheme = read->how.scopes_scheme;
	int r = scheme_must_be(read, read->how.scopes_scheme);
	if (r == 0)
		r = scheme_must_be(read, read->how.token_scheme);
	if (r == 0)
		r = resolve(read, pat_tree_get(read->schemes, read->how.scopes_scheme), &scheme);
	if (r != 0)
		return r;
	/* Of the others OpenAPI has no place to declare scopes in. */
	read->declares = is_of_type(scheme, "oauth2");
	return scopes_declared(read, scheme);
}

/* ---- Operations. */

/* An alternative that asks for this scheme and for nothing else. */
static const struct pat_tree_node *asks_only(const struct pat_tree_node *alternative,
                                             const char *scheme)
{
	return alternative->n == 1 ? pat_tree_get(alternative, scheme) : NULL;
}

/* Adds what one alternative's list of scopes takes. */
static int list_add(struct read *read, const struct pat_tree_node *list, struct pat_needs *needs,
                    unsigned line)
{
	uint32_t numbers[PAT_NEEDS_LIST_MAX];
	size_t n = 0;

	if (list->kind != PAT_TREE_LIST)
		return bad(read, list->line, "a security requirement has to be a list of scopes",
		           "");
	for (const struct pat_tree_entry *e = list->first; e; e = e->next) {
		if (!e->value->text)
			return bad(read, e->line, "a scope has to be a text", "");
		if (n == PAT_NEEDS_LIST_MAX)
			return bad(read, e->line, "more than 16 scopes in one list", "");
		int r = scope_number(read, e->value->text, "", e->line, &numbers[n++]);
		if (r != 0)
			return r;
	}
	if (!read->how.any || n < 2)
		return pat_needs_or(needs, numbers, n) ? 0
		                                       : bad(read, line, PAT_NEEDS_TOO_MANY, "");
	for (size_t i = 0; i < n; i++)
		if (!pat_needs_or(needs, &numbers[i], 1))
			return bad(read, line, PAT_NEEDS_TOO_MANY, "");
	return 0;
}

static int security_read(struct read *read, const struct pat_tree_node *security,
                         struct pat_rules_op *rule)
{
	struct pat_needs needs = { 0 };

	rule->refused = true;
	if (!security)
		return 0;
	if (security->kind != PAT_TREE_LIST)
		return bad(read, security->line, "security has to be a list", "");
	if (security->n == 0)
		rule->refused = false;
	for (const struct pat_tree_entry *e = security->first; e; e = e->next) {
		if (e->value->kind != PAT_TREE_MAP)
			return bad(read, e->line, "a security requirement has to be a map", "");
		const struct pat_tree_node *list = asks_only(e->value, read->how.scopes_scheme);
		if (e->value->n == 0 || asks_only(e->value, read->how.token_scheme))
			rule->refused = false;
		int r = list ? list_add(read, list, &needs, rule->line) : 0;
		if (r == 0 && e->value->n == 0 && !pat_needs_or(&needs, NULL, 0))
			r = bad(read, rule->line, PAT_NEEDS_TOO_MANY, "");
		if (r != 0)
			return r;
	}
	if (!pat_needs_write(&needs, rule))
		return bad(read, rule->line, PAT_NEEDS_TOO_MANY, "");
	return 0;
}

static int operation_read(struct read *read, const struct pat_tree_entry *path,
                          const struct pat_tree_entry *operation, unsigned method)
{
	char full[PAT_PATH_BYTES_MAX];
	const struct pat_tree_node *op = operation->value;
	const char *id = pat_tree_text(op, "operationId");
	const struct pat_tree_node *security = pat_tree_get(op, "security");

	if (op->kind != PAT_TREE_MAP)
		return bad(read, operation->line, "an operation has to be a map", "");
	int len = snprintf(full, sizeof(full), "%s%s", read->base_path, path->name);
	if (len < 0 || (size_t)len >= sizeof(full))
		return bad(read, path->line, "a path of more than 4096 bytes", "");
	struct pat_rules_op *rule = pat_rules_add(read->rules);
	if (!rule)
		return read->rules->n >= PAT_RULES_MAX
		               ? bad(read, operation->line, "more than 20000 operations", "")
		               : -ENOMEM;
	rule->method = method;
	rule->line = operation->line;
	rule->path = pat_arena_text(&read->rules->arena, full, (size_t)len);
	rule->id = pat_arena_text(&read->rules->arena, id ? id : "", id ? strlen(id) : 0);
	if (!rule->path || !rule->id)
		return -ENOMEM;
	if (!security)
		security = pat_tree_get(read->document->root, "security");
	return security_read(read, security, rule);
}

/* The method of an operation's key, which is in small letters. */
static unsigned key_method(const char *key)
{
	char capitals[16];
	size_t len = strlen(key);

	if (len >= sizeof(capitals))
		return PAT_METHOD_OTHER;
	for (size_t i = 0; i < len; i++) {
		if (key[i] < 'a' || key[i] > 'z')
			return PAT_METHOD_OTHER;
		capitals[i] = (char)(key[i] - 'a' + 'A');
	}
	return pat_method_of(capitals, len);
}

static int path_read(struct read *read, const struct pat_tree_entry *path)
{
	const struct pat_tree_node *item = NULL;
	int r = resolve(read, path->value, &item);

	if (r != 0)
		return r;
	if (item->kind != PAT_TREE_MAP)
		return bad(read, path->line, "a path has to be a map of operations", "");
	for (const struct pat_tree_entry *e = item->first; e && r == 0; e = e->next) {
		unsigned method = key_method(e->name);

		if (strcmp(e->name, "servers") == 0)
			r = bad(read, e->line,
			        "a path with servers of its own is not read: ", path->name);
		else if (method != PAT_METHOD_OTHER)
			r = operation_read(read, path, e, method);
	}
	return r;
}

/* ---- The document. */

/* The path of the first server's address, without a slash at its end. */
static int base_path_read(struct read *read)
{
	const struct pat_tree_node *servers = pat_tree_get(read->document->root, "servers");
	const char *url = read->how.base_path;
	unsigned line = servers ? servers->line : 1;

	if (!url && servers && servers->kind == PAT_TREE_LIST && servers->first)
		url = pat_tree_text(servers->first->value, "url");
	if (!url)
		url = "";
	const char *host = strstr(url, "://");
	const char *path = host ? strchr(host + 3, '/') : url;
	if (!path)
		path = "";
	size_t len = strcspn(path, "?#");
	while (len > 0 && path[len - 1] == '/')
		len--;
	if (memchr(path, '{', len))
		return bad(read, line,
		           "the server's path has a variable: say what stands before the "
		           "paths: ",
		           url);
	if (len > 0 && path[0] != '/')
		return bad(read, line, "this is no path, nor an address with one: ", url);
	read->base_path = pat_arena_text(&read->rules->arena, path, len);
	return read->base_path ? 0 : -ENOMEM;
}

static int version_check(struct read *read)
{
	const struct pat_tree_node *root = read->document->root;
	const char *version = pat_tree_text(root, "openapi");

	if (version && (strncmp(version, "3.0", 3) == 0 || strncmp(version, "3.1", 3) == 0))
		return 0;
	if (pat_tree_get(root, "swagger"))
		return bad(read, root->line,
		           "this is a Swagger 2.0 document; OpenAPI 3.0 and 3.1 are read", "");
	return bad(read, root->line, "this is no OpenAPI 3.0 or 3.1 document: openapi is ",
	           version ? version : "missing");
}

int pat_openapi_read(const struct pat_tree *document, const struct pat_openapi_reading *reading,
                     struct pat_rules *ret, struct pat_err *err)
{
	struct read read = { .document = document, .how = *reading, .rules = ret, .err = err };
	const struct pat_tree_node *paths = pat_tree_get(document->root, "paths");
	int r = version_check(&read);

	if (r == 0)
		r = schemes_choose(&read);
	if (r == 0)
		r = base_path_read(&read);
	if (r != 0)
		return r;
	size_t n_declared = ret->n_scopes;
	if (!paths || paths->kind != PAT_TREE_MAP || paths->n == 0)
		return bad(&read, document->root->line, "the document has no paths", "");
	for (const struct pat_tree_entry *e = paths->first; e && r == 0; e = e->next)
		if (e->name[0] == '/')
			r = path_read(&read, e);
	for (size_t i = n_declared; i < ret->n_scopes; i++)
		ret->scopes[i].undeclared = read.declares;
	return r;
}
