/* SPDX-License-Identifier: Apache-2.0 */
/* V19, V24, V25: disks, volumes, cloud-init, access credentials, boot order. */
#include "kubevirt/admission.h"

#include "api/meta.h"
#include "base/base64.h"
#include "kubevirt/network.h"

#define CLOUD_INIT_MAX 2048 /* bytes; more belongs into a Secret */

struct ctx {
	const char *prefix;
	const json_t *disks, *volumes;
	struct diags *d;
};

#define FOUND(c, rule, where, i, member, ...)                                                 \
	({                                                                                    \
		_cleanup_free_ char *path_ =                                                  \
			xasprintf("%s.%s[%zu]%s", (c)->prefix, where, (size_t)(i), (member)); \
		diags_add((c)->d, DIAG_ERROR, (rule), path_, __VA_ARGS__);                    \
	})
#define DISKS "domain.devices.disks"
#define IFACES "domain.devices.interfaces"

static bool repeated(const json_t *list, const json_t *v, const char *name)
{
	const json_t *first = kubevirt_find_named(list, name);

	return first && first != v;
}

/* ---- disks ---- */

static void admit_bus(const struct ctx *c, size_t i, const json_t *disk, const char *target)
{
	static const char *const buses[] = {"virtio", "scsi", "sata", "usb"};
	_cleanup_free_ char *member = xasprintf(".%s.bus", target);
	const char *bus = jstr(json_object_get(disk, target), "bus", "");
	bool known = !*bus;

	for (size_t k = 0; k < ARRAY_SIZE(buses); k++)
		known |= streq(bus, buses[k]);
	if (!known)
		FOUND(c, NULL, DISKS, i, member,
		      "unrecognized bus %s, must be one of: virtio, scsi, sata, usb", bus);
	else if (streq(bus, "virtio") && streq(target, "cdrom"))
		FOUND(c, NULL, DISKS, i, member, "Bus type virtio is invalid for CD-ROM device");
	else if (streq(bus, "sata") && streq(target, "disk") && jbool(disk, "disk.readonly", false))
		FOUND(c, NULL, DISKS, i, member, "sata hard-disks do not support read-only");
}

static void admit_disk_name(const struct ctx *c, size_t i, const json_t *disk)
{
	const char *name = jstr(disk, "name", "");
	const char *why = meta_check_label_name(name);

	if (why)
		FOUND(c, "V24", DISKS, i, ".name", "\"%s\" becomes a container name: %s", name,
		      why);
	if (repeated(c->disks, disk, name))
		FOUND(c, "V24", DISKS, i, ".name", "two disks must not have the same Name \"%s\"",
		      name);
	if (!kubevirt_find_named(c->volumes, name))
		diag_hint(FOUND(c, "V24", DISKS, i, ".name",
				"'%s' not found: no volume has this "
				"name",
				name),
			  "add an entry with name: %s to volumes", name);
}

static void admit_disk(const struct ctx *c, size_t i, const json_t *disk)
{
	static const char *const targets[] = {"disk", "lun", "cdrom"};
	const json_t *volume = kubevirt_find_named(c->volumes, jstr(disk, "name", NULL));
	unsigned n = 0;

	admit_disk_name(c, i, disk);
	for (size_t k = 0; k < ARRAY_SIZE(targets); k++) {
		if (!kubevirt_has(disk, targets[k]))
			continue;
		n++;
		admit_bus(c, i, disk, targets[k]);
	}
	if (n > 1)
		FOUND(c, "V24", DISKS, i, "", "can only have a single target type defined");
	if (kubevirt_has(disk, "lun") && volume && !kubevirt_has(volume, "dataVolume") &&
	    !kubevirt_has(volume, "persistentVolumeClaim"))
		FOUND(c, "V24", DISKS, i, ".lun",
		      "can only be mapped to a DataVolume or PersistentVolumeClaim volume");
}

/* ---- boot order (V19): one number space for disks and interfaces ---- */

