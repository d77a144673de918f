/* SPDX-License-Identifier: Apache-2.0 */
#include "index/drain.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "index/area.h"

struct pat_drain {
	int directory_fd;
	int fd;
	uint8_t *base;
	uint64_t broken; /* how often a ring said what cannot be */
	struct {
		bool backed;      /* has memory: reading it is no signal */
		uint64_t tail;    /* ours: what stands in the file is for the producer */
		uint64_t dropped; /* what the ring said when it was last asked */
	} rings[PAT_RINGS];
};

/* The file of the run before, if it is there and is one. */
static int drain_map(struct pat_drain *d)
{
	struct stat st;

	d->fd = openat(d->directory_fd, PAT_RING_FILE, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (d->fd < 0 || fstat(d->fd, &st) < 0)
		return -errno;
	if ((uint64_t)st.st_size != PAT_RING_FILE_BYTES)
		return -EINVAL;
	void *map = mmap(NULL, PAT_RING_FILE_BYTES, PROT_READ | PROT_WRITE,
	                 MAP_SHARED | MAP_NORESERVE, d->fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	(void)madvise(map, PAT_RING_FILE_BYTES, MADV_DONTDUMP);
	d->base = map;
	return pat_ring_file_ok(d->base, (uint64_t)st.st_size) ? 0 : -EINVAL;
}

static void drain_unmap(struct pat_drain *d)
{
	if (d->base)
		(void)munmap(d->base, PAT_RING_FILE_BYTES);
	d->base = NULL;
	pat_closep(&d->fd);
}

/* The magic comes last: a verifier that opens the file meanwhile takes it for another version's. */
static int drain_make(struct pat_drain *d, gid_t group)
{
	void *map = NULL;
	int r = pat_area_file_make(d->directory_fd, PAT_RING_FILE, 0660, group, PAT_RING_FILE_BYTES,
	                           &d->fd, &map);

	if (r < 0)
		return r;
	d->base = map;
	if (fallocate(d->fd, 0, 0, PAT_RING_USES_AT) < 0)
		return -errno;
	struct pat_ring_header *h = (struct pat_ring_header *)map;
	h->rings = PAT_RINGS;
	h->uses = PAT_RING_USES;
	h->use_bytes = sizeof(struct pat_ring_use);
	__atomic_store_n(&h->magic, PAT_RING_MAGIC, __ATOMIC_RELEASE);
	return 0;
}

static int drain_start(struct pat_drain *d, const char *directory, gid_t group)
{
	d->directory_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d->directory_fd < 0)
		return -errno;
	int r = drain_map(d);
	if (r < 0) {
		drain_unmap(d);
		r = drain_make(d, group);
	}
	if (r < 0)
		return r;
	for (unsigned n = 0; n < PAT_RINGS; n++) {
		d->rings[n].tail = atomic_load(&pat_ring_head_at(d->base, n)->tail);
		d->rings[n].dropped = atomic_load(&pat_ring_head_at(d->base, n)->dropped);
	}
	return 0;
}

int pat_drain_open(const char *index_directory, gid_t group, struct pat_drain **ret,
                   struct pat_err *err)
{
	struct pat_drain *d = calloc(1, sizeof(*d));

	if (!d)
		return pat_err_set(err, -ENOMEM, "out of memory");
	d->directory_fd = -1;
	d->fd = -1;
	int r = drain_start(d, index_directory, group);
	if (r < 0) {
		pat_drain_close(d);
		return pat_err_set(err, r, "cannot create the usage rings in %s: %s",
		                   index_directory, pat_err_words(r));
	}
	*ret = d;
	return 0;
}

void pat_drain_close(struct pat_drain *d)
{
	if (!d)
		return;
	drain_unmap(d);
	pat_closep(&d->directory_fd);
	free(d);
}

void pat_drain_unlink(struct pat_drain *d)
{
	(void)unlinkat(d->directory_fd, PAT_RING_FILE, 0);
}

/* Memory for a ring that says there is something in it: its producer has reserved some, or lies. */
static bool back(struct pat_drain *d, unsigned n)
{
	if (!d->rings[n].backed)
		d->rings[n].backed =
			fallocate(d->fd, 0, (off_t)(PAT_RING_USES_AT + n * PAT_RING_BYTES),
		                  PAT_RING_BYTES) == 0;
	return d->rings[n].backed;
}

static size_t ring_take(struct pat_drain *d, unsigned n, pat_drain_fn *fn, void *arg)
{
	struct pat_ring_head *head = pat_ring_head_at(d->base, n);
	const struct pat_ring_use *uses = pat_ring_uses_at(d->base, n);
	uint64_t upto = atomic_load_explicit(&head->head, memory_order_acquire);
	uint64_t from = d->rings[n].tail;
	uint64_t there = upto - from;

	if (there > 0 && there <= PAT_RING_USES && !back(d, n))
		return 0;
	if (there > PAT_RING_USES) {
		d->broken++;
		there = 0;
	}
	for (uint64_t i = 0; i < there; i++) {
		struct pat_ring_use use = uses[(from + i) % PAT_RING_USES];

		fn(arg, &use);
	}
	/* Also without any: what stands there may have been made something else. */
	d->rings[n].tail = upto;
	if (atomic_load_explicit(&head->tail, memory_order_relaxed) != upto)
		atomic_store_explicit(&head->tail, upto, memory_order_release);
	return (size_t)there;
}

size_t pat_drain_take(struct pat_drain *d, pat_drain_fn *fn, void *arg)
{
	size_t n = 0;

	for (unsigned ring = 0; ring < PAT_RINGS; ring++)
		n += ring_take(d, ring, fn, arg);
	return n;
}

uint64_t pat_drain_dropped(struct pat_drain *d)
{
	uint64_t sum = d->broken;

	d->broken = 0;
	for (unsigned n = 0; n < PAT_RINGS; n++) {
		uint64_t now = atomic_load_explicit(&pat_ring_head_at(d->base, n)->dropped,
		                                    memory_order_relaxed);

		sum += (now - d->rings[n].dropped) & UINT32_MAX;
		d->rings[n].dropped = now;
	}
	return sum;
}
