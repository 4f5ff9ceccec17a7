/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/http_testing.h"

#define PODS "/api/v1/namespaces/default/pods"
#define OWN "/apis/ovnbed.io/v1alpha1/"

/* ---- verbs of the tests ---- */

static void verb_echo(void *arg, struct api_call *c)
{
	const char *q = api_call_query(c, "q");

	(void)arg;
	api_call_reply(c, 200,
		       json_pack("{s:s, s:s?, s:s?, s:s?, s:O}", "method", api_call_method(c), "q",
				 q, "part", api_call_part(c, 0), "none", api_call_part(c, 1),
				 "body", api_call_body(c)));
	api_call_reply(c, 500, json_object()); /* dropped */
}

static int on_late(sd_event_source *src, uint64_t usec, void *arg)
{
	(void)src;
	(void)usec;
	api_call_reply(arg, 202, json_pack("{s:b}", "late", 1));
	return 0;
}

static void verb_late(void *arg, struct api_call *c)
{
	struct fixture *f = arg;

	loop_after(f->ev, 20 * USEC_PER_MSEC, on_late, c, NULL);
}

static void on_cancel(void *arg)
{
	((struct fixture *)arg)->cancelled++;
}

static void verb_never(void *arg, struct api_call *c)
{
	api_call_on_cancel(c, on_cancel, arg);
}

static int on_tick(sd_event_source *src, uint64_t usec, void *arg)
{
	struct api_call *c = arg;

	(void)src;
	(void)usec;
	api_call_stream_send(c, json_pack("{s:i}", "line", 2));
	api_call_stream_send(c, json_pack("{s:i}", "line", 3));
	api_call_stream_end(c);
	return 0;
}

static void verb_lines(void *arg, struct api_call *c)
{
	struct fixture *f = arg;

	api_call_on_cancel(c, on_cancel, f);
	api_call_stream_begin(c, 200);
	api_call_stream_send(c, json_pack("{s:i}", "line", 1));
	loop_after(f->ev, 20 * USEC_PER_MSEC, on_tick, c, NULL);
}

static int on_begin(sd_event_source *src, uint64_t usec, void *arg)
{
	(void)src;
	(void)usec;
	api_call_stream_begin(arg, 200);
	return on_tick(NULL, 0, arg);
}

/* Decides late that the answer comes in lines. */
static void verb_late_lines(void *arg, struct api_call *c)
{
	loop_after(((struct fixture *)arg)->ev, 10 * USEC_PER_MSEC, on_begin, c, NULL);
}

static void add_verbs(struct fixture *f)
{
	static const struct {
		const char *method, *path;
		api_verb_fn fn;
	} verbs[] = {
		{"POST", OWN "echo", verb_echo},   {"PUT", OWN "echo/*/x", verb_echo},
		{"GET", OWN "late", verb_late},	   {"GET", OWN "never", verb_never},
		{"POST", OWN "lines", verb_lines}, {"POST", OWN "late-lines", verb_late_lines}};

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		apiserver_add_verb(f->s, verbs[i].method, verbs[i].path, verbs[i].fn, f, NULL);
}

static json_t *pod(const char *name)
{
	return json_pack("{s:s, s:s, s:{s:s}, s:{s:[{s:s, s:s}]}}", "apiVersion", "v1", "kind",
			 "Pod", "metadata", "name", name, "spec", "containers", "name", "c",
			 "image", "i");
}

static int create(struct client *c, const char *name)
{
	_cleanup_json_ json_t *obj = pod(name);
	int code = 0;

	client_request(c, "POST", PODS, obj, NULL, &code, NULL, NULL);
	return code;
}

/* ---- objects ---- */

static void objects(struct fixture *f)
{
	_cleanup_client_ struct client *c = new_client(f);
	_cleanup_json_ json_t *got = NULL, *none = NULL, *table = NULL, *bad = pod("b"),
			      *made = NULL;
	_cleanup_err_ struct err e = ERR_INIT;

	CU_ASSERT_EQUAL(create(c, "a"), 201);
	CU_ASSERT_EQUAL(create(c, "a"), 409);
	got = client_call(c, "GET", PODS "/a", NULL, &e);
	TEST_STR(jstr(got, "metadata.name", NULL), "a");
	none = client_call(c, "GET", PODS "/b%20", NULL, &e);
	CU_ASSERT_PTR_NULL(none);
	CU_ASSERT_EQUAL(e.code, ENOENT);
	TEST_STR(err_msg(&e), "pods \"b \" not found");
	CU_ASSERT_EQUAL(jint(client_status(c), "code", 0), 404);
	table = client_table(c, PODS, &e);
	TEST_STR(jstr(table, "kind", NULL), "Table");
	jset_str(bad, "spec.no\"such", "1");
	made = client_call(c, "POST", PODS, bad, &e);
	CU_ASSERT_PTR_NOT_NULL(made);
	CU_ASSERT_EQUAL(json_array_size(client_warnings(c)), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(json_string_value(json_array_get(client_warnings(c), 0)),
				      "spec.no\"such: "));
}

