/* SPDX-License-Identifier: Apache-2.0
 *
 * What the code under test calls of the C library to wait, to lock, and to know the time; by the linker's --wrap. See task.h.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/types.h>
#include <time.h>

#include "base/clock.h"
#include "task.h"
#include "task_libc.h"

#pragma GCC diagnostic ignored "-Wmissing-prototypes" /* these names are the linker's */

/* ---- Clocks. */

uint64_t pat_clock_boot_ns(void)
{
	return machine_clock(task_machine());
}

int64_t pat_clock_wall_s(void)
{
	return 1800000000 + (int64_t)(sim_now() / SECOND);
}

void pat_clock_cond_init(pthread_cond_t *cond)
{
	(void)pthread_cond_init(cond, NULL);
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret)
{
	uint64_t ns = machine_clock(task_machine());

	(void)clock;
	*ret = (struct timespec){ .tv_sec = (time_t)(ns / SECOND), .tv_nsec = (long)(ns % SECOND) };
	return 0;
}

static uint64_t true_time(uint64_t clock_ns)
{
	uint64_t now = machine_clock(task_machine());

	return sim_now() + (clock_ns > now ? machine_true_ns(task_machine(), clock_ns - now) : 0);
}

/* ---- Locks. The first word of the mutex says whether somebody has it. */

int __wrap_pthread_mutex_init(pthread_mutex_t *m, const pthread_mutexattr_t *attr)
{
	(void)attr;
	m->__data.__lock = 0;
	return 0;
}

int __wrap_pthread_mutex_destroy(pthread_mutex_t *m)
{
	(void)m;
	return 0;
}

int __wrap_pthread_mutex_lock(pthread_mutex_t *m)
{
	while (m->__data.__lock)
		task_wait(m, FOREVER);
	m->__data.__lock = 1;
	return 0;
}

int __wrap_pthread_mutex_unlock(pthread_mutex_t *m)
{
	m->__data.__lock = 0;
	task_wake(m);
	return 0;
}

int __wrap_pthread_cond_init(pthread_cond_t *c, const pthread_condattr_t *attr)
{
	(void)c;
	(void)attr;
	return 0;
}

int __wrap_pthread_cond_destroy(pthread_cond_t *c)
{
	(void)c;
	return 0;
}

int __wrap_pthread_cond_broadcast(pthread_cond_t *c)
{
	task_wake(c);
	return 0;
}

int __wrap_pthread_cond_timedwait(pthread_cond_t *c, pthread_mutex_t *m, const struct timespec *at)
{
	uint64_t until = true_time((uint64_t)at->tv_sec * SECOND + (uint64_t)at->tv_nsec);

	(void)__wrap_pthread_mutex_unlock(m);
	task_wait(c, until);
	(void)__wrap_pthread_mutex_lock(m);
	return sim_now() >= until ? ETIMEDOUT : 0;
}

/* ---- Threads. */

struct start {
	void *(*fn)(void *arg);
	void *arg;
};

static void thread_main(void *arg)
{
	struct start *start = arg;

	(void)start->fn(start->arg);
}

int __wrap_pthread_create(pthread_t *ret, const pthread_attr_t *attr, void *(*fn)(void *),
                          void *arg)
{
	struct start *start = sim_alloc(sizeof(*start));

	(void)attr;
	*start = (struct start){ .fn = fn, .arg = arg };
	*ret = task_spawn(task_machine(), task_process(), thread_main, start);
	return 0;
}

pthread_t __wrap_pthread_self(void)
{
	return task_self();
}

int __wrap_pthread_join(pthread_t thread, void **ret)
{
	(void)ret;
	while (task_lives(thread))
		task_sleep(MS);
	return 0;
}

/* ---- Files. */

int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	uint64_t until = timeout_ms < 0 ? FOREVER
	                                : sim_now() + machine_true_ns(task_machine(),
	                                                              (uint64_t)timeout_ms * MS);

	for (;;) {
		for (nfds_t i = 0; i < n; i++)
			if (fds[i].fd >= SIM_FD && sim_fd_is_ready(fds[i].fd))
				return 1;
		if (sim_now() >= until)
			return 0;
		task_wait(n > 0 ? sim_fds() : NULL, until);
	}
}

ssize_t __wrap_read(int fd, void *buf, size_t bytes)
{
	(void)buf;
	if (!sim_fd_is_ready(fd)) {
		errno = EAGAIN;
		return -1;
	}
	sim_fd_ready(fd, false);
	return bytes == sizeof(uint64_t) ? (ssize_t)bytes : 1;
}

ssize_t __wrap_write(int fd, const void *buf, size_t bytes)
{
	(void)buf;
	sim_fd_ready(fd, true);
	return (ssize_t)bytes;
}

int __wrap_eventfd(unsigned count, int flags)
{
	(void)count;
	(void)flags;
	return sim_fd_new();
}

/* open(), where files may be large. */
int __wrap_open64(const char *path, int flags, ...)
{
	(void)path;
	(void)flags;
	return machine_bell(task_machine(), sim_fd_new());
}

int __wrap_close(int fd)
{
	(void)fd;
	return 0;
}

int __wrap_mkfifo(const char *path, mode_t mode)
{
	(void)path;
	(void)mode;
	return 0;
}

int __wrap_chmod(const char *path, mode_t mode)
{
	(void)path;
	(void)mode;
	return 0;
}

int __wrap_unlink(const char *path)
{
	(void)path;
	return 0;
}

int __wrap_access(const char *path, int mode)
{
	(void)path;
	(void)mode;
	return machine_has_index(task_machine()) ? 0 : -1;
}
