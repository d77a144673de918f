/* SPDX-License-Identifier: Apache-2.0
 *
 * The counters. Keys are keyed hashes (SipHash), so nobody can aim collisions at a victim; a
 * collision by chance in 64 bits costs somebody a wait, never a pass.
 */
#include "core/throttle.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"

#define NS_PER_S 1000000000ull
#define FORGET_S 86400u /* failures are forgotten a day after the last one */
#define KEY_TEXT 400
#define WAYS     8u /* places a key may be in */

struct entry {
	uint64_t key; /* 0: free */
	uint64_t last_ns;
	uint64_t until_ns;
	uint32_t count;
};

struct pat_throttle {
	pthread_mutex_t lock;
	uint8_t seed[crypto_shorthash_KEYBYTES];
	size_t n; /* a power of two */
	struct entry *entries;
};

int pat_throttle_new(size_t entries_max, struct pat_throttle **ret)
{
	struct pat_throttle *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	(void)pthread_mutex_init(&t->lock, NULL);
	for (t->n = WAYS; t->n * 2 <= entries_max;)
		t->n *= 2;
	t->entries = calloc(t->n, sizeof(*t->entries));
	int r = t->entries ? pat_random(t->seed, sizeof(t->seed)) : -ENOMEM;
	if (r < 0) {
		pat_throttle_free(t);
		return r;
	}
	*ret = t;
	return 0;
}

void pat_throttle_free(struct pat_throttle *t)
{
	if (!t)
		return;
	(void)pthread_mutex_destroy(&t->lock);
	free(t->entries);
	free(t);
}

/* Which of two makes room: one that nobody waits for, then what was quiet longer. */
static bool rather(const struct entry *a, const struct entry *b, uint64_t now_ns)
{
	bool a_waits = a->until_ns > now_ns;
	bool b_waits = b->until_ns > now_ns;

	return a_waits != b_waits ? b_waits : a->last_ns < b->last_ns;
}

static uint64_t key_of(const struct pat_throttle *t, const char *text)
{
	uint64_t key = 0;

	(void)crypto_shorthash((uint8_t *)&key, (const uint8_t *)text, strlen(text), t->seed);
	return key | 1;
}

static struct entry *place(struct pat_throttle *t, uint64_t key, size_t way)
{
	return &t->entries[((key >> 1) / WAYS * WAYS + way) & (t->n - 1)];
}

/* The entry of a key, or NULL. */
static struct entry *known(struct pat_throttle *t, uint64_t key)
{
	for (size_t i = 0; i < WAYS; i++)
		if (place(t, key, i)->key == key)
			return place(t, key, i);
	return NULL;
}

/* The entry of a key; a new one takes the place of another of its few. */
static struct entry *find(struct pat_throttle *t, const char *text, uint64_t now_ns)
{
	uint64_t key = key_of(t, text);
	struct entry *e = known(t, key);

	if (e) {
		if (now_ns > e->until_ns && now_ns - e->last_ns > FORGET_S * NS_PER_S)
			*e = (struct entry){ .key = key };
		return e;
	}
	e = place(t, key, 0);
	for (size_t i = 1; i < WAYS; i++)
		if (rather(place(t, key, i), e, now_ns))
			e = place(t, key, i);
	/* Not quiet from now on: the next key asked for must not take its place. */
	*e = (struct entry){ .key = key, .last_ns = now_ns };
	return e;
}

/* One IPv6 customer has a /64; an IPv4-mapped address is its IPv4. */
void pat_throttle_address(const char *address, char out[static PAT_THROTTLE_ADDRESS_BYTES])
{
	struct in6_addr a;

	if (inet_pton(AF_INET6, address, &a) == 1 && !IN6_IS_ADDR_V4MAPPED(&a)) {
		memset(a.s6_addr + 8, 0, 8);
		if (inet_ntop(AF_INET6, &a, out, INET6_ADDRSTRLEN))
			return;
	}
	(void)snprintf(out, INET6_ADDRSTRLEN, "%s", address);
}

struct texts {
	char pair[KEY_TEXT];
	char address[KEY_TEXT];
	char account[KEY_TEXT];
};

static struct texts texts_of(const char *account, const char *address)
{
	char where[PAT_THROTTLE_ADDRESS_BYTES];
	char who[256];
	struct texts texts;

	pat_throttle_address(address ? address : "", where);
	(void)snprintf(who, sizeof(who), "%s", account);
	for (char *c = who; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	(void)snprintf(texts.pair, sizeof(texts.pair), "pair %s %s", where, who);
	(void)snprintf(texts.address, sizeof(texts.address), "address %s", where);
	(void)snprintf(texts.account, sizeof(texts.account), "account %s", who);
	return texts;
}

struct trio {
	struct entry *pair;
	struct entry *address;
	struct entry *account;
};

static struct trio find_trio(struct pat_throttle *t, const struct texts *texts, uint64_t now_ns)
{
	struct trio trio;

