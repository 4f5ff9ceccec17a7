/* SPDX-License-Identifier: Apache-2.0 */
#include <strings.h>

#include "nmstate/nmstate_priv.h"

const char *nms_type_name(const json_t *v)
{
	static const char *const names[] = {
		[JSON_OBJECT] = "an object", [JSON_ARRAY] = "a list",  [JSON_STRING] = "a string",
		[JSON_INTEGER] = "a number", [JSON_REAL] = "a number", [JSON_TRUE] = "a boolean",
		[JSON_FALSE] = "a boolean",  [JSON_NULL] = "nothing",
	};

	return v ? names[json_typeof(v)] : "nothing";
}

int nms_bool(const json_t *v)
{
	static const char *const words[][2] = {
		{"false", "true"}, {"no", "yes"}, {"off", "on"}, {"0", "1"}, {"n", "y"},
	};
	const char *s = json_string_value(v);

	if (json_is_boolean(v))
		return json_is_true(v);
	if (json_is_integer(v) && (json_integer_value(v) | 1) == 1)
		return json_integer_value(v) != 0;
	for (size_t i = 0; s && i < ARRAY_SIZE(words); i++)
		for (int b = 0; b < 2; b++)
			if (!strcasecmp(s, words[i][b]))
				return b;
	return -1;
}

bool nms_int(const json_t *v, long long min, long long max, long long *ret)
{
	long long n;

	if (json_is_integer(v))
		n = json_integer_value(v);
	else if (!json_is_string(v) || parse_int(json_string_value(v), min, max, &n) < 0)
		return false;
	if (n < min || n > max)
		return false;
	*ret = n;
	return true;
}

int nms_stp(const json_t *v)
{
	if (json_is_object(v)) {
		const json_t *enabled = json_object_get(v, "enabled");

		return enabled ? nms_bool(enabled) : -1;
	}
	return json_is_boolean(v) ? json_is_true(v) : json_is_string(v) ? 1 : -1;
}

bool nms_trunk_range(const json_t *entry, long long *ret_min, long long *ret_max)
{
	const json_t *range = json_object_get(entry, "id-range");
	long long min, max;

	if (!range) {
		if (!nms_int(json_object_get(entry, "id"), 0, NMS_VLANS - 2, &min))
			return false;
		*ret_min = *ret_max = min;
		return true;
	}
	if (json_object_get(entry, "id") ||
	    !nms_int(json_object_get(range, "min"), 0, NMS_VLANS - 2, &min) ||
	    !nms_int(json_object_get(range, "max"), min, NMS_VLANS - 2, &max))
		return false;
	*ret_min = min;
	*ret_max = max;
	return true;
}

void nms_trunks(const json_t *tags, bool set[static NMS_VLANS])
{
	long long min, max;
	size_t i;
	json_t *entry;

	memset(set, 0, NMS_VLANS * sizeof(*set));
	json_array_foreach(tags, i, entry)
		if (nms_trunk_range(entry, &min, &max))
			for (long long id = min; id <= max; id++)
				set[id] = true;
}

/* The fewest entries that make the set. */
static json_t *trunk_entries(const bool set[static NMS_VLANS])
{
	json_t *out = json_array();

	for (int id = 0; id < NMS_VLANS; id++) {
		int last = id;

		if (!set[id])
			continue;
		while (last + 1 < NMS_VLANS && set[last + 1])
			last++;
		json_array_append_new(out, last == id ? json_pack("{s:i}", "id", id)
						      : json_pack("{s:{s:i, s:i}}", "id-range",
								  "min", id, "max", last));
		id = last;
	}
	return out;
}

json_t *nms_vlan(const json_t *vlan)
{
	const char *mode = jstr(vlan, "mode", NULL);
	json_t *out;
	bool trunks[NMS_VLANS];
	long long tag;
	bool tagged = nms_int(json_object_get(vlan, "tag"), 0, NMS_VLANS - 2, &tag);

	if (!json_object_size(vlan) || !mode)
		return NULL;
	out = json_pack("{s:s}", "mode", mode);
	if (tagged)
		json_object_set_new(out, "tag", json_integer(tag));
	if (streq(mode, "trunk")) {
		nms_trunks(json_object_get(vlan, "trunk-tags"), trunks);
		json_object_set_new(out, "trunk-tags", trunk_entries(trunks));
		json_object_set_new(
			out, "enable-native",
			json_boolean(nms_bool(json_object_get(vlan, "enable-native")) == 1));
	}
	return out;
}

char *nms_text(const json_t *v)
{
	return json_is_string(v) ? xstrdup(json_string_value(v))
	       : v		 ? jtext(v)
				 : xstrdup("nothing");
}
