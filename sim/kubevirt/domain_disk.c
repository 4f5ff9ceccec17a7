/* SPDX-License-Identifier: Apache-2.0 */
/* Disks of the domain, and the files that they need. */
#include "kubevirt/domain_priv.h"

#include "api/quantity.h"
#include "kubevirt/network.h"

/* How a disk of the spec is attached. An image that brings its own kernel and no disk knows only
 * virtio, so that it can stay small. */
static void choose_bus(const struct kubevirt_domain *p, struct domain_disk *d)
{
	bool cdrom = kubevirt_has(d->disk, "cdrom");

	d->target = cdrom ? "cdrom" : "disk";
	d->bus = jstr(json_object_get(d->disk, d->target), "bus", cdrom ? "sata" : "virtio");
	if (p->image->kernel && !p->image->disk) {
		d->target = "disk";
		d->bus = "virtio";
	}
	if (streq(d->bus, "usb")) /* the domain has no USB controller */
		d->bus = "sata";
}

static void name_device(struct domain_disk *d, unsigned count[static 2])
{
	bool virtio = streq(d->bus, "virtio");
	unsigned n = count[virtio]++;

	if (n < 26)
		snprintf(d->dev, sizeof(d->dev), "%s%c", virtio ? "vd" : "sd", 'a' + (int)n);
	else
		snprintf(d->dev, sizeof(d->dev), "%s%c%c", virtio ? "vd" : "sd",
			 'a' + (int)(n / 26 - 1) % 26, 'a' + (int)(n % 26));
}

/* False when the volume has no disk here. */
static bool classify(const struct kubevirt_domain *p, const json_t *volume, bool *image_used,
		     bool *seed_used, struct domain_disk *d)
{
	if (kubevirt_has(volume, "cloudInitNoCloud") ||
	    kubevirt_has(volume, "cloudInitConfigDrive")) {
		d->kind = DISK_SEED;
		if (*seed_used || !p->has_seed)
			return false;
		*seed_used = true;
		return true;
	}
	if (kubevirt_has(volume, "emptyDisk")) {
		d->kind = DISK_EMPTY;
		return quantity_value(jget(volume, "emptyDisk.capacity"), &d->size) == 0 &&
		       d->size > 0;
	}
	d->kind = DISK_IMAGE;
	if (!p->image->disk || *image_used ||
	    (!kubevirt_has(volume, "containerDisk") && !kubevirt_has(volume, "dataVolume") &&
	     !kubevirt_has(volume, "persistentVolumeClaim")))
		return false;
	*image_used = true;
	return true;
}

size_t domain_disks(const struct kubevirt_domain *p, struct domain_disk **ret)
{
	const json_t *spec = json_object_get(p->vmi, "spec");
	const json_t *disks = jget(spec, "domain.devices.disks");
	struct domain_disk *v = xcalloc(json_array_size(disks) + 1, sizeof(*v));
	bool image_used = false, seed_used = false;
	unsigned count[2] = {0, 0};
	size_t n = 0, i;
	json_t *disk;

	json_array_foreach(disks, i, disk) {
		struct domain_disk d = {.disk = disk, .name = jstr(disk, "name", "")};
		const json_t *volume =
			kubevirt_find_named(json_object_get(spec, "volumes"), d.name);

		if (!volume || !classify(p, volume, &image_used, &seed_used, &d))
			continue;
		choose_bus(p, &d);
		name_device(&d, count);
		v[n++] = d;
	}
	*ret = v;
	return n;
}

char *domain_disk_file(const struct kubevirt_domain *p, const struct domain_disk *d)
{
	switch (d->kind) {
	case DISK_IMAGE:
		return xasprintf("%s%s.qcow2", p->paths->overlay, d->name);
	case DISK_EMPTY:
		return xasprintf("%s%s.raw", p->paths->overlay, d->name);
	case DISK_SEED:
		break;
	}
	return xstrdup(p->paths->seed);
}

static void write_disk(struct xml *x, const struct kubevirt_domain *p, const struct domain_disk *d)
{
	_cleanup_free_ char *file = domain_disk_file(p, d);
	long long boot = jint(d->disk, "bootOrder", 0);

	xml_open(x, "disk");
	xml_attr(x, "type", "file");
	xml_attr(x, "device", d->target);
	xml_open(x, "driver");
	xml_attr(x, "name", "qemu");
	xml_attr(x, "type", d->kind == DISK_IMAGE ? "qcow2" : "raw");
	/* the files live as long as the domain: nothing is worth a sync */
	xml_attr(x, "cache", "unsafe");
	xml_close(x);
	xml_empty(x, "source", "file", file);
	xml_open(x, "target");
	xml_attr(x, "dev", d->dev);
	xml_attr(x, "bus", d->bus);
	xml_close(x);
	if (boot > 0) {
		xml_open(x, "boot");
		xml_attrf(x, "order", "%lld", boot);
		xml_close(x);
	}
	if (d->kind == DISK_SEED || streq(d->target, "cdrom")) {
		xml_open(x, "readonly");
		xml_close(x);
	}
	xml_open(x, "alias");
	xml_attrf(x, "name", "ua-%s", d->name);
	xml_close(x);
	xml_close(x);
}

void domain_write_disks(struct xml *x, const struct kubevirt_domain *p)
{
	_cleanup_free_ struct domain_disk *v = NULL;
	size_t n = domain_disks(p, &v);
	bool scsi = false;

	for (size_t i = 0; i < n; i++) {
		scsi |= streq(v[i].bus, "scsi");
		write_disk(x, p, &v[i]);
	}
	if (!scsi)
		return;
	xml_open(x, "controller");
	xml_attr(x, "type", "scsi");
	xml_attr(x, "index", "0");
	xml_attr(x, "model", domain_virtio_model(p));
	xml_close(x);
}

json_t *kubevirt_domain_files(const struct kubevirt_domain *p)
{
	_cleanup_free_ struct domain_disk *v = NULL;
	size_t n = domain_disks(p, &v);
	json_t *out = json_array();

	for (size_t i = 0; i < n; i++) {
		_cleanup_free_ char *file = domain_disk_file(p, &v[i]);

		if (v[i].kind == DISK_IMAGE)
			json_array_append_new(out, json_pack("{s:o, s:s, s:o, s:o}", "path",
							     jstring(file), "kind", "overlay",
							     "backing", jstring(p->image->disk),
							     "format", jstring(p->image->format)));
		else if (v[i].kind == DISK_EMPTY)
			json_array_append_new(out, json_pack("{s:o, s:s, s:I}", "path",
							     jstring(file), "kind", "raw", "size",
							     (json_int_t)v[i].size));
	}
	return out;
}
