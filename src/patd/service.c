/* SPDX-License-Identifier: Apache-2.0
 *
 * `patd service …`, with patd running or not.
 */
#include "patd/service.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "patd/command.h"

static const char usage[] =
	"usage: patd service COMMAND [--setting value …]\n"
	"\n"
	"  add NAME [--product PRODUCT]   a program that may ask about tokens and revoke them; prints its secret, once\n"
	"      [--portal --return ORIGIN … [--title TEXT] [--accent #rrggbb]]\n"
	"                                 and may send the product's own people to their tokens\n"
	"  edit NAME [the same flags]     changes what is said, and nothing else; the secret stays\n"
	"  rotate NAME                    prints another secret, once; the former one is refused from then on\n"
	"  list\n"
	"  remove NAME\n";

void pat_command_service_usage(FILE *to)
{
	(void)fputs(usage, to);
}

/* ---- Doing. */

#define ORIGINS_MAX 16

static const struct pat_actor cli = { .via = "cli" };

static json_t *failed(int outcome)
{
	const char *sentence = "the store failed; nothing was changed (the log says more)";

	switch (outcome) {
	case PAT_CORE_E_NOT_FOUND:
		sentence = "there is no service of this name";
		break;
	case PAT_CORE_E_SERVICE_NAME:
		sentence =
			"a service's name is a lower case letter, then those, digits and \"-\", at "
			"most 64";
		break;
	case PAT_CORE_E_SERVICE_TAKEN:
		sentence = "there is a service of this name already";
		break;
	case PAT_CORE_E_PRODUCT_UNKNOWN:
		sentence = "there is no product of this name (patd policy list)";
		break;
	case PAT_CORE_E_PRODUCT_LIMIT:
		sentence = "there are 1000 services, and no more can be";
		break;
	case PAT_CORE_E_PORTAL_PRODUCT:
		sentence = "--portal takes the --product of which the people are, one that was "
			   "imported (patd policy list)";
		break;
	case PAT_CORE_E_PORTAL_NONE:
		sentence = "--return, --title and --accent are for a service with a portal: say "
			   "--portal";
		break;
	case PAT_CORE_E_PORTAL_KEPT:
		sentence = "the product of a service with a portal stays: its people's tokens are "
			   "for that one";
		break;
	case PAT_CORE_E_ORIGIN:
		sentence = "--portal takes --return with an origin such as https://shop.example, "
			   "nothing behind it; several of at most 1024 bytes together";
		break;
	case PAT_CORE_E_TITLE:
		sentence = "the title is 1 to 60 characters";
		break;
	case PAT_CORE_E_ACCENT:
		sentence = "the accent is a colour such as #0b6e4f";
		break;
	case PAT_STORE_UNKNOWN:
		sentence = "it is not known whether this was done: look before you try again";
		break;
	case -ENOSPC:
		sentence = "the disk is full; nothing was changed";
		break;
	default:
		break;
	}
	return json_pack("{s:b, s:s}", "ok", 0, "error", sentence);
}

static const char *text(const json_t *request, const char *key)
{
	const char *value = json_string_value(json_object_get(request, key));

	return value ? value : "";
}

/* How many there are, of which ORIGINS_MAX are taken. */
static size_t origins_take(const json_t *request, const char *origins[static ORIGINS_MAX])
{
	const json_t *list = json_object_get(request, "return");
	size_t n = json_array_size(list);

	for (size_t i = 0; i < n && i < ORIGINS_MAX; i++)
		origins[i] = json_string_value(json_array_get(list, i));
	return n;
}