static void test_objects(void)
{
	struct fixture f = {.prepare = add_verbs};

	serve(&f, objects);
	tear_down(&f);
}

/* ---- sizes ---- */

static void sizes(struct fixture *f)
{
	_cleanup_client_ struct client *c = new_client(f);
	_cleanup_free_ char *blob = xmalloc(API_BODY_MAX + 2);
	_cleanup_json_ json_t *cm = json_pack("{s:{s:s}}", "metadata", "name", "big"), *got = NULL;
	_cleanup_json_ json_t *huge = NULL;
	const char *path = "/api/v1/namespaces/default/configmaps";
	int code = 0;

	memset(blob, 'x', API_BODY_MAX + 1);
	blob[API_BODY_MAX + 1] = '\0';
	huge = json_string(blob);
	client_request(c, "POST", path, huge, NULL, &code, NULL, NULL);
	CU_ASSERT_EQUAL(code, 413);
	blob[1000000] = '\0'; /* ConfigMaps hold at most 1 MiB */
	jset_str(cm, "data.k", blob);
	for (char i = 'a'; i < 'd'; i++) {
		jset(cm, "metadata.name", jstringf("big-%c", i));
		client_request(c, "POST", path, cm, NULL, &code, NULL, NULL);
		CU_ASSERT_EQUAL(code, 201);
	}
	got = client_call(c, "GET", path, NULL, NULL);
	CU_ASSERT_EQUAL(json_array_size(json_object_get(got, "items")), 3);
	TEST_ROW(streq0(jstr(got, "items.2.data.k", NULL), blob), "list", "text was changed");
}

static void test_sizes(void)
{
	struct fixture f = {.prepare = add_verbs};

	serve(&f, sizes);
	tear_down(&f);
}

/* ---- verbs ---- */

static int on_line(void *arg, const json_t *line)
{
	json_array_append(arg, json_object_get(line, "line"));
	return 0;
}

static int stop_at_first(void *arg, const json_t *line)
{
	(void)line;
	(*(int *)arg)++;
	return 7;
}

static void verbs(struct fixture *f)
{
	_cleanup_client_ struct client *c = new_client(f);
	_cleanup_json_ json_t *body = json_pack("{s:i}", "a", 1), *echo = NULL, *part = NULL;
	_cleanup_json_ json_t *late = NULL, *lines = json_array(), *more = json_array();
	_cleanup_err_ struct err e = ERR_INIT;
	int code = 0, seen = 0;

	echo = client_call(c, "POST", OWN "echo?q=x%26y", body, &e);
	TEST_STR(jstr(echo, "q", NULL), "x&y");
	CU_ASSERT_EQUAL(jint(echo, "body.a", 0), 1);
	part = client_call(c, "PUT", OWN "echo/a%2Fb/x", NULL, &e);
	TEST_STR(jstr(part, "part", NULL), "a/b");
	CU_ASSERT_TRUE(json_is_object(json_object_get(part, "body")));
	late = client_verb(c, "late", NULL, &e);
	CU_ASSERT_TRUE(jbool(late, "late", false));
	client_request(c, "DELETE", OWN "late", NULL, NULL, &code, NULL, &e);
	CU_ASSERT_EQUAL(code, 405);
	client_request(c, "POST", OWN "echo", body, "text/plain", &code, NULL, &e);
	CU_ASSERT_EQUAL(code, 415);
	CU_ASSERT_EQUAL(client_stream(c, "POST", OWN "lines", body, 0, on_line, lines, &e), 0);
	CU_ASSERT_EQUAL(json_array_size(lines), 3);
	CU_ASSERT_EQUAL(client_stream(c, "POST", OWN "late-lines", body, 0, on_line, more, &e), 0);
	CU_ASSERT_EQUAL(json_array_size(more), 2);
	CU_ASSERT_EQUAL(client_stream(c, "POST", OWN "lines", body, 0, stop_at_first, &seen, &e),
			7);
	CU_ASSERT_EQUAL(seen, 1);
	CU_ASSERT_EQUAL(client_stream(c, "POST", OWN "nosuch", body, 0, on_line, lines, &e),
			-ENOENT);
}

