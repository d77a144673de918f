/* SPDX-License-Identifier: Apache-2.0
 *
 * Sealing. The sealed bytes have a fixed length (the scopes enter by their hash), so no field can
 * be made to run into the next.
 */
#include "token/record.h"

#include <string.h>

#include "base/codec.h"

#define DOMAIN_BYTES 9u
#define SEALING_FLAGS \
	((uint32_t)PAT_RECORD_LIMITED | (uint32_t)PAT_RECORD_MADE | (uint32_t)PAT_RECORD_NAMED)

static const char domain[] = "patd/row1";
static const char domain_limited[] = "patd/row2";
static const char domain_made[] = "patd/row3";
static const char domain_named[] = "patd/row4";

#define SEALED_BYTES \
	(DOMAIN_BYTES + PAT_DIGEST_BYTES + 8 + 8 + 8 + 4 + 8 + 4 + 8 + PAT_SHA256_BYTES)
#define SEALED_BYTES_LIMITED (SEALED_BYTES + PAT_SHA256_BYTES)
#define SEALED_BYTES_MADE    (SEALED_BYTES_LIMITED + PAT_TID_BYTES)
#define SEALED_BYTES_MAX     (SEALED_BYTES_MADE + PAT_SHA256_BYTES)

static uint8_t *put(uint8_t *at, uint64_t value, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		at[i] = (uint8_t)(value >> (8 * (bytes - 1 - i)));
	return at + bytes;
}

static const char *domain_of(uint32_t flags)
{
	if (flags & PAT_RECORD_NAMED)
		return domain_named;
	if (flags & PAT_RECORD_MADE)
		return domain_made;
	return flags & PAT_RECORD_LIMITED ? domain_limited : domain;
}

/* Returns how many bytes are sealed. */
static size_t record_sealed(const struct pat_record *r, const uint8_t scopes_hash[static 32],
                            uint8_t sealed[static SEALED_BYTES_MAX])
{
	bool named = (r->flags & PAT_RECORD_NAMED) != 0;
	bool made = named || (r->flags & PAT_RECORD_MADE) != 0;
	uint8_t *at = sealed + DOMAIN_BYTES;

	memcpy(sealed, domain_of(r->flags), DOMAIN_BYTES); /* UNSAFE: fixed sizes */
	memcpy(at, r->digest, sizeof(r->digest));          /* UNSAFE: fixed sizes */
	at = put(at + sizeof(r->digest), (uint64_t)r->owner, 8);
	at = put(at, (uint64_t)r->issued_s, 8);
	at = put(at, (uint64_t)r->expires_s, 8);
	at = put(at, r->flags, 4);
	at = put(at, (uint64_t)r->seq, 8);
	at = put(at, (uint32_t)r->state, 4);
	at = put(at, (uint64_t)r->revoked_seq, 8);
	memcpy(at, scopes_hash, PAT_SHA256_BYTES); /* UNSAFE: fixed sizes */
	pat_assert(at + PAT_SHA256_BYTES == sealed + SEALED_BYTES);
	if (!made && !(r->flags & PAT_RECORD_LIMITED))
		return SEALED_BYTES;
	pat_sha256(r->limits, strlen(r->limits), sealed + SEALED_BYTES);
	if (!made)
		return SEALED_BYTES_LIMITED;
	memcpy(sealed + SEALED_BYTES_LIMITED, r->maker, sizeof(r->maker)); /* UNSAFE: fixed sizes */
	if (!named)
		return SEALED_BYTES_MADE;
	pat_sha256(r->known_as, strlen(r->known_as), sealed + SEALED_BYTES_MADE);
	return SEALED_BYTES_MAX;
}

/* The flags that tell what is sealed: what they do not tell of would not be. */
static uint32_t flags_of(const struct pat_record *r)
{
	return (r->limits[0] != '\0' ? PAT_RECORD_LIMITED : 0u) |
	       (pat_record_made(r) ? PAT_RECORD_MADE : 0u) |
	       (r->known_as[0] != '\0' ? PAT_RECORD_NAMED : 0u);
}

static bool flags_fit(const struct pat_record *r)
{
	return (r->flags & SEALING_FLAGS) == flags_of(r);
}

static int record_mac(const struct pat_record *r, const struct pat_row_key *key,
                      uint8_t mac[static 32])
{
	uint8_t sealed[SEALED_BYTES_MAX];
	uint8_t scopes_hash[PAT_SHA256_BYTES];

	pat_sha256(r->scopes, strlen(r->scopes), scopes_hash);
	size_t len = record_sealed(r, scopes_hash, sealed);
	return pat_hmac_sha256(key->bytes, sealed, len, mac);
}

int pat_record_seal(struct pat_record *record, const struct pat_row_key *key)
{
	record->key_id = key->id;
	record->flags = (record->flags & ~SEALING_FLAGS) | flags_of(record);
	return record_mac(record, key, record->mac);
}

int pat_record_check(const struct pat_record *record, const struct pat_row_key *key)
{
	uint8_t mac[32];

	if (record->key_id != key->id || !flags_fit(record))
		return PAT_RECORD_E_MAC;
	int e = record_mac(record, key, mac);
	if (e < 0)
		return e;
	return pat_memeq(mac, record->mac, sizeof(mac)) ? 0 : PAT_RECORD_E_MAC;
}

int pat_record_check_hashed(const struct pat_record *record, const uint8_t scopes_hash[static 32],
                            uint32_t key_id, struct pat_hmac *hmac)
{
	uint8_t sealed[SEALED_BYTES_MAX];
	uint8_t mac[PAT_SHA256_BYTES];

	if (record->key_id != key_id || !flags_fit(record))
		return PAT_RECORD_E_MAC;
	size_t len = record_sealed(record, scopes_hash, sealed);
	int e = pat_hmac(hmac, sealed, len, mac);
	if (e < 0)
		return e;
	return pat_memeq(mac, record->mac, sizeof(mac)) ? 0 : PAT_RECORD_E_MAC;
}

static bool tid_set(const uint8_t tid[static PAT_TID_BYTES])
{
	static const uint8_t nobody[PAT_TID_BYTES];

	return memcmp(tid, nobody, sizeof(nobody)) != 0;
}

bool pat_record_made(const struct pat_record *record)
{
	return tid_set(record->maker);
}

bool pat_record_replaced(const struct pat_record *record)
{
	return tid_set(record->replaced_by);
}

void pat_record_tid(const uint8_t digest[static PAT_DIGEST_BYTES],
                    char out[static PAT_TID_CHARS + 1])
{
	pat_hex_encode(digest, PAT_TID_BYTES, out);
}
