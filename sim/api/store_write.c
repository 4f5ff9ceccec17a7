/* SPDX-License-Identifier: Apache-2.0 */
/* The writing verbs. */
#include <errno.h>

#include "api/meta.h"
#include "api/status.h"
#include "api/store_priv.h"

static const struct store_opts no_opts;

/* Hands a Status (stolen) to the caller, or drops it. NULL, for return. */
static json_t *refuse(json_t **ret_status, json_t *status)
{
	if (ret_status)
		*ret_status = status;
	else
		json_decref(status);
	return NULL;
}

/* ---- create ---- */

static json_t *check_namespace(const struct store *s, const struct kind *k, const json_t *obj)
{
	const char *ns = meta_ns(obj);
	const json_t *found = store_peek(s, &kind_namespace, NULL, ns);
	_cleanup_free_ char *why = NULL;
	json_t *status;

	if (!k->namespaced)
		return NULL;
	if (!found)
		return status_not_found(&kind_namespace, ns);
	if (!meta_deleting(found))
		return NULL;
	why = xasprintf(
		"unable to create new content in namespace %s because it is being terminated", ns);
	status = status_forbidden(k, meta_name(obj), why);
	jset(status, "details.causes",
	     json_pack("[{s:s, s:s, s:s}]", "reason", "NamespaceTerminating", "message",
		       "namespace is being terminated", "field", "metadata.namespace"));
	return status;
}

/* What must hold before anything can be looked up. */
static json_t *check_form(const json_t *obj)
{
	_cleanup_free_ char *known = NULL;

	if (!json_is_object(obj))
		return status_failure(400, "the body is not an object");
	if (!kind_of(obj)) {
		known = kind_names();
		return status_failure(400,
				      "no kind \"%s\" is registered for version \"%s\"; known are: "
				      "%s",
				      jstr(obj, "kind", ""), jstr(obj, "apiVersion", ""), known);
	}
	if (!json_is_object(json_object_get(obj, "metadata")))
		return status_failure(400, "metadata is missing or not an object");
	return NULL;
}

/* NULL when obj (in place) was created, else a Status. */
static json_t *create(struct store *s, const struct kind *k, json_t *obj,
		      const struct store_opts *o)
{
	json_t *ns = jget(obj, "metadata.namespace"), *status;

	if (k->namespaced && (!ns || json_is_null(ns) || streq0(json_string_value(ns), "")))
		jset_str(obj, "metadata.namespace", "default");
	status = ns && !json_is_string(ns) ? NULL : check_namespace(s, k, obj);
	if (status)
		return status;
	store_stamp_name(s, k, obj, o->dry_run);
	status = store_admit(s, STORE_CREATE, k, obj, NULL, o);
	if (status)
		return status;
	if (store_peek(s, k, meta_ns(obj), meta_name(obj)))
		return status_already_exists(k, meta_name(obj));
	store_stamp_new(s, k, obj, o->dry_run);
	if (!o->dry_run)
		store_commit(s, k, STORE_ADDED, json_incref(obj));
	return NULL;
}

json_t *store_create(struct store *s, const json_t *obj, const struct store_opts *o,
		     json_t **ret_status)
{
	json_t *status = check_form(obj), *copy;

	if (status)
		return refuse(ret_status, status);
	copy = json_deep_copy(obj);
	status = create(s, kind_of(obj), copy, o ? o : &no_opts);
	if (status) {
		json_decref(copy);
		return refuse(ret_status, status);
	}
	store_deliver(s);
	return copy;
}

/* ---- update ---- */

static json_t *check_preconditions(const struct kind *k, const json_t *old, const char *uid,
				   const char *rv)
{
	_cleanup_free_ char *res = kind_resource(k);
	const char *name = meta_name(old);

	if (uid && *uid && !streq(uid, meta_uid(old)))
		return status_failure_for(k, name, 409,
					  "Operation cannot be fulfilled on %s \"%s\": "
					  "Precondition failed: UID in precondition: %s, UID in "
					  "object meta: %s",
					  res, name, uid, meta_uid(old));
	if (rv && *rv && !streq(rv, meta_rv(old)))
		return status_conflict(k, name);
	return NULL;
}

