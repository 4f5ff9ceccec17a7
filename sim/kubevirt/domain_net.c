/* SPDX-License-Identifier: Apache-2.0 */
/* NICs of the domain (facts §2.5). */
#include "kubevirt/domain_priv.h"

#include <errno.h>

#include "kubevirt/admission.h"
#include "kubevirt/network.h"

static void write_offloads(struct xml *x)
{
	static const char *const host[] = {"csum", "gso", "tso4", "tso6", "ecn", "ufo"};
	static const char *const guest[] = {"csum", "tso4", "tso6", "ecn", "ufo"};

	xml_open(x, "driver");
	xml_attr(x, "name", "qemu");
	xml_open(x, "host");
	for (size_t i = 0; i < ARRAY_SIZE(host); i++)
		xml_attr(x, host[i], "off");
	xml_close(x);
	xml_open(x, "guest");
	for (size_t i = 0; i < ARRAY_SIZE(guest); i++)
		xml_attr(x, guest[i], "off");
	xml_close(x);
	xml_close(x);
}

static void write_pci(struct xml *x, const char *pci)
{
	if (!kubevirt_pci_valid(pci))
		return;
	xml_open(x, "address");
	xml_attr(x, "type", "pci");
	xml_attrf(x, "domain", "0x%.4s", pci);
	xml_attrf(x, "bus", "0x%.2s", pci + 5);
	xml_attrf(x, "slot", "0x%.2s", pci + 8);
	xml_attrf(x, "function", "0x%.1s", pci + 11);
	xml_close(x);
}

static void write_interface(struct xml *x, const struct kubevirt_domain *p,
			    const struct kubevirt_nic *nic, const char *mac, const json_t *att)
{
	const char *model = jstr(nic->iface, "model", "virtio");
	long long mtu = jint(att, "mtu", 0), boot = jint(nic->iface, "bootOrder", 0);
	long long acpi = jint(nic->iface, "acpiIndex", 0);
	bool virtio = !*model || streq(model, "virtio");

	xml_open(x, "interface");
	xml_attr(x, "type", "ethernet");
	xml_empty(x, "mac", "address", mac);
	xml_open(x, "target");
	xml_attr(x, "dev", jstr(att, "tap", NULL));
	xml_attr(x, "managed", "no");
	xml_close(x);
	xml_empty(x, "model", "type", virtio ? domain_virtio_model(p) : model);
	if (virtio && !p->offloads)
		write_offloads(x);
	if (streq(jstr(nic->iface, "state", ""), "down"))
		xml_empty(x, "link", "state", "down");
	if (mtu > 0) {
		xml_open(x, "mtu");
		xml_attrf(x, "size", "%lld", mtu);
		xml_close(x);
	}
	if (boot > 0) {
		xml_open(x, "boot");
		xml_attrf(x, "order", "%lld", boot);
		xml_close(x);
	} else {
		xml_empty(x, "rom", "enabled", "no");
	}
	if (acpi > 0) {
		xml_open(x, "acpi");
		xml_attrf(x, "index", "%lld", acpi);
		xml_close(x);
	}
	xml_open(x, "alias");
	xml_attrf(x, "name", "ua-%s", nic->name);
	xml_close(x);
	write_pci(x, jstr(nic->iface, "pciAddress", ""));
	xml_close(x);
}

static const json_t *attachment_of(const struct kubevirt_domain *p, const char *network)
{
	json_t *a;
	size_t i;

	json_array_foreach(p->attachments, i, a)
		if (streq(jstr(a, "network", ""), network))
			return a;
	return NULL;
}

int domain_write_interfaces(struct xml *x, const struct kubevirt_domain *p, struct err *e)
{
	_cleanup_free_ struct kubevirt_nic *nics = NULL;
	size_t n = kubevirt_nics(json_object_get(p->vmi, "spec"), &nics);

	for (size_t i = 0; i < n; i++) {
		const json_t *att = attachment_of(p, nics[i].name);
		const char *want = jstr(nics[i].iface, "macAddress", "");
		char mac[18];

		if (!att)
			continue;
		if (!*want)
			want = jstr(att, "mac", "");
		if (!kubevirt_mac_canon(want, mac))
			return err_set(e, EINVAL, "interface %s: no usable MAC address (\"%s\")",
				       nics[i].name, want);
		if (!*jstr(att, "tap", ""))
			return err_set(e, EINVAL, "interface %s: no tap", nics[i].name);
		write_interface(x, p, &nics[i], mac, att);
	}
	return 0;
}
