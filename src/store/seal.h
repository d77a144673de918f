/* SPDX-License-Identifier: Apache-2.0
 *
 * The seals of products and services, and the note of tampered rows. The same for every backend, so that a row that is
 * copied from one to another stays what it is. Tokens have theirs in token/record.h, audit records in store/audit.h.
 *
 *   product: HMAC-SHA-256(K_row, "patd/product1" | seq:u64 | imported:u64 | SHA-256(name) | SHA-256(reading) | SHA-256(document))
 *   service: HMAC-SHA-256(K_row, "patd/service1" | created:u64 | hash | SHA-256(name) | SHA-256(product))
 *
 * integers big-endian. A service that may send people here has "patd/service2" in front, and SHA-256 of origins, title and accent
 * behind.
 */
#ifndef PAT_STORE_SEAL_H
#define PAT_STORE_SEAL_H

#include <pthread.h>

#include "store/store.h"

/* -EIO when the crypto library fails. Any thread. */
int pat_product_mac(const struct pat_product *product, const struct pat_row_key *key,
                    uint8_t ret[static PAT_SHA256_BYTES]) PAT_MUST_USE;
int pat_service_mac(const struct pat_service *service, const struct pat_row_key *key,
                    uint8_t ret[static PAT_SHA256_BYTES]) PAT_MUST_USE;

/* Numbers of token rows whose tampering was logged already; bounded, after which only a last line follows. */
#define PAT_TAMPERED_MAX 1024
struct pat_tampered {
	pthread_mutex_t lock;
	size_t n;
	bool full_logged;
	int64_t numbers[PAT_TAMPERED_MAX];
};

void pat_tampered_init(struct pat_tampered *tampered);
void pat_tampered_done(struct pat_tampered *tampered);
/* Logs "store.row_tampered", once per row. Any thread. */
void pat_tampered_note(struct pat_tampered *tampered, int64_t number,
                       const uint8_t digest[static PAT_DIGEST_BYTES]);

#endif
