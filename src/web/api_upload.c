/* SPDX-License-Identifier: Apache-2.0
 *
 * What comes in: a document as a new file or as a new version of one, read piece by piece as it comes, and images.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "web/api.h"
#include "web/api_files.h"
#include "web/param.h"
#include "web/router.h"

#define PIECE_BYTES   (64u << 10)
#define WHY_BYTES_MAX 600

/* The next bytes of the body into `out`: how many, 0 at its end, or a fault. `*done` counts what was taken of a body that is
 * in memory. */
static ssize_t next_piece(const struct pat_request *request, size_t *done, void *out, size_t max)
{
	if (request->inflow)
		return pat_inflow_read(request->inflow, out, max);
	size_t n = request->body_len - *done;
	if (n > max)
		n = max;
	memcpy(out, request->body + *done, n); /* UNSAFE: n fits both */
	*done += n;
	return (ssize_t)n;
}

/* Who sends only half of what was announced gets no answer that matters. */
static int broken_off(struct pat_call *call, ssize_t result)
{
	if (result == -ETIMEDOUT || result == -ECONNRESET)
		return pat_call_refuse(call, PAT_REASON_REQUEST_MALFORMED, NULL);
	return (int)result;
}

/* ---- Documents. */

struct upload {
	struct pat_call *call;
	struct pat_files_caller caller;
	struct pat_files_upload *upload;
	struct pat_buf why;
	char label[4 * PAT_FILES_LABEL_CHARS_MAX + 1];
	char description[4 * PAT_FILES_LABEL_CHARS_MAX + 1];
};

static int refuse(struct upload *u, int result)
{
	return pat_call_refuse_files(u->call, result, u->why.len > 0 ? pat_buf_str(&u->why) : NULL);
}

static int feed(struct upload *u)
{
	char *piece = malloc(PIECE_BYTES);
	size_t done = 0;
	ssize_t n = 0;
	int r = 0;

	if (!piece)
		return -ENOMEM;
	while (r == 0 && (n = next_piece(u->call->request, &done, piece, PIECE_BYTES)) > 0)
		r = pat_files_upload_feed(u->upload, piece, (size_t)n, &u->why);
	free(piece);
	if (n < 0)
		return broken_off(u->call, n);
	return r != 0 ? refuse(u, r) : 0;
}

/* What was judged before the first byte: a session may have ended, or a person been disabled, since. */
static int still_signed_in(void *arg)
{
	int r = pat_router_session_again(arg);

	return r > 0 ? PAT_FILES_E_ENDED : r;
}

static const char *text_or_null(const char *text)
{
	return text[0] ? text : NULL;
}

static int receive(struct upload *u)
{
	struct pat_files_file file;

	int r = feed(u);
	if (r != 0)
		return r;
	pat_files_upload_guard(u->upload, still_signed_in, u->call);
	r = pat_files_upload_finish(u->upload, text_or_null(u->label), text_or_null(u->description),
	                            &u->why, &file);
	if (r != 0)
		return refuse(u, r);
	return pat_api_answer_file(u->call, 201, &file, u->caller.now_s);
}

static int read_words(struct upload *u)
{
	int r = pat_param_text(u->call, "label", u->label, sizeof(u->label));

	return r != 0 ? r
	              : pat_param_text(u->call, "description", u->description,
	                               sizeof(u->description));
}

static int upload(struct upload *u, int64_t project, const char *key, const char *name)
{
	pat_buf_init(&u->why, WHY_BYTES_MAX);
	int r = pat_files_upload_begin(u->call->context->files, &u->caller, project, key, name,
	                               &u->upload);
	if (r == 0) /* before the body is taken: nobody sends 64 MiB in vain */
		r = pat_files_upload_expect(u->upload, u->call->request->content_length);
	r = r != 0 ? refuse(u, r) : receive(u);
	pat_files_upload_free(u->upload);
	pat_buf_done(&u->why);
	return r;
}

int pat_api_files_post(struct pat_call *call)
{
	static const char *const known[] = { "project", "name", "label", "description", NULL };
	struct upload u = { .call = call };
	char name[PAT_FILES_NAME_BYTES_MAX + 1];
	int64_t project = 0;

	int r = pat_api_files_caller(call, &u.caller);
	if (r == 0)
		r = pat_param_known(call, known);
	if (r == 0)
		r = pat_param_number(call, "project", 1, INT64_MAX, &project);
	if (r == 0)
		r = pat_param_text(call, "name", name, sizeof(name));
	if (r == 0)
		r = read_words(&u);
	return r == 0 ? upload(&u, project, NULL, text_or_null(name)) : r;
}

int pat_api_versions_post(struct pat_call *call)
{
	static const char *const known[] = { "label", "description", NULL };
	struct upload u = { .call = call };

	int r = pat_api_files_caller(call, &u.caller);
	if (r == 0)
		r = pat_param_known(call, known);
	if (r == 0)
		r = read_words(&u);
	return r == 0 ? upload(&u, 0, call->id, NULL) : r;
}

/* ---- Images. */

static int read_whole(struct pat_call *call, struct pat_buf *out)
{
	char piece[4096];
	size_t done = 0;
	ssize_t n = 0;

	while ((n = next_piece(call->request, &done, piece, sizeof(piece))) > 0) {
		int r = pat_buf_add(out, piece, (size_t)n);

		if (r < 0)
			return r;
	}
	return n < 0 ? broken_off(call, n) : 0;
}

static int answer_image(struct pat_call *call, const struct pat_files_fill *fill)
{
	struct pat_json_writer w = pat_call_json(call, 201);

	pat_json_open(&w, NULL, '{');
	pat_json_text(&w, "ref", fill->ref);
	pat_json_text(&w, "type", fill->type);
	pat_json_number(&w, "bytes", fill->bytes);
	pat_json_close(&w, '}');
	return 0;
}

int pat_api_images_post(struct pat_call *call)
{
	pat_cleanup(pat_buf_done) struct pat_buf image = { 0 };
	struct pat_files_caller caller;
	struct pat_files_fill fill;

	pat_buf_init(&image, PAT_FILES_FILL_BYTES_MAX);
	int r = pat_api_files_caller(call, &caller);
	if (r != 0)
		return r;
	r = pat_files_fill_expect(call->context->files, &caller, call->id,
	                          call->request->content_length);
	if (r != 0)
		return pat_call_refuse_files(call, r, NULL);
	r = read_whole(call, &image);
	if (r != 0)
		return r;
	r = still_signed_in(call);
	if (r != 0)
		return pat_call_refuse_files(call, r, NULL);
	r = pat_files_fill_add(call->context->files, &caller, call->id, pat_buf_str(&image),
	                       image.len, &fill);
	return r != 0 ? pat_call_refuse_files(call, r, NULL) : answer_image(call, &fill);
}
