/* SPDX-License-Identifier: Apache-2.0
 *
 * The one writer of the verification index (layout.h tells the protocol readers rely on).
 *
 * Order is everything here. Adding: reserve memory, write the slot, publish its word, then enter
 * it in the table. Removing: empty the slot's word first, which is the instant of revocation, then
 * clean up. Growing a part: fill the new table, then store its part's word.
 *
 * Freed slots and tables rest for a while before they are used again, so that a reader which lost the
 * processor in mid-probe meets an empty slot, not a stranger's usage cell.
 */
#include "index/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "index/area.h"
#include "index/intern.h"
#include "index/resting.h"
#include "token/record.h"

#define TABLE_LOG2_MIN     6u
#define TABLE_LOG2_MAX     28u
#define REST_NS            (PAT_RESTING_S * 1000000000ull)
#define RETIRED_TABLES_MAX 16384u
#define PAGE_BYTES         4096u

struct retired_table {
	uint64_t at; /* bytes from the start of the tables area */
	unsigned log2;
	uint64_t since_ns;
	bool released; /* its pages have been given back */
};

struct generation {
	struct pat_index_files files;
	gid_t group;
	struct pat_index_header *header;
	_Atomic uint64_t *parts;
	struct pat_slot *slots;
	struct pat_usage_cell *cells;
	struct pat_area tables_area;
	struct pat_area slots_area;
	struct pat_area cells_area;
	struct pat_intern intern;
	uint32_t part_used[PAT_INDEX_PARTS]; /* entries that are not 0, removed ones included */
	uint32_t part_live[PAT_INDEX_PARTS];
	unsigned first_log2;
	struct pat_resting resting;
	struct retired_table retired[RETIRED_TABLES_MAX];
	size_t retired_len;
};

struct pat_index_writer {
	pthread_mutex_t lock; /* all but the next */
	pthread_mutex_t
		settle_lock; /* what of the areas has huge pages; never taken within `lock` */
	pthread_mutex_t policies_lock; /* what the header says of them */
	struct generation *of; /* changes under all three, and only where nobody tells of changes */
};

/* ---- Tables. */

static _Atomic uint64_t *table_at(struct generation *w, uint64_t word)
{
	return (_Atomic uint64_t *)(void *)(w->tables_area.base + PAT_PART_AT(word) * 64);
}

/* An empty table of 2^log2 entries: one that has rested, or fresh memory. */
static int table_take(struct generation *w, unsigned log2, uint64_t *ret_at)
{
	uint64_t bytes = (uint64_t)8 << log2;
	uint64_t now = pat_clock_boot_ns();

	for (size_t i = 0; i < w->retired_len; i++) {
		if (w->retired[i].log2 != log2 || now - w->retired[i].since_ns < REST_NS)
			continue;
		uint64_t at = w->retired[i].at;
		if (pat_area_reserve_again(&w->tables_area, at, bytes) < 0)
			return -ENOSPC;
		_Atomic uint64_t *table = (_Atomic uint64_t *)(void *)(w->tables_area.base + at);
		for (uint64_t n = 0; n < (uint64_t)1 << log2; n++)
			atomic_store_explicit(&table[n], 0, memory_order_relaxed);
		w->retired[i] = w->retired[--w->retired_len];
		*ret_at = at;
		return 0;
	}
	return pat_area_take(&w->tables_area, bytes, bytes >= PAGE_BYTES ? PAGE_BYTES : 64, ret_at);
}

static void table_retire(struct generation *w, uint64_t word)
{
	if (PAT_PART_LOG2(word) == 0 || w->retired_len == RETIRED_TABLES_MAX)
		return; /* Its memory is found again at the next start. */
	w->retired[w->retired_len++] = (struct retired_table){
		.at = PAT_PART_AT(word) * 64,
		.log2 = PAT_PART_LOG2(word),
		.since_ns = pat_clock_boot_ns(),
	};
}

