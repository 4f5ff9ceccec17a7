/* SPDX-License-Identifier: Apache-2.0 */
/* The hub against an agent that keeps old bytes, restarts, falls silent and dies. */
#include "probe/hub.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "probe/proto.h"
#include "test/test.h"

#define WAIT_US (10 * USEC_PER_SEC)

/* What the fake agent says; it understands tokens, and messages that arrive in one piece. */
struct fake {
	sd_event *ev;
	struct probe_hub *hub;
	char path[108];
	int listener, fd;
	sd_event_source *accept_io, *io;
	const char *before_token; /* sent ahead of the first token's answer */
	int skip_tokens;	  /* that many are not answered */
	const char *boot;
	int tokens, hellos, connections, ready, lost;
	bool silent; /* answers nothing but hello */
};

static void say(struct fake *f, const char *text)
{
	CU_ASSERT_EQUAL(write(f->fd, text, strlen(text)), (ssize_t)strlen(text));
}

static void on_token(struct fake *f, const char *token)
{
	char text[PROBE_SYNC_LEN + 1];

	f->tokens++;
	if (f->before_token)
		say(f, f->before_token);
	f->before_token = NULL;
	if (f->tokens <= f->skip_tokens)
		return;
	snprintf(text, sizeof(text), "%.10s", token);
	say(f, text);
}

static void on_message(struct fake *f, const json_t *msg)
{
	const char *method = jstr(msg, "method", "");
	_cleanup_free_ char *text = NULL;
	long long id = jint(msg, "id", 0);

	if (streq(method, "hello")) {
		f->hellos++;
		text = xasprintf("{\"id\":%lld,\"result\":{\"version\":%d,\"boot\":\"%s\"},"
				 "\"error\":null}",
				 id, PROBE_PROTO_VERSION, f->boot);
	} else if (f->silent) {
		return;
	} else if (streq(method, "fail")) {
		text = xasprintf("{\"id\":%lld,\"result\":null,\"error\":{\"code\":%d,\"message\":"
				 "\"no such thing\"}}",
				 id, ENOENT);
	} else {
		text = xasprintf("{\"id\":%lld,\"result\":{\"ok\":true},\"error\":null}", id);
	}
	say(f, text);
}

static int on_input(sd_event_source *s UNUSED, int fd, uint32_t revents UNUSED, void *arg)
{
	struct fake *f = arg;
	char in[4096];
	ssize_t n = read(fd, in, sizeof(in) - 1);

	if (n <= 0) {
		f->io = sd_event_source_disable_unref(f->io);
		f->fd = close_fd(f->fd);
		return 0;
	}
	in[n] = '\0';
	if (in[0] == PROBE_SYNC) {
		on_token(f, in);
	} else {
		_cleanup_json_ json_t *msg = json_loads(in, JSON_DISABLE_EOF_CHECK, NULL);

		on_message(f, msg);
	}
	return 0;
}

static int on_accept(sd_event_source *s UNUSED, int fd, uint32_t revents UNUSED, void *arg)
{
	struct fake *f = arg;

	f->io = sd_event_source_disable_unref(f->io);
	close_fd(f->fd);
	f->fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	f->connections++;
	sd_event_add_io(f->ev, &f->io, f->fd, EPOLLIN, on_input, f);
	return 0;
}

static void on_state(void *arg, const char *name, bool ready, const char *why UNUSED)
{
	struct fake *f = arg;

	TEST_STR(name, "x");
	if (ready)
		f->ready++;
	else
		f->lost++;
}

static void fake_start(struct fake *f)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};

	*f = (struct fake){.fd = -1, .boot = "one"};
	snprintf(f->path, sizeof(f->path), "/tmp/ovnbed-hub-test-%d", (int)getpid());
	memcpy(sun.sun_path, f->path, sizeof(sun.sun_path));
	unlink(f->path);
	sd_event_new(&f->ev);
	f->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CU_ASSERT_EQUAL(bind(f->listener, (struct sockaddr *)&sun, sizeof(sun)), 0);
	CU_ASSERT_EQUAL(listen(f->listener, 8), 0);
	sd_event_add_io(f->ev, &f->accept_io, f->listener, EPOLLIN, on_accept, f);
	f->hub = hub_new(f->ev);
	hub_on_state(f->hub, on_state, f);
}

