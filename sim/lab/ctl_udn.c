/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ClusterUserDefinedNetwork and UserDefinedNetwork → NADs: OVN-Kubernetes
 * clustermanager/userdefinednetwork/controller.go. What a NAD looks like comes from ovnk/udn.h.
 */
#include "lab/controllers.h"

#include <errno.h>

#include "api/meta.h"
#include "base/buf.h"
#include "lab/net.h"
#include "ovnk/podnet.h"
#include "ovnk/udn.h"

#define SOURCE "user-defined-network-controller"
#define CREATED "NetworkCreated"
#define ALLOCATED "NetworkAllocationSucceeded"

/* One object at work. */
struct sync {
	struct lab *lab;
	const json_t *obj;    /* of either kind; held by the caller */
	json_t *made;	      /* namespaces that have its NAD, sorted by the store */
	json_t *leaving;      /* "ns/name" of NADs that are being deleted */
	struct buf errors;    /* joined by "\n", as Go's errors.Join */
	const char *category; /* rule of what ended in errors */
	bool unfit;	      /* no NAD can be rendered, in whatever namespace */
};

static bool cluster(const json_t *obj)
{
	return kind_of(obj) == &kind_cudn;
}

static void fail(struct sync *s, const char *rule, const char *fmt, ...) PRINTF(3, 4);
static void fail(struct sync *s, const char *rule, const char *fmt, ...)
{
	_cleanup_free_ char *msg = NULL;
	va_list ap;

	va_start(ap, fmt);
	msg = xvasprintf(fmt, ap);
	va_end(ap);
	buf_printf(&s->errors, "%s%s", s->errors.len ? "\n" : "", msg);
	s->category = rule;
}

/* ---- one NAD ---- */

static json_t *render(struct sync *s, const char *ns)
{
	_cleanup_diags_ struct diags found = DIAGS_INIT;
	json_t *nad = udn_render(s->obj, ns, &s->lab->net->config, &found);

	if (nad || s->unfit)
		return nad;
	s->unfit = true;
	diags_merge(&s->lab->net->udn, &found);
	for (size_t i = 0; i < found.n; i++)
		if (found.v[i].severity == DIAG_ERROR)
			fail(s, NULL, "failed to generate NetworkAttachmentDefinition: %s",
			     found.v[i].msg);
	return NULL;
}

static bool outdated(const json_t *have, const json_t *want)
{
	const json_t *notes = jget(want, "metadata.annotations"), *v;
	const char *key;

	json_object_foreach((json_t *)notes, key, v)
		if (!streq0(meta_annotation(have, key), json_string_value(v)))
			return true;
	return !json_equal(jget(have, "spec"), jget(want, "spec")) ||
	       !json_equal(jget(have, "metadata.labels"), jget(want, "metadata.labels"));
}

/* Whoever edits a rendered NAD finds it as it was. */
static void write_nad(struct sync *s, const json_t *have, const json_t *want)
{
	_cleanup_json_ json_t *copy = json_deep_copy(have), *status = NULL;
	json_t *notes = json_object();

	json_object_update(notes, jget(have, "metadata.annotations"));
	json_object_update(notes, jget(want, "metadata.annotations"));
	jset(copy, "metadata.annotations", notes);
	jset(copy, "metadata.labels", json_deep_copy(jget(want, "metadata.labels")));
	json_object_set_new(copy, "spec", json_deep_copy(json_object_get(want, "spec")));
	json_decref(store_replace(s->lab->store, copy, NULL, &status));
	if (status)
		fail(s, "udn", "failed to update NetworkAttachmentDefinition: %s",
		     jstr(status, "message", "?"));
}

static void update_nad(struct sync *s, const char *ns)
{
	const char *name = meta_name(s->obj);
	_cleanup_json_ json_t *have = json_incref(store_peek(s->lab->store, &kind_nad, ns, name));
	_cleanup_json_ json_t *want = render(s, ns), *status = NULL;

	if (!want)
		return;
	if (!have) {
		json_decref(store_create(s->lab->store, want, NULL, &status));
		if (status) {
			fail(s, "udn", "failed to create NetworkAttachmentDefinition: %s",
			     jstr(status, "message", "?"));
			return;
		}
	} else if (!meta_owned_by(have, meta_uid(s->obj))) {
		fail(s, "udn",
		     "foreign NetworkAttachmentDefinition with the desired name already exist "
		     "[%s/%s]",
		     ns, name);
		return;
	} else if (outdated(have, want)) {
		write_nad(s, have, want);
	}
	json_array_append_new(s->made, jstring(ns));
	if (have && meta_deleting(have))
		json_array_append_new(s->leaving, jstringf("%s/%s", ns, name));
}

