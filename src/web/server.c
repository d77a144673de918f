/* SPDX-License-Identifier: Apache-2.0
 *
 * Threads, connections, and the line that each request leaves in the log. The listening socket is
 * non-blocking, because poll() wakes several threads for one connection.
 */
#include "web/server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/log.h"
#include "web/routes.h"

#define REQUEST_TIMEOUT_MS 10000
#define LINGER_MS          1000
#define LINGER_BYTES_MAX   (80 * 1024 * 1024) /* the largest upload, refused before it was read */
#define HEAD_BYTES_MAX     16384
#define SEND_BYTES         (256u << 10)
#define INFLOW_BYTES_S_MIN (64u << 10)
#define STACK_BYTES        (1024 * 1024)
#define MAGIC              0x70617477

struct pat_web {
	uint32_t magic;
	struct pat_web_context context;
	struct pat_router router;
	char *public_url;
	int listen_fd;
	int stop_fd; /* readable for ever, once stopping */
	uint64_t timeout_ns;
	pthread_t threads[PAT_WEB_THREADS_MAX];
	unsigned n_threads; /* those that are to be joined */
	pthread_mutex_t lock;
	pthread_cond_t ended; /* on CLOCK_MONOTONIC */
	unsigned n_ended;     /* under `lock` */
};

/* ---- One request. */

static uint64_t deadline(const struct pat_web *web)
{
	return pat_clock_boot_ns() + web->timeout_ns;
}

/* The line of every request: reads that went well are for debugging only. The path is the route table's,
 * because people paste tokens into addresses. */
static void log_request(const struct pat_call *call, uint64_t started_ns)
{
	const struct pat_request *request = call->request;
	int status = call->response->status;
	bool quiet = pat_request_is_safe(request) && status < 400;
	char status_text[PAT_NUM_BYTES];
	char ms[PAT_NUM_BYTES];
	char person[PAT_NUM_BYTES];

	pat_log(quiet ? PAT_LOG_DEBUG : PAT_LOG_INFO, "http.request", "method", request->method,
	        "path", call->route, "status", pat_num(status_text, status), "ms",
	        pat_num(ms, (int64_t)((pat_clock_boot_ns() - started_ns) / 1000000)), "request_id",
	        request->request_id, "person",
	        call->actor.person ? pat_num(person, call->actor.person) : NULL, "address",
	        request->address, NULL);
}

/* Where a streamed body goes, and how much of it there may still be. */
struct outlet {
	const struct pat_web *web;
	int fd;
	uint64_t left;
};

static int emit(void *to, const void *bytes, size_t len)
{
	struct outlet *outlet = to;

	if (len > outlet->left)
		return -EPROTO;
	outlet->left -= len;
	return pat_scgi_send(outlet->fd, deadline(outlet->web), bytes, len);
}

static int send_flow(const struct pat_web *web, int fd, const struct pat_outflow *outflow)
{
	struct outlet outlet = { .web = web, .fd = fd, .left = outflow->bytes };

	int r = outflow->send(outflow->arg, emit, &outlet);
	return r == 0 && outlet.left > 0 ? -EPROTO : r;
}

/* Each part in its time: a large one may take as long as its reader keeps reading. */
static int send_body(const struct pat_web *web, int fd, const struct pat_buf *body)
{
	int r = 0;

	for (size_t at = 0; r == 0 && at < body->len; at += SEND_BYTES) {
		size_t n = body->len - at < SEND_BYTES ? body->len - at : SEND_BYTES;

		r = pat_scgi_send(fd, deadline(web), pat_buf_str(body) + at, n);
	}
	return r;
}

/* Sends head and body; HEAD has a body's length but not the body. */
static int send_response(const struct pat_web *web, int fd, const struct pat_response *response,
                         bool head_only)
{
	pat_cleanup(pat_buf_done) struct pat_buf head = { 0 };
	uint64_t deadline_ns = deadline(web);

	pat_buf_init(&head, HEAD_BYTES_MAX);
	int r = pat_response_head(response, &head);
	if (r == 0)
		r = pat_scgi_send(fd, deadline_ns, pat_buf_str(&head), head.len);
	if (r != 0 || head_only)
		return r;
	if (response->outflow.send)
		return send_flow(web, fd, &response->outflow);
	return send_body(web, fd, &response->body);
}

/* Without memory for an answer there is still this one. */
static void send_unavailable(const struct pat_web *web, int fd)
{
	static const char answer[] = "Status: 503 Service Unavailable\r\nRetry-After: 5\r\n"
				     "Cache-Control: no-store\r\nContent-Length: 0\r\n\r\n";

	(void)!pat_scgi_send(fd, deadline(web), answer, sizeof(answer) - 1);
}

