/* SPDX-License-Identifier: Apache-2.0
 *
 * The program: finds the command, gathers the settings (default, file, environment, flags), hardens the
 * process, and calls the command. Flags may stand anywhere after the command.
 */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "patd/command.h"

static const char usage[] =
	"usage: patd COMMAND [--setting value …]\n"
	"\n"
	"  run       the whole product in the foreground: the edge (nginx) and the brain\n"
	"  serve     the brain alone; nginx is run by somebody else\n"
	"  check     say what settings are in force and whether they can work\n"
	"  settings  print the reference of all settings (Markdown)\n"
	"  version   print the version\n"
	"  help      print this\n"
	"\n"
	"  user add EMAIL --name NAME [--admin] [--password-stdin]\n"
	"  user list\n"
	"  user disable EMAIL      sign them out and revoke their tokens, now\n"
	"  user enable EMAIL\n"
	"  user password EMAIL [--password-stdin]\n"
	"\n"
	"  policy import NAME FILE   protect a product's API as its OpenAPI document says\n"
	"  policy list\n"
	"  policy show NAME\n"
	"  policy lint NAME|FILE\n"
	"  policy remove NAME\n"
	"\n"
	"  service add NAME [--product PRODUCT]   a program that may ask about tokens; prints its secret\n"
	"      [--portal --return ORIGIN … [--title TEXT] [--accent #rrggbb]]   and may send people to their tokens\n"
	"  service edit NAME [the same flags]\n"
	"  service rotate NAME   another secret in place of the one it has\n"
	"  service list\n"
	"  service remove NAME\n"
	"\n"
	"  nodes   which nodes share the running patd's database, and when they were last heard of\n"
	"\n"
	"  audit verify   is each audit record as it was written, and none missing between them?\n"
	"\n"
	"  mail test ADDRESS   send one, and say what the mail server says\n"
	"\n"
	"  store copy FROM TO   from SQLite to PostgreSQL, or back; each a path or a URL\n"
	"\n"
	"Settings come from patd.conf in the data folder (or --config FILE), from PATD_… variables and from flags:\n"
	"--data DIR, --listen ADDRESS:PORT and every other setting, with hyphens for underscores.\n";

struct line {
	const char *config; /* --config, or NULL */
	char *words[48];    /* what is no flag of a setting */
	int n_words;
};

/* Flags that belong to a command; they are left among the words. */
static bool command_flag(const char *word)
{
	static const char *const flags[] = {
		"--name",    "--admin",       "--password-stdin", "--token-scheme",
		"--product", "--scopes-from", "--any-scope",      "--base-path",
		"--portal",  "--return",      "--title",          "--accent",
		NULL
	};

	for (size_t i = 0; flags[i]; i++)
		if (strcmp(word, flags[i]) == 0)
			return true;
	return false;
}

/* Handles one `--name value` or `--name=value`; moves *i past its value. */
static int take_flag(struct pat_settings *settings, struct line *line, char **argv, int *i,
                     struct pat_err *err)
{
	char name[64];
	const char *word = argv[*i] + 2;
	size_t len = strcspn(word, "=");
	const char *value = word[len] == '=' ? word + len + 1 : argv[*i + 1];

	if (len == 0 || len >= sizeof(name))
		return pat_err_set(err, -EINVAL, "unknown flag %s", argv[*i]);
	if (!value)
		return pat_err_set(err, -EINVAL, "%s needs a value", argv[*i]);
	for (size_t c = 0; c < len; c++)
		name[c] = word[c] == '-' ? '_' : word[c];
	name[len] = '\0';
	if (word[len] != '=')
		(*i)++;
	if (strcmp(name, "config") == 0) {
		line->config = value;
		return 0;
	}
	return settings ? pat_settings_set(settings, name, value, err) : 0;
}

/* Reads the flags; with NULL settings only --config and --data are looked for (they say where the file is). */
static int take_line(struct pat_settings *settings, struct line *line, int argc, char **argv,
                     struct pat_err *err)
{
	line->n_words = 0;
	for (int i = 1; i < argc; i++) {
		if (strncmp(argv[i], "--", 2) == 0 && !command_flag(argv[i])) {
			int r = take_flag(settings, line, argv, &i, err);
			if (r < 0)
				return r;
			continue;
		}
		if (line->n_words == (int)PAT_ARRAY_LEN(line->words) - 1)
			return pat_err_set(err, -EINVAL, "too many words");
		line->words[line->n_words++] = argv[i];
	}
	line->words[line->n_words] = NULL;
	return 0;
}

/* The file is named by a flag, or is patd.conf in the data folder that flag or environment name. */
static int read_file(struct pat_settings *settings, const struct line *line, int argc, char **argv,
                     struct pat_err *err)
{
	char path[4096];
	const char *data =
		getenv("PATD_DATA"); /* NOLINT(concurrency-mt-unsafe): before any thread */

