/* SPDX-License-Identifier: Apache-2.0
 *
 * The producer's side. What is easy to get wrong here: memory is reserved before a ring is claimed, because touching a
 * hole of a full tmpfs would kill the verifier; and only who claims looks whether a claimer has died, because
 * threads can be told apart only among those who see the same numbers of them.
 */
#include "index/ring.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

bool pat_ring_file_ok(const uint8_t *base, uint64_t bytes)
{
	const struct pat_ring_header *h = (const struct pat_ring_header *)(const void *)base;

	return bytes == PAT_RING_FILE_BYTES && h->magic == PAT_RING_MAGIC &&
	       h->rings == PAT_RINGS && h->uses == PAT_RING_USES &&
	       h->use_bytes == sizeof(struct pat_ring_use);
}

/* Whether a ring that `owner` claimed may be taken: free, ours from a life before, or a dead one's. */
static bool is_free(uint64_t owner, uint64_t self)
{
	return owner == 0 || owner == self || owner > INT32_MAX ||
	       (kill((pid_t)owner, 0) < 0 && errno == ESRCH);
}

static int take(struct pat_ring *ring, int fd, unsigned n)
{
	struct pat_ring_head *head = pat_ring_head_at(ring->base, n);
	uint64_t self = (uint64_t)gettid();
	uint64_t owner = atomic_load(&head->owner);

	if (!is_free(owner, self) || !atomic_compare_exchange_strong(&head->owner, &owner, self))
		return -EBUSY;
	if (fallocate(fd, 0, (off_t)(PAT_RING_USES_AT + n * PAT_RING_BYTES), PAT_RING_BYTES) < 0) {
		int error = errno;

		atomic_store(&head->owner, 0);
		return -error;
	}
	ring->head = head;
	ring->uses = pat_ring_uses_at(ring->base, n);
	ring->used = atomic_load(&head->head);
	ring->tail = atomic_load(&head->tail);
	return 0;
}

static int claim(struct pat_ring *ring, const char *directory)
{
	char path[4200];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/" PAT_RING_FILE, directory);
	pat_cleanup(pat_closep) int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if ((uint64_t)st.st_size != PAT_RING_FILE_BYTES)
		return -EINVAL;
	void *map = mmap(NULL, PAT_RING_FILE_BYTES, PROT_READ | PROT_WRITE,
	                 MAP_SHARED | MAP_NORESERVE, fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	ring->base = map;
	ring->device = st.st_dev;
	ring->inode = st.st_ino;
	if (!pat_ring_file_ok(ring->base, (uint64_t)st.st_size))
		return -EINVAL;
	int r = -EBUSY;
	for (unsigned n = 0; n < PAT_RINGS && r == -EBUSY; n++)
		r = take(ring, fd, n);
	return r;
}

int pat_ring_claim(struct pat_ring *ring, const char *index_directory)
{
	pat_ring_release(ring);
	int r = claim(ring, index_directory);
	if (r < 0)
		pat_ring_release(ring);
	return r;
}

void pat_ring_release(struct pat_ring *ring)
{
	if (ring->head)
		atomic_store(&ring->head->owner, 0);
	if (ring->base)
		(void)munmap(ring->base, PAT_RING_FILE_BYTES);
	*ring = (struct pat_ring){ 0 };
}

int pat_ring_refresh(struct pat_ring *ring, const char *index_directory)
{
	char path[4200];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/" PAT_RING_FILE, index_directory);
	if (ring->base && stat(path, &st) == 0 && st.st_dev == ring->device &&
	    st.st_ino == ring->inode)
		return 0;
	return pat_ring_claim(ring, index_directory);
}

/* What patd has taken is looked at only when there seems to be no room: its line is not the producer's. */
static bool is_full(struct pat_ring *ring)
{
	if (ring->used - ring->tail < PAT_RING_USES)
		return false;
	ring->tail = atomic_load_explicit(&ring->head->tail, memory_order_acquire);
	return ring->used - ring->tail >= PAT_RING_USES;
}

struct pat_ring_use *pat_ring_place(struct pat_ring *ring)
{
	if (!ring->base)
		return NULL;
	if (is_full(ring)) {
		(void)atomic_fetch_add_explicit(&ring->head->dropped, 1, memory_order_relaxed);
		return NULL;
	}
	return &ring->uses[ring->used % PAT_RING_USES];
}

void pat_ring_put(struct pat_ring *ring)
{
	const char *next = (const char *)&ring->uses[(ring->used + 1) % PAT_RING_USES];

	ring->used++;
	atomic_store_explicit(&ring->head->head, ring->used, memory_order_release);
	/* A ring is larger than the caches that are near: the next use's lines are asked for long before they are written. */
	__builtin_prefetch(next, 1);
	__builtin_prefetch(next + 64, 1);
}
