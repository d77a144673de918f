/* SPDX-License-Identifier: Apache-2.0
 *
 * What task_libc.c needs of the others: of task.c, and of the machines that files are on.
 */
#ifndef PAT_SIM_TASK_LIBC_H
#define PAT_SIM_TASK_LIBC_H

#include "base/base.h"

bool sim_fd_is_ready(int fd);
const void *sim_fds(void);

/* The FIFO that verifiers ring: a new one in place of the former. Returns it. */
int machine_bell(int machine, int fd);
bool machine_has_index(int machine);

#endif
