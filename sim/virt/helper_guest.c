/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the guests say of themselves, asked through libvirt's typed calls: raw agent commands taint
 * a domain. Asked at once when the agent has connected, quickly until every NIC has an address (or
 * for a while: a NIC without one is no fault), then seldom.
 */
#include "virt/helper_priv.h"

#include <libvirt/virterror.h>

#define FAST_US (250 * USEC_PER_MSEC)
#define FAST_FOR_US (15 * USEC_PER_SEC)
#define SLOW_US (10 * USEC_PER_SEC)

/* ---- the blocking part ---- */

static json_t *nic_row(const virDomainInterface *nic)
{
	json_t *ips = json_array();

	for (unsigned i = 0; i < nic->naddrs; i++)
		json_array_append_new(ips,
				      jstringf("%s/%u", nic->addrs[i].addr, nic->addrs[i].prefix));
	return json_pack("{s:s, s:s, s:o}", "name", nic->name, "mac",
			 nic->hwaddr ? nic->hwaddr : "", "ips", ips);
}

static json_t *interfaces(virDomainPtr d, struct err *e)
{
	virDomainInterfacePtr *v = NULL;
	int n = virDomainInterfaceAddresses(d, &v, VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_AGENT, 0);
	json_t *out;

	if (n < 0) {
		call_error(e, "ask the guest for its interfaces");
		return NULL;
	}
	out = json_array();
	for (int i = 0; i < n; i++) {
		if (!streq(v[i]->name, "lo"))
			json_array_append_new(out, nic_row(v[i]));
		virDomainInterfaceFree(v[i]);
	}
	free(v);
	return out;
}

/* KubeVirt's names in status.guestOSInfo for libvirt's. */
static void put_os(json_t *os, const char *field, const char *value)
{
	static const char *const names[][2] = {
		{"os.id", "id"},
		{"os.name", "name"},
		{"os.pretty-name", "prettyName"},
		{"os.version", "version"},
		{"os.version-id", "versionId"},
		{"os.kernel-release", "kernelRelease"},
		{"os.kernel-version", "kernelVersion"},
		{"os.machine", "machine"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (streq(names[i][0], field))
			jset_str(os, names[i][1], value);
}

/* An agent may know neither: then they stay out. */
static void names(virDomainPtr d, json_t *out)
{
	static const unsigned kinds[] = {VIR_DOMAIN_GUEST_INFO_HOSTNAME, VIR_DOMAIN_GUEST_INFO_OS};
	json_t *os = json_object();

	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		virTypedParameterPtr p = NULL;
		int n = 0;

		if (virDomainGetGuestInfo(d, kinds[k], &p, &n, 0) < 0)
			continue;
		for (int i = 0; i < n; i++) {
			if (p[i].type != VIR_TYPED_PARAM_STRING)
				continue;
			if (streq(p[i].field, "hostname"))
				jset_str(out, "hostname", p[i].value.s);
			put_os(os, p[i].field, p[i].value.s);
		}
		virTypedParamsFree(p, n);
	}
	json_object_set_new(out, "os", os);
}

json_t *call_guest(virConnectPtr conn, const json_t *args, struct err *e)
{
	_cleanup_domain_ virDomainPtr d = call_domain(conn, args, e);
	json_t *nics = d ? interfaces(d, e) : NULL, *out;

	if (!nics)
		return NULL;
	out = json_pack("{s:s, s:o}", "uid", jstr(args, "uid", ""), "interfaces", nics);
	names(d, out);
	return out;
}

/* ---- when to ask ---- */

struct guest {
	struct guest *next;
	struct helper *h;
	char *uid;
	sd_event_source *timer;
	uint64_t since; /* the agent connected */
	json_t *last;	/* as notified */
	bool asking, gone;
};

static struct guest *find(struct helper *h, const char *uid)
{
	for (struct guest *g = h->guests; g; g = g->next)
		if (streq(g->uid, uid) && !g->gone)
			return g;
	return NULL;
}

static void forget(struct guest *g)
{
	struct guest **p = &g->h->guests;

	while (*p != g)
		p = &(*p)->next;
	*p = g->next;
	sd_event_source_disable_unref(g->timer);
	json_decref(g->last);
	free(g->uid);
	free(g);
}

/* Link-local addresses come by themselves and say nothing. */
static bool addressed(const json_t *nic)
{
	json_t *ip;
	size_t i;

	json_array_foreach(json_object_get(nic, "ips"), i, ip)
		if (json_is_string(ip) && !str_after(json_string_value(ip), "fe80:"))
			return true;
	return false;
}

static bool settled(const json_t *info)
{
	json_t *nic;
	size_t i;

	json_array_foreach(json_object_get(info, "interfaces"), i, nic)
		if (!addressed(nic))
			return false;
	return info != NULL;
}

static int on_due(sd_event_source *s, uint64_t usec, void *arg);

static void again(struct guest *g)
{
	bool fast = !settled(g->last) && mono_usec() < g->since + FAST_FOR_US;

	g->timer = sd_event_source_disable_unref(g->timer);
	loop_after(g->h->ev, fast ? FAST_US : SLOW_US, on_due, g, &g->timer);
}

/* What an agent did not say this time (it was just going down, say) stays as it was. */
static void keep_names(json_t *now, const json_t *before)
{
	if (!json_object_get(now, "hostname") && jstr(before, "hostname", NULL))
		jset_str(now, "hostname", jstr(before, "hostname", NULL));
	if (!json_object_size(json_object_get(now, "os")) && before)
		json_object_set_new(now, "os", json_deep_copy(json_object_get(before, "os")));
}

static void asked(struct helper *h, void *arg, json_t *result, const char *why)
{
	struct guest *g = arg;

	g->asking = false;
	if (g->gone) {
		forget(g);
		return;
	}
	if (!result)
		log_debug("guest %s: %s", g->uid, why);
	if (result)
		keep_names(result, g->last);
	if (result && !json_equal(result, g->last)) {
		json_decref(g->last);
		g->last = json_incref(result);
		helper_notify(h, "guest", json_deep_copy(result));
	}
	again(g);
}

static void ask(struct guest *g)
{
	if (g->asking)
		return;
	g->asking = true;
	helper_call(g->h, call_guest, json_pack("{s:s}", "uid", g->uid), false, asked, g);
}

static int on_due(sd_event_source *s, uint64_t usec, void *arg)
{
	(void)s;
	(void)usec;
	ask(arg);
	return 0;
}

void guest_connected(struct helper *h, const char *uid)
{
	struct guest *g = find(h, uid);

	if (g)
		return;
	g = xcalloc(1, sizeof(*g));
	g->h = h;
	g->uid = xstrdup(uid);
	g->since = mono_usec();
	g->next = h->guests;
	h->guests = g;
	ask(g);
}

void guest_gone(struct helper *h, const char *uid)
{
	struct guest *g = find(h, uid);

	if (!g)
		return;
	g->gone = true;
	if (!g->asking)
		forget(g);
}
