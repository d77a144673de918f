/* SPDX-License-Identifier: Apache-2.0
 *
 * People: what they may be called, adding, disabling, and the first account.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "core/private.h"

int pat_core_label_check(const char *text, size_t chars_max, char *out, size_t out_bytes)
{
	switch (pat_text_label(text, chars_max, out, out_bytes)) {
	case 0:
		return 0;
	case PAT_TEXT_E_EMPTY:
		return PAT_CORE_E_NAME_REQUIRED;
	case PAT_TEXT_E_TOO_LONG:
		return PAT_CORE_E_NAME_TOO_LONG;
	default:
		return PAT_CORE_E_NAME_BAD_CHARACTERS;
	}
}

/* One "@", something before it, a dot-separated host after it, no blanks or controls: what mail needs is
 * decided by the mail system; this catches what is plainly not an address. */
int pat_core_email_check(const char *email, char out[static PAT_EMAIL_BYTES_MAX + 1])
{
	size_t len = strlen(email);
	const char *at = strchr(email, '@');

	if (len > PAT_EMAIL_BYTES_MAX || !at || at == email || at[1] == '\0' || strchr(at + 1, '@'))
		return PAT_CORE_E_EMAIL_MALFORMED;
	if (at[1] == '.' || email[len - 1] == '.' || at - email > 64)
		return PAT_CORE_E_EMAIL_MALFORMED;
	for (const unsigned char *c = (const unsigned char *)email; *c; c++)
		if (*c <= 0x20 || *c == 0x7f || strchr("\"<>(),;:\\[]", *c))
			return PAT_CORE_E_EMAIL_MALFORMED;
	if (pat_text_line_chars(email, len) < 0)
		return PAT_CORE_E_EMAIL_MALFORMED;
	memcpy(out, email, len + 1); /* UNSAFE: len checked */
	return 0;
}

/* Checks email, name and password, and hashes the password, into `ret`, a person that can then be stored. */
static int person_prepare(struct pat_core *core, const char *email, const char *name,
                          const char *password, size_t password_len, bool known,
                          struct pat_person *ret)
{
	int r = pat_core_email_check(email, ret->email);

	if (r == 0)
		r = pat_core_label_check(name, PAT_PERSON_NAME_CHARS_MAX, ret->name,
		                         sizeof(ret->name));
	if (r == 0)
		r = pat_password_check(core->password, password, password_len, ret->email,
		                       ret->name);
	if (r == 0)
		r = pat_password_hash(core->password, known, password, password_len, ret->password);
	return r;
}

int pat_core_person_add(struct pat_core *core, const char *email, const char *name, bool admin,
                        const char *password, size_t password_len, const struct pat_actor *actor,
                        int64_t *ret_id)
{
	struct pat_person person = { .admin = admin, .created_s = pat_core_now(core) };
	int r = person_prepare(core, email, name, password, password_len, true, &person);

	if (r != 0)
		return r;
	return pat_core_outcome(
		pat_store_person_create(core->store, &person, actor, person.created_s, ret_id));
}

int pat_core_person_list(struct pat_core *core, int64_t after, unsigned limit, pat_person_fn *fn,
                         void *arg)
{
	return pat_store_person_list(core->store, after, limit, fn, arg);
}

int pat_core_person_set_disabled(struct pat_core *core, int64_t id, bool disabled,
                                 const struct pat_actor *actor, struct pat_receipt *receipt)
{
	int r = pat_core_outcome(pat_store_person_set_disabled(core->store, id, disabled, actor,
	                                                       pat_core_now(core)));

	return r == 0 ? pat_core_settle(core, actor, receipt) : r;
}

/* No email has a colon. */
int pat_core_person_named(struct pat_core *core, const char *who, struct pat_person *ret)
{
	const char *colon = strchr(who, ':');
	char service[PAT_LIMIT_PRODUCT_MAX + 1];

	if (!colon || (size_t)(colon - who) >= sizeof(service))
		return pat_core_outcome(pat_store_person_by_email(core->store, who, ret));
	(void)snprintf(service, sizeof(service), "%.*s", (int)(colon - who), who);
	return pat_core_outcome(pat_store_portal_person(core->store, service, colon + 1, ret));
}

int pat_core_person_disable(struct pat_core *core, const char *who, bool disabled,
                            const struct pat_actor *actor, int64_t *ret_id)
{
	struct pat_person person;
	int r = pat_core_person_named(core, who, &person);

	if (r == 0)
		r = pat_core_person_set_disabled(core, person.id, disabled, actor, NULL);
	if (r == 0)
		*ret_id = person.id;
	pat_wipe(&person, sizeof(person));
	return r;
}

