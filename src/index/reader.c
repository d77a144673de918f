/* SPDX-License-Identifier: Apache-2.0
 *
 * The lock-free reader. layout.h tells the protocol; what is easy to get wrong here:
 *
 *  - Everything in the mapping is another process's bytes. Offsets are checked against the mapping
 *    once, at opening; slot numbers and heap references at every use.
 *  - A hit is confirmed by the slot's own word, a miss by the part's word. Neither alone is enough.
 *  - The old mapping is dropped only when the new one is complete, so a failed reopening leaves
 *    "unavailable", not a crash.
 */
#include "index/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/provoke.h"
#include "index/map.h"

#define FIND_TRIES_MAX   1000
#define OWNER_DIGITS_MAX 10 /* of PAT_REF_MAX */
#define ENTER_TRIES_MAX  64 /* generations published one right after the other */

/* What every look-up reads comes first, and together: in nginx each page of it is a walk through the page tables. */
struct pat_index_reader {
	const struct pat_index_header *header;
	const _Atomic uint64_t *parts;
	const struct pat_scope_name *scopes;
	const uint8_t *heap;
	const uint8_t *tables;
	const struct pat_slot *slots;
	struct pat_usage_cell *cells;
	struct pat_token_format format;
	char owner_digits[OWNER_DIGITS_MAX]; /* of the last hit, when its owner is a number */
	uint8_t *base;                       /* the mapping (read-only memory), or NULL */
	size_t bytes;
	uint8_t *usage; /* the usage mapping; NULL with base */
	size_t usage_bytes;
	dev_t device;
	ino_t inode;
	uint64_t
		policies_index; /* the index's generation, and how many scopes it had, when their numbers were looked up */
	uint64_t policies_scopes;
	struct pat_policies policies;
	char directory[4000];
};

int pat_index_reader_new(const char *directory, struct pat_index_reader **ret)
{
	struct pat_index_reader *reader = calloc(1, sizeof(*reader));

	if (!reader)
		return -ENOMEM;
	if (strlen(directory) >= sizeof(reader->directory)) {
		free(reader);
		return -ENAMETOOLONG;
	}
	(void)snprintf(reader->directory, sizeof(reader->directory), "%s", directory);
	(void)pat_index_reader_refresh(reader);
	*ret = reader;
	return 0;
}

static void reader_unmap(struct pat_index_reader *reader)
{
	if (reader->base)
		(void)munmap(reader->base, reader->bytes);
	if (reader->usage)
		(void)munmap(reader->usage, reader->usage_bytes);
	reader->base = NULL;
	reader->usage = NULL;
	reader->header = NULL;
}

void pat_index_reader_free(struct pat_index_reader *reader)
{
	if (!reader)
		return;
	pat_policies_done(&reader->policies);
	reader_unmap(reader);
	free(reader);
}

void pat_index_reader_freep(struct pat_index_reader **reader)
{
	pat_index_reader_free(*reader);
	*reader = NULL;
}

/* Whether [at, at + bytes) lies in the file and is aligned. */
static bool area_ok(const struct pat_index_header *h, uint64_t at, uint64_t bytes)
{
	return at % 64 == 0 && at >= sizeof(*h) && at <= h->file_bytes &&
	       bytes <= h->file_bytes - at;
}

static bool header_ok(const struct pat_index_header *h, uint64_t file_bytes)
{
	return h->magic == PAT_INDEX_MAGIC && h->version == PAT_INDEX_VERSION &&
	       h->file_bytes == file_bytes && h->prefix_len >= PAT_TOKEN_PREFIX_MIN + 1 &&
	       h->prefix_len <= PAT_TOKEN_PREFIX_MAX + 1 && h->slots_max < UINT32_MAX &&
	       area_ok(h, h->parts_at, PAT_INDEX_PARTS * sizeof(uint64_t)) &&
	       area_ok(h, h->scopes_at,
	               (uint64_t)PAT_SCOPE_NUMBERS_MAX * sizeof(struct pat_scope_name)) &&
	       area_ok(h, h->heap_at, h->heap_bytes) && area_ok(h, h->tables_at, h->tables_bytes) &&
	       area_ok(h, h->slots_at, h->slots_max * sizeof(struct pat_slot));
}

