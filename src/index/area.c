/* SPDX-License-Identifier: Apache-2.0
 *
 * Reserving, creating and publishing the index's files.
 *
 * Publishing has to leave a trail: between the rename and the word "superseded" in the old header
 * this process may be killed, and verifiers would then stay on a file that nobody can reach any more.
 * So the old file keeps a second name, index.prev, until it has been marked, and whoever publishes
 * next marks what he finds there first.
 */
#include "index/area.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crypto.h"
#include "index/map.h"
#include "index/policies.h"

#define PAGE_BYTES  4096ull
#define CHUNK_BYTES (256ull * 1024)
#define SPARE_BYTES (64ull * 1024 * 1024) /* heap and tables, beyond what tokens need */

static int reserve(int fd, uint64_t at, uint64_t bytes)
{
	int r = 0;

	do
		r = fallocate(fd, 0, (off_t)at, (off_t)bytes);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return errno == EFBIG || errno == ENOSPC || errno == EDQUOT || errno == ENOMEM
		               ? -ENOSPC
		               : -errno;
	return 0;
}

int pat_area_reserve(struct pat_area *area, uint64_t bytes)
{
	if (bytes <= area->reserved)
		return 0;
	if (bytes > area->bytes)
		return -ENOSPC;
	uint64_t upto = (bytes + CHUNK_BYTES - 1) / CHUNK_BYTES * CHUNK_BYTES;
	if (upto > area->bytes)
		upto = area->bytes;
	int r = reserve(area->fd, area->file_at + area->reserved, upto - area->reserved);
	if (r < 0)
		return r;
	area->reserved = upto;
	return 0;
}

int pat_area_take(struct pat_area *area, uint64_t bytes, uint64_t align, uint64_t *ret_at)
{
	uint64_t at = (area->used + align - 1) & ~(align - 1);

	if (at > area->bytes || bytes > area->bytes - at)
		return -ENOSPC;
	int r = pat_area_reserve(area, at + bytes);
	if (r < 0)
		return r;
	area->used = at + bytes;
	*ret_at = at;
	return 0;
}

void pat_area_settle(struct pat_area *area, uint64_t reserved)
{
	uint8_t *end = (uint8_t *)area->base + reserved;
	uint8_t *upto = end - ((uintptr_t)end & (PAT_MAP_HUGE_BYTES - 1));

	if (upto <= area->settled)
		return;
	pat_map_collapse(area->settled, (size_t)(upto - area->settled));
	area->settled = upto;
}

void pat_area_release(struct pat_area *area, uint64_t at, uint64_t bytes)
{
	if ((area->file_at + at) % PAGE_BYTES != 0 || bytes < PAGE_BYTES)
		return;
	(void)fallocate(area->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
	                (off_t)(area->file_at + at), (off_t)bytes);
}

int pat_area_reserve_again(struct pat_area *area, uint64_t at, uint64_t bytes)
{
	return reserve(area->fd, area->file_at + at, bytes);
}

/* ---- The files. */

static uint64_t pages(uint64_t bytes)
{
	return (bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
}

static uint64_t huge_pages(uint64_t bytes)
{
	return (bytes + PAT_MAP_HUGE_BYTES - 1) / PAT_MAP_HUGE_BYTES * PAT_MAP_HUGE_BYTES;
}

static void lay_out(struct pat_index_header *h, const struct pat_index_config *config,
                    uint64_t generation)
{
	*h = (struct pat_index_header){
		.magic = PAT_INDEX_MAGIC,
		.version = PAT_INDEX_VERSION,
		.prefix_len = (uint32_t)config->format->prefix_len,
		.generation = generation,
		.slots_max = config->tokens_max,
	};
	memcpy(h->prefix, config->format->prefix,
	       sizeof(config->format->prefix)); /* UNSAFE: 7 of 8 */
	h->parts_at = PAGE_BYTES;
	h->scopes_at = h->parts_at + pages(PAT_INDEX_PARTS * sizeof(uint64_t));
	h->heap_at = h->scopes_at +
	             pages((uint64_t)PAT_SCOPE_NUMBERS_MAX * sizeof(struct pat_scope_name));
	h->heap_bytes = pages(SPARE_BYTES + config->tokens_max * 64);
	if (h->heap_bytes > (uint64_t)PAT_REF_MAX * 8)
		h->heap_bytes = (uint64_t)PAT_REF_MAX * 8 / PAGE_BYTES * PAGE_BYTES;
	h->tables_at = huge_pages(h->heap_at + h->heap_bytes);
	h->tables_bytes = pages(SPARE_BYTES + config->tokens_max * 64);
	h->slots_at = huge_pages(h->tables_at + h->tables_bytes);
	h->file_bytes = h->slots_at + pages(h->slots_max * sizeof(struct pat_slot));
	h->consistency = config->consistency;
	(void)snprintf(h->node, sizeof(h->node), "%s", config->node ? config->node : "");
	atomic_store(&h->lease_end_ns,
	             config->consistency == PAT_INDEX_ALONE ? PAT_LEASE_FOREVER : 0);
	atomic_store(&h->state, PAT_INDEX_LOADING);
}

int pat_area_file_make(int dir, const char *name, mode_t mode, gid_t group, uint64_t bytes,
                       int *ret_fd, void **ret_map)
{
	(void)unlinkat(dir, name, 0);
	pat_cleanup(pat_closep) int fd =
		openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0 || fchmod(fd, mode) < 0)
		return -errno;
	if (group != (gid_t)-1 && fchown(fd, (uid_t)-1, group) < 0)
		return -errno;
	if (ftruncate(fd, (off_t)bytes) < 0)
		return -errno;
	void *map = pat_map_file(fd, bytes, PROT_READ | PROT_WRITE);
	if (!map)
		return -errno;
	(void)madvise(map, bytes, MADV_DONTDUMP);
	*ret_map = map;
	*ret_fd = fd;
	fd = -1;
	return 0;
}

