/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests about people.
 */
#include "patd/people.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

static const struct pat_actor cli = { .via = "cli" };

static json_t *failed(const char *sentence)
{
	return json_pack("{s:b, s:s}", "ok", 0, "error", sentence);
}

/* What an outcome means to somebody at a command line. */
static const char *sentence(int outcome)
{
	switch (outcome) {
	case PAT_CORE_E_NOT_FOUND:
		return "nobody has this email address";
	case PAT_CORE_E_EMAIL_MALFORMED:
		return "this is not an email address";
	case PAT_CORE_E_EMAIL_TAKEN:
		return "somebody has this email address already";
	case PAT_CORE_E_NAME_REQUIRED:
		return "a name is required (--name)";
	case PAT_CORE_E_NAME_TOO_LONG:
		return "the name is longer than 100 characters";
	case PAT_CORE_E_NAME_BAD_CHARACTERS:
		return "the name has control characters or is not UTF-8";
	case PAT_CORE_E_PASSWORD_TOO_SHORT:
		return "the password is shorter than 15 characters";
	case PAT_CORE_E_PASSWORD_TOO_LONG:
		return "the password is longer than 4096 bytes";
	case PAT_CORE_E_PASSWORD_BAD_CHARACTERS:
		return "the password is not UTF-8";
	case PAT_CORE_E_PASSWORD_TOO_COMMON:
		return "the password is one of those that everybody tries first";
	case PAT_CORE_E_PASSWORD_IS_PERSONAL:
		return "the password is made of the person's own name or email address";
	case -EBUSY:
		return "patd is busy; try again";
	case PAT_STORE_UNKNOWN:
		return "it is not known whether this was done: look before you try again";
	case -ENOSPC:
		return "the disk is full; nothing was changed";
	default:
		return "the store failed; nothing was changed (the log says more)";
	}
}

static json_t *answer(int outcome)
{
	if (outcome != 0)
		return failed(sentence(outcome));
	return json_pack("{s:b}", "ok", 1);
}

static const char *text(const json_t *request, const char *key)
{
	const char *value = json_string_value(json_object_get(request, key));

	return value ? value : "";
}

static json_t *person_add(struct pat_core *core, const json_t *request)
{
	const json_t *password = json_object_get(request, "password");
	int64_t id = 0;
	char number[PAT_NUM_BYTES];
	int r = pat_core_person_add(core, text(request, "email"), text(request, "name"),
	                            json_is_true(json_object_get(request, "admin")),
	                            text(request, "password"), json_string_length(password), &cli,
	                            &id);

	if (r != 0)
		return answer(r);
	pat_log(PAT_LOG_INFO, "person.created", "person", pat_num(number, id), "via", "cli", NULL);
	return json_pack("{s:b, s:I}", "ok", 1, "id", (json_int_t)id);
}

static int list_one(void *arg, const struct pat_person *person)
{
	json_t *list = arg;
	char created[PAT_TIME_TEXT_BYTES];

	pat_time_format(person->created_s, created);
	return json_array_append_new(
		       list, json_pack("{s:I, s:s, s:s, s:b, s:b, s:s, s:s, s:s}", "id",
	                               (json_int_t)person->id, "email", person->email, "name",
	                               person->name, "admin", person->admin, "disabled",
	                               person->disabled, "created_at", created, "service",
	                               person->service, "subject", person->subject)) == 0
	               ? 0
	               : -ENOMEM;
}

static json_t *person_list(struct pat_core *core)
{
	json_t *list = json_array();
	int r = list ? pat_core_person_list(core, 0, UINT32_MAX, list_one, list) : -ENOMEM;

	if (r != 0) {
		json_decref(list);
		return answer(r);
	}
	return json_pack("{s:b, s:o}", "ok", 1, "people", list);
}

static json_t *person_disable(struct pat_core *core, const json_t *request, bool disabled)
{
	int64_t id = 0;
	char number[PAT_NUM_BYTES];
	int r = pat_core_person_disable(core, text(request, "email"), disabled, &cli, &id);

	if (r == 0)
		pat_log(PAT_LOG_INFO, disabled ? "person.disabled" : "person.enabled", "person",
		        pat_num(number, id), "via", "cli", NULL);
	if (r == PAT_CORE_E_NOT_FOUND && strchr(text(request, "email"), ':'))
		return failed("no service has sent a person of this subject");
	return answer(r);
}

static json_t *person_password(struct pat_core *core, const json_t *request)
{
	int64_t id = 0;
	char number[PAT_NUM_BYTES];
	int r = pat_core_person_password(core, text(request, "email"), text(request, "password"),
	                                 json_string_length(json_object_get(request, "password")),
	                                 &cli, &id);

	if (r == 0)
		pat_log(PAT_LOG_INFO, "password.changed", "person", pat_num(number, id), "via",
		        "cli", NULL);
	return answer(r);
}

json_t *pat_people_do(struct pat_core *core, const json_t *request)
{
	const char *what = text(request, "do");

	if (strcmp(what, "add") == 0)
		return person_add(core, request);
	if (strcmp(what, "list") == 0)
		return person_list(core);
	if (strcmp(what, "disable") == 0)
		return person_disable(core, request, true);
	if (strcmp(what, "enable") == 0)
		return person_disable(core, request, false);
	if (strcmp(what, "password") == 0)
		return person_password(core, request);
	return failed("the running patd does not know this request; is it another version?");
}
