/* SPDX-License-Identifier: Apache-2.0 */
/* Domain XML: everything but disks and NICs (KubeVirt: pkg/virt-launcher/virtwrap/converter). */
#include "kubevirt/domain_priv.h"

#include <errno.h>

#include "api/meta.h"
#include "api/quantity.h"
#include "kubevirt/network.h"

#define MAX_VCPUS 16

/* ---- facts about a VMI ---- */

uint64_t kubevirt_memory(const json_t *spec)
{
	static const char *const from[] = {
		"domain.memory.guest", "domain.resources.requests.memory",
		"domain.resources.limits.memory", "domain.memory.hugepages.pageSize"};

	for (size_t i = 0; i < ARRAY_SIZE(from); i++) {
		long long n;

		if (quantity_value(jget(spec, from[i]), &n) == 0 && n > 0)
			return (uint64_t)n;
	}
	return 0;
}

static unsigned topology(const json_t *spec, const char *part)
{
	const json_t *v = json_object_get(jget(spec, "domain.cpu"), part);

	long long n = json_is_integer(v) ? json_integer_value(v) : 0;

	return n < 1 ? 1 : (unsigned)MIN(n, (long long)MAX_VCPUS);
}

unsigned kubevirt_vcpus(const json_t *spec)
{
	static const char *const from[] = {"domain.resources.requests.cpu",
					   "domain.resources.limits.cpu"};
	unsigned n =
		topology(spec, "cores") * topology(spec, "sockets") * topology(spec, "threads");
	long long q;

	if (json_object_size(jget(spec, "domain.cpu")))
		return MIN(n, (unsigned)MAX_VCPUS);
	for (size_t i = 0; i < ARRAY_SIZE(from); i++)
		if (quantity_value(jget(spec, from[i]), &q) == 0 && q > 0)
			return (unsigned)MIN(q, (long long)MAX_VCPUS);
	return 1;
}

char *kubevirt_domain_name(const json_t *vmi)
{
	return xasprintf("%s_%s", meta_ns(vmi), meta_name(vmi));
}

void kubevirt_paths_init(struct kubevirt_paths *p, const json_t *vmi)
{
	const char *uid = meta_uid(vmi);

	snprintf(p->console_socket, sizeof(p->console_socket), "/run/ovnbed-vm/%.8s.console", uid);
	snprintf(p->probe_socket, sizeof(p->probe_socket), "/run/ovnbed-vm/%.8s.probe", uid);
	snprintf(p->seed, sizeof(p->seed), "/var/lib/ovnbed-vm/%.8s.seed.iso", uid);
	snprintf(p->overlay, sizeof(p->overlay), "/var/lib/ovnbed-vm/%.8s.", uid);
	p->console_log =
		xasprintf("/var/log/libvirt/%s_%s.console.log", meta_ns(vmi), meta_name(vmi));
}

void kubevirt_paths_free(struct kubevirt_paths *p)
{
	free(p->console_log);
	p->console_log = NULL;
}

const char *domain_virtio_model(const struct kubevirt_domain *p)
{
	return jbool(p->vmi, "spec.domain.devices.useVirtioTransitional", false)
		       ? "virtio-transitional"
		       : "virtio-non-transitional";
}

/* ---- head ---- */

static void write_os(struct xml *x, const struct kubevirt_domain *p)
{
	const struct kubevirt_image *im = p->image;
	const char *machine = jstr(p->vmi, "spec.domain.machine.type", "q35");

	xml_open(x, "os");
	xml_open(x, "type");
	xml_attr(x, "arch", "x86_64");
	/* versions of RHEL's QEMU ("pc-q35-rhel9.4.0") mean nothing to another one */
	xml_attr(x, "machine", strstr(machine, "rhel") || !*machine ? "q35" : machine);
	xml_text(x, "hvm");
	xml_close(x);
	xml_leaf(x, "kernel", im->kernel);
	if (im->kernel) {
		xml_leaf(x, "initrd", im->initrd);
		xml_leaf(x, "cmdline", im->cmdline);
	}
	xml_close(x);
}

static void write_topology(struct xml *x, const json_t *spec)
{
	if (!json_object_size(jget(spec, "domain.cpu")))
		return;
	if (topology(spec, "cores") * topology(spec, "sockets") * topology(spec, "threads") !=
	    kubevirt_vcpus(spec))
		return;
	xml_open(x, "topology");
	xml_attrf(x, "sockets", "%u", topology(spec, "sockets"));
	xml_attrf(x, "dies", "1");
	xml_attrf(x, "cores", "%u", topology(spec, "cores"));
	xml_attrf(x, "threads", "%u", topology(spec, "threads"));
	xml_close(x);
}

/* KVM: as the VM says, host-model by default. TCG: a guest kernel that boots from its own disk may
 * need more than the oldest x86-64, so all that TCG has; ours does not, and starts faster without. */