static void fake_stop(struct fake *f)
{
	hub_free(f->hub);
	sd_event_source_disable_unref(f->accept_io);
	sd_event_source_disable_unref(f->io);
	close_fd(f->fd);
	close_fd(f->listener);
	unlink(f->path);
	sd_event_unref(f->ev);
}

static int is_ready(void *arg)
{
	struct fake *f = arg;

	return hub_ready(f->hub, "x");
}

static bool wait_ready(struct fake *f)
{
	return loop_wait(f->ev, WAIT_US, is_ready, f, "hub", NULL) == 0;
}

struct answer {
	int n, code;
	bool ok;
	struct fake *f;
};

static void on_answer(void *arg, const json_t *result, const struct err *e)
{
	struct answer *a = arg;

	a->n++;
	a->ok = jbool(result, "ok", false);
	a->code = e ? e->code : 0;
}

static int answered(void *arg)
{
	struct answer *a = arg;

	return a->n;
}

static struct answer call(struct fake *f, const char *name, const char *method, uint64_t timeout)
{
	struct answer a = {0};

	hub_call(f->hub, name, method, NULL, timeout, on_answer, &a);
	CU_ASSERT_EQUAL(a.n, 0); /* never inside */
	loop_wait(f->ev, WAIT_US, answered, &a, "answer", NULL);
	CU_ASSERT_EQUAL(a.n, 1);
	return a;
}

static void test_calls(void)
{
	struct fake f;

	fake_start(&f);
	TEST_STR(hub_why(f.hub, "x"), "unknown endpoint");
	CU_ASSERT_EQUAL(call(&f, "x", "m", USEC_PER_SEC).code, EHOSTDOWN);
	hub_add(f.hub, "x", f.path);
	CU_ASSERT_EQUAL(call(&f, "x", "m", USEC_PER_SEC).code, EHOSTDOWN); /* not yet */
	CU_ASSERT_TRUE(wait_ready(&f));
	TEST_STR(hub_why(f.hub, "x"), "");
	TEST_STR(jstr(hub_hello(f.hub, "x"), "boot", NULL), "one");
	CU_ASSERT_TRUE(call(&f, "x", "m", USEC_PER_SEC).ok);
	CU_ASSERT_EQUAL(call(&f, "x", "fail", USEC_PER_SEC).code, ENOENT);
	hub_add(f.hub, "x", f.path); /* the same again is nothing */
	CU_ASSERT_TRUE(hub_ready(f.hub, "x"));
	CU_ASSERT_EQUAL(f.connections, 1);
	hub_remove(f.hub, "x");
	CU_ASSERT_EQUAL(f.lost, 1);
	CU_ASSERT_FALSE(hub_ready(f.hub, "x"));
	fake_stop(&f);
}

/* Half an old answer and the answer to an old token come first. */
static void test_old_bytes(void)
{
	struct fake f;

	fake_start(&f);
	f.before_token = "esult\":{\"a\":[1,2\x18"
			 "0000ffff\n";
	hub_add(f.hub, "x", f.path);
	CU_ASSERT_TRUE(wait_ready(&f));
	CU_ASSERT_TRUE(call(&f, "x", "m", USEC_PER_SEC).ok);
	CU_ASSERT_EQUAL(f.connections, 1);
	fake_stop(&f);
}

/* A guest that boots: the first token is lost, then the agent opens its port and says so. */
static void test_boot(void)
{
	uint64_t start = mono_usec();
	struct fake f;

	fake_start(&f);
	f.skip_tokens = 1;
	f.before_token = "{\"id\":null,\"method\":\"hello\",\"params\":{}}";
	hub_add(f.hub, "x", f.path);
	CU_ASSERT_TRUE(wait_ready(&f));
	CU_ASSERT_EQUAL(f.tokens, 2);
	CU_ASSERT_TRUE(mono_usec() - start < 900 * USEC_PER_MSEC); /* did not wait for the timer */
	fake_stop(&f);
}

static int was_lost(void *arg)
{
	struct fake *f = arg;

	return f->lost;
}

