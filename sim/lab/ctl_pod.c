/* SPDX-License-Identifier: Apache-2.0 */
/* The kubelet's side: Pod status from what the agents report, and Node objects. */
#include "lab/controllers.h"

#include "api/meta.h"
#include "lab/net.h"

#define NETWORK_STATUS "k8s.v1.cni.cncf.io/network-status"

static bool is_launcher(const json_t *pod)
{
	return streq0(meta_label(pod, "kubevirt.io"), "virt-launcher");
}

/* ---- Pod ---- */

/* What the agent says of a pod: its own row, or for a virt-launcher that of its domain. */
static const json_t *runtime_of(struct lab *lab, const json_t *pod)
{
	if (is_launcher(pod))
		return lab_vm_runtime(lab, jstr(meta_controller(pod), "uid", ""));
	return lab_pod_runtime(lab, meta_uid(pod));
}

static json_t *network_status(const struct podnet *p)
{
	json_t *out = json_array();

	for (size_t i = 0; p && i < p->n; i++) {
		const struct attachment *a = &p->v[i];
		json_t *ips = json_array();

		for (size_t k = 0; k < a->n_ips; k++)
			json_array_append_new(ips,
					      json_stringn(a->ips[k], strcspn(a->ips[k], "/")));
		json_array_append_new(out, json_pack("{s:s, s:s, s:o, s:o, s:i, s:{}}", "name",
						     a->nad, "interface", a->ifname, "ips", ips,
						     "mac", jstring(a->mac), "mtu", a->mtu, "dns"));
	}
	return out;
}

static void condition(struct lab *lab, json_t *status, const char *type, bool on,
		      const char *reason, const char *message)
{
	meta_set_status_condition(status, type, on ? "True" : "False", reason, message,
				  store_now(lab->store));
}

static json_t *container_statuses(const json_t *pod, bool running)
{
	json_t *out = json_array(), *c;
	size_t i;

	json_array_foreach(jget(pod, "spec.containers"), i, c)
		json_array_append_new(out, json_pack("{s:O?, s:O?, s:b, s:i, s:b, s:{s:{}}}",
						     "name", json_object_get(c, "name"), "image",
						     json_object_get(c, "image"), "ready", running,
						     "restartCount", 0, "started", running, "state",
						     running ? "running" : "waiting"));
	return out;
}

/* The first address of the pod on any network, as status.podIP; there is no default network. */
static void pod_ips(json_t *status, const struct podnet *p)
{
	json_t *ips = json_array();

	for (size_t i = 0; p && i < p->n; i++)
		for (size_t k = 0; k < p->v[i].n_ips; k++)
			json_array_append_new(
				ips, json_pack("{s:o}", "ip",
					       json_stringn(p->v[i].ips[k],
							    strcspn(p->v[i].ips[k], "/"))));
	if (json_array_size(ips))
		jset_str(status, "podIP", jstr(json_array_get(ips, 0), "ip", NULL));
	json_object_set_new(status, "podIPs", ips);
}

static void pod_running(struct lab *lab, const json_t *pod, json_t *status)
{
	const struct podnet *p = podnets_find(&lab->net->pods, meta_ns(pod), meta_name(pod));
	_cleanup_json_ json_t *nets = network_status(p);
	_cleanup_free_ char *text = jtext(nets);

	store_annotate(lab->store, pod, NETWORK_STATUS, text);
	pod_ips(status, p);
}

/*
 * A Pod that runs does not go back to Pending when OVN takes its port away: its sandbox is there,
 * and probes from it show what is broken.
 */
static bool keeps_running(const json_t *pod, const json_t *rt)
{
	return streq(jstr(rt, "state", ""), "pending") && jint(rt, "pid", 0) > 0 &&
	       streq(jstr(pod, "status.phase", ""), "Running");
}

