/* SPDX-License-Identifier: Apache-2.0
 *
 * Contents: bytes that are written once, in pieces, and never changed. The number of a piece in the database follows from
 * its content and place, so that any range is one look-up away, and none is larger than a piece.
 *
 * A content that is being written is loose: nothing refers to it, and if its writer ends without a word it is removed by the
 * keeper, or when the database is opened next. Each piece is a transaction of its own; only keeping it is one with whatever
 * refers to it then.
 */
#ifndef PAT_FILES_CONTENT_H
#define PAT_FILES_CONTENT_H

#include "files/db.h"

#define PAT_FILES_PIECE_BYTES   (256u << 10)
#define PAT_FILES_PIECES_CACHED 4

enum pat_files_part {
	PAT_FILES_PART_TEXT,
	PAT_FILES_PART_OUTLINE,
};

/* ---- Writing. */

struct pat_files_content_writer {
	struct pat_files *files;
	struct pat_files_pin pin; /* the content's number is in it */
	enum pat_files_part part;
	uint64_t bytes; /* of the part, so far */
	size_t filled;
	uint8_t *piece;
};

/* done() is for any that is zeroed or was begun. Each that writes: E_RESERVE. */
int pat_files_content_begin(struct pat_files *files,
                            struct pat_files_content_writer *ret) PAT_MUST_USE;
int pat_files_content_add(struct pat_files_content_writer *writer, const void *bytes,
                          size_t len) PAT_MUST_USE;
/* The part is whole: writes what is left of it. Then another may begin. */
int pat_files_content_end_part(struct pat_files_content_writer *writer,
                               enum pat_files_part next) PAT_MUST_USE;
void pat_files_content_writer_done(struct pat_files_content_writer *writer);
/* In the change after which something refers to it. */
int pat_files_content_keep(struct pat_lite_conn *conn, int64_t content, uint64_t text_bytes,
                           uint64_t outline_bytes) PAT_MUST_USE;

/* ---- Reading. The content is pinned, or read inside one look. */

struct pat_files_content_reader {
	struct pat_files *files;
	struct pat_lite_conn *conn; /* NULL: one is borrowed for each piece */
	int64_t content;
	uint64_t bytes; /* of the text */
	uint64_t clock;
	struct {
		uint64_t used; /* 0: empty */
		uint32_t number;
		uint32_t len;
		uint8_t *bytes;
	} cache[PAT_FILES_PIECES_CACHED];
};

/* A range of the text: for struct pat_text, whose `arg` is the reader. */
int pat_files_content_read(void *reader, uint32_t at, void *out, uint32_t len) PAT_MUST_USE;
void pat_files_content_reader_done(struct pat_files_content_reader *reader);
/* One that was kept, or, if it can not be read, made from the text again. */
int pat_files_content_outline(struct pat_files_content_reader *reader, uint64_t outline_bytes,
                              struct pat_outline *ret) PAT_MUST_USE;

/* ---- Removing. */

/* Removes contents that nothing refers to and nobody uses, in at most so many transactions. */
int pat_files_loose_remove(struct pat_files *files, unsigned transactions_max) PAT_MUST_USE;

#endif
