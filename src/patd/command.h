/* SPDX-License-Identifier: Apache-2.0
 *
 * The commands of the `patd` program. Each returns the exit status: 0 done, 1 failed (one sentence on standard
 * error), 2 wrong usage.
 */
#ifndef PAT_PATD_COMMAND_H
#define PAT_PATD_COMMAND_H

#include <jansson.h>
#include <stdio.h>

#include "patd/place.h"
#include "patd/settings.h"

/* Serves until SIGINT or SIGTERM. With `edge`: the whole product (`patd run`), else the brain alone (`patd serve`). */
int pat_command_serve(const struct pat_settings *settings, bool edge);

/* Says what is in force and whether it can work. */
int pat_command_check(const struct pat_settings *settings);

/* `patd user …`: the words after "user". */
int pat_command_user(const struct pat_settings *settings, int n_words, char **words);

/* Prints the commands of `patd user`. */
void pat_command_user_usage(FILE *to);

/* `patd policy …`. */
int pat_command_policy(const struct pat_settings *settings, int n_words, char **words);
void pat_command_policy_usage(FILE *to);

/* `patd service …`. */
int pat_command_service(const struct pat_settings *settings, int n_words, char **words);
void pat_command_service_usage(FILE *to);

/* `patd nodes`. */
int pat_command_nodes(const struct pat_settings *settings);

/* `patd audit …`. */
int pat_command_audit(const struct pat_settings *settings, int n_words, char **words);
void pat_command_audit_usage(FILE *to);

/* `patd mail …`. */
int pat_command_mail(const struct pat_settings *settings, int n_words, char **words);
void pat_command_mail_usage(FILE *to);

/* `patd store …`. */
int pat_command_store(const struct pat_settings *settings, int n_words, char **words);
void pat_command_store_usage(FILE *to);

/* Has the request done by the running patd, or here on the store when none runs. `makes_place`: a data folder that is not
 * there is made. */
int pat_command_ask(const struct pat_settings *settings, const json_t *request, bool makes_place,
                    json_t **ret, struct pat_err *err) PAT_MUST_USE;

/* Makes a core configuration of the settings. Points into `settings` and `place`. `built_in` may be NULL. */
struct pat_core_config;
struct pat_catalogue;
struct pat_rules;
int pat_command_core_config(const struct pat_settings *settings, const struct pat_place *place,
                            const struct pat_catalogue *catalogue, const struct pat_catalogue *own,
                            const struct pat_rules *built_in, struct pat_core_config *ret,
                            struct pat_err *err) PAT_MUST_USE;
/* The map that HAProxy is to have; NULL when it is to have none. */
struct pat_haproxy_map;
int pat_command_haproxy(const struct pat_settings *settings, const struct pat_place *place,
                        struct pat_haproxy_map **ret, struct pat_err *err) PAT_MUST_USE;
/* The rules of the built-in product, which is there even when its files are switched off: `/v1/me` answers. */
int pat_command_built_in(struct pat_rules **ret, struct pat_err *err) PAT_MUST_USE;

/* How mail is handed on, as the settings say. Points into them. */
struct pat_smtp_config;
void pat_command_smtp_config(const struct pat_settings *settings, struct pat_smtp_config *ret);

/* Prints "patd: sentence" to standard error and returns 1. */
int pat_command_failed(const struct pat_err *err);

#endif
