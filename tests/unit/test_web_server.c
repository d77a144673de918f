/* SPDX-License-Identifier: Apache-2.0
 *
 * The threads and their connections, over a real socket. Only what needs no core is asked for: health,
 * refusals, and clients that are slow, silent, hasty or many.
 */
#include "tests/unit/test_web.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/clock.h"
#include "base/log.h"
#include "web/json.h"
#include "web/router.h"
#include "web/server.h"

#define MS      1000000ull
#define THREADS 4

static const char *const livez[] = { "PATD_ENTRY", "health",       "REQUEST_METHOD",
	                             "GET",        "DOCUMENT_URI", "/livez",
	                             NULL };
static const char *const livez_head[] = { "PATD_ENTRY", "health",       "REQUEST_METHOD",
	                                  "HEAD",       "DOCUMENT_URI", "/livez",
	                                  NULL };

#define UPLOAD_BYTES_MAX (2u << 20)
#define PIECE            100000u

static int sum_handler(struct pat_call *call);
static int flow_handler(struct pat_call *call);
static int short_handler(struct pat_call *call);

#define STREAM(method_, path_, rule_, body_, handler_)                                     \
	{                                                                                  \
		.entry = PAT_ENTRY_PAGES, .method = method_, .path = path_, .rule = rule_, \
		.body_bytes_max = body_, .handler = handler_                               \
	}

static const struct pat_route streams[] = {
	STREAM("POST", "/sum", PAT_RULE_PUBLIC, UPLOAD_BYTES_MAX, sum_handler),
	STREAM("GET", "/flow", PAT_RULE_PUBLIC, 0, flow_handler),
	STREAM("GET", "/short", PAT_RULE_PUBLIC, 0, short_handler),
	STREAM("POST", "/ruled", PAT_RULE_NONE, UPLOAD_BYTES_MAX, sum_handler),
};
static const struct pat_router stream_router = { .routes = streams,
	                                         .n_routes = PAT_ARRAY_LEN(streams) };

struct site {
	char folder[64];
	struct sockaddr_un address;
	int listen_fd;
	struct pat_web *web;
};

static void site_start_with(struct site *site, unsigned timeout_ms, const struct pat_router *router)
{
	*site = (struct site){ .address = { .sun_family = AF_UNIX } };
	test_folder(site->folder);
	(void)snprintf(site->address.sun_path, sizeof(site->address.sun_path), "%s/sock",
	               site->folder);
	site->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(site->listen_fd, (const struct sockaddr *)&site->address,
	                      sizeof(site->address)),
	                 0);
	assert_int_equal(listen(site->listen_fd, 256), 0);
	assert_int_equal(pat_web_new(&(struct pat_web_config){ .listen_fd = site->listen_fd,
	                                                       .threads = THREADS,
	                                                       .router = router,
	                                                       .request_timeout_ms = timeout_ms },
	                             &site->web, NULL),
	                 0);
}

static void site_start(struct site *site, unsigned timeout_ms)
{
	site_start_with(site, timeout_ms, NULL);
}

static void site_end(struct site *site)
{
	assert_int_equal(pat_web_stop(site->web, 5000), 0);
	pat_web_free(site->web);
	(void)close(site->listen_fd);
	test_folder_remove(site->folder);
}

static int site_connect(const struct site *site)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(
		connect(fd, (const struct sockaddr *)&site->address, sizeof(site->address)), 0);
	return fd;
}

/* Reads until the end; the length of what came. */
static size_t read_answer(int fd, char out[static 4096])
{
	size_t len = 0;

	for (;;) {
		ssize_t n = recv(fd, out + len, 4095 - len, 0);

		if (n <= 0)
			break;
		len += (size_t)n;
	}
	out[len] = '\0';
	return len;
}

