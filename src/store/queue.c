/* SPDX-License-Identifier: Apache-2.0 */
#include "store/queue.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"

#define GATHER_YIELDS_MAX 64
#define CHANGES_FIRST     64

void pat_queue_init(struct pat_queue *q)
{
	(void)pthread_mutex_init(&q->lock, NULL); /* never fails with default kinds */
	pat_clock_cond_init(&q->wake);
}

int pat_queue_start(struct pat_queue *q, void *(*thread)(void *arg), void *arg)
{
	sigset_t all;
	sigset_t before;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	int e = pthread_create(&q->thread, NULL, thread, arg);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	q->started = e == 0;
	return -e;
}

void pat_queue_done(struct pat_queue *q)
{
	if (q->started) {
		(void)pthread_mutex_lock(&q->lock);
		q->stop = true;
		(void)pthread_cond_signal(&q->wake);
		(void)pthread_mutex_unlock(&q->lock);
		(void)pthread_join(q->thread, NULL);
	}
	(void)pthread_cond_destroy(&q->wake);
	(void)pthread_mutex_destroy(&q->lock);
}

/* ---- The writer's side. */

static int enqueue(struct pat_queue *q, struct pat_queue_op *op)
{
	int e = 0;

	(void)pthread_mutex_lock(&q->lock);
	if (q->n >= PAT_QUEUE_MAX) {
		e = -EBUSY;
	} else {
		if (q->last)
			q->last->next = op;
		else
			q->first = op;
		q->last = op;
		q->n++;
		(void)pthread_cond_signal(&q->wake);
	}
	(void)pthread_mutex_unlock(&q->lock);
	return e;
}

int pat_queue_wait(struct pat_queue *q, struct pat_queue_op *op)
{
	op->next = NULL;
	(void)sem_init(&op->done, 0, 0);
	int e = enqueue(q, op);
	if (e == 0) {
		while (sem_wait(&op->done) < 0)
			pat_assert(errno == EINTR);
		e = op->result;
	}
	(void)sem_destroy(&op->done);
	return e;
}

/* ---- The thread's side. */

/* Takes the first of the queue off it. */
static struct pat_queue_op *queue_cut(struct pat_queue *q, size_t most, size_t *ret_n)
{
	struct pat_queue_op *batch = q->first;
	struct pat_queue_op **end = &q->first;
	size_t n = 0;

	for (; *end && n < most; n++)
		end = &(*end)->next;
	struct pat_queue_op *rest = *end;
	if (n > 0)
		*end = NULL;
	q->first = rest;
	q->last = rest ? q->last : NULL;
	q->n -= n;
	*ret_n = n;
	return batch;
}

bool pat_queue_take(struct pat_queue *q, size_t most, int wait_s, struct pat_queue_op **ret_batch,
                    size_t *ret_n)
{
	struct timespec deadline;
	int e = 0;

	(void)clock_gettime(CLOCK_MONOTONIC, &deadline);
	deadline.tv_sec += wait_s;
	(void)pthread_mutex_lock(&q->lock);
	while (!q->first && !q->stop && e == 0)
		e = wait_s > 0 ? pthread_cond_timedwait(&q->wake, &q->lock, &deadline)
		               : pthread_cond_wait(&q->wake, &q->lock);
	bool go_on = q->first || !q->stop;
	*ret_batch = queue_cut(q, most, ret_n);
	(void)pthread_mutex_unlock(&q->lock);
	return go_on;
}

void pat_queue_answer(struct pat_queue_op *batch)
{
	/* A woken writer's operation is gone: read on before waking. */
	for (struct pat_queue_op *op = batch, *next = NULL; op; op = next) {
		next = op->next;
		(void)sem_post(&op->done);
	}
}

static size_t queued(struct pat_queue *q)
{
	(void)pthread_mutex_lock(&q->lock);
	size_t n = q->n;
	(void)pthread_mutex_unlock(&q->lock);
	return n;
}

void pat_queue_gather(struct pat_queue *q, size_t last_batch)
{
	size_t before = 0;

	for (int i = 0; last_batch > 1 && i < GATHER_YIELDS_MAX; i++) {
		size_t now = queued(q);

		if (now >= last_batch || (now > 0 && now == before))
			return;
		before = now;
		(void)sched_yield();
	}
}

/* ---- Changes. */

int pat_changes_reserve(struct pat_changes *changes)
{
	if (changes->n < changes->cap)
		return 0;
	size_t cap = changes->cap ? 2 * changes->cap : CHANGES_FIRST;
	struct pat_change *grown = reallocarray(changes->list, cap, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	changes->list = grown;
	changes->cap = cap;
	return 0;
}

void pat_changes_done(struct pat_changes *changes)
{
	free(changes->list);
}
