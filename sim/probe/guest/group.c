/* SPDX-License-Identifier: Apache-2.0 */
/* Methods group-join and group-leave: memberships of multicast groups, which the kernel announces. */
#include <errno.h>
#include <sys/socket.h>

#include "probe/guest/agent.h"

struct group {
	struct group *next;
	struct addr addr;
	int index, fd;
};

static void group_free(struct group *g)
{
	close_fd(g->fd);
	free(g);
}

void group_free_all(struct agent *ag)
{
	struct group *g;

	while ((g = ag->groups)) {
		ag->groups = g->next;
		group_free(g);
	}
}

static struct group **find(struct agent *ag, int index, const struct addr *a)
{
	struct group **p = &ag->groups;

	while (*p && ((*p)->index != index || !addr_eq(&(*p)->addr, a)))
		p = &(*p)->next;
	return p;
}

static int parse(struct agent *ag, const json_t *params, int *ret_index, struct addr *ret,
		 struct err *e)
{
	struct nl_link l;
	int r = nl_link_get(ag->nl, jstr(params, "ifname", ""), &l, e);

	if (r < 0)
		return r;
	if (!addr_parse(jstr(params, "group", NULL), ret) ||
	    (ret->family == 4 ? (ret->b[0] & 0xf0) != 0xe0 : ret->b[0] != 0xff))
		return err_set(e, EINVAL, "group: a multicast address is required");
	*ret_index = l.index;
	return 0;
}

static int join_socket(int index, const struct addr *a, struct err *e)
{
	int fd = socket(addr_af(a), SOCK_DGRAM | SOCK_CLOEXEC, 0), r;
	struct group_req gr = {.gr_interface = (uint32_t)index};
	union sa sa;
	socklen_t len = addr_sockaddr(a, 0, 0, &sa);

	if (fd < 0)
		return err_errno(e, errno, "socket");
	memcpy(&gr.gr_group, &sa, len);
	r = setsockopt(fd, a->family == 4 ? IPPROTO_IP : IPPROTO_IPV6, MCAST_JOIN_GROUP, &gr,
		       sizeof(gr));
	if (r < 0) {
		r = err_errno(e, errno, "MCAST_JOIN_GROUP");
		close_fd(fd);
		return r;
	}
	return fd;
}

static int join(struct agent *ag, const json_t *params, json_t **ret UNUSED, struct err *e)
{
	struct addr a;
	struct group *g;
	int index, fd, r = parse(ag, params, &index, &a, e);

	if (r < 0 || *find(ag, index, &a))
		return r;
	fd = join_socket(index, &a, e);
	if (fd < 0)
		return fd;
	g = xcalloc(1, sizeof(*g));
	*g = (struct group){ag->groups, a, index, fd};
	ag->groups = g;
	return 0;
}

static int leave(struct agent *ag, const json_t *params, json_t **ret UNUSED, struct err *e)
{
	struct addr a;
	struct group **p, *g;
	int index, r = parse(ag, params, &index, &a, e);

	if (r < 0)
		return r;
	p = find(ag, index, &a);
	g = *p;
	if (g) {
		*p = g->next;
		group_free(g);
	}
	return 0;
}

const struct method group_methods[] = {
	{"group-join", join, NULL}, {"group-leave", leave, NULL}, {0}};