static bool reconcile_pod(void *arg, json_t *pod)
{
	struct lab *lab = arg;
	const json_t *rt = runtime_of(lab, pod);
	const char *state = jstr(rt, "state", "pending"), *message = jstr(rt, "message", NULL);
	bool running = streq(state, "running") || keeps_running(pod, rt);
	bool failed = streq(state, "failed");
	_cleanup_json_ json_t *status = json_deep_copy(json_object_get(pod, "status"));
	struct lab_node *n = lab_node_find(lab, jstr(pod, "spec.nodeName", ""));

	if (!n || meta_deleting(pod))
		return true;
	if (!status)
		status = json_object();
	if (!lab_node_healthy(n) && !running)
		message = "the node is not healthy";
	jset_str(status, "phase", running ? "Running" : "Pending");
	jset_str(status, "hostIP", jstr(n->spec, "encap_ip", NULL));
	condition(lab, status, "Initialized", true, NULL, NULL);
	condition(lab, status, "Ready", running, running ? NULL : "ContainersNotReady", message);
	condition(lab, status, "ContainersReady", running, running ? NULL : "ContainersNotReady",
		  NULL);
	if (running)
		condition(lab, status, "PodReadyToStartContainers", true, NULL, NULL);
	json_object_set_new(status, "containerStatuses", container_statuses(pod, running));
	if (running)
		pod_running(lab, pod, status);
	if (store_update_status(lab->store, pod, status) > 0 && failed && message)
		store_event(lab->store, pod, "Warning", "FailedCreatePodSandBox", "kubelet", "%s",
			    message);
	return true;
}

/* ---- Node ---- */

static json_t *node_addresses(const struct lab_node *n)
{
	json_t *out = json_array(), *a;
	size_t i;

	json_array_foreach(json_object_get(n->spec, "addresses"), i, a)
		json_array_append_new(out,
				      json_pack("{s:s, s:o}", "type", "InternalIP", "address",
						json_stringn(json_string_value(a),
							     strcspn(json_string_value(a), "/"))));
	json_array_append_new(out, json_pack("{s:s, s:s}", "type", "Hostname", "address", n->name));
	return out;
}

static json_t *node_object(const struct lab_node *n)
{
	json_t *node = meta_new(&kind_node, NULL, n->name);

	jset(node, "metadata.labels", json_deep_copy(json_object_get(n->spec, "labels")));
	meta_set_annotation(node, "k8s.ovn.org/node-chassis-id", jstr(n->spec, "chassis", NULL));
	meta_set_annotation(node, "k8s.ovn.org/zone-name", jstr(n->spec, "zone", NULL));
	meta_set_annotation(node, "k8s.ovn.org/node-primary-ifaddr",
			    jstr(json_object_get(n->spec, "addresses"), "0", NULL));
	return node;
}

static void reconcile_node(struct lab *lab, struct lab_node *n)
{
	json_t *node = store_peek(lab->store, &kind_node, NULL, n->name);
	_cleanup_json_ json_t *made = NULL, *status = NULL;
	bool ready = n->started && lab_node_healthy(n);

	if (!node) {
		_cleanup_json_ json_t *fresh = node_object(n);

		made = store_create(lab->store, fresh, NULL, NULL);
		node = made;
	}
	if (!node)
		return;
	status = json_deep_copy(json_object_get(node, "status"));
	if (!status)
		status = json_object();
	json_object_set_new(status, "addresses", node_addresses(n));
	jset_str(status, "nodeInfo.osImage", "ovnbed node");
	jset_str(status, "nodeInfo.kubeletVersion", "ovnbed-" OVNBED_VERSION);
	meta_set_status_condition(status, "Ready", ready ? "True" : "False",
				  ready ? "KubeletReady" : "KubeletNotReady",
				  n->death ? n->death : NULL, store_now(lab->store));
	store_update_status(lab->store, node, status);
}

void ctl_pod_reconcile(struct lab *lab)
{
	struct store_query q = {.kind = &kind_pod};

	for (size_t i = 0; i < lab->n_nodes; i++)
		if (!lab->nodes[i].control_plane)
			reconcile_node(lab, &lab->nodes[i]);
	store_each(lab->store, &q, reconcile_pod, lab);
}
