/* SPDX-License-Identifier: Apache-2.0
 *
 *   generate PORT MILLISECONDS RUN    tokens generated over HTTP, one connection for each "COOKIE CSRF" line of
 *                                     standard input; RUN makes the tokens' names new
 */
#include <pthread.h>
#include <stdatomic.h>

#include "http.h"

#define CONNECTIONS_MAX 256
#define SAMPLES_MAX     65536

struct client {
	pthread_t thread;
	int number;
	char cookie[256];
	char csrf[256];
	struct http http;
	uint64_t took[SAMPLES_MAX];
	size_t n;
};

static atomic_bool stop;
static const char *run;

static void *client_main(void *arg)
{
	struct client *c = arg;
	struct http_session session = { c->cookie, c->csrf };
	char name[64];

	while (!atomic_load(&stop) && c->n < SAMPLES_MAX) {
		(void)snprintf(name, sizeof(name), "bench %s-%d-%zu", run, c->number, c->n);
		uint64_t began = wall_ns();
		int status = http_generate(&c->http, &session, name);
		c->took[c->n++] = wall_ns() - began;
		must(status == 201, c->http.text);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	static struct client *clients[CONNECTIONS_MAX];
	size_t n = 0;
	size_t samples = 0;
	struct client *c = calloc(1, sizeof(*c));

	must(argc == 4, "usage: generate PORT MILLISECONDS RUN;");
	run = argv[3];
	while (c && n < CONNECTIONS_MAX && scanf("%255s %255s", c->cookie, c->csrf) == 2) {
		c->number = (int)n;
		http_connect(&c->http, atoi(argv[1]));
		clients[n++] = c;
		c = calloc(1, sizeof(*c));
	}
	must(c != NULL, "memory");
	free(c);
	int64_t ms = atoll(argv[2]);
	uint64_t began = wall_ns();
	for (size_t i = 0; i < n; i++)
		must(pthread_create(&clients[i]->thread, NULL, client_main, clients[i]) == 0,
		     "a thread");
	(void)nanosleep(&(struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 },
	                NULL);
	atomic_store(&stop, true);
	for (size_t i = 0; i < n; i++) {
		(void)pthread_join(clients[i]->thread, NULL);
		samples += clients[i]->n;
	}
	double seconds = (double)(wall_ns() - began) / 1e9;
	uint64_t *all = calloc(samples, sizeof(*all));
	must(all != NULL, "memory");
	samples = 0;
	for (size_t i = 0; i < n; i++) {
		memcpy(all + samples, clients[i]->took,
		       clients[i]->n * sizeof(*all)); /* UNSAFE: summed above */
		samples += clients[i]->n;
	}
	uint64_t p50 = quantile(all, samples, 0.5);
	uint64_t p99 = quantile(all, samples, 0.99);
	(void)printf("clients=%zu per_second=%.1f p50_ns=%llu p99_ns=%llu\n", n,
	             (double)samples / seconds, (unsigned long long)p50, (unsigned long long)p99);
	return 0;
}
