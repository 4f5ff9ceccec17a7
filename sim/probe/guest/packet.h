/* SPDX-License-Identifier: Apache-2.0 */
/* Packet sockets. */
#ifndef OVNBED_PROBE_GUEST_PACKET_H
#define OVNBED_PROBE_GUEST_PACKET_H

#include "base/err.h"

/* A non-blocking packet socket bound to an interface (index 0: all) and an Ethernet type in host
 * order (0: receives nothing). fd or -errno. */
int packet_open(int index, uint16_t ethertype, struct err *e);

#endif
