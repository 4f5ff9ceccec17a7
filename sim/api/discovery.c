/* SPDX-License-Identifier: Apache-2.0 */
#include "api/discovery.h"

static json_t *strings(const char *const *v)
{
	json_t *a = json_array();

	for (; v && *v; v++)
		json_array_append_new(a, jstring(*v));
	return a;
}

json_t *discovery_api(void)
{
	return json_pack("{s:s, s:[s], s:[]}", "kind", "APIVersions", "versions", "v1",
			 "serverAddressByClientCIDRs");
}

static json_t *group_version(const char *group, const char *version)
{
	return json_pack("{s:o, s:s}", "groupVersion", jstringf("%s/%s", group, version), "version",
			 version);
}

static bool lists_version(const json_t *versions, const char *version)
{
	size_t i;
	json_t *v;

	json_array_foreach(versions, i, v)
		if (streq(jstr(v, "version", ""), version))
			return true;
	return false;
}

/* {name, versions[], preferredVersion}: the group's versions in order of the kinds' preference. */
static json_t *make_group(const char *group)
{
	json_t *versions = json_array();

	KIND_FOREACH(k)
		for (const char *const *v = k->versions; streq(k->group, group) && *v; v++)
			if (!lists_version(versions, *v))
				json_array_append_new(versions, group_version(group, *v));
	return json_pack("{s:s, s:O, s:o}", "name", group, "preferredVersion",
			 json_array_get(versions, 0), "versions", versions);
}

json_t *discovery_apis(void)
{
	json_t *groups = json_array();
	_cleanup_json_ json_t *seen = json_object();

	KIND_FOREACH(k) {
		if (!*k->group || json_object_get(seen, k->group))
			continue;
		json_object_set_new(seen, k->group, json_true());
		json_array_append_new(groups, make_group(k->group));
	}
	return json_pack("{s:s, s:s, s:o}", "kind", "APIGroupList", "apiVersion", "v1", "groups",
			 groups);
}

json_t *discovery_group(const char *group)
{
	KIND_FOREACH(k) {
		json_t *g;

		if (!*k->group || !streq(k->group, group))
			continue;
		g = make_group(group);
		json_object_set_new(g, "kind", jstring("APIGroup"));
		json_object_set_new(g, "apiVersion", jstring("v1"));
		return g;
	}
	return NULL;
}

static json_t *resource(const struct kind *k)
{
	static const char *const verbs[] = {"create", "delete", "deletecollection",
					    "get",    "list",	"patch",
					    "update", "watch",	NULL};
	json_t *r = json_pack("{s:s, s:s, s:b, s:s, s:o}", "name", k->plural, "singularName",
			      k->singular, "namespaced", k->namespaced, "kind", k->kind, "verbs",
			      strings(verbs));

	if (k->short_names)
		json_object_set_new(r, "shortNames", strings(k->short_names));
	if (k->categories)
		json_object_set_new(r, "categories", strings(k->categories));
	return r;
}

static json_t *status_resource(const struct kind *k)
{
	return json_pack("{s:o, s:s, s:b, s:s, s:[s,s,s]}", "name",
			 jstringf("%s/status", k->plural), "singularName", "", "namespaced",
			 k->namespaced, "kind", k->kind, "verbs", "get", "patch", "update");
}

json_t *discovery_resources(const char *group, const char *version)
{
	json_t *list = json_array();

	KIND_FOREACH(k) {
		if (!streq(k->group, group) || !kind_by_url(group, version, k->plural))
			continue;
		json_array_append_new(list, resource(k));
		if (k->has_status)
			json_array_append_new(list, status_resource(k));
	}
	if (json_array_size(list) == 0) {
		json_decref(list);
		return NULL;
	}
	return json_pack("{s:s, s:s, s:o, s:o}", "kind", "APIResourceList", "apiVersion", "v1",
			 "groupVersion",
			 *group ? jstringf("%s/%s", group, version) : jstring(version), "resources",
			 list);
}

json_t *discovery_version(const char *git_version)
{
	long long major = 1, minor = 0;
	_cleanup_free_ char *copy = xstrdup(str_after(git_version, "v") ? git_version + 1 : "");
	char *dot = strchr(copy, '.'), *end = dot ? strpbrk(dot + 1, ".-+") : NULL;

	if (dot) {
		*dot = '\0';
		if (end)
			*end = '\0';
		parse_int(copy, 0, 1000, &major);
		parse_int(dot + 1, 0, 1000, &minor);
	}
	return json_pack("{s:o, s:o, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "major",
			 jstringf("%lld", major), "minor", jstringf("%lld", minor), "gitVersion",
			 git_version, "gitCommit", "", "gitTreeState", "clean", "buildDate",
			 "1970-01-01T00:00:00Z", "goVersion", "", "compiler", "gcc", "platform",
			 "linux/amd64");
}