/* Decides what is answered: the router's word, or the refusal of a request that could not be read. */
static void answer(const struct pat_web *web, struct pat_call *call, int read_result)
{
	if (read_result == 0 || read_result == PAT_SCGI_E_BODY_TOO_LARGE)
		pat_router_answer(&web->router, call);
	else
		(void)pat_call_refuse(call, PAT_REASON_REQUEST_MALFORMED, NULL);
}

/* Who sends slowly holds a thread, so there is a rate below which nobody may fall for long. */
static uint64_t inflow_ns(const struct pat_web *web, uint64_t bytes)
{
	return 3 * web->timeout_ns + bytes * (1000000000ull / INFLOW_BYTES_S_MIN);
}

static void answer_and_send(const struct pat_web *web, int fd, const struct pat_scgi *scgi,
                            int read_result)
{
	pat_cleanup(pat_response_done) struct pat_response response = { 0 };
	pat_cleanup(pat_call_done) struct pat_call call = { 0 };
	struct pat_request request;
	uint64_t started_ns = pat_clock_boot_ns();
	struct pat_inflow inflow = { .fd = fd,
		                     .idle_ns = web->timeout_ns,
		                     .ends_ns = started_ns + inflow_ns(web, scgi->content_length),
		                     .first = scgi->body,
		                     .first_len = scgi->body_len,
		                     .left = scgi->content_length };

	pat_request_init(&request, scgi, web->public_url);
	if (read_result == PAT_SCGI_E_BODY_TOO_LARGE)
		request.inflow = &inflow;
	pat_response_init(&response);
	pat_call_init(&call, &web->context, &request, &response);
	answer(web, &call, read_result);
	if (response.status == 0 || pat_response_error(&response) != 0)
		send_unavailable(web, fd);
	else if (send_response(web, fd, &response, strcmp(request.method, "HEAD") == 0) != 0)
		pat_log(PAT_LOG_WARNING, "http.answer_lost", "path", call.route, "request_id",
		        request.request_id, NULL);
	log_request(&call, started_ns);
}

static void serve(const struct pat_web *web, int fd)
{
	pat_cleanup(pat_buf_done) struct pat_buf bytes = { 0 };
	struct pat_scgi scgi = { 0 };

	pat_buf_init(&bytes, PAT_SCGI_REQUEST_BYTES_MAX + 1);
	int r = pat_scgi_read(fd, deadline(web), &bytes, &scgi);
	if (r == PAT_SCGI_E_CLOSED || r == PAT_SCGI_E_TIMEOUT)
		return;
	if (r < 0) {
		pat_log(PAT_LOG_ERROR, "http.fault", "error", strerrorname_np(-r), NULL);
		send_unavailable(web, fd);
		return;
	}
	answer_and_send(web, fd, &scgi, r);
	if (r != 0) {
		(void)shutdown(fd, SHUT_WR);
		pat_scgi_drain(fd, pat_clock_boot_ns() + LINGER_MS * 1000000ull, LINGER_BYTES_MAX);
	}
}

/* ---- The threads. */

/* Waits for a connection: its socket, -1 when there is none after all, -ECANCELED to stop. */
static int next_connection(const struct pat_web *web)
{
	struct pollfd fds[] = {
		{ .fd = web->listen_fd, .events = POLLIN },
		{ .fd = web->stop_fd, .events = POLLIN },
	};

	if (poll(fds, PAT_ARRAY_LEN(fds), -1) < 0)
		return -1;
	if (fds[1].revents != 0)
		return -ECANCELED;
	int fd = accept4(web->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd >= 0)
		return fd;
	if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
		pat_log(PAT_LOG_ERROR, "http.accept_failed", "error", strerrorname_np(errno), NULL);
		/* Out of descriptors or memory: trying again at once would only burn the processor. */
		(void)poll(&fds[1], 1, 100);
	}
	return -1;
}

static void serve_until_stopped(const struct pat_web *web)
{
	for (;;) {
		pat_cleanup(pat_closep) int fd = next_connection(web);

		if (fd == -ECANCELED)
			return;
		if (fd >= 0)
			serve(web, fd);
		/* What was in memory is wiped; what went through the processor waits here with the thread. */
		pat_wipe_registers();
	}
}

