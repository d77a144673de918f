/* SPDX-License-Identifier: Apache-2.0
 *
 * Products and their documents; services that ask about tokens; tokens with limits, and tokens that lose scopes.
 */
#include "tests/contract/contract.h"

#include <stdlib.h>

#define SEEN_MAX 100

/* What a list said. */
struct seen {
	size_t n;
	size_t unread;
	char names[SEEN_MAX][PAT_LIMIT_PRODUCT_MAX + 1];
	char reading[PAT_PRODUCT_READING_MAX + 1]; /* of the last */
	char *document;
	size_t document_len;
	int64_t imported_s;
	int64_t seq;
};

static int see(void *arg, const struct pat_product *p)
{
	struct seen *seen = arg;

	if (!p->document) {
		seen->unread++;
		return 0;
	}
	pat_assert(seen->n < SEEN_MAX);
	(void)snprintf(seen->names[seen->n++], sizeof(seen->names[0]), "%s", p->name);
	(void)snprintf(seen->reading, sizeof(seen->reading), "%s", p->reading);
	free(seen->document);
	seen->document = malloc(p->document_len);
	pat_assert(seen->document);
	memcpy(seen->document, p->document, p->document_len);
	seen->document_len = p->document_len;
	seen->imported_s = p->imported_s;
	seen->seq = p->seq;
	return 0;
}

static struct seen *list(struct contract *c)
{
	static struct seen seen;

	free(seen.document);
	memset(&seen, 0, sizeof(seen));
	assert_int_equal(pat_store_product_list(c->store, see, &seen), 0);
	return &seen;
}

static int put(struct contract *c, const char *name, const char *document, int64_t now_s,
               int64_t *ret_seq)
{
	struct pat_product p = { .name = name,
		                 .reading = "{\"any\":true}",
		                 .document = document,
		                 .document_len = strlen(document) };

	return pat_store_product_put(c->store, &p, &contract_actor, now_s, ret_seq);
}

static void a_document_comes_changes_and_goes(void **state)
{
	struct contract *c = *state;
	int64_t seq = 0;

	assert_int_equal(list(c)->n, 0);
	assert_int_equal(put(c, "docs", "first", NOW, &seq), 0);
	assert_int_equal(seq, 1);
	assert_int_equal(put(c, "about", "x", NOW, &seq), 0);
	assert_int_equal(put(c, "docs", "second", NOW + 5, &seq), 0);
	assert_int_equal(seq, 3);
	contract_reopen(c);
	struct seen *seen = list(c);
	assert_int_equal(seen->n, 2);
	assert_string_equal(seen->names[0], "about");
	assert_string_equal(seen->names[1], "docs");
	assert_string_equal(seen->reading, "{\"any\":true}");
	assert_int_equal(seen->document_len, 6);
	assert_memory_equal(seen->document, "second", 6);
	assert_int_equal(seen->imported_s, NOW + 5);
	assert_int_equal(seen->seq, 3);
	assert_string_equal(contract_last_audit(c).action, "product.imported");
	assert_string_equal(contract_last_audit(c).object, "product:docs");

	assert_int_equal(pat_store_product_remove(c->store, "docs", &contract_actor, NOW), 0);
	assert_string_equal(contract_last_audit(c).action, "product.removed");
	assert_int_equal(contract_head(c), 4);
	assert_int_equal(pat_store_product_remove(c->store, "docs", &contract_actor, NOW),
	                 PAT_STORE_E_NOT_FOUND);
	assert_int_equal(pat_store_product_remove(c->store, "No Name", &contract_actor, NOW),
	                 PAT_STORE_E_NOT_FOUND);
	assert_int_equal(contract_head(c), 4);
	assert_int_equal(list(c)->n, 1);
}

static void the_listener_is_told_of_products(void **state)
{
	struct contract *c = *state;
	int64_t seq = 0;

	assert_int_equal(put(c, "docs", "first", NOW, &seq), 0);
	assert_int_equal(c->n_changes, 1);
	assert_int_equal(c->changes[0].kind, PAT_CHANGE_PRODUCT);
	assert_int_equal(c->changes[0].seq, 1);
	contract_assert_whole(c);
}

static void products_are_bounded(void **state)
{
	struct contract *c = *state;
	char name[16];
	int64_t seq = 0;

	for (int i = 0; i < PAT_PRODUCTS_MAX; i++) {
		(void)snprintf(name, sizeof(name), "p%d", i);
		assert_int_equal(put(c, name, "x", NOW, &seq), 0);
	}
	assert_int_equal(put(c, "one-more", "x", NOW, &seq), PAT_STORE_E_LIMIT);
	assert_int_equal(put(c, "p0", "y", NOW, &seq), 0);
	assert_int_equal(list(c)->n, PAT_PRODUCTS_MAX);
}

