/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/api_request.h"

#include "api/status.h"
#include "lab/url.h"
#include "test/test.h"

/* JSON with ' for ", so that rows stay readable. Caller frees. */
static char *quoted(const char *text)
{
	char *s = xstrdup(text);

	for (char *p = s; p && *p; p++)
		*p = *p == '\'' ? '"' : *p;
	return s;
}

static int64_t clock_fixed(void *arg)
{
	(void)arg;
	return 1767225600; /* 2026-01-01 */
}

static struct store *new_store(void)
{
	struct store_config c = {.now = clock_fixed, .seed = 1};

	return store_new(&c);
}

/* Sends "METHOD PATH?QUERY" with a body of that type. */
static void send(struct store *s, const char *line, const char *type, const char *body,
		 struct api_response *ret)
{
	_cleanup_free_ char *copy = xstrdup(line), *text = quoted(body);
	char *path = strchr(copy, ' '), *query = strchr(copy, '?');
	struct api_request r = {
		.content_type = type, .body = text, .body_len = text ? strlen(text) : 0};

	*path++ = '\0';
	if (query)
		*query++ = '\0';
	r.method = copy;
	r.path = path;
	r.query = query;
	api_handle(s, &r, ret);
}

struct row {
	const char *line, *type, *body;
	int code;
	const char *path, *want; /* a string (or number) of the answer; NULL: not looked at */
};

static char *value_at(const json_t *json, const char *path)
{
	json_t *v = jget(json, path);

	if (json_is_string(v))
		return xstrdup(json_string_value(v));
	return v ? jtext(v) : NULL;
}

static void run_rows(struct store *s, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct row *t = &rows[i];
		_cleanup_response_ struct api_response r = {0};
		_cleanup_free_ char *got = NULL, *all = NULL;

		send(s, t->line, t->type, t->body, &r);
		all = r.json ? jtext(r.json) : NULL;
		TEST_ROW(r.code == t->code, t->line, "row %zu: code %d, want %d: %.300s", i, r.code,
			 t->code, all ? all : "");
		if (!t->path)
			continue;
		got = value_at(r.json, t->path);
		TEST_ROW(streq0(got, t->want), t->line, "row %zu: %s is %s, want %s", i, t->path,
			 got ? got : "(absent)", t->want ? t->want : "(absent)");
	}
}

#define PODS "/api/v1/namespaces/default/pods"
#define NADS "/apis/k8s.cni.cncf.io/v1/namespaces/default/network-attachment-definitions"
#define JSON "application/json"
#define MERGE "application/merge-patch+json"

static const char pod_a[] = "{'apiVersion':'v1','kind':'Pod','metadata':{'name':'a','labels':"
			    "{'x':'1'}},'spec':{'containers':[{'name':'c','image':'i'}]}}";
static const char pod_b[] = "{'metadata':{'name':'b','labels':{'x':'2'}},'spec':{'containers':"
			    "[{'name':'c','image':'i'}]}}";
static const char nad_yaml[] = "apiVersion: k8s.cni.cncf.io/v1\n"
			       "kind: NetworkAttachmentDefinition\n"
			       "metadata: {name: blue}\n"
			       "spec: {config: '{}'}\n";

static void test_discovery(void)
{
	static const struct row rows[] = {
		{"GET /", NULL, NULL, 200, "paths.0", "/api"},
		{"GET /healthz", NULL, NULL, 200, NULL, NULL},
		{"GET /readyz/ping", NULL, NULL, 200, NULL, NULL},
		{"GET /version", NULL, NULL, 200, "minor", "30"},
		{"GET /api", NULL, NULL, 200, "versions.0", "v1"},
		{"GET /api/v1", NULL, NULL, 200, "kind", "APIResourceList"},
		{"GET /api/v2", NULL, NULL, 404, "reason", "NotFound"},
		{"GET /apis", NULL, NULL, 200, "kind", "APIGroupList"},
		{"GET /apis/kubevirt.io", NULL, NULL, 200, "preferredVersion.version", "v1"},
		{"GET /apis/kubevirt.io/v1", NULL, NULL, 200, "groupVersion", "kubevirt.io/v1"},
		{"GET /apis/nosuch.io/v1", NULL, NULL, 404, NULL, NULL},
		{"POST /api", NULL, NULL, 405, "reason", "MethodNotAllowed"},
		{"GET /openapi/v3", NULL, NULL, 404, NULL, NULL},
		{"GET /metrics", NULL, NULL, 404, NULL, NULL},
		{"GET /api/v1/nosuch", NULL, NULL, 404, NULL, NULL},
		{"GET /api/v1/%zz", NULL, NULL, 400, "reason", "BadRequest"},
		{"GET /api/v1/%00", NULL, NULL, 400, NULL, NULL},
		{"GET /api/v1/pods?a=%f", NULL, NULL, 400, NULL, NULL},
	};
	_cleanup_store_ struct store *s = new_store();

	run_rows(s, rows, ARRAY_SIZE(rows));
}

