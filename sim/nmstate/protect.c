/* SPDX-License-Identifier: Apache-2.0 */
/*
 * br-ex carries the node's own address, Geneve and the API: upstream's documentation says that
 * NMState cannot change it on most platforms and that its uplink must stay in it. Mapping localnets
 * onto it is fine.
 */
#include "nmstate/merge_priv.h"

static const char hint[] =
	"br-ex is the node's own network: map localnets onto it as it is, or give "
	"a bridge of your own another NIC";

/* The path of what desired says about an interface, else about br-ex, else of the whole. */
static const char *path_of(const struct merge *m, const char *name)
{
	const json_t *want = nms_find(m->wanted, name, NULL);

	if (!want)
		want = nms_find(m->wanted, NMS_BR_EX, NULL);
	return jstr(want, "path", NMSTATE_PATH);
}

/* Who has taken a port of br-ex. */
static void protect_member(struct merge *m, const char *name)
{
	const json_t *taker = nms_bridge_of(m->next, name);
	const char *to = jstr(taker, "name", NULL);

	if (to && streq(to, NMS_BR_EX))
		return;
	diag_hint(diags_add(m->d, DIAG_ERROR, "nmstate/br-ex", path_of(m, to ? to : name),
			    to ? "%s is a port of br-ex: it cannot be moved to %s"
			       : "%s is a port of br-ex: it cannot be taken off it",
			    name, to),
		  hint);
}

static void member_cb(void *arg, const char *name, bool bonded UNUSED)
{
	protect_member(arg, name);
}

/* Key of an interface on br-ex that the policy changes, or NULL. */
static const char *changed_key(const json_t *old, const json_t *next)
{
	static const char *const keys[] = {"state",  "ipv4",	   "ipv6", "mac-address",
					   "bridge", "controller", "patch"};
	_cleanup_json_ json_t *a = nms_canonical(old), *b = nms_canonical(next);

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const json_t *x = json_object_get(a, keys[i]), *y = json_object_get(b, keys[i]);

		if (x != y && !(x && y && json_equal(x, y)))
			return keys[i];
	}
	return NULL;
}

static void protect_iface(struct merge *m, const json_t *old)
{
	const char *name = jstr(old, "name", ""), *type = jstr(old, "type", "");
	const json_t *next = nms_find(m->next, name, type);
	const json_t *want = nms_find(m->wanted, name, type);
	const char *key = next ? changed_key(old, next) : NULL;
	const char *path = want ? jstr(want, "path", NULL) : path_of(m, name);

	if (!next)
		diag_hint(diags_add(m->d, DIAG_ERROR, "nmstate/br-ex", path,
				    "%s %s cannot be removed: br-ex is protected", type, name),
			  hint);
	else if (key && !streq(key, "controller"))
		diag_hint(diags_add(m->d, DIAG_ERROR, "nmstate/br-ex", path,
				    "%s of %s %s cannot be changed: br-ex is protected", key, type,
				    name),
			  hint);
	else if (jint(old, "mtu", 0) != jint(next, "mtu", 0))
		diags_add(m->d, DIAG_WARNING, "lint/nmstate-br-ex", path,
			  "%s is on br-ex: its MTU is that of the node network and of Geneve, too",
			  name);
}

static void protect_physnet(struct merge *m, const json_t *current)
{
	const json_t *old = nms_mapping(nms_mappings(current), NMS_PHYSNET);
	const json_t *now = nms_mapping(m->mappings, NMS_PHYSNET);

	if (!old || (now && streq(jstr(now, "bridge", ""), jstr(old, "bridge", ""))))
		return;
	diag_hint(diags_add(m->d, DIAG_ERROR, "nmstate/br-ex", NMSTATE_PATH ".ovn",
			    "physnet:%s is OVN-Kubernetes' own mapping of br-ex: it would put it "
			    "back",
			    jstr(old, "bridge", "")),
		  "choose another localnet name");
}

void nms_protect(struct merge *m, const json_t *current)
{
	const json_t *br_ex = nms_find(m->had, NMS_BR_EX, "ovs-bridge");
	size_t i, errors = diags_count(m->d, DIAG_ERROR);
	json_t *v;

	protect_physnet(m, current);
	if (!br_ex)
		return;
	if (nms_find(m->next, NMS_BR_EX, "ovs-bridge"))
		json_array_foreach(nms_ports(br_ex), i, v)
			nms_each_member(v, member_cb, m);
	if (diags_count(m->d, DIAG_ERROR) > errors)
		return;
	json_array_foreach(m->had, i, v)
		if (v == br_ex || streq(jstr(v, "controller", ""), NMS_BR_EX))
			protect_iface(m, v);
}
