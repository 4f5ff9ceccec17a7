/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 6902 (JSON Patch) on RFC 6901 (JSON Pointer). */
#include <ctype.h>
#include <errno.h>

#include "api/patch.h"
#include "api/text.h"

#define MAX_OPS 10000
/* Copies can double a document, and moves deepen it: what a run of operations may add up to. */
#define MAX_COPIED 100000
#define MAX_DEPTH 500

struct run {
	json_t *doc; /* owned */
	size_t copied;
	struct err *e;
};

/* The next reference token, unescaped; caller frees. *s stands on '/' and moves behind the token.
 */
static char *take_token(const char **s)
{
	struct buf b = BUF_INIT;

	for ((*s)++; **s && **s != '/'; (*s)++) {
		char c = **s;

		if (c == '~' && ((*s)[1] == '0' || (*s)[1] == '1'))
			c = *++(*s) == '0' ? '~' : '/';
		buf_addc(&b, c);
	}
	return buf_take(&b);
}

/* An array index without sign or leading zero, up to max. -1 when it is none. */
static ssize_t parse_index(const char *token, size_t max)
{
	long long i;

	if (!isdigit((unsigned char)*token) || (*token == '0' && token[1]) ||
	    parse_int(token, 0, (long long)max, &i) < 0)
		return -1;
	return (ssize_t)i;
}

static json_t *member(json_t *v, const char *token)
{
	ssize_t i;

	if (json_is_object(v))
		return json_object_get(v, token);
	i = json_is_array(v) ? parse_index(token, json_array_size(v)) : -1;
	return i < 0 ? NULL : json_array_get(v, (size_t)i);
}

static int not_there(struct run *r, const char *pointer)
{
	return err_set(r->e, ENOENT, "path \"%.*s\" does not exist", text_clip(pointer), pointer);
}

/*
 * The value that holds the last token of pointer, and that token (caller frees); pointer is not "".
 * depth counts tokens.
 */
static int find_parent(struct run *r, const char *pointer, json_t **ret_parent, char **ret_token,
		       size_t *ret_depth)
{
	const char *s = pointer;
	json_t *v = r->doc;

	if (*s != '/')
		return err_set(r->e, EINVAL, "pointer \"%.*s\" must be empty or start with '/'",
			       text_clip(pointer), pointer);
	for (size_t depth = 1;; depth++) {
		_cleanup_free_ char *token = take_token(&s);

		if (!*s) {
			*ret_parent = v;
			*ret_token = TAKE_PTR(token);
			*ret_depth = depth;
			return 0;
		}
		v = member(v, token);
		if (!v)
			return not_there(r, pointer);
	}
}

/* Borrowed value at pointer. */
static int find(struct run *r, const char *pointer, json_t **ret)
{
	_cleanup_free_ char *token = NULL;
	json_t *parent, *v;
	size_t depth;
	int x;

	if (!*pointer) {
		*ret = r->doc;
		return 0;
	}
	x = find_parent(r, pointer, &parent, &token, &depth);
	if (x < 0)
		return x;
	v = member(parent, token);
	if (!v)
		return not_there(r, pointer);
	*ret = v;
	return 0;
}

/* Depth of v, and its number of values added to *count. */
static size_t measure(const json_t *v, size_t *count)
{
	size_t deepest = 0, i;
	const char *key;
	json_t *item;

	++*count;
	json_object_foreach((json_t *)v, key, item)
		deepest = MAX(deepest, measure(item, count));
	json_array_foreach(v, i, item)
		deepest = MAX(deepest, measure(item, count));
	return deepest + 1;
}

/* Steals v. */
static int add(struct run *r, const char *pointer, json_t *v)
{
	_cleanup_json_ json_t *value = v;
	_cleanup_free_ char *token = NULL;
	size_t depth, count = 0;
	json_t *parent;
	ssize_t i;
	int x;

	if (!*pointer) {
		json_decref(r->doc);
		r->doc = TAKE_PTR(value);
		return 0;
	}
	x = find_parent(r, pointer, &parent, &token, &depth);
	if (x < 0)
		return x;
	if (depth + measure(value, &count) > MAX_DEPTH)
		return err_set(r->e, EINVAL, "path \"%.*s\" nests deeper than %d",
			       text_clip(pointer), pointer, MAX_DEPTH);
	if (json_is_object(parent)) {
		json_object_set_new(parent, token, TAKE_PTR(value));
		return 0;
	}
	if (!json_is_array(parent))
		return not_there(r, pointer);
	i = streq(token, "-") ? (ssize_t)json_array_size(parent)
			      : parse_index(token, json_array_size(parent));
	if (i < 0)
		return err_set(r->e, ENOENT, "index of \"%.*s\" is outside the list",
			       text_clip(pointer), pointer);
	json_array_insert_new(parent, (size_t)i, TAKE_PTR(value));
	return 0;
}

