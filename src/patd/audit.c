/* SPDX-License-Identifier: Apache-2.0
 *
 * `patd audit verify`. Records are sealed with the row key, each over the one before it (store/audit.h), so only who has the key can
 * say whether they are as they were written.
 */
#include "patd/audit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "patd/command.h"

/* ---- Doing. */

json_t *pat_audit_do(struct pat_core *core, const json_t *request)
{
	const char *what = json_string_value(json_object_get(request, "do"));
	bool whole = false;
	int64_t id = 0;

	if (!what || strcmp(what, "audit verify") != 0)
		return NULL;
	int r = pat_core_audit_verify(core, &whole, &id);
	if (r == 0)
		return json_pack("{s:b, s:b, s:I}", "ok", 1, "whole", whole, "id", (json_int_t)id);
	return json_pack("{s:b, s:s}", "ok", 0, "error",
	                 r == -ENOMEM ? "out of memory" : "the store can not be read");
}

/* ---- Asking. */

static const char usage[] =
	"usage: patd audit COMMAND [--setting value …]\n"
	"\n"
	"  verify   walk the audit records: is each as it was written, and follows on the one before it?\n";

void pat_command_audit_usage(FILE *to)
{
	(void)fputs(usage, to);
}

static int report(const json_t *answer, struct pat_err *err)
{
	const char *error = json_string_value(json_object_get(answer, "error"));
	int64_t id = json_integer_value(json_object_get(answer, "id"));

	if (!json_is_true(json_object_get(answer, "ok")))
		return pat_err_set(err, -EIO, "%s", error ? error : "the answer made no sense");
	if (!json_is_true(json_object_get(answer, "whole")))
		return pat_err_set(
			err, -EBADMSG,
			"audit record %" PRId64
			" is missing, or is not what patd wrote. Those before it are as they were written",
			id);
	(void)printf("%" PRId64 " audit records, each as it was written\n", id);
	return 0;
}

int pat_command_audit(const struct pat_settings *settings, int n_words, char **words)
{
	struct pat_err err = { { 0 } };
	json_t *request = NULL;
	json_t *answer = NULL;

	if (n_words != 1 || strcmp(words[0], "verify") != 0) {
		pat_command_audit_usage(stderr);
		return 2;
	}
	request = json_pack("{s:s}", "do", "audit verify");
	int r = request ? pat_command_ask(settings, request, false, &answer, &err)
	                : pat_err_set(&err, -ENOMEM, "out of memory");
	if (r == 0)
		r = report(answer, &err);
	json_decref(request);
	json_decref(answer);
	return r < 0 ? pat_command_failed(&err) : 0;
}
