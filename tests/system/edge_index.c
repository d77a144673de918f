/* SPDX-License-Identifier: Apache-2.0
 *
 * A writer of the verification index for tests, driven by lines on standard input. Each is answered
 * by one line, "ok" or what went wrong. At end of file it leaves the index in place, as patd does.
 *
 *   new DIRECTORY PREFIX CAPACITY        a fresh generation, not yet published
 *   add TOKEN OWNER ISSUED EXPIRES SCOPES... [| LIMITS...]     OWNER percent-encoded; EXPIRES 0: never
 *   regrant TOKEN SCOPES... [| LIMITS...]
 *   policy NAME FLAGS TOKEN_SCHEME SCOPES_SCHEME any|all FILE    "-" for a scheme: the only one
 *   policies                             those since the last time are in force
 *   some-policies                        the same, and there are products that lack among them
 *   fill N SCOPE                         N tokens nobody has
 *   remove TOKEN
 *   publish NOW
 *   suspend 0|1
 *   usage TOKEN                          "ok LAST_USED COUNT"
 *   free                                 forget the writer, leave the index
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "index/policies.h"
#include "index/writer.h"
#include "policy/openapi.h"
#include "token/record.h"

static struct pat_index_writer *writer;

static int do_new(char *args)
{
	char directory[1024], prefix[16];
	unsigned long long capacity = 0;
	struct pat_token_format format;
	struct pat_err err = { "" };

	if (sscanf(args, "%1023s %15s %llu", directory, prefix, &capacity) != 3 ||
	    pat_token_format_init(&format, prefix) < 0)
		return -EINVAL;
	pat_index_writer_free(writer);
	writer = NULL;
	int r = pat_index_writer_new(&(struct pat_index_config){ .directory = directory,
	                                                         .group = (gid_t)-1,
	                                                         .format = &format,
	                                                         .tokens_max = capacity,
	                                                         .tokens_expected = 0 },
	                             &writer, &err);
	if (r < 0)
		fprintf(stderr, "%s\n", err.text);
	return r;
}

static void percent_decode(char *text)
{
	char *to = text;
	unsigned byte;

	for (const char *from = text; *from;) {
		if (*from == '%' && sscanf(from + 1, "%2x", &byte) == 1) {
			*to++ = (char)byte;
			from += 3;
		} else {
			*to++ = *from++;
		}
	}
	*to = '\0';
}

/* Cuts "scopes | limits" in two. */
static const char *limits_cut(char *scopes)
{
	char *bar = strstr(scopes, " | ");

	if (!bar)
		return "";
	*bar = '\0';
	return bar + 3;
}

static int do_add(char *args)
{
	char token[128], owner[1024];
	int64_t issued, expires;
	int at = 0;
	uint8_t digest[PAT_DIGEST_BYTES];

	if (sscanf(args, "%127s %1023s %" SCNd64 " %" SCNd64 " %n", token, owner, &issued, &expires,
	           &at) < 4 ||
	    at == 0)
		return -EINVAL;
	pat_sha256(token, strlen(token), digest);
	percent_decode(owner);
	const char *limits = limits_cut(args + at);
	return pat_index_writer_add(
		writer, &(struct pat_index_entry){ .digest = digest,
	                                           .number = 1,
	                                           .owner = owner,
	                                           .scopes = args + at,
	                                           .limits = limits,
	                                           .issued_s = issued,
	                                           .expires_s = expires ? expires : PAT_NEVER });
}

static int do_fill(char *args)
{
	char scope[129];
	unsigned long long n;
	int r = 0;

	if (sscanf(args, "%llu %128s", &n, scope) != 2)
		return -EINVAL;
	for (unsigned long long i = 0; i < n && r == 0; i++) {
		uint8_t digest[PAT_DIGEST_BYTES];

		pat_sha256(&i, sizeof(i), digest);
		r = pat_index_writer_add(writer,
		                         &(struct pat_index_entry){ .digest = digest,
		                                                    .number = (int64_t)i,
		                                                    .owner = "nobody",
		                                                    .scopes = scope,
		                                                    .issued_s = 1,
		                                                    .expires_s = PAT_NEVER });
	}
	return r;
}

static int do_regrant(char *args)
{
	char *scopes = strchr(args, ' ');
	uint8_t digest[PAT_DIGEST_BYTES];

	if (!scopes)
		return -EINVAL;
	*scopes++ = '\0';
	pat_sha256(args, strlen(args), digest);
	const char *limits = limits_cut(scopes);
	return pat_index_writer_regrant(writer, digest, scopes, limits);
}

static struct pat_policies_source sources[PAT_POLICIES_MAX];
static size_t n_sources;

