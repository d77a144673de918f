/* SPDX-License-Identifier: Apache-2.0
 *
 * The SCGI parser against whole, cut and broken requests, and the transport against slow, silent and
 * vanished peers.
 */
#include "tests/unit/test_web.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>

#include "base/clock.h"

#define MS 1000000ull

static void request_is_taken_apart(void **state)
{
	static const char *const pairs[] = { "REQUEST_METHOD", "POST",         "HTTP_COOKIE", "a=1",
		                             "HTTP_COOKIE",    "b=2",          "EMPTY",       "",
		                             "REQUEST_URI",    "/deepthought", NULL };
	pat_cleanup(pat_buf_done) struct pat_buf bytes = { 0 };
	struct pat_scgi scgi;

	(void)state;
	pat_buf_init(&bytes, 1 << 20);
	test_scgi_bytes(&bytes, pairs, "What is the answer?", 19);
	assert_int_equal(pat_scgi_parse(bytes.data, bytes.len, &scgi), 0);
	assert_int_equal(scgi.n_params, 7);
	assert_string_equal(pat_scgi_get(&scgi, "REQUEST_METHOD"), "POST");
	assert_string_equal(pat_scgi_get(&scgi, "HTTP_COOKIE"), "a=1");
	assert_string_equal(pat_scgi_get(&scgi, "EMPTY"), "");
	assert_null(pat_scgi_get(&scgi, "REQUEST_METHO"));
	assert_int_equal(scgi.body_len, 19);
	assert_memory_equal(scgi.body, "What is the answer?", 19);
}

static void every_beginning_asks_for_more(void **state)
{
	static const char *const pairs[] = { "REQUEST_METHOD", "GET", NULL };
	pat_cleanup(pat_buf_done) struct pat_buf bytes = { 0 };
	struct pat_scgi scgi;

	(void)state;
	pat_buf_init(&bytes, 1 << 20);
	test_scgi_bytes(&bytes, pairs, "body", 4);
	for (size_t len = 0; len < bytes.len; len++)
		assert_int_equal(pat_scgi_parse(bytes.data, len, &scgi), PAT_SCGI_E_MORE);
	assert_int_equal(pat_scgi_parse(bytes.data, bytes.len, &scgi), 0);
}

#define HEAD "CONTENT_LENGTH\0000\0SCGI\0001\0"

