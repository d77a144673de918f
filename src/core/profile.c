/* SPDX-License-Identifier: Apache-2.0
 *
 * What a person changes of himself: name, email, picture, what mail he wants. The email is what one signs in with, so changing it takes the password,
 * proven as at sign-in: slowed down, on the bounded hands, and still the password when the change is made.
 */
#include <string.h>

#include "base/clock.h"
#include "core/picture.h"
#include "core/private.h"

/* Each change is an audit record for ever; more than this is a script gone wrong. */
#define CHANGES_PER_HOUR_MAX 100

/* What was asked for, checked: NULL stays as it is. */
struct checked {
	char name_text[PAT_PERSON_NAME_BYTES_MAX + 1];
	char email_text[PAT_EMAIL_BYTES_MAX + 1];
	const char *name;
	const char *email;
};

static int check(const struct pat_profile_request *request, struct checked *ret)
{
	int r = 0;

	*ret = (struct checked){ 0 };
	if (request->name) {
		r = pat_core_label_check(request->name, PAT_PERSON_NAME_CHARS_MAX, ret->name_text,
		                         sizeof(ret->name_text));
		ret->name = ret->name_text;
	}
	if (r == 0 && request->email) {
		r = pat_core_email_check(request->email, ret->email_text);
		ret->email = ret->email_text;
	}
	return r;
}

/* `person` is as it is stored, with the password's hash, which is the proof if it is proven. */
static int prove(struct pat_core *core, const struct pat_profile_request *request,
                 const struct pat_person *person, struct pat_actor *actor,
                 unsigned *ret_retry_after_s)
{
	if (!request->current)
		return PAT_CORE_E_PASSWORD_REQUIRED;
	int r = pat_core_prove(core, person, person->email, request->current, request->current_len,
	                       true, actor, ret_retry_after_s);
	if (r == 0)
		actor->proven = person->password;
	return r;
}

static int change(struct pat_core *core, const struct pat_profile_request *request,
                  struct pat_person *person, const struct pat_actor *actor,
                  unsigned *ret_retry_after_s)
{
	struct pat_actor self = *actor;
	struct pat_person before;
	struct checked checked;

	int r = check(request, &checked);
	if (r == 0)
		r = pat_core_outcome(pat_store_person_by_id(core->store, person->id, &before));
	if (r != 0)
		return r;
	if (checked.email && strcmp(checked.email, before.email) != 0)
		r = prove(core, request, &before, &self, ret_retry_after_s);
	if (r == 0)
		r = pat_core_outcome(pat_store_person_set_profile(
			core->store, person->id, checked.name, checked.email, &self,
			pat_core_now(core), person));
	pat_wipe(&before, sizeof(before));
	return r;
}

/* 0, and one change of this hour is used; or E_TOO_MANY. */
static int allow(struct pat_core *core, const struct pat_signed_in *who,
                 struct pat_profile_answer *ret)
{
	*ret = (struct pat_profile_answer){ .person = who->person };
	ret->retry_after_s = pat_throttle_allow(core->throttle, "profile", who->person.id,
	                                        CHANGES_PER_HOUR_MAX, 3600, pat_clock_boot_ns());
	return ret->retry_after_s > 0 ? PAT_CORE_E_TOO_MANY : 0;
}

/* What was refused does not count; what became of the rest. */
static int settle(struct pat_core *core, const struct pat_person *before, int r,
                  struct pat_profile_answer *ret)
{
	const struct pat_person *now = &ret->person;

	pat_wipe(ret->person.password, sizeof(ret->person.password));
	if (r != 0) {
		pat_throttle_give_back(core->throttle, "profile", before->id);
		return r;
	}
	ret->renamed = strcmp(now->name, before->name) != 0;
	ret->email_changed = strcmp(now->email, before->email) != 0;
	ret->wishes_changed = now->wishes != before->wishes;
	ret->picture_changed = !pat_picture_same(&now->picture, &before->picture);
	return 0;
}

int pat_core_profile_change(struct pat_core *core, const struct pat_signed_in *who,
                            const struct pat_profile_request *request,
                            const struct pat_actor *actor, struct pat_profile_answer *ret)
{
	int r = allow(core, who, ret);

	if (r != 0)
		return r;
	r = change(core, request, &ret->person, actor, &ret->retry_after_s);
	return settle(core, &who->person, r, ret);
}

int pat_core_wishes_change(struct pat_core *core, const struct pat_signed_in *who, unsigned wishes,
                           const struct pat_actor *actor, struct pat_profile_answer *ret)
{
	int r = allow(core, who, ret);

	if (r != 0)
		return r;
	r = pat_core_outcome(pat_store_person_set_wishes(core->store, who->person.id, wishes, actor,
	                                                 pat_core_now(core), &ret->person));
	return settle(core, &who->person, r, ret);
}

int pat_core_picture_change(struct pat_core *core, const struct pat_signed_in *who,
                            enum pat_picture_kind kind, const void *bytes, size_t len,
                            const struct pat_actor *actor, struct pat_profile_answer *ret)
{
	struct pat_picture picture = { .kind = kind };
	uint8_t hash[PAT_SHA256_BYTES];

	int r = allow(core, who, ret);
	if (r != 0)
		return r;
	if (kind != PAT_PICTURE_NONE)
		r = pat_picture_check(kind, bytes, len);
	if (r == 0 && kind != PAT_PICTURE_NONE) {
		pat_sha256(bytes, len, hash);
		memcpy(picture.hash, hash, sizeof(picture.hash)); /* UNSAFE: its first half */
	}
	if (r == 0)
		r = pat_core_outcome(
			pat_store_person_set_picture(core->store, who->person.id, &picture, bytes,
		                                     len, actor, pat_core_now(core), &ret->person));
	return settle(core, &who->person, r, ret);
}

int pat_core_picture_get(struct pat_core *core, int64_t person, const struct pat_picture *picture,
                         struct pat_buf *out)
{
	return pat_core_outcome(pat_store_person_picture(core->store, person, picture, out));
}