/* "[ns/a ns/b]" of the pods that hold an address of the NAD, or NULL. Caller frees. */
static char *users_of(struct lab *lab, const char *ns, const char *name)
{
	_cleanup_json_ json_t *pods = lab_items(lab, &kind_pod, ns);
	_cleanup_free_ char *key = xasprintf("%s/%s", ns, name);
	struct buf b = BUF_INIT;
	json_t *pod;
	size_t i;

	json_array_foreach(pods, i, pod) {
		const char *text = meta_annotation(pod, PODNET_ANNOTATION) ?: "";
		_cleanup_json_ json_t *nets = jparse(text, strlen(text), NULL);

		if (json_object_get(nets, key))
			buf_printf(&b, "%s%s/%s", b.len ? " " : "[", ns, meta_name(pod));
	}
	if (b.len)
		buf_addc(&b, ']');
	return b.len ? buf_take(&b) : NULL;
}

/* True when the namespace has no NAD of ours any more. */
static bool delete_nad(struct sync *s, const char *ns)
{
	const char *name = meta_name(s->obj);
	_cleanup_json_ json_t *nad = json_incref(store_peek(s->lab->store, &kind_nad, ns, name));
	_cleanup_free_ char *users = NULL;

	if (!nad || !meta_owned_by(nad, meta_uid(s->obj)))
		return true;
	users = users_of(s->lab, ns, name);
	if (users) {
		fail(s, "udn/in-use",
		     "failed to delete NetworkAttachmentDefinition [%s/%s]: network in use by the "
		     "following pods: %s",
		     ns, name, users);
		return false;
	}
	store_del_finalizer(s->lab->store, nad, UDN_FINALIZER);
	json_decref(store_delete(s->lab->store, &kind_nad, ns, name, NULL, NULL));
	return true;
}

/* ---- what is to be ---- */

/* The network's NADs wherever they are; those in keep (an array of namespaces) stay. */
static bool delete_others(struct sync *s, const json_t *keep)
{
	_cleanup_json_ json_t *nads = lab_items(s->lab, &kind_nad, NULL);
	bool gone = true;
	json_t *nad;
	size_t i;

	json_array_foreach(nads, i, nad)
		if (meta_owned_by(nad, meta_uid(s->obj)) && !jhas_str(keep, meta_ns(nad)))
			gone &= delete_nad(s, meta_ns(nad));
	return gone;
}

/*
 * A namespace that goes is not selected any more, unless the selector names it: then its NAD, and
 * with that the namespace, stays until the selector lets go (a restriction that the documentation
 * states).
 */
static bool wanted_in(struct sync *s, const json_t *ns)
{
	const char *name = meta_name(ns);
	_cleanup_free_ char *why = NULL;

	if (!udn_selects(s->obj, ns))
		return false;
	if (!meta_deleting(ns))
		return true;
	if (!udn_names(s->obj, name) ||
	    !store_peek(s->lab->store, &kind_nad, name, meta_name(s->obj)))
		return false;
	why = xasprintf("Some content in the namespace has finalizers remaining: " UDN_FINALIZER
			" of NetworkAttachmentDefinition %s/%s; ClusterUserDefinedNetwork %s names "
			"the namespace: take it out of its spec.namespaceSelector",
			name, meta_name(s->obj), meta_name(s->obj));
	store_set_condition(s->lab->store, ns, "NamespaceFinalizersRemaining", "True",
			    "SomeFinalizersRemain", why);
	return true;
}

static void sync_cluster(struct sync *s)
{
	_cleanup_json_ json_t *all = lab_items(s->lab, &kind_namespace, NULL), *keep = json_array();
	json_t *ns;
	size_t i;

	json_array_foreach(all, i, ns)
		if (wanted_in(s, ns))
			json_array_append_new(keep, jstring(meta_name(ns)));
	delete_others(s, keep);
	json_array_foreach(keep, i, ns)
		update_nad(s, json_string_value(ns));
}

static void sync_deleting(struct sync *s)
{
	_cleanup_json_ json_t *none = json_array();

	if (delete_others(s, none))
		store_del_finalizer(s->lab->store, s->obj, UDN_FINALIZER);
}

/* ---- conditions ---- */

static void condition(struct sync *s, const char *type, bool good, const char *reason,
		      const char *message)
{
	if (store_set_condition(s->lab->store, s->obj, type, good ? "True" : "False", reason,
				message) > 0 &&
	    !good)
		store_event(s->lab->store, s->obj, "Warning", reason, SOURCE, "%s", message);
}

static char *joined(const json_t *texts, const char *separator)
{
	struct buf b = BUF_INIT;
	json_t *v;
	size_t i;

	json_array_foreach(texts, i, v)
		buf_printf(&b, "%s%s", i ? separator : "", json_string_value(v));
	return b.len ? buf_take(&b) : xstrdup("");
}

