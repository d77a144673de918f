/* SPDX-License-Identifier: Apache-2.0
 *
 * Three lists, each found by a table of hashes (SipHash with a key of our own: agents are anybody's words), and the
 * clients of lately.
 */
#include "core/tally.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"

#define ENTRIES_MAX 1024u /* of each list */
#define SLOTS       2048u
#define TURNS_S     600
#define LATELY_SETS 1024u
#define LATELY_WAYS 4u
#define CLIENTS_MAX 4u
#define IPV4_BITS   (96u + 24u)
#define IPV6_BITS   48u

/* Entry + 1, by hash; 0: none. */
struct table {
	uint32_t slots[SLOTS];
};

/* Which clients used a token lately. */
struct lately {
	int64_t number; /* 0: nobody's */
	int64_t at_s;
	size_t n;
	size_t current; /* who was here last */
	struct {
		struct pat_usage_client client;
		int64_t at_s;
	} clients[CLIENTS_MAX];
};

struct pat_tally {
	bool clients;
	uint8_t key[crypto_shorthash_KEYBYTES];
	struct pat_address network_of; /* whose network is written below */
	char network[PAT_NETWORK_TEXT_MAX];
	size_t n_done;
	size_t n_seen;
	size_t n_last;
	struct table done_table;
	struct table seen_table;
	struct table last_table;
	struct pat_usage_done done[ENTRIES_MAX];
	struct pat_usage_seen seen[ENTRIES_MAX];
	struct pat_usage_last last[ENTRIES_MAX];
	uint8_t clients_of[ENTRIES_MAX]; /* how many of `seen` are of the token of each `last` */
	struct lately lately[LATELY_SETS][LATELY_WAYS];
};

int pat_tally_new(bool clients, struct pat_tally **ret)
{
	struct pat_tally *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	int r = pat_random(t->key, sizeof(t->key));
	if (r < 0) {
		free(t);
		return r;
	}
	t->clients = clients;
	*ret = t;
	return 0;
}

void pat_tally_free(struct pat_tally *tally)
{
	free(tally);
}

bool pat_tally_full(const struct pat_tally *t)
{
	return t->n_done == ENTRIES_MAX || t->n_seen == ENTRIES_MAX || t->n_last == ENTRIES_MAX;
}

void pat_tally_notes(const struct pat_tally *t, struct pat_usage_notes *ret)
{
	*ret = (struct pat_usage_notes){
		.done = t->done,
		.n_done = t->n_done,
		.seen = t->seen,
		.n_seen = t->n_seen,
		.last = t->last,
		.n_last = t->n_last,
	};
}

void pat_tally_clear(struct pat_tally *t)
{
	t->n_done = 0;
	t->n_seen = 0;
	t->n_last = 0;
	memset(&t->done_table, 0, sizeof(t->done_table));
	memset(&t->seen_table, 0, sizeof(t->seen_table));
	memset(&t->last_table, 0, sizeof(t->last_table));
}

/* ---- Finding. */

static uint64_t hash_of(const struct pat_tally *t, int64_t number, const char *a, const char *b)
{
	uint8_t text[8 + PAT_USAGE_NAME_MAX + PAT_USAGE_SCOPES_MAX];
	uint64_t hash = 0;
	size_t len = 8;

	memcpy(text, &number, 8); /* UNSAFE: fixed size */
	for (; *a != '\0' && len < sizeof(text); a++)
		text[len++] = (uint8_t)*a;
	for (; *b != '\0' && len < sizeof(text); b++)
		text[len++] = (uint8_t)*b;
	(void)crypto_shorthash((uint8_t *)&hash, text, len, t->key);
	return hash;
}

/* The first slot from `at` on that has an entry or is free; the caller compares, and asks for the next. There is always
 * one that is free. */
static uint32_t *slot_next(struct table *table, uint64_t *at)
{
	return &table->slots[(*at)++ % SLOTS];
}

static bool operation_same(const struct pat_usage_operation *a, const struct pat_usage_operation *b)
{
	return a->judged == b->judged && strcmp(a->name, b->name) == 0 &&
	       strcmp(a->method, b->method) == 0 && strcmp(a->product, b->product) == 0 &&
	       strcmp(a->scopes, b->scopes) == 0;
}

