/* SPDX-License-Identifier: Apache-2.0 */
#include "fabric/impair.h"

#include <errno.h>

#include "sys/link.h"
#include "sys/nftloss.h"
#include "sys/qdisc.h"

/*
 * What a kernel bridge gets from the machine is lost where it arrives: a switch of the machine's own
 * (br-ex) that sends by AF_PACKET would take a loss on the NIC for a full queue, and drop the rest of
 * its batch. An Open vSwitch reads its ports by AF_PACKET, before that hook: there it has to be the
 * NIC.
 */
static int loss_from_machine(const struct fabric_port *p, struct link_ctx *here,
			     struct link_ctx *there, uint32_t ppm, struct err *e)
{
	if (p->ovs)
		return nftloss_set(there, p->nic, NFTLOSS_OUT, ppm, e);
	return nftloss_set(here, p->dev, NFTLOSS_IN, ppm, e);
}

static int set_loss(const struct fabric_port *p, struct link_ctx *here, struct link_ctx *there,
		    uint32_t ppm, struct err *e)
{
	int r = nftloss_set(here, p->dev, NFTLOSS_OUT, ppm, e);

	return r < 0 ? r : loss_from_machine(p, here, there, ppm, e);
}

static int clear(const struct fabric_port *p, struct link_ctx *here, struct link_ctx *there,
		 struct err *e)
{
	int r = nftloss_clear(here, p->dev, NFTLOSS_OUT, e), r2;

	r2 = nftloss_clear(here, p->dev, NFTLOSS_IN, e);
	r = r < 0 ? r : r2;
	r2 = qdisc_clear(here, p->dev, e);
	r = r < 0 ? r : r2;
	if (!there)
		return r;
	r2 = nftloss_clear(there, p->nic, NFTLOSS_OUT, e);
	r = r < 0 ? r : r2;
	r2 = qdisc_clear(there, p->nic, e);
	return r < 0 ? r : r2;
}

static int set(const struct fabric_port *p, struct link_ctx *here, struct link_ctx *there,
	       const struct impair *i, struct err *e)
{
	struct qdisc q = {.rate = (i->rate + 7) / 8, .delay_us = i->delay_us};
	_cleanup_err_ struct err nft = ERR_INIT;
	int r = i->loss_ppm ? set_loss(p, here, there, i->loss_ppm, &nft) : 0;

	if (r == -EOPNOTSUPP)
		q.loss_ppm = i->loss_ppm;
	else if (r < 0)
		return err_set(e, -r, "%s", err_msg(&nft));
	if (!q.rate && !q.delay_us && !q.loss_ppm)
		return 0;
	r = qdisc_set(here, p->dev, &q, e);
	if (r >= 0)
		r = qdisc_set(there, p->nic, &q, e);
	if (r == -EOPNOTSUPP && nft.code)
		return err_wrap(e, "%s; and", err_msg(&nft));
	return r;
}

int impair_set(const struct fabric_port *p, int netns, const struct impair *i, struct err *e)
{
	_cleanup_link_ struct link_ctx *here = NULL, *there = NULL;
	int r = link_open(-1, &here, e);

	if (r >= 0)
		r = link_open(netns, &there, e);
	if (r >= 0 && link_index(there, p->nic, NULL) < 0)
		r = err_set(e, ENODEV, "%s has no NIC %s now", p->machine, p->nic);
	if (r < 0)
		return r;
	r = set(p, here, there, i, e);
	if (r < 0)
		clear(p, here, there, NULL);
	return r;
}

int impair_clear(const struct fabric_port *p, int netns, struct err *e)
{
	_cleanup_link_ struct link_ctx *here = NULL, *there = NULL;
	int r = link_open(-1, &here, e);

	if (r >= 0 && netns >= 0)
		r = link_open(netns, &there, e);
	return r < 0 ? r : clear(p, here, there, e);
}
