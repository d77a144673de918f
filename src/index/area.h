/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory of the index: the two files while they are being written, and areas inside them whose
 * pages are reserved with fallocate before they are touched (touching a hole of a full tmpfs kills
 * the process with SIGBUS). Not thread-safe: the writer's mutex covers it.
 */
#ifndef PAT_INDEX_AREA_H
#define PAT_INDEX_AREA_H

#include "index/writer.h"

/* A growing part of a mapped file. */
struct pat_area {
	int fd;
	uint8_t *base;     /* where it is mapped */
	uint64_t file_at;  /* where it begins in the file */
	uint64_t bytes;    /* its size */
	uint64_t used;     /* taken so far */
	uint64_t reserved; /* backed by memory so far */
	uint8_t *settled;  /* mapped; huge pages were asked for up to here */
};

/* Makes sure the first `bytes` are backed. 0 or -ENOSPC. */
int pat_area_reserve(struct pat_area *area, uint64_t bytes) PAT_MUST_USE;

/* Takes `bytes`, zeroed, at a multiple of `align` (a power of two). 0 or -ENOSPC. */
int pat_area_take(struct pat_area *area, uint64_t bytes, uint64_t align,
                  uint64_t *ret_at) PAT_MUST_USE;

/* Asks for huge pages under what is backed (`reserved`, or less) and was not asked for yet. May take milliseconds;
 * needs no lock but against itself. */
void pat_area_settle(struct pat_area *area, uint64_t reserved);

/* Gives the whole pages of a piece back to the system; it stays part of the area. */
void pat_area_release(struct pat_area *area, uint64_t at, uint64_t bytes);

/* Backs a released piece again. 0 or -ENOSPC. */
int pat_area_reserve_again(struct pat_area *area, uint64_t at, uint64_t bytes) PAT_MUST_USE;

/* A new file of that name and size in the folder, mapped for writing and left out of core dumps; without memory yet. What
 * was there of that name is a dead run's. 0 or -errno. */
int pat_area_file_make(int directory_fd, const char *name, mode_t mode, gid_t group, uint64_t bytes,
                       int *ret_fd, void **ret_map) PAT_MUST_USE;

struct pat_policies_source;

/* The index file and its usage file, mapped for writing. */
struct pat_index_files {
	int directory_fd;
	int index_fd;
	int usage_fd;
	struct pat_index_header
		*header; /* the index's mapping; its first PAT_MAP_HUGE_BYTES are backed */
	uint64_t index_bytes;
	uint8_t *usage; /* the usage file's mapping */
	uint64_t usage_bytes;
	struct pat_usage_cell *cells;
	bool named; /* published */
};

int pat_index_files_create(struct pat_index_files *files, const struct pat_index_config *config,
                           struct pat_err *err) PAT_MUST_USE;
int pat_index_files_publish(struct pat_index_files *files, struct pat_err *err) PAT_MUST_USE;
/* Unmaps and closes; what was never published is removed. */
void pat_index_files_close(struct pat_index_files *files);
uint64_t pat_index_files_memory(const struct pat_index_files *files);
/* Removes the published files from their folder. */
void pat_index_files_unlink(struct pat_index_files *files);
/* Writes the policies' file and names it in the header; the former one goes. 0, or -errno: then nothing changed. */
int pat_index_files_policies(struct pat_index_files *files,
                             const struct pat_policies_source *sources, size_t n, bool incomplete,
                             gid_t group, struct pat_err *err) PAT_MUST_USE;
/* Removes usage files but its own and that of generation `keep`; with 0, also others' policies. */
void pat_index_files_forget_others(struct pat_index_files *files, uint64_t keep);

#endif
