/* SPDX-License-Identifier: Apache-2.0
 *
 * Starting, taking over and stopping nginx. A process is watched by pidfd, which works for a child and for
 * one that a killed run left alike.
 */
#include "patd/edge.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "patd/edge_log.h"
#include "patd/edge_process.h"

#define CONF_BYTES_MAX 65536
#define PAGE_BYTES_MAX (INT64_C(4) * 1024 * 1024)
#define START_MS       5000
#define STOP_MS        6000

struct pat_edge {
	char nginx[PATH_MAX];
	char runtime[108];
	char conf[PATH_MAX];
	char pid_file[PATH_MAX];
	pid_t pid;
	int pidfd;
	struct pat_edge_log *log;
};

static int write_file(const char *path, const char *bytes, size_t len, mode_t mode, gid_t group)
{
	char temporary[PATH_MAX];

	if (snprintf(temporary, sizeof(temporary), "%s.new", path) >= (int)sizeof(temporary))
		return -ENAMETOOLONG;
	(void)unlink(temporary);
	pat_cleanup(pat_closep) int fd =
		open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	for (size_t done = 0; done < len;) {
		ssize_t n = write(fd, bytes + done, len - done);

		if (n < 0 && errno != EINTR)
			return -errno;
		done += n > 0 ? (size_t)n : 0;
	}
	if (fchmod(fd, mode) < 0 || (group != (gid_t)-1 && fchown(fd, (uid_t)-1, group) < 0) ||
	    rename(temporary, path) < 0)
		return -errno;
	return 0;
}

static int copy_page(const char *from, const char *to, gid_t group)
{
	struct stat st;
	pat_cleanup(pat_closep) int fd = open(from, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (st.st_size > (off_t)PAGE_BYTES_MAX)
		return -EFBIG;
	pat_cleanup(pat_freep) char *bytes = malloc((size_t)st.st_size + 1);
	if (!bytes)
		return -ENOMEM;
	if (read(fd, bytes, (size_t)st.st_size) != st.st_size)
		return -EIO;
	return write_file(to, bytes, (size_t)st.st_size, 0640, group);
}

/* Copies a folder of pages, so that the edge's workers need no right to the place they came from. */
static int copy_pages(const char *from, const char *to, gid_t group, int depth)
{
	DIR *dir = opendir(from);
	int r = 0;

	if (!dir)
		return -errno;
	if ((mkdir(to, 0750) < 0 && errno != EEXIST) || chmod(to, 0750) < 0 ||
	    (group != (gid_t)-1 && chown(to, (uid_t)-1, group) < 0))
		r = -errno;
	struct dirent *e = NULL;
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): own stream */
	while (r == 0 && (e = readdir(dir)) != NULL) {
		char source[PATH_MAX];
		char target[PATH_MAX];
		struct stat st;

		if (e->d_name[0] == '.')
			continue;
		if (snprintf(source, sizeof(source), "%s/%s", from, e->d_name) >=
		            (int)sizeof(source) ||
		    snprintf(target, sizeof(target), "%s/%s", to, e->d_name) >= (int)sizeof(target))
			r = -ENAMETOOLONG;
		else if (stat(source, &st) < 0)
			r = -errno;
		else if (S_ISDIR(st.st_mode))
			r = depth > 0 ? copy_pages(source, target, group, depth - 1) : -ELOOP;
		else
			r = copy_page(source, target, group);
	}
	(void)closedir(dir);
	return r;
}

