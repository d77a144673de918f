/* SPDX-License-Identifier: Apache-2.0
 *
 * Assertion failure and the cleanup helpers. An assertion names only its own source text, so a
 * crash can not print what the program was holding.
 */
#include "base/base.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

void pat_assert_failed(const char *condition, const char *file, int line)
{
	char when[32] = "";
	struct tm tm;
	time_t now = time(NULL);

	(void)condition;
	(void)strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
	(void)fprintf(
		stderr,
		"{\"time\":\"%s\",\"level\":\"error\",\"event\":\"assertion.failed\",\"where\":\"%s:%d\"}\n",
		when, file, line);
	abort();
}

void pat_freep(void *pointer_to_pointer)
{
	void **p = pointer_to_pointer;

	free(*p);
	*p = NULL;
}

void pat_closep(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}