/* Takes the value out; *ret is a new reference, or dropped when ret is NULL. */
static int remove_at(struct run *r, const char *pointer, json_t **ret)
{
	_cleanup_free_ char *token = NULL;
	json_t *parent, *v;
	size_t depth;
	int x;

	if (!*pointer)
		return err_set(r->e, EINVAL, "the whole document cannot be removed");
	x = find_parent(r, pointer, &parent, &token, &depth);
	if (x < 0)
		return x;
	v = member(parent, token);
	if (!v)
		return not_there(r, pointer);
	if (ret)
		*ret = json_incref(v);
	if (json_is_object(parent))
		json_object_del(parent, token);
	else
		json_array_remove(parent, (size_t)parse_index(token, json_array_size(parent)));
	return 0;
}

static int replace(struct run *r, const char *pointer, const json_t *v)
{
	json_t *old;
	int x = *pointer ? remove_at(r, pointer, NULL) : find(r, pointer, &old);

	return x < 0 ? x : add(r, pointer, json_deep_copy(v));
}

static int copy(struct run *r, const char *from, const char *to)
{
	json_t *v;
	int x = find(r, from, &v);

	if (x < 0)
		return x;
	measure(v, &r->copied);
	if (r->copied > MAX_COPIED)
		return err_set(r->e, EINVAL, "the copies exceed %d values", MAX_COPIED);
	return add(r, to, json_deep_copy(v));
}

static int move(struct run *r, const char *from, const char *to)
{
	const char *rest = str_after(to, from);
	json_t *v;
	int x;

	if (rest && *rest == '/')
		return err_set(r->e, EINVAL, "\"%.*s\" cannot be moved into itself",
			       text_clip(from), from);
	if (rest && !*rest)
		return find(r, from, &v);
	x = remove_at(r, from, &v);
	return x < 0 ? x : add(r, to, v);
}

static bool same(const json_t *a, const json_t *b)
{
	if (json_is_number(a) && json_is_number(b))
		return json_number_value(a) == json_number_value(b);
	return json_equal(a, b);
}

static int test(struct run *r, const char *pointer, const json_t *want)
{
	json_t *v;
	int x = find(r, pointer, &v);

	if (x < 0)
		return x;
	if (!same(v, want))
		return err_set(r->e, EEXIST, "test of \"%.*s\" failed", text_clip(pointer),
			       pointer);
	return 0;
}

static int run_op(struct run *r, const json_t *o)
{
	const char *op = jstr(o, "op", ""), *path = jstr(o, "path", NULL);
	const char *from = jstr(o, "from", NULL);
	const json_t *value = json_object_get(o, "value");
	bool wants_from = streq(op, "move") || streq(op, "copy");
	bool wants_value = streq(op, "add") || streq(op, "replace") || streq(op, "test");

	if (!wants_from && !wants_value && !streq(op, "remove"))
		return err_set(r->e, EINVAL, "unknown op \"%.*s\"", text_clip(op), op);
	if (!path)
		return err_set(r->e, EINVAL, "%s: \"path\" is missing", op);
	if (wants_from && !from)
		return err_set(r->e, EINVAL, "%s: \"from\" is missing", op);
	if (wants_value && !value)
		return err_set(r->e, EINVAL, "%s: \"value\" is missing", op);
	switch (*op) {
	case 'a':
		return add(r, path, json_deep_copy(value));
	case 't':
		return test(r, path, value);
	case 'm':
		return move(r, from, path);
	case 'c':
		return copy(r, from, path);
	}
	return streq(op, "remove") ? remove_at(r, path, NULL) : replace(r, path, value);
}

json_t *patch_json(const json_t *target, const json_t *ops, struct err *e)
{
	struct run r = {.doc = NULL, .e = e};
	size_t i;
	json_t *o;

	if (!json_is_array(ops) || json_array_size(ops) > MAX_OPS) {
		err_set(e, EINVAL, "a JSON patch is a list of at most %d operations", MAX_OPS);
		return NULL;
	}
	r.doc = json_deep_copy(target);
	json_array_foreach(ops, i, o) {
		int x = json_is_object(o) ? run_op(&r, o) : err_set(e, EINVAL, "must be an object");

		if (x < 0) {
			err_wrap(e, "operation %zu", i);
			json_decref(r.doc);
			return NULL;
		}
	}
	return r.doc;
}
