/* SPDX-License-Identifier: Apache-2.0
 *
 * Threads of a simulation: each has a stack of its own, one runs at a time, and when the next one runs is decided by dice that a seed
 * has thrown. Time goes on only when all of them wait. What the code under test calls of the C library to wait, or to know the
 * time, ends here (task_libc.c); so the same seed is the same run.
 *
 * True time is in nanoseconds since the run began. A machine's clock goes at a rate of its own.
 */
#ifndef PAT_SIM_TASK_H
#define PAT_SIM_TASK_H

#include "base/base.h"

#define US       1000ull
#define MS       1000000ull
#define SECOND   1000000000ull
#define FOREVER  UINT64_MAX
#define MACHINES 5 /* clients and servers are at 0, nodes from 1 on */

typedef void task_fn(void *arg);

/* Runs `fn` as the first task of a new run, until it returns or `limit` has come: false then. */
bool sim_run(uint64_t seed, task_fn *fn, void *arg, uint64_t limit);

uint64_t sim_now(void);
unsigned dice(unsigned sides); /* 0 … sides - 1 */
bool chance(unsigned percent);
uint64_t dice_ns(uint64_t from, uint64_t to);

/* Memory of the run; zeroed, and gone when it ends. */
void *sim_alloc(size_t bytes);
void *sim_alloc_raw(size_t bytes); /* not zeroed */

/* A process is a number from the run's own counter; its tasks can be ended together. 0 never is. */
int process_new(void);
/* Returns the task's number, which is never 0. */
unsigned long task_spawn(int machine, int process, task_fn *fn, void *arg);
unsigned long task_self(void);
bool task_lives(unsigned long number);
void process_end(int process); /* not one's own */
/* Stands still until then: SIGSTOP. */
void process_freeze(int process, uint64_t until);

void task_sleep(uint64_t ns);
/* Until somebody wakes those who wait for `what`, or until then. */
void task_wait(const void *what, uint64_t until);
void task_wake(const void *what);
int task_machine(void); /* 0 where no task runs */
int task_process(void);

/* ---- Machines. */

/* `per_mille`: of its clock, faster than true time. */
void machine_clock_set(int machine, int per_mille);
uint64_t machine_clock(int machine);
/* How long, truly, until it says so much more. */
uint64_t machine_true_ns(int machine, uint64_t ns);

/* What poll() waits for. */
#define SIM_FD 100000
int sim_fd_new(void);
void sim_fd_ready(int fd, bool ready);

#endif
