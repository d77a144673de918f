/* SPDX-License-Identifier: Apache-2.0
 *
 * See task.h. Whoever waits is in one list, and the one whose time comes first runs; between those whose time is the same, dice.
 */
#include "task.h"

#include "task_libc.h"

#include <setjmp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#define STACK_BYTES   (256 * 1024)
#define TASKS_MAX     512
#define PROCESSES_MAX 4096
#define FDS_MAX       2048

/* Where a task goes on. */
struct place {
	ucontext_t context; /* to begin with; afterwards, without a system call: */
	jmp_buf there;
	bool begun;
	max_align_t stack[STACK_BYTES / sizeof(max_align_t)];
};

struct task {
	struct place *place; /* the slot's, whoever is in it */
	task_fn *fn;
	void *arg;
	int machine;
	int process;
	bool alive;
	unsigned long number;
	const void *what; /* woken by that as well */
	uint64_t until;
};

/* What was allocated in a run, by the simulation and by the code under test; tasks that are ended can not free it. */
struct block {
	struct block *next;
	struct block *before;
	size_t size;
	max_align_t bytes[];
};

static struct {
	uint64_t dice;
	uint64_t now;
	uint64_t limit;
	struct task *running;
	struct task tasks[TASKS_MAX];
	size_t n_tasks;
	int processes;
	unsigned long numbers;
	uint64_t frozen_until[PROCESSES_MAX];
	struct block *blocks;
	int rate[MACHINES];
	bool ready[FDS_MAX];
	int fds;
	jmp_buf scheduler;
} sim;

/* ---- Dice. */

/* splitmix64 */
static uint64_t dice_throw(void)
{
	uint64_t x = sim.dice += 0x9e3779b97f4a7c15u;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

unsigned dice(unsigned sides)
{
	return (unsigned)(dice_throw() % sides);
}

bool chance(unsigned percent)
{
	return dice(100) < percent;
}

uint64_t dice_ns(uint64_t from, uint64_t to)
{
	return from + dice_throw() % (to - from + 1);
}

/* ---- Memory. */

void *__real_calloc(size_t n, size_t bytes);
void __real_free(void *bytes);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t n, size_t bytes);
void *__wrap_reallocarray(void *old, size_t n, size_t bytes);
void __wrap_free(void *bytes);

void *__real_malloc(size_t bytes);

void *sim_alloc_raw(size_t bytes)
{
	struct block *block = __real_malloc(sizeof(*block) + bytes);

	if (!block)
		abort();
	block->before = NULL;
	block->next = sim.blocks;
	if (sim.blocks)
		sim.blocks->before = block;
	sim.blocks = block;
	block->size = bytes;
	return block->bytes;
}

void *sim_alloc(size_t bytes)
{
	void *block = sim_alloc_raw(bytes);

	memset(block, 0, bytes); /* UNSAFE: its size */
	return block;
}

void *__wrap_malloc(size_t bytes)
{
	return sim_alloc(bytes);
}

void *__wrap_calloc(size_t n, size_t bytes)
{
	return sim_alloc(n * bytes);
}

void *__wrap_reallocarray(void *old, size_t n, size_t bytes)
{
	void *grown = sim_alloc(n * bytes);

	if (old) {
		struct block *block = (struct block *)((char *)old - offsetof(struct block, bytes));

		memcpy(grown, old,
		       block->size < n * bytes ? block->size : n * bytes); /* UNSAFE: the smaller */
	}
	__wrap_free(old);
	return grown;
}

void __wrap_free(void *bytes)
{
	struct block *block = (struct block *)((char *)bytes - offsetof(struct block, bytes));

	if (!bytes)
		return;
	if (block->next)
		block->next->before = block->before;
	if (block->before)
		block->before->next = block->next;
	else
		sim.blocks = block->next;
	__real_free(block);
}

static void blocks_free(void)
{
	while (sim.blocks)
		__wrap_free(sim.blocks->bytes);
}

/* ---- Tasks. */

int process_new(void)
{
	if (++sim.processes == PROCESSES_MAX)
		abort();
	return sim.processes;
}

static void task_main(void)
{
	sim.running->fn(sim.running->arg);
	sim.running->alive = false;
	_longjmp(sim.scheduler, 1);
}

static struct task *task_free(void)
{
	for (size_t i = 0; i < sim.n_tasks; i++)
		if (!sim.tasks[i].alive)
			return &sim.tasks[i];
	if (sim.n_tasks == TASKS_MAX)
		abort();
	return &sim.tasks[sim.n_tasks++];
}

__attribute__((noinline)) static void prepare(struct place *place)
{
	if (getcontext(&place->context) < 0)
		abort();
	place->context.uc_stack.ss_sp = place->stack;
	place->context.uc_stack.ss_size = sizeof(place->stack);
	place->begun = false;
	makecontext(&place->context, task_main, 0);
}

