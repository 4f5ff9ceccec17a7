/* SPDX-License-Identifier: Apache-2.0 */
/* Members as in the KubeVirt v1 API (kubevirt.io/api core/v1: types.go, schema.go). */
#include "api/vmi_spec.h"

#include "api/pod_spec.h"

#define REQUIRED .flags = FIELD_REQUIRED
#define KEPT .flags = FIELD_IGNORED

static const struct field dhcp_private_option[] = {
	FIELD("option", INT, REQUIRED),
	FIELD("value", STRING, REQUIRED),
	FIELDS_END,
};
static const struct field dhcp_options[] = {
	FIELD("bootFileName", STRING),
	FIELD("tftpServerName", STRING),
	FIELD("ntpServers", LIST),
	FIELD("privateOptions", LIST, .fields = dhcp_private_option),
	FIELDS_END,
};
static const struct field port[] = {
	FIELD("name", STRING),
	FIELD("protocol", STRING),
	FIELD("port", INT, REQUIRED),
	FIELDS_END,
};
static const struct field port_range[] = {
	FIELD("protocol", STRING),
	FIELD("start", INT, REQUIRED),
	FIELD("end", INT, REQUIRED),
	FIELDS_END,
};
static const struct field binding[] = {
	FIELD("name", STRING, REQUIRED),
	FIELDS_END,
};
static const struct field interface[] = {
	FIELD("name", STRING, REQUIRED),
	FIELD("model", STRING),
	FIELD("macAddress", STRING),
	FIELD("state", STRING),
	FIELD("bridge", OBJECT),
	FIELD("masquerade", OBJECT),
	FIELD("sriov", OBJECT),
	FIELD("passtBinding", OBJECT),
	FIELD("binding", OBJECT, .fields = binding),
	FIELD("slirp", OBJECT),
	FIELD("macvtap", OBJECT),
	FIELD("passt", OBJECT),
	FIELD("bootOrder", INT),
	FIELD("pciAddress", STRING),
	FIELD("acpiIndex", INT),
	FIELD("ports", LIST, KEPT, .fields = port),
	FIELD("portRanges", LIST, KEPT, .fields = port_range),
	FIELD("dhcpOptions", OBJECT, KEPT, .fields = dhcp_options),
	FIELD("tag", STRING, KEPT),
	FIELDS_END,
};

static const struct field disk_target[] = {
	FIELD("bus", STRING),
	FIELD("readonly", BOOL),
	FIELD("pciAddress", STRING, KEPT),
	FIELDS_END,
};
static const struct field lun_target[] = {
	FIELD("bus", STRING),
	FIELD("readonly", BOOL),
	FIELD("reservation", BOOL, KEPT),
	FIELDS_END,
};
static const struct field cdrom_target[] = {
	FIELD("bus", STRING),
	FIELD("readonly", BOOL),
	FIELD("tray", STRING, KEPT),
	FIELDS_END,
};
static const struct field floppy_target[] = {
	FIELD("readonly", BOOL),
	FIELD("tray", STRING),
	FIELDS_END,
};
static const struct field disk[] = {
	FIELD("name", STRING, REQUIRED),
	FIELD("disk", OBJECT, .fields = disk_target),
	FIELD("lun", OBJECT, .fields = lun_target),
	FIELD("cdrom", OBJECT, .fields = cdrom_target),
	FIELD("floppy", OBJECT, KEPT, .fields = floppy_target), /* removed in 1.0 */
	FIELD("bootOrder", INT),
	FIELD("serial", STRING, KEPT),
	FIELD("dedicatedIOThread", BOOL, KEPT),
	FIELD("cache", STRING, KEPT),
	FIELD("io", STRING, KEPT),
	FIELD("tag", STRING, KEPT),
	FIELD("blockSize", OBJECT, KEPT),
	FIELD("shareable", BOOL, KEPT),
	FIELD("errorPolicy", STRING, KEPT),
	FIELD("changedBlockTracking", BOOL, KEPT),
	FIELDS_END,
};

