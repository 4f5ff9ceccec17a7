/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libvirt on a node. libvirtd runs as a daemon of the node agent with a private configuration; a
 * helper process makes the blocking libvirt calls and speaks JSON-RPC (base/jrpc.h) over an fd.
 *
 * Agent -> helper. params is an array of one object; {"uid"} is the VMI's uid, which is the domain's UUID. The
 * answer is {} unless said otherwise; an error is a text.
 *   start      {"uid","name":domain name,"xml","files":[FILE],"seed":{FILE NAME:text} or null,
 *               "seed_path"}          writes the files, the cidata ISO at seed_path, then
 *                                     virDomainCreateXML()
 *   shutdown   {"uid"}                ACPI power button and guest agent; the end is an event
 *   destroy    {"uid"}                at once; {} also when there is no such domain
 *   reboot     {"uid"}  reset {"uid"} graceful (guest agent or ACPI), hard
 *   suspend    {"uid"}  resume {"uid"}
 *   agent      {"uid","cmd":JSON of the guest agent protocol,"timeout":seconds (default 5)}
 *                                     answers with the agent's "return" value
 *   set-link   {"uid","mac","up":bool}
 *   list       {}                     answers [{"uid","name","state","agent_connected"}]
 *   xml        {"uid"}                answers the live XML as a string
 *   guest      {"uid"}                polls now; answers as the notification
 *   version    {}                     answers {"libvirt","qemu"}
 * Helper -> agent
 *   ready      {"libvirt","qemu"}     connected to libvirtd (first message)
 *   event      {"uid","name","event":"started"|"shutdown"|"stopped"|"crashed"|"suspended"|
 *               "resumed"|"rebooted"|"agent-connected"|"agent-disconnected","reason":text}
 *   guest      {"uid","interfaces":[{"name","mac","ips":["10.0.0.5/24"]}],"hostname",
 *               "os":{"id","name","version","kernelRelease"…}}
 *                                     polled while the agent is connected, quickly until every NIC
 *                                     with a link has an address, then every 10 s; sent on change
 *   lost       {"reason"}             libvirtd went away; the helper exits after it
 *
 * FILE: {"path","kind":"overlay","backing","format":"qcow2"|"raw"} or {"path","kind":"raw","size"},
 * as kubevirt/domain.h makes them; removed again when the domain has stopped, like the seed.
 */
#ifndef OVNBED_VIRT_VIRT_H
#define OVNBED_VIRT_VIRT_H

#include "base/json.h"

/*
 * Writes libvirtd.conf, qemu.conf and libvirt.conf (default URI) into dir, which becomes the node's
 * /etc/libvirt, and dir/drivers with the QEMU driver alone: the others complain at start about what
 * a node has not (dnsmasq, D-Bus, udev). /run/libvirt, /var/lib/libvirt and /var/log/libvirt must be
 * the node's own too; /var/cache/libvirt may be shared by all nodes (QEMU's capabilities, 1.5 s to
 * probe, are kept there). QEMU runs as root of the node. host_uuid: distinct a node, or migration is
 * refused. A second call writes the same bytes. -ENOENT when the machine lacks libvirt's QEMU driver.
 */
int virt_write_config(const char *dir, const char *host_uuid, struct err *e);

/*
 * For the node's own mount namespace, before libvirtd starts: virt_write_config() for /etc/libvirt,
 * and where the machine has no user libvirt-qemu (a compiled-in default that libvirtd looks up
 * whatever qemu.conf says), copies of /etc/passwd and /etc/group that have it, bound over them.
 */
int virt_prepare_node(const char *host_uuid, struct err *e);

/* What libvirtd needs in its environment ("NAME=value"). */
#define VIRT_DAEMON_ENV "LIBVIRT_DRIVER_DIR=/etc/libvirt/drivers"

/*
 * Lines of libvirtd's log (level error or warning) that are no fault of a node: substrings, each
 * with its reason. Ends with {NULL, NULL}.
 */
struct virt_known_line {
	const char *text, *reason;
};
extern const struct virt_known_line virt_known_lines[];

/*
 * argv of libvirtd in the foreground for those files (NULL-terminated, caller frees the array
 * only). It is ready when virt_socket exists and accepts.
 */
const char **virt_daemon_argv(const char *program);
#define VIRT_SOCKET "/run/libvirt/libvirt-sock"

/*
 * The helper process: call in a freshly forked child that is inside the node's namespaces, with
 * libvirtd ready. Serves fd until it is closed. Threads live only here. Returns an exit status.
 */
int virt_helper_main(int fd);

#endif