static void test_crud(void)
{
	static const struct row rows[] = {
		{"POST " PODS, JSON, pod_a, 201, "metadata.name", "a"},
		{"POST " PODS, JSON, pod_a, 409, "reason", "AlreadyExists"},
		{"POST " PODS, NULL, pod_b, 201, "kind", "Pod"},
		{"POST " PODS "?dryRun=All", JSON,
		 "{'metadata':{'name':'c'},'spec':{'containers':[{'name':'c','image':'i'}]}}", 201,
		 "metadata.name", "c"},
		{"GET " PODS "/c", NULL, NULL, 404, "message", "pods \"c\" not found"},
		{"POST " PODS "?dryRun=Some", JSON, pod_b, 400, NULL, NULL},
		{"GET " PODS "/a", NULL, NULL, 200, "metadata.namespace", "default"},
		{"GET " PODS "/a/", NULL, NULL, 200, "metadata.name", "a"},
		{"GET " PODS, NULL, NULL, 200, "items.1.metadata.name", "b"},
		{"GET /api/v1/pods", NULL, NULL, 200, "items.1.metadata.name", "b"},
		{"GET " PODS "?labelSelector=x%3D2", NULL, NULL, 200, "items.0.metadata.name", "b"},
		{"GET " PODS "?labelSelector=%3D", NULL, NULL, 400, NULL, NULL},
		{"GET " PODS "?fieldSelector=metadata.name%3Db", NULL, NULL, 200,
		 "items.0.metadata.name", "b"},
		{"GET " PODS "?limit=1", NULL, NULL, 200, "items.1.metadata.name", "b"},
		{"PATCH " PODS "/a", MERGE, "{'metadata':{'labels':{'y':'2'}}}", 200,
		 "metadata.labels.y", "2"},
		{"PATCH " PODS "/a", "application/strategic-merge-patch+json",
		 "{'metadata':{'labels':{'y':null}}}", 200, "metadata.labels.y", NULL},
		{"PATCH " PODS "/a", "application/json-patch+json; charset=UTF-8",
		 "[{'op':'add','path':'/metadata/labels/z','value':'3'}]", 200, "metadata.labels.z",
		 "3"},
		{"PATCH " PODS "/a", JSON, "{}", 415, "reason", "UnsupportedMediaType"},
		{"PATCH " PODS "/a", MERGE, "{", 400, NULL, NULL},
		{"PATCH " PODS "/nosuch", MERGE, "{}", 404, NULL, NULL},
		{"PUT " PODS "/b", JSON, pod_a, 400, NULL, NULL},
		{"PUT " PODS "/b", JSON, pod_b, 200, "metadata.name", "b"},
		{"DELETE " PODS "/a", JSON, "{'preconditions':{'uid':'wrong'}}", 409, NULL, NULL},
		{"DELETE " PODS "/a", JSON, "{'dryRun':['All']}", 200, "status", "Success"},
		{"DELETE " PODS "/a?propagationPolicy=Sometimes", NULL, NULL, 400, NULL, NULL},
		{"DELETE " PODS "/a", JSON, "{'propagationPolicy':'Background'}", 200,
		 "details.name", "a"},
		{"DELETE " PODS "/a", NULL, NULL, 404, NULL, NULL},
		{"DELETE " PODS, NULL, NULL, 200, "items.0.metadata.name", "b"},
		{"GET " PODS, NULL, NULL, 200, "items", "[]"},
	};
	_cleanup_store_ struct store *s = new_store();

	run_rows(s, rows, ARRAY_SIZE(rows));
}

