/* SPDX-License-Identifier: Apache-2.0
 *
 * libpq's memory. It is a shared library and has no door of its own, so the program's malloc() takes the place of libc's for
 * everybody, and looks who is calling. Not with sanitizers, which do the same.
 */
#include <link.h>
#include <stdlib.h>
#include <string.h>

#include "tests/contract/faulty_malloc.h"

void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t n, size_t bytes);
void *__libc_realloc(void *p, size_t bytes);
#undef malloc
#undef calloc
#undef realloc

static uintptr_t first;
static uintptr_t last;

static int look(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size;
	(void)arg;
	if (!strstr(info->dlpi_name, "/libpq.so"))
		return 0;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		uintptr_t end =
			info->dlpi_addr + info->dlpi_phdr[i].p_vaddr + info->dlpi_phdr[i].p_memsz;

		if (info->dlpi_phdr[i].p_type == PT_LOAD && end > last)
			last = end;
	}
	first = info->dlpi_addr;
	return 1;
}

void faulty_libpq_register(void)
{
	(void)dl_iterate_phdr(look, NULL);
	pat_assert(first != 0);
}

static bool fails_for(const void *caller)
{
	uintptr_t at = (uintptr_t)caller;

	return at >= first && at < last && faulty_malloc_fails();
}

void *malloc(size_t bytes)
{
	return fails_for(__builtin_return_address(0)) ? NULL : __libc_malloc(bytes);
}

void *calloc(size_t n, size_t bytes)
{
	return fails_for(__builtin_return_address(0)) ? NULL : __libc_calloc(n, bytes);
}

void *realloc(void *p, size_t bytes)
{
	return fails_for(__builtin_return_address(0)) ? NULL : __libc_realloc(p, bytes);
}
