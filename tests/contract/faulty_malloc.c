/* SPDX-License-Identifier: Apache-2.0
 *
 * Three doors for memory, one counter. The wrapped functions reach only objects linked into the test,
 * not shared libraries; those two that matter have doors of their own.
 */
#include "tests/contract/faulty_malloc.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static atomic_int countdown; /* 0: not armed */
static atomic_bool fired;
static atomic_size_t largest;

bool faulty_malloc_fails(void)
{
	if (atomic_load(&countdown) == 0 || atomic_load(&fired))
		return false;
	if (atomic_fetch_sub(&countdown, 1) > 1)
		return false;
	atomic_store(&fired, true);
	errno = ENOMEM;
	return true;
}

void faulty_malloc_arm(int n)
{
	atomic_store(&fired, false);
	atomic_store(&countdown, n);
}

bool faulty_malloc_disarm(void)
{
	atomic_store(&countdown, 0);
	return atomic_exchange(&fired, false);
}

size_t faulty_malloc_largest(void)
{
	return atomic_exchange(&largest, 0);
}

static void asked_for(size_t bytes)
{
	size_t before = atomic_load(&largest);

	while (bytes > before && !atomic_compare_exchange_weak(&largest, &before, bytes))
		;
}

/* ---- Our own objects. */

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t n, size_t bytes);
void *__real_realloc(void *p, size_t bytes);
void *__real_reallocarray(void *p, size_t n, size_t bytes);
char *__real_strdup(const char *s);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t n, size_t bytes);
void *__wrap_realloc(void *p, size_t bytes);
void *__wrap_reallocarray(void *p, size_t n, size_t bytes);
char *__wrap_strdup(const char *s);

void *__wrap_malloc(size_t bytes)
{
	asked_for(bytes);
	return faulty_malloc_fails() ? NULL : __real_malloc(bytes);
}

void *__wrap_calloc(size_t n, size_t bytes)
{
	asked_for(n * bytes);
	return faulty_malloc_fails() ? NULL : __real_calloc(n, bytes);
}

void *__wrap_realloc(void *p, size_t bytes)
{
	asked_for(bytes);
	return faulty_malloc_fails() ? NULL : __real_realloc(p, bytes);
}

void *__wrap_reallocarray(void *p, size_t n, size_t bytes)
{
	asked_for(n * bytes);
	return faulty_malloc_fails() ? NULL : __real_reallocarray(p, n, bytes);
}

char *__wrap_strdup(const char *s)
{
	return faulty_malloc_fails() ? NULL : __real_strdup(s);
}

/* ---- SQLite. */

static sqlite3_mem_methods sqlite_real;

static void *sqlite_malloc(int bytes)
{
	return faulty_malloc_fails() ? NULL : sqlite_real.xMalloc(bytes);
}

static void *sqlite_realloc(void *p, int bytes)
{
	return faulty_malloc_fails() ? NULL : sqlite_real.xRealloc(p, bytes);
}

/* ---- libcrypto. */

static void *crypto_malloc(size_t bytes, const char *file, int line)
{
	(void)file;
	(void)line;
	return faulty_malloc_fails() ? NULL : __real_malloc(bytes);
}

static void *crypto_realloc(void *p, size_t bytes, const char *file, int line)
{
	(void)file;
	(void)line;
	return faulty_malloc_fails() ? NULL : __real_realloc(p, bytes);
}

static void crypto_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	free(p);
}

void faulty_malloc_register(void)
{
	int ok = CRYPTO_set_mem_functions(crypto_malloc, crypto_realloc, crypto_free);
	pat_assert(ok == 1);

	sqlite3_mem_methods methods;
	int rc = sqlite3_config(SQLITE_CONFIG_GETMALLOC, &sqlite_real);
	pat_assert(rc == SQLITE_OK);
	methods = sqlite_real;
	methods.xMalloc = sqlite_malloc;
	methods.xRealloc = sqlite_realloc;
	rc = sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
	pat_assert(rc == SQLITE_OK);
}
