/* SPDX-License-Identifier: Apache-2.0 */
/* The cluster manager: NADs to networks, Pods to addresses, and the annotations of both. What is
 * decided comes from ovnk/; this file reads and writes the store. */
#include "lab/controllers.h"

#include "api/meta.h"
#include "kubevirt/network.h"
#include "lab/ctl_localnet.h"
#include "ovnk/names.h"

#define SOURCE "ovnk-controlplane"

struct lab_net *lab_net_new(const json_t *topology, struct err *e)
{
	struct lab_net *n = xcalloc(1, sizeof(*n));

	if (ovnk_config_from_topology(&n->config, topology, e) < 0) {
		lab_net_free(n);
		return NULL;
	}
	return n;
}

void lab_net_free(struct lab_net *n)
{
	if (!n)
		return;
	policies_free(&n->policies);
	podnets_free(&n->pods);
	networks_free(&n->networks);
	ovnk_config_free(&n->config);
	diags_free(&n->findings);
	diags_free(&n->udn);
	free(n);
}

json_t *lab_items(struct lab *lab, const struct kind *k, const char *ns)
{
	struct store_query q = {.kind = k, .ns = ns};
	_cleanup_json_ json_t *list = store_list(lab->store, &q);

	return json_incref(json_object_get(list, "items"));
}

/* ---- NADs ---- */

static void nad_verdict_write(struct lab *lab, const struct nad_entry *n)
{
	json_t *nad = store_peek(lab->store, &kind_nad, n->ns, n->name);
	_cleanup_json_ json_t *notes = json_object(), *patch = NULL;
	_cleanup_free_ char *reason = NULL;
	const char *state = nad_state_name(n->state);

	if (!nad)
		return;
	if (n->annotations)
		json_object_update(notes, n->annotations);
	if (n->reason)
		reason = n->rule ? xasprintf("%s: %s", n->rule, n->reason) : xstrdup(n->reason);
	if (!streq0(meta_annotation(nad, ANNOTATION_STATE), state))
		json_object_set_new(notes, ANNOTATION_STATE, jstring(state));
	if (!streq0(meta_annotation(nad, ANNOTATION_REASON), reason)) {
		json_object_set_new(notes, ANNOTATION_REASON, jstring(reason));
		if (reason && n->state != NAD_IGNORED)
			store_event(lab->store, nad, "Warning", "ErrorAddingNetwork", SOURCE, "%s",
				    reason);
	}
	if (!json_object_size(notes))
		return;
	patch = json_pack("{s:{s:O}}", "metadata", "annotations", notes);
	json_decref(
		store_patch(lab->store, &kind_nad, n->ns, n->name, PATCH_MERGE, patch, NULL, NULL));
}

static void networks_update(struct lab *lab, const json_t *nads)
{
	struct lab_net *net = lab->net;
	struct networks n = {0};

	networks_build(nads, &net->config, net->networks.state, &n, &net->findings);
	networks_free(&net->networks);
	net->networks = n;
	for (size_t i = 0; i < n.n_nads; i++)
		nad_verdict_write(lab, &n.nads[i]);
}

/* ---- Pods ---- */

#define SANDBOX "PodReadyToStartContainers"
#define SANDBOX_FAILED "FailedCreatePodSandBox"

/* True when a condition says the same, but for what follows its first clause. */
static bool said_before(const json_t *condition, const char *why)
{
	const char *m = jstr(condition, "message", "");
	size_t n = strcspn(m, ";");

	return streq(jstr(condition, "reason", ""), SANDBOX_FAILED) && n == strcspn(why, ";") &&
	       !memcmp(m, why, n);
}

/*
 * A sandbox that cannot be made: said by the condition, which keeps up with what other nodes do,
 * and once by an Event.
 */
static void pod_refused(struct lab *lab, const json_t *pod, const char *why)
{
	bool said = said_before(meta_condition(pod, SANDBOX), why);

	if (store_set_condition(lab->store, pod, SANDBOX, "False", SANDBOX_FAILED, why) > 0 &&
	    !said)
		store_event(lab->store, pod, "Warning", SANDBOX_FAILED, "kubelet",
			    "Failed to create pod sandbox: %s", why);
}

/* What was in the way has gone: its message must not outlive it. */
static void pod_unblocked(struct lab *lab, const json_t *pod)
{
	const json_t *c = meta_condition(pod, SANDBOX);

	if (streq(jstr(c, "reason", ""), SANDBOX_FAILED))
		store_set_condition(lab->store, pod, SANDBOX, "False", "ContainerCreating",
				    "the sandbox is being created");
}