static void table_put(_Atomic uint64_t *table, unsigned log2, uint64_t entry)
{
	uint32_t mask = (uint32_t)((1u << log2) - 1);
	uint32_t i = PAT_ENTRY_TAG(entry) >> (32 - log2);

	for (;; i = (i + 1) & mask) {
		uint64_t there = atomic_load_explicit(&table[i], memory_order_relaxed);

		if (there == 0) {
			atomic_store_explicit(&table[i], entry, memory_order_release);
			return;
		}
	}
}

/* Replaces a part's table by one of 2^log2 entries without the removed ones. */
static int part_rebuild(struct generation *w, unsigned part, unsigned log2)
{
	uint64_t old = atomic_load_explicit(&w->parts[part], memory_order_relaxed);
	uint64_t at = 0;
	int r = table_take(w, log2, &at);

	if (r < 0)
		return r;
	uint64_t word = PAT_PART_WORD(at / 64, log2, (old & 0xffff) + 1);
	_Atomic uint64_t *fresh = table_at(w, word);
	if (PAT_PART_LOG2(old) != 0) {
		_Atomic uint64_t *table = table_at(w, old);

		for (uint64_t i = 0; i < (uint64_t)1 << PAT_PART_LOG2(old); i++) {
			uint64_t entry = atomic_load_explicit(&table[i], memory_order_relaxed);

			if (entry != 0 && entry != PAT_ENTRY_REMOVED)
				table_put(fresh, log2, entry);
		}
	}
	atomic_store_explicit(&w->parts[part], word, memory_order_release);
	w->part_used[part] = w->part_live[part];
	table_retire(w, old);
	return 0;
}

/* Makes room for one more entry in a part, keeping the load at or below three quarters. */
static int part_make_room(struct generation *w, unsigned part)
{
	uint64_t word = atomic_load_explicit(&w->parts[part], memory_order_relaxed);
	unsigned log2 = PAT_PART_LOG2(word);

	if (log2 == 0)
		return part_rebuild(w, part, w->first_log2);
	uint64_t size = (uint64_t)1 << log2;
	if (((uint64_t)w->part_used[part] + 1) * 4 <= size * 3)
		return 0;
	if (((uint64_t)w->part_live[part] + 1) * 2 > size)
		log2++;
	return log2 > TABLE_LOG2_MAX ? -ENOSPC : part_rebuild(w, part, log2);
}

/* The entry of a digest, or NULL. */
static _Atomic uint64_t *entry_find(struct generation *w, const uint64_t want[static 4],
                                    unsigned part, uint32_t *ret_slot)
{
	uint64_t word = atomic_load_explicit(&w->parts[part], memory_order_relaxed);
	unsigned log2 = PAT_PART_LOG2(word);

	if (log2 == 0)
		return NULL;
	_Atomic uint64_t *table = table_at(w, word);
	uint32_t tag = (uint32_t)want[1];
	uint32_t mask = (uint32_t)((1u << log2) - 1);
	for (uint32_t i = tag >> (32 - log2);; i = (i + 1) & mask) {
		uint64_t entry = atomic_load_explicit(&table[i], memory_order_relaxed);

		if (entry == 0)
			return NULL;
		if (PAT_ENTRY_TAG(entry) != tag || entry == PAT_ENTRY_REMOVED)
			continue;
		uint32_t slot = PAT_ENTRY_SLOT1(entry) - 1;
		if (memcmp((const void *)w->slots[slot].digest, want, 32) == 0) {
			*ret_slot = slot;
			return &table[i];
		}
	}
}

/* ---- Slots. */

/* A slot to fill: one that has rested, or the next never used. */
static int slot_take(struct generation *w, uint64_t *ret_slot)
{
	uint32_t rested = 0;

	if (pat_resting_take(&w->resting, &rested)) {
		*ret_slot = rested;
		return 0;
	}
	uint64_t at = 0;
	uint64_t slot = atomic_load_explicit(&w->header->slots_used, memory_order_relaxed);
	if (slot >= w->header->slots_max)
		return -ENOSPC;
	int r = pat_area_reserve(&w->cells_area, (slot + 1) * sizeof(struct pat_usage_cell));
	if (r == 0)
		r = pat_area_take(&w->slots_area, sizeof(struct pat_slot), sizeof(struct pat_slot),
		                  &at);
	if (r < 0)
		return r;
	pat_assert(at == slot * sizeof(struct pat_slot));
	atomic_store_explicit(&w->header->slots_used, slot + 1, memory_order_release);
	*ret_slot = slot;
	return 0;
}