static void test_refusals(void)
{
	static const struct row rows[] = {
		{"POST /api/v1/pods", JSON, pod_a, 405, NULL, NULL},
		{"DELETE /api/v1/pods", NULL, NULL, 405, NULL, NULL},
		{"GET /api/v1/pods/a", NULL, NULL, 404, NULL, NULL},
		{"GET /api/v1/namespaces/default/nodes", NULL, NULL, 404, NULL, NULL},
		{"GET " PODS "/a/log", NULL, NULL, 404, NULL, NULL},
		{"GET " PODS "/a/status/x", NULL, NULL, 404, NULL, NULL},
		{"BREW " PODS, NULL, NULL, 405, NULL, NULL},
		{" " PODS, NULL, NULL, 405, NULL, NULL},
		{"GE " PODS, NULL, NULL, 405, NULL, NULL},
		{"POST " PODS, JSON, NULL, 400, "message", "the body is empty"},
		{"POST " PODS, JSON, "[]", 400, NULL, NULL},
		{"POST " PODS, JSON, "7", 400, NULL, NULL},
		{"POST " PODS, JSON, "{'metadata':7}", 400, NULL, NULL},
		{"POST " PODS, JSON, "{'a':1,'a':2}", 400, NULL, NULL},
		{"POST " PODS, "application/vnd.kubernetes.protobuf", "k8s", 415, NULL, NULL},
		{"POST " PODS, JSON, "{'kind':'Secret','apiVersion':'v1','metadata':{'name':'a'}}",
		 400, NULL, NULL},
		{"POST " PODS, JSON, "{'metadata':{'name':'a','namespace':'other'}}", 400, NULL,
		 NULL},
		{"POST /api/v1/namespaces/nosuch/pods", JSON, pod_a, 404, NULL, NULL},
		{"POST " PODS, JSON, "{'metadata':{'name':'A_'},'spec':{}}", 422, "reason",
		 "Invalid"},
		{"POST " PODS "?fieldValidation=Strict", JSON,
		 "{'metadata':{'name':'a'},'spec':{'containers':[{'name':'c','image':'i'}],"
		 "'nosuch':1}}",
		 422, NULL, NULL},
		{"POST " PODS "?fieldValidation=Perhaps", JSON, pod_a, 400, NULL, NULL},
		{"PATCH " NADS "/blue", "application/strategic-merge-patch+json", "{}", 404, NULL,
		 NULL},
	};
	_cleanup_store_ struct store *s = new_store();

	run_rows(s, rows, ARRAY_SIZE(rows));
}

static void test_scopes(void)
{
	static const struct row rows[] = {
		{"GET /api/v1/namespaces/default", NULL, NULL, 200, "kind", "Namespace"},
		{"GET /api/v1/namespaces/default/status", NULL, NULL, 200, "kind", "Namespace"},
		{"POST /api/v1/namespaces", JSON, "{'metadata':{'name':'blue'}}", 201, NULL, NULL},
		{"POST " NADS, "application/yaml", nad_yaml, 201, "metadata.name", "blue"},
		{"PATCH " NADS "/blue", "application/strategic-merge-patch+json", "{}", 415, NULL,
		 NULL},
		{"PATCH " NADS "/blue", "application/apply-patch+yaml",
		 "{'metadata':{'labels':{'a':'b'}}}", 200, "metadata.labels.a", "b"},
		{"PATCH " NADS "/red?fieldManager=k&force=true", "application/apply-patch+yaml",
		 "spec: {config: '{}'}", 201, "metadata.name", "red"},
		{"POST " NADS, "application/yaml", "a: 1\n---\nb: 2\n", 400, NULL, NULL},
		{"POST " NADS, "application/yaml", "a: [", 400, NULL, NULL},
		{"DELETE /api/v1/namespaces/blue", NULL, NULL, 200, NULL, NULL},
		{"GET /api/v1/namespaces/blue", NULL, NULL, 404, NULL, NULL},
	};
	_cleanup_store_ struct store *s = new_store();

	run_rows(s, rows, ARRAY_SIZE(rows));
}

static void test_status_subresource(void)
{
	static const struct row rows[] = {
		{"POST " PODS, JSON, pod_a, 201, NULL, NULL},
		{"PATCH " PODS "/a", MERGE, "{'status':{'phase':'Running'}}", 200, "status.phase",
		 "Pending"},
		{"PATCH " PODS "/a/status", MERGE, "{'status':{'phase':'Running'}}", 200,
		 "status.phase", "Running"},
		{"PATCH " PODS "/a/status", MERGE, "{'metadata':{'labels':{'q':'1'}}}", 200,
		 "metadata.labels.q", NULL},
		{"GET " PODS "/a/status", NULL, NULL, 200, "status.phase", "Running"},
		{"PUT " PODS "/a/status", JSON,
		 "{'metadata':{'name':'a'},'status':{'phase':'Failed'}}", 200, "status.phase",
		 "Failed"},
		{"DELETE " PODS "/a/status", NULL, NULL, 405, NULL, NULL},
		{"POST " PODS "/a/status", JSON, "{}", 405, NULL, NULL},
	};
	_cleanup_store_ struct store *s = new_store();

	run_rows(s, rows, ARRAY_SIZE(rows));
}

