/* SPDX-License-Identifier: Apache-2.0
 *
 * What group commit is made of, whatever commits: writers that queue an operation and sleep, one thread that takes them in
 * batches and wakes them, and the list of a batch's changes. What an operation is, and what a commit, is the backend's.
 */
#ifndef PAT_STORE_QUEUE_H
#define PAT_STORE_QUEUE_H

#include <pthread.h>
#include <semaphore.h>

#include "store/store.h"

#define PAT_QUEUE_MAX 1024 /* operations waiting */

/* One writer's request: the first member of a backend's own struct, on the writer's stack until it is answered. */
struct pat_queue_op {
	struct pat_queue_op *next; /* of the batch */
	int result;
	sem_t done;
};

struct pat_queue {
	pthread_t thread;
	bool started;

	pthread_mutex_t lock; /* what follows */
	pthread_cond_t wake;
	bool stop;
	size_t n;
	struct pat_queue_op *first;
	struct pat_queue_op *last;
};

void pat_queue_init(struct pat_queue *queue);
/* Starts the thread, without signals: those are for the threads that expect them. -errno. */
int pat_queue_start(struct pat_queue *queue, void *(*thread)(void *arg), void *arg) PAT_MUST_USE;
/* Lets the thread answer what is queued and end, if it was started. Nobody queues any more. */
void pat_queue_done(struct pat_queue *queue);

/* The writer's side: queues the operation and waits until it is answered. Its result, or -EBUSY: too many wait. */
int pat_queue_wait(struct pat_queue *queue, struct pat_queue_op *op) PAT_MUST_USE;

/* The thread's: waits for the first, `wait_s` at most (0: however long), and takes `most` at most, as a list; none when nobody
 * came in that time. False: it is to stop, and all is done. */
bool pat_queue_take(struct pat_queue *queue, size_t most, int wait_s,
                    struct pat_queue_op **ret_batch, size_t *ret_n) PAT_MUST_USE;
/* Wakes the writers of a batch, whose results are set. Their operations are gone then. */
void pat_queue_answer(struct pat_queue_op *batch);
/* Lets the writers of the last batch, just woken, come back, as long as more of them still do: one writer must not wait for
 * company, sixty-four should. */
void pat_queue_gather(struct pat_queue *queue, size_t last_batch);

/* ---- The changes of the batch in work. */

struct pat_changes {
	struct pat_change *list; /* owned */
	size_t n;
	size_t cap;
};

/* Room for one more behind the last. -ENOMEM. */
int pat_changes_reserve(struct pat_changes *changes) PAT_MUST_USE;
void pat_changes_done(struct pat_changes *changes);

#endif
