/* SPDX-License-Identifier: Apache-2.0
 *
 * The edge of `patd run`: an nginx that patd configures, starts, watches and stops.
 *
 * nginx is meant to outlive a patd that was killed, and goes on verifying. The next `patd run` finds it
 * by its pid file, gives it the new configuration and takes it over. Its log lines arrive as datagrams
 * on a socket of ours, so a patd that is away never blocks it.
 */
#ifndef PAT_PATD_EDGE_H
#define PAT_PATD_EDGE_H

#include "base/buf.h"
#include "patd/place.h"

struct pat_edge;

/* Writes the configuration `patd run` would use into `out`. */
int pat_edge_configuration(const struct pat_settings *settings, const struct pat_place *place,
                           struct pat_buf *out) PAT_MUST_USE;

/* Copies the pages, writes the configuration, starts nginx or takes over the one that is there, and waits until it
 * listens. On failure nothing of ours is left running. */
int pat_edge_start(const struct pat_settings *settings, const struct pat_place *place,
                   struct pat_edge **ret, struct pat_err *err) PAT_MUST_USE;

/* A descriptor that polls readable when nginx has ended. */
int pat_edge_fd(const struct pat_edge *edge);

/* Starts nginx again after it has ended. */
int pat_edge_restart(struct pat_edge *edge, struct pat_err *err) PAT_MUST_USE;

/* Stops nginx: requests under way are finished, for at most 5 seconds. Frees. NULL is nothing. */
void pat_edge_stop(struct pat_edge *edge);

#endif