/* A guest that was reset behind the same connection. */
static void test_restart(void)
{
	struct answer a = {0};
	struct fake f;

	fake_start(&f);
	hub_add(f.hub, "x", f.path);
	CU_ASSERT_TRUE(wait_ready(&f));
	f.silent = true;
	hub_call(f.hub, "x", "m", NULL, 0, on_answer, &a);
	f.boot = "two";
	say(&f, "{\"id\":null,\"method\":\"hello\",\"params\":{\"boot\":\"two\"}}");
	loop_wait(f.ev, WAIT_US, was_lost, &f, "loss", NULL);
	CU_ASSERT_EQUAL(a.n, 1);
	CU_ASSERT_EQUAL(a.code, EHOSTDOWN);
	CU_ASSERT_TRUE(wait_ready(&f));
	TEST_STR(jstr(hub_hello(f.hub, "x"), "boot", NULL), "two");
	CU_ASSERT_EQUAL(f.ready, 2);
	fake_stop(&f);
}

/* Silence costs the connection; the next one starts clean. */
static void test_silence(void)
{
	struct fake f;

	fake_start(&f);
	hub_add(f.hub, "x", f.path);
	CU_ASSERT_TRUE(wait_ready(&f));
	f.silent = true;
	CU_ASSERT_EQUAL(call(&f, "x", "m", 50 * USEC_PER_MSEC).code, ETIMEDOUT);
	loop_wait(f.ev, WAIT_US, was_lost, &f, "loss", NULL);
	f.silent = false;
	CU_ASSERT_TRUE(wait_ready(&f));
	CU_ASSERT_EQUAL(f.connections, 2);
	CU_ASSERT_TRUE(call(&f, "x", "m", USEC_PER_SEC).ok);
	fake_stop(&f);
}

static void on_job(void *arg, json_t *result, const struct err *e)
{
	struct answer *a = arg;

	a->n++;
	a->code = e ? e->code : 0;
	a->ok = result != NULL;
	json_decref(result);
}

static const char request[] =
	"{\"cells\":[{\"from\":\"x\",\"dst\":\"10.0.0.1\",\"proto\":\"icmp\"}]}";

/* The end of the lab ends calls and jobs, once each; a cancelled job says nothing. */
static void test_end(void)
{
	_cleanup_json_ json_t *cells = jparse(request, strlen(request), NULL);
	struct answer ended = {0}, cancelled = {0}, pending = {0}, called = {0}, bad = {0};
	_cleanup_json_ json_t *nothing = json_object();
	struct fake f;

	fake_start(&f);
	hub_add(f.hub, "x", f.path);
	CU_ASSERT_TRUE(wait_ready(&f));
	f.silent = true;
	probe_run(f.hub, nothing, on_job, &bad);
	CU_ASSERT_EQUAL(bad.n, 0);
	loop_wait(f.ev, WAIT_US, answered, &bad, "job", NULL);
	CU_ASSERT_EQUAL(bad.code, EINVAL);
	probe_run(f.hub, cells, on_job, &ended);
	for (int i = 0; i < 10; i++) /* until its cells are on the way */
		sd_event_run(f.ev, 20 * USEC_PER_MSEC);
	probe_cancel(probe_run(f.hub, cells, on_job, &cancelled));
	probe_run(f.hub, cells, on_job, &pending);
	hub_call(f.hub, "x", "m", NULL, 0, on_answer, &called);
	fake_stop(&f);
	CU_ASSERT_EQUAL(bad.n, 1);
	CU_ASSERT_EQUAL(ended.n, 1);
	CU_ASSERT_EQUAL(ended.code, ECANCELED);
	CU_ASSERT_EQUAL(pending.n, 1);
	CU_ASSERT_EQUAL(cancelled.n, 0);
	CU_ASSERT_EQUAL(called.n, 1);
	CU_ASSERT_EQUAL(called.code, EHOSTDOWN);
}

TEST_SUITE(hub, {"calls", test_calls}, {"old bytes", test_old_bytes}, {"boot", test_boot},
	   {"restart", test_restart}, {"silence", test_silence}, {"end", test_end})
