/* SPDX-License-Identifier: Apache-2.0 */
/* The words for faults from bytes: JSON that is refused, or a spec with a text and claims. */
#include <assert.h>

#include "lab/fault_spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_json_ json_t *words = jparse((const char *)data, size, &e), *spec = NULL;
	_cleanup_json_ json_t *claims = NULL;

	if (!words)
		return 0;
	spec = fault_spec_parse(words, &e);
	assert(spec || *err_msg(&e));
	if (!spec)
		return 0;
	claims = fault_spec_claims(spec);
	assert(*jstr(spec, "text", "") && *jstr(spec, "kind", ""));
	assert(fault_claims_collide(claims, claims));
	return 0;
}