static void an_edited_document_is_none(void **state)
{
	static const char *const edits[] = {
		"UPDATE product SET document = x'79'",
		"UPDATE product SET reading = '{}'",
		"UPDATE product SET name = 'other'",
		"UPDATE product SET name = 'Bad Name'",
		"UPDATE product SET seq = 9",
		"UPDATE product SET imported = 9",
		"UPDATE product SET mac = zeroblob(32)",
		"UPDATE product SET mac = x'01'",
		"UPDATE product SET key_id = 4",
		"UPDATE product SET document = x''",
	};
	struct contract *c = *state;
	int64_t seq = 0;

	for (size_t i = 0; i < PAT_ARRAY_LEN(edits); i++) {
		assert_int_equal(put(c, "docs", "x", NOW, &seq), 0);
		assert_int_equal(list(c)->n, 1);
		contract_backend->sql(c, edits[i]);
		if (list(c)->n != 0 || list(c)->unread != 1)
			fail_msg("%s", edits[i]);
		contract_backend->sql(c, "DELETE FROM product");
	}
}

/* ---- Limits. */

/* ---- Services. */

static int service_add(struct contract *c, const char *name, const char *product)
{
	struct pat_service s = { .hash = { [0 ... 31] = 7 } };

	(void)snprintf(s.name, sizeof(s.name), "%s", name);
	(void)snprintf(s.product, sizeof(s.product), "%s", product);
	return pat_store_service_add(c->store, &s, &contract_actor, NOW);
}

static int count_service(void *arg, const struct pat_service *service)
{
	(void)service;
	++*(int *)arg;
	return 0;
}

static int services(struct contract *c)
{
	int n = 0;

	assert_int_equal(pat_store_service_list(c->store, count_service, &n), 0);
	return n;
}

static void a_service_comes_and_goes(void **state)
{
	static const uint8_t hash[32] = { [0 ... 31] = 7 };
	struct contract *c = *state;
	struct pat_service s;

	assert_int_equal(service_add(c, "gateway", "docs"), 0);
	assert_string_equal(contract_last_audit(c).action, "service.added");
	assert_int_equal(service_add(c, "gateway", ""), PAT_STORE_E_EXISTS);
	assert_int_equal(service_add(c, "archive", ""), 0);
	contract_reopen(c);
	assert_int_equal(pat_store_service_get(c->store, "gateway", &s), 0);
	assert_string_equal(s.name, "gateway");
	assert_string_equal(s.product, "docs");
	assert_int_equal(s.created_s, NOW);
	assert_memory_equal(s.hash, hash, sizeof(hash));
	assert_int_equal(services(c), 2);

	assert_int_equal(pat_store_service_remove(c->store, "gateway", &contract_actor, NOW), 0);
	assert_string_equal(contract_last_audit(c).action, "service.removed");
	assert_int_equal(pat_store_service_remove(c->store, "gateway", &contract_actor, NOW),
	                 PAT_STORE_E_NOT_FOUND);
	assert_int_equal(pat_store_service_get(c->store, "gateway", &s), PAT_STORE_E_NOT_FOUND);
	assert_int_equal(pat_store_service_get(c->store, "no name'", &s), PAT_STORE_E_NOT_FOUND);
	assert_int_equal(services(c), 1);
}

static void a_service_is_changed_by_who_has_read_it(void **state)
{
	static const uint8_t hash[32] = { [0 ... 31] = 8 };
	struct contract *c = *state;
	struct pat_service first;
	struct pat_service got;

	assert_int_equal(service_add(c, "gateway", "docs"), 0);
	assert_int_equal(service_add(c, "other", ""), 0);
	assert_int_equal(pat_store_service_get(c->store, "gateway", &first), 0);
	struct pat_service edited = first;
	(void)snprintf(edited.product, sizeof(edited.product), "shop");
	(void)snprintf(edited.origins, sizeof(edited.origins), "https://shop.example");
	(void)snprintf(edited.title, sizeof(edited.title), "The Shop");
	(void)snprintf(edited.accent, sizeof(edited.accent), "#0b6e4f");
	assert_int_equal(
		pat_store_service_change(c->store, &first, &edited, &contract_actor, NOW + 5), 0);
	assert_string_equal(contract_last_audit(c).action, "service.edited");
	assert_string_equal(contract_last_audit(c).object, "service:gateway");
	struct pat_service rotated = edited;
	memcpy(rotated.hash, hash, sizeof(hash));
	assert_int_equal(
		pat_store_service_change(c->store, &edited, &rotated, &contract_actor, NOW + 6), 0);
	assert_string_equal(contract_last_audit(c).action, "service.rotated");

	/* Who has read what it was before would undo the change. */
	assert_int_equal(pat_store_service_change(c->store, &edited, &first, &contract_actor, NOW),
	                 PAT_STORE_E_NOT_FOUND);
	assert_string_equal(contract_last_audit(c).action, "service.rotated");
	contract_reopen(c);
	assert_int_equal(pat_store_service_get(c->store, "gateway", &got), 0);
	assert_string_equal(got.product, "shop");
	assert_string_equal(got.origins, "https://shop.example");
	assert_string_equal(got.title, "The Shop");
	assert_string_equal(got.accent, "#0b6e4f");
	assert_memory_equal(got.hash, hash, sizeof(hash));
	assert_int_equal(got.created_s, NOW);
	assert_int_equal(pat_store_service_get(c->store, "other", &got), 0);
	assert_string_equal(got.product, "");

	assert_int_equal(pat_store_service_remove(c->store, "gateway", &contract_actor, NOW), 0);
	assert_int_equal(pat_store_service_change(c->store, &rotated, &first, &contract_actor, NOW),
	                 PAT_STORE_E_NOT_FOUND);
	assert_int_equal(services(c), 1);
}

