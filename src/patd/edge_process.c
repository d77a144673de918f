/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading /proc. A process can go at any moment, which reads like one that was never there. A group's number
 * is not given to a new process as long as the group has members, so the group of a dead master is its
 * orphans' alone.
 */
#include "patd/edge_process.h"

#include <dirent.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEXT_BYTES      (PATH_MAX + 256)
#define GIVE_UP_TRIES   100
#define GIVE_UP_WAIT_MS 10

/* One file of /proc/<pid>, NUL-terminated: its length, 0 when there is none. */
static size_t read_proc(pid_t pid, const char *name, char out[static TEXT_BYTES])
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	FILE *f = fopen(path, "re");
	if (!f)
		return 0;
	size_t n = fread(out, 1, TEXT_BYTES - 1, f);
	(void)fclose(f);
	out[n] = '\0';
	return n;
}

/* The process group of a living process, or 0. */
static pid_t group_of(pid_t pid)
{
	char text[TEXT_BYTES];
	char state = 0;
	int parent = 0;
	int group = 0;
	const char *after = read_proc(pid, "stat", text) > 0 ? strrchr(text, ')') : NULL;

	/* NOLINTNEXTLINE(cert-err34-c): the kernel's */
	if (!after || sscanf(after + 1, " %c %d %d", &state, &parent, &group) != 3)
		return 0;
	return state == 'Z' || state == 'X' ? 0 : group;
}

/* The next process of /proc, or 0. */
static pid_t next_process(DIR *dir)
{
	struct dirent *e = NULL;

	/* NOLINTNEXTLINE(concurrency-mt-unsafe): own stream */
	while ((e = readdir(dir)) != NULL) {
		char *end = NULL;
		long pid = strtol(e->d_name, &end, 10);

		if (pid > 1 && pid <= INT_MAX && *end == '\0')
			return (pid_t)pid;
	}
	return 0;
}

pid_t pat_edge_process_noted(const char *pid_file)
{
	char text[32] = "";
	FILE *f = fopen(pid_file, "re");

	if (!f)
		return 0;
	if (!fgets(text, sizeof(text), f))
		text[0] = '\0';
	(void)fclose(f);
	long pid = strtol(text, NULL, 10);
	return pid > 1 && pid <= INT_MAX ? (pid_t)pid : 0;
}

/* Whether the process is ours and runs a program called nginx: any user can choose the words of a command line. */
static bool is_ours(pid_t pid)
{
	char path[64];
	char program[PATH_MAX];
	struct stat st;

	(void)snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	if (stat(path, &st) < 0 || st.st_uid != geteuid())
		return false;
	(void)snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	ssize_t n = readlink(path, program, sizeof(program) - 1);
	if (n <= 0)
		return false;
	program[n] = '\0';
	return strstr(program, "/nginx") != NULL;
}

bool pat_edge_process_is_master(pid_t pid, const char *conf)
{
	if (!is_ours(pid))
		return false;
	char text[TEXT_BYTES];
	size_t n = read_proc(pid, "cmdline", text);

	return strstr(text, "nginx: master") && memmem(text, n, conf, strlen(conf));
}

/* Before it has named itself a master, nginx shows the words it was started with. */
static bool runs_with(pid_t pid, const char *conf)
{
	char text[TEXT_BYTES];
	size_t n = read_proc(pid, "cmdline", text);

	return n > 0 && is_ours(pid) && strstr(text, "nginx") &&
	       memmem(text, n, conf, strlen(conf)) && group_of(pid) == pid;
}

pid_t pat_edge_process_find(const char *conf)
{
	DIR *dir = opendir("/proc");
	pid_t found = 0;

	if (!dir)
		return 0;
	for (pid_t pid = next_process(dir); pid && !found; pid = next_process(dir))
		if (runs_with(pid, conf))
			found = pid;
	(void)closedir(dir);
	return found;
}

/* A worker of this group that still takes connections: a leaving one has closed its sockets and says so. */
static bool holds_port(pid_t pid, pid_t group)
{
	char text[TEXT_BYTES];

	return group_of(pid) == group && read_proc(pid, "cmdline", text) > 0 &&
	       strncmp(text, "nginx: ", 7) == 0 && !strstr(text, "shutting down");
}

/* Sends a signal to the workers of a group that still take connections: how many there were. */
static int signal_group(pid_t group, int signal)
{
	DIR *dir = opendir("/proc");
	int n = 0;

	if (!dir)
		return 0;
	for (pid_t pid = next_process(dir); pid; pid = next_process(dir)) {
		if (!holds_port(pid, group))
			continue;
		(void)kill(pid, signal);
		n++;
	}
	(void)closedir(dir);
	return n;
}

void pat_edge_process_end_orphans(pid_t master)
{
	if (master <= 1 || group_of(master) != 0)
		return;
	for (int tries = 0; signal_group(master, SIGQUIT) > 0 && tries < GIVE_UP_TRIES; tries++)
		(void)poll(NULL, 0, GIVE_UP_WAIT_MS);
	(void)signal_group(master, SIGKILL);
}
