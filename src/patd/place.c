/* SPDX-License-Identifier: Apache-2.0
 *
 * Finding and making places. The runtime folder's name is derived from the data folder's, so that a
 * restart finds the index, the sockets and the nginx that a killed run left.
 */
#include "patd/place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/codec.h"
#include "base/crypto.h"
#include "store/store.h"

#ifndef PAT_SHARE_DIR
#define PAT_SHARE_DIR "/usr/share/patd"
#endif
#ifndef PAT_MODULE_PATH
#define PAT_MODULE_PATH "/usr/lib/nginx/modules/ngx_http_pat_module.so"
#endif
#define EDGE_USER "www-data"

static int join(char *out, size_t size, const char *folder, const char *name, struct pat_err *err)
{
	int n = snprintf(out, size, "%s/%s", folder, name);

	if (n < 0 || (size_t)n >= size)
		return pat_err_set(err, -ENAMETOOLONG, "the path %s/%s is too long", folder, name);
	return 0;
}

/* A folder of ours with that mode. One that was there is only used when nobody else can enter it, or when it is the
 * runtime folder, whose name is ours: the mode of somebody's folder is not ours to change. */
static int make_folder(const char *path, mode_t mode, bool ours, gid_t group, struct pat_err *err)
{
	struct stat st;
	bool made = mkdir(path, mode) == 0;

	if (!made && errno != EEXIST)
		return pat_err_set(err, -errno, "cannot make the folder %s: %s", path,
		                   pat_err_words(errno));
	pat_cleanup(pat_closep) int fd =
		open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return pat_err_set(err, -errno, "cannot open the folder %s: %s", path,
		                   pat_err_words(errno));
	if (st.st_uid != geteuid())
		return pat_err_set(err, -EPERM, "the folder %s belongs to another user%s", path,
		                   ours ? " (runtime_dir can name another one)" : "");
	if (!made && !ours) {
		if ((st.st_mode & 077) != 0)
			return pat_err_set(
				err, -EPERM,
				"others can enter the folder %s: name a folder of its own with --data, or chmod 700 it",
				path);
		return 0;
	}
	if (group != (gid_t)-1 && fchown(fd, (uid_t)-1, group) < 0)
		return pat_err_set(err, -errno, "cannot give the folder %s to the edge's group: %s",
		                   path, pat_err_words(errno));
	if (fchmod(fd, mode) < 0)
		return pat_err_set(err, -errno, "cannot set the mode of %s: %s", path,
		                   pat_err_words(errno));
	return 0;
}

/* Started as root, the edge's workers must not be: they get a user of their own. */
static int find_edge_user(struct pat_place *place, struct pat_err *err)
{
	char buffer[1024];
	struct passwd entry;
	struct passwd *found = NULL;

	place->edge_group = (gid_t)-1;
	if (geteuid() != 0)
		return 0;
	int e = getpwnam_r(EDGE_USER, &entry, buffer, sizeof(buffer), &found);
	if (e != 0 || !found)
		return pat_err_set(
			err, -ENOENT,
			"started as root, but the user %s for the edge's workers does not exist",
			EDGE_USER);
	place->edge_group = entry.pw_gid;
	(void)snprintf(place->edge_user, sizeof(place->edge_user), "%s", EDGE_USER);
	return 0;
}

/* A name is only shown, so one that can not be had, or is long, is no fault. */
static void find_node(struct pat_place *place, const char *chosen)
{
	if (*chosen)
		(void)snprintf(place->node, sizeof(place->node), "%s", chosen);
	else if (gethostname(place->node, sizeof(place->node)) < 0)
		place->node[0] = '\0';
	place->node[sizeof(place->node) - 1] = '\0';
}

static int find_database(const struct pat_place *place, const char *chosen, const char *name,
                         char out[static PATH_MAX], struct pat_err *err)
{
	if (*chosen == '\0')
		return join(out, PATH_MAX, place->data, name, err);
	(void)snprintf(out, PATH_MAX, "%s", chosen);
	return 0;
}

static int find_data(const struct pat_settings *s, bool create, struct pat_place *place,
                     struct pat_err *err)
{
	int r = create ? make_folder(s->data, 0700, false, (gid_t)-1, err) : 0;

	if (r < 0)
		return r;
	if (!realpath(s->data, place->data))
		return pat_err_set(
			err, -errno,
			"there is no data folder %s (`patd run` makes one; --data names another): %s",
			s->data, pat_err_words(errno));
	r = join(place->journal, sizeof(place->journal), place->data, "revoked.journal", err);
	if (r < 0)
		return r;
	r = find_database(place, s->store, "patd.db", place->store, err);
	find_node(place, s->node_name);
	return r == 0 ? find_database(place, s->files_store, "files.db", place->files, err) : r;
}

