/* SPDX-License-Identifier: Apache-2.0
 *
 * Opening a version: its content is pinned while it is found, so that it stays readable to the end even if its file is
 * purged in the middle of an answer. No connection is held between two reads: a slow client must not keep one.
 */
#include "files/document.h"

#include <errno.h>
#include <stdlib.h>

#include "files/access.h"

struct found {
	int64_t content;
	int64_t outline_bytes;
};

/* Who asks: a person with a key, or a signed address with a file's number. */
struct asked {
	const struct pat_files_caller *caller; /* NULL: signed */
	const char *key;
	int64_t file;
	int64_t version;
};

static int judge(struct pat_lite_conn *conn, const struct asked *asked,
                 struct pat_files_access *ret)
{
	if (asked->caller)
		return pat_files_access_file(conn, asked->caller->person, asked->key,
		                             PAT_FILES_VIEWER, ret);
	return pat_files_access_signed(conn, asked->file, ret);
}

static int find_version(struct pat_lite_conn *conn, struct pat_files_document *d, struct found *ret)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		conn, "SELECT v.content, v.created, c.bytes, c.outline FROM version v"
		      " JOIN content c ON c.id = v.content WHERE v.id = ?1 AND v.file = ?2");

	pat_lite_bind_i64(&q, 1, d->version);
	pat_lite_bind_i64(&q, 2, d->file);
	int e = pat_lite_step(&q);
	if (e <= 0)
		return e < 0 ? e : PAT_FILES_E_NOT_FOUND;
	ret->content = pat_lite_i64(&q, 0);
	ret->outline_bytes = pat_lite_i64(&q, 3);
	d->created_s = pat_lite_i64(&q, 1);
	d->reader.bytes = (uint64_t)pat_lite_i64(&q, 2);
	return 0;
}

/* Under the lock of the pins: what is found here can not be removed before it is pinned. */
static int find(struct pat_lite_conn *conn, const struct asked *asked, struct pat_files_document *d,
                struct found *ret)
{
	struct pat_files_access access;

	int r = judge(conn, asked, &access);
	if (r != 0)
		return r;
	d->file = access.file;
	d->version = asked->version != 0 ? asked->version : access.version;
	d->newest = d->version == access.version;
	r = find_version(conn, d, ret);
	if (r == 0)
		pat_files_pin_add(d->files, &d->pin, ret->content);
	return r;
}

static int find_and_pin(struct pat_files_document *d, const struct asked *asked,
                        struct pat_files_file *ret_file, struct found *ret)
{
	pat_cleanup(pat_lite_reader_done) struct pat_lite_reader look = { 0 };

	int r = pat_files_look(d->files, &look);
	if (r < 0)
		return r;
	pat_files_pin_lock(d->files);
	r = find(look.conn, asked, d, ret);
	pat_files_pin_unlock(d->files);
	if (r == 0 && ret_file)
		r = pat_files_file_read(look.conn, asked->caller->person, d->file, ret_file);
	return r;
}

static int document_open(struct pat_files *files, const struct asked *asked,
                         struct pat_files_file *ret_file, struct pat_files_document **ret)
{
	pat_cleanup(pat_files_document_closep) struct pat_files_document *d = calloc(1, sizeof(*d));
	struct pat_files_file file;
	struct found found = { 0 };

	if (!d)
		return -ENOMEM;
	d->files = files;
	int r = find_and_pin(d, asked, ret_file ? &file : NULL, &found);
	if (r != 0)
		return r;
	d->reader.files = files;
	d->reader.content = found.content;
	d->text = (struct pat_text){ .read = pat_files_content_read, .arg = &d->reader };
	r = pat_files_content_outline(&d->reader, (uint64_t)found.outline_bytes, &d->outline);
	if (r != 0)
		return r;
	if (ret_file)
		*ret_file = file;
	*ret = PAT_TAKE(d);
	return 0;
}

int pat_files_document_open(struct pat_files *files, const struct pat_files_caller *caller,
                            const char *key, int64_t version, struct pat_files_file *ret_file,
                            struct pat_files_document **ret)
{
	struct asked asked = { .caller = caller, .key = key, .version = version };

	return document_open(files, &asked, ret_file, ret);
}

int pat_files_document_open_signed(struct pat_files *files, int64_t file, int64_t version,
                                   struct pat_files_document **ret)
{
	struct asked asked = { .file = file, .version = version };

	return document_open(files, &asked, NULL, ret);
}

void pat_files_document_close(struct pat_files_document *d)
{
	if (!d)
		return;
	pat_files_pin_drop(d->files, &d->pin);
	pat_files_content_reader_done(&d->reader);
	pat_outline_done(&d->outline);
	free(d);
}

void pat_files_document_closep(struct pat_files_document **document)
{
	pat_files_document_close(*document);
	*document = NULL;
}

const struct pat_outline *pat_files_document_outline(const struct pat_files_document *document)
{
	return &document->outline;
}

const struct pat_text *pat_files_document_text(struct pat_files_document *document)
{
	return &document->text;
}

int64_t pat_files_document_version(const struct pat_files_document *document)
{
	return document->version;
}

int64_t pat_files_document_time_s(const struct pat_files_document *document)
{
	return document->created_s;
}
