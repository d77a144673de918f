/* SPDX-License-Identifier: Apache-2.0
 *
 * A store as plain rows, for copying one into another (store/copy.h). The tables and their cells are the same for every
 * backend; how they are read and written is each one's own.
 */
#ifndef PAT_STORE_ROWS_H
#define PAT_STORE_ROWS_H

#include "store/store.h"

/* In an order in which no row comes before one that it names. */
enum pat_rows_table {
	PAT_ROWS_PERSON,        /* id, email, name, password, admin, disabled, created, wishes */
	PAT_ROWS_PORTAL_PERSON, /* person, service, subject, email */
	PAT_ROWS_PORTAL_LINK,   /* hash, person, return_url, expires */
	PAT_ROWS_PICTURE,       /* person, kind, hash, bytes */
	PAT_ROWS_SETUP,         /* id, hash */
	PAT_ROWS_SESSION, /* id, hash, person, created, seen, expires, address, agent, return_url */
	PAT_ROWS_SIGN_IN, /* person, address, last */
	PAT_ROWS_SCOPE_SET, /* id, hash, scopes */
	PAT_ROWS_TOKEN, /* number, state, expires, digest, mac, owner, issued, flags, seq, key_id, revoked_seq, scope_set, name,
	                   hint, revoked, reason, last_used, use_count, note, limits, maker, known_as, replaced_by */
	PAT_ROWS_IDEMPOTENCY, /* person, key, request_hash, number, created */
	PAT_ROWS_CHANGE,      /* seq, kind, person, digest */
	PAT_ROWS_AUDIT, /* id, seq, at, actor, via, action, object, address, agent, request_id, key_id, mac */
	PAT_ROWS_FORMER_EMAIL, /* audit, at, email */
	PAT_ROWS_NOTICE, /* id, audit, week_expires, week_number, day_expires, day_number, holder, until */
	PAT_ROWS_PRODUCT,   /* name, seq, imported, reading, key_id, mac, document */
	PAT_ROWS_SERVICE,   /* name, product, created, hash, key_id, mac, origins, title, accent */
	PAT_ROWS_USAGE_DAY, /* token, day, count */
	PAT_ROWS_USAGE_OPERATION, /* token, product, method, name, scopes, judged, count, first, last, day */
	PAT_ROWS_USAGE_CLIENT, /* token, network, family, first, last, day */
	PAT_ROWS_USAGE_LAST, /* token, at, address, agent, turns, network_a, family_a, network_b, family_b, day */
	PAT_ROWS_HEAD, /* seq, audit, time, the last session's number: one row, which every store has */
	PAT_ROWS_TABLES,
};

#define PAT_ROWS_CELLS_MAX 23

/* What each cell is: i a number, t a text, b bytes, B bytes or nothing. */
extern const char *const pat_rows_types[PAT_ROWS_TABLES];
extern const char *const pat_rows_names[PAT_ROWS_TABLES];

struct pat_cell {
	int64_t number;
	const void *bytes; /* NULL: nothing; valid during the call */
	size_t len;
};

/* Called with as many cells as the table has; non-zero stops and is returned. */
typedef int pat_row_fn(void *arg, enum pat_rows_table table, const struct pat_cell *cells);

/* Where rows go. Tables come in their order, each once. */
struct pat_rows_sink {
	int (*put)(struct pat_rows_sink *sink, enum pat_rows_table table,
	           const struct pat_cell *cells);
};
typedef int pat_rows_fill_fn(void *arg, struct pat_rows_sink *sink);

#endif
