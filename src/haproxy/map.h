/* SPDX-License-Identifier: Apache-2.0
 *
 * The tokens that HAProxy finds in a map of its own, without asking (docs/design/haproxy-map.md). Two maps, as files that HAProxy's
 * configuration names and that stay empty on disk:
 *
 *   MAP         live tokens without limits (entry.h), and "epoch" -> EPOCH, by which it is known that nobody has emptied it
 *   MAP.until   "until" -> "UNTIL EPOCH": until when, in seconds of CLOCK_BOOTTIME, the first may be believed, and which of its entries
 *
 * A change is made in every worker that may be believed, or nobody may believe it any more, before the call returns that tells of it: so
 * a revoke that waits for that call is in force. A worker that is new, or was silent, is filled from the
 * index first.
 */
#ifndef PAT_HAPROXY_MAP_H
#define PAT_HAPROXY_MAP_H

#include "base/err.h"
#include "core/core.h"

#define PAT_HAPROXY_LEASE_S_MAX 60

struct pat_haproxy_map;

struct pat_haproxy_map_config {
	const char *master; /* the master's socket; outlives the map */
	const char *
		map; /* the file's name, as HAProxy has it: less than 1,000 bytes, and no blanks, quotes, ; # or \; outlives the map */
	const char *
		index_directory; /* exists when something may have been left there; outlives the map */
	int64_t lease_s;         /* 1 to PAT_HAPROXY_LEASE_S_MAX */
};

/* 0; -ENOMEM. Afterwards nobody believes what a patd before has left, or nothing that
 * is changed is in force until the longest lease is over. */
int pat_haproxy_map_new(const struct pat_haproxy_map_config *config, struct pat_haproxy_map **ret,
                        struct pat_err *err) PAT_MUST_USE;

/* Begins to fill: the index is there. 0, -errno. */
int pat_haproxy_map_start(struct pat_haproxy_map *map, struct pat_err *err) PAT_MUST_USE;

/* What the core tells of changes. Any thread. */
const struct pat_core_mirror *pat_haproxy_map_mirror(struct pat_haproxy_map *map);

/* Ends the thread; then nobody believes the map any more, which takes as long as it takes. May be told of changes further on. */
void pat_haproxy_map_stop(struct pat_haproxy_map *map);

/* Nobody tells it anything any more. */
void pat_haproxy_map_free(struct pat_haproxy_map *map);

#endif