static int prepare(const struct pat_settings *settings, const struct pat_place *place,
                   struct pat_edge *edge, struct pat_err *err)
{
	pat_cleanup(pat_buf_done) struct pat_buf conf = { 0 };
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s/web", place->runtime);
	int r = copy_pages(place->web, path, place->edge_group, 2);
	if (r < 0)
		return pat_err_set(err, r, "cannot copy the pages of %s: %s", place->web,
		                   pat_err_words(r));
	(void)snprintf(path, sizeof(path), "%s/tmp", place->runtime);
	/* chmod, because our umask keeps groups out of what mkdir makes. */
	if ((mkdir(path, 0750) < 0 && errno != EEXIST) || chmod(path, 0750) < 0)
		return pat_err_set(err, -errno, "cannot make %s: %s", path, pat_err_words(errno));
	if (place->edge_group != (gid_t)-1 && chown(path, (uid_t)-1, place->edge_group) < 0)
		return pat_err_set(err, -errno, "cannot give %s to the edge's group: %s", path,
		                   pat_err_words(errno));
	pat_buf_init(&conf, CONF_BYTES_MAX);
	r = pat_edge_configuration(settings, place, &conf);
	if (r == 0)
		r = write_file(edge->conf, pat_buf_str(&conf), conf.len, 0600, (gid_t)-1);
	return r < 0 ? pat_err_set(err, r, "cannot write %s: %s", edge->conf, pat_err_words(r)) : 0;
}

