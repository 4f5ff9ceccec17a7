/* SPDX-License-Identifier: Apache-2.0 */
#include "ovnk/mutate.h"

#include "base/buf.h"

typedef void (*mutate_fn)(json_t *plan, json_t *state);

/* ---- rows ---- */

static bool is_table(const json_t *row, const char *table)
{
	return streq(jstr(row, "table", ""), table);
}

static const char *id_of(const json_t *row, const char *key)
{
	const json_t *ids = json_object_get(json_object_get(row, "row"), "external_ids");

	return json_string_value(json_object_get(ids, key)) ?: "";
}

static bool is_type(const json_t *row, const char *type)
{
	return is_table(row, "ACL") && streq(id_of(row, "type"), type);
}

static bool is_allow(const json_t *row)
{
	return is_table(row, "ACL") && streq(id_of(row, "k8s.ovn.org/owner-type"), "NetworkPolicy");
}

static void set_str(json_t *row, const char *column, char *text)
{
	json_object_set_new(json_object_get(row, "row"), column, jstring(text));
	free(text);
}

static const char *match_of(const json_t *row)
{
	return jstr(row, "row.match", "");
}

/* The text with the part from begin up to end (excluded) replaced. Caller frees. */
static char *splice(const char *text, const char *begin, const char *end, const char *by)
{
	return xasprintf("%.*s%s%s", (int)(begin - text), text, by, end);
}

/* Takes rows that drop() picks out of the plan, and their references out of port groups. */
static void remove_rows(json_t *plan, bool (*drop)(const json_t *row))
{
	_cleanup_json_ json_t *gone = json_object();
	json_t *row, *ref;
	size_t k;

	for (size_t i = 0; i < json_array_size(plan);) {
		row = json_array_get(plan, i);
		if (!drop(row)) {
			i++;
			continue;
		}
		json_object_set_new(gone, jstr(row, "key", ""), json_true());
		json_array_remove(plan, i);
	}
	for (size_t i = 0; i < json_array_size(plan); i++) {
		json_t *acls = jget(json_array_get(plan, i), "row.acls");

		for (k = json_array_size(acls); k-- > 0;) {
			ref = json_array_get(acls, k);
			if (json_object_get(gone, str_after(jstr(ref, "$ref", ""), "ACL/") ?: ""))
				json_array_remove(acls, k);
		}
	}
}

/* ---- the faults ---- */

static void wrong_priority(json_t *plan, json_t *state UNUSED)
{
	json_t *row;
	size_t i;

	json_array_foreach(plan, i, row)
		if (is_type(row, "defaultDeny"))
			json_object_set_new(json_object_get(row, "row"), "priority",
					    json_integer(1002));
}

static bool is_arp(const json_t *row)
{
	return is_type(row, "arpAllow");
}

static void no_arp(json_t *plan, json_t *state UNUSED)
{
	remove_rows(plan, is_arp);
}

static void swapped_direction(json_t *plan, json_t *state UNUSED)
{
	json_t *row;
	size_t i;

	json_array_foreach(plan, i, row) {
		const char *match = match_of(row), *src, *dst, *at;

		if (!is_allow(row))
			continue;
		src = strstr(match, ".src ");
		dst = strstr(match, ".dst ");
		at = src && (!dst || src < dst) ? src : dst;
		if (at)
			set_str(row, "match",
				splice(match, at, at + 5, at == src ? ".dst " : ".src "));
	}
}

static void no_except(json_t *plan, json_t *state UNUSED)
{
	json_t *row;
	size_t i;

	json_array_foreach(plan, i, row) {
		const char *match = match_of(row), *ne = strstr(match, " != {"), *begin, *end;

		if (!is_allow(row) || !ne)
			continue;
		for (begin = ne; begin > match && strncmp(begin, " && ", 4) != 0;)
			begin--;
		end = strchr(ne, '}');
		if (end)
			set_str(row, "match", splice(match, begin, end + 1, ""));
	}
}

