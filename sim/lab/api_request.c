/* SPDX-License-Identifier: Apache-2.0 */
/* Routing: the fixed paths, discovery, and the resource that a path names. */
#include <errno.h>

#include "api/discovery.h"
#include "lab/api_priv.h"
#include "lab/url.h"

void api_response_free(struct api_response *r)
{
	json_decref(r->json);
	json_decref(r->warnings);
	api_watch_free(r->watch);
	*r = (struct api_response){0};
}

void api_fail(struct api_response *ret, json_t *status)
{
	json_decref(ret->json);
	ret->json = status;
	ret->code = status_code(status);
}

const char *api_param(const struct api_target *t, const char *name)
{
	return json_string_value(json_object_get(t->query, name));
}

bool api_param_bool(const struct api_target *t, const char *name)
{
	const char *v = api_param(t, name);

	return v && (!*v || streq(v, "true") || streq(v, "1"));
}

static const char *seg(const json_t *segs, size_t i)
{
	return json_string_value(json_array_get(segs, i));
}

static void reply(struct api_response *ret, json_t *json)
{
	if (!json) {
		api_fail(ret, status_failure(404, "the server could not find the requested "
						  "resource"));
		return;
	}
	ret->code = 200;
	ret->json = json;
}

static void reply_text(struct api_response *ret, const char *text, const char *type)
{
	ret->code = 200;
	ret->text = text;
	ret->content_type = type;
}

static void refuse_method(struct api_response *ret, const char *method, const char *allow)
{
	ret->allow = allow;
	api_fail(ret, status_failure(405,
				     "the server does not allow the method %s on the "
				     "requested resource",
				     method));
}

static json_t *root_paths(void)
{
	json_t *paths = json_pack("[s, s, s]", "/api", "/api/v1", "/apis"), *g, *v;
	_cleanup_json_ json_t *apis = discovery_apis();
	size_t i, j;

	json_array_foreach(json_object_get(apis, "groups"), i, g) {
		json_array_append_new(paths, jstringf("/apis/%s", jstr(g, "name", "")));
		json_array_foreach(json_object_get(g, "versions"), j, v)
			json_array_append_new(paths,
					      jstringf("/apis/%s", jstr(v, "groupVersion", "")));
	}
	for (size_t k = 0; k < 5; k++)
		json_array_append_new(
			paths, jstring((const char *const[]){"/healthz", "/livez", "/openapi/v2",
							     "/readyz", "/version"}[k]));
	return json_pack("{s:o}", "paths", paths);
}

/* Answers paths outside of /api and /apis. False when it is none of them. */
static bool fixed_path(const json_t *segs, struct api_response *ret)
{
	const char *first = seg(segs, 0);

	if (!first)
		reply(ret, root_paths());
	else if (streq(first, "version"))
		reply(ret, discovery_version(API_GIT_VERSION));
	else if (streq(first, "healthz") || streq(first, "livez") || streq(first, "readyz"))
		reply_text(ret, "ok", "text/plain");
	else if (streq(first, "openapi") && streq0(seg(segs, 1), "v2"))
		/* kubectl wants a document before it applies; one without definitions will do. */
		reply_text(ret, "", "application/octet-stream");
	else if (!streq(first, "api") && !streq(first, "apis"))
		reply(ret, NULL);
	else
		return false;
	return true;
}

/* Answers /api, /apis, /apis/G and the resource lists. False when the path goes deeper. */
static bool discovery_path(const json_t *segs, size_t n, struct api_response *ret)
{
	bool core = streq(seg(segs, 0), "api");

	if (n == 1)
		reply(ret, core ? discovery_api() : discovery_apis());
	else if (n == 2 && core)
		reply(ret, discovery_resources("", seg(segs, 1)));
	else if (n == 2)
		reply(ret, discovery_group(seg(segs, 1)));
	else if (n == 3 && !core)
		reply(ret, discovery_resources(seg(segs, 1), seg(segs, 2)));
	else
		return false;
	return true;
}

/*
 * The resource of a path with at least one segment behind the version, at index i. "namespaces/NS/
 * PLURAL" is a scope; "namespaces/NS" and "namespaces/NS/status" are the Namespace itself.
 */
static int parse_target(const json_t *segs, size_t i, const char *group, const char *version,
			struct api_target *t)
{
	size_t n = json_array_size(segs);
	bool scoped = streq(seg(segs, i), "namespaces") && n > i + 2 &&
		      !(n == i + 3 && !*group && streq(seg(segs, i + 2), "status"));

	if (scoped) {
		t->ns = seg(segs, i + 1);
		i += 2;
	}
	t->kind = kind_by_url(group, version, seg(segs, i));
	if (!t->kind || t->kind->namespaced < scoped || n > i + 3)
		return -ENOENT;
	t->name = seg(segs, i + 1);
	t->sub = seg(segs, i + 2);
	if (t->sub && (!streq(t->sub, "status") || !t->kind->has_status))
		return -ENOENT;
	/* A namespaced object is reached through its namespace only. */
	return t->name && t->kind->namespaced && !scoped ? -ENOENT : 0;
}

static const char *allowed(const struct api_target *t)
{
	if (t->sub)
		return "GET, PUT, PATCH";
	if (t->name)
		return "GET, PUT, PATCH, DELETE";
	return t->kind->namespaced && !t->ns ? "GET" : "GET, POST, DELETE";
}

static bool lists_method(const char *allow, const char *method)
{
	size_t len = strlen(method);

	while (*allow) {
		size_t n = strcspn(allow, ",");

		if (n == len && memcmp(allow, method, n) == 0)
			return true;
		allow += n + strspn(allow + n, ", ");
	}
	return false;
}

static void object_path(struct store *s, const struct api_request *r, const json_t *segs,
			struct api_response *ret)
{
	_cleanup_json_ json_t *query = url_query(r->query);
	bool core = streq(seg(segs, 0), "api");
	struct api_target t = {.query = query};

	if (!query) {
		api_fail(ret, status_failure(400, "the query string is malformed"));
		return;
	}
	if (parse_target(segs, core ? 2 : 3, core ? "" : seg(segs, 1), seg(segs, core ? 1 : 2),
			 &t) < 0)
		reply(ret, NULL);
	else if (!lists_method(allowed(&t), r->method))
		refuse_method(ret, r->method, allowed(&t));
	else
		api_object_verb(s, r, &t, ret);
}

void api_handle(struct store *s, const struct api_request *r, struct api_response *ret)
{
	_cleanup_json_ json_t *segs = url_segments(r->path);
	size_t n = json_array_size(segs);
	struct api_response fixed = {0};

	*ret = (struct api_response){0};
	if (!segs) {
		api_fail(ret, status_failure(400, "the path is malformed"));
		return;
	}
	if (!fixed_path(segs, &fixed) && !discovery_path(segs, n, &fixed)) {
		object_path(s, r, segs, ret);
		return;
	}
	if (fixed.code == 404 || streq(r->method, "GET")) {
		*ret = fixed;
		return;
	}
	api_response_free(&fixed);
	refuse_method(ret, r->method, "GET");
}
