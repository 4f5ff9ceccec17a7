/* SPDX-License-Identifier: Apache-2.0 */
#include "base/jrpc.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <sys/socket.h>
#include <sys/un.h>

static int fill_addr(struct sockaddr_un *sa, const char *path)
{
	sa->sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(sa->sun_path))
		return -ENAMETOOLONG;
	memcpy(sa->sun_path, path, strlen(path) + 1);
	return 0;
}

/* Paths beyond sun_path are reached through their directory's descriptor. */
static int fill_long_addr(struct sockaddr_un *sa, const char *path, int *ret_dir)
{
	_cleanup_free_ char *d = xstrdup(path), *b = xstrdup(path), *p = NULL;
	int fd = open(dirname(d), O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	*ret_dir = fd;
	p = xasprintf("/proc/self/fd/%d/%s", fd, basename(b));
	return fill_addr(sa, p);
}

int unix_connect(const char *path, struct err *e)
{
	struct sockaddr_un sa = {0};
	_cleanup_close_ int fd = -1, dir = -1;
	int r = fill_addr(&sa, path);

	if (r < 0)
		r = fill_long_addr(&sa, path, &dir);
	if (r < 0)
		return err_errno(e, -r, "connect to %s", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_errno(e, errno, "unix socket");
	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		return err_errno(e, errno, "connect to %s", path);
	return TAKE_FD(fd);
}