static int read_whole(const char *path, char **ret, size_t *ret_len)
{
	FILE *file = fopen(path, "rb");
	char *text = malloc(PAT_TREE_BYTES_MAX);

	if (!file || !text)
		return -errno;
	*ret_len = fread(text, 1, PAT_TREE_BYTES_MAX, file);
	fclose(file);
	*ret = text;
	return 0;
}

static int compile(const char *path, const struct pat_openapi_reading *how, struct pat_buf *block)
{
	struct pat_err err = { "" };
	struct pat_tree document = { 0 };
	struct pat_rules *rules = pat_rules_new();
	char *text = NULL;
	size_t len = 0;
	int r = read_whole(path, &text, &len);

	if (r == 0)
		r = pat_tree_read(&document, text, len, &err);
	if (r == 0)
		r = pat_openapi_read(&document, how, rules, &err);
	if (r == 0)
		r = pat_rules_compile(rules, block, &err);
	if (r != 0)
		fprintf(stderr, "%s: %s\n", path, err.text);
	pat_tree_done(&document);
	pat_rules_free(rules);
	free(text);
	return r;
}

static int do_policy(char *args)
{
	char name[65], token_scheme[65], scopes_scheme[65], list[8], path[1024];
	unsigned flags = 0;
	struct pat_buf block;

	if (sscanf(args, "%64s %u %64s %64s %7s %1023s", name, &flags, token_scheme, scopes_scheme,
	           list, path) != 6 ||
	    n_sources == PAT_POLICIES_MAX)
		return -EINVAL;
	pat_buf_init(&block, PAT_POLICY_BYTES_MAX);
	struct pat_openapi_reading how = {
		.token_scheme = strcmp(token_scheme, "-") == 0 ? NULL : token_scheme,
		.scopes_scheme = strcmp(scopes_scheme, "-") == 0 ? NULL : scopes_scheme,
		.any = strcmp(list, "any") == 0,
	};
	int r = compile(path, &how, &block);
	if (r != 0)
		return r;
	sources[n_sources++] = (struct pat_policies_source){
		.name = strdup(name), .flags = flags, .bytes = block.data, .len = block.len
	};
	return 0;
}

static int do_policies(bool incomplete)
{
	struct pat_err err = { "" };
	int r = pat_index_writer_policies(writer, sources, n_sources, incomplete, &err);

	if (r < 0)
		fprintf(stderr, "%s\n", err.text);
	for (size_t i = 0; i < n_sources; i++) {
		free((void *)(uintptr_t)sources[i].name);
		free((void *)(uintptr_t)sources[i].bytes);
	}
	n_sources = 0;
	return r;
}

static int do_usage(const char *token, const uint8_t digest[static PAT_DIGEST_BYTES])
{
	int64_t last_s = 0, count = 0;

	(void)token;
	if (!pat_index_writer_usage(writer, digest, &last_s, &count))
		return PAT_INDEX_E_ABSENT;
	printf("ok %" PRId64 " %" PRId64 "\n", last_s, count);
	return 0;
}

static int do_line(const char *verb, char *args)
{
	struct pat_err err = { "" };
	uint8_t digest[PAT_DIGEST_BYTES];
	int r;

	if (strcmp(verb, "new") == 0)
		return do_new(args);
	if (!writer)
		return -EINVAL;
	if (strcmp(verb, "add") == 0)
		return do_add(args);
	if (strcmp(verb, "fill") == 0)
		return do_fill(args);
	if (strcmp(verb, "regrant") == 0)
		return do_regrant(args);
	if (strcmp(verb, "policy") == 0)
		return do_policy(args);
	if (strcmp(verb, "policies") == 0 || strcmp(verb, "some-policies") == 0)
		return do_policies(*verb == 's');
	if (strcmp(verb, "publish") == 0) {
		r = pat_index_writer_publish(writer, 1, atoll(args), &err);
		if (r < 0)
			fprintf(stderr, "%s\n", err.text);
		return r;
	}
	if (strcmp(verb, "suspend") == 0) {
		pat_index_writer_suspend(writer, atoi(args) != 0);
		return 0;
	}
	if (strcmp(verb, "free") == 0) {
		pat_index_writer_free(writer);
		writer = NULL;
		return 0;
	}
	pat_sha256(args, strlen(args), digest);
	if (strcmp(verb, "remove") == 0)
		return pat_index_writer_remove(writer, digest);
	if (strcmp(verb, "usage") == 0)
		return do_usage(args, digest);
	return -ENOSYS;
}

int main(void)
{
	static char line[16384];

	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		char *args = strchr(line, ' ');
		if (args)
			*args++ = '\0';
		int r = do_line(line, args ? args : line + strlen(line));
		if (r != 0)
			printf("error %d\n", r);
		else if (strcmp(line, "usage") != 0)
			printf("ok\n");
		fflush(stdout);
	}
	pat_index_writer_free(writer);
	return 0;
}
