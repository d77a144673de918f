/* SPDX-License-Identifier: Apache-2.0
 *
 * Two requests of one new person may come here at once. The second waits, so that what it lists then has the sample in it;
 * that there are never two is in the change that makes it visible.
 */
#include "files/sample.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/log.h"
#include "files/upload.h"

#define WINDOW_BYTES  65536
#define WHY_BYTES_MAX 1024

/* The sample can not be read, by any number of tries. */
#define E_NO_SAMPLE 1000 /* beside the outcomes of files.h */

static int feed(struct pat_files_upload *upload, int fd, struct pat_buf *why)
{
	static _Thread_local char window[WINDOW_BYTES];
	ssize_t n = 0;
	int r = 0;

	while (r == 0 && (n = read(fd, window, sizeof(window))) > 0)
		r = pat_files_upload_feed(upload, window, (size_t)n, why);
	return r == 0 && n < 0 ? E_NO_SAMPLE : r;
}

static int give(struct pat_files *files, const struct pat_files_caller *caller, int64_t team,
                struct pat_buf *why)
{
	pat_cleanup(pat_files_upload_freep) struct pat_files_upload *upload = NULL;
	struct pat_files_file file;
	pat_cleanup(pat_closep) int fd = open(files->sample, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		(void)pat_buf_add_str(why, pat_err_words(errno));
		return E_NO_SAMPLE;
	}
	int r = pat_files_upload_begin_sample(files, caller, team, &upload);
	if (r == 0)
		r = feed(upload, fd, why);
	return r == 0 ? pat_files_upload_finish(upload, NULL, NULL, why, &file) : r;
}

/* Whether it is still to be given, and when not any more: it is, or it can not be. */
static int is_owed(struct pat_files *files, int64_t team, bool *ret)
{
	pat_cleanup(pat_lite_reader_done) struct pat_lite_reader look = { 0 };
	int64_t sampled = 0;

	int r = pat_files_look(files, &look);
	if (r == 0)
		r = PAT_LITE_ASK(look.conn, &sampled, "SELECT sampled FROM team WHERE id = ?1",
		                 team);
	*ret = r > 0 && sampled == 0;
	return r < 0 ? r : 0;
}

static int give_up(struct pat_files *files, int64_t team)
{
	struct pat_lite_conn *conn = NULL;

	int r = pat_files_change_begin(files, &conn);
	if (r < 0)
		return r;
	return pat_files_change_end(
		files, PAT_LITE_DO(conn, "UPDATE team SET sampled = 1 WHERE id = ?1", team));
}

static void give_once(struct pat_files *files, const struct pat_files_caller *caller, int64_t team)
{
	pat_cleanup(pat_buf_done) struct pat_buf why = { 0 };
	bool owed = false;

	pat_buf_init(&why, WHY_BYTES_MAX);
	int r = is_owed(files, team, &owed);
	if (r == 0 && owed)
		r = files->sample ? give(files, caller, team, &why) : E_NO_SAMPLE;
	bool never = r > 0 && r != PAT_FILES_E_EXISTS && r != PAT_FILES_E_RESERVE;
	if (never && files->sample)
		pat_log(PAT_LOG_WARNING, "files.sample_refused", "path", files->sample, "why",
		        pat_buf_str(&why), NULL);
	if (never)
		r = give_up(files, team);
	if (r < 0)
		pat_log(PAT_LOG_WARNING, "files.sample_not_given", "error", pat_err_words(r), NULL);
}

void pat_files_sample_give(struct pat_files *files, const struct pat_files_caller *caller,
                           int64_t team)
{
	(void)pthread_mutex_lock(&files->sampling);
	give_once(files, caller, team);
	(void)pthread_mutex_unlock(&files->sampling);
}
