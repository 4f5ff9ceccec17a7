/* SPDX-License-Identifier: Apache-2.0 */
/* Methods about interfaces: ifaces, link-set, addr-*, route-*, offload. */
#include "probe/guest/agent.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if_addr.h>
#include <linux/sockios.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>

#include "probe/guest/phdr.h"

/* ---- ifaces ---- */

static void add_iface(void *arg, const struct nl_link *l)
{
	json_t *j = json_pack("{s:o, s:i, s:I, s:I, s:I, s:b, s:b, s:[]}", "name", jstring(l->name),
			      "index", l->index, "mtu", (json_int_t)l->mtu, "minMtu",
			      (json_int_t)l->min_mtu, "maxMtu", (json_int_t)l->max_mtu, "up",
			      (l->flags & IFF_UP) != 0, "running", (l->flags & IFF_RUNNING) != 0,
			      "addresses");
	char mac[MAC_TEXT];

	if (l->has_mac) {
		phdr_mac_text(l->mac, mac);
		jset_str(j, "mac", mac);
	}
	json_array_append_new(arg, j);
}

static json_t *iface_by_index(json_t *ifaces, int index)
{
	size_t i;
	json_t *j;

	json_array_foreach(ifaces, i, j)
		if (jint(j, "index", 0) == index)
			return j;
	return NULL;
}

static const char *scope_name(uint8_t scope)
{
	return scope == RT_SCOPE_LINK ? "link" : scope == RT_SCOPE_HOST ? "host" : "global";
}

static void add_addr(void *arg, const struct nl_addr *a)
{
	json_t *iface = iface_by_index(arg, a->index);
	char text[INET6_ADDRSTRLEN];

	if (!iface)
		return;
	addr_text(&a->addr, text);
	json_array_append_new(json_object_get(iface, "addresses"),
			      json_pack("{s:o, s:i, s:s, s:b, s:b}", "address",
					jstringf("%s/%d", text, a->prefix), "family",
					a->addr.family, "scope", scope_name(a->scope), "tentative",
					(a->flags & IFA_F_TENTATIVE) != 0, "dadFailed",
					(a->flags & IFA_F_DADFAILED) != 0));
}

static int ifaces(struct agent *ag, const json_t *params UNUSED, json_t **ret, struct err *e)
{
	_cleanup_json_ json_t *list = json_array();
	int r = nl_links(ag->nl, add_iface, list, e);

	if (r == 0)
		r = nl_addrs(ag->nl, add_addr, list, e);
	if (r == 0)
		*ret = json_pack("{s:O}", "interfaces", list);
	return r;
}

/* ---- link-set ---- */

static int need_str(const json_t *params, const char *key, const char **ret, struct err *e)
{
	*ret = jstr(params, key, NULL);
	return *ret ? 0 : err_set(e, EINVAL, "%s: a string is required", key);
}

static int link_set(struct agent *ag, const json_t *params, json_t **ret UNUSED, struct err *e)
{
	const json_t *up = json_object_get(params, "up");
	const char *name, *mac_str = jstr(params, "mac", NULL);
	long long mtu = jint(params, "mtu", 0);
	uint8_t mac[6];

	if (need_str(params, "name", &name, e) < 0)
		return -EINVAL;
	if (mac_str && !phdr_mac_parse(mac_str, mac))
		return err_set(e, EINVAL, "mac: \"%s\" is not a MAC address", mac_str);
	if (mtu < 0 || mtu > 1 << 20)
		return err_set(e, EINVAL, "mtu: %lld is out of range", mtu);
	return nl_link_set(ag->nl, name, (uint32_t)mtu, mac_str ? mac : NULL,
			   json_is_boolean(up) ? json_is_true(up) : -1, e);
}

/* ---- addr-add, addr-del, addr-flush ---- */

static int change_addr(struct agent *ag, bool add, const json_t *params, struct err *e)
{
	const char *name, *text;
	struct addr a;
	int prefix;

	if (need_str(params, "name", &name, e) < 0 || need_str(params, "address", &text, e) < 0)
		return -EINVAL;
	if (!addr_parse_prefix(text, &a, &prefix))
		return err_set(e, EINVAL, "address: \"%s\" is not address/prefix", text);
	return nl_addr_set(ag->nl, add, name, &a, prefix, e);
}

static int addr_add(struct agent *ag, const json_t *params, json_t **ret UNUSED, struct err *e)
{
	return change_addr(ag, true, params, e);
}

static int addr_del(struct agent *ag, const json_t *params, json_t **ret UNUSED, struct err *e)
{
	return change_addr(ag, false, params, e);
}

struct flush {
	int index, family;
	struct nl_addr v[64];
	size_t n;
};

