/* SPDX-License-Identifier: Apache-2.0
 *
 * Products' own people. Their product vouches for them: it asks for a link with its service's credential and sends them there. The
 * link opens a session once, in which they manage tokens that are for that product only, and nothing else (web/router.h).
 *
 * To products such a person is SERVICE:SUBJECT. A service's name begins with a letter and a number does not, so nobody's subject
 * can look like an account's number.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "core/private.h"
#include "core/target.h"
#include "token/subset.h"

#define LINK_S           120
#define LINKS_MAX        30 /* of a person */
#define LINKS_WINDOW_S   60
#define REFUSED_MAX      30 /* of an address */
#define REFUSED_WINDOW_S 60

/* ---- Whom the link is for. */

static bool subject_ok(const char *subject)
{
	size_t len = 0;

	while (subject[len] > 0x20 && subject[len] < 0x7f)
		len++;
	return subject[len] == '\0' && len > 0 && len <= PAT_SUBJECT_BYTES_MAX;
}

static int person_check(const struct pat_service *service, const struct pat_portal_request *request,
                        struct pat_person *person)
{
	if (!subject_ok(request->subject))
		return PAT_CORE_E_SUBJECT;
	(void)snprintf(person->service, sizeof(person->service), "%s", service->name);
	(void)snprintf(person->subject, sizeof(person->subject), "%s", request->subject);
	int r = pat_core_label_check(request->name, PAT_PERSON_NAME_CHARS_MAX, person->name,
	                             sizeof(person->name));
	return r == 0 && request->email ? pat_core_email_check(request->email, person->email) : r;
}

/* Where there are no scopes nobody can generate a token. Who has been here may have some from before, and has to be able to
 * revoke them. */
static int use_check(struct pat_core *core, const struct pat_service *service,
                     const struct pat_person *person)
{
	struct pat_person known;

	if (pat_core_product_scopes(core, service->product) > 0)
		return 0;
	int r = pat_store_portal_person(core->store, person->service, person->subject, &known);
	return r == PAT_STORE_E_NOT_FOUND ? PAT_CORE_E_PORTAL_SCOPES : pat_core_outcome(r);
}

/* ---- The link. */

static int link_outcome(int store_outcome)
{
	if (store_outcome == PAT_STORE_E_DISABLED)
		return PAT_CORE_E_PERSON_DISABLED;
	/* The service was removed while it asked. */
	return store_outcome == PAT_STORE_E_NOT_FOUND ? PAT_CORE_E_CREDENTIALS
	                                              : pat_core_outcome(store_outcome);
}

static unsigned link_throttle(struct pat_core *core, const struct pat_person *person)
{
	char kind[sizeof("link ") + PAT_KNOWN_AS_BYTES_MAX];

	(void)snprintf(kind, sizeof(kind), "link %s:%s", person->service, person->subject);
	return pat_throttle_allow(core->throttle, kind, 0, LINKS_MAX, LINKS_WINDOW_S,
	                          pat_clock_boot_ns());
}

static int link_store(struct pat_core *core, const struct pat_person *person,
                      const char *return_url, const struct pat_actor *actor,
                      struct pat_portal_answer *ret)
{
	int64_t now_s = pat_core_now(core);
	struct pat_portal_link link = { .return_url = return_url, .expires_s = now_s + LINK_S };
	int r = pat_secret_random(&ret->code);

	if (r < 0)
		return r;
	pat_sha256(ret->code.text, ret->code.len, link.hash);
	r = pat_store_portal_link(core->store, person, &link, actor, now_s, &ret->person);
	ret->expires_s = link.expires_s;
	if (r != 0)
		pat_secret_done(&ret->code);
	return link_outcome(r);
}

int pat_core_portal_link(struct pat_core *core, const struct pat_service *service,
                         const struct pat_portal_request *request, const struct pat_actor *actor,
                         struct pat_portal_answer *ret)
{
	struct pat_person person = { 0 };

	*ret = (struct pat_portal_answer){ 0 };
	if (!service->origins[0])
		return PAT_CORE_E_PORTAL_NONE;
	int r = person_check(service, request, &person);
	if (r != 0)
		return r;
	if (strlen(request->return_url) > PAT_RETURN_URL_BYTES_MAX ||
	    !pat_target_ok(service->origins, request->return_url))
		return PAT_CORE_E_RETURN_URL;
	r = use_check(core, service, &person);
	if (r != 0)
		return r;
	ret->retry_after_s = link_throttle(core, &person);
	if (ret->retry_after_s > 0)
		return PAT_CORE_E_TOO_MANY;
	return link_store(core, &person, request->return_url, actor, ret);
}

/* ---- Opening it. A code of 256 bits is not guessed: who has a right one is let through, whoever tries beside him. */

int pat_core_portal_open(struct pat_core *core, const char *code, const struct pat_actor *actor,
                         struct pat_signed_in *ret)
{
	char where[PAT_THROTTLE_ADDRESS_BYTES];
	char kind[sizeof("open ") + sizeof(where)];
	struct pat_person person = { 0 };
	uint8_t hash[PAT_SHA256_BYTES];
	int64_t now_s = pat_core_now(core);

	*ret = (struct pat_signed_in){ 0 };
	pat_sha256(code, strlen(code), hash);
	int r = pat_core_session_prepare(core, &person, actor, now_s, ret);
	if (r < 0)
		return r;
	r = pat_store_portal_open(core->store, hash, &ret->session, actor, now_s, &person);
	if (r <= 0)
		return pat_core_session_finish(&person, r, ret);
	r = pat_core_session_finish(&person, PAT_CORE_E_LINK, ret);
	pat_throttle_address(actor->address, where);
	(void)snprintf(kind, sizeof(kind), "open %s", where);
	ret->retry_after_s = pat_throttle_allow(core->throttle, kind, 0, REFUSED_MAX,
	                                        REFUSED_WINDOW_S, pat_clock_boot_ns());
	return ret->retry_after_s > 0 ? PAT_CORE_E_TOO_MANY : r;
}

/* ---- What it is for. */

bool pat_core_portal_person(const struct pat_person *person)
{
	return person->service[0] != '\0';
}

int pat_core_portal_service(struct pat_core *core, const struct pat_person *person,
                            struct pat_service *ret)
{
	return pat_core_outcome(pat_store_service_get(core->store, person->service, ret));
}

int pat_core_portal_token(const struct pat_person *person, const char *product,
                          struct pat_record *record)
{
	char only[sizeof("aud=") + PAT_LIMIT_PRODUCT_MAX];

	(void)snprintf(record->known_as, sizeof(record->known_as), "%s:%s", person->service,
	               person->subject);
	(void)snprintf(only, sizeof(only), "aud=%s", product);
	if (pat_subset_limits_fill(record->limits, only) != 0)
		return PAT_CORE_E_LIMIT_TOO_MANY;
	return pat_subset_limits(record->limits, only) ? 0 : PAT_CORE_E_PRODUCT_UNKNOWN;
}
