/* SPDX-License-Identifier: Apache-2.0 */
#include "net_apply.h"

#include <errno.h>
#include <net/if.h>

#include "base/ip.h"
#include "command.h"
#include "nic.h"
#include "rtnl.h"

struct apply {
	int fd;
	json_t *nics;
	struct nc_report *r;
	json_t *done; /* report's "interfaces" */
};

static void failed(struct apply *a, const char *device, const char *what, const char *arg, int code)
{
	nc_error(a->r, "%s: %s%s%s: %s", device, what, *arg ? " " : "", arg, strerror(-code));
}

static void parse_mac(const char *text, uint8_t mac[static 6])
{
	unsigned b[6] = {0};

	sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5]);
	for (int i = 0; i < 6; i++)
		mac[i] = (uint8_t)b[i];
}

/* Two interfaces may swap names: the one in the way steps aside and gets its turn later. */
static void make_way(struct apply *a, const char *name)
{
	json_t *other;
	size_t i;

	json_array_foreach(a->nics, i, other) {
		_cleanup_free_ char *aside = NULL;
		struct nc_link l = {.up = -1};

		if (!streq(jstr(other, "name", ""), name))
			continue;
		l.ifindex = (int)jint(other, "ifindex", 0);
		aside = xasprintf("old%d", l.ifindex);
		l.name = aside;
		if (nc_rtnl_link(a->fd, &l) == 0)
			jset_str(other, "name", aside);
	}
}

static void rename_nic(struct apply *a, json_t *nic, const char *name)
{
	struct nc_link l = {.ifindex = (int)jint(nic, "ifindex", 0), .name = name, .up = -1};
	int r;

	if (streq(jstr(nic, "name", ""), name))
		return;
	make_way(a, name);
	r = nc_rtnl_link(a->fd, &l);
	if (r < 0)
		failed(a, jstr(nic, "name", ""), "rename to", name, r);
	else
		jset_str(nic, "name", name);
}

/* An explicit new name, or the predictable name by which the configuration calls it. */
static const char *wanted_name(const json_t *itf, const json_t *nic)
{
	const char *name = jstr(itf, "name", "");

	if (!json_object_get(itf, "match") && streq0(jstr(nic, "path", NULL), name))
		return name;
	return jstr(itf, "rename", NULL);
}

static void link_settings(struct apply *a, const json_t *itf, const char *device, int ifindex)
{
	struct nc_link l = {.ifindex = ifindex, .up = -1};
	const char *mac = jstr(itf, "mac", NULL);
	uint8_t bytes[6];
	int r;

	if (mac) {
		parse_mac(mac, bytes);
		l.mac = bytes;
		r = nc_rtnl_link(a->fd, &l);
		if (r < 0)
			failed(a, device, "set MAC address", mac, r);
	}
	l = (struct nc_link){.ifindex = ifindex, .mtu = (unsigned)jint(itf, "mtu", 0), .up = -1};
	r = l.mtu ? nc_rtnl_link(a->fd, &l) : 0;
	if (r < 0)
		failed(a, device, "set MTU", "", r);
	l = (struct nc_link){.ifindex = ifindex, .up = 1};
	r = nc_rtnl_link(a->fd, &l);
	if (r < 0)
		failed(a, device, "bring up", "", r);
}

static void add_addresses(struct apply *a, const json_t *itf, const char *device, int ifindex)
{
	json_t *v;
	size_t i;

	json_array_foreach(json_object_get(itf, "addresses"), i, v) {
		struct ipnet n;
		int r = ipnet_parse(json_string_value(v), &n) ? nc_rtnl_address(a->fd, ifindex, &n)
							      : -EINVAL;

		if (r < 0)
			failed(a, device, "add address", json_string_value(v), r);
	}
}

static void add_routes(struct apply *a, const json_t *routes, const char *device, int ifindex)
{
	json_t *v;
	size_t i;

	json_array_foreach(routes, i, v) {
		const char *to = jstr(v, "to", ""), *gateway = jstr(v, "via", NULL);
		struct ip via = {0};
		struct ipnet n;
		int r = -EINVAL;

		if (ipnet_parse(to, &n) && (!gateway || ip_parse(gateway, &via)))
			r = nc_rtnl_route(a->fd, ifindex, &n, gateway ? &via : NULL,
					  (unsigned)jint(v, "metric", 0),
					  jbool(v, "onlink", false));
		if (r < 0)
			failed(a, device, "add route to", to, r);
	}
}

/* The client asks in the background for as long as it takes; a lease is applied by its script. */
static void start_dhcp(struct apply *a, const char *device)
{
	const char *argv[] = {"udhcpc", "-i", device, "-b", "-S", "-t",	 "3",
			      "-T",	"2",  "-A",   "10", "-O", "mtu", NULL};
	_cleanup_err_ struct err e = ERR_INIT;

	if (nc_command_start(argv, &e) < 0)
		nc_error(a->r, "%s: DHCP client: %s", device, err_msg(&e));
}

static void record(struct apply *a, const json_t *itf, const json_t *nic)
{
	json_t *o = json_deep_copy(itf);

	json_object_set(o, "config", json_object_get(itf, "name"));
	json_object_set(o, "device", json_object_get(nic, "name"));
	json_object_set(o, "hwaddr", json_object_get(nic, "mac"));
	json_object_del(o, "name");
	json_array_append_new(a->done, o);
}

