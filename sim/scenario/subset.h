/* SPDX-License-Identifier: Apache-2.0 */
/* Is a pattern contained in a document? The comparison of assert. */
#ifndef OVNBED_SCENARIO_SUBSET_H
#define OVNBED_SCENARIO_SUBSET_H

#include "base/json.h"

/*
 * True when want is contained in have: objects by the keys that want has, arrays when each element
 * of want is contained in some element of have, other values when equal; "*" is contained in
 * anything that is there. Otherwise *ret_why (unless NULL) says what differs, "a.b: expected 1,
 * found 2"; caller frees.
 */
bool subset_holds(const json_t *want, const json_t *have, char **ret_why);

#endif
