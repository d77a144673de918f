/* SPDX-License-Identifier: Apache-2.0
 *
 * What a new token must not be: more than the token that makes it, and one with patd's own scopes by accident.
 *
 * Scopes have no product in their names, so that "admin:read" may be patd's and somebody else's, too. patd's own routes
 * (web/router.h) therefore only take tokens that are limited to patd as their product. Which is put in here where all the
 * scopes are patd's and nobody else's, and asked for where others stand beside them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/private.h"
#include "token/subset.h"

/* ---- The token that makes it. */

/* Days are counted from now, and the maker's began a while ago: as many as it had at its birth end later than it by as
 * long as it has lived. Whoever says days means days. */
static void end_together(struct pat_record *record, const struct pat_record *maker)
{
	if (record->expires_s > maker->expires_s &&
	    record->expires_s - maker->expires_s < PAT_DAY_S)
		record->expires_s = maker->expires_s;
}

static int within(struct pat_record *record, const struct pat_record *maker)
{
	if (!pat_subset_scopes(record->scopes, maker->scopes))
		return PAT_CORE_E_BEYOND_SCOPES;
	if (record->expires_s > maker->expires_s)
		return PAT_CORE_E_BEYOND_EXPIRY;
	if (pat_subset_limits_fill(record->limits, maker->limits) != 0)
		return PAT_CORE_E_LIMIT_TOO_MANY;
	return pat_subset_limits(record->limits, maker->limits) ? 0 : PAT_CORE_E_BEYOND_LIMITS;
}

int pat_core_maker_check(struct pat_core *core, const uint8_t maker[static PAT_TID_BYTES],
                         bool in_days, struct pat_record *record)
{
	pat_cleanup(pat_freep) struct pat_record *m = calloc(1, sizeof(*m));

	if (!m)
		return -ENOMEM;
	int r = pat_store_token_get(core->store, record->owner, maker, m);
	if (r < 0)
		return r;
	/* It was good when the gate looked. */
	if (r != 0 || m->state != PAT_RECORD_LIVE || m->expires_s <= record->issued_s)
		return PAT_CORE_E_TOKEN_ENDED;
	memcpy(record->maker, maker, PAT_TID_BYTES); /* UNSAFE: fixed sizes */
	if (in_days)
		end_together(record, m);
	return within(record, m);
}

/* ---- patd's own scopes. */

struct own_scopes {
	size_t alone;  /* nobody else has them */
	size_t others; /* not patd's, or not only */
	bool for_admins;
	bool for_admins_alone;
};

static struct own_scopes own_count(struct pat_core *core, const char *scopes)
{
	struct own_scopes own = { 0 };
	char name[PAT_SCOPE_BYTES_MAX + 1];
	const char *at = NULL;
	size_t len = 0;

	while (pat_scopes_next(&scopes, &at, &len)) {
		(void)snprintf(name, sizeof(name), "%.*s", (int)len, at);
		const struct pat_scope *scope = pat_catalogue_find(core->config.own, name);
		bool alone = scope && !pat_core_scope_elsewhere(core, name);

		own.alone += alone;
		own.others += !alone;
		own.for_admins |= scope && scope->admin;
		own.for_admins_alone |= alone && scope->admin;
	}
	return own;
}

int pat_core_own_scopes_check(struct pat_core *core, bool admin, struct pat_record *record)
{
	char product[sizeof("aud=") + PAT_LIMIT_PRODUCT_MAX];

	if (!core->config.own)
		return 0;
	struct own_scopes own = own_count(core, record->scopes);
	if (own.for_admins_alone && !admin)
		return PAT_CORE_E_SCOPE_NOT_ALLOWED;
	if (own.alone > 0 && !pat_limits_any(record->limits, PAT_LIMIT_AUDIENCE)) {
		if (own.others > 0)
			return PAT_CORE_E_PRODUCTS_REQUIRED;
		(void)snprintf(product, sizeof(product), "aud=%s", core->config.own_name);
		if (pat_subset_limits_fill(record->limits, product) != 0)
			return PAT_CORE_E_LIMIT_TOO_MANY;
	}
	return own.for_admins && !admin &&
	                       pat_limits_names_product(record->limits, core->config.own_name)
	               ? PAT_CORE_E_SCOPE_NOT_ALLOWED
	               : 0;
}