/* Whether all of it could be sent. */
static bool send_request(int fd, const char *const *pairs, const char *body, size_t body_len)
{
	pat_cleanup(pat_buf_done) struct pat_buf bytes = { 0 };

	pat_buf_init(&bytes, 1 << 20);
	test_scgi_bytes(&bytes, pairs, body, body_len);
	for (size_t at = 0; at < bytes.len;) {
		ssize_t n = send(fd, bytes.data + at, bytes.len - at, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		at += (size_t)n;
	}
	return true;
}

/* Asks and reads the answer. */
static void ask(const struct site *site, const char *const *pairs, char out[static 4096])
{
	int fd = site_connect(site);

	(void)send_request(fd, pairs, "", 0);
	(void)read_answer(fd, out);
	(void)close(fd);
}

static void requests_are_answered(void **state)
{
	struct site site;
	char answer[4096];

	(void)state;
	site_start(&site, 1000);
	ask(&site, livez, answer);
	assert_non_null(strstr(answer, "Status: 200 OK\r\n"));
	assert_non_null(strstr(answer, "\r\nContent-Length: 15\r\n\r\n{\"status\":\"ok\"}"));
	ask(&site, livez_head, answer);
	assert_non_null(strstr(answer, "\r\nContent-Length: 15\r\n\r\n"));
	assert_null(strstr(answer, "{"));
	site_end(&site);
}

static void unreadable_requests_are_refused(void **state)
{
	static const char *const cases[] = { "GET / HTTP/1.1\r\n\r\n", "32769:", "0:,",
		                             "24:CONTENT_LENGTH" };
	struct site site;
	char answer[4096];

	(void)state;
	site_start(&site, 200);
	for (size_t i = 0; i < PAT_ARRAY_LEN(cases); i++) {
		int fd = site_connect(&site);

		assert_int_equal(send(fd, cases[i], strlen(cases[i]), MSG_NOSIGNAL),
		                 strlen(cases[i]));
		(void)read_answer(fd, answer);
		/* The last one is only a beginning, and is left without an answer. */
		if (i + 1 < PAT_ARRAY_LEN(cases))
			assert_non_null(strstr(answer, "Status: 400 Bad Request\r\n"));
		else
			assert_string_equal(answer, "");
		(void)close(fd);
	}
	site_end(&site);
}

struct sender {
	int fd;
	size_t bytes;
	bool sent;
};

static void *send_much(void *arg)
{
	struct sender *sender = arg;
	pat_cleanup(pat_freep) char *much = calloc(1, sender->bytes);

	sender->sent = send_request(sender->fd, livez, much, sender->bytes);
	(void)shutdown(sender->fd, SHUT_WR);
	return NULL;
}

/* The answer must reach a peer that is still sending: nginx would make a 502 of a broken pipe. */
static void too_much_body_is_told_to_one_who_still_sends(void **state)
{
	struct site site;
	char answer[4096];
	pthread_t thread;

	(void)state;
	site_start(&site, 1000);
	for (size_t bytes = PAT_SCGI_BODY_BYTES_MAX + 1; bytes < 1000000; bytes *= 3) {
		struct sender sender = { .fd = site_connect(&site), .bytes = bytes };

		assert_int_equal(pthread_create(&thread, NULL, send_much, &sender), 0);
		(void)read_answer(sender.fd, answer);
		assert_non_null(strstr(answer, "Status: 413 Content Too Large\r\n"));
		assert_int_equal(pthread_join(thread, NULL), 0);
		assert_true(sender.sent);
		(void)close(sender.fd);
	}
	site_end(&site);
}

/* ---- Bodies that are not held in memory. */

static _Atomic int flows_done;

/* Adds up what comes; the sum is the answer. */
static int sum_handler(struct pat_call *call)
{
	uint64_t bytes = call->request->inflow ? 0 : call->request->body_len;
	uint64_t sum = 0;
	uint8_t piece[5000];
	ssize_t n = 0;

	for (size_t i = 0; i < bytes; i++)
		sum += (uint8_t)call->request->body[i];
	while (call->request->inflow &&
	       (n = pat_inflow_read(call->request->inflow, piece, sizeof(piece))) > 0) {
		bytes += (uint64_t)n;
		for (ssize_t i = 0; i < n; i++)
			sum += piece[i];
	}
	if (n < 0)
		return (int)n;
	struct pat_json_writer w = pat_call_json(call, 200);
	pat_json_open(&w, NULL, '{');
	pat_json_number(&w, "bytes", (int64_t)bytes);
	pat_json_number(&w, "sum", (int64_t)sum);
	pat_json_close(&w, '}');
	return 0;
}

static int flow_send(void *arg, pat_emit_fn *emit, void *to)
{
	static _Thread_local char piece[PIECE];
	int n = *(const int *)arg;

	memset(piece, 'x', sizeof(piece));
	for (int i = 0; i < n; i++) {
		int r = emit(to, piece, sizeof(piece));

		if (r != 0)
			return r;
	}
	return 0;
}

static void flow_done(void *arg)
{
	(void)arg;
	flows_done++;
}

/* Promises twelve pieces, and sends so many. */
static int flow(struct pat_call *call, const int *pieces)
{
	pat_call_status(call, 200);
	pat_response_flow(call->response, &(struct pat_outflow){ .arg = (void *)pieces,
	                                                         .bytes = 12ull * PIECE,
	                                                         .send = flow_send,
	                                                         .done = flow_done });
	return 0;
}

static int flow_handler(struct pat_call *call)
{
	static const int twelve = 12;

	return flow(call, &twelve);
}

static int short_handler(struct pat_call *call)
{
	static const int eleven = 11;

	return flow(call, &eleven);
}

/* Around what is held in memory, and up to the largest; `sent` of them come, and then the end. */
static void upload(const struct site *site, const char *path, size_t bytes, size_t sent,
                   char answer[static 4096])
{
	const char *pairs[] = { "PATD_ENTRY", "pages", "REQUEST_METHOD", "POST", "DOCUMENT_URI",
		                path,         NULL };
	pat_cleanup(pat_freep) char *much = calloc(1, bytes + 1);
	pat_cleanup(pat_buf_done) struct pat_buf request = { 0 };
	int fd = site_connect(site);

	assert_non_null(much);
	memset(much, 3, bytes);
	pat_buf_init(&request, 4u << 20);
	test_scgi_bytes(&request, pairs, much, bytes);
	(void)!send(fd, request.data, request.len - bytes + sent, MSG_NOSIGNAL);
	(void)shutdown(fd, SHUT_WR);
	(void)read_answer(fd, answer);
	(void)close(fd);
}

static void large_bodies_are_read_piece_by_piece(void **state)
{
	static const size_t sizes[] = { 0,
		                        1,
		                        PAT_SCGI_BODY_BYTES_MAX - 1,
		                        PAT_SCGI_BODY_BYTES_MAX,
		                        PAT_SCGI_BODY_BYTES_MAX + 1,
		                        500000 };
	struct site site;
	char answer[4096];
	char want[64];

	(void)state;
	site_start_with(&site, 2000, &stream_router);
	for (size_t i = 0; i < PAT_ARRAY_LEN(sizes); i++) {
		upload(&site, "/sum", sizes[i], sizes[i], answer);
		(void)snprintf(want, sizeof(want), "{\"bytes\":%zu,\"sum\":%zu}", sizes[i],
		               3 * sizes[i]);
		assert_non_null(strstr(answer, want));
	}
	upload(&site, "/sum", 500000, 400000, answer); /* cut off: a fault, not a short body */
	assert_non_null(strstr(answer, "Status: 503"));
	upload(&site, "/ruled", 500000, 500000, answer);
	assert_non_null(strstr(answer, "Status: 403 Forbidden\r\n"));
	upload(&site, "/sum", UPLOAD_BYTES_MAX + 1, UPLOAD_BYTES_MAX + 1, answer);
	assert_non_null(strstr(answer, "Status: 413 Content Too Large\r\n"));
	site_end(&site);
}

/* Reads an answer of any size: its length without the head, and the head. */
static size_t download(const struct site *site, const char *method, const char *path,
                       char head[static 4096])
{
	const char *pairs[] = { "PATD_ENTRY", "pages", "REQUEST_METHOD", method, "DOCUMENT_URI",
		                path,         NULL };
	pat_cleanup(pat_buf_done) struct pat_buf all = { 0 };
	char piece[9000];
	int fd = site_connect(site);

	pat_buf_init(&all, 4u << 20);
	assert_true(send_request(fd, pairs, "", 0));
	for (ssize_t n = 0; (n = recv(fd, piece, sizeof(piece), 0)) > 0;)
		assert_int_equal(pat_buf_add(&all, piece, (size_t)n), 0);
	(void)close(fd);
	const char *end = strstr(pat_buf_str(&all), "\r\n\r\n");
	assert_non_null(end);
	size_t head_len = (size_t)(end + 4 - all.data);
	(void)snprintf(head, 4096, "%.*s", (int)head_len, all.data);
	return all.len - head_len;
}

static void large_bodies_are_written_piece_by_piece(void **state)
{
	struct site site;
	char head[4096];

	(void)state;
	flows_done = 0;
	site_start_with(&site, 2000, &stream_router);
	assert_int_equal(download(&site, "GET", "/flow", head), 12 * PIECE);
	assert_non_null(strstr(head, "\r\nContent-Length: 1200000\r\n"));
	assert_int_equal(download(&site, "HEAD", "/flow", head), 0);
	assert_non_null(strstr(head, "\r\nContent-Length: 1200000\r\n"));
	/* Less than was promised: the connection ends, and the length tells. */
	assert_int_equal(download(&site, "GET", "/short", head), 11 * PIECE);
	assert_non_null(strstr(head, "\r\nContent-Length: 1200000\r\n"));
	site_end(&site);
	assert_int_equal(flows_done, 3);
}

static void silent_clients_do_not_keep_a_thread(void **state)
{
	struct site site;
	char answer[4096];
	int silent[2 * THREADS];

	(void)state;
	site_start(&site, 100);
	for (size_t i = 0; i < PAT_ARRAY_LEN(silent); i++)
		silent[i] = site_connect(&site);
	ask(&site, livez, answer);
	assert_non_null(strstr(answer, "Status: 200 OK\r\n"));
	for (size_t i = 0; i < PAT_ARRAY_LEN(silent); i++)
		(void)close(silent[i]);
	site_end(&site);
}

static void hasty_clients_do_no_harm(void **state)
{
	struct site site;
	char answer[4096];

	(void)state;
	site_start(&site, 1000);
	for (int i = 0; i < 200; i++) {
		int fd = site_connect(&site);

		if (i % 2)
			(void)send_request(fd, livez, "", 0);
		(void)close(fd);
	}
	ask(&site, livez, answer);
	assert_non_null(strstr(answer, "Status: 200 OK\r\n"));
	site_end(&site);
}

static _Atomic int answered;

static void *ask_often(void *arg)
{
	const struct site *site = arg;
	char answer[4096];

	for (int i = 0; i < 50; i++) {
		ask(site, livez, answer);
		answered += strstr(answer, "Status: 200 OK\r\n") != NULL;
	}
	return NULL;
}

static void many_clients_are_all_answered(void **state)
{
	struct site site;
	pthread_t threads[4 * THREADS];

	(void)state;
	site_start(&site, 5000);
	for (size_t i = 0; i < PAT_ARRAY_LEN(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ask_often, &site), 0);
	for (size_t i = 0; i < PAT_ARRAY_LEN(threads); i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(answered, 50 * PAT_ARRAY_LEN(threads));
	site_end(&site);
}

static void stopping_lets_a_request_finish_and_takes_no_other(void **state)
{
	struct site site;
	char answer[4096];

	(void)state;
	site_start(&site, 5000);
	int begun = site_connect(&site);
	assert_int_equal(send(begun, "1", 1, MSG_NOSIGNAL), 1);
	(void)poll(NULL, 0, 50); /* A thread has it now. */
	assert_int_equal(pat_web_stop(site.web, 50), -ETIMEDOUT);
	int late = site_connect(&site);
	assert_true(send_request(late, livez, "", 0));
	assert_int_equal(recv(late, answer, 1, MSG_DONTWAIT), -1);
	assert_int_equal(send(begun, "x", 1, MSG_NOSIGNAL), 1);
	(void)read_answer(begun, answer);
	assert_non_null(strstr(answer, "Status: 400 Bad Request\r\n"));
	(void)close(begun);
	site_end(&site);
	(void)close(late);
}

static void impossible_settings_are_refused(void **state)
{
	struct pat_web *web = NULL;
	struct pat_err err = { { 0 } };

	(void)state;
	assert_int_equal(pat_web_new(&(struct pat_web_config){ .threads = 0 }, &web, &err),
	                 -EINVAL);
	assert_int_equal(pat_web_new(&(struct pat_web_config){ .threads = PAT_WEB_THREADS_MAX + 1 },
	                             &web, &err),
	                 -EINVAL);
	assert_int_equal(
		pat_web_new(&(struct pat_web_config){ .threads = 1, .listen_fd = -1 }, &web, &err),
		-EBADF);
	assert_non_null(strstr(err.text, "can not start the web threads"));
	assert_null(web);
	pat_web_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_answered),
		cmocka_unit_test(unreadable_requests_are_refused),
		cmocka_unit_test(too_much_body_is_told_to_one_who_still_sends),
		cmocka_unit_test(large_bodies_are_read_piece_by_piece),
		cmocka_unit_test(large_bodies_are_written_piece_by_piece),
		cmocka_unit_test(silent_clients_do_not_keep_a_thread),
		cmocka_unit_test(hasty_clients_do_no_harm),
		cmocka_unit_test(many_clients_are_all_answered),
		cmocka_unit_test(stopping_lets_a_request_finish_and_takes_no_other),
		cmocka_unit_test(impossible_settings_are_refused),
	};

	pat_json_init();
	pat_log_level_set(PAT_LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