static int find_runtime(const struct pat_settings *s, bool create, struct pat_place *place,
                        struct pat_err *err)
{
	uint8_t digest[32];
	char hex[17];

	place->runtime_ours = *s->runtime_dir == '\0';
	if (*s->runtime_dir) {
		if (*s->runtime_dir != '/')
			return pat_err_set(err, -EINVAL, "runtime_dir must be an absolute path");
		(void)snprintf(place->runtime, sizeof(place->runtime), "%s", s->runtime_dir);
	} else {
		pat_sha256(place->data, strlen(place->data), digest);
		pat_hex_encode(digest, 8, hex);
		(void)snprintf(place->runtime, sizeof(place->runtime), "/dev/shm/patd-%u-%s",
		               (unsigned)geteuid(), hex);
	}
	int r = create ? make_folder(place->runtime, 0750, true, place->edge_group, err) : 0;
	if (r == 0)
		r = join(place->socket, sizeof(place->socket), place->runtime, "patd.sock", err);
	if (r == 0)
		r = join(place->control, sizeof(place->control), place->runtime, "control.sock",
		         err);
	return r;
}

/* A file that came with the program: the operator's, or beside the program in a build tree, or installed. */
static int find_file(const char *chosen, const char *beside, const char *installed,
                     char out[static PATH_MAX], struct pat_err *err)
{
	char program[PATH_MAX];
	char candidate[PATH_MAX];

	if (*chosen) {
		if (!realpath(chosen, out))
			return pat_err_set(err, -errno, "%s: %s", chosen, pat_err_words(errno));
		return 0;
	}
	ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 1);
	if (n > 0) {
		program[n] = '\0';
		char *slash = strrchr(program, '/');
		if (slash)
			*slash = '\0';
		if (join(candidate, sizeof(candidate), program, beside, NULL) == 0 &&
		    realpath(candidate, out))
			return 0;
	}
	if (!realpath(installed, out))
		return pat_err_set(err, -errno, "cannot find %s: %s", installed,
		                   pat_err_words(errno));
	return 0;
}

int pat_place_find(const struct pat_settings *settings, bool create, struct pat_place *ret_place,
                   struct pat_err *err)
{
	const struct pat_settings *s = settings;
	struct pat_place *place = ret_place;

	*place = (struct pat_place){ 0 };
	int r = find_edge_user(place, err);
	if (r == 0)
		r = find_data(s, create, place, err);
	if (r == 0)
		r = find_runtime(s, create, place, err);
	if (r == 0)
		r = find_file(s->edge_module, "ngx_http_pat_module.so", PAT_MODULE_PATH,
		              place->module, err);
	if (r == 0)
		r = find_file(s->web_dir, "../web", PAT_SHARE_DIR "/web", place->web, err);
	if (r == 0)
		r = find_file(s->scopes_file, "../share/scopes/figma.json",
		              PAT_SHARE_DIR "/scopes/figma.json", place->scopes, err);
	if (r == 0)
		r = find_file("", "../share/scopes/patd.json", PAT_SHARE_DIR "/scopes/patd.json",
		              place->own_scopes, err);
	if (r == 0)
		r = find_file("", "../docs/openapi.yaml", PAT_SHARE_DIR "/openapi.yaml",
		              place->api_document, err);
	if (r == 0)
		r = find_file(s->common_passwords_file, "../share/passwords/common.txt",
		              PAT_SHARE_DIR "/passwords/common.txt", place->passwords, err);
	if (r == 0)
		r = find_file(s->sample_file, "../share/sample/sample.json",
		              PAT_SHARE_DIR "/sample/sample.json", place->sample, err);
	return r;
}

/* Empties a folder, at most `depth` deep. Links are removed, not followed. */
static void empty_folder(int parent, const char *name, int depth)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir) {
		pat_closep(&fd);
		return;
	}
	struct dirent *e = NULL;

	/* NOLINTNEXTLINE(concurrency-mt-unsafe): own stream */
	while ((e = readdir(dir)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (e->d_type == DT_DIR && depth > 0)
			empty_folder(dirfd(dir), e->d_name, depth - 1);
		(void)unlinkat(dirfd(dir), e->d_name, e->d_type == DT_DIR ? AT_REMOVEDIR : 0);
	}
	(void)closedir(dir);
}

void pat_place_clear(const struct pat_place *place)
{
	if (!place->runtime_ours)
		return;
	empty_folder(AT_FDCWD, place->runtime, 4);
	(void)rmdir(place->runtime);
}

