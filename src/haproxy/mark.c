/* SPDX-License-Identifier: Apache-2.0
 *
 * "LEASE MASTER STARTED\n": seconds, a pid, seconds of CLOCK_BOOTTIME. What cannot be read stands for the longest lease, and for nobody's
 * workers.
 */
#include "haproxy/mark.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#define PATH_BYTES 4200
#define TEXT_BYTES 128

static void path_of(const struct pat_haproxy_mark *mark, char out[static PATH_BYTES])
{
	(void)snprintf(out, PATH_BYTES, "%s/haproxy.leases", mark->directory);
}

bool pat_haproxy_mark_set(struct pat_haproxy_mark *mark, int64_t lease_s,
                          const struct pat_haproxy_listing *whose)
{
	char path[PATH_BYTES];
	char text[TEXT_BYTES];

	if (mark->set && pat_haproxy_same_master(&mark->whose, whose))
		return true;
	mark->whose = *whose;
	int len = snprintf(text, sizeof(text), "%" PRId64 " %" PRId64 " %" PRId64 "\n", lease_s,
	                   whose->master, whose->started_s);
	path_of(mark, path);
	(void)unlink(path);
	pat_cleanup(pat_closep) int fd =
		open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	mark->set = fd >= 0 && write(fd, text, (size_t)len) == len;
	return mark->set;
}

int64_t pat_haproxy_mark_read(struct pat_haproxy_mark *mark, int64_t most_s)
{
	struct pat_haproxy_listing *whose = &mark->whose;
	char path[PATH_BYTES];
	char text[TEXT_BYTES] = "";
	int64_t lease_s = 0;

	path_of(mark, path);
	pat_cleanup(pat_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return 0;
	(void)!read(fd, text, sizeof(text) - 1);
	int n = sscanf(text, "%" SCNd64 " %" SCNd64 " %" SCNd64, &lease_s, &whose->master,
	               &whose->started_s);
	if (n == 3 && lease_s >= 1 && lease_s <= most_s)
		return lease_s;
	*whose = (struct pat_haproxy_listing){ .n = 0 };
	return most_s;
}

void pat_haproxy_mark_clear(struct pat_haproxy_mark *mark)
{
	char path[PATH_BYTES];

	path_of(mark, path);
	(void)unlink(path);
	mark->set = false;
}