static void broken_requests_are_refused(void **state)
{
	/* The literal's own NUL at its end is not part of a case. */
#define CASE(bytes, result)                      \
	{                                        \
		bytes, sizeof(bytes) - 1, result \
	}
	static const struct {
		const char *bytes;
		size_t len;
		int result;
	} cases[] = {
		CASE("24:" HEAD ",", 0),
		CASE("024:" HEAD ",", PAT_SCGI_E_MALFORMED),
		CASE("+24:" HEAD ",", PAT_SCGI_E_MALFORMED),
		CASE(" 24:" HEAD ",", PAT_SCGI_E_MALFORMED),
		CASE("24 :" HEAD ",", PAT_SCGI_E_MALFORMED),
		CASE("0x18:" HEAD ",", PAT_SCGI_E_MALFORMED),
		CASE(":" HEAD ",", PAT_SCGI_E_MALFORMED),
		CASE("GET / HTTP/1.1\r\n\r\n", PAT_SCGI_E_MALFORMED),
		CASE("24:" HEAD ";", PAT_SCGI_E_MALFORMED),
		CASE("24:" HEAD ",x", PAT_SCGI_E_MALFORMED), /* more than announced */
		CASE("23:" HEAD ",",
		     PAT_SCGI_E_MALFORMED), /* the comma is not where it should be */
		CASE("0:,", PAT_SCGI_E_MALFORMED),
		CASE("32769:", PAT_SCGI_E_TOO_LARGE),
		CASE("99999:", PAT_SCGI_E_TOO_LARGE),
		CASE("100000:", PAT_SCGI_E_TOO_LARGE),
		CASE("99999999999999999999999999:", PAT_SCGI_E_TOO_LARGE),
		CASE("32768:", PAT_SCGI_E_MORE),
		CASE("7:SCGI\0001\0,", PAT_SCGI_E_MALFORMED),            /* no length */
		CASE("17:CONTENT_LENGTH\0000\0,", PAT_SCGI_E_MALFORMED), /* no SCGI */
		CASE("24:SCGI\0001\0CONTENT_LENGTH\0000\0,", PAT_SCGI_E_MALFORMED),
		CASE("24:CONTENT_LENGTH\0000\0SCGI\0002\0,", PAT_SCGI_E_MALFORMED),
		CASE("23:CONTENT_LENGTH\0\0SCGI\0001\0,", PAT_SCGI_E_MALFORMED),
		CASE("25:CONTENT_LENGTH\000-1\0SCGI\0001\0,", PAT_SCGI_E_MALFORMED),
		CASE("25:CONTENT_LENGTH\00000\0SCGI\0001\0,", PAT_SCGI_E_MALFORMED),
		CASE("25:CONTENT_LENGTH\0001 \0SCGI\0001\0,", PAT_SCGI_E_MALFORMED),
		CASE("43:CONTENT_LENGTH\00018446744073709551616\0SCGI\0001\0,",
		     PAT_SCGI_E_MALFORMED),
		CASE("28:CONTENT_LENGTH\00065537\0SCGI\0001\0,", PAT_SCGI_E_BODY_TOO_LARGE),
		CASE("28:CONTENT_LENGTH\00065536\0SCGI\0001\0,", PAT_SCGI_E_MORE),
		CASE("41:" HEAD "CONTENT_LENGTH\0005\0,", PAT_SCGI_E_MALFORMED), /* twice */
		CASE("46:" HEAD "HTTP_CONTENT_LENGTH\0003\0,ab",
		     PAT_SCGI_E_BODY_TOO_LARGE), /* not buffered */
		CASE("46:" HEAD "HTTP_CONTENT_LENGTH\0003\0,abc", PAT_SCGI_E_BODY_TOO_LARGE),
		CASE("46:" HEAD "HTTP_CONTENT_LENGTH\0003\0,abcd", PAT_SCGI_E_MALFORMED),
		CASE("47:" HEAD "HTTP_CONTENT_LENGTH\000-1\0,", PAT_SCGI_E_MALFORMED),
		CASE("50:" HEAD "HTTP_CONTENT_LENGTH\00065537\0,a", PAT_SCGI_E_BODY_TOO_LARGE),
		CASE("46:CONTENT_LENGTH\0003\0SCGI\0001\0HTTP_CONTENT_LENGTH\0002\0,abc", 0),
		CASE("31:" HEAD "SCGI\0001\0,", PAT_SCGI_E_MALFORMED),
		CASE("41:" HEAD "PAT_USER\0001\0PAT_U\0,",
		     PAT_SCGI_E_MALFORMED), /* a name without a value */
		CASE("46:" HEAD "PAT_USER\0001\0PAT_USER\0002\0,", PAT_SCGI_E_MALFORMED),
		CASE("28:" HEAD "AB\0x,", PAT_SCGI_E_MALFORMED),  /* a value without its end */
		CASE("27:" HEAD "\0x\0,", PAT_SCGI_E_MALFORMED),  /* empty name */
		CASE("28:" HEAD "a\0x\0,", PAT_SCGI_E_MALFORMED), /* small letter */
		CASE("30:" HEAD "A-B\0x\0,", PAT_SCGI_E_MALFORMED),
		CASE("30:" HEAD "A B\0x\0,", PAT_SCGI_E_MALFORMED),
		CASE("30:" HEAD "A_B\0x\0,", 0),
	};
	struct pat_scgi scgi;

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(cases); i++) {
		int r = pat_scgi_parse(cases[i].bytes, cases[i].len, &scgi);

		if (r != cases[i].result)
			fail_msg("case %zu: %d instead of %d", i, r, cases[i].result);
	}
}

static void parameters_are_counted(void **state)
{
	pat_cleanup(pat_buf_done) struct pat_buf bytes = { 0 };
	const char *pairs[2 * PAT_SCGI_PARAMS_MAX + 1] = { 0 };
	struct pat_scgi scgi;

	(void)state;
	pat_buf_init(&bytes, 1 << 20);
	for (size_t i = 0; i < PAT_SCGI_PARAMS_MAX - 2; i++) {
		pairs[2 * i] = "HTTP_X";
		pairs[2 * i + 1] = "";
	}
	test_scgi_bytes(&bytes, pairs, "", 0);
	assert_int_equal(pat_scgi_parse(bytes.data, bytes.len, &scgi), 0);
	assert_int_equal(scgi.n_params, PAT_SCGI_PARAMS_MAX);

	pairs[2 * PAT_SCGI_PARAMS_MAX - 4] = "HTTP_X";
	pairs[2 * PAT_SCGI_PARAMS_MAX - 3] = "";
	pat_buf_clear(&bytes);
	test_scgi_bytes(&bytes, pairs, "", 0);
	assert_int_equal(pat_scgi_parse(bytes.data, bytes.len, &scgi), PAT_SCGI_E_TOO_LARGE);
}

/* ---- Transport. */

struct peer {
	int fd;
	const struct pat_buf *bytes;
};

/* Sends one byte after another. */
static void *send_slowly(void *arg)
{
	struct peer *peer = arg;

	for (size_t i = 0; i < peer->bytes->len; i++)
		if (send(peer->fd, peer->bytes->data + i, 1, MSG_NOSIGNAL) != 1)
			return NULL;
	return NULL;
}

static void a_request_in_pieces_is_read(void **state)
{
	static const char *const pairs[] = { "REQUEST_METHOD", "PUT", NULL };
	pat_cleanup(pat_buf_done) struct pat_buf sent = { 0 };
	pat_cleanup(pat_buf_done) struct pat_buf read = { 0 };
	struct pat_scgi scgi;
	struct peer peer = { .bytes = &sent };
	pthread_t thread;
	int fds[2];

	(void)state;
	pat_buf_init(&sent, 1 << 20);
	pat_buf_init(&read, PAT_SCGI_REQUEST_BYTES_MAX + 1);
	test_scgi_bytes(&sent, pairs, "body", 4);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	peer.fd = fds[1];
	assert_int_equal(pthread_create(&thread, NULL, send_slowly, &peer), 0);
	assert_int_equal(pat_scgi_read(fds[0], pat_clock_boot_ns() + 5000 * MS, &read, &scgi), 0);
	assert_string_equal(pat_scgi_get(&scgi, "REQUEST_METHOD"), "PUT");
	assert_int_equal(pthread_join(thread, NULL), 0);
	(void)close(fds[0]);
	(void)close(fds[1]);
}