static json_t *service_add(struct pat_core *core, const json_t *request)
{
	pat_cleanup(pat_secret_done) struct pat_secret secret = { 0 };
	const char *name = text(request, "name");
	const char *origins[ORIGINS_MAX] = { 0 };
	size_t n = origins_take(request, origins);

	int r = n > ORIGINS_MAX
	                ? PAT_CORE_E_ORIGIN
	                : pat_core_service_add(core,
	                                       &(struct pat_service_request){
						       .name = name,
						       .product = text(request, "product"),
						       .portal = json_is_true(
							       json_object_get(request, "portal")),
						       .origins = origins,
						       .n_origins = n,
						       .title = text(request, "title"),
						       .accent = text(request, "accent"),
					       },
	                                       &cli, &secret);

	if (r != 0)
		return failed(r);
	pat_log(PAT_LOG_INFO, "service.added", "service", name, "via", "cli", NULL);
	return json_pack("{s:b, s:s}", "ok", 1, "secret", secret.text);
}

static json_t *service_edit(struct pat_core *core, const json_t *request)
{
	const char *name = text(request, "name");
	const char *origins[ORIGINS_MAX] = { 0 };
	struct pat_service_change change = {
		.product = json_string_value(json_object_get(request, "product")),
		.portal = json_is_true(json_object_get(request, "portal")),
		.origins = origins,
		.n_origins = origins_take(request, origins),
		.title = json_string_value(json_object_get(request, "title")),
		.accent = json_string_value(json_object_get(request, "accent")),
	};

	int r = change.n_origins > ORIGINS_MAX ? PAT_CORE_E_ORIGIN
	                                       : pat_core_service_edit(core, name, &change, &cli);
	if (r != 0)
		return failed(r);
	pat_log(PAT_LOG_INFO, "service.edited", "service", name, "via", "cli", NULL);
	return json_pack("{s:b}", "ok", 1);
}

static json_t *service_rotate(struct pat_core *core, const json_t *request)
{
	pat_cleanup(pat_secret_done) struct pat_secret secret = { 0 };
	const char *name = text(request, "name");
	int r = pat_core_service_rotate(core, name, &cli, &secret);

	if (r != 0)
		return failed(r);
	pat_log(PAT_LOG_INFO, "service.rotated", "service", name, "via", "cli", NULL);
	return json_pack("{s:b, s:s}", "ok", 1, "secret", secret.text);
}

static json_t *service_remove(struct pat_core *core, const json_t *request)
{
	const char *name = text(request, "name");
	int r = pat_core_service_remove(core, name, &cli);

	if (r != 0)
		return failed(r);
	pat_log(PAT_LOG_INFO, "service.removed", "service", name, "via", "cli", NULL);
	return json_pack("{s:b}", "ok", 1);
}

static int list_one(void *arg, const struct pat_service *service)
{
	char created[PAT_TIME_TEXT_BYTES];

	pat_time_format(service->created_s, created);
	return json_array_append_new(arg, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "name",
	                                            service->name, "product", service->product,
	                                            "created_at", created, "origins",
	                                            service->origins, "title", service->title,
	                                            "accent", service->accent)) == 0
	               ? 0
	               : -ENOMEM;
}

static json_t *service_list(struct pat_core *core)
{
	json_t *list = json_array();
	int r = list ? pat_core_service_list(core, list_one, list) : -ENOMEM;

	if (r != 0) {
		json_decref(list);
		return failed(r);
	}
	return json_pack("{s:b, s:o}", "ok", 1, "services", list);
}

json_t *pat_services_do(struct pat_core *core, const json_t *request)
{
	const char *what = text(request, "do");

	if (strcmp(what, "service add") == 0)
		return service_add(core, request);
	if (strcmp(what, "service edit") == 0)
		return service_edit(core, request);
	if (strcmp(what, "service rotate") == 0)
		return service_rotate(core, request);
	if (strcmp(what, "service list") == 0)
		return service_list(core);
	return strcmp(what, "service remove") == 0 ? service_remove(core, request) : NULL;
}

/* ---- Asking. */

/* The member of a flag's text, or NULL. */
static const char *flag_member(const char *flag)
{
	static const char *const known[] = { "--product", "--title", "--accent" };

	for (size_t i = 0; i < PAT_ARRAY_LEN(known); i++)
		if (strcmp(flag, known[i]) == 0)
			return known[i] + 2;
	return NULL;
}