static int create_usage(struct pat_index_files *files, const struct pat_index_config *config)
{
	char name[64];
	void *map = NULL;
	const struct pat_index_header *h = files->header;

	files->usage_bytes = PAGE_BYTES + pages(h->slots_max * sizeof(struct pat_usage_cell));
	(void)snprintf(name, sizeof(name), PAT_USAGE_FORMAT, (unsigned long long)h->generation);
	int r = pat_area_file_make(files->directory_fd, name, 0660, config->group,
	                           files->usage_bytes, &files->usage_fd, &map);
	if (r == 0)
		files->usage = map;
	if (r == 0)
		r = reserve(files->usage_fd, 0, PAGE_BYTES);
	if (r < 0)
		return r;
	pat_assert(map);
	*(struct pat_usage_header *)map = (struct pat_usage_header){
		.magic = PAT_INDEX_MAGIC,
		.generation = h->generation,
		.cells_at = PAGE_BYTES,
		.cells_max = h->slots_max,
	};
	files->cells = (struct pat_usage_cell *)(void *)(files->usage + PAGE_BYTES);
	return 0;
}

static int create_index(struct pat_index_files *files, const struct pat_index_config *config)
{
	struct pat_index_header layout;
	uint64_t generation = 0;
	void *map = NULL;
	int r = pat_random(&generation, sizeof(generation));

	if (r < 0)
		return r;
	lay_out(&layout, config, generation | 1);
	r = pat_area_file_make(files->directory_fd, PAT_INDEX_TMP, 0640, config->group,
	                       layout.file_bytes, &files->index_fd, &map);
	if (r < 0)
		return r;
	pat_assert(map);
	files->header = map;
	files->index_bytes = layout.file_bytes;
	/* Header, parts, scope names and the heap's beginning are small and needed at once. */
	r = reserve(files->index_fd, 0, PAT_MAP_HUGE_BYTES);
	if (r == 0)
		memcpy(map, &layout, sizeof(layout)); /* UNSAFE: the file is larger */
	return r;
}

