/* SPDX-License-Identifier: Apache-2.0
 *
 * `patd policy …`, with patd running or not.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "patd/command.h"
#include "patd/product.h"

static const char usage[] =
	"usage: patd policy COMMAND [--setting value …]\n"
	"\n"
	"  import NAME FILE   protect the product NAME as its OpenAPI document says (3.0 or 3.1, YAML or JSON)\n"
	"      --token-scheme SCHEME   the security scheme that stands for a token; else the next\n"
	"      --scopes-from SCHEME    the one whose scopes count; else the only OAuth 2 or OpenID Connect scheme\n"
	"      --any-scope             a list of scopes means any of them, not all\n"
	"      --base-path PATH        what stands before the paths; else the path of the first server\n"
	"  list               the products\n"
	"  show NAME          its operations, and what each takes\n"
	"  lint NAME|FILE     what to look at before you believe in it; a file with the flags of import\n"
	"  remove NAME        its requests are refused from then on\n";

void pat_command_policy_usage(FILE *to)
{
	(void)fputs(usage, to);
}

/* ---- The words. */

static int text_set(json_t *request, const char *key, const char *value, struct pat_err *err)
{
	if (json_object_set_new(request, key, json_string(value)) < 0)
		return pat_err_set(err, -EINVAL, "%s is not UTF-8", value);
	return 0;
}

