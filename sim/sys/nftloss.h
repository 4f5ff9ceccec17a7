/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random loss on a link by nf_tables (family netdev): numgen random and drop. One table a link and
 * direction, "ovnbed-loss-DEV-out" or "-in", which `nft list ruleset` shows in the link's namespace.
 */
#ifndef OVNBED_SYS_NFTLOSS_H
#define OVNBED_SYS_NFTLOSS_H

#include "sys/link.h"

enum nftloss_dir {
	NFTLOSS_OUT, /* what the link sends; a sender by AF_PACKET sees ENOBUFS for a lost packet */
	NFTLOSS_IN,  /* what the link receives, behind AF_PACKET: no use for an Open vSwitch port */
};

/*
 * Loses ppm packets of a million, replacing an earlier setting. -EOPNOTSUPP with the option's name
 * when the kernel lacks nf_tables, its netdev family or numgen.
 */
int nftloss_set(struct link_ctx *c, const char *dev, enum nftloss_dir dir, uint32_t ppm,
		struct err *e);
/* Undoes it; fine when there is none. */
int nftloss_clear(struct link_ctx *c, const char *dev, enum nftloss_dir dir, struct err *e);

#endif