/* Maps the usage file that belongs to the index in `reader`. */
static int reader_map_usage(struct pat_index_reader *reader, int directory_fd)
{
	char name[64];
	struct stat st;

	(void)snprintf(name, sizeof(name), PAT_USAGE_FORMAT,
	               (unsigned long long)reader->header->generation);
	pat_cleanup(pat_closep) int fd =
		openat(directory_fd, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if ((size_t)st.st_size < sizeof(struct pat_usage_header))
		return -EINVAL;
	reader->usage_bytes = (size_t)st.st_size;
	reader->usage = pat_map_file(fd, reader->usage_bytes, PROT_READ | PROT_WRITE);
	if (!reader->usage)
		return -errno;

	const struct pat_usage_header *h =
		(const struct pat_usage_header *)(const void *)reader->usage;
	if (h->magic != PAT_INDEX_MAGIC || h->generation != reader->header->generation ||
	    h->cells_at % 64 != 0 || h->cells_at > reader->usage_bytes ||
	    h->cells_max != reader->header->slots_max ||
	    h->cells_max > (reader->usage_bytes - h->cells_at) / sizeof(struct pat_usage_cell))
		return -EINVAL;
	reader->cells = (struct pat_usage_cell *)(void *)(reader->usage + h->cells_at);
	return 0;
}

/* Fills `fresh` from the file of that name; whatever it mapped is unmapped by the caller on failure. */
static int reader_map(struct pat_index_reader *fresh)
{
	struct stat st;
	pat_cleanup(pat_closep) int dir = open(fresh->directory, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0)
		return -errno;
	pat_cleanup(pat_closep) int fd =
		openat(dir, PAT_INDEX_FILE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if ((size_t)st.st_size < sizeof(struct pat_index_header))
		return -EINVAL;
	fresh->bytes = (size_t)st.st_size;
	fresh->base = pat_map_file(fd, fresh->bytes, PROT_READ);
	if (!fresh->base)
		return -errno;
	fresh->device = st.st_dev;
	fresh->inode = st.st_ino;
	fresh->header = (const struct pat_index_header *)(const void *)fresh->base;
	const struct pat_index_header *h = fresh->header;
	if (!header_ok(h, fresh->bytes))
		return -EINVAL;
	fresh->parts = (const _Atomic uint64_t *)(const void *)(fresh->base + h->parts_at);
	fresh->scopes = (const struct pat_scope_name *)(const void *)(fresh->base + h->scopes_at);
	fresh->heap = fresh->base + h->heap_at;
	fresh->tables = fresh->base + h->tables_at;
	fresh->slots = (const struct pat_slot *)(const void *)(fresh->base + h->slots_at);
	memcpy(fresh->format.prefix, h->prefix, h->prefix_len); /* UNSAFE: bounded by header_ok */
	fresh->format.prefix[h->prefix_len] = '\0';
	fresh->format.prefix_len = h->prefix_len;
	return reader_map_usage(fresh, dir);
}

static PAT_APART bool reader_reopen(struct pat_index_reader *reader)
{
	struct pat_index_reader fresh = { 0 };

	(void)snprintf(fresh.directory, sizeof(fresh.directory), "%s", reader->directory);
	int r = reader_map(&fresh);
	if (r < 0)
		reader_unmap(&fresh);
	/* A superseded index must not be served from even when its successor can not be opened. */
	reader_unmap(reader);
	fresh.policies = reader->policies;
	*reader = fresh;
	return r == 0;
}

bool pat_index_reader_refresh(struct pat_index_reader *reader)
{
	char path[sizeof(reader->directory) + sizeof(PAT_INDEX_FILE) + 1];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/%s", reader->directory, PAT_INDEX_FILE);
	if (stat(path, &st) == 0 && reader->base && st.st_dev == reader->device &&
	    st.st_ino == reader->inode)
		return true;
	return reader_reopen(reader);
}

/* Read anew for each verification: one that was read before could be from before the lease's end. */
static uint64_t clock_of(uint64_t (*boot_ns)(void))
{
	static _Atomic uint64_t cached;

	if (pat_breaks("NO_LEASE_CHECK"))
		return 0;
	if (!pat_breaks("CACHED_CLOCK"))
		return boot_ns();
	if (boot_ns() - atomic_load(&cached) > 2000000000u)
		atomic_store(&cached, boot_ns());
	return atomic_load(&cached);
}

PAT_HOT int pat_index_reader_enter(struct pat_index_reader *reader, uint64_t (*boot_ns)(void))
{
	for (int tries = 0; tries < ENTER_TRIES_MAX; tries++) {
		if (!reader->base && !reader_reopen(reader))
			return PAT_INDEX_E_UNAVAILABLE;

		uint64_t state = atomic_load_explicit(&reader->header->state, memory_order_acquire);
		if (state == PAT_INDEX_SERVING) {
			uint64_t end = atomic_load_explicit(&reader->header->lease_end_ns,
			                                    memory_order_acquire);

			pat_pause("V2");
			if (end != PAT_LEASE_FOREVER && clock_of(boot_ns) >= end)
				return PAT_INDEX_E_UNAVAILABLE;
			pat_pause("V4");
			return 0;
		}
		if (state == PAT_INDEX_LOADING)
			return PAT_INDEX_E_UNAVAILABLE;
		if (!reader_reopen(reader))
			return PAT_INDEX_E_UNAVAILABLE;
	}
	return PAT_INDEX_E_UNAVAILABLE;
}

const struct pat_token_format *pat_index_reader_format(const struct pat_index_reader *reader)
{
	return &reader->format;
}

int64_t pat_index_reader_clock_floor_s(const struct pat_index_reader *reader)
{
	return (int64_t)atomic_load_explicit(&reader->header->clock_floor_s, memory_order_relaxed);
}

uint64_t pat_index_reader_generation(const struct pat_index_reader *reader)
{
	return reader->header->generation;
}

uint64_t pat_index_reader_applied_seq(const struct pat_index_reader *reader)
{
	return atomic_load_explicit(&reader->header->applied_seq, memory_order_acquire);
}

uint64_t pat_index_reader_lease_end_ns(const struct pat_index_reader *reader)
{
	return atomic_load_explicit(&reader->header->lease_end_ns, memory_order_acquire);
}

const char *pat_index_reader_node(const struct pat_index_reader *reader)
{
	return reader->base ? reader->header->node : "";
}

enum pat_index_consistency pat_index_reader_consistency(const struct pat_index_reader *reader)
{
	return (enum pat_index_consistency)reader->header->consistency;
}

/* One byte in the pipe is enough for any number of questions: when it is full, the bell has been rung. */
static void bell_ring(const struct pat_index_reader *reader)
{
	char path[sizeof(reader->directory) + sizeof(PAT_INDEX_BELL) + 1];

	(void)snprintf(path, sizeof(path), "%s/%s", reader->directory, PAT_INDEX_BELL);
	pat_cleanup(pat_closep) int fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0)
		(void)!write(fd, "", 1);
}

struct pat_index_question pat_index_reader_ask(struct pat_index_reader *reader)
{
	struct pat_usage_header *usage = (struct pat_usage_header *)(void *)reader->usage;
	struct pat_index_question question = { .generation = reader->header->generation,
		                               .number = atomic_fetch_add(&usage->asks, 1) + 1 };

	bell_ring(reader);
	return question;
}

enum pat_index_answer pat_index_reader_answer(struct pat_index_reader *reader,
                                              struct pat_index_question *question)
{
	const struct pat_index_header *h = reader->header;

	if (h->generation != question->generation) {
		*question = pat_index_reader_ask(reader);
		return PAT_INDEX_ANSWER_PENDING;
	}
	if (atomic_load(&h->asks_heard) >= question->number)
		return PAT_INDEX_ANSWER_LOOK;
	return atomic_load(&h->asks_failed) >= question->number ? PAT_INDEX_ANSWER_NOBODY
	                                                        : PAT_INDEX_ANSWER_PENDING;
}

/* A record in the heap, if the reference and the record's own length stay inside it. */
static const struct pat_grant *heap_grant(const struct pat_index_reader *reader, uint32_t ref)
{
	uint64_t at = (uint64_t)ref * 8;

	if (ref == 0 || at > reader->header->heap_bytes - sizeof(struct pat_grant))
		return NULL;
	const struct pat_grant *g = (const struct pat_grant *)(const void *)(reader->heap + at);
	uint64_t room = reader->header->heap_bytes - at;
	return pat_grant_ok(g, room) ? g : NULL;
}

static bool heap_owner(const struct pat_index_reader *reader, uint32_t ref,
                       struct pat_index_hit *hit)
{
	uint64_t at = (uint64_t)ref * 8;

	if (ref == 0 || at > reader->header->heap_bytes - sizeof(struct pat_owner))
		return false;
	const struct pat_owner *o = (const struct pat_owner *)(const void *)(reader->heap + at);
	hit->owner = o->text;
	hit->owner_len = o->text_len;
	return hit->owner_len <= reader->header->heap_bytes - at - sizeof(*o);
}

static bool owner_find(struct pat_index_reader *reader, uint32_t ref, struct pat_index_hit *hit)
{
	char *end = reader->owner_digits + sizeof(reader->owner_digits);
	char *digit = end;
	uint32_t number = ref & PAT_REF_MAX;

	if (!(ref & PAT_OWNER_NUMBER))
		return heap_owner(reader, ref, hit);
	do
		*--digit = (char)('0' + number % 10);
	while (number /= 10);
	hit->owner = digit;
	hit->owner_len = (size_t)(end - digit);
	return true;
}

/* Constant-time, and without a call per byte: sodium_memcmp() takes 37 ns for this. */
static bool digest_same(const uint64_t a[static 4], const uint64_t b[static 4])
{
	return ((a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]) | (a[3] ^ b[3])) == 0;
}

