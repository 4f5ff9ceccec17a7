/* SPDX-License-Identifier: Apache-2.0 */
/* Kubernetes resource quantities: "1024Mi", "1.5G", "500m", "1e3", 2. */
#ifndef OVNBED_API_QUANTITY_H
#define OVNBED_API_QUANTITY_H

#include "base/json.h"

/*
 * Whole units (bytes, CPUs), rounded up as Kubernetes does ("500m" is 1). -EINVAL when malformed,
 * -ERANGE when beyond 64 bits or 18 digits; *ret untouched then.
 */
int quantity_parse(const char *s, long long *ret);
/* The same of a JSON string or number. */
int quantity_value(const json_t *v, long long *ret);

#endif