static void test_verbs(void)
{
	struct fixture f = {.prepare = add_verbs};

	serve(&f, verbs);
	tear_down(&f);
}

/* ---- clients that leave ---- */

static int ignore_event(void *arg, const char *type, const json_t *obj)
{
	(void)arg;
	(void)type;
	(void)obj;
	return 0;
}

static void leavers(struct fixture *f)
{
	_cleanup_client_ struct client *c = new_client(f);
	_cleanup_err_ struct err e = ERR_INIT;

	client_set_timeout(c, 50 * USEC_PER_MSEC);
	CU_ASSERT_PTR_NULL(client_verb(c, "never", NULL, &e));
	CU_ASSERT_EQUAL(e.code, ETIMEDOUT);
	CU_ASSERT_EQUAL(client_watch(c, PODS, NULL, 50 * USEC_PER_MSEC, ignore_event, NULL, &e),
			-ETIMEDOUT);
	client_set_timeout(c, 10 * USEC_PER_SEC);
	/* The server has seen both leave: another request is answered, and objects reach nobody. */
	CU_ASSERT_EQUAL(create(c, "a"), 201);
}

static void test_leavers(void)
{
	struct fixture f = {.prepare = add_verbs};
	size_t open = 0;

	serve(&f, leavers);
	CU_ASSERT_EQUAL(f.cancelled, 1);
	for (struct api_conn *c = f.s->conns; c; c = c->next)
		open += c->watch || c->is_call;
	CU_ASSERT_EQUAL(open, 0);
	tear_down(&f);
	CU_ASSERT_EQUAL(f.cancelled, 1);
}

/* The server ends while a call and a watch are open. */
static void hangers(struct fixture *f)
{
	static const char requests[] = "GET " OWN "never HTTP/1.1\r\nHost: lab\r\n\r\n";
	static const char watch[] = "GET " PODS "?watch=1 HTTP/1.1\r\nHost: lab\r\n\r\n";
	_cleanup_client_ struct client *c = new_client(f);
	int a = unix_connect(f->sock, NULL), b = unix_connect(f->sock, NULL); /* left open */

	CU_ASSERT_EQUAL(write(a, requests, strlen(requests)), (ssize_t)strlen(requests));
	CU_ASSERT_EQUAL(write(b, watch, strlen(watch)), (ssize_t)strlen(watch));
	for (int i = 0; i < 3; i++) /* answered behind those two */
		create(c, "a");
}

static void test_hangers(void)
{
	struct fixture f = {.prepare = add_verbs};

	serve(&f, hangers);
	CU_ASSERT_EQUAL(f.cancelled, 0);
	tear_down(&f);
	CU_ASSERT_EQUAL(f.cancelled, 1);
}

/* ---- watches ---- */

struct script {
	struct client *other;
	struct buf seen;
};

/* Each event provokes the next one through another connection. */
static int on_event(void *arg, const char *type, const json_t *obj)
{
	struct script *s = arg;
	const char *name = jstr(obj, "metadata.name", "");
	_cleanup_json_ json_t *patch = json_pack("{s:{s:{s:s}}}", "metadata", "labels", "x", "y");
	int code;

	buf_printf(&s->seen, "%s %s, ", type, name);
	if (streq(type, "ADDED") && streq(name, "a"))
		create(s->other, "b");
	else if (streq(type, "ADDED"))
		client_request(s->other, "PATCH", PODS "/a", patch, "application/merge-patch+json",
			       &code, NULL, NULL);
	else if (streq(type, "MODIFIED"))
		client_request(s->other, "DELETE", PODS "/a", NULL, NULL, &code, NULL, NULL);
	else
		return 1;
	return 0;
}

static int on_bookmark(void *arg, const char *type, const json_t *obj)
{
	(void)obj;
	*(bool *)arg = streq(type, "BOOKMARK");
	return 0;
}

