/* SPDX-License-Identifier: Apache-2.0 */
/* DHCP messages (RFC 2131 §2, RFC 2132) as whole Ethernet frames. Pure. */
#ifndef OVNBED_PROBE_GUEST_DHCP_MSG_H
#define OVNBED_PROBE_GUEST_DHCP_MSG_H

#include "base/buf.h"

enum dhcp_type { DHCP_DISCOVER = 1, DHCP_OFFER, DHCP_REQUEST, DHCP_DECLINE, DHCP_ACK, DHCP_NAK };

struct dhcp_msg {
	uint8_t type; /* enum dhcp_type */
	uint32_t xid;
	uint8_t client[6]; /* its MAC */
	/* Zero where absent. yours: what the client is given; asked: option 50. */
	uint8_t yours[4], server[4], asked[4], mask[4];
	uint32_t lease_s;
};

/*
 * Appends the frame: to everybody, from src_mac; a client's from 0.0.0.0:68, a server's from its
 * address and port 67.
 */
void dhcp_put(struct buf *b, const struct dhcp_msg *m, const uint8_t src_mac[static 6]);
/* False when the frame is no DHCP message to `port` (67: of clients, 68: of servers). */
bool dhcp_get(const uint8_t *frame, size_t len, uint16_t port, struct dhcp_msg *ret);

#endif
