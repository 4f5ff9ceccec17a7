/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/nmstate.h"

#include "agent/ovs.h"

json_t *nmstate_status(struct agent *a)
{
	return ovs_is_ready(a) ? nmstate_report(ovsdb_replica(ovs_db(a))) : json_null();
}
