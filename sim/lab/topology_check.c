/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of a topology document, each checked on its own. */
#include "lab/topology_priv.h"

#include <ctype.h>

#include "base/ip.h"
#include "sys/link.h"

void topo_bad(struct topo *t, const char *path, const char *hint, const char *fmt, ...)
{
	_cleanup_free_ char *msg = NULL;
	struct diag *g;
	va_list ap;

	va_start(ap, fmt);
	msg = xvasprintf(fmt, ap);
	va_end(ap);
	g = diags_add(t->d, DIAG_ERROR, "topology", path, "%s", msg);
	if (hint)
		diag_hint(g, "%s", hint);
}

void topo_keys(struct topo *t, const json_t *o, const char *path, const char *const *known)
{
	const char *key;
	json_t *v;

	if (o && !json_is_object(o))
		topo_bad(t, path, NULL, "expected a mapping");
	json_object_foreach((json_t *)o, key, v) {
		_cleanup_free_ char *p = xasprintf("%s.%s", path, key);
		_cleanup_buf_ struct buf list = BUF_INIT;
		bool found = false;

		for (size_t i = 0; known[i]; i++) {
			found |= streq(known[i], key);
			buf_printf(&list, "%s%s", i ? ", " : "", known[i]);
		}
		if (!found)
			topo_bad(t, p, NULL, "unknown field; expected one of %s", buf_str(&list));
	}
}

bool topo_name_ok(const char *s)
{
	size_t n = s ? strlen(s) : 0;

	if (n < 1 || n > 40 || !isalnum((unsigned char)s[0]) || !isalnum((unsigned char)s[n - 1]))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!islower((unsigned char)s[i]) && !isdigit((unsigned char)s[i]) && s[i] != '-')
			return false;
	return true;
}

const char *topo_name(struct topo *t, const json_t *o, const char *path, json_t *seen)
{
	const char *name = jstr(o, "name", NULL);
	_cleanup_free_ char *p = xasprintf("%s.name", path);

	if (!topo_name_ok(name)) {
		topo_bad(t, p, NULL,
			 "expected a name of a-z, 0-9 and - (at most 40 characters), found %s%s%s",
			 name ? "\"" : "", name ? name : "none", name ? "\"" : "");
		return NULL;
	}
	if (json_object_get(seen, name)) {
		topo_bad(t, p, "names must be unique", "\"%s\" is used twice", name);
		return NULL;
	}
	json_object_set_new(seen, name, json_true());
	return name;
}

long long topo_mtu(struct topo *t, const json_t *o, const char *path, long long def)
{
	json_t *v = json_object_get(o, "mtu");
	_cleanup_free_ char *p = xasprintf("%s.mtu", path);

	if (!v)
		return def;
	if (!json_is_integer(v) || json_integer_value(v) < 576 || json_integer_value(v) > 65535) {
		topo_bad(t, p, NULL, "expected an integer of 576 to 65535");
		return def;
	}
	return json_integer_value(v);
}

long long topo_vlan(struct topo *t, const json_t *o, const char *path)
{
	json_t *v = json_object_get(o, "vlan");
	_cleanup_free_ char *p = xasprintf("%s.vlan", path), *text = NULL;

	if (!v)
		return 0;
	if (json_is_integer(v) && json_integer_value(v) >= 1 && json_integer_value(v) <= 4094)
		return json_integer_value(v);
	text = jtext(v);
	topo_bad(t, p, "leave it out for untagged", "expected a VLAN id of 1 to 4094, found %s",
		 text);
	return 0;
}

bool topo_bool(struct topo *t, const json_t *o, const char *key, const char *path)
{
	json_t *v = json_object_get(o, key);
	_cleanup_free_ char *p = xasprintf("%s.%s", path, key);

	if (v && !json_is_boolean(v))
		topo_bad(t, p, NULL, "expected true or false");
	return json_is_true(v);
}

json_t *topo_list(struct topo *t, const json_t *o, const char *key, const char *path)
{
	json_t *v = json_object_get(o, key);
	_cleanup_free_ char *p = xasprintf("%s.%s", path, key);

	if (v && !json_is_array(v) && !json_is_null(v))
		topo_bad(t, p, NULL, "expected a list");
	return json_is_array(v) ? v : NULL;
}

