/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/fault_spec.h"

#include <errno.h>

#include "base/buf.h"

#define NIC_DEFAULT "eth0"

/* ---- numbers with units ---- */

struct unit {
	const char *name;
	double factor;
};

static int parse_unit(const char *text, const struct unit *units, double max, uint64_t *ret)
{
	char *end = NULL;
	double v = text ? strtod(text, &end) : 0;

	if (!text || end == text || !(v > 0))
		return -EINVAL;
	for (; units->name; units++) {
		if (!streq(end, units->name))
			continue;
		v *= units->factor;
		if (v < 1 || v > max)
			return -EINVAL;
		*ret = (uint64_t)(v + 0.5);
		return 0;
	}
	return -EINVAL;
}

int fault_parse_rate(const char *text, uint64_t *ret)
{
	static const struct unit units[] = {{"bit", 1},	   {"kbit", 1e3}, {"mbit", 1e6},
					    {"gbit", 1e9}, {"Mbit", 1e6}, {"Gbit", 1e9},
					    {NULL, 0}};

	return parse_unit(text, units, 1e12, ret);
}

int fault_parse_loss(const char *text, uint64_t *ret)
{
	static const struct unit units[] = {{"%", 1e4}, {NULL, 0}};

	return parse_unit(text, units, 1e6, ret);
}

int fault_parse_time(const char *text, uint64_t *ret)
{
	static const struct unit units[] = {{"us", 1},	 {"ms", 1e3}, {"s", 1e6},
					    {"m", 60e6}, {"", 1e6},   {NULL, 0}};

	return parse_unit(text, units, 3600e6, ret);
}

/* ---- machines and NICs ---- */

static bool name_ok(const char *s, size_t n)
{
	if (!n || n > 40)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789-", s[i]))
			return false;
	return true;
}

/* "node/x" and "x" are x, "host/x" stays. NULL with e set. */
static char *take_machine(const char *s, size_t n, struct err *e)
{
	_cleanup_free_ char *text = xstrndup(s, n);
	const char *rest = str_after(text, "node/"), *bare = rest ? rest : text;
	const char *host = str_after(bare, "host/");

	if (host ? name_ok(host, strlen(host)) : name_ok(bare, strlen(bare)))
		return xstrdup(bare);
	err_set(e, EINVAL, "\"%s\" is no machine: expected a node's name or host/NAME", text);
	return NULL;
}

/* "MACHINE:NIC"; without NIC eth0, unless it is wanted. */
static int take_nic(json_t *spec, const char *text, bool wanted, struct err *e)
{
	size_t n = text ? strcspn(text, ":") : 0;
	_cleanup_free_ char *machine = NULL;

	if (!text || !n)
		return err_set(e, EINVAL, "expected MACHINE%s", wanted ? ":NIC" : "[:NIC]");
	machine = take_machine(text, n, e);
	if (!machine)
		return -EINVAL;
	if (!text[n] && wanted)
		return err_set(e, EINVAL, "expected MACHINE:NIC, such as %s:eth1, found \"%s\"",
			       machine, text);
	if (text[n] && (!text[n + 1] || strlen(text + n + 1) > 15))
		return err_set(e, EINVAL, "\"%s\": expected the name of a NIC behind the colon",
			       text);
	jset_str(spec, "machine", machine);
	jset_str(spec, "nic", text[n] ? text + n + 1 : NIC_DEFAULT);
	return 0;
}

static int take_int(json_t *spec, const json_t *words, const char *key, long long min,
		    long long max, struct err *e)
{
	json_t *v = json_object_get(words, key);
	long long n = json_integer_value(v);

	if (json_is_string(v) && parse_int(json_string_value(v), min, max, &n) < 0)
		n = min - 1;
	if (!v || (!json_is_integer(v) && !json_is_string(v)) || n < min || n > max)
		return err_set(e, EINVAL, "%s: expected a number of %lld to %lld", key, min, max);
	json_object_set_new(spec, key, json_integer(n));
	return 0;
}

/* ---- one function a word; value is what stands behind it ---- */

static int take_cable(json_t *spec, const json_t *words, const json_t *value, struct err *e)
{
	(void)words;
	return take_nic(spec, json_string_value(value), streq(jstr(spec, "kind", ""), "unplug"), e);
}

