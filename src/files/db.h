/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of src/files share: the product's database, the change that is under way, and the contents that are
 * in use. Nobody outside includes it.
 *
 * Changes come one after the other, each a transaction of its own on the one connection that writes. Their order is a mutex's:
 *
 *   struct pat_lite_conn *conn = NULL;
 *   int r = pat_files_change_begin(files, &conn);
 *   if (r < 0)
 *           return r;
 *   r = …;                                    0, an outcome, or a fault
 *   return pat_files_change_end(files, r);    commits what ended in 0, takes back everything else
 *
 * There is no queue and no shared commit, as the store has: what makes this database busy is large, and one fsync among
 * many pages is no matter.
 */
#ifndef PAT_FILES_DB_H
#define PAT_FILES_DB_H

#include <pthread.h>

#include "files/files.h"
#include "lite/database.h"

extern const struct pat_lite_schema pat_files_schema;

/* A content that is being written or read, and must stay though nothing in the database may refer to it: embedded in
 * whoever uses it. */
struct pat_files_pin {
	int64_t content; /* 0: none */
	struct pat_files_pin *next;
	struct pat_files_pin **link;
};

struct pat_files {
	struct pat_lite_database db;
	pthread_mutex_t sampling; /* held while somebody new gets the sample; taken first */
	pthread_mutex_t writing;  /* held while a change is under way; taken before `pinning` */
	pthread_mutex_t pinning;  /* guards `pins` */
	struct pat_files_pin *pins;
	pthread_mutex_t claiming; /* guards `claims`; taken after `writing` */
	struct pat_files_claim *claims;
	uint64_t team_bytes_max; /* 0: any */
	uint64_t reserve_bytes;  /* 0: none */
	char *reserve_for;
	pthread_mutex_t stopping; /* guards `stop` */
	pthread_cond_t wake;
	bool stop;
	bool keeper_runs;
	pthread_t keeper;
	struct pat_core *core;
	char *sample; /* NULL: none */
	uint8_t picture_key[32];
};

/* ---- Changing and looking. (files.c) */

int pat_files_change_begin(struct pat_files *files, struct pat_lite_conn **ret) PAT_MUST_USE;
/* 0: durable. Otherwise `result`, or the fault of committing, and nothing has changed. */
int pat_files_change_end(struct pat_files *files, int result) PAT_MUST_USE;
/* A connection that sees one state until it is given back (pat_lite_reader_done). */
int pat_files_look(struct pat_files *files, struct pat_lite_reader *ret) PAT_MUST_USE;

/* ---- Pins. (pin.c) */

/* Whoever looks for a content and pins it holds the lock over both, so that it can not be removed in between. */
void pat_files_pin_lock(struct pat_files *files);
void pat_files_pin_unlock(struct pat_files *files);
/* Under the lock. */
void pat_files_pin_add(struct pat_files *files, struct pat_files_pin *pin, int64_t content);
bool pat_files_pin_has(const struct pat_files *files, int64_t content);
/* Takes the lock. Accepts one that pins nothing. */
void pat_files_pin_drop(struct pat_files *files, struct pat_files_pin *pin);

/* (keeper.c) Accepts one that was never started. */
void pat_files_keeper_stop(struct pat_files *files);

/* ---- Names and keys. (name.c) */

/* E_NAME_…; `out` gets the name as it is kept. */
int pat_files_name_check(const char *name,
                         char out[static PAT_FILES_NAME_BYTES_MAX + 1]) PAT_MUST_USE;
int pat_files_key_make(char out[static PAT_FILES_KEY_CHARS + 1]) PAT_MUST_USE;
bool pat_files_key_is(const char *key);

/* ---- Of one file, in a change or a look. (file.c) */

/* As the person sees it, access already judged. E_NOT_FOUND when there is none. */
int pat_files_file_read(struct pat_lite_conn *conn, int64_t person, int64_t id,
                        struct pat_files_file *ret) PAT_MUST_USE;
/* What a change of a file leaves on it and on its project. */
int pat_files_file_touch(struct pat_lite_conn *conn, int64_t file,
                         const struct pat_files_caller *caller) PAT_MUST_USE;
int pat_files_project_insert(struct pat_lite_conn *conn, int64_t team, const char *name,
                             int64_t now_s, int64_t *ret) PAT_MUST_USE;
/* The first that was made of a team, or a new one when there is none any more. (project.c) */
#define PAT_FILES_FIRST_PROJECT "Drafts"
int pat_files_project_first(struct pat_files *files, int64_t team, int64_t now_s,
                            int64_t *ret) PAT_MUST_USE;
int pat_files_project_touch(struct pat_lite_conn *conn, int64_t project,
                            int64_t now_s) PAT_MUST_USE;
/* E_LIMIT when a file has as many versions as it may. (version.c) */
int pat_files_versions_left(struct pat_lite_conn *conn, int64_t file) PAT_MUST_USE;
/* Removes a file and all that is of it; its contents become loose. */
int pat_files_file_erase(struct pat_lite_conn *conn, int64_t file) PAT_MUST_USE;

#endif
