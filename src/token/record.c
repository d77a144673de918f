/* SPDX-License-Identifier: Apache-2.0
 *
 * Sealing. The sealed bytes have a fixed length (the scopes enter by their hash), so no field can
 * be made to run into the next.
 */
#include "token/record.h"

#include <string.h>

#include "base/codec.h"

static const char domain[] = "patd/row1";

#define SEALED_BYTES \
	(sizeof(domain) - 1 + PAT_DIGEST_BYTES + 8 + 8 + 8 + 4 + 8 + 4 + 8 + PAT_SHA256_BYTES)

static uint8_t *put(uint8_t *at, uint64_t value, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		at[i] = (uint8_t)(value >> (8 * (bytes - 1 - i)));
	return at + bytes;
}

static void record_sealed(const struct pat_record *r, const uint8_t scopes_hash[static 32],
                          uint8_t sealed[static SEALED_BYTES])
{
	uint8_t *at = sealed + sizeof(domain) - 1;

	memcpy(sealed, domain, sizeof(domain) - 1); /* UNSAFE: fixed sizes */
	memcpy(at, r->digest, sizeof(r->digest));   /* UNSAFE: fixed sizes */
	at = put(at + sizeof(r->digest), (uint64_t)r->owner, 8);
	at = put(at, (uint64_t)r->issued_s, 8);
	at = put(at, (uint64_t)r->expires_s, 8);
	at = put(at, r->flags, 4);
	at = put(at, (uint64_t)r->seq, 8);
	at = put(at, (uint32_t)r->state, 4);
	at = put(at, (uint64_t)r->revoked_seq, 8);
	memcpy(at, scopes_hash, PAT_SHA256_BYTES); /* UNSAFE: fixed sizes */
	pat_assert(at + PAT_SHA256_BYTES == sealed + SEALED_BYTES);
}

static int record_mac(const struct pat_record *r, const struct pat_row_key *key,
                      uint8_t mac[static 32])
{
	uint8_t sealed[SEALED_BYTES];
	uint8_t scopes_hash[PAT_SHA256_BYTES];

	pat_sha256(r->scopes, strlen(r->scopes), scopes_hash);
	record_sealed(r, scopes_hash, sealed);
	return pat_hmac_sha256(key->bytes, sealed, sizeof(sealed), mac);
}

int pat_record_seal(struct pat_record *record, const struct pat_row_key *key)
{
	record->key_id = key->id;
	return record_mac(record, key, record->mac);
}

int pat_record_check(const struct pat_record *record, const struct pat_row_key *key)
{
	uint8_t mac[32];

	if (record->key_id != key->id)
		return PAT_RECORD_E_MAC;
	int e = record_mac(record, key, mac);
	if (e < 0)
		return e;
	return pat_memeq(mac, record->mac, sizeof(mac)) ? 0 : PAT_RECORD_E_MAC;
}

int pat_record_check_hashed(const struct pat_record *record, const uint8_t scopes_hash[static 32],
                            uint32_t key_id, struct pat_hmac *hmac)
{
	uint8_t sealed[SEALED_BYTES];
	uint8_t mac[PAT_SHA256_BYTES];

	if (record->key_id != key_id)
		return PAT_RECORD_E_MAC;
	record_sealed(record, scopes_hash, sealed);
	int e = pat_hmac(hmac, sealed, sizeof(sealed), mac);
	if (e < 0)
		return e;
	return pat_memeq(mac, record->mac, sizeof(mac)) ? 0 : PAT_RECORD_E_MAC;
}

void pat_record_tid(const uint8_t digest[static PAT_DIGEST_BYTES],
                    char out[static PAT_TID_CHARS + 1])
{
	pat_hex_encode(digest, PAT_TID_BYTES, out);
}
