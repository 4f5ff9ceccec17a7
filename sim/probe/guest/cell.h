/* SPDX-License-Identifier: Apache-2.0 */
/* Cells as the protocol describes them: parsing, and results as JSON. Pure. */
#ifndef OVNBED_PROBE_GUEST_CELL_H
#define OVNBED_PROBE_GUEST_CELL_H

#include "probe/guest/attempt.h"

struct cell {
	struct target t;
	int tries;
	bool all, flush_neigh;
};

/* Fills in ret (zeroed first) from a CELL of probe/proto.h; -EINVAL. */
int cell_parse(const json_t *j, uint64_t nonce, struct cell *ret, struct err *e);
/* Address members that several methods share: dst (required), src?, ifname?. */
int cell_parse_addrs(const json_t *j, struct target *t, struct err *e);
/* An integer in [min, max]; def when absent. -EINVAL names the key. */
int cell_int(const json_t *j, const char *key, long long def, long long min, long long max,
	     long long *ret, struct err *e);
/* The nonce of params. */
int cell_nonce(const json_t *params, uint64_t *ret, struct err *e);
/* {tUs (since base_us), outcome, errno?, detail?, sport?, rttUs?}. New reference. */
json_t *cell_attempt_json(const struct attempt_result *r, uint64_t base_us);

#endif
