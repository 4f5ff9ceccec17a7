/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/nftloss.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "sys/link_priv.h"
#include "sys/ns.h"

#define CHAIN "loss"
#define MILLION 1000000U

/* A batch: the kernel takes all of its messages or none. */
struct batch {
	struct nl_msg *v[6];
	size_t n;
	uint32_t seq; /* of the last message that is acknowledged */
};

static struct nl_msg *batch_add(struct batch *b, int type, int flags, int family, int res)
{
	struct nfgenmsg g = {
		.nfgen_family = (uint8_t)family, .version = NFNETLINK_V0, .res_id = htons(res)};
	struct nl_msg *m = nlmsg_alloc_simple(type, NLM_F_REQUEST | flags);

	if (!m || b->n == ARRAY_SIZE(b->v) || nlmsg_append(m, &g, sizeof(g), NLMSG_ALIGNTO) < 0)
		abort();
	nlmsg_hdr(m)->nlmsg_seq = (uint32_t)b->n + 1;
	b->v[b->n++] = m;
	return m;
}

static struct nl_msg *batch_nft(struct batch *b, int type, int flags)
{
	struct nl_msg *m = batch_add(b, NFNL_SUBSYS_NFTABLES << 8 | type, flags | NLM_F_ACK,
				     NFPROTO_NETDEV, 0);

	b->seq = nlmsg_hdr(m)->nlmsg_seq;
	return m;
}

static void batch_free(struct batch *b)
{
	for (size_t i = 0; i < b->n; i++)
		nlmsg_free(b->v[i]);
}

/* ---- attributes: all numbers are in network order ---- */

static void put_be32(struct nl_msg *m, int attr, uint32_t v)
{
	link_put_u32(m, attr, htonl(v));
}

/* Begins an expression of a rule; both nests are ended by expr_end(). */
static struct nlattr *expr_begin(struct nl_msg *m, const char *name, struct nlattr **ret_data)
{
	struct nlattr *elem = link_nest(m, NFTA_LIST_ELEM);

	link_put_str(m, NFTA_EXPR_NAME, name);
	*ret_data = link_nest(m, NFTA_EXPR_DATA);
	return elem;
}

static void expr_end(struct nl_msg *m, struct nlattr *elem, struct nlattr *data)
{
	nla_nest_end(m, data);
	nla_nest_end(m, elem);
}

/* reg 1 = a random number below a million, in network order: comparing is by memory */
static void put_random(struct nl_msg *m)
{
	struct nlattr *data, *e = expr_begin(m, "numgen", &data);

	put_be32(m, NFTA_NG_DREG, NFT_REG_1);
	put_be32(m, NFTA_NG_MODULUS, MILLION);
	put_be32(m, NFTA_NG_TYPE, NFT_NG_RANDOM);
	put_be32(m, NFTA_NG_OFFSET, 0);
	expr_end(m, e, data);
	e = expr_begin(m, "byteorder", &data);
	put_be32(m, NFTA_BYTEORDER_SREG, NFT_REG_1);
	put_be32(m, NFTA_BYTEORDER_DREG, NFT_REG_1);
	put_be32(m, NFTA_BYTEORDER_OP, NFT_BYTEORDER_HTON);
	put_be32(m, NFTA_BYTEORDER_LEN, 4);
	put_be32(m, NFTA_BYTEORDER_SIZE, 4);
	expr_end(m, e, data);
}

static void put_below(struct nl_msg *m, uint32_t v)
{
	struct nlattr *data, *e = expr_begin(m, "cmp", &data), *value;

	put_be32(m, NFTA_CMP_SREG, NFT_REG_1);
	put_be32(m, NFTA_CMP_OP, NFT_CMP_LT);
	value = link_nest(m, NFTA_CMP_DATA);
	put_be32(m, NFTA_DATA_VALUE, v);
	nla_nest_end(m, value);
	expr_end(m, e, data);
}