static void services_are_bounded(void **state)
{
	struct contract *c = *state;
	char name[32];

	for (int i = 0; i < PAT_SERVICES_MAX; i++) {
		(void)snprintf(name, sizeof(name), "s%d", i);
		assert_int_equal(service_add(c, name, ""), 0);
	}
	assert_int_equal(service_add(c, "more", ""), PAT_STORE_E_LIMIT);
}

/* What it may do besides, and whom it may not name. */
static void an_edited_portal_is_none(void **state)
{
	static const char *const edits[] = {
		"UPDATE service SET origins = 'https://evil.example'",
		"UPDATE service SET origins = ''",
		"UPDATE service SET origins = '', title = '', accent = ''",
		"UPDATE service SET title = 'Bank'",
		"UPDATE service SET accent = '#000000'",
		"UPDATE service SET product = 'docs'",
	};
	struct contract *c = *state;
	struct pat_service s = { .name = "shop",
		                 .product = "shop",
		                 .origins = "https://shop.example",
		                 .title = "Shop",
		                 .accent = "#0b6e4f" };
	struct pat_service got;

	for (size_t i = 0; i < PAT_ARRAY_LEN(edits); i++) {
		assert_int_equal(pat_store_service_add(c->store, &s, &contract_actor, NOW), 0);
		assert_int_equal(pat_store_service_get(c->store, "shop", &got), 0);
		assert_string_equal(got.origins, s.origins);
		assert_string_equal(got.title, s.title);
		assert_string_equal(got.accent, s.accent);
		contract_backend->sql(c, edits[i]);
		assert_int_equal(pat_store_service_get(c->store, "shop", &got),
		                 PAT_STORE_E_NOT_FOUND);
		assert_int_equal(pat_store_service_remove(c->store, "shop", &contract_actor, NOW),
		                 0);
	}
	assert_int_equal(service_add(c, "gateway", ""), 0);
	contract_backend->sql(c, "UPDATE service SET origins = 'https://evil.example'");
	assert_int_equal(pat_store_service_get(c->store, "gateway", &got), PAT_STORE_E_NOT_FOUND);
}

static void an_edited_service_is_none(void **state)
{
	static const char *const edits[] = {
		"UPDATE service SET product = ''",
		"UPDATE service SET hash = zeroblob(32)",
		"UPDATE service SET created = created + 1",
		"UPDATE service SET mac = zeroblob(32)",
		"UPDATE service SET key_id = key_id + 1",
	};
	struct contract *c = *state;
	struct pat_service s;

	for (size_t i = 0; i < PAT_ARRAY_LEN(edits); i++) {
		assert_int_equal(service_add(c, "gateway", "docs"), 0);
		assert_int_equal(services(c), 1);
		contract_backend->sql(c, edits[i]);
		assert_int_equal(pat_store_service_get(c->store, "gateway", &s),
		                 PAT_STORE_E_NOT_FOUND);
		assert_int_equal(services(c), 0);
		assert_int_equal(
			pat_store_service_remove(c->store, "gateway", &contract_actor, NOW), 0);
	}
	assert_int_equal(service_add(c, "gateway", "docs"), 0);
	contract_backend->sql(c, "UPDATE service SET name = 'archive'");
	assert_int_equal(pat_store_service_get(c->store, "archive", &s), PAT_STORE_E_NOT_FOUND);
}

/* ---- Limits. */

