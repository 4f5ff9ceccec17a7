/* SPDX-License-Identifier: Apache-2.0 */
/* Input: a label selector. What it prints as must parse to the same again. */
#include "api/selector.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = xstrndup((const char *)data, size), *one = NULL, *two = NULL;
	_cleanup_selector_ struct selector *s = selector_parse(text, NULL), *again = NULL;
	_cleanup_field_selector_ struct field_selector *f = field_selector_parse(text, NULL);
	_cleanup_json_ json_t *obj = json_pack("{s:{s:{s:s}}}", "metadata", "labels", "a", "b");

	field_selector_match(f, obj);
	if (!s)
		return 0;
	selector_match_object(s, obj);
	one = selector_text(s);
	again = selector_parse(one, NULL);
	two = again ? selector_text(again) : NULL;
	if (!streq0(one, two))
		abort();
	return 0;
}
