/* SPDX-License-Identifier: Apache-2.0
 *
 * `patd user …`, with patd running or not.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/core.h"
#include "patd/ask.h"
#include "patd/command.h"

#define PASSWORD_BYTES_MAX 4096

static const char usage[] =
	"usage: patd user COMMAND [--setting value …]\n"
	"\n"
	"  add EMAIL --name NAME [--admin] [--password-stdin]\n"
	"  list\n"
	"  disable EMAIL      sign them out and revoke their tokens, now\n"
	"  enable EMAIL       of a product's own person, say SERVICE:SUBJECT instead\n"
	"  password EMAIL [--password-stdin]\n"
	"\n"
	"At a terminal the password is asked for; --password-stdin takes the first line of standard input.\n"
	"The people are those of the data folder that `patd run` is given: say the same --data or --config.\n";

void pat_command_user_usage(FILE *to)
{
	(void)fputs(usage, to);
}

/* The first line of standard input. One byte more than allowed is read, to see that it is too many. */
static int read_piped(char *password, size_t bytes, size_t *ret_len)
{
	size_t len = 0;
	ssize_t n = 0;

	while (len < bytes && (n = read(STDIN_FILENO, password + len, bytes - len)) > 0) {
		len += (size_t)n;
		if (memchr(password, '\n', len))
			break;
	}
	char *end = memchr(password, '\n', len);
	if (end)
		len = (size_t)(end - password);
	if (len > 0 && password[len - 1] == '\r')
		len--;
	*ret_len = len;
	return 0;
}

/* Typed blindly, so typed twice. */
static int read_typed(char *password, size_t bytes, size_t *ret_len, struct pat_err *err)
{
	char again[PASSWORD_BYTES_MAX + 1];
	size_t again_len = 0;

	pat_assert(bytes <= sizeof(again));
	int r = pat_ask_hidden("Password: ", password, bytes, ret_len);
	if (r == 0)
		r = pat_ask_hidden("The same again: ", again, bytes, &again_len);
	if (r < 0)
		(void)pat_err_set(err, r, "no password was given");
	else if (*ret_len != again_len || !pat_memeq(password, again, again_len))
		r = pat_err_set(err, -EINVAL, "these are two different passwords");
	pat_wipe(again, sizeof(again));
	return r;
}

static int read_password(json_t *request, struct pat_err *err)
{
	char password[PASSWORD_BYTES_MAX + 1];
	size_t len = 0;

	int r = isatty(STDIN_FILENO) ? read_typed(password, sizeof(password), &len, err)
	                             : read_piped(password, sizeof(password), &len);
	if (r == 0 && len > PASSWORD_BYTES_MAX)
		r = pat_err_set(err, -EINVAL, "the password is longer than 4096 bytes");
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
	if (!adds && !sets)
		return 0;
	/* A password that comes by accident, from a script's own input, is none. */
	if (!reads && !isatty(STDIN_FILENO))
		return pat_err_set(
			err, -EINVAL,
			"give the password on standard input, and say so with --password-stdin");
	return read_password(request, err);
}

static void print_people(json_t *people)
{
	size_t i = 0;
	const json_t *p = NULL;

	json_array_foreach(people, i, p)
	{
		const char *service = json_string_value(json_object_get(p, "service"));
		const char *email = json_string_value(json_object_get(p, "email"));

		(void)printf("%-6lld %-32s %-24s %-8s %-8s",
		             (long long)json_integer_value(json_object_get(p, "id")),
		             *email ? email : "-", json_string_value(json_object_get(p, "name")),
		             json_is_true(json_object_get(p, "admin")) ? "admin" : "",
		             json_is_true(json_object_get(p, "disabled")) ? "disabled" : "");
		if (*service)
			(void)printf(" %s:%s", service,
			             json_string_value(json_object_get(p, "subject")));
		(void)putchar('\n');
	}
}

/* What was done, for somebody who is not sure that it was. */
static void print_done(const json_t *request, const json_t *answer)
{
	const char *what = json_string_value(json_object_get(request, "do"));
	const char *email = json_string_value(json_object_get(request, "email"));

	if (strcmp(what, "add") == 0)
		(void)printf("%s is person %lld%s.\n", email,
		             (long long)json_integer_value(json_object_get(answer, "id")),
		             json_is_true(json_object_get(request, "admin")) ? ", an administrator"
		                                                             : "");
	else if (strcmp(what, "password") == 0)
		(void)printf("%s has a new password. All of their sessions have ended.\n", email);
	else if (strcmp(what, "disable") == 0)
		(void)printf(
			"%s is disabled: signed out everywhere, and all of their tokens are revoked.\n",
			email);
	else if (strcmp(what, "enable") == 0)
		(void)printf("%s may sign in. Tokens that were revoked stay so.\n", email);
}

static int report(const json_t *request, const json_t *answer, struct pat_err *err)
{
	const char *error = json_string_value(json_object_get(answer, "error"));
	json_t *people = json_object_get(answer, "people");

	if (!json_is_true(json_object_get(answer, "ok")))
		return pat_err_set(err, -EINVAL, "%s", error ? error : "the answer made no sense");
	if (people)
		print_people(people);
	else
		print_done(request, answer);
	return 0;
}

int pat_command_user(const struct pat_settings *settings, int n_words, char **words)
{
	struct pat_err err = { { 0 } };
	json_t *request = json_object();
	json_t *answer = NULL;

	int r = parse(n_words, words, request, &err);
	if (r < 0 && err.text[0] == '\0') {
		pat_command_user_usage(stderr);
		json_decref(request);
		return 2;
	}
	/* Only a first person makes a place; a mistyped folder must not come to be. */
	if (r == 0)
		r = pat_command_ask(settings, request, strcmp(words[0], "add") == 0, &answer, &err);
	if (r == 0)
		r = report(request, answer, &err);
	json_decref(request);
	json_decref(answer);
	return r < 0 ? pat_command_failed(&err) : 0;
}
