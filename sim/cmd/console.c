/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include "cmd/session.h"
#include "cmd/verbs.h"

#define ESCAPE 0x1d /* Ctrl-] */

struct console_args {
	const char *lab;
};

static const struct opt console_opts[] = {
	SESSION_OPT(struct console_args),
	{0},
};

static int connect_to(const char *path, struct err *e)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un sa = {.sun_family = AF_UNIX};

	if (fd < 0 || strlen(path) >= sizeof(sa.sun_path))
		return err_set(e, EINVAL, "%s: bad socket path", path);
	memcpy(sa.sun_path, path, strlen(path) + 1);
	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		return err_errno(e, errno, "connect to the console %s", path);
	return TAKE_FD(fd);
}

/* Copies what fd has to out. False at the end, or when the escape key came from a terminal. */
static bool copy(int fd, int out, bool watch_escape)
{
	char buf[4096];
	ssize_t n = read(fd, buf, sizeof(buf)), done = 0;

	if (n <= 0 || (watch_escape && memchr(buf, ESCAPE, (size_t)n)))
		return false;
	while (done < n) {
		ssize_t w = write(out, buf + done, (size_t)(n - done));

		if (w <= 0)
			return false;
		done += w;
	}
	return true;
}

static void pump(int fd, bool tty)
{
	bool in = true;

	for (;;) {
		struct pollfd p[2] = {{.fd = in ? STDIN_FILENO : -1, .events = POLLIN},
				      {.fd = fd, .events = POLLIN}};

		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return;
		if (p[0].revents && !copy(STDIN_FILENO, fd, tty)) {
			if (tty)
				return;
			in = false; /* a script's input has ended: show the rest */
		}
		if (p[1].revents && !copy(fd, STDOUT_FILENO, false))
			return;
	}
}

static void attach(int fd)
{
	bool tty = isatty(STDIN_FILENO);
	struct termios saved, raw;

	if (tty && tcgetattr(STDIN_FILENO, &saved) == 0) {
		raw = saved;
		cfmakeraw(&raw);
		tcsetattr(STDIN_FILENO, TCSANOW, &raw);
		fprintf(stderr, "connected; leave with Ctrl-]\r\n");
	} else {
		tty = false;
	}
	pump(fd, tty);
	if (tty) {
		tcsetattr(STDIN_FILENO, TCSANOW, &saved);
		fputc('\n', stderr);
	}
}

static int run(int argc, char **argv)
{
	struct console_args a = {0};
	_cleanup_session_ struct session s = {0};
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_json_ json_t *reply = NULL;
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int fd = -1;
	struct operands ops;
	int r;

	if (opts_parse(&cmd_console, argc, argv, &a, &ops, &e) < 0)
		return cmd_err(&e);
	if (ops.n != 1 || !str_after(ops.v[0], "vm/"))
		return cmd_error(CMD_USAGE, "expected vm/NAME");
	r = session_open(a.lab, &s);
	if (r != CMD_OK)
		return r;
	path = xasprintf("/apis/ovnbed.io/v1alpha1/endpoint?name=%s", ops.v[0]);
	reply = client_call(s.client, "GET", path, NULL, &e);
	if (!reply)
		return cmd_error(CMD_FAIL, "%s", err_msg(&e));
	if (!jstr(reply, "console", NULL))
		return cmd_error(CMD_FAIL, "%s has no console", ops.v[0]);
	fd = connect_to(jstr(reply, "console", ""), &e);
	if (fd < 0)
		return cmd_error(CMD_FAIL, "%s", err_msg(&e));
	attach(fd);
	return CMD_OK;
}

const struct cmd cmd_console = {
	.name = "console",
	.args = "vm/NAME",
	.summary = "Attach to the serial console of a VM",
	.help = "Ctrl-] leaves.",
	.run = run,
	.opts = console_opts,
};
