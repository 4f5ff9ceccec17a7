/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Input: one letter (m, s, j: type of patch; a: apply), then JSON [target, patch]. What a patch makes
 * must be printable and patchable again; applying a manifest twice must change nothing the second time.
 */
#include "api/apply.h"
#include "api/patch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_patch(enum patch_type t, const json_t *target, const json_t *patch)
{
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_json_ json_t *got = patch_apply(t, kind_pod.fields, target, patch, &e);
	_cleanup_json_ json_t *diff = NULL, *again = NULL;
	_cleanup_free_ char *text = NULL;

	if (!got) {
		if (!e.code)
			abort();
		return;
	}
	text = jtext(got);
	if (!json_is_object(target) || !json_is_object(got))
		return;
	schema_drop_nulls(NULL, got);
	diff = patch_diff(target, got);
	again = patch_apply(PATCH_MERGE, NULL, target, diff, &e);
	if (!again)
		abort();
	/* Nulls inside lists and of the target itself cannot be said in a merge patch. */
	schema_drop_nulls(NULL, again);
	if (!json_equal(again, got))
		abort();
}

static void check_apply(const json_t *first, const json_t *second)
{
	static const struct kind *const kinds[] = {&kind_pod, &kind_vm};

	if (!json_is_object(first) || !json_is_object(second))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		_cleanup_json_ json_t *stored = apply_annotated(first);
		enum patch_type t;
		_cleanup_json_ json_t *patch = apply_plan(kinds[i], stored, second, &t);
		_cleanup_json_ json_t *got = patch_apply(t, kinds[i]->fields, stored, patch, NULL);
		_cleanup_json_ json_t *after = got ? apply_plan(kinds[i], got, second, &t) : NULL;

		/* A strategic patch may meet its own directives in hostile input. */
		if (t == PATCH_MERGE && json_object_size(after) > 0)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_json_ json_t *in =
		size > 1 ? jparse((const char *)data + 1, size - 1, NULL) : NULL;
	const json_t *target = json_array_get(in, 0), *patch = json_array_get(in, 1);

	if (!target || !patch)
		return 0;
	switch (data[0]) {
	case 'm':
		check_patch(PATCH_MERGE, target, patch);
		break;
	case 's':
		check_patch(PATCH_STRATEGIC, target, patch);
		break;
	case 'j':
		check_patch(PATCH_JSON, target, patch);
		break;
	case 'a':
		check_apply(target, patch);
		break;
	}
	return 0;
}