enum slot_sight {
	SLOT_NO,
	SLOT_YES,
	SLOT_CHANGED
};

/* Copies a slot as a whole: yes with `ret` and `digest` filled, no when empty, changed when torn. */
static enum slot_sight slot_copy(struct pat_index_reader *reader, uint64_t slot,
                                 struct pat_index_hit *ret, uint64_t digest[static 4])
{
	const struct pat_slot *s = &reader->slots[slot];
	uint64_t word = atomic_load_explicit(&s->word, memory_order_acquire);

	if ((word & 0xff) != PAT_SLOT_LIVE)
		return SLOT_NO;
	for (size_t i = 0; i < 4; i++)
		digest[i] = atomic_load_explicit(&s->digest[i], memory_order_relaxed);
	uint64_t number = atomic_load_explicit(&s->number, memory_order_relaxed);
	uint64_t refs = atomic_load_explicit(&s->grant_owner, memory_order_relaxed);
	uint64_t times = atomic_load_explicit(&s->times, memory_order_relaxed);
	atomic_thread_fence(memory_order_acquire);
	if (atomic_load_explicit(&s->word, memory_order_relaxed) != word)
		return SLOT_CHANGED;

	*ret = (struct pat_index_hit){
		.number = number,
		.slot = slot,
		.issued_s = (uint32_t)(times >> 32),
		.expires_s = (uint32_t)times,
		.grant = heap_grant(reader, (uint32_t)(refs >> 32)),
	};
	return ret->grant && owner_find(reader, (uint32_t)refs, ret) ? SLOT_YES : SLOT_NO;
}

