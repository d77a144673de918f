/* SPDX-License-Identifier: Apache-2.0
 *
 * The thread that keeps house.
 */
#include <time.h>

#include "files/db.h"

#define TURN_S 300

/* False: it is to end. */
static bool wait_for_turn(struct pat_files *files)
{
	struct timespec until;
	int e = 0;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += TURN_S;
	(void)pthread_mutex_lock(&files->stopping);
	while (!files->stop && e == 0)
		e = pthread_cond_timedwait(&files->wake, &files->stopping, &until);
	bool stop = files->stop;
	(void)pthread_mutex_unlock(&files->stopping);
	return !stop;
}

static void *keep(void *arg)
{
	struct pat_files *files = arg;

	while (wait_for_turn(files))
		pat_files_keep(files, time(NULL));
	return NULL;
}

int pat_files_keeper_start(struct pat_files *files, struct pat_err *err)
{
	int e = pthread_create(&files->keeper, NULL, keep, files);

	files->keeper_runs = e == 0;
	return e == 0 ? 0 : pat_err_set(err, -e, "can not start a thread: %s", pat_err_words(e));
}

void pat_files_keeper_stop(struct pat_files *files)
{
	if (!files->keeper_runs)
		return;
	(void)pthread_mutex_lock(&files->stopping);
	files->stop = true;
	(void)pthread_cond_signal(&files->wake);
	(void)pthread_mutex_unlock(&files->stopping);
	(void)pthread_join(files->keeper, NULL);
	files->keeper_runs = false;
}
