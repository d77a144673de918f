/* SPDX-License-Identifier: Apache-2.0
 *
 * Room: what a team may keep, and what must stay free on the disk.
 *
 * What a team keeps stands with its files (file.kept, file.published), so nothing is counted anew. What is on its way is a
 * claim, in memory: it is judged together with what is kept and with all other claims of the team, so that uploads that
 * come at once can not pass the bound together. A claim is made before a byte is taken, grows when more comes than was said,
 * and is settled, for what it really is, in the change that keeps it.
 *
 * The reserve is for the other database: who can not be stored there can not be revoked either. So whatever makes this one
 * grow begins with pat_files_grow_begin(), and what removes or replaces with pat_files_change_begin() alone.
 */
#ifndef PAT_FILES_ROOM_H
#define PAT_FILES_ROOM_H

#include "files/db.h"

struct pat_files_claim {
	int64_t team; /* 0: claims nothing */
	uint64_t bytes;
	struct pat_files_claim *next;
	struct pat_files_claim **link;
};

/* Makes a claim, or makes one larger. E_QUOTA, and it is what it was. Outside of changes and looks. */
int pat_files_room_claim(struct pat_files *files, int64_t team, uint64_t bytes,
                         struct pat_files_claim *claim) PAT_MUST_USE;
/* In a change, by which a file of the claim's team keeps so many bytes more. E_QUOTA. */
int pat_files_room_settle(struct pat_files *files, struct pat_lite_conn *conn, int64_t file,
                          uint64_t bytes, struct pat_files_claim *claim) PAT_MUST_USE;
/* In a change by which it no longer keeps them. */
int pat_files_room_give_back(struct pat_lite_conn *conn, int64_t file, uint64_t bytes) PAT_MUST_USE;
/* When what was claimed is kept, or given up. Accepts one that claims nothing. */
void pat_files_room_drop(struct pat_files *files, struct pat_files_claim *claim);

/* Begins a change by which the database grows by about so many bytes. E_RESERVE. */
int pat_files_grow_begin(struct pat_files *files, uint64_t bytes,
                         struct pat_lite_conn **ret) PAT_MUST_USE;
/* Whether one could begin. */
int pat_files_room_free(const struct pat_files *files, uint64_t bytes) PAT_MUST_USE;

#endif
