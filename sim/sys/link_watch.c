/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/link_watch.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "sys/link_priv.h"

#define RECV_SIZE 32768

struct link_watch {
	link_watch_fn fn;
	void *arg;
};

static void tell(const struct link_watch *w, struct nlmsghdr *h)
{
	if (h->nlmsg_type == RTM_NEWADDR || h->nlmsg_type == RTM_DELADDR) {
		const struct ifaddrmsg *ifa = nlmsg_data(h);

		w->fn(w->arg, (int)ifa->ifa_index, NULL);
	} else if (h->nlmsg_type == RTM_NEWLINK || h->nlmsg_type == RTM_DELLINK) {
		const struct ifinfomsg *ifi = nlmsg_data(h);
		struct nlattr *name = nlmsg_find_attr(h, sizeof(*ifi), IFLA_IFNAME);

		w->fn(w->arg, ifi->ifi_index, name ? nla_get_string(name) : NULL);
	}
}

static int on_news(sd_event_source *s, int fd, uint32_t events, void *arg)
{
	_cleanup_free_ char *buf = xmalloc(RECV_SIZE);
	ssize_t n;

	(void)s;
	(void)events;
	while ((n = recv(fd, buf, RECV_SIZE, 0)) > 0 || (n < 0 && errno == EINTR)) {
		struct nlmsghdr *h = (struct nlmsghdr *)(void *)buf;
		int left = (int)n;

		for (; nlmsg_ok(h, left); h = nlmsg_next(h, &left))
			tell(arg, h);
	}
	if (n < 0 && errno == ENOBUFS)
		((struct link_watch *)arg)->fn(((struct link_watch *)arg)->arg, 0, NULL);
	return 0;
}

static int open_socket(struct err *e)
{
	struct sockaddr_nl sa = {
		.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR,
	};
	_cleanup_close_ int fd =
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

	if (fd < 0 || bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		return err_errno(e, errno, "watch links");
	return TAKE_FD(fd);
}

int link_watch(sd_event *ev, link_watch_fn fn, void *arg, sd_event_source **ret, struct err *e)
{
	int fd = open_socket(e), r;
	sd_event_source *s = NULL;
	struct link_watch *w;

	if (fd < 0)
		return fd;
	w = xcalloc(1, sizeof(*w));
	*w = (struct link_watch){fn, arg};
	r = sd_event_add_io(ev, &s, fd, EPOLLIN, on_news, w);
	if (r < 0) {
		close_fd(fd);
		free(w);
		return err_errno(e, -r, "watch links");
	}
	sd_event_source_set_io_fd_own(s, true);
	sd_event_source_set_destroy_callback(s, free);
	if (!ret) {
		sd_event_source_set_floating(s, true);
		sd_event_source_unref(s);
	} else {
		*ret = s;
	}
	return 0;
}