static void *worker(void *arg)
{
	struct pat_web *web = arg;

	pat_assert(web->magic == MAGIC);
	serve_until_stopped(web);
	(void)pthread_mutex_lock(&web->lock);
	web->n_ended++;
	(void)pthread_cond_signal(&web->ended);
	(void)pthread_mutex_unlock(&web->lock);
	return NULL;
}

static int start_thread(struct pat_web *web, const pthread_attr_t *attributes)
{
	int r = pthread_create(&web->threads[web->n_threads], attributes, worker, web);

	if (r == 0)
		web->n_threads++;
	return -r;
}

/* Starts all threads with every signal blocked, so that signals stay the main thread's. */
static int start_threads(struct pat_web *web, unsigned n)
{
	pthread_attr_t attributes;
	sigset_t all;
	sigset_t before;

	int r = pthread_attr_init(&attributes);
	if (r != 0)
		return -r;
	(void)pthread_attr_setstacksize(&attributes, STACK_BYTES);
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	for (unsigned i = 0; i < n && r == 0; i++)
		r = start_thread(web, &attributes);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)pthread_attr_destroy(&attributes);
	return r;
}

static int set_up(struct pat_web *web, const struct pat_web_config *config)
{
	web->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (web->stop_fd < 0)
		return -errno;
	int flags = fcntl(config->listen_fd, F_GETFL);
	if (flags < 0 || fcntl(config->listen_fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -errno;
	if (config->public_url) {
		/* Origins have no slash at their end. */
		size_t len = strlen(config->public_url);
		while (len > 0 && config->public_url[len - 1] == '/')
			len--;
		web->public_url = strndup(config->public_url, len);
		if (!web->public_url)
			return -ENOMEM;
	}
	web->context.public_url = web->public_url;
	return start_threads(web, config->threads);
}

int pat_web_new(const struct pat_web_config *config, struct pat_web **ret, struct pat_err *err)
{
	unsigned timeout_ms =
		config->request_timeout_ms ? config->request_timeout_ms : REQUEST_TIMEOUT_MS;

	if (config->threads == 0 || config->threads > PAT_WEB_THREADS_MAX)
		return pat_err_set(err, -EINVAL, "the number of threads must be 1 to %d",
		                   PAT_WEB_THREADS_MAX);
	struct pat_web *web = calloc(1, sizeof(*web));
	if (!web)
		return pat_err_set(err, -ENOMEM, "out of memory");
	*web = (struct pat_web){
		.magic = MAGIC,
		.context = { .core = config->core,
		             .files = config->files,
		             .catalogue = config->catalogue,
		             .api_document = config->api_document,
		             .api_docs_url = config->api_docs_url && *config->api_docs_url
		                                     ? config->api_docs_url
		                                     : NULL },
		.router = config->router ? *config->router : pat_routes_router,
		.listen_fd = config->listen_fd,
		.stop_fd = -1,
		.timeout_ns = timeout_ms * 1000000ull,
	};
	pat_clock_cond_init(&web->ended);
	(void)pthread_mutex_init(&web->lock, NULL);
	int r = set_up(web, config);
	if (r < 0) {
		(void)!pat_web_stop(web, timeout_ms);
		pat_web_free(web);
		return pat_err_set(err, r, "can not start the web threads: %s", pat_err_words(r));
	}
	*ret = web;
	return 0;
}

/* Waits until every thread is past its last request: 0 or -ETIMEDOUT. */
static int wait_for_threads(struct pat_web *web, const struct timespec *until)
{
	int r = 0;

	(void)pthread_mutex_lock(&web->lock);
	while (web->n_ended < web->n_threads && r == 0)
		r = pthread_cond_timedwait(&web->ended, &web->lock, until);
	(void)pthread_mutex_unlock(&web->lock);
	return -r;
}

int pat_web_stop(struct pat_web *web, unsigned timeout_ms)
{
	static const uint64_t one = 1;
	struct timespec until;

	if (web->n_threads > 0 && write(web->stop_fd, &one, sizeof(one)) != (ssize_t)sizeof(one))
		return -errno;
	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += timeout_ms / 1000;
	until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	int r = wait_for_threads(web, &until);
	for (; r == 0 && web->n_threads > 0; web->n_threads--)
		(void)pthread_join(web->threads[web->n_threads - 1], NULL);
	return r;
}

void pat_web_free(struct pat_web *web)
{
	if (!web)
		return;
	pat_assert(web->n_threads == 0);
	pat_closep(&web->stop_fd);
	(void)pthread_cond_destroy(&web->ended);
	(void)pthread_mutex_destroy(&web->lock);
	free(web->public_url);
	free(web);
}