static void keep_from(json_t *obj, const json_t *old, const char *key)
{
	json_t *v = json_object_get(old, key);

	if (v)
		json_object_set(obj, key, v);
	else
		json_object_del(obj, key);
}

/* Gives obj what an update cannot change. */
static void keep_server_fields(const struct kind *k, json_t *obj, const json_t *old)
{
	static const char *const kept[] = {"uid",
					   "creationTimestamp",
					   "generation",
					   "deletionTimestamp",
					   "generateName",
					   "deletionGracePeriodSeconds",
					   "selfLink",
					   "managedFields",
					   "resourceVersion"};
	json_t *metadata = json_object_get(obj, "metadata");

	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		keep_from(metadata, json_object_get(old, "metadata"), kept[i]);
	if (k->namespaced && !*meta_ns(obj))
		jset_str(obj, "metadata.namespace", meta_ns(old));
	if (k->has_status)
		keep_from(obj, old, "status");
}

/* True when anything but metadata and status differs. */
static bool spec_differs(const json_t *a, const json_t *b)
{
	_cleanup_json_ json_t *x = json_copy((json_t *)a), *y = json_copy((json_t *)b);
	static const char *const members[] = {"metadata", "status"};

	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		json_object_del(x, members[i]);
		json_object_del(y, members[i]);
	}
	return !json_equal(x, y);
}

/* obj (owned by the caller) becomes what is to be stored; *ret_changed: it is not what is stored.
 */
static json_t *prepare_update(struct store *s, const struct kind *k, json_t *obj, json_t *old,
			      const struct store_opts *o)
{
	json_t *status = check_form(obj);

	if (!status && kind_of(obj) != k)
		status = status_failure_for(k, meta_name(old), 400,
					    "the object is a %s, the request is for a %s",
					    jstr(obj, "kind", ""), k->kind);
	if (!status)
		status = check_preconditions(k, old, meta_uid(obj), meta_rv(obj));
	if (status)
		return status;
	keep_server_fields(k, obj, old);
	status = store_admit(s, STORE_UPDATE, k, obj, old, o);
	if (!status && k->has_generation && spec_differs(obj, old))
		json_object_set_new(json_object_get(obj, "metadata"), "generation",
				    json_integer(meta_generation(old) + 1));
	return status;
}

/* *obj (owned by the caller) becomes old with *obj's status. NULL, or a Status. */
static json_t *prepare_status(const struct kind *k, json_t **obj, json_t *old)
{
	json_t *copy, *v = json_object_get(*obj, "status"), *status;

	if (!k->has_status)
		return status_failure_for(k, meta_name(old), 404,
					  "the server could not find the requested resource: %s "
					  "have no status subresource",
					  k->plural);
	status = check_preconditions(k, old, meta_uid(*obj), meta_rv(*obj));
	if (!status && v && !json_is_null(v) && !json_is_object(v))
		status = status_failure_for(k, meta_name(old), 422, "status must be an object");
	if (status)
		return status;
	copy = store_shallow(old);
	if (json_is_object(v)) {
		json_object_set_new(copy, "status", json_deep_copy(v));
		schema_drop_nulls(NULL, json_object_get(copy, "status"));
	} else {
		json_object_del(copy, "status");
	}
	json_decref(*obj);
	*obj = copy;
	return NULL;
}

/* obj is stolen. The stored object (new reference), or NULL with *ret_status. */
static json_t *update(struct store *s, const struct kind *k, json_t *stolen, json_t *old,
		      bool status_only, const struct store_opts *o, json_t **ret_status)
{
	_cleanup_json_ json_t *obj = stolen;
	json_t *status = status_only ? prepare_status(k, &obj, old)
				     : prepare_update(s, k, obj, old, o ? o : &no_opts);

	if (status)
		return refuse(ret_status, status);
	if (json_equal(obj, old))
		return json_incref(old);
	if (o && o->dry_run)
		return TAKE_PTR(obj);
	store_commit(s, k, STORE_MODIFIED, json_incref(obj));
	store_finish_delete(s, k, obj);
	store_deliver(s);
	return TAKE_PTR(obj);
}

