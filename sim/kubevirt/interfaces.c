/* SPDX-License-Identifier: Apache-2.0 */
/* status.interfaces (KubeVirt: pkg/network/controllers, pkg/network/setup/netstat.go). */
#include "kubevirt/status.h"

#include "kubevirt/admission.h"
#include "kubevirt/network.h"
#include "kubevirt/status_priv.h"

#define MAX_GUEST_ONLY 10

static const json_t *by_network(const json_t *attachments, const char *name)
{
	json_t *a;
	size_t i;

	json_array_foreach(attachments, i, a)
		if (streq(jstr(a, "network", ""), name))
			return a;
	return NULL;
}

/* Index of the first guest NIC with this MAC that no interface has taken yet, or -1. */
static ssize_t guest_by_mac(const json_t *guest, const char *mac, const bool *taken)
{
	char want[18], have[18];
	json_t *g;
	size_t i;

	if (!kubevirt_mac_canon(mac, want))
		return -1;
	json_array_foreach(guest, i, g)
		if (!taken[i] && kubevirt_mac_canon(jstr(g, "mac", ""), have) && streq(want, have))
			return (ssize_t)i;
	return -1;
}

/* ["10.0.0.5/24"] → sets ipAddresses ["10.0.0.5"] and ipAddress. */
static void put_ips(json_t *row, const json_t *ips)
{
	json_t *list = json_array(), *ip;
	size_t i;

	json_array_foreach(ips, i, ip) {
		const char *s = json_string_value(ip);

		if (s)
			json_array_append_new(list, json_stringn(s, strcspn(s, "/")));
	}
	if (!json_array_size(list)) {
		json_decref(list);
		return;
	}
	json_object_set(row, "ipAddress", json_array_get(list, 0));
	json_object_set_new(row, "ipAddresses", list);
}

static json_t *nic_row(const struct kubevirt_nic *nic, const json_t *att, const json_t *guest,
		       bool running)
{
	_cleanup_buf_ struct buf source = BUF_INIT;
	const char *mac = jstr(nic->iface, "macAddress", NULL);
	const json_t *cni = json_object_get(att, "ips");
	const json_t *ips = guest ? json_object_get(guest, "ips") : cni;
	json_t *row = json_pack("{s:s}", "name", nic->name);
	char ifname[16];

	/* Addresses that the CNI gave stand for the guest's, unless the guest has none at all. */
	if (guest && json_array_size(ips) && json_array_size(cni))
		ips = cni;
	kubevirt_pod_ifname(nic->name, ifname);
	jset_str(row, "mac", mac && *mac ? mac : jstr(att, "mac", NULL));
	put_ips(row, ips);
	if (guest)
		jset_str(row, "interfaceName", jstr(guest, "name", NULL));
	if (att)
		jset_str(row, "podInterfaceName", ifname);
	buf_adds(&source, running ? "domain" : "");
	if (guest)
		buf_adds(&source, source.len ? ", guest-agent" : "guest-agent");
	if (att)
		buf_adds(&source, source.len ? ", multus-status" : "multus-status");
	jset_str(row, "infoSource", buf_str(&source));
	if (running) {
		json_object_set_new(row, "queueCount", json_integer(1));
		jset_str(row, "linkState",
			 streq(jstr(nic->iface, "state", ""), "down") ? "down" : "up");
	}
	return row;
}

static json_t *guest_only_row(const json_t *guest)
{
	json_t *row = json_object();

	jset_str(row, "mac", jstr(guest, "mac", NULL));
	jset_str(row, "interfaceName", jstr(guest, "name", NULL));
	put_ips(row, json_object_get(guest, "ips"));
	jset_str(row, "infoSource", "guest-agent");
	json_object_set_new(row, "queueCount", json_integer(0));
	return row;
}

json_t *status_interfaces(const json_t *spec, const json_t *attachments, const json_t *guest,
			  bool running)
{
	_cleanup_free_ struct kubevirt_nic *nics = NULL;
	_cleanup_free_ bool *taken = xcalloc(json_array_size(guest) + 1, sizeof(bool));
	size_t n = kubevirt_nics(spec, &nics), i, extra = 0;
	json_t *out = json_array(), *g;

	for (i = 0; i < n; i++) {
		const json_t *att = by_network(attachments, nics[i].name);
		const char *mac = jstr(nics[i].iface, "macAddress", "");
		ssize_t k;

		if (!att) /* not connected here: the pod network, or not yet plugged */
			continue;
		k = guest_by_mac(guest, *mac ? mac : jstr(att, "mac", ""), taken);
		if (k >= 0)
			taken[k] = true;
		json_array_append_new(out, nic_row(&nics[i], att,
						   k >= 0 ? json_array_get(guest, (size_t)k) : NULL,
						   running));
	}
	json_array_foreach(guest, i, g)
		if (!taken[i] && json_is_object(g) && extra++ < MAX_GUEST_ONLY)
			json_array_append_new(out, guest_only_row(g));
	return out;
}

json_t *kubevirt_interfaces_status(const json_t *vmi, const json_t *attachments,
				   const json_t *guest)
{
	return status_interfaces(json_object_get(vmi, "spec"), attachments, guest,
				 streq(jstr(vmi, "status.phase", ""), "Running"));
}
