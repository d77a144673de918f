/* SPDX-License-Identifier: Apache-2.0
 *
 * `patd store copy`: works on the stores themselves, so no patd may be serving either of them. The row key is that of the data
 * folder: it belongs to the installation, not to a store, and is the same before and after.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/crypto.h"
#include "patd/command.h"
#include "store/copy.h"

static const char usage[] =
	"usage: patd store COMMAND [--setting value …]\n"
	"\n"
	"  copy FROM TO   copy a whole store into an empty one; each is the path of an SQLite\n"
	"                 database or a PostgreSQL URL. Nothing may be serving them.\n";

void pat_command_store_usage(FILE *to)
{
	(void)fputs(usage, to);
}

static int open_one(const char *location, const char *which, const struct pat_row_key *key,
                    struct pat_store **ret, struct pat_err *err)
{
	struct pat_store_config config = { .location = location, .row_key = *key };
	struct pat_err why = { { 0 } };

	int r = pat_store_open(&config, ret, &why);
	pat_wipe(&config, sizeof(config));
	return r < 0 ? pat_err_set(err, r, "cannot open the store to copy %s: %s", which, why.text)
	             : 0;
}

/* Opening a file makes it; what is to be copied must be there. */
static int from_judge(const char *location, struct pat_err *err)
{
	if (pat_store_location_is_url(location) || access(location, F_OK) == 0)
		return 0;
	return pat_err_set(err, -ENOENT, "there is no store %s", location);
}

static int copy(const char *from, const char *to, const struct pat_row_key *key,
                struct pat_copied *ret, struct pat_err *err)
{
	struct pat_store *source = NULL;
	struct pat_store *target = NULL;

	int r = from_judge(from, err);
	if (r == 0)
		r = open_one(from, "from", key, &source, err);
	if (r == 0)
		r = open_one(to, "to", key, &target, err);
	if (r == 0)
		r = pat_store_copy(source, target, key, ret, err);
	pat_store_close(target);
	pat_store_close(source);
	return r;
}

static void print_copied(const struct pat_copied *copied, const char *to)
{
	char shown[PAT_STORE_LOCATION_MAX + 1];

	pat_store_location_show(to, shown);
	for (size_t i = 0; i < PAT_ROWS_HEAD; i++)
		(void)printf("%10lld %s\n", (long long)copied->rows[i], pat_rows_names[i]);
	(void)printf("copied and compared. To use it: store = %s\n", shown);
}

static int store_copy(const struct pat_settings *settings, const char *from, const char *to)
{
	struct pat_copied copied = { { 0 } };
	struct pat_place place;
	struct pat_row_key key;
	struct pat_err err = { { 0 } };

	int r = pat_place_find(settings, false, &place, &err);
	if (r == 0 && !pat_place_has_row_key(&place))
		r = pat_err_set(&err, -ENOENT,
		                "there is no row.key in %s: name the data folder with --data",
		                place.data);
	if (r == 0)
		r = pat_place_row_key(&place, &key, &err);
	if (r == 0)
		r = copy(from, to, &key, &copied, &err);
	pat_wipe(&key, sizeof(key));
	if (r < 0)
		return pat_command_failed(&err);
	print_copied(&copied, to);
	return 0;
}

int pat_command_store(const struct pat_settings *settings, int n_words, char **words)
{
	if (n_words == 3 && strcmp(words[0], "copy") == 0)
		return store_copy(settings, words[1], words[2]);
	pat_command_store_usage(stderr);
	return 2;
}
