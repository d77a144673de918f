/* SPDX-License-Identifier: Apache-2.0
 *
 *   revoke PORT COOKIE CSRF ROUNDS VERIFIERS
 *
 * From sending DELETE to the moment no worker accepts the token. Each round generates a token, waits until every
 * verifier has been told yes, and revokes it while they go on asking GET /verify as fast as they can, each over a
 * connection of its own (there are several for each worker of the edge). A request counts by the time it was sent:
 *
 *   answer     the DELETE's answer was read
 *   last yes   the latest request that was accepted was sent so long after the DELETE (0: before it)
 *   all no     every verifier had sent a request that was refused
 *   late       requests sent after the DELETE's answer was read, and accepted all the same: must be 0
 */
#include <pthread.h>
#include <stdatomic.h>

#include "http.h"

#define VERIFIERS_MAX 64
#define ROUNDS_MAX    4096
#define WAIT_NS       5000000000u

struct verifier {
	pthread_t thread;
	struct http http;
	_Atomic uint64_t round_yes; /* the round it last heard a yes in */
	_Atomic uint64_t round_no;
	_Atomic uint64_t last_yes_ns; /* when the last accepted request of the round was sent */
	_Atomic uint64_t first_no_ns;
};

static struct verifier verifiers[VERIFIERS_MAX];
static size_t n_verifiers;
static _Atomic uint64_t round_now; /* 0: rest */
static char token_text[ROUNDS_MAX][64];
static atomic_bool stop;
static _Atomic uint64_t checks;

static void verifier_ask(struct verifier *v, uint64_t round)
{
	uint64_t sent = wall_ns();
	int status = http_call(
		&v->http, "GET /verify HTTP/1.1\r\nHost: localhost\r\nX-Figma-Token: %s\r\n\r\n",
		token_text[round - 1]);

	must(status == 200 || status == 401, v->http.text);
	(void)atomic_fetch_add_explicit(&checks, 1, memory_order_relaxed);
	if (status == 200) {
		atomic_store(&v->last_yes_ns, sent);
		atomic_store(&v->round_yes, round);
	} else if (atomic_load(&v->round_no) != round) {
		atomic_store(&v->first_no_ns, sent);
		atomic_store(&v->round_no, round);
	}
}

static void *verifier_main(void *arg)
{
	while (!atomic_load(&stop)) {
		uint64_t round = atomic_load(&round_now);

		if (round > 0)
			verifier_ask(arg, round);
		else
			(void)nanosleep(&(struct timespec){ .tv_nsec = 50000 }, NULL);
	}
	return NULL;
}

/* Until every verifier has heard that answer in this round. */
static void wait_all(bool yes, uint64_t round)
{
	uint64_t end = wall_ns() + WAIT_NS;

	for (size_t i = 0; i < n_verifiers; i++)
		while (atomic_load(yes ? &verifiers[i].round_yes : &verifiers[i].round_no) !=
		       round) {
			must(wall_ns() < end,
			     yes ? "being accepted everywhere" : "being refused everywhere");
			(void)nanosleep(&(struct timespec){ .tv_nsec = 20000 }, NULL);
		}
}

struct result {
	uint64_t answer[ROUNDS_MAX], last_yes[ROUNDS_MAX], all_no[ROUNDS_MAX];
	uint64_t late;
};

static void one_round(struct http *http, const struct http_session *session, uint64_t round,
                      struct result *result)
{
	char id[64];
	char name[64];
	uint64_t last_yes = 0;
	uint64_t all_no = 0;

	(void)snprintf(name, sizeof(name), "bench %llu", (unsigned long long)wall_ns());
	must(http_generate(http, session, name) == 201, http->text);
	http_member(http, "id", id, sizeof(id));
	http_member(http, "token", token_text[round - 1], sizeof(token_text[0]));
	atomic_store(&round_now, round);
	wait_all(true, round);
	uint64_t began = wall_ns();
	must(http_revoke(http, session, id) == 200, http->text);
	uint64_t answered = wall_ns();
	wait_all(false, round);
	atomic_store(&round_now, 0);
	for (size_t i = 0; i < n_verifiers; i++) {
		uint64_t yes = atomic_load(&verifiers[i].last_yes_ns);
		uint64_t no = atomic_load(&verifiers[i].first_no_ns);

		last_yes = yes > last_yes ? yes : last_yes;
		all_no = no > all_no ? no : all_no;
		result->late += yes > answered;
	}
	result->answer[round - 1] = answered - began;
	result->last_yes[round - 1] = last_yes > began ? last_yes - began : 0;
	result->all_no[round - 1] = all_no > began ? all_no - began : 0;
}

static void print(const char *name, uint64_t *values, size_t n)
{
	(void)printf("%s_p50_ns=%llu %s_p99_ns=%llu ", name,
	             (unsigned long long)quantile(values, n, 0.5), name,
	             (unsigned long long)quantile(values, n, 0.99));
}

int main(int argc, char **argv)
{
	static struct result result;
	static struct http http;

	must(argc == 6, "usage: revoke PORT COOKIE CSRF ROUNDS VERIFIERS;");
	struct http_session session = { argv[2], argv[3] };
	size_t rounds = (size_t)atoi(argv[4]);
	n_verifiers = (size_t)atoi(argv[5]);
	must(rounds <= ROUNDS_MAX && n_verifiers <= VERIFIERS_MAX, "the numbers");
	http_connect(&http, atoi(argv[1]));
	for (size_t i = 0; i < n_verifiers; i++) {
		http_connect(&verifiers[i].http, atoi(argv[1]));
		must(pthread_create(&verifiers[i].thread, NULL, verifier_main, &verifiers[i]) == 0,
		     "a thread");
	}
	for (uint64_t round = 1; round <= rounds; round++)
		one_round(&http, &session, round, &result);
	atomic_store(&stop, true);
	for (size_t i = 0; i < n_verifiers; i++)
		(void)pthread_join(verifiers[i].thread, NULL);
	print("answer", result.answer, rounds);
	print("last_yes", result.last_yes, rounds);
	print("all_no", result.all_no, rounds);
	(void)printf("late=%llu checks=%llu rounds=%zu\n", (unsigned long long)result.late,
	             (unsigned long long)atomic_load(&checks), rounds);
	return 0;
}