static int take_vlan(json_t *spec, const json_t *words, const json_t *value, struct err *e)
{
	int r = take_nic(spec, json_string_value(value), true, e);

	return r < 0 ? r : take_int(spec, words, "vid", 1, 4094, e);
}

static int take_mtu(json_t *spec, const json_t *words, const json_t *value, struct err *e)
{
	const char *text = json_string_value(value);
	int r = 0;

	if (text && strchr(text, ':'))
		r = take_nic(spec, text, true, e);
	else if (text && name_ok(text, strlen(text)))
		jset_str(spec, "network", text);
	else
		r = err_set(e, EINVAL, "expected a NETWORK (a switch) or MACHINE:NIC");
	return r < 0 ? r : take_int(spec, words, "bytes", 68, 65535, e);
}

static int take_impair(json_t *spec, const json_t *words, const json_t *value, struct err *e)
{
	static const struct {
		const char *key, *form;
		int (*parse)(const char *text, uint64_t *ret);
	} how[] = {{"rate", "10mbit, 500kbit or 1gbit", fault_parse_rate},
		   {"loss", "20% or 0.5%", fault_parse_loss},
		   {"delay", "20ms, 500us or 1s", fault_parse_time}};
	int r = take_nic(spec, json_string_value(value), true, e);
	bool any = false;

	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(how); i++) {
		const json_t *v = json_object_get(words, how[i].key);
		uint64_t n;

		if (!v)
			continue;
		if (how[i].parse(json_string_value(v), &n) < 0)
			return err_set(e, EINVAL, "%s: expected a value such as %s", how[i].key,
				       how[i].form);
		json_object_set_new(spec, how[i].key, json_integer((json_int_t)n));
		any = true;
	}
	if (r >= 0 && !any)
		return err_set(e, EINVAL, "expected at least one of rate, loss and delay");
	return r;
}

static int take_node(json_t *spec, const json_t *words, const json_t *value, struct err *e)
{
	const char *text = json_string_value(value), *daemon = jstr(words, "daemon", NULL);
	_cleanup_free_ char *machine = text ? take_machine(text, strlen(text), e) : NULL;
	bool kill = streq(jstr(spec, "kind", ""), "kill") && !json_object_get(spec, "undo");

	if (!machine)
		return text ? -EINVAL : err_set(e, EINVAL, "expected node/NAME");
	if (str_after(machine, "host/"))
		return err_set(e, EINVAL, "%s is no node", machine);
	if (!daemon && (!kill || streq(machine, "fabric")))
		return err_set(e, EINVAL, "daemon is missing: which one of node/%s", machine);
	jset_str(spec, "machine", machine);
	jset_str(spec, "daemon", daemon);
	return json_object_get(words, "signal") ? take_int(spec, words, "signal", 1, 64, e) : 0;
}

/* ---- partition ---- */

static int add_member(json_t *group, json_t *seen, const char *s, size_t n, struct err *e)
{
	_cleanup_free_ char *machine = NULL;

	while (n && s[0] == ' ')
		s++, n--;
	while (n && s[n - 1] == ' ')
		n--;
	machine = take_machine(s, n, e);
	if (!machine)
		return -EINVAL;
	if (json_object_get(seen, machine))
		return err_set(e, EINVAL, "%s is in two groups, or twice in one", machine);
	json_object_set_new(seen, machine, json_true());
	json_array_append_new(group, jstring(machine));
	return 0;
}

/* "a, b" */
static int add_group_text(json_t *groups, json_t *seen, const char *s, size_t n, struct err *e)
{
	json_t *group = json_array();
	int r = 0;

	json_array_append_new(groups, group);
	for (size_t pos = 0; r >= 0 && pos <= n;) {
		size_t len = 0;

		while (pos + len < n && s[pos + len] != ',')
			len++;
		r = add_member(group, seen, s + pos, len, e);
		pos += len + 1;
	}
	return r;
}

static int add_group(json_t *groups, json_t *seen, const json_t *v, struct err *e)
{
	const char *text = json_string_value(v);
	json_t *m, *group;
	size_t i;
	int r = 0;

	if (text)
		return add_group_text(groups, seen, text, strlen(text), e);
	if (!json_array_size(v))
		return err_set(e, EINVAL, "expected groups of machines, at least one in each");
	group = json_array();
	json_array_append_new(groups, group);
	json_array_foreach(v, i, m) {
		const char *s = json_is_string(m) ? json_string_value(m) : "";

		if (r >= 0)
			r = add_member(group, seen, s, strlen(s), e);
	}
	return r;
}