/* What follows the name. A theme without --portal would be for nobody, unless there is one already. */
static int parse_flags(int n_words, char **words, bool adds, json_t *request)
{
	json_t *origins = json_array();
	bool portal = false;
	bool themed = false;

	(void)json_object_set_new(request, "return", origins);
	for (int i = 0; i < n_words; i++) {
		const char *member = flag_member(words[i]);
		bool origin = strcmp(words[i], "--return") == 0;

		if (strcmp(words[i], "--portal") == 0) {
			portal = true;
			continue;
		}
		if ((!member && !origin) || i + 1 == n_words)
			return -EINVAL;
		themed |= origin || strcmp(member, "product") != 0;
		json_t *value = json_string(words[++i]);
		if ((origin ? json_array_append_new(origins, value)
		            : json_object_set_new(request, member, value)) < 0)
			return -EINVAL;
	}
	(void)json_object_set_new(request, "portal", json_boolean(portal));
	return adds && themed && !portal ? -EINVAL : 0;
}

static int parse(int n_words, char **words, json_t *request)
{
	const char *what = n_words > 0 ? words[0] : "";
	bool adds = strcmp(what, "add") == 0;
	bool edits = strcmp(what, "edit") == 0;
	bool lists = strcmp(what, "list") == 0;
	char full[32];

	if (!adds && !edits && !lists && strcmp(what, "rotate") != 0 && strcmp(what, "remove") != 0)
		return -EINVAL;
	if (adds || edits ? n_words < (adds ? 2 : 3) : n_words != (lists ? 1 : 2))
		return -EINVAL;
	(void)snprintf(full, sizeof(full), "service %s", what);
	(void)json_object_set_new(request, "do", json_string(full));
	if (!lists && json_object_set_new(request, "name", json_string(words[1])) < 0)
		return -EINVAL;
	return adds || edits ? parse_flags(n_words - 2, words + 2, adds, request) : 0;
}

static void print_service(const json_t *s)
{
	(void)printf("%-32s %-32s %s\n", text(s, "name"),
	             text(s, "product")[0] ? text(s, "product") : "-", text(s, "created_at"));
	if (text(s, "origins")[0])
		(void)printf("    portal of %s%s%s, back to %s\n", text(s, "title"),
		             text(s, "accent")[0] ? " in " : "", text(s, "accent"),
		             text(s, "origins"));
}

static int report(const json_t *request, const json_t *answer, struct pat_err *err)
{
	const char *error = json_string_value(json_object_get(answer, "error"));
	const char *secret = json_string_value(json_object_get(answer, "secret"));
	size_t i = 0;
	const json_t *s = NULL;

	if (!json_is_true(json_object_get(answer, "ok")))
		return pat_err_set(err, -EINVAL, "%s", error ? error : "the answer made no sense");
	if (secret)
		(void)printf("%s\n", secret);
	json_array_foreach(json_object_get(answer, "services"), i, s) print_service(s);
	if (strcmp(text(request, "do"), "service remove") == 0)
		(void)printf("%s may not ask any more.\n", text(request, "name"));
	if (strcmp(text(request, "do"), "service edit") == 0)
		(void)printf("%s is changed, and has the secret it had.\n", text(request, "name"));
	return 0;
}

int pat_command_service(const struct pat_settings *settings, int n_words, char **words)
{
	struct pat_err err = { { 0 } };
	json_t *request = json_object();
	json_t *answer = NULL;
	int r = parse(n_words, words, request);

	if (r < 0) {
		pat_command_service_usage(stderr);
		json_decref(request);
		return 2;
	}
	r = pat_command_ask(settings, request, false, &answer, &err);
	if (r == 0)
		r = report(request, answer, &err);
	json_decref(request);
	json_decref(answer);
	return r < 0 ? pat_command_failed(&err) : 0;
}
