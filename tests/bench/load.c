/* SPDX-License-Identifier: Apache-2.0
 *
 *   load PORT PATH FILE AMONG CONNECTIONS MILLISECONDS [zipf]
 *
 * Requests PATH over so many kept-alive connections, each with X-Figma-Token: a random one of FILE's first AMONG
 * tokens, or with "zipf" the n-th of them n times as seldom as the first. Every connection waits for its answer before it asks again. Prints how many answers came, by status.
 * One thread: only what the server spends is of interest, so long as this keeps it busy. A connection that the
 * server closes between answers, as nginx does when it reloads, is made anew ("again"); one that ends within an
 * answer is "cut".
 */
#include <arpa/inet.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"

#define ANSWER_BYTES_MAX 8192
#define EVENTS           64

struct connection {
	int fd;
	size_t have;
	char answer[ANSWER_BYTES_MAX];
};

struct load {
	char *tokens;
	uint64_t among;
	bool zipf;
	uint64_t seed;
	char request[1024];
	size_t request_len;
	char *token_at;    /* in the request */
	size_t answer_len; /* of the usual answer; learnt from the first */
	int port;
	int poll_fd;
	uint64_t allowed, refused, other, again, cut;
};

static void load_read(struct load *load, const char *file, uint64_t among)
{
	FILE *f = fopen(file, "re");

	must(f != NULL, "opening the tokens file");
	load->tokens = malloc(among * BENCH_TOKEN_BYTES);
	must(load->tokens && fread(load->tokens, BENCH_TOKEN_BYTES, among, f) == among,
	     "reading the tokens file");
	(void)fclose(f);
	load->among = among;
	load->seed = wall_ns() | 1;
}

static void request_make(struct load *load, const char *path)
{
	char blank[BENCH_TOKEN_BYTES + 1];

	memset(blank, '-', BENCH_TOKEN_BYTES); /* UNSAFE: fixed sizes */
	blank[BENCH_TOKEN_BYTES] = '\0';
	int n = snprintf(
		load->request, sizeof(load->request),
		"GET %s HTTP/1.1\r\nHost: localhost\r\nUser-Agent: patd-bench/1\r\nAccept: */*\r\n"
		"X-Figma-Token: %s\r\n\r\n",
		path, blank);
	must(n > 0 && (size_t)n < sizeof(load->request), "the request's length");
	load->request_len = (size_t)n;
	load->token_at = strstr(load->request, blank);
}

/* Zipf's law with exponent 1: the logarithm of the rank is spread evenly. */
static uint64_t token_next(struct load *load)
{
	uint64_t r = random_next(&load->seed);

	if (!load->zipf)
		return r % load->among;
	return (uint64_t)exp((double)(r >> 11) * 0x1p-53 * log((double)load->among)) - 1;
}

static void ask(struct load *load, struct connection *c)
{
	uint64_t i = token_next(load);

	memcpy(load->token_at, load->tokens + i * BENCH_TOKEN_BYTES,
	       BENCH_TOKEN_BYTES); /* UNSAFE: fixed sizes */
	c->have = 0;
	/* What can not be sent is found out when the answer is read. */
	(void)!send(c->fd, load->request, load->request_len, MSG_NOSIGNAL);
}

/* Whether the answer is whole: head and as much as Content-Length says. */
static bool answer_whole(struct connection *c)
{
	c->answer[c->have] = '\0';
	const char *end = strstr(c->answer, "\r\n\r\n");
	if (!end)
		return false;
	const char *length = strcasestr(c->answer, "\r\nContent-Length:");
	must(length && length < end, "finding the answer's length");
	return c->have >= (size_t)(end + 4 - c->answer) + strtoul(length + 17, NULL, 10);
}

static int connect_to(int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int on = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	must(fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0,
	     "connecting");
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

static void connection_renew(struct load *load, struct connection *c)
{
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = c };

	if (c->fd > 0)
		(void)close(c->fd);
	c->fd = connect_to(load->port);
	must(epoll_ctl(load->poll_fd, EPOLL_CTL_ADD, c->fd, &e) == 0, "epoll");
	ask(load, c);
}

static void answer_read(struct load *load, struct connection *c)
{
	ssize_t n = recv(c->fd, c->answer + c->have, sizeof(c->answer) - 1 - c->have, 0);

	if (n <= 0) {
		load->again += c->have == 0;
		load->cut += c->have > 0;
		connection_renew(load, c);
		return;
	}
	c->have += (size_t)n;
	if (c->have != load->answer_len && !answer_whole(c))
		return;
	load->answer_len = c->have;
	int status = (c->answer[9] - '0') * 100 + (c->answer[10] - '0') * 10 + c->answer[11] - '0';
	load->allowed += status == 200;
	load->refused += status == 401;
	load->other += status != 200 && status != 401;
	if (strcasestr(c->answer, "\r\nConnection: close\r\n")) {
		load->again++;
		connection_renew(load, c);
		return;
	}
	ask(load, c);
}

int main(int argc, char **argv)
{
	static struct load load;
	struct epoll_event events[EVENTS];

	must(argc == 7 || (argc == 8 && strcmp(argv[7], "zipf") == 0),
	     "usage: load PORT PATH FILE AMONG CONNECTIONS MILLISECONDS [zipf];");
	load.zipf = argc == 8;
	size_t n = (size_t)atoi(argv[5]);
	struct connection *connections = calloc(n, sizeof(*connections));
	load.port = atoi(argv[1]);
	load.poll_fd = epoll_create1(EPOLL_CLOEXEC);
	must(n > 0 && connections && load.poll_fd >= 0, "memory");
	load_read(&load, argv[3], (uint64_t)atoll(argv[4]));
	request_make(&load, argv[2]);
	for (size_t i = 0; i < n; i++)
		connection_renew(&load, &connections[i]);
	uint64_t end = wall_ns() + (uint64_t)atoll(argv[6]) * 1000000;
	while (wall_ns() < end) {
		int got = epoll_wait(load.poll_fd, events, EVENTS, 100);

		for (int i = 0; i < got; i++)
			answer_read(&load, events[i].data.ptr);
	}
	(void)printf("allowed=%llu refused=%llu other=%llu again=%llu cut=%llu\n",
	             (unsigned long long)load.allowed, (unsigned long long)load.refused,
	             (unsigned long long)load.other, (unsigned long long)load.again,
	             (unsigned long long)load.cut);
	return 0;
}
