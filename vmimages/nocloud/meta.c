/* SPDX-License-Identifier: Apache-2.0 */
/* meta-data: who this instance is. */
#include "config_priv.h"

static void add_key(json_t *keys, const json_t *v, int depth)
{
	const char *name;
	json_t *inner;
	size_t i;

	if (depth > 3)
		return;
	if (json_is_object(v)) {
		json_object_foreach((json_t *)v, name, inner)
			add_key(keys, inner, depth + 1);
		return;
	}
	if (json_is_array(v)) {
		json_array_foreach(v, i, inner)
			add_key(keys, inner, depth + 1);
		return;
	}
	if (json_is_string(v))
		jadd_str(keys, json_string_value(v));
}

json_t *nc_meta_parse(const char *text, size_t len, struct diags *d)
{
	_cleanup_yaml_ struct yaml_docs docs = {0};
	json_t *out = json_pack("{s:[]}", "keys"), *root;
	_cleanup_free_ char *id = NULL, *host = NULL;

	root = nc_yaml(text, len, "meta-data", &docs, d);
	if (!root)
		return out;
	id = nc_text(json_object_get(root, "instance-id"));
	host = nc_text(json_object_get(root, "local-hostname"));
	if (!host)
		host = nc_text(json_object_get(root, "hostname"));
	jset_str(out, "instance-id", id);
	jset_str(out, "hostname", host);
	add_key(json_object_get(out, "keys"), json_object_get(root, "public-keys"), 0);
	return out;
}