static void admit_boot_order(const struct ctx *c, const json_t *list, const char *where,
			     json_t *seen)
{
	json_t *v;
	size_t i;

	json_array_foreach(list, i, v) {
		const json_t *order = json_object_get(v, "bootOrder");
		_cleanup_free_ char *key = NULL;

		if (!json_is_integer(order))
			continue;
		key = xasprintf("%lld", (long long)json_integer_value(order));
		if (json_integer_value(order) < 1)
			FOUND(c, "V19", where, i, ".bootOrder",
			      "must have a boot order > 0, if supplied");
		else if (json_object_get(seen, key))
			FOUND(c, "V19", where, i, ".bootOrder",
			      "boot order %s is already set for a different device", key);
		json_object_set_new(seen, key, json_true());
	}
}

/* ---- cloud-init (V25) ---- */

/* Bytes of the inline text, and the number of sources of one kind of data. */
static size_t data_sources(const struct ctx *c, size_t i, const char *type, const json_t *ci,
			   const char *data, const char *secret, unsigned *ret_n)
{
	_cleanup_free_ char *base64 = xasprintf("%sBase64", data);
	const char *text = jstr(ci, data, ""), *coded = jstr(ci, base64, "");
	_cleanup_buf_ struct buf b = BUF_INIT;

	*ret_n = (*text != 0) + (*coded != 0) +
		 (*jstr(json_object_get(ci, secret), "name", "") != 0);
	if (*coded && base64_decode(coded, strlen(coded), &b) < 0) {
		_cleanup_free_ char *member = xasprintf(".%s.%s", type, base64);

		FOUND(c, "V25", "volumes", i, member, "is not a valid base64 value");
	}
	return *text ? strlen(text) : b.len;
}

static void admit_cloud_init(const struct ctx *c, size_t i, const char *type, const json_t *ci)
{
	static const struct {
		const char *data, *secret, *name, *field;
	} kinds[] = {
		{"userData", "secretRef", "userdata", "secretRef"},
		{"networkData", "networkDataSecretRef", "networkdata", "networkDataSecretRef"},
	};
	_cleanup_free_ char *member = xasprintf(".%s", type);
	unsigned n[2] = {0, 0};

	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		size_t len = data_sources(c, i, type, ci, kinds[k].data, kinds[k].secret, &n[k]);

		if (n[k] > 1)
			FOUND(c, "V25", "volumes", i, member, "must have only one %s source set",
			      kinds[k].name);
		if (len > CLOUD_INIT_MAX)
			diag_hint(FOUND(c, "V25", "volumes", i, member,
					"%s of %zu bytes exceeds the %d byte limit", kinds[k].name,
					len, CLOUD_INIT_MAX),
				  "put it into a Secret and name that in %s", kinds[k].field);
	}
	if (n[0] + n[1] == 0)
		FOUND(c, "V25", "volumes", i, member,
		      "must have at least one userdata source or one networkdata source set");
}

/* ---- volumes (V24) ---- */

static void admit_volume(const struct ctx *c, size_t i, const json_t *volume)
{
	static const char *const required[][3] = {
		{"dataVolume", "name", "dataVolume.name"},
		{"persistentVolumeClaim", "claimName", "persistentVolumeClaim.claimName"},
		{"containerDisk", "image", "containerDisk.image"},
		{"configMap", "name", "configMap.name"},
		{"secret", "secretName", "secret.secretName"},
		{"serviceAccount", "serviceAccountName", "serviceAccount.serviceAccountName"},
	};
	const char *name = jstr(volume, "name", ""), *key;
	unsigned sources = 0;
	json_t *v;

	if (repeated(c->volumes, volume, name))
		FOUND(c, "V24", "volumes", i, ".name",
		      "two volumes must not have the same Name \"%s\"", name);
	json_object_foreach((json_t *)volume, key, v)
		sources += !streq(key, "name") && !json_is_null(v);
	if (sources != 1)
		FOUND(c, "V24", "volumes", i, "", "must have exactly one source type set");
	for (size_t k = 0; k < ARRAY_SIZE(required); k++) {
		const json_t *s = json_object_get(volume, required[k][0]);

		if (json_is_object(s) && !*jstr(s, required[k][1], ""))
			FOUND(c, "V24", "volumes", i, "", "%s is a required field", required[k][2]);
	}
	if (kubevirt_has(volume, "hostDisk"))
		FOUND(c, "V24", "volumes", i, ".hostDisk", "HostDisk feature gate is not enabled");
	if (kubevirt_has(volume, "cloudInitNoCloud"))
		admit_cloud_init(c, i, "cloudInitNoCloud",
				 json_object_get(volume, "cloudInitNoCloud"));
	if (kubevirt_has(volume, "cloudInitConfigDrive"))
		admit_cloud_init(c, i, "cloudInitConfigDrive",
				 json_object_get(volume, "cloudInitConfigDrive"));
}