static int take_partition(json_t *spec, const json_t *words, const json_t *value, struct err *e)
{
	_cleanup_json_ json_t *groups = json_array(), *seen = json_object();
	const char *text = json_string_value(value);
	json_t *v;
	size_t i;
	int r = 0;

	while (text && r >= 0) {
		size_t n = strcspn(text, "|");

		r = add_group_text(groups, seen, text, n, e);
		text = text[n] ? text + n + 1 : NULL;
	}
	json_array_foreach(value, i, v)
		if (r >= 0)
			r = add_group(groups, seen, v, e);
	if (r < 0)
		return r;
	if (json_array_size(groups) < 2)
		return err_set(e, EINVAL,
			       "expected at least two groups: \"worker-a,worker-b | worker-c\"");
	jset_str(spec, "network", jstr(words, "network", "underlay"));
	json_object_set(spec, "groups", groups);
	return 0;
}

/* ---- words ---- */

static const struct word {
	const char *name, *kind;
	bool undo;
	int (*take)(json_t *spec, const json_t *words, const json_t *value, struct err *e);
	const char *fields[5]; /* besides name, for and after */
} words_known[] = {
	{"link-down", "link-down", false, take_cable, {NULL}},
	{"link-up", "link-down", true, take_cable, {NULL}},
	{"unplug", "unplug", false, take_cable, {NULL}},
	{"plug", "unplug", true, take_cable, {NULL}},
	{"partition", "partition", false, take_partition, {"network"}},
	{"vlan-remove", "vlan-remove", false, take_vlan, {"vid"}},
	{"mtu", "mtu", false, take_mtu, {"bytes"}},
	{"impair", "impair", false, take_impair, {"rate", "loss", "delay"}},
	{"kill", "kill", false, take_node, {"daemon", "signal"}},
	{"stop", "stop", false, take_node, {"daemon"}},
	{"start", "stop", true, take_node, {"daemon"}},
};

static const struct word *find_word(const json_t *words, struct err *e)
{
	_cleanup_buf_ struct buf all = BUF_INIT;
	const struct word *found = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(words_known); i++) {
		buf_printf(&all, "%s%s", i ? ", " : "", words_known[i].name);
		if (!json_object_get(words, words_known[i].name))
			continue;
		if (found) {
			err_set(e, EINVAL, "%s and %s: one fault at a time", found->name,
				words_known[i].name);
			return NULL;
		}
		found = &words_known[i];
	}
	if (!found)
		err_set(e, EINVAL, "expected one of %s", buf_str(&all));
	return found;
}

static int check_fields(const struct word *w, const json_t *words, struct err *e)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)words, key, v) {
		bool known = streq(key, w->name);

		if (!w->undo)
			known |= streq(key, "name") || streq(key, "for") || streq(key, "after");
		for (size_t i = 0; i < ARRAY_SIZE(w->fields) && w->fields[i]; i++)
			known |= streq(key, w->fields[i]);
		if (!known)
			return err_set(e, EINVAL, "%s has no field %s", w->name, key);
	}
	return 0;
}

static int take_common(json_t *spec, const json_t *words, struct err *e)
{
	const char *name = jstr(words, "name", NULL);
	static const char *const spans[] = {"for", "after"};

	if (json_object_get(words, "name") &&
	    (!name || !name_ok(name, strlen(name)) || streq(name, "all")))
		return err_set(e, EINVAL,
			       "name: expected a-z, 0-9 and -, at most 40 characters, not \"all\"");
	jset_str(spec, "name", name);
	for (size_t i = 0; i < ARRAY_SIZE(spans); i++) {
		json_t *v = json_object_get(words, spans[i]);
		_cleanup_free_ char *number =
			json_is_integer(v) ? xasprintf("%lld", (long long)json_integer_value(v))
					   : NULL;
		uint64_t usec;

		if (!v)
			continue;
		if (fault_parse_time(number ? number : json_string_value(v), &usec) < 0)
			return err_set(e, EINVAL, "%s: expected a duration such as 2s or 500ms",
				       spans[i]);
		json_object_set_new(spec, spans[i], json_integer((json_int_t)usec));
	}
	return 0;
}

