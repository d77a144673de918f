/* SPDX-License-Identifier: Apache-2.0 */
#include "web/product.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "token/limits.h"

#define PICTURE_DAYS 30

/* ---- What a token that is limited to files and projects reaches. The gate leaves it to us, because it does not know in
 * which project a file is. */

/* Whether the limits name this value of a parameter; `ret_any`: whether they name any of the product's resources. */
static bool named(const char *limits, const char *param, const char *value, bool *ret_any)
{
	size_t len = strlen(value);
	bool found = false;
	struct pat_limit limit;

	while (pat_limits_next(&limits, &limit)) {
		if (limit.kind != PAT_LIMIT_RESOURCE ||
		    strcmp(limit.product, PAT_PRODUCT_NAME) != 0)
			continue;
		*ret_any = true;
		found |= strcmp(limit.param, param) == 0 &&
		         (limit.prefix ? limit.value_len <= len : limit.value_len == len) &&
		         memcmp(limit.value, value, limit.value_len) == 0;
	}
	return found;
}

/* A file that is named, or that is in a project that is. */
static int reach_file(struct pat_call *call, const struct pat_files_caller *caller)
{
	const char *limits = call->request->limits;
	struct pat_files_file file;
	char project[24];
	bool any = false;

	if (named(limits, "file_key", call->id, &any))
		return 0;
	int r = pat_files_file_get(call->context->files, caller, call->id, &file);
	if (r != 0)
		return pat_call_refuse_files(call, r, NULL);
	(void)snprintf(project, sizeof(project), "%lld", (long long)file.project);
	return file.project != 0 && named(limits, "project_id", project, &any)
	               ? 0
	               : pat_call_refuse(call, PAT_REASON_NOT_FOUND, NULL);
}

static int reach(struct pat_call *call, const struct pat_files_caller *caller)
{
	bool any = false;
	bool project = named(call->request->limits, "project_id", call->id, &any);

	if (!any)
		return 0;
	switch (call->reach) {
	case PAT_REACH_NONE:
		return 0;
	case PAT_REACH_FILE:
		return reach_file(call, caller);
	case PAT_REACH_PROJECT:
		if (project)
			return 0;
		break;
	case PAT_REACH_ALL:
	default:
		break;
	}
	return pat_call_refuse(call, PAT_REASON_NOT_FOUND, NULL);
}

int pat_product_caller(struct pat_call *call, struct pat_files_caller *ret)
{
	int64_t person = 0;

	if (!call->context->files)
		return pat_call_refuse(call, PAT_REASON_NOT_FOUND, NULL);
	if (!pat_http_number(call->request->user, &person))
		return pat_call_refuse(call, PAT_REASON_TOKEN_MISSING, NULL);
	call->actor.person = person;
	call->response->body.max = PAT_PRODUCT_ANSWER_BYTES_MAX;
	*ret = (struct pat_files_caller){ .person = person, .now_s = pat_clock_wall_s() };
	return reach(call, ret);
}

/* ---- Nodes. */

static int compare_ids(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void ids_sort(struct pat_product_ids *ids)
{
	size_t kept = 0;

	qsort(ids->ids, ids->n, sizeof(ids->ids[0]), compare_ids);
	for (size_t i = 0; i < ids->n; i++)
		if (kept == 0 || strcmp(ids->ids[i], ids->ids[kept - 1]) != 0)
			ids->ids[kept++] = ids->ids[i];
	ids->n = kept;
}

int pat_product_ids(struct pat_call *call, struct pat_product_ids *ret)
{
	char *next = ret->text;

	ret->n = 0;
	int r = pat_param_text(call, "ids", ret->text, sizeof(ret->text));
	if (r != 0)
		return r;
	while (*next) {
		char *id = next;

		next += strcspn(next, ",");
		if (*next)
			*next++ = '\0';
		if (*id == '\0')
			continue;
		if (strlen(id) > PAT_NODE_ID_MAX || ret->n == PAT_PRODUCT_IDS_MAX)
			return pat_param_refuse(call, "ids",
			                        "An id is too long, or there are too many.");
		ret->ids[ret->n++] = id;
	}
	ids_sort(ret);
	return 0;
}

/* ---- Pictures. */

int64_t pat_product_picture_end_s(int64_t now_s)
{
	return (now_s / 86400 + PICTURE_DAYS + 1) * 86400;
}

int pat_product_write_thumbnail(struct pat_call *call, struct pat_json_writer *w, const char *key,
                                const struct pat_files_file *file, int64_t version, int64_t now_s)
{
	char path[PAT_FILES_PICTURE_PATH_MAX];

	int r = pat_files_picture_path(call->context->files, file, version, "", NULL,
	                               pat_product_picture_end_s(now_s), path);
	if (r != 0)
		return r < 0 ? r : -EPROTO;
	pat_call_json_url(call, w, key, path);
	return 0;
}

int pat_product_done(struct pat_call *call)
{
	struct pat_json_writer w = pat_call_json(call, 200);

	pat_json_open(&w, NULL, '{');
	pat_json_number(&w, "status", 200);
	pat_json_bool(&w, "error", false);
	pat_json_close(&w, '}');
	return 0;
}