static char *created_message(const struct sync *s)
{
	_cleanup_free_ char *list = joined(s->made, ", ");

	return cluster(s->obj) ? xasprintf("NetworkAttachmentDefinition has been created in "
					   "following namespaces: [%s]",
					   list)
			       : xstrdup("NetworkAttachmentDefinition has been created");
}

static char *leaving_message(const struct sync *s)
{
	_cleanup_free_ char *list = joined(s->leaving, " ");

	return cluster(s->obj)
		       ? xasprintf("NetworkAttachmentDefinition are being deleted: [%s]", list)
		       : xstrdup("NetworkAttachmentDefinition is being deleted");
}

static void say_created(struct sync *s)
{
	_cleanup_free_ char *message = NULL;

	if (s->errors.len) {
		condition(s, CREATED, false,
			  cluster(s->obj) ? "NetworkAttachmentDefinitionSyncError" : "SyncError",
			  buf_str(&s->errors));
	} else if (json_array_size(s->leaving)) {
		message = leaving_message(s);
		condition(s, CREATED, false, "NetworkAttachmentDefinitionDeleted", message);
	} else {
		message = created_message(s);
		condition(s, CREATED, true, "NetworkAttachmentDefinitionCreated", message);
	}
}

/* What the cluster manager made of the NADs, in its last run. */
static void say_allocated(struct sync *s)
{
	const struct lab_net *net = s->lab->net;
	_cleanup_free_ char *name = udn_network_name(s->obj);
	const json_t *v;
	size_t i;

	json_array_foreach(s->made, i, v) {
		_cleanup_free_ char *key =
			xasprintf("%s/%s", json_string_value(v), meta_name(s->obj));
		const struct nad_entry *e = networks_nad(&net->networks, key);
		_cleanup_free_ char *why = NULL;

		if (!e || e->state == NAD_ACCEPTED)
			continue;
		why = xasprintf("Network allocation failed: %s%s%s", e->rule ?: "",
				e->rule ? ": " : "", e->reason ?: nad_state_name(e->state));
		condition(s, ALLOCATED, false, "InternalError", why);
		return;
	}
	if (networks_find(&net->networks, name))
		condition(s, ALLOCATED, true, ALLOCATED,
			  "Network allocation succeeded for all synced nodes.");
}

/* ---- the object ---- */

static void say_unsupported(struct sync *s, const char *why)
{
	struct diags *d = &s->lab->net->udn;
	_cleanup_free_ char *title = meta_title(s->obj);
	size_t from = d->n;

	diag_hint(diags_add(d, DIAG_WARNING, "unsupported", "spec", "%s", why),
		  "use topology Layer2 or Localnet with role Secondary");
	diags_locate(d, from, NULL, title);
	condition(s, CREATED, false, "Unsupported", why);
}

/* Errors that no rule of a NAD explains. */
static void report(const struct sync *s)
{
	_cleanup_free_ char *title = meta_title(s->obj);
	struct diags *d = &s->lab->net->udn;
	bool foreign = streq0(s->category, "udn");
	size_t from = d->n;

	if (!s->errors.len || !s->category)
		return;
	diag_hint(diags_add(d, foreign ? DIAG_ERROR : DIAG_WARNING, s->category, NULL, "%s",
			    buf_str(&s->errors)),
		  "%s",
		  foreign ? "nothing is overwritten: rename one of the two, or delete the other"
			  : "delete those pods first");
	diags_locate(d, from, NULL, title);
}

static bool reconcile(void *arg, json_t *obj)
{
	_cleanup_json_ json_t *hold = json_incref(obj), *made = json_array(),
			      *leaving = json_array();
	struct sync s = {.lab = arg, .obj = hold, .made = made, .leaving = leaving};
	const char *why = udn_unsupported(obj);

	if (meta_deleting(obj)) {
		sync_deleting(&s);
		if (s.errors.len)
			say_created(&s);
	} else if (why) {
		say_unsupported(&s, why);
	} else {
		store_add_finalizer(s.lab->store, obj, UDN_FINALIZER);
		if (cluster(obj))
			sync_cluster(&s);
		else
			update_nad(&s, meta_ns(obj));
		if (cluster(obj) && !json_array_size(made) && !s.errors.len)
			udn_nowhere(obj, DIAG_WARNING, &s.lab->net->udn);
		say_created(&s);
		say_allocated(&s);
	}
	report(&s);
	buf_free(&s.errors);
	return true;
}

void ctl_udn_reconcile(struct lab *lab)
{
	struct store_query cudns = {.kind = &kind_cudn}, udns = {.kind = &kind_udn};

	diags_free(&lab->net->udn);
	store_each(lab->store, &cudns, reconcile, lab);
	store_each(lab->store, &udns, reconcile, lab);
}
