/* SPDX-License-Identifier: Apache-2.0 */
#include "test/test.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/buf.h"
#include "ovsdb/unixctl.h"

#define WAIT (5 * USEC_PER_SEC)

/* A daemon: one connection, answers by command. */
struct daemon {
	sd_event *ev;
	char dir[32], path[64];
	int listener;
	sd_event_source *io;
	struct jrpc *j;
	struct buf said;
};

static void on_request(void *arg, struct jrpc *j, const char *method, const json_t *params,
		       const json_t *id)
{
	struct daemon *d = arg;

	if (streq(method, "join"))
		jrpc_reply(j, id, jstringf("%s-%s", jstr(params, "0", ""), jstr(params, "1", "")),
			   NULL);
	else if (streq(method, "die"))
		jrpc_free(TAKE_PTR(d->j));
	else if (streq(method, "json"))
		jrpc_reply(j, id, json_pack("{s:i}", "a", 1), NULL);
	else if (!streq(method, "silent"))
		jrpc_reply(j, id, NULL, jstringf("\"%s\" is not a valid command\nx\n", method));
}

static void on_closed(void *arg, struct jrpc *j, const char *why UNUSED)
{
	jrpc_free(j);
	((struct daemon *)arg)->j = NULL;
}

static const struct jrpc_ops ops = {on_request, on_closed};

static int on_accept(sd_event_source *s UNUSED, int fd, uint32_t revents UNUSED, void *arg)
{
	struct daemon *d = arg;

	jrpc_free(d->j);
	d->j = jrpc_new(d->ev, accept4(fd, NULL, NULL, SOCK_CLOEXEC), &ops, d);
	return 0;
}

static bool daemon_start(struct daemon *d)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};

	*d = (struct daemon){.dir = "/tmp/ovnbed-unixctl-XXXXXX"};
	if (!mkdtemp(d->dir))
		return false;
	snprintf(d->path, sizeof(d->path), "%s/x.ctl", d->dir);
	memcpy(sa.sun_path, d->path, sizeof(d->path));
	sd_event_new(&d->ev);
	d->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(d->listener, (struct sockaddr *)&sa, sizeof(sa)) < 0 || listen(d->listener, 5) < 0)
		return false;
	return sd_event_add_io(d->ev, &d->io, d->listener, EPOLLIN, on_accept, d) >= 0;
}

static void daemon_stop(struct daemon *d)
{
	jrpc_free(d->j);
	sd_event_source_disable_unref(d->io);
	close_fd(d->listener);
	sd_event_unref(d->ev);
	unlink(d->path);
	rmdir(d->dir);
	buf_free(&d->said);
}

static void on_answer(void *arg, const char *text, const struct err *e)
{
	struct daemon *d = arg;

	buf_printf(&d->said, "%s", e ? err_msg(e) : text);
}

static int said_something(void *arg)
{
	return ((struct daemon *)arg)->said.len > 0;
}

static void test_commands(void)
{
	static const struct {
		const char *cmd, *want;
	} rows[] = {
		{"join", "a-b"},
		{"nope", "P: nope: \"nope\" is not a valid command"},
		{"json", "{\"a\":1}"},
		{"die", "P: die: connection closed"},
		{"silent", "P: silent: no answer within 0.1 s"},
	};
	struct daemon d;

	if (!daemon_start(&d)) {
		CU_FAIL("no socket");
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *got = NULL;
		const char *text;

		CU_ASSERT_PTR_NOT_NULL(unixctl_call(d.ev, d.path, rows[i].cmd,
						    json_pack("[s,s]", "a", "b"), 100000, on_answer,
						    &d, NULL));
		CU_ASSERT_EQUAL(loop_wait(d.ev, WAIT, said_something, &d, "an answer", NULL), 0);
		got = buf_take(&d.said);
		text = str_after(got, d.path);
		TEST_ROW(text ? streq(text, rows[i].want + 1) : streq(got, rows[i].want),
			 rows[i].cmd, "got %s", got);
	}
	daemon_stop(&d);
}

static void test_cancel(void)
{
	struct daemon d;
	struct unixctl *u;

	if (!daemon_start(&d)) {
		CU_FAIL("no socket");
		return;
	}
	u = unixctl_call(d.ev, d.path, "silent", NULL, 0, on_answer, &d, NULL);
	unixctl_cancel(u);
	sd_event_run(d.ev, 10000);
	TEST_STR(buf_str(&d.said), "");
	daemon_stop(&d);
}

static void test_no_daemon(void)
{
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_event_ sd_event *ev = NULL;

	sd_event_new(&ev);
	CU_ASSERT_PTR_NULL(
		unixctl_call(ev, "/nonexistent/x.ctl", "version", NULL, 0, on_answer, NULL, &e));
	TEST_STR(err_msg(&e), "connect to /nonexistent/x.ctl: No such file or directory");
}

TEST_SUITE(ovsdb_unixctl, {"commands", test_commands}, {"cancel", test_cancel},
	   {"no_daemon", test_no_daemon})
