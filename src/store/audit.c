/* SPDX-License-Identifier: Apache-2.0
 *
 * The chain's bytes. Every text carries its length, so no field can be made to run into the next.
 */
#include "store/audit.h"

#include <string.h>

static const char domain[] = "patd/audit1";

#define INTEGERS 4
#define TEXTS    6
#define SEALED_BYTES \
	(sizeof(domain) + PAT_SHA256_BYTES + INTEGERS * 8 + TEXTS * 4 + sizeof(struct pat_audit))

static uint8_t *put(uint8_t *at, uint64_t value, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		at[i] = (uint8_t)(value >> (8 * (bytes - 1 - i)));
	return at + bytes;
}

/* `text` is one of the struct's arrays, so it fits SEALED_BYTES with its length. */
static uint8_t *put_text(uint8_t *at, const char *text, size_t text_bytes)
{
	size_t len = strnlen(text, text_bytes);

	at = put(at, len, 4);
	memcpy(at, text, len); /* UNSAFE: the sum of the arrays is within SEALED_BYTES */
	return at + len;
}

int pat_audit_mac(const struct pat_audit *audit, const uint8_t before[static PAT_SHA256_BYTES],
                  const struct pat_row_key *key, uint8_t ret[static PAT_SHA256_BYTES])
{
	uint8_t sealed[SEALED_BYTES];
	uint8_t *at = sealed + sizeof(domain) - 1;

	memcpy(sealed, domain, sizeof(domain) - 1); /* UNSAFE: fixed sizes */
	memcpy(at, before, PAT_SHA256_BYTES);       /* UNSAFE: fixed sizes */
	at = put(at + PAT_SHA256_BYTES, (uint64_t)audit->id, 8);
	at = put(at, (uint64_t)audit->seq, 8);
	at = put(at, (uint64_t)audit->at_s, 8);
	at = put(at, (uint64_t)audit->actor, 8);
	at = put_text(at, audit->via, sizeof(audit->via));
	at = put_text(at, audit->action, sizeof(audit->action));
	at = put_text(at, audit->object, sizeof(audit->object));
	at = put_text(at, audit->address, sizeof(audit->address));
	at = put_text(at, audit->agent, sizeof(audit->agent));
	at = put_text(at, audit->request_id, sizeof(audit->request_id));
	return pat_hmac_sha256(key->bytes, sealed, (size_t)(at - sealed), ret);
}

/* Cuts a text that an actor brought to what a record holds, not inside a UTF-8 sequence. */
static void copy_text(char *out, size_t out_bytes, const char *text)
{
	size_t len = strnlen(text ? text : "", out_bytes);

	if (len == out_bytes) {
		len--;
		while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
			len--;
	}
	if (len > 0)
		memcpy(out, text, len); /* UNSAFE: len < out_bytes */
	out[len] = '\0';
}

void pat_audit_make(struct pat_audit *ret, const struct pat_actor *actor,
                    const struct pat_event *event)
{
	*ret = (struct pat_audit){ .seq = event->seq, .at_s = event->at_s, .actor = actor->person };
	copy_text(ret->via, sizeof(ret->via), actor->via);
	copy_text(ret->action, sizeof(ret->action), event->action);
	copy_text(ret->object, sizeof(ret->object), event->object);
	copy_text(ret->address, sizeof(ret->address), actor->address);
	copy_text(ret->agent, sizeof(ret->agent), actor->agent);
	copy_text(ret->request_id, sizeof(ret->request_id), actor->request_id);
}