static void configure(struct apply *a, const json_t *itf, json_t *nic)
{
	const char *name = wanted_name(itf, nic), *device;
	int ifindex = (int)jint(nic, "ifindex", 0);

	json_object_set_new(nic, "configured", json_true());
	if (name)
		rename_nic(a, nic, name);
	device = jstr(nic, "name", "");
	link_settings(a, itf, device, ifindex);
	add_addresses(a, itf, device, ifindex);
	add_routes(a, json_object_get(itf, "routes"), device, ifindex);
	if (jbool(itf, "dhcp4", false))
		start_dhcp(a, device);
	if (jbool(itf, "dhcp6", false))
		nc_warn(a->r, "%s: DHCPv6 is not supported", device);
	record(a, itf, nic);
}

static json_t *nic_names(const json_t *nics)
{
	json_t *names = json_array(), *n;
	size_t i;

	json_array_foreach(nics, i, n)
		json_array_append(names, json_object_get(n, "name"));
	return names;
}

static void missing(struct apply *a, const json_t *itf)
{
	_cleanup_json_ json_t *names = nic_names(a->nics);
	_cleanup_free_ char *have = jtext(names), *match = NULL;

	match = json_object_get(itf, "match") ? jtext(json_object_get(itf, "match"))
					      : xstrdup("its name");
	nc_error(a->r, "network-config: %s: no interface by %s; there are %s",
		 jstr(itf, "name", ""), match, have);
}

static void configure_vlan(struct apply *a, const json_t *itf)
{
	const char *name = jstr(itf, "name", ""), *link = jstr(itf, "vlan.link", "");
	_cleanup_json_ json_t *lower_ref = json_pack("{s:s}", "name", link), *nic = NULL;
	json_t *lower = nc_nic_find(a->nics, lower_ref);
	int r;

	if (!lower) {
		missing(a, lower_ref);
		return;
	}
	nc_command_run((const char *const[]){"modprobe", "8021q", NULL}, NULL, NULL);
	r = nc_rtnl_vlan(a->fd, name, (int)jint(lower, "ifindex", 0),
			 (unsigned)jint(itf, "vlan.id", 0));
	if (r < 0) {
		failed(a, name, "add VLAN on", link, r);
		return;
	}
	nic = json_pack("{s:s, s:i, s:O}", "name", name, "ifindex", (int)if_nametoindex(name),
			"mac", json_object_get(lower, "mac"));
	configure(a, itf, nic);
}

/* Addresses and routes need their interface up, VLANs their lower one under its final name. */
static void configure_all(struct apply *a, const json_t *net)
{
	json_t *itf;
	size_t i;

	json_array_foreach(json_object_get(net, "interfaces"), i, itf) {
		json_t *nic;

		if (json_object_get(itf, "vlan"))
			continue;
		nic = nc_nic_find(a->nics, itf);
		if (nic)
			configure(a, itf, nic);
		else
			missing(a, itf);
	}
	json_array_foreach(json_object_get(net, "interfaces"), i, itf)
		if (json_object_get(itf, "vlan"))
			configure_vlan(a, itf);
	add_routes(a, json_object_get(net, "routes"), "network-config", 0);
}

/* NICs that the configuration does not name are up, with their link-local address only. */
static void bring_up_rest(struct apply *a)
{
	json_t *nic;
	size_t i;

	json_array_foreach(a->nics, i, nic) {
		struct nc_link l = {.ifindex = (int)jint(nic, "ifindex", 0), .up = 1};

		if (!json_object_get(nic, "configured"))
			nc_rtnl_link(a->fd, &l);
	}
}

static void add_names(json_t *to, const json_t *from)
{
	json_t *v;
	size_t i;

	json_array_foreach(from, i, v)
		jadd_str(to, json_string_value(v));
}

static void write_resolv_conf(struct apply *a, const json_t *net)
{
	_cleanup_json_ json_t *dns = json_array(), *search = json_array();
	_cleanup_fclose_ FILE *f = NULL;
	json_t *v;
	size_t i;

	add_names(dns, json_object_get(net, "dns"));
	add_names(search, json_object_get(net, "search"));
	json_array_foreach(json_object_get(net, "interfaces"), i, v) {
		add_names(dns, json_object_get(v, "dns"));
		add_names(search, json_object_get(v, "search"));
	}
	if (!json_array_size(dns) && !json_array_size(search))
		return;
	f = fopen("/etc/resolv.conf", "we");
	if (!f) {
		nc_error(a->r, "/etc/resolv.conf: %s", strerror(errno));
		return;
	}
	if (json_array_size(search))
		fputs("search", f);
	json_array_foreach(search, i, v)
		fprintf(f, " %s%s", json_string_value(v),
			i + 1 == json_array_size(search) ? "\n" : "");
	json_array_foreach(dns, i, v)
		fprintf(f, "nameserver %s\n", json_string_value(v));
}

static json_t *fallback(const json_t *nics)
{
	json_t *first = json_array_get(nics, 0);

	if (!first)
		return json_pack("{s:[]}", "interfaces");
	return json_pack("{s:[{s:O, s:b}]}", "interfaces", "name", json_object_get(first, "name"),
			 "dhcp4", 1);
}

void nc_net_apply(const json_t *net, struct nc_report *r)
{
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_json_ json_t *nics = nc_nics("/sys/class/net"), *own = NULL;
	_cleanup_close_ int fd = nc_rtnl_open(&e);
	struct apply a = {.fd = fd, .nics = nics, .r = r, .done = json_array()};
	struct nc_link lo = {.ifindex = 1, .up = 1};

	json_object_set_new(r->root, "interfaces", a.done);
	if (fd < 0) {
		nc_error(r, "%s", err_msg(&e));
		return;
	}
	if (!net)
		net = own = fallback(nics);
	nc_rtnl_link(fd, &lo);
	configure_all(&a, net);
	bring_up_rest(&a);
	write_resolv_conf(&a, net);
}