const char *topo_enum(struct topo *t, const json_t *o, const char *key, const char *path,
		      const char *const *values)
{
	json_t *v = json_object_get(o, key);
	_cleanup_free_ char *p = xasprintf("%s.%s", path, key);
	_cleanup_buf_ struct buf list = BUF_INIT;

	if (!v)
		return values[0];
	for (size_t i = 0; values[i]; i++) {
		if (streq0(json_string_value(v), values[i]))
			return values[i];
		buf_printf(&list, "%s%s", i ? ", " : "", values[i]);
	}
	topo_bad(t, p, NULL, "expected one of %s", buf_str(&list));
	return values[0];
}

json_t *topo_cidrs(struct topo *t, const json_t *o, const char *key, const char *path)
{
	_cleanup_free_ char *p = xasprintf("%s.%s", path, key);
	json_t *list = topo_list(t, o, key, path), *out = json_array(), *v;
	struct ipnet net;
	size_t i;

	json_array_foreach(list, i, v) {
		_cleanup_free_ char *pi = xasprintf("%s.%zu", p, i);

		if (json_is_string(v) && ipnet_parse(json_string_value(v), &net))
			json_array_append(out, v);
		else
			topo_bad(t, pi, NULL, "expected address/prefix length, found \"%s\"",
				 json_is_string(v) ? json_string_value(v)
						   : "a value of another type");
	}
	return out;
}

static json_t *derived_mac(const struct topo *t, const char *what, const char *name)
{
	uint64_t v = prng_hash(t->seed, what, name);

	return jstringf("0a:%02x:%02x:%02x:%02x:%02x", (unsigned)(v & 0xff),
			(unsigned)(v >> 8 & 0xff), (unsigned)(v >> 16 & 0xff),
			(unsigned)(v >> 24 & 0xff), (unsigned)(v >> 32 & 0xff));
}

json_t *topo_mac(struct topo *t, const json_t *o, const char *path, const char *what,
		 const char *name)
{
	json_t *v = json_object_get(o, "mac");
	_cleanup_free_ char *p = xasprintf("%s.mac", path);
	uint8_t b[6];

	if (!v)
		return derived_mac(t, what, name);
	if (json_is_string(v) && mac_parse(json_string_value(v), b) == 0 && !(b[0] & 1))
		return json_incref(v);
	topo_bad(t, p, NULL, "expected a unicast MAC address such as 02:00:00:00:00:01");
	return derived_mac(t, what, name);
}

json_t *topo_uuid(struct topo *t, const char *what, const char *name)
{
	char uuid[37];

	prng_uuid(prng_hash(t->seed, what, name), uuid);
	return jstring(uuid);
}

const char *topo_network(struct topo *t, const json_t *o, const char *path, const char *def)
{
	json_t *v = json_object_get(o, "network");
	_cleanup_free_ char *p = xasprintf("%s.network", path);
	const char *name = v ? json_string_value(v) : def;

	if (!name) {
		topo_bad(t, p, NULL, "expected the name of a network");
		return NULL;
	}
	if (!json_object_get(t->mtus, name)) {
		topo_bad(t, p, "declare it under spec.networks", "network \"%s\" does not exist",
			 name);
		return NULL;
	}
	return name;
}

void topo_claim(struct topo *t, const char *network, long long vlan, const json_t *cidrs,
		const char *path)
{
	json_t *v;
	size_t i;

	json_array_foreach(cidrs, i, v) {
		_cleanup_free_ char *a = cidr_addr(json_string_value(v));
		_cleanup_free_ char *key = xasprintf("%s/%lld/%s", network, vlan, a);
		const json_t *first = json_object_get(t->addresses, key);

		if (first)
			topo_bad(t, path, NULL, "%s is already the address of %s on %s, VLAN %lld",
				 a, json_string_value(first), network, vlan);
		else
			json_object_set_new(t->addresses, key, jstring(path));
	}
}