/* A part's table as its word describes it, checked against the mapping. */
struct table {
	const _Atomic uint64_t *entries; /* NULL: the part has none yet */
	uint32_t mask;
	uint32_t first; /* where the digest's entry would be */
	uint32_t tag;
};

/* False when the word leads out of the mapping: it must have been read while it was changed. */
static PAT_HOT bool table_find(const struct pat_index_reader *reader, uint64_t word,
                               const uint64_t want[static 4], struct table *ret)
{
	unsigned log2 = PAT_PART_LOG2(word);
	uint64_t at = PAT_PART_AT(word) * 64;

	*ret = (struct table){ 0 };
	if (log2 == 0)
		return true;
	if (log2 > 31 || at > reader->header->tables_bytes ||
	    ((uint64_t)8 << log2) > reader->header->tables_bytes - at)
		return false;
	ret->entries = (const _Atomic uint64_t *)(const void *)(reader->tables + at);
	ret->mask = (uint32_t)((1u << log2) - 1);
	ret->tag = (uint32_t)want[1];
	ret->first = ret->tag >> (32 - log2);
	return true;
}

/* The slot of the digest's next entry from *step on: false at the end. */
static PAT_HOT bool table_next(const struct pat_index_reader *reader, const struct table *t,
                               uint32_t *step, uint64_t *ret_slot)
{
	for (; *step <= t->mask; (*step)++) {
		uint64_t entry = atomic_load_explicit(&t->entries[(t->first + *step) & t->mask],
		                                      memory_order_acquire);

		if (entry == 0)
			return false;
		if (PAT_ENTRY_TAG(entry) != t->tag || entry == PAT_ENTRY_REMOVED)
			continue;
		*ret_slot = (uint64_t)PAT_ENTRY_SLOT1(entry) - 1;
		if (*ret_slot < reader->header->slots_max) {
			(*step)++;
			return true;
		}
	}
	return false;
}