static void test_finalizers(void)
{
	static const struct row rows[] = {
		{"POST " PODS, JSON,
		 "{'metadata':{'name':'a','finalizers':['x.io/y']},'spec':{'containers':[{'name':"
		 "'c','image':'i'}]}}",
		 201, NULL, NULL},
		{"DELETE " PODS "/a", NULL, NULL, 200, "kind", "Pod"},
		{"PATCH " PODS "/a", MERGE, "{'metadata':{'finalizers':null}}", 200, NULL, NULL},
		{"GET " PODS "/a", NULL, NULL, 404, NULL, NULL},
	};
	_cleanup_store_ struct store *s = new_store();

	run_rows(s, rows, ARRAY_SIZE(rows));
}

static void test_table(void)
{
	static const char accept[] =
		"application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
	_cleanup_store_ struct store *s = new_store();
	struct api_request r = {.method = "GET", .path = "/api/v1/namespaces", .accept = accept};
	_cleanup_response_ struct api_response list = {0}, one = {0}, bad = {0};

	api_handle(s, &r, &list);
	TEST_STR(jstr(list.json, "kind", NULL), "Table");
	TEST_STR(jstr(list.json, "rows.0.cells.0", NULL), "default");
	TEST_STR(jstr(list.json, "rows.0.object.kind", NULL), "PartialObjectMetadata");
	r.path = "/api/v1/namespaces/default";
	r.query = "includeObject=None";
	api_handle(s, &r, &one);
	CU_ASSERT_EQUAL(json_array_size(jget(one.json, "rows")), 1);
	CU_ASSERT_PTR_NULL(jget(one.json, "rows.0.object"));
	r.query = "includeObject=Half";
	api_handle(s, &r, &bad);
	CU_ASSERT_EQUAL(bad.code, 400);
}

static void test_body_limit(void)
{
	_cleanup_store_ struct store *s = new_store();
	_cleanup_free_ char *big = xmalloc(API_BODY_MAX + 1);
	struct api_request r = {
		.method = "POST", .path = PODS, .body = big, .body_len = API_BODY_MAX + 1};
	_cleanup_response_ struct api_response ret = {0};

	memset(big, ' ', API_BODY_MAX + 1);
	api_handle(s, &r, &ret);
	CU_ASSERT_EQUAL(ret.code, 413);
	TEST_STR(status_reason(ret.json), "RequestEntityTooLarge");
}

static void test_warnings(void)
{
	_cleanup_store_ struct store *s = new_store();
	_cleanup_response_ struct api_response r = {0};

	send(s, "POST " PODS, JSON,
	     "{'metadata':{'name':'a'},'spec':{'containers':[{'name':'c','image':'i'}],"
	     "'nosuch':1}}",
	     &r);
	CU_ASSERT_EQUAL(r.code, 201);
	CU_ASSERT_EQUAL(json_array_size(r.warnings), 1);
	CU_ASSERT_PTR_NOT_NULL(
		strstr(json_string_value(json_array_get(r.warnings, 0)), "spec.nosuch"));
}

/* ---- watches ---- */

static char *events_of(struct store *s, struct api_watch *w)
{
	struct buf b = BUF_INIT;
	size_t i;
	json_t *ev;

	json_array_foreach(w->events, i, ev)
		api_watch_write(w, s, jstr(ev, "type", ""), json_object_get(ev, "object"), &b);
	return buf_take(&b);
}

