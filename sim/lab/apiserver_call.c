/* SPDX-License-Identifier: Apache-2.0 */
/* The lab's own verbs: their routes, and the calls that they answer. */
#include <errno.h>

#include "api/status.h"
#include "lab/apiserver_priv.h"
#include "lab/url.h"

/* ---- routes ---- */

static bool matches(const json_t *pattern, const json_t *segs)
{
	size_t i;
	json_t *p;

	if (json_array_size(pattern) != json_array_size(segs))
		return false;
	json_array_foreach(pattern, i, p)
		if (!streq(json_string_value(p), "*") && !json_equal(p, json_array_get(segs, i)))
			return false;
	return true;
}

int apiserver_add_verb(struct apiserver *s, const char *method, const char *path, api_verb_fn fn,
		       void *arg, struct err *e)
{
	json_t *segs = url_segments(path);

	for (size_t i = 0; i < s->n_routes; i++) {
		if (streq(s->routes[i].method, method) && json_equal(s->routes[i].segments, segs)) {
			json_decref(segs);
			return err_set(e, EEXIST, "the API has %s %s already", method, path);
		}
	}
	s->routes = xrealloc(s->routes, (s->n_routes + 1) * sizeof(*s->routes));
	s->routes[s->n_routes++] = (struct api_route){
		.method = xstrdup(method), .segments = segs, .fn = fn, .arg = arg};
	return 0;
}

void api_routes_free(struct apiserver *s)
{
	for (size_t i = 0; i < s->n_routes; i++) {
		free(s->routes[i].method);
		json_decref(s->routes[i].segments);
	}
	free(s->routes);
}

/* The route of a request; *ret_path tells whether one has its path at least. */
static const struct api_route *find_route(const struct apiserver *s, const char *method,
					  const json_t *segs, bool *ret_path)
{
	*ret_path = false;
	for (size_t i = 0; i < s->n_routes; i++) {
		if (!matches(s->routes[i].segments, segs))
			continue;
		*ret_path = true;
		if (streq(s->routes[i].method, method))
			return &s->routes[i];
	}
	return NULL;
}

static json_t *wildcards(const json_t *pattern, const json_t *segs)
{
	json_t *out = json_array(), *p;
	size_t i;

	json_array_foreach(pattern, i, p)
		if (streq(json_string_value(p), "*"))
			json_array_append(out, json_array_get(segs, i));
	return out;
}

/* ---- calls ---- */

static json_t *read_body(const struct api_request *r, json_t **ret_status)
{
	return r->body_len ? api_body(r, ret_status) : json_object();
}

static void begin(struct api_conn *c, const struct api_route *route, const struct api_request *r,
		  const json_t *segs)
{
	struct api_call *call = &c->call;
	json_t *status = NULL;

	call->query = url_query(r->query);
	call->body = read_body(r, &status);
	if (!call->query && !status)
		status = status_failure(400, "the query string is malformed");
	if (status) {
		api_conn_reply(c, status_code(status), status);
		return;
	}
	call->parts = wildcards(route->segments, segs);
	c->is_call = true;
	route->fn(route->arg, call);
}

bool api_conn_call(struct api_conn *c, const struct api_request *r)
{
	_cleanup_json_ json_t *segs = url_segments(r->path);
	const struct api_route *route;
	bool known;

	if (!segs)
		return false;
	route = find_route(c->s, r->method, segs, &known);
	if (route)
		begin(c, route, r, segs);
	else if (known)
		api_conn_reply(c, 405,
			       status_failure(405,
					      "the server does not allow the method %s on the "
					      "requested resource",
					      r->method));
	return known;
}

void api_conn_cancel(struct api_conn *c)
{
	if (!c->is_call || c->call.done)
		return;
	c->call.done = true;
	if (c->call.cancel)
		c->call.cancel(c->call.cancel_arg);
}

void api_call_clear(struct api_call *call)
{
	json_decref(call->parts);
	json_decref(call->query);
	json_decref(call->body);
}

const char *api_call_method(const struct api_call *c)
{
	return api_call_conn(c)->method;
}

const char *api_call_path(const struct api_call *c)
{
	return api_call_conn(c)->path;
}

const char *api_call_part(const struct api_call *c, size_t i)
{
	return json_string_value(json_array_get(c->parts, i));
}

const char *api_call_query(const struct api_call *c, const char *name)
{
	return json_string_value(json_object_get(c->query, name));
}

const json_t *api_call_body(const struct api_call *c)
{
	return c->body;
}

void api_call_reply(struct api_call *c, int code, json_t *json)
{
	if (c->done || api_call_conn(c)->streaming) {
		json_decref(json);
		return;
	}
	c->done = true;
	api_conn_reply(api_call_conn(c), code, json ? json : json_object());
}

void api_call_on_cancel(struct api_call *c, void (*fn)(void *arg), void *arg)
{
	c->cancel = fn;
	c->cancel_arg = arg;
}

void api_call_stream_begin(struct api_call *c, int code)
{
	if (!c->done && !api_call_conn(c)->streaming)
		api_stream_begin(api_call_conn(c), code);
}

void api_call_stream_send(struct api_call *c, json_t *line)
{
	struct api_conn *conn = api_call_conn(c);
	_cleanup_free_ char *text = jtext(line);

	json_decref(line);
	if (c->done || !conn->streaming)
		return;
	buf_adds(&conn->out, text);
	buf_addc(&conn->out, '\n');
	api_stream_flush(conn);
}

void api_call_stream_end(struct api_call *c)
{
	if (c->done || !api_call_conn(c)->streaming)
		return;
	c->done = true;
	api_stream_end(api_call_conn(c));
}