static const struct field devices[] = {
	FIELD("disks", LIST, .fields = disk),
	FIELD("interfaces", LIST, .fields = interface),
	FIELD("rng", OBJECT),
	FIELD("networkInterfaceMultiqueue", BOOL),
	FIELD("autoattachPodInterface", BOOL),
	FIELD("useVirtioTransitional", BOOL),
	FIELD("disableHotplug", BOOL, KEPT),
	FIELD("watchdog", OBJECT, KEPT),
	FIELD("inputs", LIST_ANY, KEPT),
	FIELD("autoattachGraphicsDevice", BOOL, KEPT),
	FIELD("autoattachSerialConsole", BOOL, KEPT),
	FIELD("logSerialConsole", BOOL, KEPT),
	FIELD("autoattachMemBalloon", BOOL, KEPT),
	FIELD("autoattachInputDevice", BOOL, KEPT),
	FIELD("autoattachVSOCK", BOOL, KEPT),
	FIELD("blockMultiQueue", BOOL, KEPT),
	FIELD("gpus", LIST_ANY, KEPT),
	FIELD("downwardMetrics", OBJECT, KEPT),
	FIELD("panicDevices", LIST_ANY, KEPT),
	FIELD("filesystems", LIST_ANY, KEPT),
	FIELD("hostDevices", LIST_ANY, KEPT),
	FIELD("clientPassthrough", OBJECT, KEPT),
	FIELD("sound", OBJECT, KEPT),
	FIELD("tpm", OBJECT, KEPT),
	FIELD("video", OBJECT, KEPT),
	FIELDS_END,
};

static const struct field cpu[] = {
	FIELD("cores", INT),
	FIELD("sockets", INT),
	FIELD("threads", INT),
	FIELD("model", STRING),
	FIELD("maxSockets", INT, KEPT),
	FIELD("features", LIST_ANY, KEPT),
	FIELD("dedicatedCpuPlacement", BOOL, KEPT),
	FIELD("numa", OBJECT, KEPT),
	FIELD("isolateEmulatorThread", BOOL, KEPT),
	FIELD("realtime", OBJECT, KEPT),
	FIELDS_END,
};
static const struct field hugepages[] = {
	FIELD("pageSize", QUANTITY),
	FIELDS_END,
};
static const struct field memory[] = {
	FIELD("guest", QUANTITY),
	FIELD("hugepages", OBJECT, .fields = hugepages),
	FIELD("maxGuest", QUANTITY, KEPT),
	FIELD("reservedOverhead", OBJECT, KEPT),
	FIELDS_END,
};
static const struct field resources[] = {
	FIELD("requests", MAP_QUANTITY),
	FIELD("limits", MAP_QUANTITY, KEPT),
	FIELD("overcommitGuestOverhead", BOOL, KEPT),
	FIELDS_END,
};
static const struct field machine[] = {
	FIELD("type", STRING),
	FIELDS_END,
};
static const struct field firmware[] = {
	FIELD("uuid", STRING, KEPT),   FIELD("bootloader", OBJECT, KEPT),
	FIELD("serial", STRING, KEPT), FIELD("kernelBoot", OBJECT, KEPT),
	FIELD("acpi", OBJECT, KEPT),   FIELDS_END,
};
static const struct field domain[] = {
	FIELD("devices", OBJECT, REQUIRED, .fields = devices),
	FIELD("cpu", OBJECT, .fields = cpu),
	FIELD("memory", OBJECT, .fields = memory),
	FIELD("resources", OBJECT, .fields = resources),
	FIELD("machine", OBJECT, .fields = machine),
	FIELD("firmware", OBJECT, .fields = firmware),
	FIELD("clock", OBJECT, KEPT),
	FIELD("features", OBJECT, KEPT),
	FIELD("ioThreadsPolicy", STRING, KEPT),
	FIELD("ioThreads", OBJECT, KEPT),
	FIELD("chassis", OBJECT, KEPT),
	FIELD("launchSecurity", OBJECT, KEPT),
	FIELD("rebootPolicy", STRING, KEPT),
	FIELDS_END,
};

