/* SPDX-License-Identifier: Apache-2.0 */
#include "api/meta.h"

#include <time.h>

#include "api/text.h"

static const char *metadata_str(const json_t *obj, const char *key)
{
	const char *s = json_string_value(json_object_get(json_object_get(obj, "metadata"), key));

	return s ? s : "";
}

const char *meta_name(const json_t *obj)
{
	return metadata_str(obj, "name");
}

const char *meta_ns(const json_t *obj)
{
	return metadata_str(obj, "namespace");
}

const char *meta_uid(const json_t *obj)
{
	return metadata_str(obj, "uid");
}

const char *meta_rv(const json_t *obj)
{
	return metadata_str(obj, "resourceVersion");
}

long long meta_generation(const json_t *obj)
{
	return jint(obj, "metadata.generation", 0);
}

/* Label and annotation keys contain dots: no dotted paths below metadata.labels. */
static const char *map_str(const json_t *obj, const char *map, const char *key)
{
	return json_string_value(json_object_get(jget(obj, map), key));
}

const char *meta_label(const json_t *obj, const char *key)
{
	return map_str(obj, "metadata.labels", key);
}

const char *meta_annotation(const json_t *obj, const char *key)
{
	return map_str(obj, "metadata.annotations", key);
}

static void set_map(json_t *obj, const char *map, const char *key, const char *v)
{
	json_t *m = jget(obj, map);

	if (!json_is_object(m)) {
		if (!v)
			return;
		jset(obj, map, json_object());
		m = jget(obj, map);
	}
	if (v)
		json_object_set_new(m, key, jstring(v));
	else
		json_object_del(m, key);
	if (json_object_size(m) == 0)
		jdel(obj, map);
}

void meta_set_label(json_t *obj, const char *key, const char *v)
{
	set_map(obj, "metadata.labels", key, v);
}

void meta_set_annotation(json_t *obj, const char *key, const char *v)
{
	set_map(obj, "metadata.annotations", key, v);
}

char *meta_key(const json_t *obj)
{
	const char *ns = meta_ns(obj);

	return *ns ? xasprintf("%s/%s", ns, meta_name(obj)) : xstrdup(meta_name(obj));
}

char *meta_title(const json_t *obj)
{
	_cleanup_free_ char *key = meta_key(obj);
	const char *name = *key ? key : metadata_str(obj, "generateName");

	return xasprintf("%s %s", jstr(obj, "kind", "object"), *name ? name : "(no name)");
}

bool meta_deleting(const json_t *obj)
{
	return *metadata_str(obj, "deletionTimestamp") != '\0';
}

bool meta_has_finalizer(const json_t *obj, const char *finalizer)
{
	return jhas_str(jget(obj, "metadata.finalizers"), finalizer);
}

void meta_add_finalizer(json_t *obj, const char *finalizer)
{
	if (!json_is_array(jget(obj, "metadata.finalizers")))
		jset(obj, "metadata.finalizers", json_array());
	jadd_str(jget(obj, "metadata.finalizers"), finalizer);
}

void meta_del_finalizer(json_t *obj, const char *finalizer)
{
	json_t *left = json_array(), *v;
	size_t i;

	json_array_foreach(jget(obj, "metadata.finalizers"), i, v)
		if (!streq0(json_string_value(v), finalizer))
			json_array_append(left, v);
	if (json_array_size(left) > 0) {
		jset(obj, "metadata.finalizers", left);
	} else {
		jdel(obj, "metadata.finalizers");
		json_decref(left);
	}
}

json_t *meta_controller(const json_t *obj)
{
	size_t i;
	json_t *ref;

	json_array_foreach(jget(obj, "metadata.ownerReferences"), i, ref)
		if (jbool(ref, "controller", false))
			return ref;
	return NULL;
}

bool meta_owned_by(const json_t *obj, const char *owner_uid)
{
	size_t i;
	json_t *ref;

	json_array_foreach(jget(obj, "metadata.ownerReferences"), i, ref)
		if (streq(jstr(ref, "uid", ""), owner_uid))
			return true;
	return false;
}

void meta_set_controller(json_t *obj, const json_t *owner)
{
	json_t *refs = json_array(), *ref;
	size_t i;

	json_array_foreach(jget(obj, "metadata.ownerReferences"), i, ref)
		if (!streq(jstr(ref, "uid", ""), meta_uid(owner)))
			json_array_append(refs, ref);
	json_array_append_new(refs, json_pack("{s:s, s:s, s:s, s:s, s:b, s:b}", "apiVersion",
					      jstr(owner, "apiVersion", ""), "kind",
					      jstr(owner, "kind", ""), "name", meta_name(owner),
					      "uid", meta_uid(owner), "controller", true,
					      "blockOwnerDeletion", true));
	jset(obj, "metadata.ownerReferences", refs);
}

json_t *meta_new(const struct kind *k, const char *ns, const char *name)
{
	_cleanup_free_ char *version = kind_api_version(k);
	json_t *obj = json_pack("{s:s, s:s, s:{s:s}}", "apiVersion", version, "kind", k->kind,
				"metadata", "name", name);

	if (k->namespaced && ns && *ns)
		jset_str(obj, "metadata.namespace", ns);
	return obj;
}

