/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs a fuzz target over the files of a corpus, without libFuzzer, as an ordinary test:
 *
 *   replay FOLDER…
 *
 * A file named y_… must be accepted, one named n_… refused; of the others only that the target survives
 * is asked. Exits with 1 when a file was judged wrongly or a folder is missing or empty.
 */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_BYTES_MAX (256 * 1024)

/* Reads a whole file; the memory is exactly as long as it, so that a sanitizer sees every step too far. */
static int read_file(const char *path, uint8_t **ret, size_t *ret_len)
{
	pat_cleanup(pat_freep) uint8_t *space = malloc(FILE_BYTES_MAX);
	FILE *file = fopen(path, "rb");

	if (!file)
		return -errno;
	size_t len = space ? fread(space, 1, FILE_BYTES_MAX, file) : 0;
	int r = !space ? -ENOMEM : ferror(file) || !feof(file) ? -EIO : 0;
	(void)fclose(file);
	if (r < 0)
		return r;
	uint8_t *bytes = malloc(len > 0 ? len : 1);
	if (!bytes)
		return -ENOMEM;
	memcpy(bytes, space, len); /* UNSAFE: just allocated */
	*ret = bytes;
	*ret_len = len;
	return 0;
}

/* Whether the file's verdict is the one its name asks for. */
static bool replay_file(const char *folder, const char *name)
{
	pat_cleanup(pat_freep) uint8_t *bytes = NULL;
	char path[4096];
	size_t len = 0;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	int r = read_file(path, &bytes, &len);
	if (r < 0) {
		(void)fprintf(stderr, "%s: %s\n", path, strerrordesc_np(-r));
		return false;
	}
	(void)LLVMFuzzerTestOneInput(bytes, len);
	if (strncmp(name, "y_", 2) != 0 && strncmp(name, "n_", 2) != 0)
		return true;
	bool accepted = pat_fuzz_accepts(bytes, len);
	if (accepted == (name[0] == 'y'))
		return true;
	(void)fprintf(stderr, "%s: is %s\n", path, accepted ? "accepted" : "refused");
	return false;
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* The number of files, or -1 when one was judged wrongly. */
static int replay_folder(const char *folder)
{
	struct dirent **entries = NULL;
	bool right = true;

	int n = scandir(folder, &entries, is_visible, alphasort);
	for (int i = 0; i < n; i++) {
		right = replay_file(folder, entries[i]->d_name) && right;
		free(entries[i]);
	}
	free(entries);
	return right ? n : -1;
}

int main(int argc, char **argv)
{
	bool right = argc > 1;

	for (int i = 1; i < argc; i++) {
		int n = replay_folder(argv[i]);

		(void)printf("%s: %d\n", argv[i], n);
		right = right && n > 0;
	}
	return right ? EXIT_SUCCESS : EXIT_FAILURE;
}
