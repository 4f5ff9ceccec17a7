/* SPDX-License-Identifier: Apache-2.0 */
/* A store with a clock, for the store's tests. */
#ifndef OVNBED_API_STORE_TESTING_H
#define OVNBED_API_STORE_TESTING_H

#include "api/meta.h"
#include "api/status.h"
#include "api/store.h"
#include "api/testing.h"

static inline int64_t read_clock(void *arg)
{
	return *(int64_t *)arg;
}

struct fixture {
	struct store *s;
	int64_t now;
	json_t *status; /* of the last refused verb */
};

static inline void setup(struct fixture *f)
{
	*f = (struct fixture){.now = 1795507200};
	f->s = store_new(&(struct store_config){.now = read_clock, .now_arg = &f->now, .seed = 7});
}

static inline void teardown(struct fixture *f)
{
	store_free(f->s);
	json_decref(f->status);
}
#define _cleanup_fixture_ _cleanup_(teardown)

static inline json_t **status(struct fixture *f)
{
	json_decref(f->status);
	f->status = NULL;
	return &f->status;
}

static inline json_t *create(struct fixture *f, const char *text)
{
	_cleanup_json_ json_t *obj = J(text);

	return store_create(f->s, obj, NULL, status(f));
}

/* Creates and forgets; the creation must succeed. */
static inline void make(struct fixture *f, const char *text)
{
	json_t *obj = create(f, text);

	TEST_ROW(obj != NULL, text, "%s", status_message(f->status));
	json_decref(obj);
}

#define VM(name, more)                                                                     \
	"{'apiVersion':'kubevirt.io/v1','kind':'VirtualMachine','metadata':{'name':'" name \
	"'" more "},'spec':{'template':{'spec':{'domain':{'devices':{}}}}}}"
#define CM(name, more)                                                             \
	"{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'" name "'" more \
	"},'data':{'a':'b'}}"
#define NS(name) "{'apiVersion':'v1','kind':'Namespace','metadata':{'name':'" name "'}}"

/* Keys of a list's items, blank-joined. Caller frees. */
static inline char *names_of(const json_t *list)
{
	struct buf b = BUF_INIT;
	size_t i;
	json_t *v;

	json_array_foreach(json_object_get(list, "items"), i, v) {
		_cleanup_free_ char *key = meta_key(v);

		buf_printf(&b, "%s%s", i ? " " : "", key);
	}
	return buf_take(&b);
}

#endif