static void test_watch(void)
{
	_cleanup_store_ struct store *s = new_store();
	_cleanup_response_ struct api_response made = {0}, all = {0}, since = {0}, none = {0};
	_cleanup_free_ char *line = NULL, *first = NULL, *second = NULL;

	send(s, "POST " PODS, JSON, pod_a, &made);
	send(s, "GET " PODS "?watch=true&timeoutSeconds=7&allowWatchBookmarks=1", NULL, NULL, &all);
	CU_ASSERT_EQUAL(all.code, 200);
	if (!TEST_ROW(all.watch != NULL, "watch", "no watch"))
		return;
	CU_ASSERT_EQUAL(all.watch->timeout_us, 7 * USEC_PER_SEC);
	CU_ASSERT_TRUE(all.watch->bookmarks);
	CU_ASSERT_FALSE(all.watch->over);
	first = events_of(s, all.watch);
	CU_ASSERT_PTR_NOT_NULL(strstr(first, "\"type\":\"ADDED\""));
	CU_ASSERT_EQUAL(first[strlen(first) - 1], '\n');

	line = xasprintf("GET " PODS "/a?watch=1&resourceVersion=%s",
			 jstr(made.json, "metadata.resourceVersion", ""));
	send(s, line, NULL, NULL, &since);
	second = since.watch ? events_of(s, since.watch) : NULL;
	TEST_STR(second, "");
	send(s, "GET " PODS "?watch=false", NULL, NULL, &none);
	CU_ASSERT_PTR_NULL(none.watch);
	TEST_STR(jstr(none.json, "kind", NULL), "PodList");
}

static void test_watch_expired(void)
{
	_cleanup_store_ struct store *s = new_store();
	_cleanup_response_ struct api_response r = {0}, bad = {0};
	json_t *ev;

	send(s, "GET " PODS "?watch=1&resourceVersion=99999", NULL, NULL, &r);
	if (!TEST_ROW(r.watch && r.watch->over, "expired", "no ERROR event"))
		return;
	ev = json_array_get(r.watch->events, 0);
	TEST_STR(jstr(ev, "type", NULL), "ERROR");
	CU_ASSERT_EQUAL(jint(ev, "object.code", 0), 410);
	send(s, "GET " PODS "?watch=1&labelSelector=%28", NULL, NULL, &bad);
	CU_ASSERT_EQUAL(bad.code, 400);
	CU_ASSERT_PTR_NULL(bad.watch);
}

static void test_watch_table(void)
{
	_cleanup_store_ struct store *s = new_store();
	struct api_request r = {.method = "GET",
				.path = "/api/v1/namespaces",
				.query = "watch=1",
				.accept = "application/json;as=Table;v=v1;g=meta.k8s.io"};
	_cleanup_response_ struct api_response ret = {0};
	_cleanup_free_ char *text = NULL;
	_cleanup_buf_ struct buf mark = BUF_INIT;
	char *second;

	api_handle(s, &r, &ret);
	if (!TEST_ROW(ret.watch != NULL, "table", "no watch"))
		return;
	text = events_of(s, ret.watch);
	second = strchr(text, '\n') + 1;
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"priority\""));
	CU_ASSERT_PTR_NULL(strstr(second, "\"priority\""));
	api_watch_bookmark(ret.watch, s, true, &mark);
	CU_ASSERT_PTR_NOT_NULL(strstr(buf_str(&mark), "\"type\":\"BOOKMARK\""));
	CU_ASSERT_PTR_NOT_NULL(strstr(buf_str(&mark), "initial-events-end"));
}

/* ---- URLs ---- */

static void test_url(void)
{
	_cleanup_json_ json_t *q = url_query("a=1&b=x%20y+z&flag&a=2&"), *segs = NULL, *bad = NULL;
	_cleanup_buf_ struct buf b = BUF_INIT;

	TEST_STR(jstr(q, "a", NULL), "1");
	TEST_STR(jstr(q, "b", NULL), "x y z");
	TEST_STR(jstr(q, "flag", NULL), "");
	segs = url_segments("//a/b%2Fc/");
	CU_ASSERT_EQUAL(json_array_size(segs), 2);
	TEST_STR(jstr(segs, "1", NULL), "b/c");
	bad = url_segments("a");
	CU_ASSERT_PTR_NULL(bad);
	CU_ASSERT_PTR_NULL(url_query("a=%"));
	CU_ASSERT_PTR_NULL(url_query("a=%c3")); /* no UTF-8 */
	url_encode(&b, "a b/ä~");
	TEST_STR(buf_str(&b), "a%20b%2F%C3%A4~");
}

TEST_SUITE(api_request, {"discovery", test_discovery}, {"crud", test_crud},
	   {"refusals", test_refusals}, {"scopes", test_scopes},
	   {"status subresource", test_status_subresource}, {"finalizers", test_finalizers},
	   {"table", test_table}, {"body limit", test_body_limit}, {"warnings", test_warnings},
	   {"watch", test_watch}, {"watch expired", test_watch_expired},
	   {"watch table", test_watch_table}, {"url", test_url})