int pat_index_files_create(struct pat_index_files *files, const struct pat_index_config *config,
                           struct pat_err *err)
{
	pat_assert(config->tokens_max > 0 && config->tokens_max < UINT32_MAX);
	files->directory_fd = open(config->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (files->directory_fd < 0)
		return pat_err_set(err, -errno, "cannot open the index directory %s: %s",
		                   config->directory, pat_err_words(errno));
	int r = create_index(files, config);
	if (r == 0)
		r = create_usage(files, config);
	if (r < 0)
		return pat_err_set(err, r, "cannot create the verification index in %s: %s",
		                   config->directory, pat_err_words(r));
	return 0;
}

/* Marks the index of that name superseded, unless it is this writer's own. */
static void supersede(struct pat_index_files *files, const char *name)
{
	struct stat st;
	struct stat own;
	pat_cleanup(pat_closep) int fd =
		openat(files->directory_fd, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0 || fstat(fd, &st) < 0 || fstat(files->index_fd, &own) < 0)
		return;
	if (st.st_ino == own.st_ino || (size_t)st.st_size < sizeof(struct pat_index_header))
		return;
	struct pat_index_header *h =
		mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (h == MAP_FAILED)
		return;
	if (h->magic == PAT_INDEX_MAGIC)
		atomic_store(&h->state, PAT_INDEX_SUPERSEDED);
	(void)munmap(h, PAGE_BYTES);
}

/* A trail from a run that was killed in mid-publish: mark the old file if the new one took its place. */
static void finish_former(struct pat_index_files *files)
{
	struct stat prev;
	struct stat current;

	if (fstatat(files->directory_fd, PAT_INDEX_PREV, &prev, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	if (fstatat(files->directory_fd, PAT_INDEX_FILE, &current, AT_SYMLINK_NOFOLLOW) < 0 ||
	    current.st_ino != prev.st_ino)
		supersede(files, PAT_INDEX_PREV);
	(void)unlinkat(files->directory_fd, PAT_INDEX_PREV, 0);
}

int pat_index_files_publish(struct pat_index_files *files, struct pat_err *err)
{
	int dir = files->directory_fd;

	finish_former(files);
	if (linkat(dir, PAT_INDEX_FILE, dir, PAT_INDEX_PREV, 0) < 0 && errno != ENOENT)
		return pat_err_set(err, -errno, "cannot keep the former verification index: %s",
		                   pat_err_words(errno));
	if (renameat(dir, PAT_INDEX_TMP, dir, PAT_INDEX_FILE) < 0)
		return pat_err_set(err, -errno, "cannot publish the verification index: %s",
		                   pat_err_words(errno));
	files->named = true;
	supersede(files, PAT_INDEX_PREV);
	(void)unlinkat(dir, PAT_INDEX_PREV, 0);
	return 0;
}

static void forget_usage(int dir, uint64_t generation)
{
	char name[64];

	(void)snprintf(name, sizeof(name), PAT_USAGE_FORMAT, (unsigned long long)generation);
	(void)unlinkat(dir, name, 0);
}

static void forget_policies(int dir, uint64_t generation)
{
	char name[64];

	if (generation == 0)
		return;
	(void)snprintf(name, sizeof(name), PAT_POLICIES_FORMAT, (unsigned long long)generation);
	(void)unlinkat(dir, name, 0);
}

int pat_index_files_policies(struct pat_index_files *files,
                             const struct pat_policies_source *sources, size_t n, bool incomplete,
                             gid_t group, struct pat_err *err)
{
	uint64_t generation = 0;
	int r = pat_random(&generation, sizeof(generation));

	generation |= 1;
	if (r == 0)
		r = pat_policies_write(files->directory_fd, generation, sources, n, incomplete,
		                       group);
	if (r < 0)
		return pat_err_set(err, r, "cannot write the policies beside the index: %s",
		                   pat_err_words(r));
	/* Sequentially consistent: from this store on nobody begins to judge by the former ones. */
	forget_policies(files->directory_fd, atomic_exchange(&files->header->policies, generation));
	return 0;
}

void pat_index_files_close(struct pat_index_files *files)
{
	if (!files->named && files->index_fd >= 0) {
		(void)unlinkat(files->directory_fd, PAT_INDEX_TMP, 0);
		/* Without a usage file the header may never have got memory: touching it would be a signal. */
		if (files->usage_fd >= 0) {
			forget_usage(files->directory_fd, files->header->generation);
			forget_policies(files->directory_fd, files->header->policies);
		}
	}
	if (files->usage)
		(void)munmap(files->usage, files->usage_bytes);
	if (files->header)
		(void)munmap(files->header, files->index_bytes);
	pat_closep(&files->usage_fd);
	pat_closep(&files->index_fd);
	pat_closep(&files->directory_fd);
	*files = (struct pat_index_files){ .directory_fd = -1, .index_fd = -1, .usage_fd = -1 };
}

void pat_index_files_unlink(struct pat_index_files *files)
{
	(void)unlinkat(files->directory_fd, PAT_INDEX_FILE, 0);
	forget_usage(files->directory_fd, files->header->generation);
	forget_policies(files->directory_fd, files->header->policies);
}

uint64_t pat_index_files_memory(const struct pat_index_files *files)
{
	struct stat index = { 0 };
	struct stat usage = { 0 };

	if (fstat(files->index_fd, &index) < 0 || fstat(files->usage_fd, &usage) < 0)
		return 0;
	return ((uint64_t)index.st_blocks + (uint64_t)usage.st_blocks) * 512;
}

/* Removes the files of a generation each, but for those named. */
static void forget_but(int directory_fd, const char *prefix, const char *own, const char *kept)
{
	int fd = openat(directory_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir) {
		pat_closep(&fd);
		return;
	}
	struct dirent *e = NULL;

	/* NOLINTNEXTLINE(concurrency-mt-unsafe): own stream */
	while ((e = readdir(dir)) != NULL)
		if (strncmp(e->d_name, prefix, strlen(prefix)) == 0 &&
		    strcmp(e->d_name, own) != 0 && strcmp(e->d_name, kept) != 0)
			(void)unlinkat(directory_fd, e->d_name, 0);
	(void)closedir(dir);
}

void pat_index_files_forget_others(struct pat_index_files *files, uint64_t keep)
{
	char own[64];
	char kept[64];

	(void)snprintf(own, sizeof(own), PAT_USAGE_FORMAT,
	               (unsigned long long)files->header->generation);
	(void)snprintf(kept, sizeof(kept), PAT_USAGE_FORMAT, (unsigned long long)keep);
	forget_but(files->directory_fd, "usage-", own, kept);
	if (keep != 0)
		return; /* that generation's policies are named by its own header */
	(void)snprintf(own, sizeof(own), PAT_POLICIES_FORMAT,
	               (unsigned long long)files->header->policies);
	forget_but(files->directory_fd, "policies-", own, own);
}
