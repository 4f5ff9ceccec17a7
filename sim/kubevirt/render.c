/* SPDX-License-Identifier: Apache-2.0 */
/* KubeVirt: virt-controller's VM controller (setupVMIFromVM) and services/template.go. */
#include "kubevirt/render.h"

#include "api/meta.h"
#include "kubevirt/admission.h"
#include "kubevirt/network.h"

#define SUFFIX_LEN 5
#define NAME_MAX_LABEL 63

char *kubevirt_pod_name(const char *vmi, uint64_t random)
{
	/* apimachinery's rand.String(): no vowels, no digits that look like letters */
	static const char alphabet[] = "bcdfghjklmnpqrstvwxz2456789";
	_cleanup_free_ char *base = xasprintf("virt-launcher-%s-", vmi);
	char suffix[SUFFIX_LEN + 1];

	for (size_t i = 0; i < SUFFIX_LEN; i++) {
		suffix[i] = alphabet[random % (sizeof(alphabet) - 1)];
		random /= sizeof(alphabet) - 1;
	}
	suffix[SUFFIX_LEN] = '\0';
	/* generateName is cut so that the whole fits; a hyphen stays in front of the suffix or not,
	 * as upstream. */
	return xasprintf("%.*s%s", NAME_MAX_LABEL - SUFFIX_LEN, base, suffix);
}

char *kubevirt_hostname(const json_t *vmi)
{
	const char *name = jstr(vmi, "spec.hostname", meta_name(vmi));
	size_t n = strcspn(name, ".");

	return xstrndup(name, MIN(n, (size_t)NAME_MAX_LABEL));
}

/* A copy of the object at path, or an empty one. */
static json_t *copy_object(const json_t *from, const char *path)
{
	const json_t *v = jget(from, path);

	return json_is_object(v) ? json_deep_copy(v) : json_object();
}

json_t *kubevirt_render_vmi(const json_t *vm)
{
	json_t *meta = json_pack("{s:s, s:s}", "name", meta_name(vm), "namespace", meta_ns(vm));
	json_t *annotations = copy_object(vm, "spec.template.metadata.annotations");
	json_t *labels = copy_object(vm, "spec.template.metadata.labels");
	json_t *spec = copy_object(vm, "spec.template.spec");
	json_t *vmi;

	json_object_set_new(annotations, "kubevirt.io/vm-generation",
			    jstringf("%lld", meta_generation(vm)));
	json_object_set_new(meta, "annotations", annotations);
	json_object_set_new(meta, "labels", labels);
	kubevirt_default_spec(spec);
	vmi = json_pack("{s:s, s:s, s:o, s:o}", "apiVersion", "kubevirt.io/v1", "kind",
			"VirtualMachineInstance", "metadata", meta, "spec", spec);
	meta_set_controller(vmi, vm);
	return vmi;
}

/* ---- virt-launcher pod ---- */

/* The Multus request, JSON form; the default network is listed too (see kubevirt_note_ignored()). */
static json_t *networks_annotation(const json_t *vmi)
{
	_cleanup_free_ struct kubevirt_nic *nics = NULL;
	size_t n = kubevirt_nics(json_object_get(vmi, "spec"), &nics);
	json_t *list = json_array(), *text = NULL;

	for (size_t i = 0; i < n; i++) {
		_cleanup_free_ char *ns = NULL, *name = NULL;
		const char *mac = jstr(nics[i].iface, "macAddress", "");
		char ifname[16];
		json_t *entry;

		if (!nics[i].nad)
			continue;
		kubevirt_split_nad(nics[i].nad, meta_ns(vmi), &ns, &name);
		kubevirt_pod_ifname(nics[i].name, ifname);
		entry = json_pack("{s:s, s:s, s:s}", "name", name, "namespace", ns, "interface",
				  ifname);
		if (*mac)
			jset_str(entry, "mac", mac);
		json_array_append_new(list, entry);
	}
	if (json_array_size(list)) {
		_cleanup_free_ char *s = jtext(list);

		text = jstring(s);
	}
	json_decref(list);
	return text;
}

static json_t *pod_metadata(const json_t *vmi, uint64_t random)
{
	_cleanup_free_ char *name = kubevirt_pod_name(meta_name(vmi), random);
	json_t *labels = copy_object(vmi, "metadata.labels");
	json_t *annotations = copy_object(vmi, "metadata.annotations");
	json_t *networks = networks_annotation(vmi);

	json_object_set_new(labels, "kubevirt.io", jstring("virt-launcher"));
	json_object_set_new(labels, "kubevirt.io/created-by", jstring(meta_uid(vmi)));
	json_object_set_new(labels, "vm.kubevirt.io/name", jstring(meta_name(vmi)));
	json_object_set_new(annotations, "kubevirt.io/domain", jstring(meta_name(vmi)));
	json_object_set_new(annotations, "kubectl.kubernetes.io/default-container",
			    jstring("compute"));
	if (networks)
		json_object_set_new(annotations, "k8s.v1.cni.cncf.io/networks", networks);
	return json_pack("{s:o, s:s, s:o, s:o}", "name", jstring(name), "namespace", meta_ns(vmi),
			 "labels", labels, "annotations", annotations);
}

/* Images of containerDisks run as containers of the pod; only their names matter here. */
static json_t *pod_containers(const json_t *vmi)
{
	json_t *list = json_pack("[{s:s, s:s}]", "name", "compute", "image", "virt-launcher");
	json_t *v;
	size_t i;

	json_array_foreach(jget(vmi, "spec.volumes"), i, v) {
		const char *image = jstr(v, "containerDisk.image", NULL);

		if (image)
			json_array_append_new(list,
					      json_pack("{s:o, s:s}", "name",
							jstringf("volume%s", jstr(v, "name", "")),
							"image", image));
	}
	return list;
}

static json_t *pod_spec(const json_t *vmi)
{
	static const char *const copied[] = {"nodeSelector",  "affinity",
					     "tolerations",   "topologySpreadConstraints",
					     "schedulerName", "priorityClassName"};
	_cleanup_free_ char *hostname = kubevirt_hostname(vmi);
	json_t *spec =
		json_pack("{s:o, s:s, s:s, s:I}", "containers", pod_containers(vmi), "hostname",
			  hostname, "restartPolicy", "Never", "terminationGracePeriodSeconds",
			  (json_int_t)jint(vmi, "spec.terminationGracePeriodSeconds", 30));

	for (size_t i = 0; i < ARRAY_SIZE(copied); i++) {
		const json_t *v = json_object_get(json_object_get(vmi, "spec"), copied[i]);

		if (v)
			json_object_set_new(spec, copied[i], json_deep_copy(v));
	}
	return spec;
}

json_t *kubevirt_render_pod(const json_t *vmi, uint64_t random)
{
	json_t *pod = json_pack("{s:s, s:s, s:o, s:o}", "apiVersion", "v1", "kind", "Pod",
				"metadata", pod_metadata(vmi, random), "spec", pod_spec(vmi));

	meta_set_controller(pod, vmi);
	return pod;
}