	if (line->config)
		return pat_settings_read_file(settings, line->config, err);
	for (int i = 1; i < argc && argv[i]; i++) {
		if (strcmp(argv[i], "--data") == 0 && argv[i + 1])
			data = argv[i + 1];
		else if (strncmp(argv[i], "--data=", 7) == 0)
			data = argv[i] + 7;
	}
	(void)snprintf(path, sizeof(path), "%s/patd.conf", data ? data : settings->data);
	return access(path, F_OK) == 0 ? pat_settings_read_file(settings, path, err) : 0;
}

static int gather(struct pat_settings *settings, struct line *line, int argc, char **argv,
                  struct pat_err *err)
{
	int r = pat_settings_init(settings);

	if (r < 0)
		return pat_err_set(err, r, "out of memory");
	r = take_line(NULL, line, argc, argv, err);
	if (r == 0)
		r = read_file(settings, line, argc, argv, err);
	if (r == 0)
		r = pat_settings_read_environment(settings, environ, err);
	if (r == 0)
		r = take_line(settings, line, argc, argv, err);
	if (r == 0)
		r = pat_settings_check(settings, err);
	return r;
}

/* No core dumps and no attaching debugger (secrets pass through this memory), files born private. */
static void harden(void)
{
	struct rlimit none = { 0, 0 };

	(void)umask(0077);
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

static int dispatch(const struct pat_settings *settings, struct line *line)
{
	const char *command = line->n_words > 0 ? line->words[0] : "";
	bool alone = line->n_words == 1;

	if (strcmp(command, "run") == 0 && alone)
		return pat_command_serve(settings, true);
	if (strcmp(command, "serve") == 0 && alone)
		return pat_command_serve(settings, false);
	if (strcmp(command, "check") == 0 && alone)
		return pat_command_check(settings);
	if (strcmp(command, "user") == 0)
		return pat_command_user(settings, line->n_words - 1, line->words + 1);
	if (strcmp(command, "policy") == 0)
		return pat_command_policy(settings, line->n_words - 1, line->words + 1);
	if (strcmp(command, "service") == 0)
		return pat_command_service(settings, line->n_words - 1, line->words + 1);
	if (strcmp(command, "nodes") == 0 && alone)
		return pat_command_nodes(settings);
	if (strcmp(command, "audit") == 0)
		return pat_command_audit(settings, line->n_words - 1, line->words + 1);
	if (strcmp(command, "mail") == 0)
		return pat_command_mail(settings, line->n_words - 1, line->words + 1);
	if (strcmp(command, "store") == 0)
		return pat_command_store(settings, line->n_words - 1, line->words + 1);
	(void)fputs(usage, stderr);
	return 2;
}

/* `help`, or --help after a command: the commands; of those that have commands of their own, these. Needs no settings, so
 * none can be wrong. */
static bool print_help(int argc, char **argv)
{
	static const struct {
		const char *command;
		void (*usage)(FILE *to);
	} own[] = {
		{ "user", pat_command_user_usage },       { "policy", pat_command_policy_usage },
		{ "service", pat_command_service_usage }, { "audit", pat_command_audit_usage },
		{ "mail", pat_command_mail_usage },       { "store", pat_command_store_usage }
	};
	bool asked = argc == 2 && strcmp(argv[1], "help") == 0;

	for (int i = 1; i < argc; i++)
		asked |= strcmp(argv[i], "--help") == 0;
	for (size_t i = 0; i < PAT_ARRAY_LEN(own) && argc > 1; i++) {
		if (strcmp(argv[1], own[i].command) != 0 ||
		    !(asked || (argc == 3 && strcmp(argv[2], "help") == 0)))
			continue;
		own[i].usage(stdout);
		return true;
	}
	if (asked)
		(void)fputs(usage, stdout);
	return asked;
}

int main(int argc, char **argv)
{
	struct pat_settings settings = { 0 };
	struct line line = { 0 };
	struct pat_err err = { { 0 } };

	if (argc == 2 && strcmp(argv[1], "version") == 0)
		return printf("patd %s\n", PAT_VERSION) < 0;
	if (argc == 2 && strcmp(argv[1], "settings") == 0) {
		pat_settings_document(stdout);
		return 0;
	}
	if (print_help(argc, argv))
		return 0;
	harden();
	if (sodium_init() < 0) {
		(void)fputs("patd: libsodium cannot start\n", stderr);
		return 1;
	}
	int status = 2;
	if (gather(&settings, &line, argc, argv, &err) < 0) {
		(void)pat_command_failed(&err);
	} else {
		pat_log_level_set((enum pat_log_level)settings.log_level);
		status = dispatch(&settings, &line);
	}
	pat_settings_done(&settings);
	return status;
}
