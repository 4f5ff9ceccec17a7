/* SPDX-License-Identifier: Apache-2.0 */
/* Actions: OpenFlow's own (ONF TS-025 §A.2.5) and Nicira's extensions (ovs-actions(7)). */
#include "ovsdb/openflow_wire.h"

#define NICIRA 0x00002320u
#define NXM_REG0 0x00010004u /* class 1, field 0, 4 bytes */
#define OXM_VLAN_VID 0x80000c02u
#define OFPVID_PRESENT 0x1000

enum { OFPAT_OUTPUT = 0, OFPAT_PUSH_VLAN = 17, OFPAT_POP_VLAN = 18, OFPAT_SET_FIELD = 25 };
enum {
	NXAST_REG_LOAD = 7,
	NXAST_RESUBMIT_TABLE = 14,
	NXAST_CT = 35,
	NXAST_CHECK_PKT_LARGER = 49,
};

static void standard(struct buf *b, uint16_t type, uint16_t len)
{
	put_be16(b, type);
	put_be16(b, len);
}

static void nicira(struct buf *b, uint16_t subtype, uint16_t len)
{
	standard(b, 0xffff, len);
	put_be32(b, NICIRA);
	put_be16(b, subtype);
}

void openflow_output(struct buf *b, uint32_t port)
{
	standard(b, OFPAT_OUTPUT, 16);
	put_be32(b, port);
	put_zeros(b, 8); /* max_len is for the controller only */
}

void openflow_check_pkt_larger(struct buf *b, uint16_t len, unsigned bit)
{
	nicira(b, NXAST_CHECK_PKT_LARGER, 24);
	put_be16(b, len);
	put_be16(b, (uint16_t)bit);
	put_be32(b, NXM_REG0);
	put_zeros(b, 6);
}

void openflow_resubmit(struct buf *b, uint8_t table)
{
	nicira(b, NXAST_RESUBMIT_TABLE, 16);
	put_be16(b, 0xfff8); /* the port it came from */
	put_u8(b, table);
	put_zeros(b, 3);
}

void openflow_load_reg0(struct buf *b, uint32_t value)
{
	nicira(b, NXAST_REG_LOAD, 24);
	put_be16(b, 31); /* offset 0 << 6 | bits - 1 */
	put_be32(b, NXM_REG0);
	put_be64(b, value);
}

void openflow_ct_commit(struct buf *b, uint16_t zone)
{
	nicira(b, NXAST_CT, 24);
	put_be16(b, 1); /* commit */
	put_be32(b, 0); /* the zone is a number, not a field */
	put_be16(b, zone);
	put_u8(b, 0xff); /* no recirculation */
	put_zeros(b, 5); /* padding, no helper */
}

void openflow_push_vlan(struct buf *b, uint16_t vid)
{
	standard(b, OFPAT_PUSH_VLAN, 8);
	put_be16(b, 0x8100);
	put_zeros(b, 2);
	standard(b, OFPAT_SET_FIELD, 16);
	put_be32(b, OXM_VLAN_VID);
	put_be16(b, vid | OFPVID_PRESENT);
	put_zeros(b, 6);
}

void openflow_pop_vlan(struct buf *b)
{
	standard(b, OFPAT_POP_VLAN, 8);
	put_zeros(b, 4);
}
