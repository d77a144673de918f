/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading and appending. The file is text, so that an operator can read it, and grep it for a token's id.
 */
#include "core/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/codec.h"

#define LINE_BYTES_MAX  128
#define NOTED_BYTES_MAX (16u * 1024 * 1024)

struct tid {
	uint8_t bytes[PAT_TID_BYTES];
};

struct pat_journal {
	int fd;
	struct tid *tids; /* sorted */
	size_t n;
	size_t cap;
	struct pat_buf noted;
	char history[PAT_HISTORY_BYTES];
	bool torn; /* the file may end in the middle of a line */
};

static int compare_tids(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct tid));
}

static int tid_keep(struct pat_journal *j, const char *text)
{
	struct tid tid;

	if (pat_hex_decode(text, PAT_TID_CHARS, tid.bytes, sizeof(tid.bytes)) < 0)
		return 0; /* not one of our lines */
	if (j->n == j->cap) {
		size_t cap = j->cap ? 2 * j->cap : 256;
		struct tid *grown = reallocarray(j->tids, cap, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		j->tids = grown;
		j->cap = cap;
	}
	j->tids[j->n++] = tid;
	return 0;
}

static const char *value_of(const char *line, const char *word)
{
	size_t len = strlen(word);

	return strncmp(line, word, len) == 0 ? line + len : NULL;
}

static int line_read(struct pat_journal *j, const char *line)
{
	const char *tid = value_of(line, "revoked ");
	const char *history = value_of(line, "history ");

	if (history) {
		size_t len = strcspn(history, "\n");

		(void)snprintf(j->history, sizeof(j->history), "%.*s",
		               (int)(len < sizeof(j->history) ? len : 0), history);
	}
	return tid && strlen(tid) > PAT_TID_CHARS ? tid_keep(j, tid) : 0;
}

static int journal_read(struct pat_journal *j)
{
	char line[LINE_BYTES_MAX];
	bool torn = false;
	int r = 0;
	FILE *f = fdopen(dup(j->fd), "r");

	if (!f)
		return -errno;
	while (r == 0 && fgets(line, sizeof(line), f)) {
		torn = !strchr(line, '\n');
		if (!torn)
			r = line_read(j, line);
	}
	(void)fclose(f);
	j->torn = torn;
	if (j->n > 0)
		qsort(j->tids, j->n, sizeof(*j->tids), compare_tids);
	return r;
}

/* The name of a new file is durable once its folder is. */
static void sync_folder(const char *path)
{
	char folder[4096];
	int n = snprintf(folder, sizeof(folder), "%s", path);
	char *slash = n > 0 && (size_t)n < sizeof(folder) ? strrchr(folder, '/') : NULL;

	if (!slash)
		return;
	*slash = '\0';
	pat_cleanup(pat_closep) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		(void)fsync(fd);
}

int pat_journal_open(const char *path, struct pat_journal **ret, struct pat_err *err)
{
	struct pat_journal *j = calloc(1, sizeof(*j));

	if (!j)
		return pat_err_set(err, -ENOMEM, "out of memory");
	pat_buf_init(&j->noted, NOTED_BYTES_MAX);
	j->fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	int r = j->fd < 0 ? -errno : journal_read(j);
	if (r < 0) {
		pat_journal_close(j);
		return pat_err_set(err, r, "cannot read the journal of revocations %s: %s", path,
		                   pat_err_words(r));
	}
	sync_folder(path);
	*ret = j;
	return 0;
}

void pat_journal_close(struct pat_journal *j)
{
	if (!j)
		return;
	(void)!pat_journal_sync(j);
	pat_closep(&j->fd);
	pat_buf_done(&j->noted);
	free(j->tids);
	free(j);
}

void pat_journal_closep(struct pat_journal **journal)
{
	pat_journal_close(*journal);
	*journal = NULL;
}

bool pat_journal_has(const struct pat_journal *j, const uint8_t digest[static PAT_DIGEST_BYTES])
{
	return j->n > 0 && bsearch(digest, j->tids, j->n, sizeof(*j->tids), compare_tids) != NULL;
}

void pat_journal_note(struct pat_journal *j, const uint8_t digest[static PAT_DIGEST_BYTES],
                      int64_t seq, int64_t now_s)
{
	char tid[PAT_TID_CHARS + 1];
	char when[PAT_TIME_TEXT_BYTES];

	pat_hex_encode(digest, PAT_TID_BYTES, tid);
	pat_time_format(now_s, when);
	(void)pat_buf_addf(&j->noted, "revoked %s %lld %s\n", tid, (long long)seq, when);
}

const char *pat_journal_history(const struct pat_journal *j)
{
	return j->history;
}

void pat_journal_history_note(struct pat_journal *j, const char *history)
{
	(void)snprintf(j->history, sizeof(j->history), "%s", history);
	(void)pat_buf_addf(&j->noted, "history %s\n", history);
}

static int append(int fd, const char *at, size_t left)
{
	while (left > 0) {
		ssize_t n = write(fd, at, left);

		if (n < 0 && errno != EINTR)
			return -errno;
		at += n > 0 ? n : 0;
		left -= n > 0 ? (size_t)n : 0;
	}
	return 0;
}

int pat_journal_sync(struct pat_journal *j)
{
	int r = 0;

	if (j->noted.len == 0 || j->fd < 0)
		return 0;
	/* A full disk takes half a line; the next one begins on a line of its own. */
	if (j->torn)
		r = append(j->fd, "\n", 1);
	if (r == 0)
		r = append(j->fd, pat_buf_str(&j->noted), j->noted.len);
	if (r == 0 && fdatasync(j->fd) < 0)
		r = -errno;
	/* Kept whole on failure: a line that stands there twice says the same. */
	j->torn = r < 0;
	if (r == 0)
		pat_buf_clear(&j->noted);
	return r;
}
