/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAT_FILES_ASSET_H
#define PAT_FILES_ASSET_H

#include "base/buf.h"
#include "files/db.h"

/* ---- What a document publishes, in memory. (asset_read.c) */

/* What an answer writes around the texts of a row, and of whom it is. */
#define PAT_FILES_ASSET_ROW_BYTES 1024u

/* Texts of a row in this order, each with its 0. */
enum pat_files_asset_text {
	PAT_FILES_ASSET_KEY,
	PAT_FILES_ASSET_NODE,
	PAT_FILES_ASSET_STYLE_TYPE,
	PAT_FILES_ASSET_NAME,
	PAT_FILES_ASSET_DESCRIPTION,
	PAT_FILES_ASSET_SET_NODE,
	PAT_FILES_ASSET_SET_NAME,
	PAT_FILES_ASSET_FRAME_NODE,
	PAT_FILES_ASSET_FRAME_NAME,
	PAT_FILES_ASSET_PAGE_NODE,
	PAT_FILES_ASSET_PAGE_NAME,
	PAT_FILES_ASSET_TEXTS,
};

struct pat_files_asset_row {
	enum pat_outline_table kind;
	uint32_t texts_at;
};

struct pat_files_assets {
	struct pat_files_asset_row *rows;
	size_t n;
	struct pat_buf texts;
};

/* -ENOMEM, or what reading the text returned. done() in any case; it accepts a zeroed one. */
int pat_files_assets_read(const struct pat_outline *outline, const struct pat_text *text,
                          struct pat_files_assets *ret) PAT_MUST_USE;
void pat_files_assets_done(struct pat_files_assets *assets);

/* ---- Publishing. */

/* A version that is becoming the newest: what it publishes takes the place of what its file published before. */
struct pat_files_publishing {
	int64_t team;
	int64_t file;
	int64_t version;
	const struct pat_files_caller *caller;
	const struct pat_files_assets *assets;
};

/* In the change that makes it so. */
int pat_files_assets_replace(struct pat_lite_conn *conn,
                             const struct pat_files_publishing *publishing) PAT_MUST_USE;

#endif