/* Flags of import; -EINVAL without a sentence: wrong usage. */
static int flags_parse(int n_words, char **words, json_t *request, struct pat_err *err)
{
	static const struct {
		const char *flag;
		const char *key;
	} flags[] = {
		{ "--token-scheme", "token_scheme" },
		{ "--scopes-from", "scopes_scheme" },
		{ "--base-path", "base_path" },
	};

	for (int i = 0; i < n_words; i++) {
		size_t k = 0;

		if (strcmp(words[i], "--any-scope") == 0) {
			(void)json_object_set_new(request, "any", json_true());
			continue;
		}
		while (k < PAT_ARRAY_LEN(flags) && strcmp(words[i], flags[k].flag) != 0)
			k++;
		if (k == PAT_ARRAY_LEN(flags) || i + 1 == n_words)
			return -EINVAL;
		int r = text_set(request, flags[k].key, words[++i], err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int document_read(const char *path, char **ret, size_t *ret_len, struct pat_err *err)
{
	pat_cleanup(pat_freep) char *bytes = malloc(PAT_TREE_BYTES_MAX + 1);
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");

	if (!bytes)
		return pat_err_set(err, -ENOMEM, "out of memory");
	if (!file)
		return pat_err_set(err, -errno, "cannot open %s: %s", path, pat_err_words(errno));
	size_t len = fread(bytes, 1, PAT_TREE_BYTES_MAX + 1, file);
	bool failed = ferror(file) != 0;
	if (file != stdin)
		(void)fclose(file);
	if (failed)
		return pat_err_set(err, -EIO, "cannot read %s", path);
	if (len > PAT_TREE_BYTES_MAX)
		return pat_err_set(err, -EFBIG, "%s is larger than 10 MiB", path);
	*ret = PAT_TAKE(bytes);
	*ret_len = len;
	return 0;
}

static int import_parse(int n_words, char **words, json_t *request, struct pat_err *err)
{
	pat_cleanup(pat_freep) char *document = NULL;
	size_t len = 0;

	if (n_words < 3)
		return -EINVAL;
	int r = text_set(request, "name", words[1], err);
	if (r == 0)
		r = flags_parse(n_words - 3, words + 3, request, err);
	if (r == 0)
		r = document_read(words[2], &document, &len, err);
	if (r == 0 && json_object_set_new(request, "document", json_stringn(document, len)) < 0)
		r = pat_err_set(err, -EINVAL, "%s is not UTF-8", words[2]);
	return r;
}

static int parse(int n_words, char **words, json_t *request, struct pat_err *err)
{
	const char *what = n_words > 0 ? words[0] : "";
	char full[32];

	(void)snprintf(full, sizeof(full), "policy %.20s", what);
	(void)json_object_set_new(request, "do", json_string(full));
	if (strcmp(what, "import") == 0)
		return import_parse(n_words, words, request, err);
	if (strcmp(what, "list") == 0)
		return n_words == 1 ? 0 : -EINVAL;
	if (strcmp(what, "show") != 0 && strcmp(what, "lint") != 0 && strcmp(what, "remove") != 0)
		return -EINVAL;
	return n_words == 2 ? text_set(request, "name", words[1], err) : -EINVAL;
}

/* ---- Lint of a file: nothing of patd's is needed. */

static void findings_print(json_t *findings)
{
	size_t i = 0;
	const json_t *f = NULL;

	json_array_foreach(findings, i, f)(void) printf(
		"line %-6lld %-13s %s\n", (long long)json_integer_value(json_object_get(f, "line")),
		json_string_value(json_object_get(f, "kind")),
		json_string_value(json_object_get(f, "text")));
	if (json_array_size(findings) == 0)
		(void)puts("nothing to look at");
}

static int file_read(const char *path, const json_t *request, struct pat_rules *rules,
                     struct pat_err *err)
{
	pat_cleanup(pat_freep) char *document = NULL;
	pat_cleanup(pat_tree_done) struct pat_tree tree = { 0 };
	pat_cleanup(pat_buf_done) struct pat_buf block = { 0 };
	size_t len = 0;
	struct pat_openapi_reading how = {
		.token_scheme = json_string_value(json_object_get(request, "token_scheme")),
		.scopes_scheme = json_string_value(json_object_get(request, "scopes_scheme")),
		.any = json_is_true(json_object_get(request, "any")),
		.base_path = json_string_value(json_object_get(request, "base_path")),
	};

	pat_buf_init(&block, PAT_POLICY_BYTES_MAX);
	int r = document_read(path, &document, &len, err);
	if (r == 0)
		r = pat_tree_read(&tree, document, len, err);
	if (r == 0)
		r = pat_openapi_read(&tree, &how, rules, err);
	if (r == 0)
		r = pat_rules_compile(rules, &block, err);
	return r == -ENOMEM ? pat_err_set(err, r, "out of memory") : r;
}

static int lint_file(int n_words, char **words)
{
	pat_cleanup(pat_rules_freep) struct pat_rules *rules = pat_rules_new();
	struct pat_err err = { { 0 } };
	json_t *request = json_object();
	json_t *findings = NULL;

	int r = rules ? flags_parse(n_words - 2, words + 2, request, &err) : -ENOMEM;
	if (r == -EINVAL && err.text[0] == '\0') {
		json_decref(request);
		pat_command_policy_usage(stderr);
		return 2;
	}
	if (r == 0)
		r = file_read(words[1], request, rules, &err);
	json_decref(request);
	if (r != 0)
		return pat_command_failed(&err);
	findings = pat_products_lint(rules);
	findings_print(findings);
	json_decref(findings);
	return 0;
}

/* ---- The answers. */

static void products_print(json_t *products)
{
	size_t i = 0;
	const json_t *p = NULL;

	json_array_foreach(products, i, p)(void)
		printf("%-32s %-22s %5lld operations %5lld scopes\n",
	               json_string_value(json_object_get(p, "name")),
	               json_string_value(json_object_get(p, "imported_at")),
	               (long long)json_integer_value(json_object_get(p, "operations")),
	               (long long)json_integer_value(json_object_get(p, "scopes")));
}

static void operations_print(json_t *operations)
{
	size_t i = 0;
	const json_t *o = NULL;

	json_array_foreach(operations, i, o)(void)
		printf("%-7s %-60s %s\n", json_string_value(json_object_get(o, "method")),
	               json_string_value(json_object_get(o, "path")),
	               json_string_value(json_object_get(o, "takes")));
}

/* What may be misspelt is said at once, and not to who reads only what was asked for. */
static void import_print(const char *name, const json_t *answer)
{
	size_t i = 0;
	const json_t *s = NULL;

	(void)printf("%s has %lld operations and %lld scopes, and is in force.\n", name,
	             (long long)json_integer_value(json_object_get(answer, "operations")),
	             (long long)json_integer_value(json_object_get(answer, "scopes")));
	json_array_foreach(json_object_get(answer, "undeclared"), i, s)
	{
		(void)fprintf(
			stderr,
			"warning: line %lld: the scope %s is declared nowhere; see patd policy lint %s\n",
			(long long)json_integer_value(json_object_get(s, "line")),
			json_string_value(json_object_get(s, "scope")), name);
	}
}

static int report(const json_t *request, const json_t *answer, struct pat_err *err)
{
	const char *error = json_string_value(json_object_get(answer, "error"));
	const char *what = json_string_value(json_object_get(request, "do"));
	const char *name = json_string_value(json_object_get(request, "name"));

	if (!json_is_true(json_object_get(answer, "ok")))
		return pat_err_set(err, -EINVAL, "%s", error ? error : "the answer made no sense");
	if (strcmp(what, "policy list") == 0)
		products_print(json_object_get(answer, "products"));
	else if (strcmp(what, "policy show") == 0)
		operations_print(json_object_get(answer, "operations"));
	else if (strcmp(what, "policy lint") == 0)
		findings_print(json_object_get(answer, "findings"));
	else if (strcmp(what, "policy remove") == 0)
		(void)printf(
			"%s has no policy any more: its requests are refused, product_unknown.\n",
			name);
	else
		import_print(name, answer);
	return 0;
}

int pat_command_policy(const struct pat_settings *settings, int n_words, char **words)
{
	struct pat_err err = { { 0 } };
	json_t *request = json_object();
	json_t *answer = NULL;

	/* A name has no dot and no slash; a file's nearly always has. */
	if (n_words >= 2 && strcmp(words[0], "lint") == 0 &&
	    (n_words > 2 || strpbrk(words[1], "./"))) {
		json_decref(request);
		return lint_file(n_words, words);
	}
	int r = parse(n_words, words, request, &err);
	if (r < 0 && err.text[0] == '\0') {
		pat_command_policy_usage(stderr);
		json_decref(request);
		return 2;
	}
	if (r == 0)
		r = pat_command_ask(settings, request, false, &answer, &err);
	if (r == 0)
		r = report(request, answer, &err);
	json_decref(request);
	json_decref(answer);
	return r < 0 ? pat_command_failed(&err) : 0;
}
