/* SPDX-License-Identifier: Apache-2.0
 *
 * The handful of words every file of patd uses: scope-bound cleanup, handing ownership on,
 * assertions that stay on in release builds, and array length.
 *
 * Return values everywhere: 0 is done; negative is an unexpected fault (-errno), passed up
 * unchanged; positive is an outcome named in the callee's header, handled by the caller.
 */
#ifndef PAT_BASE_BASE_H
#define PAT_BASE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAT_MUST_USE         __attribute__((warn_unused_result))
#define PAT_PRINTF(fmt, arg) __attribute__((format(printf, fmt, arg)))
#define PAT_NORETURN         __attribute__((noreturn))
#define PAT_SENTINEL         __attribute__((sentinel))

/* What each verification runs lies together, and what few of them need lies apart from it, and is called: the fewer pages and
 * lines are touched, the less is waited for (docs/design/verify-cost.md). */
#define PAT_HOT   __attribute__((hot))
#define PAT_APART __attribute__((noinline))

/* Runs `fn(&var)` when the variable leaves its scope. Initialise the variable where it is declared. */
#define pat_cleanup(fn) __attribute__((cleanup(fn)))

/* Hands ownership of a pointer on: yields it and leaves NULL behind. */
#define PAT_TAKE(p)                             \
	({                                      \
		__typeof__(p) pat_taken_ = (p); \
		(p) = NULL;                     \
		pat_taken_;                     \
	})

#define PAT_ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* States what the programmer promised; stays on in release builds. Never for outside bytes. */
#define pat_assert(cond) ((cond) ? (void)0 : pat_assert_failed(#cond, __FILE__, __LINE__))
PAT_NORETURN void pat_assert_failed(const char *condition, const char *file, int line);

/* Cleanup helpers for plain heap memory and file descriptors: `pat_cleanup(pat_freep) char *s = NULL;`,
 * `pat_cleanup(pat_closep) int fd = -1;`. */
void pat_freep(void *pointer_to_pointer);
void pat_closep(int *fd);

#endif
