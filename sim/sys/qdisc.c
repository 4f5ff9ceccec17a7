/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/qdisc.h"

#include <errno.h>
#include <linux/pkt_sched.h>

#include "sys/link_priv.h"

#define NETEM_LIMIT 10000     /* packets in flight: more than a rate of ours can fill */
#define BURST_MIN (128 << 10) /* bytes: two segmentation offload packets of 64 KiB */
#define QUEUE_US 100000ULL    /* what a bucket queues, in time at its rate */
#define HANDLE_NETEM TC_H_MAKE(1U << 16, 0)
#define HANDLE_TBF TC_H_MAKE(2U << 16, 0)

static struct nl_msg *tc_msg(int type, int flags, int index, uint32_t handle, uint32_t parent)
{
	struct tcmsg tc = {.tcm_family = AF_UNSPEC,
			   .tcm_ifindex = index,
			   .tcm_handle = handle,
			   .tcm_parent = parent};
	struct nl_msg *m = nlmsg_alloc_simple(type, NLM_F_REQUEST | flags);

	if (!m || nlmsg_append(m, &tc, sizeof(tc), NLMSG_ALIGNTO) < 0)
		abort();
	return m;
}

/* The kernel answers ENOENT for a scheduler that it does not have. */
static int add(struct link_ctx *c, struct nl_msg *m, const char *dev, const char *kind,
	       const char *option, struct err *e)
{
	_cleanup_free_ char *what = xasprintf("add a %s queue to link %s", kind, dev);
	_cleanup_err_ struct err own = ERR_INIT;
	int r = link_talk(c, m, what, &own);

	if (r == -ENOENT)
		return err_set(e, EOPNOTSUPP, "the kernel lacks %s (%s)", kind, option);
	return r < 0 ? err_set(e, -r, "%s", err_msg(&own)) : 0;
}

static int add_netem(struct link_ctx *c, int index, const char *dev, const struct qdisc *q,
		     struct err *e)
{
	/* latency is in ticks of the scheduler's clock: 64 ns since PSCHED_SHIFT is 6 */
	struct tc_netem_qopt opt = {
		.limit = NETEM_LIMIT,
		.latency = (uint32_t)(q->delay_us * 1000 / 64),
		.loss = (uint32_t)((uint64_t)q->loss_ppm * UINT32_MAX / 1000000)};
	struct nl_msg *m =
		tc_msg(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE, index, HANDLE_NETEM, TC_H_ROOT);

	link_put_str(m, TCA_KIND, "netem");
	link_put(m, TCA_OPTIONS, &opt, sizeof(opt));
	return add(c, m, dev, "netem", "CONFIG_NET_SCH_NETEM", e);
}

static int add_tbf(struct link_ctx *c, int index, const char *dev, const struct qdisc *q,
		   uint32_t parent, struct err *e)
{
	uint32_t burst = (uint32_t)MAX(q->rate / 100, (uint64_t)BURST_MIN);
	struct tc_tbf_qopt opt = {.rate = {.rate = (uint32_t)MIN(q->rate, (uint64_t)UINT32_MAX),
					   .linklayer = TC_LINKLAYER_ETHERNET}};
	struct nl_msg *m =
		tc_msg(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE, index, HANDLE_TBF, parent);
	struct nlattr *nest;

	opt.limit = (uint32_t)MIN(q->rate * QUEUE_US / USEC_PER_SEC + burst, (uint64_t)1 << 30);
	link_put_str(m, TCA_KIND, "tbf");
	nest = link_nest(m, TCA_OPTIONS);
	link_put(m, TCA_TBF_PARMS, &opt, sizeof(opt));
	if (q->rate > UINT32_MAX)
		link_put(m, TCA_TBF_RATE64, &q->rate, sizeof(q->rate));
	link_put_u32(m, TCA_TBF_BURST, burst);
	nla_nest_end(m, nest);
	return add(c, m, dev, "tbf", "CONFIG_NET_SCH_TBF", e);
}

int qdisc_set(struct link_ctx *c, const char *dev, const struct qdisc *q, struct err *e)
{
	bool netem = q->delay_us || q->loss_ppm;
	int index = link_index(c, dev, e), r = 0;

	if (index < 0)
		return index;
	if (netem)
		r = add_netem(c, index, dev, q, e);
	if (r >= 0 && q->rate)
		r = add_tbf(c, index, dev, q, netem ? TC_H_MAKE(1U << 16, 1) : TC_H_ROOT, e);
	if (r < 0 && netem)
		qdisc_clear(c, dev, NULL);
	return r;
}

int qdisc_clear(struct link_ctx *c, const char *dev, struct err *e)
{
	_cleanup_free_ char *what = xasprintf("remove the queue of link %s", dev);
	_cleanup_err_ struct err own = ERR_INIT;
	int index = link_index(c, dev, &own), r;

	if (index < 0)
		return index == -ENODEV ? 0 : err_set(e, -index, "%s", err_msg(&own));
	r = link_talk(c, tc_msg(RTM_DELQDISC, 0, index, 0, TC_H_ROOT), what, &own);
	/* ENOENT, EINVAL: nothing but the kernel's own */
	if (r == -ENOENT || r == -EINVAL)
		return 0;
	return r < 0 ? err_set(e, -r, "%s", err_msg(&own)) : 0;
}
