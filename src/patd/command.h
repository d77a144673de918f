/* SPDX-License-Identifier: Apache-2.0
 *
 * The commands of the `patd` program. Each returns the exit status: 0 done, 1 failed (one sentence on standard
 * error), 2 wrong usage.
 */
#ifndef PAT_PATD_COMMAND_H
#define PAT_PATD_COMMAND_H

#include "patd/place.h"
#include "patd/settings.h"

/* Serves until SIGINT or SIGTERM. With `edge`: the whole product (`patd run`), else the brain alone (`patd serve`). */
int pat_command_serve(const struct pat_settings *settings, bool edge);

/* Says what is in force and whether it can work. */
int pat_command_check(const struct pat_settings *settings);

/* `patd user …`: the words after "user". */
int pat_command_user(const struct pat_settings *settings, int n_words, char **words);

/* Makes a core configuration of the settings. Points into `settings` and `place`. */
struct pat_core_config;
struct pat_catalogue;
int pat_command_core_config(const struct pat_settings *settings, const struct pat_place *place,
                            const struct pat_catalogue *catalogue, struct pat_core_config *ret,
                            struct pat_err *err) PAT_MUST_USE;

/* Prints "patd: sentence" to standard error and returns 1. */
int pat_command_failed(const struct pat_err *err);

#endif
