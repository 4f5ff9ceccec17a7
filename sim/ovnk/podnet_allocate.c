/* SPDX-License-Identifier: Apache-2.0 */
/* One attachment: OVN-Kubernetes allocator/pod/pod_annotation.go. */
#include "ovnk/podnet_priv.h"

#include <errno.h>

#include "ovnk/names.h"

void attachment_stop(struct attachment *att, enum attachment_state state, const char *rule,
		     const char *fmt, ...)
{
	va_list ap;

	att->state = state;
	att->rule = xstrdup(rule);
	va_start(ap, fmt);
	att->reason = xvasprintf(fmt, ap);
	va_end(ap);
}

static bool has_ipam(const struct allocation *a)
{
	return a->network->conf.subnets.n;
}

/* Tunnel ids are for layer2 between zones. */
static bool has_tunnel_id(const struct allocation *a)
{
	return a->network->conf.topology == OVNK_LAYER2 && a->config->interconnect;
}

static const json_t *held_ips(const struct allocation *a)
{
	return json_object_get(a->entry, "ip_addresses");
}

void allocation_reserve(const struct allocation *a)
{
	const json_t *ip;
	size_t i;

	json_array_foreach(held_ips(a), i, ip) {
		struct ipnet n;

		if (json_is_string(ip) && ipnet_parse(json_string_value(ip), &n))
			ipam_reserve(a->ipam, &n.ip);
	}
	if (has_tunnel_id(a))
		ipam_reserve_tunnel(a->ipam, (int)jint(a->entry, "tunnel_id", 0));
}

static void add_text(char ***v, size_t *n, const char *text)
{
	*v = xrealloc(*v, (*n + 1) * sizeof(**v));
	(*v)[(*n)++] = xstrdup(text);
}

static int add_ip(struct attachment *att, const char *text, struct err *e)
{
	char canon[IPNET_TEXT_MAX];
	struct ipnet n;

	if (!ipnet_parse(text, &n))
		return err_set(e, EINVAL, "invalid CIDR address: %s", text);
	add_text(&att->ips, &att->n_ips, ipnet_text(&n, canon));
	return 0;
}

static bool in_subnets(const struct netconf *c, const char *text)
{
	struct ipnet n;

	if (!ipnet_parse(text, &n))
		return false;
	for (size_t i = 0; i < c->subnets.n; i++)
		if (ipnet_has(&c->subnets.v[i], &n.ip))
			return true;
	return false;
}

/* What the pod holds by its annotation; 0 also when that is nothing. */
static int keep_ips(const struct allocation *a, struct attachment *att, struct err *e)
{
	const json_t *ip;
	size_t i;

	json_array_foreach(held_ips(a), i, ip) {
		const char *text = json_string_value(ip) ?: "";
		int r = add_ip(att, text, e);

		if (r < 0)
			return r;
		if (has_ipam(a) && !in_subnets(&a->network->conf, text))
			return err_set(e, ERANGE,
				       "failed to ensure requested or annotated IPs [%s] for "
				       "%s/%s/%s: not in the subnets of network %s",
				       text, att->nad_key, a->pod->ns, a->pod->name,
				       a->network->name);
	}
	return 0;
}

static int new_ips(const struct allocation *a, struct attachment *att, struct err *e)
{
	struct ipnets got = {NULL, 0};
	char text[IPNET_TEXT_MAX];

	if (ipam_next(a->ipam, &got, e) < 0)
		return err_wrap(e, "failed to assign pod addresses for %s/%s/%s", att->nad_key,
				a->pod->ns, a->pod->name);
	for (size_t i = 0; i < got.n; i++)
		add_text(&att->ips, &att->n_ips, ipnet_text(&got.v[i], text));
	ipnets_free(&got);
	return 0;
}

/* On a network without IPAM the ips asked for are taken as they are: no pool, no check. */
static int requested_ips(const struct allocation *a, struct attachment *att, struct err *e)
{
	for (size_t i = 0; i < a->selection->n_ips; i++) {
		int r = add_ip(att, a->selection->ips[i], e);

		if (r < 0)
			return r;
	}
	return 0;
}

static int set_ips(const struct allocation *a, struct attachment *att, struct err *e)
{
	int r = keep_ips(a, att, e);

	if (r < 0 || att->n_ips)
		return r;
	return has_ipam(a) ? new_ips(a, att, e) : requested_ips(a, att, e);
}

static void set_mac(const struct allocation *a, struct attachment *att)
{
	const char *held = jstr(a->entry, "mac_address", ""), *pod = a->pod->uid;
	_cleanup_free_ char *who = NULL;
	char mac[MAC_TEXT_MAX];
	struct ipnet first;

	if (names_mac_canon(held, mac)) {
		att->mac = xstrdup(mac);
	} else if (a->selection->mac) {
		att->mac = xstrdup(a->selection->mac);
	} else if (att->n_ips && ipnet_parse(att->ips[0], &first)) {
		att->mac = xstrdup(names_mac_from_ip(&first.ip, mac));
	} else {
		who = xasprintf("%s/%s/%s/%s", a->pod->ns, a->pod->name, pod, att->nad_key);
		att->mac =
			xstrdup(names_mac_random(prng_hash(a->config->seed, "pod-mac", who), mac));
	}
}

static int set_tunnel_id(const struct allocation *a, struct attachment *att, struct err *e)
{
	long long held = jint(a->entry, "tunnel_id", 0);

	if (!has_tunnel_id(a))
		return 0;
	if (held >= 1 && held <= IPAM_TUNNEL_LAST) {
		att->tunnel_id = (int)held;
		return 0;
	}
	if (ipam_next_tunnel(a->ipam, &att->tunnel_id, e) < 0)
		return err_wrap(e, "failed to assign pod id for %s/%s/%s", att->nad_key, a->pod->ns,
				a->pod->name);
	return 0;
}

void allocation_run(const struct allocation *a, struct attachment *att)
{
	_cleanup_err_ struct err e = ERR_INIT;

	if (has_ipam(a) && a->selection->n_ips) {
		attachment_stop(att, ATTACHMENT_FAILED, "E24",
				"cannot allocate a static IP request with IPAM for pod %s/%s/%s",
				att->nad_key, a->pod->ns, a->pod->name);
		return;
	}
	if (set_ips(a, att, &e) < 0 || set_tunnel_id(a, att, &e) < 0) {
		attachment_stop(att, ATTACHMENT_FAILED, "ipam", "%s", err_msg(&e));
		return;
	}
	set_mac(a, att);
	for (size_t i = 0; i < a->selection->n_gateways; i++)
		add_text(&att->gateways, &att->n_gateways, a->selection->gateways[i]);
	att->mtu = netconf_mtu(&a->network->conf);
}