static void collect_addr(void *arg, const struct nl_addr *a)
{
	struct flush *f = arg;

	if (a->index == f->index && a->scope != RT_SCOPE_LINK && a->scope != RT_SCOPE_HOST &&
	    (!f->family || f->family == a->addr.family) && f->n < ARRAY_SIZE(f->v))
		f->v[f->n++] = *a;
}

static int addr_flush(struct agent *ag, const json_t *params, json_t **ret, struct err *e)
{
	_cleanup_free_ struct flush *f = xcalloc(1, sizeof(*f));
	struct nl_link l;
	const char *name;
	int r = need_str(params, "name", &name, e);

	if (r == 0)
		r = nl_link_get(ag->nl, name, &l, e);
	if (r < 0)
		return r;
	f->index = l.index;
	f->family = (int)jint(params, "family", 0);
	r = nl_addrs(ag->nl, collect_addr, f, e);
	for (size_t i = 0; r == 0 && i < f->n; i++)
		r = nl_addr_set(ag->nl, false, name, &f->v[i].addr, f->v[i].prefix, e);
	if (r == 0)
		*ret = json_pack("{s:I}", "removed", (json_int_t)f->n);
	return r;
}

/* ---- route-add, route-del ---- */

static int route_type(const char *s, uint8_t *ret, struct err *e)
{
	static const struct {
		const char *name;
		uint8_t type;
	} types[] = {{"unicast", RTN_UNICAST},
		     {"blackhole", RTN_BLACKHOLE},
		     {"unreachable", RTN_UNREACHABLE},
		     {"prohibit", RTN_PROHIBIT}};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (streq(types[i].name, s)) {
			*ret = types[i].type;
			return 0;
		}
	return err_set(e, EINVAL, "type: \"%s\" is unknown", s);
}

/* "default" takes its family from via. */
static int route_dst(const char *dst, const struct addr *via, struct addr *ret, int *ret_prefix,
		     struct err *e)
{
	if (streq(dst, "default")) {
		*ret = (struct addr){.family = via->family ? via->family : 4};
		*ret_prefix = 0;
		return 0;
	}
	if (!addr_parse_prefix(dst, ret, ret_prefix))
		return err_set(e, EINVAL, "dst: \"%s\" is not address/prefix", dst);
	return 0;
}

static int change_route(struct agent *ag, bool add, const json_t *params, struct err *e)
{
	const char *dst_text, *via_text = jstr(params, "via", NULL);
	struct addr dst, via = {0};
	uint8_t type = RTN_UNICAST;
	int prefix;

	if (need_str(params, "dst", &dst_text, e) < 0)
		return -EINVAL;
	if (via_text && !addr_parse(via_text, &via))
		return err_set(e, EINVAL, "via: \"%s\" is not an address", via_text);
	if (route_dst(dst_text, &via, &dst, &prefix, e) < 0 ||
	    route_type(jstr(params, "type", "unicast"), &type, e) < 0)
		return -EINVAL;
	return nl_route_set(ag->nl, add, &dst, prefix, via_text ? &via : NULL,
			    jstr(params, "dev", NULL), type, e);
}

static int route_add(struct agent *ag, const json_t *params, json_t **ret UNUSED, struct err *e)
{
	return change_route(ag, true, params, e);
}

static int route_del(struct agent *ag, const json_t *params, json_t **ret UNUSED, struct err *e)
{
	return change_route(ag, false, params, e);
}

/* ---- offload ---- */

static int ethtool_value(int fd, const char *name, uint32_t cmd, uint32_t *v)
{
	struct ethtool_value ev = {.cmd = cmd, .data = *v};
	struct ifreq ifr = {0};

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	ifr.ifr_data = (void *)&ev;
	if (ioctl(fd, SIOCETHTOOL, &ifr) < 0)
		return -errno;
	*v = ev.data;
	return 0;
}

static int offload(struct agent *ag UNUSED, const json_t *params, json_t **ret, struct err *e)
{
	const json_t *want = json_object_get(params, "txChecksum");
	_cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint32_t v = json_is_true(want);
	const char *name;
	int r = need_str(params, "name", &name, e);

	if (r < 0)
		return r;
	if (json_is_boolean(want))
		r = ethtool_value(fd, name, ETHTOOL_STXCSUM, &v);
	if (r == 0)
		r = ethtool_value(fd, name, ETHTOOL_GTXCSUM, &v);
	if (r < 0)
		return err_errno(e, -r, "TX checksum offload of %s", name);
	*ret = json_pack("{s:b}", "txChecksum", v != 0);
	return 0;
}

const struct method iface_methods[] = {
	{"ifaces", ifaces, NULL},
	{"link-set", link_set, NULL},
	{"addr-add", addr_add, NULL},
	{"addr-del", addr_del, NULL},
	{"addr-flush", addr_flush, NULL},
	{"route-add", route_add, NULL},
	{"route-del", route_del, NULL},
	{"offload", offload, NULL},
	{0},
};
