/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/prober.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>

#define SOCKET "/run/ovnbed-pod/node.sock"

struct prober {
	struct agent *a;
	int fd; /* listens */
	sd_event_source *io;
};

static void on_death(void *arg, pid_t pid, int wstatus)
{
	struct prober *p = arg;
	_cleanup_free_ char *text = proc_status_text(wstatus);

	(void)pid;
	log_warn("traffic agent of the node ended: %s", text);
	sd_event_source_set_enabled(p->io, SD_EVENT_ON); /* the next connection starts another */
}

static int spawn(struct prober *p, struct err *e)
{
	struct agent *a = p->a;
	const char *dir = jstr(a->config, "program_dir", "/usr/bin");
	_cleanup_free_ char *path = xasprintf("%s/ovnbed-agent", dir);
	_cleanup_free_ char *log = xasprintf("%s/node.log", a->state);
	_cleanup_free_ char *fd = xasprintf("%d", p->fd), *name = xasprintf("node/%s", a->name);
	const char *argv[] = {"ovnbed-agent", "--inherit", fd, "--name", name, NULL};
	struct proc_spec s = PROC_SPEC_INIT;
	_cleanup_close_ int log_fd = proc_log_open(log, e);
	pid_t pid;

	if (log_fd < 0)
		return log_fd;
	s.path = path;
	s.argv = argv;
	s.log_fd = log_fd;
	s.keep_fd = p->fd;
	pid = proc_spawn(&s, NULL, e);
	if (pid < 0)
		return (int)pid;
	reaper_watch(a->reaper, pid, on_death, p);
	return 0;
}

static int on_connection(sd_event_source *s, int fd, uint32_t revents, void *arg)
{
	struct prober *p = arg;
	_cleanup_err_ struct err e = ERR_INIT;

	(void)fd;
	(void)revents;
	sd_event_source_set_enabled(s, SD_EVENT_OFF); /* it accepts for itself */
	if (spawn(p, &e) < 0) {
		log_error("traffic agent of the node: %s", err_msg(&e));
		close_fd(accept4(p->fd, NULL, NULL, SOCK_CLOEXEC)); /* who asks is told */
		sd_event_source_set_enabled(s, SD_EVENT_ON);
	}
	return 0;
}

static int listen_on(const char *path, struct err *e)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return err_errno(e, errno, "socket");
	memcpy(sun.sun_path, path, strlen(path) + 1);
	unlink(path);
	if (bind(fd, &sun, sizeof(sun)) < 0 || listen(fd, 64) < 0) {
		int code = errno;

		close(fd);
		return err_errno(e, code, "listen on %s", path);
	}
	return fd;
}

int prober_new(struct agent *a, struct err *e)
{
	struct prober *p;
	int fd = listen_on(SOCKET, e), r;

	if (fd < 0)
		return fd;
	p = xcalloc(1, sizeof(*p));
	p->a = a;
	p->fd = fd;
	r = sd_event_add_io(a->ev, &p->io, fd, EPOLLIN, on_connection, p);
	return r < 0 ? err_errno(e, -r, "watch %s", SOCKET) : 0;
}
