/* SPDX-License-Identifier: Apache-2.0 */
#include "base/socket.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int address(const char *path, struct sockaddr_un *ret)
{
	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	int n = snprintf(ret->sun_path, sizeof(ret->sun_path), "%s", path);

	return n > 0 && (size_t)n < sizeof(ret->sun_path) ? 0 : -ENAMETOOLONG;
}

int pat_socket_bind(const char *path, int type, mode_t mode, gid_t group, int *ret_fd)
{
	struct sockaddr_un at;
	int r = address(path, &at);

	if (r < 0)
		return r;
	pat_cleanup(pat_closep) int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	(void)unlink(path);
	mode_t before = umask(0177); /* born closed */
	r = bind(fd, (const struct sockaddr *)&at, sizeof(at)) < 0 ? -errno : 0;
	(void)umask(before);
	if (r < 0)
		return r;
	if ((group != (gid_t)-1 && chown(path, (uid_t)-1, group) < 0) || chmod(path, mode) < 0)
		return -errno;
	*ret_fd = fd;
	fd = -1;
	return 0;
}

int pat_socket_listen(const char *path, mode_t mode, gid_t group, int backlog, int *ret_fd)
{
	pat_cleanup(pat_closep) int fd = -1;
	int r = pat_socket_bind(path, SOCK_STREAM, mode, group, &fd);

	if (r < 0)
		return r;
	if (listen(fd, backlog) < 0)
		return -errno;
	*ret_fd = fd;
	fd = -1;
	return 0;
}

int pat_socket_connect(const char *path, int flags, int *ret_fd)
{
	struct sockaddr_un at;
	int r = address(path, &at);

	if (r < 0)
		return r;
	pat_cleanup(pat_closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&at, sizeof(at)) < 0)
		return -errno;
	*ret_fd = fd;
	fd = -1;
	return 0;
}
