/* SPDX-License-Identifier: Apache-2.0 */
/* The machine's network interfaces, read from sysfs. */
#ifndef OVNBED_NOCLOUD_NIC_H
#define OVNBED_NOCLOUD_NIC_H

#include "base/json.h"

/*
 * Interfaces below root ("/sys/class/net"; another directory in tests), loopback left out, by
 * ifindex: [{"name","ifindex":N,"mac","driver","path"}]. path is the predictable name that systemd
 * would give ("enp1s0"), which is what other images call the interface; absent for other buses.
 */
json_t *nc_nics(const char *root);

/* systemd.net-naming-scheme(7): "0000:01:00.0" → "enp1s0". Caller frees; NULL when no PCI address. */
char *nc_nic_path_name(const char *pci_address);

/*
 * The NIC that an interface of config.h means: by its match, else by name (as it is called now, or
 * its predictable name). Borrowed from nics; NULL when there is none.
 */
json_t *nc_nic_find(const json_t *nics, const json_t *itf);

#endif
