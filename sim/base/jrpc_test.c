/* SPDX-License-Identifier: Apache-2.0 */
#include "test/test.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/jrpc.h"

#define WAIT (2 * USEC_PER_SEC)

static void test_scan(void)
{
	static const struct {
		const char *text;
		ssize_t want;
	} rows[] = {
		{"", 0},
		{"{}", 2},
		{" \n[1,2] [3]", 7},
		{"{\"a\":\"}\\\"]\"}x", 12},
		{"{\"a\":[{}", 0},
		{"\"text\"", -EPROTO},
		{"}", -EPROTO},
		{"x", -EPROTO},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct jscan whole = {0}, bytes = {0};
		ssize_t r = jscan_feed(&whole, rows[i].text, strlen(rows[i].text)), b = 0;

		for (size_t n = 0; b == 0 && n <= strlen(rows[i].text); n++)
			b = jscan_feed(&bytes, rows[i].text, n);
		TEST_ROW(r == rows[i].want, rows[i].text, "whole: got %zd, want %zd", r,
			 rows[i].want);
		TEST_ROW(b == rows[i].want, rows[i].text, "by bytes: got %zd, want %zd", b,
			 rows[i].want);
	}
}

/* One side of a connection and what it has seen, as text. */
struct side {
	struct jrpc *j;
	struct buf seen;
	int closed;
	bool free_in_reply, free_in_request;
};

static void on_request(void *arg, struct jrpc *j, const char *method, const json_t *params,
		       const json_t *id)
{
	struct side *s = arg;
	_cleanup_free_ char *p = jtext(params), *i = jtext(id);

	buf_printf(&s->seen, "%s%s%s;", method, p, id ? i : "-");
	if (s->free_in_request) {
		jrpc_free(j);
		s->j = NULL;
	} else if (streq(method, "add")) {
		jrpc_reply(j, id, json_integer(jint(params, "0", 0) + jint(params, "1", 0)), NULL);
	} else if (streq(method, "fail")) {
		jrpc_reply(j, id, NULL, json_string("no"));
	} else if (streq(method, "null")) {
		jrpc_reply(j, id, NULL, NULL);
	}
}

static void on_closed(void *arg, struct jrpc *j, const char *why)
{
	struct side *s = arg;

	s->closed++;
	buf_printf(&s->seen, "closed:%s;", why);
	jrpc_free(j);
	s->j = NULL;
}

static void on_reply(void *arg, const json_t *result, const json_t *error)
{
	struct side *s = arg;
	_cleanup_free_ char *t = jtext(result ? result : error);

	buf_printf(&s->seen, "%s%s;", result ? "" : "error:", t);
	if (s->free_in_reply) {
		jrpc_free(s->j);
		s->j = NULL;
	}
}

static const struct jrpc_ops ops = {on_request, on_closed};

struct pair {
	sd_event *ev;
	struct side a, b;
	int raw; /* b's descriptor when b is no jrpc */
};

static void pair_open(struct pair *p, bool raw)
{
	int fd[2];

	*p = (struct pair){.raw = -1};
	sd_event_new(&p->ev);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) < 0)
		abort();
	p->a.j = jrpc_new(p->ev, fd[0], &ops, &p->a);
	if (raw)
		p->raw = fd[1];
	else
		p->b.j = jrpc_new(p->ev, fd[1], &ops, &p->b);
}

static void pair_close(struct pair *p)
{
	jrpc_free(p->a.j);
	jrpc_free(p->b.j);
	buf_free(&p->a.seen);
	buf_free(&p->b.seen);
	close_fd(p->raw);
	sd_event_unref(p->ev);
}

static int a_idle(void *arg)
{
	struct pair *p = arg;

	return p->a.seen.len > 0;
}

static bool wait_a(struct pair *p)
{
	return loop_wait(p->ev, WAIT, a_idle, p, "answer", NULL) == 0;
}

static int a_gone(void *arg)
{
	return ((struct pair *)arg)->a.j == NULL;
}

static bool wait_gone(struct pair *p)
{
	return loop_wait(p->ev, WAIT, a_gone, p, "end", NULL) == 0;
}