/* ---- access credentials ---- */

static bool any_volume(const struct ctx *c, const char *source)
{
	json_t *v;
	size_t i;

	json_array_foreach(c->volumes, i, v)
		if (kubevirt_has(v, source))
			return true;
	return false;
}

static void admit_ssh_method(const struct ctx *c, size_t i, const json_t *methods)
{
	static const char where[] = "accessCredentials";
	bool nocloud = kubevirt_has(methods, "noCloud");
	bool drive = kubevirt_has(methods, "configDrive");
	bool agent = kubevirt_has(methods, "qemuGuestAgent");

	if (nocloud && !any_volume(c, "cloudInitNoCloud"))
		FOUND(c, "V25", where, i, ".sshPublicKey.propagationMethod",
		      "requires a noCloud volume to exist when the noCloud propagationMethod is in "
		      "use");
	if (drive && !any_volume(c, "cloudInitConfigDrive"))
		FOUND(c, "V25", where, i, ".sshPublicKey.propagationMethod",
		      "requires a configDrive volume to exist when the configDrive "
		      "propagationMethod is in use");
	if (agent && !json_array_size(jget(methods, "qemuGuestAgent.users")))
		FOUND(c, "V25", where, i, ".sshPublicKey.propagationMethod.qemuGuestAgent.users",
		      "requires at least one user to be present in the users list");
	if (nocloud + drive + agent != 1)
		FOUND(c, "V25", where, i, ".sshPublicKey.propagationMethod",
		      "must have exactly one propagationMethod set");
}

static void admit_credential(const struct ctx *c, size_t i, const json_t *cred)
{
	static const char where[] = "accessCredentials";
	const json_t *ssh = json_object_get(cred, "sshPublicKey");
	const json_t *password = json_object_get(cred, "userPassword");

	if (json_is_object(ssh) + json_is_object(password) != 1)
		FOUND(c, "V25", where, i, "", "must have exactly one access credential type set");
	if (json_is_object(ssh)) {
		if (!kubevirt_has(jget(ssh, "source"), "secret"))
			FOUND(c, "V25", where, i, ".sshPublicKey.source",
			      "must have exactly one source set");
		admit_ssh_method(c, i, jget(ssh, "propagationMethod"));
	}
	if (!json_is_object(password))
		return;
	if (!kubevirt_has(jget(password, "source"), "secret"))
		FOUND(c, "V25", where, i, ".userPassword.source",
		      "must have exactly one source set");
	if (!kubevirt_has(jget(password, "propagationMethod"), "qemuGuestAgent"))
		FOUND(c, "V25", where, i, ".userPassword.propagationMethod",
		      "must have exactly one propagationMethod set");
}

void kubevirt_admit_volumes(const json_t *spec, const char *prefix, struct diags *d)
{
	struct ctx c = {
		.prefix = prefix,
		.disks = jget(spec, DISKS),
		.volumes = json_object_get(spec, "volumes"),
		.d = d,
	};
	_cleanup_json_ json_t *orders = json_object();
	json_t *v;
	size_t i;

	json_array_foreach(c.disks, i, v)
		admit_disk(&c, i, v);
	admit_boot_order(&c, c.disks, DISKS, orders);
	admit_boot_order(&c, jget(spec, IFACES), IFACES, orders);
	json_array_foreach(c.volumes, i, v)
		admit_volume(&c, i, v);
	json_array_foreach(json_object_get(spec, "accessCredentials"), i, v)
		admit_credential(&c, i, v);
}
