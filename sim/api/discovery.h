/* SPDX-License-Identifier: Apache-2.0 */
/* Discovery documents, made from the kind table. All return new references. */
#ifndef OVNBED_API_DISCOVERY_H
#define OVNBED_API_DISCOVERY_H

#include "api/kind.h"

/* GET /api: APIVersions. */
json_t *discovery_api(void);
/* GET /apis: APIGroupList. */
json_t *discovery_apis(void);
/* GET /apis/GROUP: APIGroup, or NULL when there is no such group. */
json_t *discovery_group(const char *group);
/* GET /api/v1 (group "") or /apis/GROUP/VERSION: APIResourceList, or NULL when there is none. */
json_t *discovery_resources(const char *group, const char *version);
/* GET /version. git_version like "v1.30.0-ovnbed". */
json_t *discovery_version(const char *git_version);

#endif
