/* SPDX-License-Identifier: Apache-2.0 */
#include "store/seal.h"

#include <string.h>

#include "base/log.h"

#define PRODUCT       "patd/product1"
#define SERVICE       "patd/service1"
#define DOMAIN_BYTES  (sizeof(PRODUCT) - 1)
#define PRODUCT_BYTES (DOMAIN_BYTES + 16 + 3 * PAT_SHA256_BYTES)
#define SERVICE_BYTES (DOMAIN_BYTES + 8 + 6 * PAT_SHA256_BYTES)

static uint8_t *put_u64(uint8_t *at, int64_t value)
{
	for (size_t i = 0; i < 8; i++)
		*at++ = (uint8_t)((uint64_t)value >> (56 - 8 * i));
	return at;
}

static uint8_t *put_hash(uint8_t *at, const void *bytes, size_t len)
{
	pat_sha256(bytes, len, at);
	return at + PAT_SHA256_BYTES;
}

static uint8_t *put_text(uint8_t *at, const char *text)
{
	return put_hash(at, text, strlen(text));
}

int pat_product_mac(const struct pat_product *p, const struct pat_row_key *key,
                    uint8_t ret[static PAT_SHA256_BYTES])
{
	uint8_t sealed[PRODUCT_BYTES] = PRODUCT;
	uint8_t *at = put_u64(put_u64(sealed + DOMAIN_BYTES, p->seq), p->imported_s);

	at = put_text(at, p->name);
	at = put_text(at, p->reading);
	(void)put_hash(at, p->document, p->document_len);
	return pat_hmac_sha256(key->bytes, sealed, sizeof(sealed), ret);
}

int pat_service_mac(const struct pat_service *s, const struct pat_row_key *key,
                    uint8_t ret[static PAT_SHA256_BYTES])
{
	uint8_t sealed[SERVICE_BYTES] = SERVICE;
	uint8_t *at = put_u64(sealed + DOMAIN_BYTES, s->created_s);
	bool plain = !*s->origins && !*s->title && !*s->accent;

	memcpy(at, s->hash, sizeof(s->hash)); /* UNSAFE: fixed sizes */
	at = put_text(at + PAT_SHA256_BYTES, s->name);
	at = put_text(at, s->product);
	if (!plain) {
		sealed[DOMAIN_BYTES - 1] = '2';
		at = put_text(at, s->origins);
		at = put_text(at, s->title);
		at = put_text(at, s->accent);
	}
	return pat_hmac_sha256(key->bytes, sealed, (size_t)(at - sealed), ret);
}

/* ---- Tampered rows. */

void pat_tampered_init(struct pat_tampered *tampered)
{
	(void)pthread_mutex_init(&tampered->lock, NULL);
}

void pat_tampered_done(struct pat_tampered *tampered)
{
	(void)pthread_mutex_destroy(&tampered->lock);
}

/* False when it is known already, or when too many are: then one last line says so. */
static bool number_note(struct pat_tampered *t, int64_t number, bool *ret_full)
{
	bool new = true;

	(void)pthread_mutex_lock(&t->lock);
	for (size_t i = 0; i < t->n && new; i++)
		new = t->numbers[i] != number;
	if (new && t->n < PAT_TAMPERED_MAX) {
		t->numbers[t->n++] = number;
	} else if (new) {
		new = false;
		*ret_full = !t->full_logged;
		t->full_logged = true;
	}
	(void)pthread_mutex_unlock(&t->lock);
	return new;
}

void pat_tampered_note(struct pat_tampered *tampered, int64_t number,
                       const uint8_t digest[static PAT_DIGEST_BYTES])
{
	char tid[PAT_TID_CHARS + 1];
	char text[PAT_NUM_BYTES];
	bool full = false;

	pat_record_tid(digest, tid);
	if (number_note(tampered, number, &full))
		pat_log(PAT_LOG_ERROR, "store.row_tampered", "number", pat_num(text, number), "tid",
		        tid, NULL);
	if (full)
		pat_log(PAT_LOG_ERROR, "store.row_tampered_more", "logged",
		        pat_num(text, PAT_TAMPERED_MAX), NULL);
}
