/* SPDX-License-Identifier: Apache-2.0 */
#include "scenario/ref.h"

#include "api/meta.h"
#include "lab/client.h"

void ref_free(struct ref *r)
{
	free(r->ns);
	free(r->name);
}

bool ref_parse(const char *text, struct ref *r)
{
	const char *a = strchr(text, '/'), *b = a ? strchr(a + 1, '/') : NULL;
	_cleanup_free_ char *kind = a ? xstrndup(text, (size_t)(a - text)) : NULL;

	*r = (struct ref){0};
	if (!kind || !(r->kind = kind_by_name(kind)))
		return false;
	r->ns = b ? xstrndup(a + 1, (size_t)(b - a - 1)) : xstrdup("default");
	r->name = xstrdup(b ? b + 1 : a + 1);
	return true;
}

static int stop_when_gone(void *arg, const char *type, const json_t *obj)
{
	(void)arg;
	(void)obj;
	return streq(type, "DELETED");
}

/* Waits until the object is not there. */
enum outcome step_wait_gone(struct step_ctx *c, const struct kind *k, const char *ns,
			    const char *name)
{
	_cleanup_free_ char *one = client_path(k, ns, name, NULL);
	char *list = client_path(k, ns, NULL, NULL);
	_cleanup_free_ char *sel = xasprintf("metadata.name=%s", name);
	_cleanup_json_ json_t *obj = NULL;
	_cleanup_err_ struct err e = ERR_INIT;
	int code = 0, r;

	client_add_query(&list, "fieldSelector", sel);
	r = client_request(c->client, "GET", one, NULL, NULL, &code, &obj, &e);
	if (r >= 0 && code != 404)
		r = client_watch(c->client, list, meta_rv(obj), c->timeout, stop_when_gone, NULL,
				 &e);
	free(list);
	if (r < 0)
		return step_say(c, OUTCOME_ERROR, "%s/%s is still there: %s", k->singular, name,
				err_msg(&e));
	return OUTCOME_PASS;
}