static const struct field pod_network[] = {
	FIELD("vmNetworkCIDR", STRING),
	FIELD("vmIPv6NetworkCIDR", STRING),
	FIELDS_END,
};
static const struct field multus_network[] = {
	FIELD("networkName", STRING, REQUIRED),
	FIELD("default", BOOL),
	FIELDS_END,
};
static const struct field network[] = {
	FIELD("name", STRING, REQUIRED),
	FIELD("pod", OBJECT, .fields = pod_network),
	FIELD("multus", OBJECT, .fields = multus_network),
	FIELD("resourceClaim", OBJECT),
	FIELDS_END,
};

static const struct field secret_ref[] = {
	FIELD("name", STRING),
	FIELDS_END,
};
static const struct field cloud_init[] = {
	FIELD("userData", STRING),
	FIELD("userDataBase64", STRING),
	FIELD("secretRef", OBJECT, .fields = secret_ref),
	FIELD("networkData", STRING),
	FIELD("networkDataBase64", STRING),
	FIELD("networkDataSecretRef", OBJECT, .fields = secret_ref),
	FIELDS_END,
};
static const struct field container_disk[] = {
	FIELD("image", STRING, REQUIRED),
	FIELD("imagePullSecret", STRING, KEPT),
	FIELD("imagePullPolicy", STRING, KEPT),
	FIELD("path", STRING, KEPT),
	FIELDS_END,
};
static const struct field empty_disk[] = {
	FIELD("capacity", QUANTITY, REQUIRED),
	FIELDS_END,
};
static const struct field volume[] = {
	FIELD("name", STRING, REQUIRED),
	FIELD("containerDisk", OBJECT, .fields = container_disk),
	FIELD("cloudInitNoCloud", OBJECT, .fields = cloud_init),
	FIELD("cloudInitConfigDrive", OBJECT, .fields = cloud_init),
	FIELD("emptyDisk", OBJECT, .fields = empty_disk),
	FIELD("dataVolume", OBJECT),
	FIELD("persistentVolumeClaim", OBJECT),
	FIELD("ephemeral", OBJECT),
	FIELD("hostDisk", OBJECT),
	FIELD("configMap", OBJECT),
	FIELD("secret", OBJECT),
	FIELD("serviceAccount", OBJECT),
	FIELD("sysprep", OBJECT),
	FIELD("downwardAPI", OBJECT),
	FIELD("downwardMetrics", OBJECT),
	FIELD("memoryDump", OBJECT),
	FIELD("containerPath", OBJECT),
	FIELDS_END,
};

static const struct field access_credential[] = {
	FIELD("sshPublicKey", OBJECT),
	FIELD("userPassword", OBJECT),
	FIELDS_END,
};

const struct field schema_vmi_spec[] = {
	FIELD("domain", OBJECT, REQUIRED, .fields = domain),
	FIELD("networks", LIST, .fields = network),
	FIELD("volumes", LIST, .fields = volume),
	FIELD("accessCredentials", LIST, .fields = access_credential),
	FIELD("hostname", STRING),
	FIELD("nodeSelector", MAP),
	FIELD("affinity", OBJECT, .fields = schema_affinity),
	FIELD("terminationGracePeriodSeconds", INT),
	FIELD("evictionStrategy", STRING, KEPT),
	FIELD("startStrategy", STRING, KEPT),
	FIELD("readinessProbe", OBJECT, KEPT),
	FIELD("livenessProbe", OBJECT, KEPT),
	FIELD("architecture", STRING, KEPT),
	FIELD("dnsConfig", OBJECT, KEPT),
	FIELD("dnsPolicy", STRING, KEPT),
	FIELD("priorityClassName", STRING, KEPT),
	FIELD("resourceClaims", LIST_ANY, KEPT),
	FIELD("schedulerName", STRING, KEPT),
	FIELD("serviceAccountName", STRING, KEPT),
	FIELD("subdomain", STRING, KEPT),
	FIELD("tolerations", LIST_ANY, KEPT),
	FIELD("topologySpreadConstraints", LIST_ANY, KEPT),
	FIELD("utilityVolumes", LIST_ANY, KEPT),
	FIELDS_END,
};