static uint32_t clamp_s(int64_t t)
{
	return t < 1 ? 1 : t > UINT32_MAX ? UINT32_MAX : (uint32_t)t;
}

/* A time past 2106 does not fit; it is cut short rather than made endless. */
static uint32_t expires_word(int64_t expires_s)
{
	return expires_s == PAT_NEVER ? 0 : clamp_s(expires_s);
}

static void slot_fill(struct generation *w, uint64_t slot, const uint64_t digest[static 4],
                      const struct pat_index_entry *e, uint32_t grant, uint32_t owner)
{
	struct pat_slot *s = &w->slots[slot];
	struct pat_usage_cell *cell = &w->cells[slot];
	uint64_t version = (atomic_load_explicit(&s->word, memory_order_relaxed) >> 8) + 1;
	uint32_t expires = expires_word(e->expires_s);

	atomic_store_explicit(&cell->last_used_s, 0, memory_order_relaxed);
	atomic_store_explicit(&cell->count, 0, memory_order_relaxed);
	atomic_store_explicit(&cell->rate, 0, memory_order_relaxed);

	atomic_store_explicit(&s->word, version << 8 | PAT_SLOT_EMPTY, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	for (size_t i = 0; i < 4; i++)
		atomic_store_explicit(&s->digest[i], digest[i], memory_order_relaxed);
	atomic_store_explicit(&s->number, (uint64_t)e->number, memory_order_relaxed);
	atomic_store_explicit(&s->grant_owner, (uint64_t)grant << 32 | owner, memory_order_relaxed);
	atomic_store_explicit(&s->times, (uint64_t)clamp_s(e->issued_s) << 32 | expires,
	                      memory_order_relaxed);
	atomic_store_explicit(&s->word, (version + 1) << 8 | PAT_SLOT_LIVE, memory_order_release);
}

/* ---- Adding and removing. */

static int writer_add(struct generation *w, const struct pat_index_entry *e)
{
	unsigned part = pat_index_part(e->digest);
	uint64_t digest[4];
	uint32_t there = 0;
	uint32_t grant = 0;
	uint32_t owner = 0;
	uint64_t slot = 0;

	memcpy(digest, e->digest, sizeof(digest)); /* UNSAFE: fixed sizes */
	if (entry_find(w, digest, part, &there))
		return PAT_INDEX_E_EXISTS;
	int r = pat_intern_grant(&w->intern, e->scopes, e->limits ? e->limits : "", &grant);
	if (r == 0)
		r = pat_intern_owner(&w->intern, e->owner, &owner);
	if (r == 0)
		r = part_make_room(w, part);
	if (r == 0)
		r = slot_take(w, &slot);
	if (r < 0)
		return r;
	slot_fill(w, slot, digest, e, grant, owner);
	uint64_t word = atomic_load_explicit(&w->parts[part], memory_order_relaxed);
	table_put(table_at(w, word), PAT_PART_LOG2(word), PAT_ENTRY(slot, (uint32_t)digest[1]));
	w->part_used[part]++;
	w->part_live[part]++;
	(void)atomic_fetch_add_explicit(&w->header->live, 1, memory_order_relaxed);
	return 0;
}

int pat_index_writer_add(struct pat_index_writer *w, const struct pat_index_entry *entry)
{
	(void)pthread_mutex_lock(&w->lock);
	int r = writer_add(w->of, entry);
	(void)pthread_mutex_unlock(&w->lock);
	return r;
}

size_t pat_index_writer_room(struct pat_index_writer *w, size_t most)
{
	(void)pthread_mutex_lock(&w->lock);
	const struct generation *of = w->of;
	uint64_t used = atomic_load_explicit(&of->header->slots_used, memory_order_relaxed);
	uint64_t unused = of->header->slots_max - used;
	size_t n = unused < most ? (size_t)unused : most;
	n += pat_resting_ready(&of->resting, most - n);
	(void)pthread_mutex_unlock(&w->lock);
	return n;
}

static int writer_regrant(struct generation *w, const uint8_t *bytes, const char *scopes,
                          const char *limits)
{
	uint64_t digest[4];
	uint32_t slot = 0;
	uint32_t grant = 0;

	memcpy(digest, bytes, sizeof(digest)); /* UNSAFE: fixed sizes */
	if (!entry_find(w, digest, pat_index_part(bytes), &slot))
		return PAT_INDEX_E_ABSENT;
	int r = pat_intern_grant(&w->intern, scopes, limits, &grant);
	if (r < 0)
		return r;
	_Atomic uint64_t *word = &w->slots[slot].grant_owner;
	uint64_t owner = (uint32_t)atomic_load_explicit(word, memory_order_relaxed);
	/* Sequentially consistent, like a revocation; the grant is complete before it. */
	atomic_store(word, (uint64_t)grant << 32 | owner);
	return 0;
}

int pat_index_writer_regrant(struct pat_index_writer *w,
                             const uint8_t digest[static PAT_DIGEST_BYTES], const char *scopes,
                             const char *limits)
{
	(void)pthread_mutex_lock(&w->lock);
	int r = writer_regrant(w->of, digest, scopes, limits);
	(void)pthread_mutex_unlock(&w->lock);
	return r;
}

static int writer_expire(struct generation *w, const uint8_t *bytes, int64_t expires_s)
{
	uint64_t digest[4];
	uint32_t slot = 0;

	memcpy(digest, bytes, sizeof(digest)); /* UNSAFE: fixed sizes */
	if (!entry_find(w, digest, pat_index_part(bytes), &slot))
		return PAT_INDEX_E_ABSENT;
	_Atomic uint64_t *word = &w->slots[slot].times;
	uint64_t issued = atomic_load_explicit(word, memory_order_relaxed) >> 32;
	/* Sequentially consistent, like a revocation. */
	atomic_store(word, issued << 32 | expires_word(expires_s));
	return 0;
}

int pat_index_writer_expire(struct pat_index_writer *w,
                            const uint8_t digest[static PAT_DIGEST_BYTES], int64_t expires_s)
{
	(void)pthread_mutex_lock(&w->lock);
	int r = writer_expire(w->of, digest, expires_s);
	(void)pthread_mutex_unlock(&w->lock);
	return r;
}

int pat_index_writer_policies(struct pat_index_writer *w, const struct pat_policies_source *sources,
                              size_t n, bool incomplete, struct pat_err *err)
{
	(void)pthread_mutex_lock(&w->policies_lock);
	int r = pat_index_files_policies(&w->of->files, sources, n, incomplete, w->of->group, err);
	(void)pthread_mutex_unlock(&w->policies_lock);
	return r;
}

static void writer_remove(struct generation *w, _Atomic uint64_t *entry, uint32_t slot,
                          unsigned part)
{
	_Atomic uint64_t *word = &w->slots[slot].word;
	uint64_t version = (atomic_load_explicit(word, memory_order_relaxed) >> 8) + 1;

	/* Sequentially consistent: this store is the revocation. */
	atomic_store(word, version << 8 | PAT_SLOT_EMPTY);
	atomic_store_explicit(entry, PAT_ENTRY_REMOVED, memory_order_release);
	w->part_live[part]--;
	(void)atomic_fetch_sub_explicit(&w->header->live, 1, memory_order_relaxed);
	/* Without memory to remember it the slot is only lost until the next start. */
	(void)pat_resting_push(&w->resting, slot);
}

int pat_index_writer_remove(struct pat_index_writer *w,
                            const uint8_t digest[static PAT_DIGEST_BYTES])
{
	uint64_t want[4];
	uint32_t slot = 0;
	int r = PAT_INDEX_E_ABSENT;

	memcpy(want, digest, sizeof(want)); /* UNSAFE: fixed sizes */
	(void)pthread_mutex_lock(&w->lock);
	_Atomic uint64_t *entry = entry_find(w->of, want, pat_index_part(digest), &slot);
	if (entry) {
		writer_remove(w->of, entry, slot, pat_index_part(digest));
		r = 0;
	}
	(void)pthread_mutex_unlock(&w->lock);
	return r;
}

uint64_t pat_index_writer_drop_expired(struct pat_index_writer *w, int64_t before_s, uint64_t from,
                                       uint64_t n, uint64_t *ret_dropped)
{
	(void)pthread_mutex_lock(&w->lock);
	uint64_t used = atomic_load_explicit(&w->of->header->slots_used, memory_order_relaxed);
	for (uint64_t at = from; at < used && at - from < n; at++) {
		struct pat_slot *s = &w->of->slots[at];
		uint32_t expires = (uint32_t)atomic_load_explicit(&s->times, memory_order_relaxed);
		uint64_t want[4];
		uint32_t slot = 0;

		if ((atomic_load_explicit(&s->word, memory_order_relaxed) & 0xff) !=
		            PAT_SLOT_LIVE ||
		    expires == 0 || (int64_t)expires >= before_s)
			continue;
		memcpy(want, (const void *)s->digest, sizeof(want)); /* UNSAFE: fixed sizes */
		unsigned part = pat_index_part((const uint8_t *)want);
		_Atomic uint64_t *entry = entry_find(w->of, want, part, &slot);
		if (entry && slot == at) {
			writer_remove(w->of, entry, slot, part);
			(*ret_dropped)++;
		}
	}
	(void)pthread_mutex_unlock(&w->lock);
	return used;
}

static struct pat_usage_cell *cell_find(struct generation *w,
                                        const uint8_t digest[static PAT_DIGEST_BYTES])
{
	uint64_t want[4];
	uint32_t slot = 0;

	memcpy(want, digest, sizeof(want)); /* UNSAFE: fixed sizes */
	return entry_find(w, want, pat_index_part(digest), &slot) ? &w->cells[slot] : NULL;
}

bool pat_index_writer_usage(struct pat_index_writer *w,
                            const uint8_t digest[static PAT_DIGEST_BYTES], int64_t *ret_last_used_s,
                            int64_t *ret_count)
{
	(void)pthread_mutex_lock(&w->lock);
	struct pat_usage_cell *cell = cell_find(w->of, digest);
	if (cell) {
		*ret_last_used_s = atomic_load_explicit(&cell->last_used_s, memory_order_relaxed);
		*ret_count = atomic_load_explicit(&cell->count, memory_order_relaxed);
	}
	(void)pthread_mutex_unlock(&w->lock);
	return cell != NULL;
}

bool pat_index_writer_usage_take(struct pat_index_writer *w,
                                 const uint8_t digest[static PAT_DIGEST_BYTES],
                                 struct pat_index_usage *ret)
{
	(void)pthread_mutex_lock(&w->lock);
	struct pat_usage_cell *cell = cell_find(w->of, digest);
	if (cell) {
		const struct pat_slot *slot = &w->of->slots[cell - w->of->cells];

		ret->number = (int64_t)atomic_load_explicit(&slot->number, memory_order_relaxed);
		ret->last_used_s = atomic_load_explicit(&cell->last_used_s, memory_order_relaxed);
		ret->count = atomic_exchange(&cell->count, 0);
	}
	(void)pthread_mutex_unlock(&w->lock);
	return cell != NULL;
}

/* ---- Life. */

/* The table size for a part that expects its share of `tokens`, with room to stay below the load limit. */
static unsigned first_log2(uint64_t tokens)
{
	uint64_t share = tokens / PAT_INDEX_PARTS;
	unsigned log2 = TABLE_LOG2_MIN;

	share += share / 32; /* the digest spreads tokens unevenly: six sigma at a thousand */
	while (log2 < TABLE_LOG2_MAX && ((uint64_t)3 << log2) < share * 4)
		log2++;
	return log2;
}

static void generation_free(struct generation *g)
{
	if (!g)
		return;
	pat_intern_done(&g->intern);
	pat_index_files_close(&g->files);
	pat_resting_done(&g->resting);
	free(g);
}

static int generation_new(const struct pat_index_config *config, struct generation **ret,
                          struct pat_err *err)
{
	struct generation *g = calloc(1, sizeof(*g));

	if (!g)
		return pat_err_set(err, -ENOMEM, "out of memory");
	g->group = config->group;
	g->files = (struct pat_index_files){ .directory_fd = -1, .index_fd = -1, .usage_fd = -1 };
	int r = pat_index_files_create(&g->files, config, err);
	if (r < 0) {
		generation_free(g);
		return r;
	}
	struct pat_index_header *h = g->files.header;
	uint8_t *base = (uint8_t *)h;
	g->header = h;
	g->parts = (_Atomic uint64_t *)(void *)(base + h->parts_at);
	g->slots = (struct pat_slot *)(void *)(base + h->slots_at);
	g->cells = g->files.cells;
	int fd = g->files.index_fd;
	g->tables_area = (struct pat_area){ .fd = fd,
		                            .base = base + h->tables_at,
		                            .file_at = h->tables_at,
		                            .bytes = h->tables_bytes,
		                            .settled = base + h->tables_at };
	g->slots_area = (struct pat_area){ .fd = fd,
		                           .base = base + h->slots_at,
		                           .file_at = h->slots_at,
		                           .bytes = h->slots_max * sizeof(struct pat_slot),
		                           .settled = base + h->slots_at };
	g->cells_area = (struct pat_area){ .fd = g->files.usage_fd,
		                           .base = (uint8_t *)g->cells,
		                           .file_at = PAGE_BYTES,
		                           .bytes = h->slots_max * sizeof(struct pat_usage_cell),
		                           .settled = g->files.usage };
	pat_intern_init(&g->intern, h, fd);
	g->first_log2 = first_log2(config->tokens_expected);
	*ret = g;
	return 0;
}

int pat_index_writer_new(const struct pat_index_config *config, struct pat_index_writer **ret,
                         struct pat_err *err)
{
	struct pat_index_writer *w = calloc(1, sizeof(*w));

	if (!w)
		return pat_err_set(err, -ENOMEM, "out of memory");
	int r = generation_new(config, &w->of, err);
	if (r < 0) {
		free(w);
		return r;
	}
	(void)pthread_mutex_init(&w->lock, NULL);
	(void)pthread_mutex_init(&w->settle_lock, NULL);
	(void)pthread_mutex_init(&w->policies_lock, NULL);
	*ret = w;
	return 0;
}

void pat_index_writer_free(struct pat_index_writer *w)
{
	if (!w)
		return;
	generation_free(w->of);
	(void)pthread_mutex_destroy(&w->policies_lock);
	(void)pthread_mutex_destroy(&w->settle_lock);
	(void)pthread_mutex_destroy(&w->lock);
	free(w);
}

/* Huge pages under what has been filled since the last time. Not under `lock`: it takes milliseconds, and a revoke
 * would wait for it. */
static void settle(struct pat_index_writer *w)
{
	(void)pthread_mutex_lock(&w->settle_lock);
	struct pat_area *areas[] = { &w->of->intern.heap, &w->of->tables_area, &w->of->slots_area,
		                     &w->of->cells_area };
	uint64_t reserved[PAT_ARRAY_LEN(areas)];

	(void)pthread_mutex_lock(&w->lock);
	for (size_t i = 0; i < PAT_ARRAY_LEN(areas); i++)
		reserved[i] = areas[i]->reserved;
	(void)pthread_mutex_unlock(&w->lock);
	for (size_t i = 0; i < PAT_ARRAY_LEN(areas); i++)
		pat_area_settle(areas[i], reserved[i]);
	(void)pthread_mutex_unlock(&w->settle_lock);
}

int pat_index_writer_publish(struct pat_index_writer *w, int64_t seq, int64_t clock_s,
                             struct pat_err *err)
{
	pat_index_writer_tick(w, clock_s);
	pat_index_writer_applied(w, seq);
	atomic_store(&w->of->header->state, PAT_INDEX_SERVING);
	return pat_index_files_publish(&w->of->files, err);
}

void pat_index_writer_applied(struct pat_index_writer *w, int64_t seq)
{
	_Atomic uint64_t *applied = &w->of->header->applied_seq;
	uint64_t before = atomic_load(applied);

	while (before < (uint64_t)seq &&
	       !atomic_compare_exchange_weak_explicit(applied, &before, (uint64_t)seq,
	                                              memory_order_release, memory_order_relaxed))
		;
}

void pat_index_writer_lease(struct pat_index_writer *w, uint64_t end_ns)
{
	atomic_store_explicit(&w->of->header->lease_end_ns, end_ns, memory_order_release);
}

void pat_index_writer_swap(struct pat_index_writer *w, struct pat_index_writer *fresh)
{
	(void)pthread_mutex_lock(&w->settle_lock);
	(void)pthread_mutex_lock(&w->policies_lock);
	(void)pthread_mutex_lock(&w->lock);
	struct generation *former = w->of;
	w->of = fresh->of;
	fresh->of = former;
	(void)pthread_mutex_unlock(&w->lock);
	(void)pthread_mutex_unlock(&w->policies_lock);
	(void)pthread_mutex_unlock(&w->settle_lock);
}

static struct pat_usage_header *usage_header(struct pat_index_writer *w)
{
	return (struct pat_usage_header *)(void *)w->of->files.usage;
}

struct pat_index_question pat_index_writer_asked(struct pat_index_writer *w)
{
	return (struct pat_index_question){ .generation = w->of->header->generation,
		                            .number = atomic_load(&usage_header(w)->asks) };
}

void pat_index_writer_answer(struct pat_index_writer *w, const struct pat_index_question *question,
                             bool heard)
{
	struct pat_index_header *h = w->of->header;

	if (h->generation == question->generation)
		atomic_store(heard ? &h->asks_heard : &h->asks_failed, question->number);
}

void pat_index_writer_suspend(struct pat_index_writer *w, bool suspended)
{
	atomic_store(&w->of->header->state, suspended ? PAT_INDEX_LOADING : PAT_INDEX_SERVING);
}

void pat_index_writer_tick(struct pat_index_writer *w, int64_t now_s)
{
	uint64_t now_ns = pat_clock_boot_ns();

	(void)pthread_mutex_lock(&w->lock);
	if (now_s > 0 && (uint64_t)now_s > atomic_load(&w->of->header->clock_floor_s))
		atomic_store(&w->of->header->clock_floor_s, (uint64_t)now_s);
	for (size_t i = 0; i < w->of->retired_len; i++) {
		struct retired_table *t = &w->of->retired[i];

		if (t->released || now_ns - t->since_ns < REST_NS)
			continue;
		pat_area_release(&w->of->tables_area, t->at, (uint64_t)8 << t->log2);
		t->released = true;
	}
	(void)pthread_mutex_unlock(&w->lock);
	settle(w);
}

void pat_index_writer_stats(struct pat_index_writer *w, struct pat_index_stats *ret)
{
	(void)pthread_mutex_lock(&w->lock);
	*ret = (struct pat_index_stats){
		.live = atomic_load(&w->of->header->live),
		.capacity = w->of->header->slots_max,
		.memory_bytes = pat_index_files_memory(&w->of->files),
		.generation = w->of->header->generation,
	};
	(void)pthread_mutex_unlock(&w->lock);
}

static void forget(struct pat_index_writer *w, uint64_t keep)
{
	(void)pthread_mutex_lock(&w->lock);
	pat_index_files_forget_others(&w->of->files, keep);
	(void)pthread_mutex_unlock(&w->lock);
}

void pat_index_writer_forget_others(struct pat_index_writer *w)
{
	forget(w, 0);
}

void pat_index_writer_forget_older(struct pat_index_writer *w, uint64_t former)
{
	forget(w, former);
}

void pat_index_writer_retire(struct pat_index_writer *w)
{
	atomic_store(&w->of->header->state, PAT_INDEX_SUPERSEDED);
	pat_index_files_unlink(&w->of->files);
}
