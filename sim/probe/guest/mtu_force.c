/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Method mtu-force: packets larger than the interface MTU, without touching the interface. A packet
 * socket refuses frames above the MTU, but not a GSO frame, and the kernel cuts that into segments of
 * the size it is told (net/packet/af_packet.c packet_snd(), PACKET_VNET_HDR). A guest whose driver
 * limits the MTU to the host's (virtio host_mtu) can test the path in no other way.
 */
#include <errno.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/ethernet.h>
#include <sys/socket.h>

#include "probe/guest/cell.h"
#include "probe/guest/mtu.h"
#include "probe/guest/packet.h"
#include "probe/guest/pkt.h"

#define SPORT 7009
#define DPORT 9 /* discard: nobody listens */
#define TCP_ACK 0x10
#define MAX_SIZES 4096

struct force {
	struct target t; /* dst, src */
	uint8_t dst_mac[6], src_mac[6];
	int fd;
	uint64_t nonce;
	long long id, tries;
};

/* The second segment is one byte: a GSO frame needs two. */
static void gso_frame(const struct force *f, uint32_t size, uint16_t seq, struct buf *b)
{
	int family = f->t.dst.family;
	size_t ip = family == 4 ? 20 : 40;
	uint32_t payload = size - (uint32_t)ip - 20;
	struct virtio_net_hdr vh = {.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
				    .gso_type = family == 4 ? VIRTIO_NET_HDR_GSO_TCPV4
							    : VIRTIO_NET_HDR_GSO_TCPV6,
				    .hdr_len = (uint16_t)(14 + ip + 20),
				    .gso_size = (uint16_t)payload,
				    .csum_start = (uint16_t)(14 + ip),
				    .csum_offset = 16};
	struct phdr h = {.nonce = f->nonce,
			 .cell = (uint32_t)f->id + size,
			 .seq = seq,
			 .kind = PROBE_KIND_L2,
			 .length = payload + 1};

	buf_add(b, &vh, sizeof(vh));
	pkt_eth(b, f->dst_mac, f->src_mac, -1, family == 4 ? ETHERTYPE_IP : ETHERTYPE_IPV6);
	pkt_ip(b, family, f->t.src.b, f->t.dst.b, IPPROTO_TCP, 20 + payload + 1);
	pkt_tcp_partial(b, family, f->t.src.b, f->t.dst.b, SPORT, DPORT, seq, TCP_ACK, payload + 1);
	pkt_payload(b, &h);
}

static int send_size(const struct force *f, uint32_t size, long long *sent)
{
	for (long long k = 0; k < f->tries; k++) {
		_cleanup_buf_ struct buf b = BUF_INIT;

		gso_frame(f, size, (uint16_t)k, &b);
		if (send(f->fd, b.data, b.len, 0) < 0)
			return -errno;
		(*sent)++;
	}
	return 0;
}

static int force_parse(struct force *f, const json_t *params, struct nl *nl, struct nl_link *l,
		       struct err *e)
{
	if (cell_parse_addrs(params, &f->t, e) < 0 || cell_nonce(params, &f->nonce, e) < 0 ||
	    cell_int(params, "id", 0, 0, UINT32_MAX, &f->id, e) < 0 ||
	    cell_int(params, "tries", 3, 1, 16, &f->tries, e) < 0)
		return -EINVAL;
	if (!f->t.src.family || !f->t.ifname[0])
		return err_set(e, EINVAL, "src and ifname are required");
	if (!phdr_mac_parse(jstr(params, "dstMac", NULL), f->dst_mac))
		return err_set(e, EINVAL, "dstMac: a MAC address is required");
	if (nl_link_get(nl, f->t.ifname, l, e) < 0)
		return -ENODEV;
	memcpy(f->src_mac, l->mac, 6);
	if (jstr(params, "srcMac", NULL) &&
	    !phdr_mac_parse(jstr(params, "srcMac", NULL), f->src_mac))
		return err_set(e, EINVAL, "srcMac: not a MAC address");
	return 0;
}

int mtu_force_method(struct agent *ag, const json_t *params, json_t **ret, struct err *e)
{
	const json_t *sizes = json_object_get(params, "sizes"), *v;
	struct force f = {.fd = -1};
	struct nl_link l;
	long long sent = 0, least;
	int one = 1, r = force_parse(&f, params, ag->nl, &l, e);
	size_t i;

	if (r < 0)
		return r;
	if (json_array_size(sizes) < 1 || json_array_size(sizes) > MAX_SIZES)
		return err_set(e, EINVAL, "sizes: 1 to %d in a list are required", MAX_SIZES);
	f.fd = packet_open(l.index, 0, e);
	if (f.fd < 0)
		return f.fd;
	if (setsockopt(f.fd, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof(one)) < 0)
		r = err_errno(e, errno, "PACKET_VNET_HDR");
	least = (f.t.dst.family == 4 ? 40 : 60) + PROBE_HDR_LEN;
	json_array_foreach(sizes, i, v) {
		long long size = json_integer_value(v);

		if (r == 0 && (size < least || size > 65000))
			r = err_set(e, EINVAL, "sizes: %lld is not in %lld…65000", size, least);
		if (r == 0 && (r = send_size(&f, (uint32_t)size, &sent)) < 0)
			err_errno(e, -r, "send a packet of %lld bytes", size);
	}
	close_fd(f.fd);
	if (r == 0)
		*ret = json_pack("{s:I}", "sent", (json_int_t)sent);
	return r;
}
