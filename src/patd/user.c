/* SPDX-License-Identifier: Apache-2.0
 *
 * `patd user …`, with patd running or not: a request is made of the words and either sent to the running patd or
 * done here on the store. Done here, an index that verifiers may still be reading is rebuilt too, so that
 * "disabled" is true at once for an edge that outlived its patd.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/core.h"
#include "index/layout.h"
#include "patd/command.h"
#include "patd/control.h"
#include "patd/people.h"

int pat_command_failed(const struct pat_err *err)
{
	(void)fprintf(stderr, "patd: %s\n", err->text);
	return 1;
}

/* The password on standard input, without its line end. */
static int read_password(json_t *request, struct pat_err *err)
{
	char password[4097];
	size_t len = 0;
	ssize_t n = 0;

	if (isatty(STDIN_FILENO))
		(void)fputs("Password (shown as you type; end with Enter): ", stderr);
	while (len < sizeof(password) &&
	       (n = read(STDIN_FILENO, password + len, sizeof(password) - len)) > 0) {
		len += (size_t)n;
		if (memchr(password, '\n', len))
			break;
	}
	char *end = memchr(password, '\n', len);
	if (end)
		len = (size_t)(end - password);
	if (len > 0 && password[len - 1] == '\r')
		len--;
	int r = len > 4096 ? pat_err_set(err, -EINVAL, "the password is longer than 4096 bytes")
	                   : 0;
	if (r == 0 && json_object_set_new(request, "password", json_stringn(password, len)) < 0)
		r = pat_err_set(err, -EINVAL, "the password is not UTF-8");
	pat_wipe(password, sizeof(password));
	return r;
}

/* Makes the request of the words. -EINVAL without a sentence: wrong usage. */
static int parse(int n_words, char **words, json_t *request, struct pat_err *err)
{
	const char *what = n_words > 0 && words[0] ? words[0] : "";
	bool adds = strcmp(what, "add") == 0;
	bool sets = strcmp(what, "password") == 0;
	bool lists = strcmp(what, "list") == 0;
	bool reads = false;

	if (!adds && !sets && !lists && strcmp(what, "disable") != 0 && strcmp(what, "enable") != 0)
		return -EINVAL;
	if (lists ? n_words != 1 : n_words < 2)
		return -EINVAL;
	(void)json_object_set_new(request, "do", json_string(what));
	if (!lists && json_object_set_new(request, "email", json_string(words[1])) < 0)
		return pat_err_set(err, -EINVAL, "the email address is not UTF-8");
	for (int i = 2; i < n_words && words[i]; i++) {
		if (adds && strcmp(words[i], "--name") == 0 && words[i + 1]) {
			if (json_object_set_new(request, "name", json_string(words[++i])) < 0)
				return pat_err_set(err, -EINVAL, "the name is not UTF-8");
		} else if (adds && strcmp(words[i], "--admin") == 0) {
			(void)json_object_set_new(request, "admin", json_true());
		} else if ((adds || sets) && strcmp(words[i], "--password-stdin") == 0) {
			reads = true;
		} else {
			return -EINVAL;
		}
	}
	if ((adds || sets) && !reads)
		return pat_err_set(
			err, -EINVAL,
			"give the password on standard input, and say so with --password-stdin");
	return reads ? read_password(request, err) : 0;
}

static bool index_there(const struct pat_place *place)
{
	char path[sizeof(place->runtime) + sizeof(PAT_INDEX_FILE) + 1];

	(void)snprintf(path, sizeof(path), "%s/%s", place->runtime, PAT_INDEX_FILE);
	return access(path, F_OK) == 0;
}

/* No patd is running: open what it would open, do the request, close. */
static int do_here(const struct pat_settings *settings, const struct pat_place *place,
                   const json_t *request, json_t **ret, struct pat_err *err)
{
	struct pat_catalogue *catalogue = NULL;
	struct pat_core_config config;
	struct pat_core *core = NULL;

	int r = pat_catalogue_load(place->scopes, &catalogue, err);
	if (r == 0)
		r = pat_command_core_config(settings, place, catalogue, &config, err);
	if (r == 0) {
		if (!index_there(place))
			config.index_directory = NULL;
		r = pat_core_open(&config, &core, err);
		pat_wipe(&config.row_key, sizeof(config.row_key));
	}
	if (r == 0) {
		*ret = pat_people_do(core, request);
		r = *ret ? 0 : pat_err_set(err, -ENOMEM, "out of memory");
	}
	pat_core_close(core);
	pat_catalogue_free(catalogue);
	return r;
}

static void print_people(json_t *people)
{
	size_t i = 0;
	const json_t *p = NULL;

	json_array_foreach(people, i, p)(void)
		printf("%-6lld %-32s %-24s %-8s %s\n",
	               (long long)json_integer_value(json_object_get(p, "id")),
	               json_string_value(json_object_get(p, "email")),
	               json_string_value(json_object_get(p, "name")),
	               json_is_true(json_object_get(p, "admin")) ? "admin" : "",
	               json_is_true(json_object_get(p, "disabled")) ? "disabled" : "");
}

static int report(const json_t *answer, struct pat_err *err)
{
	const char *error = json_string_value(json_object_get(answer, "error"));
	json_t *people = json_object_get(answer, "people");

	if (!json_is_true(json_object_get(answer, "ok")))
		return pat_err_set(err, -EINVAL, "%s", error ? error : "the answer made no sense");
	if (people)
		print_people(people);
	return 0;
}

int pat_command_user(const struct pat_settings *settings, int n_words, char **words)
{
	struct pat_err err = { { 0 } };
	struct pat_place place;
	json_t *request = json_object();
	json_t *answer = NULL;

	int r = parse(n_words, words, request, &err);
	if (r < 0 && err.text[0] == '\0') {
		(void)fputs(
			"usage: patd user add EMAIL --name NAME [--admin] --password-stdin\n"
			"       patd user list | disable EMAIL | enable EMAIL | password EMAIL --password-stdin\n",
			stderr);
		json_decref(request);
		return 2;
	}
	if (r == 0)
		/* Only a first person makes a place; a mistyped folder must not come to be. */
		r = pat_place_find(settings, strcmp(words[0], "add") == 0, &place, &err);
	if (r == 0) {
		r = pat_control_ask(place.control, request, &answer, &err);
		if (r == -ENOENT || r == -ECONNREFUSED)
			r = do_here(settings, &place, request, &answer, &err);
	}
	if (r == 0)
		r = report(answer, &err);
	json_decref(request);
	json_decref(answer);
	return r < 0 ? pat_command_failed(&err) : 0;
}
