/* SPDX-License-Identifier: Apache-2.0
 *
 * All looks are on one connection, as an operator's psql would have.
 */
#include "tests/contract/postgres_cluster.h"

#include <errno.h>
#include <glob.h>
#include <grp.h>
#include <libpq-fe.h>
#include <limits.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[64];
static char programs[PATH_MAX];
static pid_t owner;
static pid_t server;

static pthread_mutex_t looking = PTHREAD_MUTEX_INITIALIZER; /* what follows */
static PGconn *shell;

/* ---- Programs. */

static void become_postgres(void)
{
	struct passwd *user = geteuid() == 0 ? getpwnam("postgres") : NULL;

	if (geteuid() != 0)
		return;
	pat_assert(user);
	pat_assert(initgroups(user->pw_name, user->pw_gid) == 0);
	pat_assert(setgid(user->pw_gid) == 0);
	pat_assert(setuid(user->pw_uid) == 0);
}

static pid_t start(const char *program, const char *const *words)
{
	char path[PATH_MAX + 16];
	pid_t child = fork();

	if (child != 0)
		return child;
	(void)snprintf(path, sizeof(path), "%s/%s", programs, program);
	become_postgres();
	(void)prctl(PR_SET_PDEATHSIG, SIGQUIT); /* after setuid, which clears it */
	(void)!freopen("/dev/null", "r", stdin);
	(void)!freopen("/dev/null", "w", stdout);
	(void)!freopen(getenv("PATD_TEST_POSTGRES_LOG") ? getenv("PATD_TEST_POSTGRES_LOG")
	                                                : "/dev/null",
	               "a", stderr);
	(void)unsetenv("ASAN_OPTIONS");
	(void)execv(path, (char *const *)words);
	_exit(127);
}

static void find_programs(void)
{
	glob_t found;

	pat_assert(glob("/usr/lib/postgresql/*/bin", 0, NULL, &found) == 0);
	(void)snprintf(programs, sizeof(programs), "%s", found.gl_pathv[found.gl_pathc - 1]);
	globfree(&found);
}

/* ---- The server. */

static PGconn *look(void)
{
	char where[128];

	(void)snprintf(where, sizeof(where), "host=%s user=patd dbname=postgres", folder);
	return PQconnectdb(where);
}

static void wait_for_server(void)
{
	for (int i = 0; i < 600; i++) {
		PGconn *db = look();
		bool up = PQstatus(db) == CONNECTION_OK;

		PQfinish(db);
		if (up)
			return;
		(void)usleep(50000);
	}
	pat_assert(false);
}

static void server_start(void)
{
	char data[80];

	(void)snprintf(data, sizeof(data), "%s/data", folder);
	server = start("postgres",
	               (const char *const[]){ "postgres", "-D", data, "-k", folder, "-c",
	                                      "listen_addresses=", "-c", "shared_buffers=32MB",
	                                      "-c", "autovacuum=off", NULL });
	pat_assert(server > 0);
	wait_for_server();
}

static void server_end(void)
{
	int status = 0;

	/* A child that was forked from us is not the one to end it. */
	if (server <= 0 || getpid() != owner)
		return;
	(void)kill(server, SIGQUIT);
	while (waitpid(server, &status, 0) < 0 && errno == EINTR)
		;
	server = 0;
	PQfinish(shell);
	pid_t child = fork();
	if (child == 0) {
		(void)execl("/bin/rm", "rm", "-rf", folder, (char *)NULL);
		_exit(127);
	}
	(void)waitpid(child, &status, 0);
}

void postgres_cluster_start(void)
{
	char data[80];
	int status = -1;

	if (server > 0)
		return;
	find_programs();
	(void)snprintf(folder, sizeof(folder), "/dev/shm/patd-postgres-XXXXXX");
	pat_assert(mkdtemp(folder) != NULL);
	struct passwd *user = getpwnam("postgres");
	if (geteuid() == 0)
		pat_assert(user && chown(folder, user->pw_uid, user->pw_gid) == 0);
	(void)snprintf(data, sizeof(data), "%s/data", folder);
	pid_t child = start("initdb", (const char *const[]){ "initdb", "-D", data, "-A", "trust",
	                                                     "-U", "patd", "-E", "UTF8",
	                                                     "--locale=C", "--no-sync", NULL });
	pat_assert(waitpid(child, &status, 0) == child && status == 0);
	owner = getpid();
	server_start();
	(void)atexit(server_end);
}

const char *postgres_cluster_folder(void)
{
	return folder;
}

/* SIGQUIT: no checkpoint, no good-bye. What was acknowledged is in the log. */
void postgres_cluster_crash(void)
{
	int status = 0;

	(void)kill(server, SIGQUIT);
	while (waitpid(server, &status, 0) < 0 && errno == EINTR)
		;
	PQfinish(shell);
	shell = NULL;
	server_start();
}

/* ---- Looks. */

void postgres_cluster_sql(const char *text, char *ret, size_t ret_bytes)
{
	(void)pthread_mutex_lock(&looking);
	if (PQstatus(shell) != CONNECTION_OK) {
		PQfinish(shell);
		shell = look();
	}
	PGresult *result = PQexec(shell, text);
	if (PQresultStatus(result) != PGRES_COMMAND_OK &&
	    PQresultStatus(result) != PGRES_TUPLES_OK) {
		(void)fprintf(stderr, "%s: %s\n", text, PQerrorMessage(shell));
		abort();
	}
	if (ret)
		(void)snprintf(ret, ret_bytes, "%s",
		               PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "");
	PQclear(result);
	(void)pthread_mutex_unlock(&looking);
}
