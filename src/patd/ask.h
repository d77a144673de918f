/* SPDX-License-Identifier: Apache-2.0
 *
 * Asking the person at the terminal for something that must not be seen.
 */
#ifndef PAT_PATD_ASK_H
#define PAT_PATD_ASK_H

#include "base/base.h"

/* Shows `words` on standard error and reads a line from the terminal on standard input without showing it. At most `bytes`
 * of it go to `out`, without its end; a longer one comes cut. A signal that ends or stops the process finds the terminal as it
 * was before. For a process of one thread. -ENOTTY when standard input is no terminal, -EINTR after a signal that was survived, or
 * -errno. */
int pat_ask_hidden(const char *words, char *out, size_t bytes, size_t *ret_len) PAT_MUST_USE;

#endif
