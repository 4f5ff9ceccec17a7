/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests from bytes: five lines (method, path, query, content type, accept), then the body. A
 * store with a few objects takes them; what comes back must be an answer with a code.
 */
#include <assert.h>

#include "lab/api_request.h"

static const char *const setup[] = {
	"{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"a\",\"labels\":{\"x\":"
	"\"1\"}},\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}",
	"{\"apiVersion\":\"k8s.cni.cncf.io/v1\",\"kind\":\"NetworkAttachmentDefinition\","
	"\"metadata\":{\"name\":\"blue\"},\"spec\":{\"config\":\"{}\"}}",
};

static struct store *new_store(void)
{
	struct store_config c = {.seed = 1, .log_size = 8, .max_events = 8};
	struct store *s = store_new(&c);

	for (size_t i = 0; i < ARRAY_SIZE(setup); i++) {
		_cleanup_json_ json_t *obj = jparse(setup[i], strlen(setup[i]), NULL), *made = NULL;

		made = store_create(s, obj, NULL, NULL);
	}
	return s;
}

/* The next line of *p, without its end; "" when there is none. Caller frees. */
static char *next_line(const char **p, const char *end)
{
	const char *nl = *p < end ? memchr(*p, '\n', (size_t)(end - *p)) : NULL;
	const char *stop = nl ? nl : end;
	char *line = xstrndup(*p, (size_t)(stop - *p));

	*p = nl ? nl + 1 : end;
	return line;
}

static void check(struct store *s, struct api_response *ret)
{
	_cleanup_free_ char *text = ret->json ? jtext(ret->json) : NULL;
	_cleanup_buf_ struct buf b = BUF_INIT;
	json_t *ev;
	size_t i;

	assert(ret->code >= 200 && ret->code < 600);
	assert(!ret->json || text);
	assert(ret->code < 400 || ret->json);
	if (!ret->watch)
		return;
	json_array_foreach(ret->watch->events, i, ev)
		api_watch_write(ret->watch, s, json_string_value(json_object_get(ev, "type")),
				json_object_get(ev, "object"), &b);
	api_watch_bookmark(ret->watch, s, true, &b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data, *end = p + size;
	_cleanup_free_ char *method = next_line(&p, end), *path = next_line(&p, end);
	_cleanup_free_ char *query = next_line(&p, end), *type = next_line(&p, end);
	_cleanup_free_ char *accept = next_line(&p, end);
	_cleanup_store_ struct store *s = new_store();
	_cleanup_response_ struct api_response ret = {0};
	struct api_request r = {.method = method,
				.path = path,
				.query = *query ? query : NULL,
				.content_type = *type ? type : NULL,
				.accept = *accept ? accept : NULL,
				.body = p,
				.body_len = (size_t)(end - p)};

	api_handle(s, &r, &ret);
	check(s, &ret);
	return 0;
}
