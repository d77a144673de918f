/* SPDX-License-Identifier: Apache-2.0
 *
 * A writer of the verification index for tests, driven by lines on standard input. Each is answered
 * by one line, "ok" or what went wrong. At end of file it leaves the index in place, as patd does.
 *
 *   new DIRECTORY PREFIX CAPACITY        a fresh generation, not yet published
 *   add TOKEN OWNER ISSUED EXPIRES SCOPES...     OWNER percent-encoded; EXPIRES 0: never
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
#include "index/writer.h"
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
	return pat_index_writer_add(
		writer, &(struct pat_index_entry){ .digest = digest,
	                                           .number = 1,
	                                           .owner = owner,
	                                           .scopes = args + at,
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