static void write_cpu(struct xml *x, const struct kubevirt_domain *p)
{
	const json_t *spec = json_object_get(p->vmi, "spec");
	const char *model = jstr(spec, "domain.cpu.model", "");
	bool mode = !*model || streq(model, "host-model") || streq(model, "host-passthrough");

	if (!p->kvm && !p->image->disk && !json_object_size(jget(spec, "domain.cpu")))
		return;
	xml_open(x, "cpu");
	if (p->kvm && mode) {
		xml_attr(x, "mode", *model ? model : "host-model");
	} else if (p->kvm) {
		xml_attr(x, "mode", "custom");
		xml_attr(x, "match", "exact");
		xml_leaf(x, "model", model);
	} else if (p->image->disk) {
		xml_attr(x, "mode", "maximum");
	}
	write_topology(x, spec);
	xml_close(x);
}

static void write_head(struct xml *x, const struct kubevirt_domain *p, const char *uid)
{
	const json_t *spec = json_object_get(p->vmi, "spec");
	_cleanup_free_ char *name = kubevirt_domain_name(p->vmi);
	_cleanup_free_ char *vcpus = xasprintf("%u", kubevirt_vcpus(spec));

	xml_leaf(x, "name", name);
	xml_leaf(x, "uuid", uid);
	xml_open(x, "memory");
	xml_attr(x, "unit", "b");
	{
		_cleanup_free_ char *bytes =
			xasprintf("%llu", (unsigned long long)kubevirt_memory(spec));

		xml_text(x, bytes);
	}
	xml_close(x);
	xml_leaf(x, "vcpu", vcpus);
	write_os(x, p);
	xml_open(x, "features");
	xml_open(x, "acpi");
	xml_close(x);
	xml_close(x);
	write_cpu(x, p);
	xml_empty(x, "clock", "offset", "utc");
	xml_leaf(x, "on_poweroff", "destroy");
	xml_leaf(x, "on_reboot", "restart");
	xml_leaf(x, "on_crash", "destroy");
}

/* ---- devices ---- */

static void write_controllers(struct xml *x, const struct kubevirt_domain *p)
{
	xml_open(x, "controller");
	xml_attr(x, "type", "usb");
	xml_attr(x, "index", "0");
	xml_attr(x, "model", "none");
	xml_close(x);
	xml_open(x, "controller");
	xml_attr(x, "type", "virtio-serial");
	xml_attr(x, "index", "0");
	xml_attr(x, "model", domain_virtio_model(p));
	xml_close(x);
}

static void write_serial(struct xml *x, const struct kubevirt_domain *p)
{
	xml_open(x, "serial");
	xml_attr(x, "type", "unix");
	xml_open(x, "source");
	xml_attr(x, "mode", "bind");
	xml_attr(x, "path", p->paths->console_socket);
	xml_close(x);
	xml_open(x, "log");
	xml_attr(x, "file", p->paths->console_log);
	xml_attr(x, "append", "on");
	xml_close(x);
	xml_open(x, "target");
	xml_attr(x, "type", "isa-serial");
	xml_attr(x, "port", "0");
	xml_close(x);
	xml_close(x);
}

/* path NULL: libvirt picks one, and keeps the socket to itself. */
static void write_channel(struct xml *x, const char *name, const char *path)
{
	xml_open(x, "channel");
	xml_attr(x, "type", "unix");
	if (path) {
		xml_open(x, "source");
		xml_attr(x, "mode", "bind");
		xml_attr(x, "path", path);
		xml_close(x);
	}
	xml_open(x, "target");
	xml_attr(x, "type", "virtio");
	xml_attr(x, "name", name);
	xml_close(x);
	xml_close(x);
}

static void write_misc(struct xml *x, const struct kubevirt_domain *p)
{
	/* KubeVirt adds it only when asked to; a guest under TCG has no other quick entropy */
	xml_open(x, "rng");
	xml_attr(x, "model", domain_virtio_model(p));
	xml_open(x, "backend");
	xml_attr(x, "model", "random");
	xml_text(x, "/dev/urandom");
	xml_close(x);
	xml_close(x);
	xml_empty(x, "memballoon", "model", domain_virtio_model(p));
}

static int check(const struct kubevirt_domain *p, struct err *e)
{
	const char *uid = meta_uid(p->vmi);

	if (strlen(uid) != 36)
		return err_set(e, EINVAL, "uid \"%s\" is no UUID", uid);
	if (!kubevirt_memory(json_object_get(p->vmi, "spec")))
		return err_set(e, EINVAL, "the VM has no memory size");
	if (!p->image->kernel && !p->image->disk)
		return err_set(e, EINVAL, "image %s has neither kernel nor disk", p->image->name);
	return 0;
}

char *kubevirt_domain_xml(const struct kubevirt_domain *p, struct err *e)
{
	_cleanup_xml_ struct xml x = XML_INIT;

	if (check(p, e) < 0)
		return NULL;
	xml_open(&x, "domain");
	xml_attr(&x, "type", p->kvm ? "kvm" : "qemu");
	write_head(&x, p, meta_uid(p->vmi));
	xml_open(&x, "devices");
	write_controllers(&x, p);
	domain_write_disks(&x, p);
	if (domain_write_interfaces(&x, p, e) < 0)
		return NULL;
	write_serial(&x, p);
	write_channel(&x, "org.qemu.guest_agent.0", NULL);
	write_channel(&x, "org.ovnbed.probe.0", p->paths->probe_socket);
	write_misc(&x, p);
	xml_close(&x);
	xml_empty(&x, "seclabel", "type", "none");
	xml_close(&x);
	return xml_take(&x);
}
