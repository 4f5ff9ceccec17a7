/* SPDX-License-Identifier: Apache-2.0 */
#include "rtnl.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

struct request {
	struct nlmsghdr h;
	union {
		struct ifinfomsg link;
		struct ifaddrmsg addr;
		struct rtmsg route;
	};
	uint8_t attrs[512];
};

static void start(struct request *q, uint16_t type, uint16_t flags, size_t body)
{
	memset(q, 0, sizeof(*q));
	q->h.nlmsg_len = (uint32_t)NLMSG_LENGTH(body);
	q->h.nlmsg_type = type;
	q->h.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
	q->h.nlmsg_seq = 1;
}

static struct rtattr *put(struct request *q, unsigned short type, const void *data, size_t len)
{
	size_t at = NLMSG_ALIGN(q->h.nlmsg_len), need = RTA_LENGTH(len);
	struct rtattr *a = (struct rtattr *)((uint8_t *)q + at);

	if (at + RTA_ALIGN(need) > sizeof(*q))
		abort();
	a->rta_type = type;
	a->rta_len = (unsigned short)need;
	if (len)
		memcpy(RTA_DATA(a), data, len);
	q->h.nlmsg_len = (uint32_t)(at + RTA_ALIGN(need));
	return a;
}

static void end(struct request *q, struct rtattr *nest)
{
	nest->rta_len = (unsigned short)((uint8_t *)q + q->h.nlmsg_len - (uint8_t *)nest);
}

int nc_rtnl_open(struct err *e)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	return fd < 0 ? err_errno(e, errno, "rtnetlink socket") : fd;
}

/* Sends and waits for the acknowledgement, which the kernel gives before send() returns. */
static int transact(int fd, struct request *q)
{
	struct {
		struct nlmsghdr h;
		struct nlmsgerr e;
		uint8_t rest[1024];
	} answer;
	ssize_t n;

	if (send(fd, q, q->h.nlmsg_len, 0) < 0)
		return -errno;
	do
		n = recv(fd, &answer, sizeof(answer), 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if ((size_t)n < sizeof(answer.h) + sizeof(answer.e.error) ||
	    answer.h.nlmsg_type != NLMSG_ERROR)
		return -EPROTO;
	return answer.e.error;
}

int nc_rtnl_link(int fd, const struct nc_link *l)
{
	struct request q;
	uint32_t mtu = l->mtu;

	start(&q, RTM_NEWLINK, 0, sizeof(q.link));
	q.link.ifi_index = l->ifindex;
	if (l->up >= 0) {
		q.link.ifi_flags = l->up ? IFF_UP : 0;
		q.link.ifi_change = IFF_UP;
	}
	if (l->name)
		put(&q, IFLA_IFNAME, l->name, strlen(l->name) + 1);
	if (l->mac)
		put(&q, IFLA_ADDRESS, l->mac, 6);
	if (mtu)
		put(&q, IFLA_MTU, &mtu, sizeof(mtu));
	return transact(fd, &q);
}

int nc_rtnl_vlan(int fd, const char *name, int link, unsigned id)
{
	struct rtattr *info, *data;
	struct request q;
	uint16_t vid = (uint16_t)id;
	uint32_t lower = (uint32_t)link;

	start(&q, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(q.link));
	put(&q, IFLA_IFNAME, name, strlen(name) + 1);
	put(&q, IFLA_LINK, &lower, sizeof(lower));
	info = put(&q, IFLA_LINKINFO, NULL, 0);
	put(&q, IFLA_INFO_KIND, "vlan", 4);
	data = put(&q, IFLA_INFO_DATA, NULL, 0);
	put(&q, IFLA_VLAN_ID, &vid, sizeof(vid));
	end(&q, data);
	end(&q, info);
	return transact(fd, &q);
}

static unsigned char family(const struct ip *a)
{
	return a->family == 4 ? AF_INET : AF_INET6;
}

static size_t bytes(const struct ip *a)
{
	return (size_t)ip_bits(a) / 8;
}

int nc_rtnl_address(int fd, int ifindex, const struct ipnet *a)
{
	struct request q;

	start(&q, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, sizeof(q.addr));
	q.addr.ifa_family = family(&a->ip);
	q.addr.ifa_prefixlen = (uint8_t)a->len;
	q.addr.ifa_flags = a->ip.family == 6 ? IFA_F_NODAD : 0;
	q.addr.ifa_index = (uint32_t)ifindex;
	put(&q, IFA_LOCAL, a->ip.b, bytes(&a->ip));
	put(&q, IFA_ADDRESS, a->ip.b, bytes(&a->ip));
	if (a->ip.family == 4 && a->len < 31) {
		struct ip broadcast = ipnet_last(a);

		put(&q, IFA_BROADCAST, broadcast.b, 4);
	}
	return transact(fd, &q);
}

int nc_rtnl_route(int fd, int ifindex, const struct ipnet *to, const struct ip *via,
		  unsigned metric, bool onlink)
{
	struct request q;
	uint32_t index = (uint32_t)ifindex, priority = metric;

	start(&q, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, sizeof(q.route));
	q.route.rtm_family = family(&to->ip);
	q.route.rtm_dst_len = (uint8_t)to->len;
	q.route.rtm_table = RT_TABLE_MAIN;
	q.route.rtm_protocol = RTPROT_STATIC;
	q.route.rtm_scope = via || to->ip.family == 6 ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
	q.route.rtm_type = RTN_UNICAST;
	q.route.rtm_flags = onlink ? RTNH_F_ONLINK : 0;
	if (to->len)
		put(&q, RTA_DST, to->ip.b, bytes(&to->ip));
	if (via)
		put(&q, RTA_GATEWAY, via->b, bytes(via));
	if (index)
		put(&q, RTA_OIF, &index, sizeof(index));
	if (priority)
		put(&q, RTA_PRIORITY, &priority, sizeof(priority));
	return transact(fd, &q);
}
