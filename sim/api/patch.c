/* SPDX-License-Identifier: Apache-2.0 */
#include "api/patch.h"

#include <errno.h>
#include <strings.h>

static const char *const content_types[] = {
	[PATCH_MERGE] = "application/merge-patch+json",
	[PATCH_STRATEGIC] = "application/strategic-merge-patch+json",
	[PATCH_JSON] = "application/json-patch+json",
};

int patch_type_of(const char *content_type, enum patch_type *ret)
{
	size_t n = strcspn(content_type ? content_type : "", "; \t");

	for (size_t i = 0; i < ARRAY_SIZE(content_types); i++) {
		if (n == strlen(content_types[i]) &&
		    !strncasecmp(content_type, content_types[i], n)) {
			*ret = (enum patch_type)i;
			return 0;
		}
	}
	return -EOPNOTSUPP;
}

const char *patch_content_type(enum patch_type t)
{
	return content_types[t];
}

json_t *patch_apply(enum patch_type t, const struct field *fields, const json_t *target,
		    const json_t *patch, struct err *e)
{
	switch (t) {
	case PATCH_STRATEGIC:
		return patch_strategic(fields, target, patch, e);
	case PATCH_JSON:
		return patch_json(target, patch, e);
	case PATCH_MERGE:
		break;
	}
	if (!json_is_object(patch)) {
		err_set(e, EINVAL, "a merge patch of an object is an object");
		return NULL;
	}
	return jmerge_patch(target, patch);
}

json_t *patch_diff(const json_t *from, const json_t *to)
{
	json_t *out = json_object(), *v;
	const char *key;

	json_object_foreach((json_t *)to, key, v) {
		json_t *old = json_object_get(from, key);

		if (old && json_equal(old, v))
			continue;
		if (json_is_object(old) && json_is_object(v))
			json_object_set_new(out, key, patch_diff(old, v));
		else
			json_object_set_new(out, key, json_deep_copy(v));
	}
	json_object_foreach((json_t *)from, key, v)
		if (!json_object_get(to, key))
			json_object_set_new(out, key, json_null());
	return out;
}
