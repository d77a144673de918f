/* SPDX-License-Identifier: Apache-2.0
 *
 * What the handlers of the files pages' API (api_files*.c) share.
 */
#ifndef PAT_WEB_API_FILES_H
#define PAT_WEB_API_FILES_H

#include "files/files.h"
#include "web/param.h"
#include "web/people.h"

/* The person who is signed in. 1 after refusing: the built-in product is off. */
int pat_api_files_caller(struct pat_call *call, struct pat_files_caller *ret) PAT_MUST_USE;

/* Writes a file's members. 0 or a fault. */
int pat_api_write_file(struct pat_people *people, struct pat_json_writer *w,
                       const struct pat_files_file *file, int64_t now_s) PAT_MUST_USE;
/* Answers with one file. */
int pat_api_answer_file(struct pat_call *call, int status, const struct pat_files_file *file,
                        int64_t now_s) PAT_MUST_USE;

/* A time that may not have come about: null for 0. */
void pat_api_write_moment(struct pat_json_writer *w, const char *key, int64_t time_s);

/* LOG-01: what cannot be undone, or keeps something from others. `what`: an attribute and its value, or NULL. */
void pat_api_log_file(const struct pat_call *call, const char *event, const char *what,
                      const char *value);

/* 204. */
int pat_api_done(struct pat_call *call);

#endif