static void pod_warn(struct lab *lab, const json_t *pod, const struct podnet *p)
{
	_cleanup_free_ char *why = localnet_warning(lab, pod, p);
	_cleanup_free_ char *title = meta_title(pod);
	struct diags *d = &lab->net->findings;
	size_t from = d->n;

	if (why) {
		diags_add(d, DIAG_WARNING, "lint/mapping", NULL, "%s", why);
		diags_locate(d, from, NULL, title);
	}
	if (!streq0(meta_annotation(pod, ANNOTATION_WARNING), why) &&
	    store_annotate(lab->store, pod, ANNOTATION_WARNING, why) > 0 && why)
		store_event(lab->store, pod, "Warning", "LocalnetDisconnected", SOURCE, "%s", why);
}

static void pod_report(struct lab *lab, const struct podnet *p)
{
	json_t *pod = store_peek(lab->store, &kind_pod, p->ns, p->name);
	_cleanup_free_ char *refusal = NULL;
	_cleanup_json_ json_t *hold = NULL;
	const char *why = NULL;

	if (!pod)
		return;
	if (p->annotation)
		store_annotate(lab->store, pod, PODNET_ANNOTATION, p->annotation);
	pod = store_peek(lab->store, &kind_pod, p->ns, p->name);
	if (!pod || !*p->node)
		return;
	hold = json_incref(pod);
	if (podnet_ready(p, &why))
		why = refusal = localnet_refusal(lab, hold, p);
	if (why) {
		pod_refused(lab, hold, why);
		return;
	}
	pod_unblocked(lab, hold);
	pod_warn(lab, hold, p);
}

void ctl_net_reconcile(struct lab *lab)
{
	_cleanup_json_ json_t *nads = lab_items(lab, &kind_nad, NULL),
			      *pods = lab_items(lab, &kind_pod, NULL);
	struct lab_net *net = lab->net;

	diags_free(&net->findings);
	networks_update(lab, nads);
	podnets_free(&net->pods);
	podnets_build(pods, &net->networks, &net->config, &net->pods, &net->findings);
	for (size_t i = 0; i < net->pods.n; i++)
		pod_report(lab, &net->pods.v[i]);
}

/* ---- what others ask ---- */

const struct attachment *podnet_by_ifname(const struct podnet *p, const char *ifname)
{
	for (size_t i = 0; p && i < p->n; i++)
		if (streq0(p->v[i].ifname, ifname))
			return &p->v[i];
	return NULL;
}

bool podnet_ready(const struct podnet *p, const char **ret_why)
{
	if (p->error) {
		*ret_why = p->error;
		return false;
	}
	for (size_t i = 0; i < p->n; i++) {
		if (p->v[i].state != ATTACHMENT_READY) {
			*ret_why = p->v[i].reason ? p->v[i].reason : "not ready";
			return false;
		}
	}
	return true;
}

void lab_tap_name(const char *vmi_uid, size_t index, char out[static 16])
{
	snprintf(out, 16, "tap%.8s%zu", vmi_uid, index % 1000);
}

static json_t *ip_list(const struct attachment *a)
{
	json_t *ips = json_array();

	for (size_t i = 0; i < a->n_ips; i++)
		json_array_append_new(ips, jstring(a->ips[i]));
	return ips;
}

json_t *lab_pod_attachments(struct lab *lab, const json_t *pod)
{
	const struct podnet *p =
		pod ? podnets_find(&lab->net->pods, meta_ns(pod), meta_name(pod)) : NULL;
	json_t *owner = pod ? meta_controller(pod) : NULL, *out = json_array();
	const char *uid = jstr(owner, "uid", "");
	const json_t *vmi = *uid ? store_peek_uid(lab->store, uid) : NULL;
	_cleanup_free_ struct kubevirt_nic *nics = NULL;
	size_t n = vmi ? kubevirt_nics(jget(vmi, "spec"), &nics) : 0;

	for (size_t i = 0; i < n; i++) {
		const struct attachment *a;
		char ifname[16], tap[16];

		kubevirt_pod_ifname(nics[i].name, ifname);
		lab_tap_name(uid, i, tap);
		a = podnet_by_ifname(p, ifname);
		if (a && a->state == ATTACHMENT_READY)
			json_array_append_new(out,
					      json_pack("{s:s, s:s, s:i, s:s, s:s, s:s, s:o}",
							"network", nics[i].name, "mac", a->mac,
							"mtu", a->mtu, "tap", tap, "nad", a->nad,
							"port", a->port, "ips", ip_list(a)));
	}
	if (pod && vmi)
		return out;
	json_decref(out);
	return NULL;
}