	trio.pair = find(t, texts->pair, now_ns);
	trio.address = find(t, texts->address, now_ns);
	trio.account = find(t, texts->account, now_ns);
	return trio;
}

static unsigned wait_s(const struct entry *e, uint64_t now_ns)
{
	if (e->until_ns <= now_ns)
		return 0;
	return (unsigned)((e->until_ns - now_ns + NS_PER_S - 1) / NS_PER_S);
}

/* Counts one failure; beyond the free ones each doubles the wait. */
static void count(struct entry *e, unsigned free_failures, uint64_t now_ns)
{
	e->last_ns = now_ns;
	e->count++;
	if (e->count < free_failures)
		return;
	unsigned doubled = e->count - free_failures;
	uint64_t wait = doubled > 9 ? PAT_THROTTLE_WAIT_S_MAX : (uint64_t)2 << doubled;
	if (wait > PAT_THROTTLE_WAIT_S_MAX)
		wait = PAT_THROTTLE_WAIT_S_MAX;
	e->until_ns = now_ns + wait * NS_PER_S;
}

/* What is left to wait for one key. Makes no entry: names that are only tried while an address waits must not push others
 * out. */
static unsigned left_s(struct pat_throttle *t, const char *text, uint64_t now_ns)
{
	const struct entry *e = known(t, key_of(t, text));

	return e ? wait_s(e, now_ns) : 0;
}

unsigned pat_throttle_attempt(struct pat_throttle *t, const char *account, const char *address,
                              bool address_known, uint64_t now_ns)
{
	struct texts texts = texts_of(account, address);

	(void)pthread_mutex_lock(&t->lock);
	unsigned wait = left_s(t, texts.pair, now_ns);
	unsigned other = left_s(t, texts.address, now_ns);
	if (other > wait)
		wait = other;
	other = address_known ? 0 : left_s(t, texts.account, now_ns);
	if (other > wait)
		wait = other;
	if (wait == 0) {
		struct trio trio = find_trio(t, &texts, now_ns);

		count(trio.pair, PAT_THROTTLE_PAIR_FREE, now_ns);
		count(trio.address, PAT_THROTTLE_ADDRESS_FREE, now_ns);
		count(trio.account, PAT_THROTTLE_ACCOUNT_FREE, now_ns);
	}
	(void)pthread_mutex_unlock(&t->lock);
	return wait;
}

static void uncount(struct entry *e)
{
	if (e->count > 0)
		e->count--;
	e->until_ns = 0;
}

void pat_throttle_success(struct pat_throttle *t, const char *account, const char *address)
{
	struct texts texts = texts_of(account, address);

	(void)pthread_mutex_lock(&t->lock);
	struct trio trio = find_trio(t, &texts, 0);
	*trio.pair = (struct entry){ .key = trio.pair->key };
	*trio.account = (struct entry){ .key = trio.account->key };
	uncount(trio.address);
	(void)pthread_mutex_unlock(&t->lock);
}

void pat_throttle_undo(struct pat_throttle *t, const char *account, const char *address)
{
	struct texts texts = texts_of(account, address);

	(void)pthread_mutex_lock(&t->lock);
	struct trio trio = find_trio(t, &texts, 0);
	uncount(trio.pair);
	uncount(trio.address);
	uncount(trio.account);
	(void)pthread_mutex_unlock(&t->lock);
}

unsigned pat_throttle_allow(struct pat_throttle *t, const char *kind, int64_t key, unsigned max,
                            unsigned window_s, uint64_t now_ns)
{
	char text[KEY_TEXT];
	unsigned wait = 0;

	(void)snprintf(text, sizeof(text), "%s %lld", kind, (long long)key);
	(void)pthread_mutex_lock(&t->lock);
	struct entry *e = find(t, text, now_ns);
	if (e->until_ns <= now_ns) { /* a new window */
		e->count = 0;
		e->until_ns = now_ns + window_s * NS_PER_S;
	}
	if (e->count >= max)
		wait = wait_s(e, now_ns);
	else
		e->count++;
	e->last_ns = now_ns;
	(void)pthread_mutex_unlock(&t->lock);
	return wait;
}

void pat_throttle_give_back(struct pat_throttle *t, const char *kind, int64_t key)
{
	char text[KEY_TEXT];

	(void)snprintf(text, sizeof(text), "%s %lld", kind, (long long)key);
	(void)pthread_mutex_lock(&t->lock);
	struct entry *e = find(t, text, 0);
	if (e->count > 0)
		e->count--;
	(void)pthread_mutex_unlock(&t->lock);
}