static void test_calls(void)
{
	static const struct {
		const char *method, *params, *want;
	} rows[] = {
		{"add", "[2,3]", "5;"},
		{"fail", "[]", "error:\"no\";"},
		{"null", "[]", "null;"},
		{"echo", "[\"x\"]", "[\"x\"];"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct pair p;

		pair_open(&p, false);
		CU_ASSERT(jrpc_call(p.a.j, rows[i].method,
				    jparse(rows[i].params, strlen(rows[i].params), NULL), WAIT,
				    on_reply, &p.a) > 0);
		CU_ASSERT(wait_a(&p));
		TEST_ROW(streq(buf_str(&p.a.seen), rows[i].want), rows[i].method, "got %s",
			 buf_str(&p.a.seen));
		pair_close(&p);
	}
}

static void test_raw_stream(void)
{
	static const struct {
		const char *bytes, *want;
	} rows[] = {
		{"{\"id\":null,\"method\":\"n\",\"params\":[1]}", "n[1]-;"},
		{"{\"method\":\"n\",\"params\":[]} {\"method\":\"m\",\"params\":[],\"id\":7}",
		 "n[]-;m[]7;"},
		{"hello", "closed:peer sent something that is not JSON-RPC;"},
		{"[1,2]", "closed:peer sent something that is not JSON-RPC;"},
		{"{\"x\":1}", "closed:peer sent something that is not JSON-RPC;"},
		{"{\"x\":]}", "closed:peer sent something that is not JSON-RPC;"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct pair p;

		pair_open(&p, true);
		CU_ASSERT(write(p.raw, rows[i].bytes, strlen(rows[i].bytes)) > 0);
		CU_ASSERT(wait_a(&p));
		TEST_ROW(streq(buf_str(&p.a.seen), rows[i].want), rows[i].bytes, "got %s",
			 buf_str(&p.a.seen));
		pair_close(&p);
	}
}

static void test_truncated(void)
{
	struct pair p;

	pair_open(&p, true);
	CU_ASSERT(write(p.raw, "{\"id\":1,", 8) == 8);
	p.raw = close_fd(p.raw);
	CU_ASSERT(wait_a(&p));
	TEST_STR(buf_str(&p.a.seen), "closed:connection closed inside a message;");
	pair_close(&p);
}

/* The last words of a dying peer are heard, then pending calls fail, then closed runs once. */
static void test_close_order(void)
{
	static const char last[] = "{\"id\":1,\"result\":1,\"error\":null}";
	struct pair p;

	pair_open(&p, true);
	jrpc_call(p.a.j, "one", json_array(), 0, on_reply, &p.a);
	jrpc_call(p.a.j, "two", json_array(), 0, on_reply, &p.a);
	CU_ASSERT(write(p.raw, last, sizeof(last) - 1) > 0);
	shutdown(p.raw, SHUT_RDWR);
	CU_ASSERT(wait_gone(&p));
	TEST_STR(buf_str(&p.a.seen),
		 "1;error:\"two: connection closed\";closed:connection closed;");
	CU_ASSERT_EQUAL(p.a.closed, 1);
	pair_close(&p);
}

static void test_write_to_dead_peer(void)
{
	struct pair p;

	pair_open(&p, true);
	p.raw = close_fd(p.raw);
	CU_ASSERT(jrpc_call(p.a.j, "x", json_array(), 0, on_reply, &p.a) > 0);
	CU_ASSERT(wait_gone(&p));
	CU_ASSERT_EQUAL(p.a.closed, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(buf_str(&p.a.seen), "error:\"x: "));
	pair_close(&p);
}

static void test_timeout_and_cancel(void)
{
	struct pair p;
	long id;

	pair_open(&p, true);
	id = jrpc_call(p.a.j, "gone", json_array(), USEC_PER_MSEC, on_reply, &p.a);
	jrpc_cancel(p.a.j, id);
	jrpc_call(p.a.j, "slow", json_array(), 20 * USEC_PER_MSEC, on_reply, &p.a);
	CU_ASSERT(wait_a(&p));
	TEST_STR(buf_str(&p.a.seen), "error:\"slow: no answer within 0.0 s\";");
	pair_close(&p);
}

/* A callback may free the connection: in a reply, in a request, and with calls pending. */
static void test_free_inside(void)
{
	static const char two[] =
		"{\"method\":\"n\",\"params\":[]}{\"method\":\"n\",\"params\":[]}";
	struct pair p;

	pair_open(&p, false);
	p.a.free_in_reply = true;
	jrpc_call(p.a.j, "add", json_array(), WAIT, on_reply, &p.a);
	jrpc_call(p.a.j, "add", json_array(), WAIT, on_reply, &p.a);
	CU_ASSERT(wait_gone(&p));
	TEST_STR(buf_str(&p.a.seen), "0;error:\"add: connection closed\";");
	pair_close(&p);

	/* the peer dies, and the first to hear of it frees: closed() must not run any more */
	pair_open(&p, true);
	p.a.free_in_reply = true;
	jrpc_call(p.a.j, "one", json_array(), 0, on_reply, &p.a);
	shutdown(p.raw, SHUT_RDWR);
	CU_ASSERT(wait_gone(&p));
	TEST_STR(buf_str(&p.a.seen), "error:\"one: connection closed\";");
	CU_ASSERT_EQUAL(p.a.closed, 0);
	pair_close(&p);

	pair_open(&p, true);
	p.a.free_in_request = true;
	CU_ASSERT(write(p.raw, two, sizeof(two) - 1) > 0);
	CU_ASSERT(wait_gone(&p));
	TEST_STR(buf_str(&p.a.seen), "n[]-;");
	pair_close(&p);
}

static int b_big(void *arg)
{
	struct pair *p = arg;

	return p->b.seen.len > (4u << 20);
}

/* More than a socket buffer goes out in pieces and arrives whole. */
static void test_big(void)
{
	_cleanup_free_ char *s = xmalloc((4u << 20) + 1);
	struct pair p;

	memset(s, 'x', 4u << 20);
	s[4u << 20] = '\0';
	pair_open(&p, false);
	CU_ASSERT_EQUAL(jrpc_notify(p.a.j, "big", json_pack("[s]", s)), 0);
	CU_ASSERT(jrpc_backlog(p.a.j) > 0);
	CU_ASSERT_EQUAL(loop_wait(p.ev, WAIT, b_big, &p, "big message", NULL), 0);
	CU_ASSERT_EQUAL(p.b.seen.len, (4u << 20) + strlen("big[\"\"]-;"));
	CU_ASSERT_EQUAL(jrpc_backlog(p.a.j), 0);
	pair_close(&p);
}

static void test_unix_connect(void)
{
	_cleanup_err_ struct err e = ERR_INIT;

	CU_ASSERT_EQUAL(unix_connect("/nonexistent/x.sock", &e), -ENOENT);
	TEST_STR(err_msg(&e), "connect to /nonexistent/x.sock: No such file or directory");
}

TEST_SUITE(base_jrpc, {"scan", test_scan}, {"calls", test_calls}, {"raw_stream", test_raw_stream},
	   {"truncated", test_truncated}, {"close_order", test_close_order},
	   {"write_to_dead_peer", test_write_to_dead_peer},
	   {"timeout_and_cancel", test_timeout_and_cancel}, {"free_inside", test_free_inside},
	   {"big", test_big}, {"unix_connect", test_unix_connect})