static struct pat_usage_done *done_find(struct pat_tally *t, const struct pat_tally_use *use)
{
	uint64_t at = hash_of(t, use->number, use->operation->name, use->operation->scopes);
	uint32_t *slot = NULL;

	while (*(slot = slot_next(&t->done_table, &at)) != 0) {
		struct pat_usage_done *done = &t->done[*slot - 1];

		if (done->number == use->number && operation_same(&done->operation, use->operation))
			return done;
	}
	if (t->n_done == ENTRIES_MAX)
		return NULL;
	struct pat_usage_done *fresh = &t->done[t->n_done++];
	*slot = (uint32_t)t->n_done;
	*fresh = (struct pat_usage_done){ .number = use->number,
		                          .operation = *use->operation,
		                          .first_s = use->at_s };
	return fresh;
}

static bool client_same(const struct pat_usage_client *a, const struct pat_usage_client *b)
{
	return strcmp(a->network, b->network) == 0 && strcmp(a->family, b->family) == 0;
}

/* Agents are invented faster than they are stored: no more of a token's clients are looked at than are kept of it. */
static struct pat_usage_seen *seen_find(struct pat_tally *t, const struct pat_tally_use *use,
                                        const struct pat_usage_client *client, uint8_t *clients_of)
{
	uint64_t at = hash_of(t, use->number, client->network, client->family);
	uint32_t *slot = NULL;

	while (*(slot = slot_next(&t->seen_table, &at)) != 0) {
		struct pat_usage_seen *seen = &t->seen[*slot - 1];

		if (seen->number == use->number && client_same(&seen->client, client))
			return seen;
	}
	if (t->n_seen == ENTRIES_MAX || *clients_of == PAT_USAGE_CLIENTS_MAX)
		return NULL;
	(*clients_of)++;
	struct pat_usage_seen *fresh = &t->seen[t->n_seen++];
	*slot = (uint32_t)t->n_seen;
	*fresh = (struct pat_usage_seen){ .number = use->number,
		                          .client = *client,
		                          .first_s = use->at_s };
	return fresh;
}

static struct pat_usage_last *last_find(struct pat_tally *t, int64_t number)
{
	uint64_t at = hash_of(t, number, "", "");
	uint32_t *slot = NULL;

	while (*(slot = slot_next(&t->last_table, &at)) != 0)
		if (t->last[*slot - 1].number == number)
			return &t->last[*slot - 1];
	if (t->n_last == ENTRIES_MAX)
		return NULL;
	struct pat_usage_last *fresh = &t->last[t->n_last++];
	*slot = (uint32_t)t->n_last;
	*fresh = (struct pat_usage_last){ .number = number };
	t->clients_of[fresh - t->last] = 0;
	return fresh;
}

/* ---- Clients. */

static bool is_known(const struct pat_address *address)
{
	static const struct pat_address none;

	return memcmp(address, &none, sizeof(none)) != 0;
}

/* The network an address is in, as text; the one that was asked for last is remembered. */
static const char *network_of(struct pat_tally *t, const struct pat_address *address)
{
	struct pat_network network = { .address = *address,
		                       .bits = pat_address_is_ipv4(address) ? IPV4_BITS
		                                                            : IPV6_BITS };

	if (!is_known(address))
		return "";
	if (memcmp(address, &t->network_of, sizeof(*address)) != 0) {
		size_t whole = network.bits / 8;

		memset(network.address.bytes + whole, 0, sizeof(network.address.bytes) - whole);
		pat_network_format(&network, t->network);
		t->network_of = *address;
	}
	return t->network;
}

static void address_write(const struct pat_address *address,
                          char out[static PAT_ADDRESS_BYTES_MAX + 1])
{
	struct pat_network alone = { .address = *address, .bits = 128 };
	char text[PAT_NETWORK_TEXT_MAX] = "";

	if (is_known(address))
		pat_network_format(&alone, text);
	size_t len = strcspn(text, "/");
	pat_assert(len <= PAT_ADDRESS_BYTES_MAX);
	memcpy(out, text, len); /* UNSAFE: asserted above */
	out[len] = '\0';
}

