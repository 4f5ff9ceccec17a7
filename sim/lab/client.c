/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/client.h"

#include <curl/curl.h>
#include <errno.h>
#include <strings.h>

#include "api/status.h"
#include "base/jrpc.h"
#include "lab/url.h"

#define OWN_API "/apis/ovnbed.io/v1alpha1/"
#define TABLE_ACCEPT "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"

struct client {
	CURL *curl;
	char *sock;
	uint64_t timeout;
	json_t *warnings, *status;
};

/* One request at work. */
struct transfer {
	struct client *c;
	struct buf body;   /* what came, or what came since the last line */
	client_line_fn fn; /* NULL: not a stream */
	void *arg;
	int result;
	bool stopped;
	struct err *e;
};

struct client *client_open(const char *sock, struct err *e)
{
	int fd = unix_connect(sock, e);
	struct client *c;

	if (fd < 0)
		return NULL;
	close_fd(fd);
	/* No TLS on a unix socket: leave its libraries alone. */
	if (curl_global_init(CURL_GLOBAL_NOTHING) != CURLE_OK) {
		err_set(e, EIO, "cannot initialise libcurl");
		return NULL;
	}
	c = xcalloc(1, sizeof(*c));
	c->curl = curl_easy_init();
	if (!c->curl)
		abort(); /* only for want of memory */
	c->sock = xstrdup(sock);
	c->timeout = 120 * USEC_PER_SEC;
	return c;
}

void client_free(struct client *c)
{
	if (!c)
		return;
	curl_easy_cleanup(c->curl);
	curl_global_cleanup();
	json_decref(c->warnings);
	json_decref(c->status);
	free(c->sock);
	free(c);
}

void client_set_timeout(struct client *c, uint64_t usec)
{
	c->timeout = usec;
}

const json_t *client_warnings(const struct client *c)
{
	return c->warnings;
}

const json_t *client_status(const struct client *c)
{
	return c->status;
}

/* ---- receiving ---- */

static long code_of(struct client *c)
{
	long code = 0;

	curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &code);
	return code;
}

/* Warning: 299 - "text", with \" and \\ for " and \. */
static size_t on_header(char *data, size_t size, size_t n, void *arg)
{
	struct client *c = arg;
	_cleanup_free_ char *line = xstrndup(data, size * n);
	_cleanup_buf_ struct buf b = BUF_INIT;
	char *p = strchr(line, '"');

	if (strncasecmp(line, "warning:", 8) != 0 || !p)
		return size * n;
	for (p++; *p && *p != '"'; p++) {
		p += *p == '\\' && p[1];
		buf_addc(&b, *p);
	}
	json_array_append_new(c->warnings, jstring(buf_str(&b)));
	return size * n;
}

static int take_line(struct transfer *t, const char *line, size_t n)
{
	_cleanup_json_ json_t *v = n ? jparse(line, n, t->e) : NULL;

	if (!n)
		return 0;
	return v ? t->fn(t->arg, v) : err_wrap(t->e, "line of the stream");
}

static int take_lines(struct transfer *t)
{
	size_t used = 0;
	char *nl;

	while (t->body.len > used && (nl = memchr(t->body.data + used, '\n', t->body.len - used))) {
		t->result = take_line(t, t->body.data + used, (size_t)(nl - t->body.data) - used);
		if (t->result)
			return t->result;
		used = (size_t)(nl - t->body.data) + 1;
	}
	buf_consume(&t->body, used);
	return 0;
}

static size_t on_data(char *data, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;

	buf_add(&t->body, data, size * n);
	if (t->fn && code_of(t->c) < 300 && take_lines(t) != 0) {
		t->stopped = true;
		return 0;
	}
	return size * n;
}

/* ---- sending ---- */

static struct curl_slist *headers_of(const char *content_type, const char *accept)
{
	_cleanup_free_ char *type = xasprintf("Content-Type: %s", content_type);
	_cleanup_free_ char *acc = xasprintf("Accept: %s", accept);
	struct curl_slist *l = curl_slist_append(NULL, type);

	l = curl_slist_append(l, acc);
	return curl_slist_append(l, "Expect:");
}