static int open_pidfd(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

static bool edge_ended(const struct pat_edge *edge, int wait_ms)
{
	struct pollfd p = { .fd = edge->pidfd, .events = POLLIN };

	return poll(&p, 1, wait_ms) > 0;
}

static void child_exec(const struct pat_edge *edge, int err_fd)
{
	sigset_t none;

	(void)sigemptyset(&none);
	(void)pthread_sigmask(SIG_SETMASK, &none, NULL);
	/* A group of its own: Ctrl-C at a terminal is for patd, which then stops nginx gently. */
	(void)setpgid(0, 0);
	(void)dup2(err_fd, STDERR_FILENO);
	/* Times in its log are UTC, like ours. */
	(void)setenv("TZ", "UTC0", 1); /* NOLINT(concurrency-mt-unsafe): one thread after fork */
	(void)execl(edge->nginx, edge->nginx, "-c", edge->conf, "-p", edge->runtime, "-e", "stderr",
	            (char *)NULL);
	_exit(127);
}

/* nginx's first words, for the sentence that says why it did not start: the first line of them. */
static void first_words(int fd, struct pat_err *err)
{
	char text[2048];
	ssize_t n = read(fd, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	size_t len = strlen(text);
	while (len > 0 && text[len - 1] == '\n')
		text[--len] = '\0';
	/* The first line has the reason; what follows are the tries after it. */
	text[strcspn(text, "\n")] = '\0';
	(void)pat_err_set(err, 0, "nginx did not start: %s", len ? text : "it said nothing");
}

static int spawned(struct pat_edge *edge, int words_fd, struct pat_err *err)
{
	edge->pidfd = open_pidfd(edge->pid);
	if (edge->pidfd < 0)
		return pat_err_set(err, -errno, "pidfd_open: %s", pat_err_words(errno));
	for (uint64_t began = pat_clock_boot_ns();
	     (pat_clock_boot_ns() - began) / 1000000 < START_MS;) {
		if (edge_ended(edge, 10)) {
			(void)waitpid(edge->pid, NULL, WNOHANG);
			pat_closep(&edge->pidfd);
			first_words(words_fd, err);
			return -EIO;
		}
		if (pat_edge_process_noted(edge->pid_file) ==
		    edge->pid) /* written once it listens */
			return 0;
	}
	return pat_err_set(err, -ETIMEDOUT, "nginx did not begin to listen within %d seconds",
	                   START_MS / 1000);
}

/* Without daemonising, nginx writes warnings to standard error as well as to its log, for ever. So its standard error
 * is a pipe that is read while it starts and closed when it stands; it ignores that. */
static int spawn(struct pat_edge *edge, struct pat_err *err)
{
	int words[2];

	/* Workers whose master was killed hold the port. */
	pat_edge_process_end_orphans(pat_edge_process_noted(edge->pid_file));
	(void)unlink(edge->pid_file);
	if (pipe2(words, O_CLOEXEC | O_NONBLOCK) < 0)
		return pat_err_set(err, -errno, "pipe: %s", pat_err_words(errno));
	edge->pid = fork();
	if (edge->pid == 0)
		child_exec(edge, words[1]);
	(void)close(words[1]);
	int r = edge->pid < 0 ? pat_err_set(err, -errno, "cannot start a process: %s",
	                                    pat_err_words(errno))
	                      : spawned(edge, words[0], err);
	(void)close(words[0]);
	return r;
}

/* Takes over the nginx that a killed run left: it reads the new configuration and goes on without a gap. */
static int take_over(struct pat_edge *edge, pid_t pid)
{
	char text[PAT_NUM_BYTES];

	edge->pid = pid;
	edge->pidfd = open_pidfd(pid);
	if (edge->pidfd < 0 || kill(pid, SIGHUP) < 0) {
		pat_closep(&edge->pidfd);
		return -ESRCH;
	}
	pat_log(PAT_LOG_INFO, "edge.taken_over", "pid", pat_num(text, pid), NULL);
	return 0;
}

/* The nginx of our configuration that a killed run left, or 0. One that is still starting is waited for: a signal would
 * end it before it minds signals, and a second one would not get the port. */
static pid_t find_running(const struct pat_edge *edge)
{
	pid_t pid = pat_edge_process_noted(edge->pid_file);

	if (pid && pat_edge_process_is_master(pid, edge->conf))
		return pid;
	for (uint64_t began = pat_clock_boot_ns();
	     (pat_clock_boot_ns() - began) / 1000000 < START_MS; (void)poll(NULL, 0, 10)) {
		pid = pat_edge_process_find(edge->conf);
		if (!pid || pat_edge_process_is_master(pid, edge->conf))
			return pid;
	}
	return 0;
}

int pat_edge_start(const struct pat_settings *settings, const struct pat_place *place,
                   struct pat_edge **ret, struct pat_err *err)
{
	struct pat_edge *edge = calloc(1, sizeof(*edge));

	if (!edge)
		return pat_err_set(err, -ENOMEM, "out of memory");
	edge->pidfd = -1;
	(void)snprintf(edge->nginx, sizeof(edge->nginx), "%s", settings->nginx);
	(void)snprintf(edge->runtime, sizeof(edge->runtime), "%s", place->runtime);
	(void)snprintf(edge->conf, sizeof(edge->conf), "%s/nginx.conf", place->runtime);
	(void)snprintf(edge->pid_file, sizeof(edge->pid_file), "%s/nginx.pid", place->runtime);
	int r = pat_edge_log_start(place, &edge->log, err);
	if (r == 0)
		r = prepare(settings, place, edge, err);
	pid_t running = r == 0 ? find_running(edge) : 0;
	if (r == 0 && (running == 0 || take_over(edge, running) < 0))
		r = spawn(edge, err);
	if (r < 0) {
		pat_edge_stop(edge);
		return r;
	}
	*ret = edge;
	return 0;
}

int pat_edge_fd(const struct pat_edge *edge)
{
	return edge->pidfd;
}

int pat_edge_restart(struct pat_edge *edge, struct pat_err *err)
{
	(void)waitpid(edge->pid, NULL, WNOHANG);
	pat_closep(&edge->pidfd);
	return spawn(edge, err);
}

void pat_edge_stop(struct pat_edge *edge)
{
	if (!edge)
		return;
	if (edge->pidfd >= 0 && !edge_ended(edge, 0)) {
		(void)kill(edge->pid, SIGQUIT);
		if (!edge_ended(edge, STOP_MS)) {
			(void)kill(edge->pid, SIGTERM);
			if (!edge_ended(edge, STOP_MS))
				(void)kill(edge->pid, SIGKILL);
		}
	}
	if (edge->pid > 0)
		(void)waitpid(edge->pid, NULL, WNOHANG);
	pat_edge_process_end_orphans(edge->pid);
	pat_closep(&edge->pidfd);
	pat_edge_log_stop(edge->log);
	free(edge);
}
