/* SPDX-License-Identifier: Apache-2.0
 *
 * Who may see and do what: the one place where it is judged. Every call asks here, inside the change or look in which it
 * then acts, so that nothing can come between the two.
 *
 *   OWNER    the owner of the team of the file's project
 *   EDITOR   may upload, rename, add images, and what a VIEWER may
 *   VIEWER   may read, comment and react
 *   NOBODY   to whom it does not exist; and so it is with a file of the trash, but for its owner's restoring and purging
 *
 * That a person is disabled is not judged here: the gate and the session no longer name them.
 */
#ifndef PAT_FILES_ACCESS_H
#define PAT_FILES_ACCESS_H

#include "files/db.h"

struct pat_files_access {
	int64_t file;
	int64_t project;
	int64_t team;
	int64_t owner;
	int64_t trashed_s;
	int64_t version;
	enum pat_files_role role; /* the caller's */
};

/* 0 when the person has at least that role and the file is not in the trash. E_NOT_FOUND, E_NOT_ALLOWED. */
int pat_files_access_file(struct pat_lite_conn *conn, int64_t person, const char *key,
                          enum pat_files_role least, struct pat_files_access *ret) PAT_MUST_USE;
/* The same, where the owner's files of the trash count too. */
int pat_files_access_trash(struct pat_lite_conn *conn, int64_t person, const char *key,
                           enum pat_files_role least, struct pat_files_access *ret) PAT_MUST_USE;
/* For whoever has a signed address: a file that is not in the trash. `role` is NOBODY. E_NOT_FOUND. */
int pat_files_access_signed(struct pat_lite_conn *conn, int64_t file,
                            struct pat_files_access *ret) PAT_MUST_USE;
/* The person's own, or E_NOT_FOUND. */
int pat_files_access_team(struct pat_lite_conn *conn, int64_t person, int64_t team) PAT_MUST_USE;
int pat_files_access_project(struct pat_lite_conn *conn, int64_t person, int64_t project,
                             int64_t *ret_team) PAT_MUST_USE;

/* For lists: SQL that yields the ids of the files of person ?1, in the trash or not, and of those shared with them. */
#define PAT_FILES_ACCESS_OWN                                            \
	"SELECT of.id FROM team ot JOIN project op ON op.team = ot.id " \
	"JOIN file of ON of.project = op.id WHERE ot.owner = ?1"
#define PAT_FILES_ACCESS_SHARED "SELECT s.file FROM share s WHERE s.person = ?1"
/* What a share says (0: there is none), and what role a person has with it. */
enum pat_files_role pat_files_access_shared(int64_t shared);
enum pat_files_role pat_files_access_role(int64_t person, int64_t owner, int64_t shared);

#endif