static void limits_come_back_as_they_were(void **state)
{
	struct contract *c = *state;
	int64_t ann = contract_person(c, "ann@x");
	struct pat_new_token *token = contract_token(ann, "narrow");
	struct pat_record r;
	int64_t seq = 0;

	(void)snprintf(token->record.limits, sizeof(token->record.limits), "aud=docs rate=5/60");
	assert_int_equal(contract_create(c, token, &r), 0);
	assert_string_equal(r.limits, "aud=docs rate=5/60");
	assert_int_equal(r.flags, PAT_RECORD_LIMITED);
	assert_string_equal(c->changes[0].record.limits, "aud=docs rate=5/60");
	contract_reopen(c);
	assert_int_equal(pat_store_token_get(c->store, ann, token->record.digest, &r), 0);
	assert_string_equal(r.limits, "aud=docs rate=5/60");
	assert_int_equal(contract_load(c, &seq), 1);

	static const char *const edits[] = {
		"UPDATE token SET limits = ''",
		"UPDATE token SET limits = '', flags = 0",
		"UPDATE token SET limits = 'aud=docs'",
		"UPDATE token SET flags = 0",
	};
	for (size_t i = 0; i < PAT_ARRAY_LEN(edits); i++) {
		contract_backend->sql(c, edits[i]);
		assert_int_equal(pat_store_token_get(c->store, ann, token->record.digest, &r),
		                 PAT_STORE_E_NOT_FOUND);
		assert_int_equal(contract_load(c, &seq), 0);
		contract_backend->sql(c,
		                      "UPDATE token SET limits = 'aud=docs rate=5/60', flags = 1");
		assert_int_equal(contract_load(c, &seq), 1);
	}
}

/* ---- Narrowing. */

static void a_token_loses_scopes(void **state)
{
	struct contract *c = *state;
	int64_t ann = contract_person(c, "ann@x");
	struct pat_record made;
	struct pat_record r;

	contract_created(c, ann, "wide", &made);
	assert_int_equal(pat_store_token_narrow(c->store, ann, made.digest, "files:read",
	                                        &contract_actor, NOW, &r),
	                 0);
	assert_string_equal(r.scopes, "files:read");
	assert_int_equal(r.seq, 2);
	assert_int_equal(c->changes[1].kind, PAT_CHANGE_TOKEN_NARROWED);
	assert_string_equal(c->changes[1].record.scopes, "files:read");
	assert_string_equal(contract_last_audit(c).action, "token.narrowed");
	/* The same again is told again. */
	assert_int_equal(pat_store_token_narrow(c->store, ann, made.digest, "files:read",
	                                        &contract_actor, NOW, &r),
	                 0);
	assert_int_equal(contract_head(c), 3);
	assert_int_equal(c->changes[2].kind, PAT_CHANGE_TOKEN_NARROWED);
	assert_int_equal(pat_store_token_narrow(c->store, ann, made.digest,
	                                        "files:read files:write", &contract_actor, NOW, &r),
	                 PAT_STORE_E_WIDER);
	assert_int_equal(pat_store_token_narrow(c->store, ann + 1, made.digest, "files:read",
	                                        &contract_actor, NOW, &r),
	                 PAT_STORE_E_NOT_FOUND);
	contract_reopen(c);
	assert_int_equal(pat_store_token_get(c->store, ann, made.digest, &r), 0);
	assert_string_equal(r.scopes, "files:read");
	assert_string_equal(r.name, "wide");
}

static void what_has_ended_is_not_narrowed(void **state)
{
	struct contract *c = *state;
	int64_t ann = contract_person(c, "ann@x");
	struct pat_record made;
	struct pat_record r;

	contract_created(c, ann, "wide", &made);
	assert_int_equal(pat_store_token_narrow(c->store, ann, made.digest, "files:read",
	                                        &contract_actor, made.expires_s, &r),
	                 PAT_STORE_E_ENDED);
	assert_int_equal(
		pat_store_token_revoke(c->store, ann, made.digest, &contract_actor, NOW, &r), 0);
	assert_int_equal(pat_store_token_narrow(c->store, ann, made.digest, "files:read",
	                                        &contract_actor, NOW, &r),
	                 PAT_STORE_E_ENDED);
	assert_int_equal(contract_head(c), 2);
}

int contract_product_tests(void)
{
	const struct CMUnitTest tests[] = {
		contract_test(a_document_comes_changes_and_goes),
		contract_test(the_listener_is_told_of_products),
		contract_test(products_are_bounded),
		contract_test(an_edited_document_is_none),
		contract_test(a_service_comes_and_goes),
		contract_test(a_service_is_changed_by_who_has_read_it),
		contract_test(services_are_bounded),
		contract_test(an_edited_portal_is_none),
		contract_test(an_edited_service_is_none),
		contract_test(limits_come_back_as_they_were),
		contract_test(a_token_loses_scopes),
		contract_test(what_has_ended_is_not_narrowed),
	};

	return cmocka_run_group_tests_name("product", tests, NULL, NULL);
}