/* ---- in words again ---- */

static void say_groups(struct buf *b, const json_t *groups)
{
	json_t *g, *m;
	size_t i, k;

	json_array_foreach(groups, i, g)
		json_array_foreach(g, k, m)
			buf_printf(b, "%s%s", k ? "," : i ? " | " : "", json_string_value(m));
}

static char *say(const json_t *spec, const json_t *words)
{
	static const char *const plain[] = {"rate", "loss", "delay"};
	_cleanup_buf_ struct buf b = BUF_INIT;
	const char *machine = jstr(spec, "machine", NULL), *nic = jstr(spec, "nic", NULL);

	buf_printf(&b, "%s ", jstr(spec, "kind", ""));
	if (json_object_get(spec, "network"))
		buf_printf(&b, "%s", jstr(spec, "network", ""));
	if (machine)
		buf_printf(&b, "%s%s%s%s",
			   nic || strchr(machine, '/') || streq(machine, "fabric") ? "" : "node/",
			   machine, nic ? ":" : "", nic ? nic : "");
	if (json_object_get(spec, "groups"))
		buf_printf(&b, " ");
	say_groups(&b, json_object_get(spec, "groups"));
	if (json_object_get(spec, "daemon"))
		buf_printf(&b, " %s", jstr(spec, "daemon", ""));
	if (json_object_get(spec, "vid"))
		buf_printf(&b, " VLAN %lld", jint(spec, "vid", 0));
	if (json_object_get(spec, "bytes"))
		buf_printf(&b, " %lld", jint(spec, "bytes", 0));
	for (size_t i = 0; i < ARRAY_SIZE(plain); i++)
		if (json_object_get(spec, plain[i]))
			buf_printf(&b, " %s %s", plain[i], jstr(words, plain[i], ""));
	return buf_take(&b);
}

json_t *fault_spec_parse(const json_t *words, struct err *e)
{
	const struct word *w = find_word(words, e);
	_cleanup_json_ json_t *spec = NULL;
	_cleanup_free_ char *text = NULL;
	int r;

	if (!w)
		return NULL;
	spec = json_pack("{s:s}", "kind", w->kind);
	if (w->undo)
		json_object_set_new(spec, "undo", json_true());
	r = check_fields(w, words, e);
	if (r >= 0)
		r = w->take(spec, words, json_object_get(words, w->name), e);
	if (r < 0) {
		err_wrap(e, "%s", w->name);
		return NULL;
	}
	if (take_common(spec, words, e) < 0)
		return NULL;
	text = say(spec, words);
	jset_str(spec, "text", text);
	return TAKE_PTR(spec);
}

/* ---- claims ---- */

json_t *fault_spec_claims(const json_t *spec)
{
	const char *kind = jstr(spec, "kind", ""), *m = jstr(spec, "machine", "");
	const char *nic = jstr(spec, "nic", NULL), *daemon = jstr(spec, "daemon", NULL);
	const char *net = jstr(spec, "network", "");
	json_t *s;

	if (streq(kind, "unplug"))
		s = jstringf("nic/%s:%s", m, nic);
	else if (streq(kind, "vlan-remove"))
		s = jstringf("nic/%s:%s/vlan/%lld", m, nic, jint(spec, "vid", 0));
	else if (nic)
		s = jstringf("nic/%s:%s/%s", m, nic, kind);
	else if (daemon)
		s = jstringf("node/%s/%s", m, daemon);
	else if (streq(kind, "kill"))
		s = jstringf("node/%s", m);
	else
		s = jstringf("network/%s/%s", net, kind);
	return json_pack("[o]", s);
}

static bool collide(const char *a, const char *b)
{
	const char *rest = str_after(a, b);

	if (!rest)
		rest = str_after(b, a);
	return rest && (!*rest || *rest == '/');
}

const char *fault_claims_collide(const json_t *a, const json_t *b)
{
	json_t *x, *y;
	size_t i, k;

	json_array_foreach(a, i, x)
		json_array_foreach(b, k, y)
			if (collide(json_string_value(x), json_string_value(y)))
				return json_string_value(x);
	return NULL;
}
