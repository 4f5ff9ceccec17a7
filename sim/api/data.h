/* SPDX-License-Identifier: Apache-2.0 */
/* What Secret and ConfigMap have in common: maps of named blobs. */
#ifndef OVNBED_API_DATA_H
#define OVNBED_API_DATA_H

#include "api/kind.h"

/* Keys of the map obj.member: letters, digits, '-', '_', '.'; with base64, values must decode. */
void data_check_map(const json_t *obj, const char *member, bool base64, struct diags *d);
/* At most 1 MiB in the map members a and b together. */
void data_check_size(const json_t *obj, const char *a, const char *b, struct diags *d);
/* Once `immutable: true` is stored, members (NULL-terminated) and the flag itself are fixed. */
void data_check_immutable(const json_t *obj, const json_t *old, const char *const *members,
			  struct diags *d);

#endif
