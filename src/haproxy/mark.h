/* SPDX-License-Identifier: Apache-2.0
 *
 * A file beside the index that is there while workers may believe a map: for how long at most, and which master's they are. Who comes
 * after a patd that was killed waits for them.
 */
#ifndef PAT_HAPROXY_MARK_H
#define PAT_HAPROXY_MARK_H

#include "haproxy/master.h"

struct pat_haproxy_mark {
	const char *directory;
	bool set;
	struct pat_haproxy_listing
		whose; /* of it only the master counts; all zeros: nobody can say */
};

/* Before the first lease of a master's workers. False: it could not be written, and there must be none. */
bool pat_haproxy_mark_set(struct pat_haproxy_mark *mark, int64_t lease_s,
                          const struct pat_haproxy_listing *whose) PAT_MUST_USE;

/* What a patd before has left: for how long, at most `most_s`, and `mark->whose`; 0: nobody believes. */
int64_t pat_haproxy_mark_read(struct pat_haproxy_mark *mark, int64_t most_s);

/* Nobody believes. */
void pat_haproxy_mark_clear(struct pat_haproxy_mark *mark);

#endif