/* Asks memory for a slot, and for its usage cell: a verdict that says yes marks it. */
static void slot_fetch(const struct pat_index_reader *reader, uint64_t slot)
{
	__builtin_prefetch(&reader->slots[slot]);
	__builtin_prefetch(&reader->cells[slot], 1);
}

static uint64_t part_word(const struct pat_index_reader *reader, const uint8_t *digest)
{
	return atomic_load_explicit(&reader->parts[pat_index_part(digest)], memory_order_acquire);
}

void pat_index_reader_aim(const struct pat_index_reader *reader,
                          const uint8_t digest[static PAT_DIGEST_BYTES])
{
	uint64_t word = part_word(reader, digest);
	unsigned log2 = PAT_PART_LOG2(word);
	uint64_t want[2];

	if (log2 == 0 || log2 > 31)
		return;
	/* Wherever a torn word leads: nothing is read there. */
	memcpy(want, digest, sizeof(want)); /* UNSAFE: fixed sizes */
	__builtin_prefetch((const void *)((uintptr_t)reader->tables + PAT_PART_AT(word) * 64 +
	                                  ((uint32_t)want[1] >> (32 - log2)) * sizeof(uint64_t)));
}

void pat_index_reader_approach(const struct pat_index_reader *reader,
                               const uint8_t digest[static PAT_DIGEST_BYTES])
{
	uint64_t want[4];
	struct table table;
	uint64_t slot = 0;
	uint32_t step = 0;

	memcpy(want, digest, sizeof(want)); /* UNSAFE: fixed sizes */
	if (table_find(reader, part_word(reader, digest), want, &table) && table.entries &&
	    table_next(reader, &table, &step, &slot))
		slot_fetch(reader, slot);
}

/* One probe through the table that `word` names. */
static enum slot_sight probe(struct pat_index_reader *reader, uint64_t word,
                             const uint64_t want[static 4], struct pat_index_hit *ret)
{
	struct table table;
	uint64_t slot = 0;

	if (!table_find(reader, word, want, &table))
		return SLOT_CHANGED;
	if (!table.entries)
		return SLOT_NO;
	for (uint32_t step = 0; table_next(reader, &table, &step, &slot);) {
		uint64_t digest[4];

		slot_fetch(reader, slot);
		enum slot_sight sight = slot_copy(reader, slot, ret, digest);
		if (sight == SLOT_CHANGED)
			return SLOT_CHANGED;
		if (sight == SLOT_YES && digest_same(digest, want))
			return SLOT_YES;
	}
	return SLOT_NO;
}

int pat_index_reader_find(struct pat_index_reader *reader,
                          const uint8_t digest[static PAT_DIGEST_BYTES], struct pat_index_hit *ret)
{
	uint64_t want[4];

	memcpy(want, digest, sizeof(want)); /* UNSAFE: fixed sizes */
	for (int tries = 0; tries < FIND_TRIES_MAX; tries++) {
		uint64_t word = part_word(reader, digest);
		enum slot_sight sight = probe(reader, word, want, ret);

		if (sight == SLOT_YES)
			return 0;
		atomic_thread_fence(memory_order_acquire);
		if (sight == SLOT_NO && part_word(reader, digest) == word)
			return PAT_INDEX_E_NOT_FOUND;
	}
	return PAT_INDEX_E_UNAVAILABLE;
}