/* Changes the first number behind what; by is added to it. */
static void change_number(json_t *plan, const char *what, int by)
{
	json_t *row;
	size_t i;

	json_array_foreach(plan, i, row) {
		const char *match = match_of(row), *at = strstr(match, what);
		char *end, number[16];
		long n;

		if (!is_allow(row) || !at)
			continue;
		at += strlen(what);
		n = strtol(at, &end, 10);
		snprintf(number, sizeof(number), "%ld", n + by);
		if (end > at)
			set_str(row, "match", splice(match, at, end, number));
	}
}

static void port_off_by_one(json_t *plan, json_t *state UNUSED)
{
	change_number(plan, ".dst==", 1);
}

static void end_port_exclusive(json_t *plan, json_t *state UNUSED)
{
	change_number(plan, ".dst<=", -1);
}

/* The addresses of every pod port of the plan, of one family. */
static json_t *all_addresses(const json_t *plan, int family)
{
	json_t *out = json_array(), *row, *v;
	size_t i, k;

	json_array_foreach(plan, i, row) {
		if (!is_table(row, "Logical_Switch_Port"))
			continue;
		json_array_foreach(jget(row, "row.addresses"), k, v) {
			_cleanup_free_ char *text = xstrdup(json_string_value(v) ?: "");
			char *save = NULL;

			strtok_r(text, " ", &save); /* the MAC */
			for (char *ip = strtok_r(NULL, " ", &save); ip;
			     ip = strtok_r(NULL, " ", &save))
				if ((strchr(ip, ':') ? 6 : 4) == family)
					jadd_str(out, ip);
		}
	}
	return out;
}

/* Address sets of a namespace selector (their key begins with it) hold everybody. */
static void any_namespace(json_t *plan, json_t *state UNUSED)
{
	json_t *row;
	size_t i;

	json_array_foreach(plan, i, row)
		if (is_table(row, "Address_Set") &&
		    str_after(id_of(row, "k8s.ovn.org/name"), "LS{"))
			json_object_set_new(
				json_object_get(row, "row"), "addresses",
				all_addresses(plan, streq(id_of(row, "ip-family"), "v6") ? 6 : 4));
}

static bool refers(const json_t *list, const char *ref)
{
	json_t *v;
	size_t i;

	json_array_foreach(list, i, v)
		if (streq(jstr(v, "$ref", ""), ref))
			return true;
	return false;
}

static bool planned(const json_t *plan, const char *table, const char *key)
{
	json_t *row;
	size_t i;

	json_array_foreach(plan, i, row)
		if (is_table(row, table) && streq(jstr(row, "key", ""), key))
			return true;
	return false;
}

/* Whatever port was once in a group stays there while it exists. */
static void stale_member(json_t *plan, json_t *state)
{
	json_t *row, *v;
	size_t i, k;

	json_array_foreach(plan, i, row) {
		const char *key = jstr(row, "key", "");
		json_t *ports = jget(row, "row.ports"), *seen = json_object_get(state, key);

		if (!is_table(row, "Port_Group"))
			continue;
		if (!seen) {
			seen = json_array();
			json_object_set_new(state, key, seen);
		}
		json_array_foreach(seen, k, v) {
			const char *ref = jstr(v, "$ref", "");

			if (!refers(ports, ref) &&
			    planned(plan, "Logical_Switch_Port",
				    str_after(ref, "Logical_Switch_Port/") ?: ""))
				json_array_append(ports, v);
		}
		json_array_foreach(ports, k, v)
			if (!refers(seen, jstr(v, "$ref", "")))
				json_array_append(seen, v);
	}
}

