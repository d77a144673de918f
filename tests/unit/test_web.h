/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests for tests of the web layer, written as pairs and turned into the SCGI bytes nginx sends.
 */
#ifndef PAT_TESTS_UNIT_TEST_WEB_H
#define PAT_TESTS_UNIT_TEST_WEB_H

#include "tests/unit/test.h"

#include "base/buf.h"
#include "web/http.h"
#include "web/scgi.h"

/* A request, its bytes and what points into them. */
struct test_request {
	struct pat_buf bytes;
	struct pat_scgi scgi;
	struct pat_request request;
};

/* Appends "NAME\0value\0". */
static inline void test_pair(struct pat_buf *headers, const char *name, const char *value)
{
	assert_int_equal(pat_buf_add(headers, name, strlen(name) + 1), 0);
	assert_int_equal(pat_buf_add(headers, value, strlen(value) + 1), 0);
}

/* Writes a whole SCGI request from NULL-ended pairs; CONTENT_LENGTH and SCGI are added. */
static inline void test_scgi_bytes(struct pat_buf *out, const char *const *pairs, const char *body,
                                   size_t body_len)
{
	pat_cleanup(pat_buf_done) struct pat_buf headers = { 0 };
	char length[32];

	pat_buf_init(&headers, 1 << 20);
	(void)snprintf(length, sizeof(length), "%zu", body_len);
	test_pair(&headers, "CONTENT_LENGTH", length);
	test_pair(&headers, "SCGI", "1");
	for (size_t i = 0; pairs && pairs[i]; i += 2)
		test_pair(&headers, pairs[i], pairs[i + 1]);
	assert_int_equal(pat_buf_addf(out, "%zu:", headers.len), 0);
	assert_int_equal(pat_buf_add(out, headers.data, headers.len), 0);
	assert_int_equal(pat_buf_add(out, ",", 1), 0);
	assert_int_equal(pat_buf_add(out, body, body_len), 0);
}

static inline void test_request_init(struct test_request *t, const char *const *pairs,
                                     const char *body, const char *public_url)
{
	*t = (struct test_request){ 0 };
	pat_buf_init(&t->bytes, 1 << 20);
	test_scgi_bytes(&t->bytes, pairs, body ? body : "", body ? strlen(body) : 0);
	assert_int_equal(pat_scgi_parse(t->bytes.data, t->bytes.len, &t->scgi), 0);
	pat_request_init(&t->request, &t->scgi, public_url);
}

static inline void test_request_done(struct test_request *t)
{
	pat_buf_done(&t->bytes);
}

#endif
