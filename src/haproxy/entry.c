/* SPDX-License-Identifier: Apache-2.0
 *
 * A token as an entry of the map.
 */
#include "haproxy/entry.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/codec.h"
#include "haproxy/master.h"
#include "token/record.h"

#define NEVER_S INT64_C(253402300799) /* the end of the year 9999 */

bool pat_haproxy_entry_fits(const struct pat_index_hit *hit, int64_t now_s)
{
	return hit->grant->limits_len == 0 && (hit->expires_s == 0 || hit->expires_s > now_s);
}

void pat_haproxy_entry_key(const uint8_t digest[static PAT_DIGEST_BYTES],
                           char out[static PAT_HAPROXY_KEY_CHARS + 1])
{
	pat_hex_encode(digest, PAT_DIGEST_BYTES, out);
}

void pat_haproxy_entry_add(struct pat_buf *out, uint64_t epoch, const struct pat_index_hit *hit,
                           const uint8_t digest[static PAT_DIGEST_BYTES])
{
	char tid[PAT_TID_CHARS + 1];
	char expires[PAT_TIME_TEXT_BYTES] = "-";
	int64_t until_s = hit->expires_s == 0 ? NEVER_S : hit->expires_s;

	pat_record_tid(digest, tid);
	if (hit->expires_s != 0)
		pat_time_format(hit->expires_s, expires);
	(void)pat_buf_addf(out, "%" PRIx64 " %" PRId64 " %s %s ", epoch, until_s, expires, tid);
	(void)pat_buf_add(out, hit->owner, hit->owner_len);
	(void)pat_buf_add(out, " ", 1);
	(void)pat_buf_add(out, pat_grant_text(hit->grant), hit->grant->text_len);
}

/* These have a meaning on HAProxy's command line. */
static void escape(struct pat_buf *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (strchr(" ;<\\", text[i]))
			(void)pat_buf_add(out, "\\", 1);
		(void)pat_buf_add(out, &text[i], 1);
	}
}

int pat_haproxy_entry_add_argument(struct pat_buf *out, uint64_t epoch,
                                   const struct pat_index_hit *hit,
                                   const uint8_t digest[static PAT_DIGEST_BYTES])
{
	pat_cleanup(pat_buf_done) struct pat_buf value = { 0 };

	pat_buf_init(&value, PAT_HAPROXY_LINE_MAX);
	pat_haproxy_entry_add(&value, epoch, hit, digest);
	escape(out, pat_buf_str(&value), value.len);
	return pat_buf_error(&value) < 0 ? pat_buf_error(&value) : pat_buf_error(out);
}