int pat_core_person_password(struct pat_core *core, const char *email, const char *password,
                             size_t password_len, const struct pat_actor *actor, int64_t *ret_id)
{
	struct pat_person person;
	char phc[PAT_PHC_BYTES_MAX + 1];
	int64_t ended = 0;
	int r = pat_core_outcome(pat_store_person_by_email(core->store, email, &person));

	if (r == 0)
		r = pat_password_check(core->password, password, password_len, person.email,
		                       person.name);
	if (r == 0)
		r = pat_password_hash(core->password, true, password, password_len, phc);
	if (r == 0)
		r = pat_core_outcome(pat_store_person_set_password(
			core->store, person.id, phc, "password.changed", true, 0, actor,
			pat_core_now(core), &ended));
	if (r == 0)
		*ret_id = person.id;
	pat_wipe(&person, sizeof(person));
	return r;
}

/* What a product is told of a person that was looked up. */
static int person_for_product(int r, struct pat_person *person)
{
	if (r != 0)
		return pat_core_outcome(r);
	pat_wipe(person->password, sizeof(person->password));
	return person->disabled ? PAT_CORE_E_NOT_FOUND : 0;
}

int pat_core_person_known(struct pat_core *core, int64_t id, struct pat_person *ret)
{
	int r = pat_store_person_by_id(core->store, id, ret);

	if (r != 0)
		return pat_core_outcome(r);
	pat_wipe(ret->password, sizeof(ret->password));
	return 0;
}

int pat_core_person_get(struct pat_core *core, int64_t id, struct pat_person *ret)
{
	return person_for_product(pat_store_person_by_id(core->store, id, ret), ret);
}

int pat_core_person_find(struct pat_core *core, const char *email, struct pat_person *ret)
{
	return person_for_product(pat_store_person_by_email(core->store, email, ret), ret);
}

int pat_core_audit_list(struct pat_core *core, int64_t after, unsigned limit, pat_audit_fn *fn,
                        void *arg)
{
	return pat_store_audit_list(core->store, after, limit, fn, arg);
}

int pat_core_audit_verify(struct pat_core *core, bool *ret_whole, int64_t *ret_id)
{
	int r = pat_store_audit_verify(core->store, ret_id);

	*ret_whole = r == 0;
	return r == PAT_STORE_E_CHAIN ? 0 : r;
}

/* ---- The first account. */

int pat_core_setup_needed(struct pat_core *core, bool *ret)
{
	bool any = false;
	int r = pat_store_people_any(core->store, &any);

	if (r == 0)
		*ret = !any;
	return r;
}

int pat_core_setup_begin(struct pat_core *core, struct pat_secret *ret_code)
{
	struct pat_secret code;
	uint8_t hash[32];
	int r = pat_secret_random(&code);

	if (r == 0)
		pat_sha256(code.text, code.len, hash);
	if (r == 0)
		r = pat_core_outcome(pat_store_setup_code_set(core->store, hash));
	if (r == 0)
		*ret_code = code;
	pat_secret_done(&code);
	return r;
}

int pat_core_setup_complete(struct pat_core *core, const char *code, const char *email,
                            const char *name, const char *password, size_t password_len,
                            const struct pat_actor *actor, struct pat_signed_in *ret)
{
	struct pat_person person = { .admin = true, .created_s = pat_core_now(core) };
	uint8_t hash[32];
	bool needed = false;

	*ret = (struct pat_signed_in){ 0 };
	int r = pat_core_setup_needed(core, &needed);
	if (r < 0)
		return r;
	if (!needed)
		return PAT_CORE_E_SETUP_DONE;
	ret->retry_after_s = pat_throttle_attempt(core->throttle, "set-up", actor->address, true,
	                                          pat_clock_boot_ns());
	if (ret->retry_after_s > 0)
		return PAT_CORE_E_TOO_MANY;
	r = person_prepare(core, email, name, password, password_len, false, &person);
	pat_sha256(code, strlen(code), hash);
	if (r == 0)
		r = pat_core_outcome(pat_store_setup_complete(core->store, hash, &person, actor,
		                                              person.created_s, &person.id));
	/* Only a wrong code is a guess. */
	if (r != PAT_CORE_E_SETUP_CODE)
		pat_throttle_undo(core->throttle, "set-up", actor->address);
	if (r == 0)
		r = pat_core_session_start(core, &person, actor, ret);
	pat_wipe(&person, sizeof(person));
	return r;
}
