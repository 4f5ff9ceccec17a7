/* SPDX-License-Identifier: Apache-2.0 */
/* Desired state of a node: its pods and domains, ready to be plugged and started. */
#include "lab/controllers.h"

#include <errno.h>

#include "api/meta.h"
#include "kubevirt/cloudinit.h"
#include "kubevirt/domain.h"
#include "kubevirt/network.h"
#include "kubevirt/render.h"
#include "lab/ctl_localnet.h"
#include "ovnk/names.h"

#define SOURCE "virt-handler"

struct collect {
	struct lab *lab;
	const struct lab_node *node;
	json_t *pods, *vms;
};

static const json_t *find_secret(void *arg, const char *ns, const char *name)
{
	struct lab *lab = arg;

	return store_peek(lab->store, &kind_secret, ns, name);
}

/* ---- pods ---- */

static void add_pod(struct collect *c, const json_t *pod, const struct podnet *p)
{
	json_t *atts = json_array();

	for (size_t i = 0; p && i < p->n; i++) {
		char host[HOST_IFACE_MAX];
		struct plan_port port = {.pod = p, .att = &p->v[i], .host_ifname = host};

		names_host_iface(meta_uid(pod), (int)i + 1, host);
		json_array_append_new(atts, plan_att(&port));
	}
	json_array_append_new(c->pods,
			      json_pack("{s:s, s:s, s:s, s:s, s:o}", "uid", meta_uid(pod),
					"namespace", meta_ns(pod), "name", meta_name(pod),
					"hostname", jstr(pod, "spec.hostname", meta_name(pod)),
					"attachments", atts));
}

/* ---- domains ---- */

static json_t *vm_attachments(const struct podnet *p, const json_t *vmi)
{
	_cleanup_free_ struct kubevirt_nic *nics = NULL;
	size_t n = kubevirt_nics(jget(vmi, "spec"), &nics);
	json_t *out = json_array();

	for (size_t i = 0; p && i < n; i++) {
		char ifname[16], tap[16];
		struct plan_port port = {.pod = p, .host_ifname = tap};
		json_t *att;

		kubevirt_pod_ifname(nics[i].name, ifname);
		lab_tap_name(meta_uid(vmi), i, tap);
		port.att = podnet_by_ifname(p, ifname);
		if (!port.att)
			continue;
		att = plan_att(&port);
		jset_str(att, "tap", tap);
		json_array_append_new(out, att);
	}
	return out;
}

/* Event once: the image that was taken for a reference nobody mapped. */
static void tell(struct lab *lab, const json_t *vmi, const char *type, const char *reason,
		 const char *message)
{
	if (!streq0(meta_annotation(vmi, "ovnbed.io/note"), message) &&
	    store_annotate(lab->store, vmi, "ovnbed.io/note", message) > 0)
		store_event(lab->store, vmi, type, reason, SOURCE, "%s", message);
}

static int vm_domain(struct collect *c, const json_t *vmi, const json_t *pod, json_t *vm,
		     struct err *e)
{
	_cleanup_kubevirt_paths_ struct kubevirt_paths paths = {0};
	_cleanup_json_ json_t *atts = lab_pod_attachments(c->lab, pod), *seed = NULL;
	_cleanup_free_ char *note = NULL, *xml = NULL;
	struct kubevirt_domain d = {.vmi = vmi, .attachments = atts, .paths = &paths};
	int r;

	d.image = kubevirt_image_for(&c->lab->images, vmi, &note, e);
	if (!d.image)
		return -ENOENT;
	r = kubevirt_seed(vmi, find_secret, c->lab, &seed, e);
	if (r < 0)
		return r;
	kubevirt_paths_init(&paths, vmi);
	d.has_seed = seed && d.image->cloud_init;
	d.offloads = streq0(meta_annotation(vmi, "ovnbed.io/virtio-offloads"), "on");
	d.kvm = c->lab->kvm;
	xml = kubevirt_domain_xml(&d, e);
	if (!xml)
		return -e->code;
	json_object_set_new(vm, "domain", jstring(xml));
	json_object_set_new(vm, "seed", d.has_seed ? json_incref(seed) : json_null());
	jset_str(vm, "seed_path", paths.seed);
	json_object_set_new(vm, "files", kubevirt_domain_files(&d));
	if (note)
		tell(c->lab, vmi, "Normal", "ImageFallback", note);
	return 0;
}

static void add_vm(struct collect *c, const json_t *pod, const struct podnet *p)
{
	const json_t *vmi = store_peek_uid(c->lab->store, jstr(meta_controller(pod), "uid", ""));
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_free_ char *name = NULL;
	_cleanup_json_ json_t *keep = NULL;
	long long grace;
	json_t *vm;

	if (!vmi)
		return;
	keep = json_incref((json_t *)vmi);
	name = kubevirt_domain_name(vmi);
	grace = jint(vmi, "spec.terminationGracePeriodSeconds", 30);
	vm = json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:I, s:o}", "uid", meta_uid(vmi),
		       "namespace", meta_ns(vmi), "name", meta_name(vmi), "pod", meta_name(pod),
		       "domain_name", name, "running", !meta_deleting(vmi), "grace",
		       (json_int_t)grace, "attachments", vm_attachments(p, vmi));
	if (vm_domain(c, vmi, pod, vm, &e) < 0) {
		tell(c->lab, vmi, "Warning", "SyncFailed", err_msg(&e));
		json_decref(vm);
		return;
	}
	json_array_append_new(c->vms, vm);
}

static bool collect_pod(void *arg, json_t *pod)
{
	struct collect *c = arg;
	_cleanup_free_ char *refusal = NULL;
	const struct podnet *p;
	const char *why;

	if (!streq(jstr(pod, "spec.nodeName", ""), c->node->name) || meta_deleting(pod))
		return true;
	p = podnets_find(&c->lab->net->pods, meta_ns(pod), meta_name(pod));
	if (p && !podnet_ready(p, &why))
		return true;
	refusal = p ? localnet_refusal(c->lab, pod, p) : NULL;
	if (refusal)
		return true;
	if (streq0(meta_label(pod, "kubevirt.io"), "virt-launcher"))
		add_vm(c, pod, p);
	else
		add_pod(c, pod, p);
	return true;
}

json_t *ctl_node_desired(struct lab *lab, const struct lab_node *n)
{
	struct collect c = {.lab = lab, .node = n, .pods = json_array(), .vms = json_array()};
	struct store_query q = {.kind = &kind_pod};
	json_t *neighbours = json_array();

	store_each(lab->store, &q, collect_pod, &c);
	for (size_t i = 0; i < lab->n_nodes; i++) {
		const struct lab_node *o = &lab->nodes[i];
		json_t *a;
		size_t k;

		if (o == n)
			continue;
		json_array_foreach(json_object_get(o->spec, "addresses"), k, a)
			json_array_append_new(
				neighbours,
				json_pack("{s:o, s:O}", "ip",
					  json_stringn(json_string_value(a),
						       strcspn(json_string_value(a), "/")),
					  "mac", json_object_get(o->spec, "mac")));
	}
	return json_pack("{s:o, s:o, s:o}", "pods", c.pods, "vms", c.vms, "neighbours", neighbours);
}
