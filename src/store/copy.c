/* SPDX-License-Identifier: Apache-2.0
 *
 * Two passes. The first reads `from`, checks every seal, and puts the rows into `to`; the second reads `to` and checks the
 * same. Each keeps a count and a digest of every table, and these must be the same in the end.
 */
#include "store/copy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/audit.h"
#include "store/backend.h"
#include "store/seal.h"

const char *const pat_rows_types[PAT_ROWS_TABLES] = {
	[PAT_ROWS_PERSON] = "itttiiii",
	[PAT_ROWS_PORTAL_PERSON] = "ittt",
	[PAT_ROWS_PORTAL_LINK] = "biti",
	[PAT_ROWS_PICTURE] = "iibb",
	[PAT_ROWS_SETUP] = "ib",
	[PAT_ROWS_SESSION] = "ibiiiittt",
	[PAT_ROWS_SIGN_IN] = "iti",
	[PAT_ROWS_SCOPE_SET] = "ibt",
	[PAT_ROWS_TOKEN] = "iiibbiiiiiiittiiiittbtb",
	[PAT_ROWS_IDEMPOTENCY] = "itbii",
	[PAT_ROWS_CHANGE] = "iiiB",
	[PAT_ROWS_AUDIT] = "iiiittttttib",
	[PAT_ROWS_FORMER_EMAIL] = "iit",
	[PAT_ROWS_NOTICE] = "iiiiiiti",
	[PAT_ROWS_PRODUCT] = "tiitibb",
	[PAT_ROWS_SERVICE] = "ttibibttt",
	[PAT_ROWS_USAGE_DAY] = "iii",
	[PAT_ROWS_USAGE_OPERATION] = "ittttiiiii",
	[PAT_ROWS_USAGE_CLIENT] = "ittiii",
	[PAT_ROWS_USAGE_LAST] = "iittitttti",
	[PAT_ROWS_HEAD] = "iiii",
};

const char *const pat_rows_names[PAT_ROWS_TABLES] = {
	[PAT_ROWS_PERSON] = "people",
	[PAT_ROWS_PORTAL_PERSON] = "products' own people",
	[PAT_ROWS_PORTAL_LINK] = "portal links",
	[PAT_ROWS_PICTURE] = "pictures",
	[PAT_ROWS_SETUP] = "set-up codes",
	[PAT_ROWS_SESSION] = "sessions",
	[PAT_ROWS_SIGN_IN] = "known addresses",
	[PAT_ROWS_SCOPE_SET] = "scope sets",
	[PAT_ROWS_TOKEN] = "tokens",
	[PAT_ROWS_IDEMPOTENCY] = "idempotency keys",
	[PAT_ROWS_CHANGE] = "changes",
	[PAT_ROWS_AUDIT] = "audit records",
	[PAT_ROWS_FORMER_EMAIL] = "former emails",
	[PAT_ROWS_NOTICE] = "places of mail",
	[PAT_ROWS_PRODUCT] = "products",
	[PAT_ROWS_SERVICE] = "services",
	[PAT_ROWS_USAGE_DAY] = "days of usage",
	[PAT_ROWS_USAGE_OPERATION] = "operations used",
	[PAT_ROWS_USAGE_CLIENT] = "clients seen",
	[PAT_ROWS_USAGE_LAST] = "last uses",
	[PAT_ROWS_HEAD] = "heads",
};

struct scope_set {
	int64_t id;
	char *text; /* owned */
};

struct pass {
	const struct pat_row_key *key;
	struct pat_rows_sink *sink; /* NULL: only looks */
	int64_t rows[PAT_ROWS_TABLES];
	uint8_t digests[PAT_ROWS_TABLES][PAT_SHA256_BYTES];
	struct scope_set *sets; /* by id, ascending; owned */
	size_t n_sets;
	size_t cap_sets;
	struct pat_record record; /* of the token in hand */
	struct pat_err *err;
};