static void watches(struct fixture *f)
{
	_cleanup_client_ struct client *c = new_client(f), *other = new_client(f);
	struct script s = {.other = other, .seen = BUF_INIT};
	_cleanup_err_ struct err e = ERR_INIT;
	bool mark = false;

	create(c, "a");
	CU_ASSERT_EQUAL(client_watch(c, PODS, NULL, 10 * USEC_PER_SEC, on_event, &s, &e), 1);
	TEST_STR(buf_str(&s.seen), "ADDED a, ADDED b, MODIFIED a, DELETED a, ");
	buf_free(&s.seen);
	CU_ASSERT_EQUAL(client_watch(c, PODS, "4711", 10 * USEC_PER_SEC, on_event, &s, &e),
			-ESTALE);
	CU_ASSERT_EQUAL(client_watch(c, PODS "?timeoutSeconds=1&allowWatchBookmarks=true", NULL,
				     10 * USEC_PER_SEC, on_bookmark, &mark, &e),
			0);
	CU_ASSERT_TRUE(mark);
}

static void test_watches(void)
{
	struct fixture f = {.prepare = add_verbs};

	serve(&f, watches);
	tear_down(&f);
}

/* ---- what no client of ours sends ---- */

static void send_raw(struct fixture *f, const char *text, char *out, size_t size)
{
	_cleanup_close_ int fd = unix_connect(f->sock, NULL);
	struct timeval limit = {.tv_sec = 5};
	ssize_t n;

	fcntl(fd, F_SETFL, 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (send(fd, text, strlen(text), MSG_NOSIGNAL) < 0)
		return;
	n = recv(fd, out, size - 1, 0);
	out[n > 0 ? n : 0] = '\0';
}

static void strangers(struct fixture *f)
{
	_cleanup_client_ struct client *c = NULL;
	char out[512] = "";
	int slow[40];

	for (size_t i = 0; i < ARRAY_SIZE(slow); i++) {
		slow[i] = unix_connect(f->sock, NULL);
		CU_ASSERT_EQUAL(write(slow[i], "POST / HT", 9), 9);
	}
	send_raw(f, "\x16\x03\x01 rubbish\r\n\r\n", out, sizeof(out));
	CU_ASSERT_PTR_NOT_NULL(strstr(out, " 400 "));
	send_raw(f, "GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n", out, sizeof(out));
	CU_ASSERT_PTR_NOT_NULL(strstr(out, " 400 "));
	send_raw(f, "HEAD /version HTTP/1.1\r\nHost: x\r\n\r\n", out, sizeof(out));
	CU_ASSERT_PTR_NOT_NULL(strstr(out, " 200 "));
	c = new_client(f);
	CU_ASSERT_EQUAL(create(c, "a"), 201);
	for (size_t i = 0; i < ARRAY_SIZE(slow); i++)
		close(slow[i]);
}

static void test_strangers(void)
{
	struct fixture f = {.prepare = add_verbs};

	serve(&f, strangers);
	tear_down(&f);
}

static void test_no_lab(void)
{
	_cleanup_err_ struct err e = ERR_INIT;

	CU_ASSERT_PTR_NULL(client_open("/tmp/ovnbed-no-such-lab/api.sock", &e));
	CU_ASSERT_EQUAL(e.code, ENOENT);
}

static void test_paths(void)
{
	_cleanup_free_ char *a = client_path(&kind_pod, NULL, NULL, NULL);
	_cleanup_free_ char *b = client_path(&kind_vm, "n s", "x", "status");
	_cleanup_free_ char *c = client_path(&kind_namespace, "ignored", "y", NULL);

	TEST_STR(a, "/api/v1/pods");
	TEST_STR(b, "/apis/kubevirt.io/v1/namespaces/n%20s/virtualmachines/x/status");
	TEST_STR(c, "/api/v1/namespaces/y");
	client_add_query(&a, "labelSelector", "a=b");
	client_add_query(&a, "watch", "1");
	TEST_STR(a, "/api/v1/pods?labelSelector=a%3Db&watch=1");
}

TEST_SUITE(lab_http, {"objects", test_objects}, {"sizes", test_sizes}, {"verbs", test_verbs},
	   {"clients that leave", test_leavers}, {"end with open calls", test_hangers},
	   {"watches", test_watches}, {"strangers", test_strangers}, {"no lab", test_no_lab},
	   {"paths", test_paths})
