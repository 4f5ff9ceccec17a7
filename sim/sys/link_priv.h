/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the link_*.c files only. */
#ifndef OVNBED_SYS_LINK_PRIV_H
#define OVNBED_SYS_LINK_PRIV_H

#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>

#include "sys/link.h"

struct link_ctx {
	struct nl_sock *nl;
	int ioctl_fd;
	int netns;
	bool own; /* the caller's own namespace: no switching */
};

typedef int (*link_reply_fn)(void *arg, struct nlmsghdr *h);

/* As link_talk(), and calls fn for every answer; a non-zero value of fn ends with that value. */
int link_talk_reply(struct link_ctx *c, struct nl_msg *msg, const char *what, link_reply_fn fn,
		    void *arg, struct err *e);
/* A message with an ifinfomsg header. Aborts when memory is out. */
struct nl_msg *link_msg(int type, int flags, const struct ifinfomsg *ifi);
/* nla_put() that aborts when memory is out. */
void link_put(struct nl_msg *m, int attr, const void *data, size_t len);
void link_put_str(struct nl_msg *m, int attr, const char *s);
void link_put_u32(struct nl_msg *m, int attr, uint32_t v);
struct nlattr *link_nest(struct nl_msg *m, int attr);

#endif
