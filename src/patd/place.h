/* SPDX-License-Identifier: Apache-2.0
 *
 * Where things are: the data folder with its row key, the runtime folder on a tmpfs, and the files that
 * came with the program.
 */
#ifndef PAT_PATD_PLACE_H
#define PAT_PATD_PLACE_H

#include <limits.h>
#include <sys/types.h>

#include "base/err.h"
#include "patd/settings.h"
#include "token/record.h"

struct pat_place {
	char data[PATH_MAX];    /* absolute */
	char store[PATH_MAX];   /* a path, or a URL */
	char node[64];          /* what this one is called among several on one store */
	char journal[PATH_MAX]; /* of revocations: beside the store, never restored with it */
	char files[PATH_MAX];   /* the files product's database */
	char runtime[108];      /* absolute, short enough for a socket beneath it */
	bool runtime_ours;      /* named by us, not by a setting */
	char socket[108];       /* SCGI, for the edge */
	char control[108];      /* SCGI, for the command line */
	char module[PATH_MAX];
	char web[PATH_MAX];
	char scopes[PATH_MAX];
	char own_scopes[PATH_MAX];
	char api_document[PATH_MAX];
	char passwords[PATH_MAX];
	char sample[PATH_MAX];
	gid_t edge_group;   /* group of the edge's workers, or (gid_t)-1 when they run as we do */
	char edge_user[64]; /* "" when they run as we do */
};

/* Takes the data folder for this process, as long as `*ret_fd` is open: two would take each other's edge and node. Waits a moment
 * for one that is ending. -EBUSY. */
int pat_place_lock(const struct pat_place *place, int *ret_fd, struct pat_err *err) PAT_MUST_USE;

/* Finds and, with `create`, makes the folders (data 0700; runtime 0750 for the edge's group). Refuses a runtime folder
 * that is not ours. */
int pat_place_find(const struct pat_settings *settings, bool create, struct pat_place *ret_place,
                   struct pat_err *err) PAT_MUST_USE;

/* Reads DATA/row.key, making it at the first start: when there is no store yet, or nobody in it. Refuses one that others can
 * read (CRY-04). */
int pat_place_row_key(const struct pat_place *place, struct pat_row_key *ret,
                      struct pat_err *err) PAT_MUST_USE;

/* Whether there is a row key. */
bool pat_place_has_row_key(const struct pat_place *place);

/* Removes the runtime folder and all in it, if its name was ours. For the clean end of the whole product. */
void pat_place_clear(const struct pat_place *place);

#endif