static void put_counted_drop(struct nl_msg *m)
{
	struct nlattr *data, *e = expr_begin(m, "counter", &data), *value, *verdict;

	expr_end(m, e, data);
	e = expr_begin(m, "immediate", &data);
	put_be32(m, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
	value = link_nest(m, NFTA_IMMEDIATE_DATA);
	verdict = link_nest(m, NFTA_DATA_VERDICT);
	put_be32(m, NFTA_VERDICT_CODE, NF_DROP);
	nla_nest_end(m, verdict);
	nla_nest_end(m, value);
	expr_end(m, e, data);
}

/* ---- messages ---- */

static char *table_name(const char *dev, enum nftloss_dir dir)
{
	return xasprintf("ovnbed-loss-%s-%s", dev, dir == NFTLOSS_OUT ? "out" : "in");
}

static void add_chain(struct batch *b, const char *table, const char *dev, enum nftloss_dir dir)
{
	struct nl_msg *m = batch_nft(b, NFT_MSG_NEWCHAIN, NLM_F_CREATE | NLM_F_EXCL);
	struct nlattr *hook;

	link_put_str(m, NFTA_CHAIN_TABLE, table);
	link_put_str(m, NFTA_CHAIN_NAME, CHAIN);
	link_put_str(m, NFTA_CHAIN_TYPE, "filter");
	put_be32(m, NFTA_CHAIN_POLICY, NF_ACCEPT);
	hook = link_nest(m, NFTA_CHAIN_HOOK);
	put_be32(m, NFTA_HOOK_HOOKNUM, dir == NFTLOSS_OUT ? NF_NETDEV_EGRESS : NF_NETDEV_INGRESS);
	put_be32(m, NFTA_HOOK_PRIORITY, 0);
	link_put_str(m, NFTA_HOOK_DEV, dev);
	nla_nest_end(m, hook);
}

static void add_rule(struct batch *b, const char *table, uint32_t ppm)
{
	struct nl_msg *m = batch_nft(b, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
	struct nlattr *list;

	link_put_str(m, NFTA_RULE_TABLE, table);
	link_put_str(m, NFTA_RULE_CHAIN, CHAIN);
	list = link_nest(m, NFTA_RULE_EXPRESSIONS);
	put_random(m);
	put_below(m, ppm);
	put_counted_drop(m);
	nla_nest_end(m, list);
}

/* ---- conversation ---- */

struct talk {
	struct batch *b;
	struct nl_sock *nl;
};

static int open_socket(void *arg, struct err *e)
{
	struct talk *t = arg;
	int r;

	t->nl = nl_socket_alloc();
	if (!t->nl)
		abort();
	r = nl_connect(t->nl, NETLINK_NETFILTER);
	return r < 0 ? err_set(e, EOPNOTSUPP, "the kernel lacks nf_tables (CONFIG_NF_TABLES): %s",
			       nl_geterror(r))
		     : 0;
}

/* The batch goes out as one datagram, or each message would be a batch of its own. */
static int send_batch(const struct talk *t, struct err *e)
{
	unsigned char *all = NULL;
	size_t len = 0;
	ssize_t n;

	for (size_t i = 0; i < t->b->n; i++) {
		const struct nlmsghdr *h = nlmsg_hdr(t->b->v[i]);

		all = xrealloc(all, len + NLMSG_ALIGN(h->nlmsg_len));
		memset(all + len, 0, NLMSG_ALIGN(h->nlmsg_len));
		memcpy(all + len, h, h->nlmsg_len);
		len += NLMSG_ALIGN(h->nlmsg_len);
	}
	n = send(nl_socket_get_fd(t->nl), all, len, 0);
	free(all);
	return n < 0 ? err_errno(e, errno, "nf_tables") : 0;
}

/* Answers up to the acknowledgement of the last message, or the first error. */
static int read_acks(const struct talk *t, struct err *e)
{
	char buf[8192] __attribute__((aligned(NLMSG_ALIGNTO)));

	for (;;) {
		ssize_t n = recv(nl_socket_get_fd(t->nl), buf, sizeof(buf), 0);
		struct nlmsghdr *h = (struct nlmsghdr *)(void *)buf;
		int left = (int)n;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(e, errno, "nf_tables: netlink");
		for (; nlmsg_ok(h, left); h = nlmsg_next(h, &left)) {
			const struct nlmsgerr *ne = nlmsg_data(h);

			if (h->nlmsg_type != NLMSG_ERROR ||
			    h->nlmsg_len < NLMSG_HDRLEN + sizeof(ne->error))
				continue;
			if (ne->error)
				return err_errno(e, -ne->error, "nf_tables");
			if (h->nlmsg_seq == t->b->seq)
				return 0;
		}
	}
}

/* Sends and frees b. */
static int batch_commit(struct link_ctx *c, struct batch *b, struct err *e)
{
	struct timeval limit = {.tv_sec = 5};
	struct talk t = {.b = b};
	int r = ns_in_net(c->netns, open_socket, &t, e);

	batch_add(b, NFNL_MSG_BATCH_END, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
	if (r >= 0) {
		setsockopt(nl_socket_get_fd(t.nl), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
		r = send_batch(&t, e);
	}
	if (r >= 0)
		r = read_acks(&t, e);
	nl_socket_free(t.nl);
	batch_free(b);
	return r;
}

static void batch_begin(struct batch *b)
{
	batch_add(b, NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
}

int nftloss_set(struct link_ctx *c, const char *dev, enum nftloss_dir dir, uint32_t ppm,
		struct err *e)
{
	_cleanup_free_ char *table = table_name(dev, dir);
	_cleanup_err_ struct err own = ERR_INIT;
	struct batch b = {0};
	int r = link_index(c, dev, e);

	if (r >= 0)
		r = nftloss_clear(c, dev, dir, e);
	if (r < 0)
		return r;
	batch_begin(&b);
	link_put_str(batch_nft(&b, NFT_MSG_NEWTABLE, NLM_F_CREATE), NFTA_TABLE_NAME, table);
	add_chain(&b, table, dev, dir);
	add_rule(&b, table, ppm);
	r = batch_commit(c, &b, &own);
	/* by the kernel: no netdev family, no egress hook, no numgen */
	if (r == -ENOENT || r == -EOPNOTSUPP || r == -EAFNOSUPPORT)
		return err_set(e, EOPNOTSUPP,
			       "the kernel lacks loss by nf_tables (CONFIG_NF_TABLES_NETDEV, "
			       "CONFIG_NETFILTER_EGRESS, CONFIG_NFT_NUMGEN): %s",
			       err_msg(&own));
	return r < 0 ? err_set(e, -r, "loss on link %s: %s", dev, err_msg(&own)) : 0;
}

int nftloss_clear(struct link_ctx *c, const char *dev, enum nftloss_dir dir, struct err *e)
{
	_cleanup_free_ char *table = table_name(dev, dir);
	_cleanup_err_ struct err own = ERR_INIT;
	struct batch b = {0};
	int r;

	batch_begin(&b);
	link_put_str(batch_nft(&b, NFT_MSG_DELTABLE, 0), NFTA_TABLE_NAME, table);
	r = batch_commit(c, &b, &own);
	if (r == -ENOENT)
		return 0;
	return r < 0 ? err_set(e, -r, "loss on link %s: %s", dev, err_msg(&own)) : 0;
}