static json_t *find_condition(const json_t *status, const char *type)
{
	size_t i;
	json_t *c;

	json_array_foreach(json_object_get(status, "conditions"), i, c)
		if (streq(jstr(c, "type", ""), type))
			return c;
	return NULL;
}

json_t *meta_condition(const json_t *obj, const char *type)
{
	return find_condition(json_object_get(obj, "status"), type);
}

const char *meta_condition_status(const json_t *obj, const char *type)
{
	return jstr(meta_condition(obj, type), "status", "");
}

bool meta_condition_true(const json_t *obj, const char *type)
{
	return streq(meta_condition_status(obj, type), "True");
}

/* Sets or removes a member; true when it changed. */
static bool set_member(json_t *o, const char *key, const char *v)
{
	_cleanup_free_ char *clean = xstrdup(v);

	if (clean)
		text_sanitize(clean); /* messages quote guests and daemons */
	if (streq0(json_string_value(json_object_get(o, key)), clean))
		return false;
	jset_str(o, key, clean);
	return true;
}

bool meta_set_status_condition(json_t *status, const char *type, const char *st, const char *reason,
			       const char *message, int64_t now)
{
	json_t *list = json_object_get(status, "conditions"), *c = find_condition(status, type);
	char stamp[21];
	bool changed;

	if (!c) {
		if (!json_is_array(list)) {
			list = json_array();
			json_object_set_new(status, "conditions", list);
		}
		c = json_pack("{s:s}", "type", type);
		json_array_append_new(list, c);
	}
	changed = set_member(c, "status", st);
	if (changed) {
		meta_time(now, stamp);
		jset_str(c, "lastTransitionTime", stamp);
	}
	changed |= set_member(c, "reason", reason);
	changed |= set_member(c, "message", message);
	return changed;
}

bool meta_set_condition(json_t *obj, const char *type, const char *status, const char *reason,
			const char *message, int64_t now)
{
	if (!json_is_object(json_object_get(obj, "status")))
		json_object_set_new(obj, "status", json_object());
	return meta_set_status_condition(json_object_get(obj, "status"), type, status, reason,
					 message, now);
}

bool meta_del_condition(json_t *obj, const char *type)
{
	json_t *list = jget(obj, "status.conditions"), *c;
	size_t i;

	json_array_foreach(list, i, c) {
		if (streq(jstr(c, "type", ""), type)) {
			json_array_remove(list, i);
			return true;
		}
	}
	return false;
}

void meta_time(int64_t t, char out[static 21])
{
	time_t tt = (time_t)t;
	struct tm tm;

	if (!gmtime_r(&tt, &tm) || tm.tm_year < 0 || tm.tm_year > 8099 ||
	    strftime(out, 21, "%Y-%m-%dT%H:%M:%SZ", &tm) != 20)
		memcpy(out, "1970-01-01T00:00:00Z", 21);
}

/* The zone part: "Z" or "+hh:mm". Seconds east of UTC, or INT64_MIN. */
static int64_t parse_zone(const char *s)
{
	int h, m, n = 0;

	if (streq(s, "Z") || streq(s, "z"))
		return 0;
	if ((*s != '+' && *s != '-') || sscanf(s + 1, "%2d:%2d%n", &h, &m, &n) != 2 || n != 5 ||
	    s[6] || h < 0 || h > 23 || m < 0 || m > 59)
		return INT64_MIN;
	return (*s == '-' ? -1 : 1) * (h * 3600LL + m * 60LL);
}

int64_t meta_parse_time(const char *s)
{
	struct tm tm = {0};
	int64_t zone;
	const char *p = s ? strptime(s, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;

	if (!p)
		return -1;
	if (*p == '.')
		p += 1 + strspn(p + 1, "0123456789");
	zone = parse_zone(p);
	return zone == INT64_MIN ? -1 : (int64_t)timegm(&tm) - zone;
}

/* Two units, the smaller one only while it tells something, like kubectl's HumanDuration. */
char *meta_age(int64_t seconds)
{
	int64_t m = seconds / 60, h = m / 60, d = h / 24, y = d / 365;

	if (seconds < 0)
		return xstrdup("0s");
	if (seconds < 120)
		return xasprintf("%llds", (long long)seconds);
	if (m < 10 && seconds % 60)
		return xasprintf("%lldm%llds", (long long)m, (long long)(seconds % 60));
	if (m < 180)
		return xasprintf("%lldm", (long long)m);
	if (h < 8 && m % 60)
		return xasprintf("%lldh%lldm", (long long)h, (long long)(m % 60));
	if (h < 48)
		return xasprintf("%lldh", (long long)h);
	if (d < 8 && h % 24)
		return xasprintf("%lldd%lldh", (long long)d, (long long)(h % 24));
	if (d < 365 * 2)
		return xasprintf("%lldd", (long long)d);
	if (y < 8 && d % 365)
		return xasprintf("%lldy%lldd", (long long)y, (long long)(d % 365));
	return xasprintf("%lldy", (long long)y);
}