/* What a policy left of the default deny stays when it goes. */
static void deny_stays(json_t *plan, json_t *state)
{
	json_t *row, *v;
	const char *key;
	size_t i;

	json_array_foreach(plan, i, row) {
		_cleanup_free_ char *place =
			xasprintf("%s/%s", jstr(row, "table", ""), jstr(row, "key", ""));

		if (streq(id_of(row, "k8s.ovn.org/owner-type"), "NetpolNamespace"))
			json_object_set_new(state, place, json_deep_copy(row));
	}
	json_object_foreach(state, key, v) {
		json_t *ports = jget(v, "row.ports");

		if (planned(plan, jstr(v, "table", ""), jstr(v, "key", "")))
			continue;
		for (i = json_array_size(ports); i-- > 0;) {
			const char *ref = jstr(json_array_get(ports, i), "$ref", "");

			if (!planned(plan, "Logical_Switch_Port",
				     str_after(ref, "Logical_Switch_Port/") ?: ""))
				json_array_remove(ports, i);
		}
		json_array_append(plan, v);
	}
}

/* Every rule refers to the first address set of the plan. */
static void wrong_set(json_t *plan, json_t *state UNUSED)
{
	const char *first = NULL;
	json_t *row;
	size_t i;

	json_array_foreach(plan, i, row)
		if (is_table(row, "Address_Set") &&
		    (!first || strcmp(jstr(row, "row.name", ""), first) < 0))
			first = jstr(row, "row.name", NULL);
	json_array_foreach(plan, i, row) {
		const char *match = match_of(row), *at = strchr(match, '$'), *end;

		if (!is_allow(row) || !at || !first)
			continue;
		end = at + 1 + strcspn(at + 1, ",}");
		set_str(row, "match", splice(match, at + 1, end, first));
	}
}

static void no_protocol(json_t *plan, json_t *state UNUSED)
{
	static const char *const protos[] = {" && tcp", " && udp", " && sctp"};
	json_t *row;
	size_t i;

	json_array_foreach(plan, i, row) {
		if (!is_allow(row))
			continue;
		for (size_t p = 0; p < ARRAY_SIZE(protos); p++) {
			const char *match = match_of(row), *at = strstr(match, protos[p]), *end;

			if (!at)
				continue;
			end = strstr(at, " && outport") ?: strstr(at, " && inport");
			if (end)
				set_str(row, "match", splice(match, at, end, ""));
		}
	}
}

/* Without the option, a from-lport ACL is looked at before the load balancer, where its reply hints
 * are not: what it allows and denies is evaluated against itself alone, in the other pipeline. */
static void before_lb(json_t *plan, json_t *state UNUSED)
{
	json_t *row;
	size_t i;

	json_array_foreach(plan, i, row)
		if (is_allow(row) && streq(jstr(row, "row.direction", ""), "from-lport"))
			json_object_del(jget(row, "row.options"), "apply-after-lb");
}

const struct mutation mutations[] = {
	{"wrong-priority", "the default deny is stronger than every rule"},
	{"no-arp", "isolated ports may not resolve addresses"},
	{"swapped-direction", "rules compare the wrong end's address"},
	{"no-except", "except of an ipBlock is ignored"},
	{"port-off-by-one", "rules name the next port"},
	{"any-namespace", "a namespaceSelector selects every namespace"},
	{"stale-member", "a port stays in a group when its pod's label is gone"},
	{"deny-stays", "the default deny stays when the last policy is deleted"},
	{"wrong-set", "rules refer to another selector's address set"},
	{"no-protocol", "rules ignore protocol and port"},
	{"end-port-exclusive", "endPort itself is left out of a range"},
	{"before-lb", "egress rules stand in another pipeline than the egress deny"},
	{0},
};

const struct mutation *mutation_find(const char *name)
{
	for (const struct mutation *m = mutations; m->name; m++)
		if (streq(m->name, name))
			return m;
	return NULL;
}

void mutate_plan(const struct mutation *m, json_t *plan, json_t *state)
{
	/* in the order of mutations[] */
	static const mutate_fn fns[] = {
		wrong_priority,	 no_arp,	swapped_direction,  no_except,
		port_off_by_one, any_namespace, stale_member,	    deny_stays,
		wrong_set,	 no_protocol,	end_port_exclusive, before_lb,
	};

	fns[m - mutations](plan, state);
}