void pat_index_reader_touch(struct pat_index_reader *reader, uint64_t slot, int64_t now_s)
{
	struct pat_usage_cell *cell = &reader->cells[slot];

	if (atomic_load_explicit(&cell->last_used_s, memory_order_relaxed) != (uint32_t)now_s)
		atomic_store_explicit(&cell->last_used_s, (uint32_t)now_s, memory_order_relaxed);
	(void)atomic_fetch_add_explicit(&cell->count, 1, memory_order_relaxed);
}

uint64_t pat_index_reader_scope_count(const struct pat_index_reader *reader)
{
	uint64_t n = atomic_load_explicit(&reader->header->scope_count, memory_order_acquire);

	return n < PAT_SCOPE_NUMBERS_MAX ? n : PAT_SCOPE_NUMBERS_MAX;
}

int64_t pat_index_reader_scope(const struct pat_index_reader *reader, const char *name, size_t len)
{
	uint64_t n = pat_index_reader_scope_count(reader);

	for (uint64_t i = 0; i < n; i++)
		if (reader->scopes[i].len == len && memcmp(reader->scopes[i].text, name, len) == 0)
			return (int64_t)i;
	return -1;
}

const struct pat_scope_name *pat_index_reader_scope_name(const struct pat_index_reader *reader,
                                                         uint64_t generation, uint64_t number)
{
	if (!reader->base || reader->header->generation != generation ||
	    number >= pat_index_reader_scope_count(reader))
		return NULL;
	const struct pat_scope_name *name = &reader->scopes[number];
	return name->len <= sizeof(name->text) ? name : NULL;
}

uint64_t pat_index_reader_visit(struct pat_index_reader *reader, uint64_t from, uint64_t n,
                                pat_index_visit_fn *fn, void *arg)
{
	if (!reader->base)
		return 0;
	uint64_t used = atomic_load_explicit(&reader->header->slots_used, memory_order_acquire);

	if (used > reader->header->slots_max)
		used = reader->header->slots_max;
	for (uint64_t slot = from; slot < used && slot - from < n; slot++) {
		struct pat_index_hit hit;
		uint64_t digest[4];

		if (slot_copy(reader, slot, &hit, digest) == SLOT_YES)
			fn(arg, &hit, (const uint8_t *)digest, &reader->cells[slot]);
	}
	return used;
}

/* Looks up what the index has named since the last time: its numbers are only ever added to. */
static void policies_number(struct pat_index_reader *reader)
{
	struct pat_policies *p = &reader->policies;
	uint64_t count = pat_index_reader_scope_count(reader);
	uint64_t generation = reader->header->generation;

	if (reader->policies_index == generation && reader->policies_scopes == count)
		return;
	for (size_t i = 0; i < p->n; i++) {
		const struct pat_policies_product *product = &p->products[i];
		uint32_t n = pat_policy_scope_count(&product->policy);

		for (uint32_t k = 0; k < n; k++) {
			struct pat_segment name = pat_policy_text(
				&product->policy, pat_policy_scope_at(&product->policy, k)->name);

			if (reader->policies_index != generation || product->scopes[k] < 0)
				product->scopes[k] = (int32_t)pat_index_reader_scope(
					reader, name.text, name.len);
		}
	}
	reader->policies_index = generation;
	reader->policies_scopes = count;
}

const struct pat_policies *pat_index_reader_policies(struct pat_index_reader *reader)
{
	for (int tries = 0; tries < ENTER_TRIES_MAX; tries++) {
		uint64_t generation = atomic_load(&reader->header->policies);

		if (generation == 0)
			return NULL;
		if (reader->policies.generation == generation) {
			policies_number(reader);
			return &reader->policies;
		}
		reader->policies_index = 0;
		int r = pat_policies_open(&reader->policies, reader->directory, generation);
		/* The next ones may have come while these were opened. */
		if (r < 0 && r != -ENOENT)
			return NULL;
	}
	return NULL;
}

bool pat_index_reader_rate(struct pat_index_reader *reader, uint64_t slot, uint64_t now_ns,
                           struct pat_rate *rate)
{
	return pat_rate_take(&reader->cells[slot].rate, now_ns, rate);
}