unsigned long task_spawn(int machine, int process, task_fn *fn, void *arg)
{
	struct task *t = task_free();

	if (!t->place)
		t->place = __real_calloc(1, sizeof(*t->place));
	if (!t->place)
		abort();
	prepare(t->place);
	t->fn = fn;
	t->arg = arg;
	t->machine = machine;
	t->process = process;
	t->alive = true;
	t->what = NULL;
	t->until = sim.now;
	t->number = ++sim.numbers;
	return t->number;
}

bool task_lives(unsigned long number)
{
	for (size_t i = 0; i < sim.n_tasks; i++)
		if (sim.tasks[i].alive && sim.tasks[i].number == number)
			return true;
	return false;
}

unsigned long task_self(void)
{
	return sim.running ? sim.running->number : 0;
}

void process_end(int process)
{
	for (size_t i = 0; i < sim.n_tasks; i++)
		if (sim.tasks[i].process == process && &sim.tasks[i] != sim.running)
			sim.tasks[i].alive = false;
}

void process_freeze(int process, uint64_t until)
{
	sim.frozen_until[process] = until;
}

static uint64_t due(const struct task *t)
{
	uint64_t thawed = sim.frozen_until[t->process];

	return t->until > thawed ? t->until : thawed;
}

static struct task *next(void)
{
	struct task *first = NULL;
	unsigned alike = 1;

	while (!sim.tasks[sim.n_tasks - 1].alive)
		sim.n_tasks--;
	for (size_t i = 0; i < sim.n_tasks; i++) {
		struct task *t = &sim.tasks[i];

		if (!t->alive)
			continue;
		if (!first || due(t) < due(first)) {
			first = t;
			alike = 1;
		} else if (due(t) == due(first) && dice(++alike) == 0) {
			first = t;
		}
	}
	return first;
}

__attribute__((noinline)) static void rest(struct place *place)
{
	if (_setjmp(place->there) == 0)
		_longjmp(sim.scheduler, 1);
}

void task_wait(const void *what, uint64_t until)
{
	struct task *t = sim.running;

	t->what = what;
	t->until = until;
	rest(t->place);
	t->what = NULL;
}

void task_sleep(uint64_t ns)
{
	task_wait(NULL, sim.now + ns);
}

void task_wake(const void *what)
{
	for (size_t i = 0; i < sim.n_tasks; i++)
		if (sim.tasks[i].alive && sim.tasks[i].what == what)
			sim.tasks[i].until = sim.now;
}

int task_machine(void)
{
	return sim.running ? sim.running->machine : 0;
}

int task_process(void)
{
	return sim.running ? sim.running->process : 0;
}

uint64_t sim_now(void)
{
	return sim.now;
}

/* ---- Machines. */

void machine_clock_set(int machine, int per_mille)
{
	sim.rate[machine] = per_mille;
}

/* None begins with zero, and no two with the same. */
uint64_t machine_clock(int machine)
{
	return (uint64_t)(machine + 1) * 1000 * SECOND +
	       sim.now / 1000 * (uint64_t)(1000 + sim.rate[machine]);
}

uint64_t machine_true_ns(int machine, uint64_t ns)
{
	return ns / (uint64_t)(1000 + sim.rate[machine]) * 1000 + US;
}

int sim_fd_new(void)
{
	if (sim.fds == FDS_MAX)
		abort();
	sim.ready[sim.fds] = false;
	return SIM_FD + sim.fds++;
}

void sim_fd_ready(int fd, bool ready)
{
	sim.ready[fd - SIM_FD] = ready;
	if (ready)
		task_wake(sim.ready);
}

bool sim_fd_is_ready(int fd)
{
	return sim.ready[fd - SIM_FD];
}

const void *sim_fds(void)
{
	return sim.ready;
}

/* ---- A run. */

__attribute__((noinline)) static void go(struct task *t)
{
	if (_setjmp(sim.scheduler) != 0)
		return;
	if (t->place->begun)
		_longjmp(t->place->there, 1);
	t->place->begun = true;
	(void)setcontext(&t->place->context);
	abort();
}

bool sim_run(uint64_t seed, task_fn *fn, void *arg, uint64_t limit)
{
	sim.dice = seed;
	sim.now = 0;
	sim.limit = limit;
	sim.processes = 0;
	sim.fds = 0;
	sim.numbers = 0;
	memset(sim.frozen_until, 0, sizeof(sim.frozen_until)); /* UNSAFE: its size */
	memset(sim.rate, 0, sizeof(sim.rate));                 /* UNSAFE: its size */
	sim.n_tasks = 0;
	task_spawn(0, process_new(), fn, arg);
	struct task *first = &sim.tasks[0];

	while (first->alive) {
		sim.running = next();
		if (due(sim.running) > sim.now)
			sim.now = due(sim.running);
		if (sim.now > limit)
			break;
		go(sim.running);
		sim.running = NULL;
	}
	bool ended = !first->alive;
	blocks_free();
	return ended;
}