static void *send_all(void *arg)
{
	struct peer *peer = arg;

	for (size_t at = 0; at < peer->bytes->len;) {
		ssize_t n =
			send(peer->fd, peer->bytes->data + at, peer->bytes->len - at, MSG_NOSIGNAL);

		if (n <= 0)
			return NULL;
		at += (size_t)n;
	}
	return NULL;
}

/* The largest request fits; what comes behind it makes it malformed, not a fault of ours. */
static void the_largest_request_is_read(void **state)
{
	pat_cleanup(pat_freep) char *value = calloc(1, PAT_SCGI_HEADER_BYTES_MAX);
	pat_cleanup(pat_freep) char *body = calloc(1, PAT_SCGI_BODY_BYTES_MAX + 20000);
	const char *pairs[] = { "X", value, NULL };
	/* CONTENT_LENGTH, 65536, SCGI, 1 and X with their NULs. */
	size_t others = 15 + 6 + 5 + 2 + 2 + 1;

	(void)state;
	memset(value, 'x', PAT_SCGI_HEADER_BYTES_MAX - others);
	for (size_t more = 0; more <= 20000; more += 20000) {
		pat_cleanup(pat_buf_done) struct pat_buf sent = { 0 };
		pat_cleanup(pat_buf_done) struct pat_buf read = { 0 };
		struct pat_scgi scgi;
		struct peer peer = { .bytes = &sent };
		pthread_t thread;
		int fds[2];

		pat_buf_init(&sent, 1 << 20);
		pat_buf_init(&read, PAT_SCGI_REQUEST_BYTES_MAX + 1);
		test_scgi_bytes(&sent, pairs, body, PAT_SCGI_BODY_BYTES_MAX);
		assert_int_equal(sent.len, PAT_SCGI_REQUEST_BYTES_MAX);
		assert_int_equal(pat_buf_add(&sent, body, more), 0);
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
		peer.fd = fds[1];
		assert_int_equal(pthread_create(&thread, NULL, send_all, &peer), 0);
		/* The end may come in a read of its own, after the request was whole. */
		(void)poll(NULL, 0, 50);
		int r = pat_scgi_read(fds[0], pat_clock_boot_ns() + 5000 * MS, &read, &scgi);
		assert_true(r == 0 || (more > 0 && r == PAT_SCGI_E_MALFORMED));
		(void)close(fds[0]);
		assert_int_equal(pthread_join(thread, NULL), 0);
		(void)close(fds[1]);
	}
}

static void silence_and_hanging_up_end_the_reading(void **state)
{
	pat_cleanup(pat_buf_done) struct pat_buf read = { 0 };
	struct pat_scgi scgi;
	int fds[2];

	(void)state;
	pat_buf_init(&read, PAT_SCGI_REQUEST_BYTES_MAX + 1);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	uint64_t start_ns = pat_clock_boot_ns();
	assert_int_equal(pat_scgi_read(fds[0], start_ns + 50 * MS, &read, &scgi),
	                 PAT_SCGI_E_TIMEOUT);
	assert_true(pat_clock_boot_ns() - start_ns >= 50 * MS);
	assert_int_equal(send(fds[1], "24:CONT", 7, 0), 7);
	(void)close(fds[1]);
	assert_int_equal(pat_scgi_read(fds[0], pat_clock_boot_ns() + 1000 * MS, &read, &scgi),
	                 PAT_SCGI_E_CLOSED);
	(void)close(fds[0]);
}

static void sending_survives_a_peer_that_is_gone_or_slow(void **state)
{
	pat_cleanup(pat_freep) void *much = calloc(1, 4 << 20);
	int fds[2];

	(void)state;
	assert_non_null(much);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(pat_scgi_send(fds[0], pat_clock_boot_ns() + 50 * MS, much, 4 << 20),
	                 PAT_SCGI_E_TIMEOUT);
	(void)close(fds[1]);
	assert_int_equal(pat_scgi_send(fds[0], pat_clock_boot_ns() + 1000 * MS, "x", 1),
	                 PAT_SCGI_E_CLOSED);
	(void)close(fds[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(request_is_taken_apart),
		cmocka_unit_test(every_beginning_asks_for_more),
		cmocka_unit_test(broken_requests_are_refused),
		cmocka_unit_test(parameters_are_counted),
		cmocka_unit_test(a_request_in_pieces_is_read),
		cmocka_unit_test(the_largest_request_is_read),
		cmocka_unit_test(silence_and_hanging_up_end_the_reading),
		cmocka_unit_test(sending_survives_a_peer_that_is_gone_or_slow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