/* Visible ASCII and blanks; what is none of it becomes "?". */
static void agent_write(const char *agent, size_t len, char out[static PAT_USAGE_AGENT_MAX + 1])
{
	if (len > PAT_USAGE_AGENT_MAX)
		len = PAT_USAGE_AGENT_MAX;
	for (size_t i = 0; i < len; i++)
		out[i] = (char)(agent[i] < 0x20 || agent[i] > 0x7e ? '?' : agent[i]);
	out[len] = '\0';
}

static void family_write(const char *agent, char out[static PAT_USAGE_FAMILY_MAX + 1])
{
	size_t len = strcspn(agent, "/ ;,(");

	if (len > PAT_USAGE_FAMILY_MAX)
		len = PAT_USAGE_FAMILY_MAX;
	memcpy(out, agent, len); /* UNSAFE: bounded above */
	out[len] = '\0';
}

/* ---- In turns. */

static bool is_other(const struct pat_usage_client *a, const struct pat_usage_client *b)
{
	if (strcmp(a->family, b->family) != 0)
		return true;
	return a->network[0] && b->network[0] &&
	       !strchr(a->network, ':') == !strchr(b->network, ':') &&
	       strcmp(a->network, b->network) != 0;
}

/* The token's place, or that of the one in its set that was used longest ago. */
static struct lately *lately_find(struct pat_tally *t, int64_t number)
{
	struct lately *set = t->lately[hash_of(t, number, "", "") % LATELY_SETS];
	struct lately *oldest = &set[0];

	for (size_t i = 0; i < LATELY_WAYS; i++) {
		if (set[i].number == number)
			return &set[i];
		if (set[i].at_s < oldest->at_s)
			oldest = &set[i];
	}
	*oldest = (struct lately){ .number = number };
	return oldest;
}

/* The client's place, or one for it in place of the one seen longest ago. */
static size_t lately_client(struct lately *l, const struct pat_usage_client *client)
{
	size_t at = 0;

	for (size_t i = 0; i < l->n; i++) {
		if (client_same(&l->clients[i].client, client))
			return i;
		if (l->clients[i].at_s < l->clients[at].at_s)
			at = i;
	}
	if (l->n < CLIENTS_MAX)
		at = l->n++;
	l->clients[at].client = *client;
	l->clients[at].at_s = 0;
	return at;
}

static void turns_look(struct pat_tally *t, const struct pat_tally_use *use,
                       const struct pat_usage_client *client, struct pat_usage_turns *turns)
{
	struct lately *l = lately_find(t, use->number);
	size_t before = l->current;
	bool any = l->n > 0;
	size_t now = lately_client(l, client);
	int64_t since = use->at_s - TURNS_S;

	if (any && now != before && l->clients[now].at_s >= since &&
	    l->clients[before].at_s >= since && is_other(client, &l->clients[before].client))
		*turns = (struct pat_usage_turns){
			.at_s = use->at_s, .clients = { l->clients[before].client, *client }
		};
	l->clients[now].at_s = use->at_s;
	l->current = now;
	l->at_s = use->at_s;
}

/* ---- Adding. */

static void add_client(struct pat_tally *t, const struct pat_tally_use *use)
{
	struct pat_usage_client client = { .network = "" };
	char agent[PAT_USAGE_AGENT_MAX + 1];
	const char *network = network_of(t, &use->address);

	memcpy(client.network, network, strlen(network) + 1); /* UNSAFE: same size */
	agent_write(use->agent, use->agent_len, agent);
	family_write(agent, client.family);
	struct pat_usage_last *last = last_find(t, use->number);
	if (!last)
		return;
	struct pat_usage_seen *seen = seen_find(t, use, &client, &t->clients_of[last - t->last]);
	if (seen && seen->last_s < use->at_s)
		seen->last_s = use->at_s;
	turns_look(t, use, &client, &last->turns);
	if (last->at_s > use->at_s)
		return;
	last->at_s = use->at_s;
	address_write(&use->address, last->address);
	memcpy(last->agent, agent, sizeof(agent)); /* UNSAFE: same size */
}

void pat_tally_add(struct pat_tally *t, const struct pat_tally_use *use)
{
	struct pat_usage_done *done = done_find(t, use);

	if (done) {
		done->count += use->times;
		if (done->last_s < use->at_s)
			done->last_s = use->at_s;
	}
	if (t->clients && (is_known(&use->address) || use->agent_len > 0))
		add_client(t, use);
}
