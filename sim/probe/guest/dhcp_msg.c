/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/guest/dhcp_msg.h"

#include <net/ethernet.h>
#include <netinet/in.h>

#include "probe/guest/pkt.h"

#define COOKIE 0x63825363
#define BOOTP_LEN 236
#define BROADCAST_FLAG 0x8000
#define MIN_BOOTP 300 /* RFC 1542 §2.1: some servers ignore shorter ones */

enum {
	OPT_PAD = 0,
	OPT_MASK = 1,
	OPT_ASKED = 50,
	OPT_LEASE = 51,
	OPT_TYPE = 53,
	OPT_SERVER = 54,
	OPT_END = 255
};

static const uint8_t any[4], everybody[4] = {255, 255, 255, 255};

static bool is_client(uint8_t type)
{
	return type == DHCP_DISCOVER || type == DHCP_REQUEST || type == DHCP_DECLINE;
}

static void put_option(struct buf *b, uint8_t code, const void *p, uint8_t len)
{
	buf_addc(b, (char)code);
	buf_addc(b, (char)len);
	buf_add(b, p, len);
}

static void put_address(struct buf *b, uint8_t code, const uint8_t a[static 4])
{
	if (memcmp(a, any, 4) != 0)
		put_option(b, code, a, 4);
}

static void put_bootp(struct buf *b, const struct dhcp_msg *m)
{
	uint8_t p[BOOTP_LEN + 4] = {0}, lease[4];

	p[0] = is_client(m->type) ? 1 : 2;
	p[1] = 1; /* Ethernet */
	p[2] = 6;
	put32(p + 4, m->xid);
	put16(p + 10, BROADCAST_FLAG);
	memcpy(p + 16, m->yours, 4);
	memcpy(p + 28, m->client, 6);
	put32(p + BOOTP_LEN, COOKIE);
	buf_add(b, p, sizeof(p));
	put_option(b, OPT_TYPE, &m->type, 1);
	put_address(b, OPT_SERVER, m->server);
	put_address(b, OPT_ASKED, m->asked);
	put_address(b, OPT_MASK, m->mask);
	put32(lease, m->lease_s);
	if (m->lease_s)
		put_option(b, OPT_LEASE, lease, 4);
	buf_addc(b, (char)OPT_END);
	while (b->len < MIN_BOOTP)
		buf_addc(b, OPT_PAD);
}

void dhcp_put(struct buf *b, const struct dhcp_msg *m, const uint8_t src_mac[static 6])
{
	_cleanup_buf_ struct buf bootp = BUF_INIT;
	bool client = is_client(m->type);
	const uint8_t *src = client ? any : m->server;

	put_bootp(&bootp, m);
	pkt_eth(b, pkt_broadcast, src_mac, -1, ETHERTYPE_IP);
	pkt_ip(b, 4, src, everybody, IPPROTO_UDP, 8 + bootp.len);
	pkt_udp(b, 4, src, everybody, client ? 68 : 67, client ? 67 : 68, bootp.data, bootp.len);
}

static void get_option(struct dhcp_msg *m, uint8_t code, const uint8_t *p, size_t len)
{
	if (code == OPT_TYPE && len == 1)
		m->type = p[0];
	if (len != 4)
		return;
	if (code == OPT_SERVER)
		memcpy(m->server, p, 4);
	if (code == OPT_ASKED)
		memcpy(m->asked, p, 4);
	if (code == OPT_MASK)
		memcpy(m->mask, p, 4);
	if (code == OPT_LEASE)
		m->lease_s = get32(p);
}

static void get_options(struct dhcp_msg *m, const uint8_t *p, size_t len)
{
	for (size_t at = 0; at < len && p[at] != OPT_END;) {
		if (p[at] == OPT_PAD) {
			at++;
			continue;
		}
		if (at + 2 > len || at + 2 + p[at + 1] > len)
			return;
		get_option(m, p[at], p + at + 2, p[at + 1]);
		at += 2u + p[at + 1];
	}
}

/* The UDP payload to a port, or NULL. */
static const uint8_t *udp_payload(const uint8_t *f, size_t len, uint16_t port, size_t *ret_len)
{
	size_t hl, total;
	const uint8_t *ip = f + 14;

	if (len < 14 + 20 || get16(f + 12) != ETHERTYPE_IP || ip[0] >> 4 != 4)
		return NULL;
	hl = (size_t)(ip[0] & 15) * 4;
	total = get16(ip + 2);
	if (hl < 20 || total > len - 14 || total < hl + 8 || ip[9] != IPPROTO_UDP ||
	    (get16(ip + 6) & 0x3fff) || get16(ip + hl + 2) != port)
		return NULL;
	*ret_len = total - hl - 8;
	return ip + hl + 8;
}

bool dhcp_get(const uint8_t *frame, size_t len, uint16_t port, struct dhcp_msg *ret)
{
	struct dhcp_msg m = {0};
	size_t n = 0;
	const uint8_t *p = udp_payload(frame, len, port, &n);

	if (!p || n < BOOTP_LEN + 4 || p[1] != 1 || p[2] != 6 || get32(p + BOOTP_LEN) != COOKIE ||
	    p[0] != (port == 67 ? 1 : 2))
		return false;
	m.xid = get32(p + 4);
	memcpy(m.yours, p + 16, 4);
	memcpy(m.client, p + 28, 6);
	get_options(&m, p + BOOTP_LEN + 4, n - BOOTP_LEN - 4);
	if (!m.type)
		return false;
	*ret = m;
	return true;
}
