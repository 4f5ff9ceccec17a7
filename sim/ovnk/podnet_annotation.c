/* SPDX-License-Identifier: Apache-2.0 */
/* k8s.ovn.org/pod-networks: OVN-Kubernetes util/pod_annotation.go. */
#include "ovnk/podnet_priv.h"

#include <errno.h>

static const char *annotation_text(const json_t *pod)
{
	const json_t *a = jget(pod, "metadata.annotations");

	return json_string_value(json_object_get(a, PODNET_ANNOTATION));
}

int podnet_read(const json_t *pod, json_t **ret, struct err *e)
{
	const char *text = annotation_text(pod), *key;
	json_error_t je;
	json_t *o, *v;

	if (!text) {
		*ret = json_object();
		return 0;
	}
	o = json_loads(text, 0, &je);
	if (!json_is_object(o)) {
		json_decref(o);
		return err_set(e, EINVAL, "failed to unmarshal ovn pod annotation \"%s\": %s", text,
			       o ? "not an object" : je.text);
	}
	json_object_foreach(o, key, v) {
		if (json_is_object(v))
			continue;
		err_set(e, EINVAL, "failed to unmarshal ovn pod annotation \"%s\": %s is no object",
			text, key);
		json_decref(o);
		return -EINVAL;
	}
	*ret = o;
	return 0;
}

static json_t *text_list(char *const *v, size_t n)
{
	json_t *a = n ? json_array() : json_null();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(a, jstring(v[i]));
	return a;
}

/* Keys in the order of upstream's struct, which is the order in its text. */
static json_t *make_entry(const struct attachment *a)
{
	json_t *o = json_object();

	json_object_set_new(o, "ip_addresses", text_list(a->ips, a->n_ips));
	json_object_set_new(o, "mac_address", jstring(a->mac));
	if (a->n_gateways)
		json_object_set_new(o, "gateway_ips", text_list(a->gateways, a->n_gateways));
	if (a->n_ips == 1)
		json_object_set_new(o, "ip_address", jstring(a->ips[0]));
	if (a->n_ips == 1 && a->n_gateways == 1)
		json_object_set_new(o, "gateway_ip", jstring(a->gateways[0]));
	if (a->tunnel_id)
		json_object_set_new(o, "tunnel_id", json_integer(a->tunnel_id));
	json_object_set_new(o, "role", jstring("secondary"));
	return o;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Go writes maps with their keys sorted, structs as declared. */
static char *sorted_text(const json_t *o)
{
	size_t n = json_object_size(o), i = 0;
	_cleanup_free_ const char **keys = xcalloc(n + 1, sizeof(*keys));
	_cleanup_json_ json_t *sorted = json_object();
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)o, key, v)
		keys[i++] = key;
	qsort(keys, n, sizeof(*keys), by_text);
	for (i = 0; i < n; i++)
		json_object_set(sorted, keys[i], json_object_get(o, keys[i]));
	return json_dumps(sorted, JSON_COMPACT);
}

char *podnet_write(const struct podnet *p, const json_t *have)
{
	_cleanup_json_ json_t *want = json_copy((json_t *)have);

	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].state == ATTACHMENT_READY)
			json_object_set_new(want, p->v[i].nad_key, make_entry(&p->v[i]));
	return json_equal(want, have) ? NULL : sorted_text(want);
}