static void set_up(struct client *c, struct transfer *t, const char *method, const char *url,
		   const char *body, struct curl_slist *headers, uint64_t timeout_us)
{
	CURL *h = c->curl;

	curl_easy_reset(h);
	curl_easy_setopt(h, CURLOPT_URL, url);
	curl_easy_setopt(h, CURLOPT_UNIX_SOCKET_PATH, c->sock);
	curl_easy_setopt(h, CURLOPT_PROXY, "");
	curl_easy_setopt(h, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(h, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(h, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, on_data);
	curl_easy_setopt(h, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(h, CURLOPT_HEADERDATA, c);
	curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, (long)((timeout_us + 999) / USEC_PER_MSEC));
	if (body)
		curl_easy_setopt(h, CURLOPT_POSTFIELDS, body);
}

static int transport_error(struct client *c, CURLcode r, uint64_t timeout_us, struct err *e)
{
	long os = 0;

	if (r == CURLE_OPERATION_TIMEDOUT)
		return err_set(e, ETIMEDOUT, "no answer from the lab within %.1f s",
			       (double)timeout_us / 1e6);
	curl_easy_getinfo(c->curl, CURLINFO_OS_ERRNO, &os);
	if (r == CURLE_COULDNT_CONNECT)
		return err_errno(e, os ? (int)os : ECONNREFUSED, "connect to %s", c->sock);
	return err_set(e, ECONNRESET, "the lab went away: %s", curl_easy_strerror(r));
}

/* Runs one request. 0 when an answer came or the stream was stopped. */
static int perform(struct transfer *t, const char *method, const char *path, const json_t *body,
		   const char *type, const char *accept, uint64_t timeout_us, struct err *e)
{
	struct client *c = t->c;
	_cleanup_free_ char *url = xasprintf("http://lab%s", path);
	_cleanup_free_ char *text = body ? jtext(body) : NULL;
	struct curl_slist *headers = headers_of(type ? type : "application/json", accept);
	CURLcode r;

	json_decref(c->warnings);
	c->warnings = json_array();
	t->e = e;
	set_up(c, t, method, url, text, headers, timeout_us);
	r = curl_easy_perform(c->curl);
	curl_slist_free_all(headers);
	return r == CURLE_OK || t->stopped ? 0 : transport_error(c, r, timeout_us, e);
}

/* ---- requests ---- */

static json_t *reply_of(const struct buf *b)
{
	json_t *v = b->len ? jparse(b->data, b->len, NULL) : NULL;

	return v || !b->len ? v : jstring(buf_str(b));
}

static int request(struct client *c, const char *method, const char *path, const json_t *body,
		   const char *type, const char *accept, int *ret_code, json_t **ret_reply,
		   struct err *e)
{
	struct transfer t = {.c = c};
	int r = perform(&t, method, path, body, type, accept, c->timeout, e);

	if (r == 0) {
		*ret_code = (int)code_of(c);
		if (ret_reply)
			*ret_reply = reply_of(&t.body);
	} else {
		r = err_wrap(e, "%s %s", method, path);
	}
	buf_free(&t.body);
	return r;
}

int client_request(struct client *c, const char *method, const char *path, const json_t *body,
		   const char *content_type, int *ret_code, json_t **ret_reply, struct err *e)
{
	return request(c, method, path, body, content_type, "application/json", ret_code, ret_reply,
		       e);
}

/* An answer that says no, as an error. status is borrowed. */
static int refused(struct client *c, int code, const json_t *status, struct err *e)
{
	json_decref(c->status);
	c->status = json_incref((json_t *)status);
	if (status_is_failure(status))
		return err_set(e, -status_errno(status), "%s", status_message(status));
	return err_set(e, EIO, "the lab answered %d", code);
}

static json_t *call(struct client *c, const char *method, const char *path, const json_t *body,
		    const char *accept, struct err *e)
{
	_cleanup_json_ json_t *reply = NULL;
	int code;

	json_decref(c->status);
	c->status = NULL;
	if (request(c, method, path, body, NULL, accept, &code, &reply, e) < 0)
		return NULL;
	if (code < 200 || code > 299) {
		refused(c, code, reply, e);
		return NULL;
	}
	return reply ? TAKE_PTR(reply) : json_null();
}

json_t *client_call(struct client *c, const char *method, const char *path, const json_t *body,
		    struct err *e)
{
	return call(c, method, path, body, "application/json", e);
}

json_t *client_table(struct client *c, const char *path, struct err *e)
{
	return call(c, "GET", path, NULL, TABLE_ACCEPT, e);
}

json_t *client_verb(struct client *c, const char *verb, const json_t *body, struct err *e)
{
	_cleanup_free_ char *path = xasprintf(OWN_API "%s", verb);

	return client_call(c, body ? "POST" : "GET", path, body, e);
}

/* ---- streams ---- */

static int stream(struct client *c, const char *method, const char *path, const json_t *body,
		  const char *accept, uint64_t timeout_us, client_line_fn fn, void *arg,
		  struct err *e)
{
	struct transfer t = {.c = c, .fn = fn, .arg = arg};
	int r = perform(&t, method, path, body, NULL, accept, timeout_us, e), code;

	code = (int)code_of(c);
	if (r == 0 && code >= 300) {
		_cleanup_json_ json_t *status = reply_of(&t.body);

		r = refused(c, code, status, e);
	} else if (r == 0) {
		r = t.result;
	}
	buf_free(&t.body);
	return r;
}

int client_stream(struct client *c, const char *method, const char *path, const json_t *body,
		  uint64_t timeout_us, client_line_fn fn, void *arg, struct err *e)
{
	return stream(c, method, path, body, "application/json", timeout_us, fn, arg, e);
}

struct watch {
	client_watch_fn fn;
	void *arg;
	struct err *e;
};

static int on_event(void *arg, const json_t *line)
{
	struct watch *w = arg;
	const json_t *obj = json_object_get(line, "object");
	const char *type = jstr(line, "type", "");

	if (streq(type, "ERROR"))
		return err_set(w->e, -status_errno(obj), "%s", status_message(obj));
	return w->fn(w->arg, type, obj);
}

static int watch(struct client *c, const char *path, const char *accept, const char *rv,
		 uint64_t timeout_us, client_watch_fn fn, void *arg, struct err *e)
{
	_cleanup_free_ char *url = xstrdup(path);
	struct watch w = {.fn = fn, .arg = arg, .e = e};

	client_add_query(&url, "watch", "true");
	if (rv)
		client_add_query(&url, "resourceVersion", rv);
	return stream(c, "GET", url, NULL, accept, timeout_us, on_event, &w, e);
}

int client_watch(struct client *c, const char *path, const char *rv, uint64_t timeout_us,
		 client_watch_fn fn, void *arg, struct err *e)
{
	return watch(c, path, "application/json", rv, timeout_us, fn, arg, e);
}

int client_watch_table(struct client *c, const char *path, const char *rv, uint64_t timeout_us,
		       client_watch_fn fn, void *arg, struct err *e)
{
	return watch(c, path, TABLE_ACCEPT, rv, timeout_us, fn, arg, e);
}

/* ---- paths ---- */

static void add_part(struct buf *b, const char *part)
{
	buf_addc(b, '/');
	url_encode(b, part);
}

char *client_path(const struct kind *k, const char *ns, const char *name, const char *sub)
{
	struct buf b = BUF_INIT;

	buf_adds(&b, *k->group ? "/apis" : "/api");
	if (*k->group)
		add_part(&b, k->group);
	add_part(&b, k->versions[0]);
	if (k->namespaced && ns) {
		buf_adds(&b, "/namespaces");
		add_part(&b, ns);
	}
	add_part(&b, k->plural);
	if (name)
		add_part(&b, name);
	if (sub)
		add_part(&b, sub);
	return buf_take(&b);
}

void client_add_query(char **path, const char *name, const char *value)
{
	struct buf b = BUF_INIT;

	buf_adds(&b, *path);
	buf_addc(&b, strchr(*path, '?') ? '&' : '?');
	url_encode(&b, name);
	buf_addc(&b, '=');
	url_encode(&b, value);
	free(*path);
	*path = buf_take(&b);
}
