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

/* The entry of a key; a new one takes the place that was quiet longest among its few. */
static struct entry *find(struct pat_throttle *t, const char *text, uint64_t now_ns)
{
	uint64_t key = 0;
	struct entry *oldest = NULL;

	(void)crypto_shorthash((uint8_t *)&key, (const uint8_t *)text, strlen(text), t->seed);
	key |= 1;
	for (size_t i = 0; i < WAYS; i++) {
		struct entry *e = &t->entries[((key >> 1) / WAYS * WAYS + i) & (t->n - 1)];

		if (e->key == key) {
			if (now_ns > e->until_ns && now_ns - e->last_ns > FORGET_S * NS_PER_S)
				*e = (struct entry){ .key = key };
			return e;
		}
		if (!oldest || e->last_ns < oldest->last_ns)
			oldest = e;
	}
	*oldest = (struct entry){ .key = key };
	return oldest;
}

/* One IPv6 customer has a /64; an IPv4-mapped address is its IPv4. */
static void address_key(const char *address, char out[static INET6_ADDRSTRLEN])
{
	struct in6_addr a;

	if (inet_pton(AF_INET6, address, &a) == 1 && !IN6_IS_ADDR_V4MAPPED(&a)) {
		memset(a.s6_addr + 8, 0, 8);
		if (inet_ntop(AF_INET6, &a, out, INET6_ADDRSTRLEN))
			return;
	}
	(void)snprintf(out, INET6_ADDRSTRLEN, "%s", address);
}

struct trio {
	struct entry *pair;
	struct entry *address;
	struct entry *account;
};

static struct trio find_trio(struct pat_throttle *t, const char *account, const char *address,
                             uint64_t now_ns)
{
	char where[INET6_ADDRSTRLEN];
	char who[256];
	char text[KEY_TEXT];
	struct trio trio;

	address_key(address ? address : "", where);
	(void)snprintf(who, sizeof(who), "%s", account);
	for (char *c = who; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	(void)snprintf(text, sizeof(text), "pair %s %s", where, who);
	trio.pair = find(t, text, now_ns);
	(void)snprintf(text, sizeof(text), "address %s", where);
	trio.address = find(t, text, now_ns);
	(void)snprintf(text, sizeof(text), "account %s", who);
	trio.account = find(t, text, now_ns);
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

unsigned pat_throttle_attempt(struct pat_throttle *t, const char *account, const char *address,
                              bool address_known, uint64_t now_ns)
{
	(void)pthread_mutex_lock(&t->lock);
	struct trio trio = find_trio(t, account, address, now_ns);
	unsigned wait = wait_s(trio.pair, now_ns);
	unsigned other = wait_s(trio.address, now_ns);

	if (other > wait)
		wait = other;
	other = address_known ? 0 : wait_s(trio.account, now_ns);
	if (other > wait)
		wait = other;
	if (wait == 0) {
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
	(void)pthread_mutex_lock(&t->lock);
	struct trio trio = find_trio(t, account, address, 0);
	*trio.pair = (struct entry){ .key = trio.pair->key };
	*trio.account = (struct entry){ .key = trio.account->key };
	uncount(trio.address);
	(void)pthread_mutex_unlock(&t->lock);
}

void pat_throttle_undo(struct pat_throttle *t, const char *account, const char *address)
{
	(void)pthread_mutex_lock(&t->lock);
	struct trio trio = find_trio(t, account, address, 0);
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
