/* SPDX-License-Identifier: Apache-2.0
 *
 * GET /v1/files/{key}/versions: newest first, by pages that name each other.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "web/api.h"
#include "web/product.h"

#define PAGE_USUAL 30
#define PAGE_MAX   50

struct page {
	struct pat_files_file file;
	int64_t before;
	int64_t after;
	int64_t size;
	unsigned n;
	bool more; /* in the direction in which was asked */
	struct pat_files_version versions[PAGE_MAX];
};

static int keep(void *arg, const struct pat_files_version *version)
{
	struct page *page = arg;

	pat_assert(page->n < PAGE_MAX);
	page->versions[page->n++] = *version;
	return 0;
}

/* What is newer than something is told the oldest first; the answer has it the other way round. */
static const struct pat_files_version *version_of(const struct page *page, unsigned n)
{
	return &page->versions[page->after > 0 ? page->n - 1 - n : n];
}

static const char *text_or_null(const char *text)
{
	return text[0] ? text : NULL;
}

static int write_version(struct pat_call *call, struct pat_people *people,
                         struct pat_json_writer *w, const struct page *page,
                         const struct pat_files_version *version, int64_t now_s)
{
	pat_json_open(w, NULL, '{');
	pat_json_id(w, "id", version->id);
	pat_json_time(w, "created_at", version->created_s);
	pat_json_text(w, "label", text_or_null(version->label));
	pat_json_text(w, "description", text_or_null(version->description));
	int r = pat_people_write(people, w, "user", version->person);
	if (r == 0)
		r = pat_product_write_thumbnail(call, w, "thumbnail_url", &page->file, version->id,
		                                now_s);
	pat_json_close(w, '}');
	return r;
}

static void write_neighbour(const struct pat_call *call, struct pat_json_writer *w,
                            const struct page *page, const char *key, const char *side, int64_t id)
{
	char path[PAT_FILES_KEY_CHARS + 120];

	(void)snprintf(path, sizeof(path), "/v1/files/%s/versions?page_size=%lld&%s=%lld",
	               page->file.key, (long long)page->size, side, (long long)id);
	pat_call_json_url(call, w, key, path);
}

static void write_neighbours(const struct pat_call *call, struct pat_json_writer *w,
                             const struct page *page)
{
	pat_json_open(w, "pagination", '{');
	if (page->n > 0) {
		int64_t newest = version_of(page, 0)->id;
		int64_t oldest = version_of(page, page->n - 1)->id;

		if (newest < page->file.version)
			write_neighbour(call, w, page, "prev_page", "after", newest);
		if (page->after > 0 || page->more)
			write_neighbour(call, w, page, "next_page", "before", oldest);
	}
	pat_json_close(w, '}');
}

static int write_page(struct pat_call *call, const struct page *page, int64_t now_s)
{
	struct pat_json_writer w = pat_call_json(call, 200);
	struct pat_people people;
	int r = 0;

	pat_people_init(&people, call);
	pat_json_open(&w, NULL, '{');
	pat_json_open(&w, "versions", '[');
	for (unsigned i = 0; r == 0 && i < page->n; i++)
		r = write_version(call, &people, &w, page, version_of(page, i), now_s);
	pat_json_close(&w, ']');
	write_neighbours(call, &w, page);
	pat_json_close(&w, '}');
	return r;
}

static int read_question(struct pat_call *call, struct page *page,
                         struct pat_files_caller *ret_caller)
{
	page->size = PAGE_USUAL;
	int r = pat_product_caller(call, ret_caller);
	if (r == 0)
		r = pat_param_number(call, "page_size", 1, PAGE_MAX, &page->size);
	if (r == 0)
		r = pat_param_number(call, "before", 1, INT64_MAX, &page->before);
	if (r == 0)
		r = pat_param_number(call, "after", 1, INT64_MAX, &page->after);
	if (r == 0 && page->before > 0 && page->after > 0)
		r = pat_param_refuse(call, "after", "Give before or after, not both.");
	return r;
}

static int answer(struct pat_call *call, struct page *page)
{
	struct pat_files *files = call->context->files;
	struct pat_files_caller caller;

	int r = read_question(call, page, &caller);
	if (r != 0)
		return r;
	r = pat_files_file_get(files, &caller, call->id, &page->file);
	if (r == 0)
		r = pat_files_version_list(files, &caller, call->id, page->before, page->after,
		                           (unsigned)page->size, keep, page, &page->more);
	if (r != 0)
		return pat_call_refuse_files(call, r, NULL);
	return write_page(call, page, caller.now_s);
}

int pat_product_versions(struct pat_call *call)
{
	struct page *page = calloc(1, sizeof(*page));

	int r = page ? answer(call, page) : -ENOMEM;
	free(page);
	return r;
}