static json_t *replace(struct store *s, const json_t *obj, bool status_only,
		       const struct store_opts *o, json_t **ret_status)
{
	json_t *status = check_form(obj), *old;
	const struct kind *k;

	if (status)
		return refuse(ret_status, status);
	k = kind_of(obj);
	old = store_peek(s, k, meta_ns(obj), meta_name(obj));
	if (!old)
		return refuse(ret_status, status_not_found(k, meta_name(obj)));
	return update(s, k, json_deep_copy(obj), old, status_only, o, ret_status);
}

json_t *store_replace(struct store *s, const json_t *obj, const struct store_opts *o,
		      json_t **ret_status)
{
	return replace(s, obj, false, o, ret_status);
}

json_t *store_replace_status(struct store *s, const json_t *obj, const struct store_opts *o,
			     json_t **ret_status)
{
	return replace(s, obj, true, o, ret_status);
}

/* ---- patch ---- */

static json_t *patch_failure(const struct kind *k, const char *name, const struct err *e)
{
	if (e->code == EINVAL)
		return status_failure_for(k, name, 400, "malformed patch: %s", err_msg(e));
	return status_failure_for(k, name, 422, "the patch does not apply: %s", err_msg(e));
}

static json_t *patch_object(struct store *s, const struct kind *k, const char *ns, const char *name,
			    enum patch_type t, const json_t *patch, bool status_only,
			    const struct store_opts *o, json_t **ret_status)
{
	json_t *old = store_peek(s, k, ns, name), *obj;
	_cleanup_err_ struct err e = ERR_INIT;

	if (!old)
		return refuse(ret_status, status_not_found(k, name));
	if (t == PATCH_STRATEGIC && !k->builtin)
		return refuse(ret_status,
			      status_failure_for(k, name, 415,
						 "the body of the request was in an unknown format "
						 "- accepted media types include: %s, %s",
						 patch_content_type(PATCH_JSON),
						 patch_content_type(PATCH_MERGE)));
	obj = patch_apply(t, k->fields, old, patch, &e);
	if (!obj)
		return refuse(ret_status, patch_failure(k, name, &e));
	return update(s, k, obj, old, status_only, o, ret_status);
}

json_t *store_patch(struct store *s, const struct kind *k, const char *ns, const char *name,
		    enum patch_type t, const json_t *patch, const struct store_opts *o,
		    json_t **ret_status)
{
	return patch_object(s, k, ns, name, t, patch, false, o, ret_status);
}

json_t *store_patch_status(struct store *s, const struct kind *k, const char *ns, const char *name,
			   enum patch_type t, const json_t *patch, const struct store_opts *o,
			   json_t **ret_status)
{
	return patch_object(s, k, ns, name, t, patch, true, o, ret_status);
}

/* ---- delete ---- */

static json_t *check_delete(struct store *s, const struct kind *k, const json_t *old,
			    const struct store_opts *o)
{
	const char *name = meta_name(old);
	json_t *status;

	if (k == &kind_namespace && (streq(name, "default") || streq(name, "kube-system")))
		return status_forbidden(k, name, "this namespace may not be deleted");
	status = check_preconditions(k, old, o->precondition_uid, o->precondition_rv);
	return status ? status : store_admit(s, STORE_DELETE, k, NULL, old, o);
}

json_t *store_delete(struct store *s, const struct kind *k, const char *ns, const char *name,
		     const struct store_opts *o, json_t **ret_status)
{
	json_t *old = store_peek(s, k, ns, name), *status, *obj;

	if (!old)
		return refuse(ret_status, status_not_found(k, name));
	o = o ? o : &no_opts;
	status = check_delete(s, k, old, o);
	if (status)
		return refuse(ret_status, status);
	if (o->dry_run)
		return json_incref(old);
	obj = json_incref(store_request_delete(s, k, old, o->orphan));
	store_deliver(s);
	return obj;
}

json_t *store_delete_all(struct store *s, const struct store_query *q, const struct store_opts *o,
			 json_t **ret_status)
{
	_cleanup_json_ json_t *list = store_list(s, q);
	size_t i;
	json_t *obj;

	json_array_foreach(json_object_get(list, "items"), i, obj) {
		json_t *status = NULL;

		json_decref(store_delete(s, q->kind, meta_ns(obj), meta_name(obj), o, &status));
		if (status && status_code(status) != 404)
			return refuse(ret_status, status);
		json_decref(status);
	}
	return TAKE_PTR(list);
}
