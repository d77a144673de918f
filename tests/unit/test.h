/* SPDX-License-Identifier: Apache-2.0
 *
 * cmocka in the order it wants its headers, and a temporary folder on a tmpfs.
 */
#ifndef PAT_TESTS_UNIT_TEST_H
#define PAT_TESTS_UNIT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"

/* A fresh folder; the caller's buffer holds its path. */
static inline void test_folder(char path[static 64])
{
	(void)snprintf(path, 64, "/dev/shm/patd-test-XXXXXX");
	assert_non_null(mkdtemp(path));
}

/* Removes a folder of plain files. */
static inline void test_folder_remove(const char *path)
{
	DIR *dir = opendir(path);

	assert_non_null(dir);
	for (struct dirent *e = readdir(dir); e; e = readdir(dir))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			assert_int_equal(unlinkat(dirfd(dir), e->d_name, 0), 0);
	(void)closedir(dir);
	assert_int_equal(rmdir(path), 0);
}

#endif