/* ---- The lock. */

#define LOCK_WAIT_MS 2000
#define LOCK_NAP_MS  20

int pat_place_lock(const struct pat_place *place, int *ret_fd, struct pat_err *err)
{
	char path[PATH_MAX];

	int r = join(path, sizeof(path), place->data, "patd.lock", err);
	if (r < 0)
		return r;
	pat_cleanup(pat_closep) int fd =
		open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return pat_err_set(err, -errno, "cannot open %s: %s", path, pat_err_words(errno));
	for (int ms = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; ms += LOCK_NAP_MS) {
		if (errno != EWOULDBLOCK || ms >= LOCK_WAIT_MS)
			return pat_err_set(err, -errno,
			                   "%s: the data folder is in use by another patd", path);
		(void)poll(NULL, 0, LOCK_NAP_MS);
	}
	*ret_fd = fd;
	fd = -1; /* the caller's */
	return 0;
}

/* ---- The row key: "row1 <64 hex>\n"; one that takes the place of another has the next digit. */

static int key_make(const char *path, struct pat_err *err)
{
	char temporary[PATH_MAX];
	char text[128];
	char hex[65];
	uint8_t key[32];

	int r = pat_random(key, sizeof(key));
	if (r < 0)
		return pat_err_set(err, r, "the kernel gives no random bytes: %s",
		                   pat_err_words(r));
	pat_hex_encode(key, sizeof(key), hex);
	pat_wipe(key, sizeof(key));
	int n = snprintf(text, sizeof(text), "row1 %s\n", hex);
	pat_wipe(hex, sizeof(hex));
	(void)snprintf(temporary, sizeof(temporary), "%.4000s.new", path);
	(void)unlink(temporary);
	pat_cleanup(pat_closep) int fd =
		open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	bool ok = fd >= 0 && write(fd, text, (size_t)n) == n && fsync(fd) == 0 &&
	          rename(temporary, path) == 0;
	pat_wipe(text, sizeof(text));
	return ok ? 0
	          : pat_err_set(err, -EIO, "cannot write the row key %s: %s", path,
	                        pat_err_words(errno));
}

/* Whether there is somebody in the store whom a new key would make a stranger. A server's store is always there; a key is no
 * matter for looking whether anybody is in it. */
static int store_used(const struct pat_place *place, bool *ret, struct pat_err *err)
{
	struct pat_store_config config = { .location = place->store, .shared = true };
	struct pat_store *store = NULL;

	*ret = access(place->store, F_OK) == 0;
	if (!pat_store_location_is_url(place->store))
		return 0;
	int r = pat_store_open(&config, &store, err);
	if (r == 0)
		r = pat_store_people_any(store, ret);
	pat_store_close(store);
	return r;
}

bool pat_place_has_row_key(const struct pat_place *place)
{
	char path[PATH_MAX];

	return join(path, sizeof(path), place->data, "row.key", NULL) == 0 &&
	       access(path, F_OK) == 0;
}

int pat_place_row_key(const struct pat_place *place, struct pat_row_key *ret, struct pat_err *err)
{
	char path[PATH_MAX];
	char text[128];
	struct stat st;
	int r = join(path, sizeof(path), place->data, "row.key", err);

	if (r < 0)
		return r;
	if (access(path, F_OK) < 0 && errno == ENOENT) {
		bool used = false;

		r = store_used(place, &used, err);
		if (r < 0)
			return r;
		/* A store without its key is not made readable by a new key; it would only be refused row by row. */
		if (used)
			return pat_err_set(
				err, -ENOENT,
				"%s is missing, but the database exists: restore the key from a backup",
				path);
		r = key_make(path, err);
		if (r < 0)
			return r;
	}
	pat_cleanup(pat_closep) int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return pat_err_set(err, -errno, "cannot read the row key %s: %s", path,
		                   pat_err_words(errno));
	if (st.st_uid != geteuid() || (st.st_mode & 077) != 0)
		return pat_err_set(err, -EPERM,
		                   "the row key %s must belong to this user alone (chmod 600)",
		                   path);
	ssize_t n = read(fd, text, sizeof(text));
	bool ok = n == 70 && memcmp(text, "row", 3) == 0 && text[3] >= '1' && text[3] <= '9' &&
	          text[4] == ' ' && text[69] == '\n' &&
	          pat_hex_decode(text + 5, 64, ret->bytes, sizeof(ret->bytes)) == 0;
	ret->id = ok ? (uint32_t)(text[3] - '0') : 0;
	pat_wipe(text, sizeof(text));
	return ok ? 0 : pat_err_set(err, -EINVAL, "%s is not a row key", path);
}