static void pass_done(struct pass *pass)
{
	for (size_t i = 0; i < pass->n_sets; i++)
		free(pass->sets[i].text);
	free(pass->sets);
	pass->sets = NULL;
	pass->n_sets = pass->cap_sets = 0;
}

/* ---- Seals. */

static bool cell_text(const struct pat_cell *cell, char *out, size_t out_bytes)
{
	if (!cell->bytes || cell->len >= out_bytes || memchr(cell->bytes, '\0', cell->len))
		return false;
	memcpy(out, cell->bytes, cell->len); /* UNSAFE: len < out_bytes */
	out[cell->len] = '\0';
	return true;
}

static bool cell_blob(const struct pat_cell *cell, void *out, size_t len)
{
	if (!cell->bytes || cell->len != len)
		return false;
	memcpy(out, cell->bytes, len); /* UNSAFE: the cell has as many */
	return true;
}

static int set_keep(struct pass *pass, const struct pat_cell *cells)
{
	if (pass->n_sets == pass->cap_sets) {
		size_t cap = pass->cap_sets ? 2 * pass->cap_sets : 64;
		struct scope_set *grown = reallocarray(pass->sets, cap, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		pass->sets = grown;
		pass->cap_sets = cap;
	}
	struct scope_set *set = &pass->sets[pass->n_sets];
	if (cells[2].len > PAT_SCOPES_TEXT_BYTES_MAX)
		return PAT_RECORD_E_MAC;
	*set = (struct scope_set){ .id = cells[0].number, .text = calloc(1, cells[2].len + 1) };
	if (!set->text)
		return -ENOMEM;
	memcpy(set->text, cells[2].bytes, cells[2].len); /* UNSAFE: as many were allocated */
	pass->n_sets++;
	return 0;
}

static int set_compare(const void *a, const void *b)
{
	int64_t x = ((const struct scope_set *)a)->id;
	int64_t y = ((const struct scope_set *)b)->id;

	return (x > y) - (x < y);
}

/* Empty where a person made it. */
static bool maker_read(const struct pat_cell *cell, struct pat_record *r)
{
	memset(r->maker, 0, sizeof(r->maker)); /* UNSAFE: fixed size */
	return cell->len == 0 ||
	       (cell_blob(cell, r->maker, sizeof(r->maker)) && pat_record_made(r));
}

static int token_check(struct pass *pass, const struct pat_cell *c)
{
	struct pat_record *r = &pass->record;
	struct scope_set wanted = { .id = c[11].number };
	const struct scope_set *set = pass->n_sets > 0 ? bsearch(&wanted, pass->sets, pass->n_sets,
	                                                         sizeof(wanted), set_compare)
	                                               : NULL;

	r->number = c[0].number;
	r->state = c[1].number == PAT_RECORD_LIVE ? PAT_RECORD_LIVE : PAT_RECORD_REVOKED;
	r->expires_s = c[2].number;
	r->owner = c[5].number;
	r->issued_s = c[6].number;
	r->flags = (uint32_t)c[7].number;
	r->seq = c[8].number;
	r->key_id = (uint32_t)c[9].number;
	r->revoked_seq = c[10].number;
	if (!set || !cell_blob(&c[3], r->digest, sizeof(r->digest)) ||
	    !cell_blob(&c[4], r->mac, sizeof(r->mac)) ||
	    !cell_text(&c[19], r->limits, sizeof(r->limits)) || !maker_read(&c[20], r) ||
	    !cell_text(&c[21], r->known_as, sizeof(r->known_as)))
		return PAT_RECORD_E_MAC;
	memcpy(r->scopes, set->text, strlen(set->text) + 1); /* UNSAFE: set_keep() kept the bound */
	return pat_record_check(r, pass->key);
}

static int seal_judge(int e, const uint8_t *mac, const struct pat_cell *sealed, int64_t key_id,
                      const struct pat_row_key *key)
{
	if (e < 0)
		return e;
	return key_id == key->id && sealed->len == PAT_SHA256_BYTES && sealed->bytes &&
	                       pat_memeq(mac, sealed->bytes, PAT_SHA256_BYTES)
	               ? 0
	               : PAT_RECORD_E_MAC;
}

static int product_check(struct pass *pass, const struct pat_cell *c)
{
	char name[PAT_LIMIT_PRODUCT_MAX + 1];
	char reading[PAT_PRODUCT_READING_MAX + 1];
	uint8_t mac[PAT_SHA256_BYTES];
	struct pat_product product = { .name = name,
		                       .reading = reading,
		                       .seq = c[1].number,
		                       .imported_s = c[2].number,
		                       .document = c[6].bytes,
		                       .document_len = c[6].len };

	if (!cell_text(&c[0], name, sizeof(name)) || !cell_text(&c[3], reading, sizeof(reading)) ||
	    !c[6].bytes)
		return PAT_RECORD_E_MAC;
	int e = pat_product_mac(&product, pass->key, mac);
	return seal_judge(e, mac, &c[5], c[4].number, pass->key);
}

static int service_check(struct pass *pass, const struct pat_cell *c)
{
	struct pat_service service = { .created_s = c[2].number };
	uint8_t mac[PAT_SHA256_BYTES];

	if (!cell_text(&c[0], service.name, sizeof(service.name)) ||
	    !cell_text(&c[1], service.product, sizeof(service.product)) ||
	    !cell_blob(&c[3], service.hash, sizeof(service.hash)) ||
	    !cell_text(&c[6], service.origins, sizeof(service.origins)) ||
	    !cell_text(&c[7], service.title, sizeof(service.title)) ||
	    !cell_text(&c[8], service.accent, sizeof(service.accent)))
		return PAT_RECORD_E_MAC;
	int e = pat_service_mac(&service, pass->key, mac);
	return seal_judge(e, mac, &c[5], c[4].number, pass->key);
}

static int row_check(struct pass *pass, enum pat_rows_table table, const struct pat_cell *cells)
{
	switch (table) {
	case PAT_ROWS_SCOPE_SET:
		return set_keep(pass, cells);
	case PAT_ROWS_TOKEN:
		return token_check(pass, cells);
	case PAT_ROWS_PRODUCT:
		return product_check(pass, cells);
	case PAT_ROWS_SERVICE:
		return service_check(pass, cells);
	default:
		return 0; /* has no seal of its own; the audit chain is walked as a whole */
	}
}

/* ---- A pass. */

/* Digest := SHA-256(digest | SHA-256 of the cell). A cell's text can not be taken for two: each has a hash of its own. */
static void cell_digest(uint8_t digest[static PAT_SHA256_BYTES], char type,
                        const struct pat_cell *cell)
{
	uint8_t both[2 * PAT_SHA256_BYTES] = { 0 };

	memcpy(both, digest, PAT_SHA256_BYTES); /* UNSAFE: fixed sizes */
	if (type == 'i')
		pat_sha256(&cell->number, sizeof(cell->number), both + PAT_SHA256_BYTES);
	else if (cell->bytes)
		pat_sha256(cell->bytes, cell->len, both + PAT_SHA256_BYTES);
	pat_sha256(both, sizeof(both), digest);
}

static int pass_row(void *arg, enum pat_rows_table table, const struct pat_cell *cells)
{
	struct pass *pass = arg;
	const char *types = pat_rows_types[table];

	pass->rows[table]++;
	for (size_t i = 0; types[i]; i++)
		cell_digest(pass->digests[table], types[i], &cells[i]);
	int e = row_check(pass, table, cells);
	if (e == PAT_RECORD_E_MAC)
		return pat_err_set(
			pass->err, -EBADMSG,
			"row %lld of the %s is not what patd wrote, or the row key is another",
			(long long)pass->rows[table], pat_rows_names[table]);
	return e == 0 && pass->sink ? pass->sink->put(pass->sink, table, cells) : e;
}

static int pass_run(struct pass *pass, struct pat_store *store)
{
	for (enum pat_rows_table table = 0; table < PAT_ROWS_TABLES; table++) {
		int e = store->ops->rows_read(store, table, pass_row, pass);
		if (e != 0)
			return e;
	}
	return 0;
}

/* ---- Copying. */

struct filling {
	struct pass *pass;
	struct pat_store *from;
};

static int fill(void *arg, struct pat_rows_sink *sink)
{
	struct filling *filling = arg;

	filling->pass->sink = sink;
	return pass_run(filling->pass, filling->from);
}

static int empty_judge(struct pat_store *to, struct pat_err *err)
{
	bool any = false;
	int64_t seq = 0;
	int64_t time_s = 0;

	int e = pat_store_people_any(to, &any);
	if (e == 0)
		e = pat_store_head(to, &seq, &time_s);
	if (e < 0)
		return pat_err_set(err, e, "cannot read the store to copy to: %s",
		                   pat_err_words(e));
	return any || seq != 0 || time_s != 0
	               ? pat_err_set(err, -ENOTEMPTY,
	                             "the store to copy to is not empty: give an empty one")
	               : 0;
}

static int chain_judge(struct pat_store *store, const char *which, struct pat_err *err)
{
	int64_t id = 0;

	int e = pat_store_audit_verify(store, &id);
	if (e == PAT_STORE_E_CHAIN)
		return pat_err_set(
			err, -EBADMSG,
			"audit record %lld of the store to copy %s is missing or was edited",
			(long long)id, which);
	return e < 0 ? pat_err_set(err, e, "cannot read the audit records: %s", pat_err_words(e))
	             : 0;
}

static int passes_compare(const struct pass *one, const struct pass *other, struct pat_err *err)
{
	for (size_t i = 0; i < PAT_ROWS_TABLES; i++)
		if (one->rows[i] != other->rows[i] ||
		    !pat_memeq(one->digests[i], other->digests[i], PAT_SHA256_BYTES))
			return pat_err_set(
				err, -EIO,
				"its %s are not those of the original (%lld and %lld rows)",
				pat_rows_names[i], (long long)other->rows[i],
				(long long)one->rows[i]);
	return 0;
}

static int explain(int e, const char *what, struct pat_err *err)
{
	return err->text[0] ? e : pat_err_set(err, e, "%s: %s", what, pat_err_words(e));
}

static int rows_copy(struct pass *pass, struct pat_store *from, struct pat_store *to)
{
	int e = empty_judge(to, pass->err);

	if (e == 0)
		e = chain_judge(from, "from", pass->err);
	if (e < 0)
		return e;
	e = to->ops->rows_write(to, fill, &(struct filling){ .pass = pass, .from = from });
	if (e == PAT_STORE_UNKNOWN)
		return pat_err_set(
			pass->err, e,
			"it is not known whether the copy was made: empty its place first");
	return e == 0 ? 0 : explain(e < 0 ? e : -EIO, "nothing was copied", pass->err);
}

static int copy_verify(const struct pass *read, struct pass *again, struct pat_store *to)
{
	int e = pass_run(again, to);

	e = e == 0 ? passes_compare(read, again, again->err)
	           : explain(e, "it cannot be read", again->err);
	return e == 0 ? chain_judge(to, "to", again->err) : e;
}

int pat_store_copy(struct pat_store *from, struct pat_store *to, const struct pat_row_key *key,
                   struct pat_copied *ret, struct pat_err *err)
{
	struct pat_err why = { { 0 } };
	pat_cleanup(pass_done) struct pass read = { .key = key, .err = &why };
	pat_cleanup(pass_done) struct pass again = { .key = key, .err = &why };

	int e = rows_copy(&read, from, to);
	if (e < 0)
		return pat_err_set(err, e, "%s", why.text);
	e = copy_verify(&read, &again, to);
	if (e < 0)
		return pat_err_set(err, e,
		                   "the copy was made, but not verified, and must not be used: %s",
		                   why.text);
	memcpy(ret->rows, read.rows, sizeof(ret->rows)); /* UNSAFE: fixed sizes */
	return 0;
}
