/* SPDX-License-Identifier: Apache-2.0 */
/* What errors and answers mean. Pure. */
#include <errno.h>
#include <time.h>
/* behind time.h, whose timespec it needs */
#include <linux/errqueue.h>

#include "probe/guest/mtu.h"

enum probe_outcome attempt_classify(int err, const struct sock_error *se)
{
	bool remote = se && !se->offender_local &&
		      (se->origin == SO_EE_ORIGIN_ICMP || se->origin == SO_EE_ORIGIN_ICMP6);

	switch (err) {
	case ECONNREFUSED:
		return PROBE_REFUSED;
	case ETIMEDOUT:
		return PROBE_TIMEOUT;
	case ECONNRESET:
	case EPIPE:
		return PROBE_BROKEN;
	default:
		return remote ? PROBE_UNREACH : PROBE_LOCAL_ERROR;
	}
}

int outcome_rank(enum probe_outcome o)
{
	static const int rank[PROBE_N_OUTCOMES] = {
		[PROBE_ALLOWED] = 7,	[PROBE_WRONG_PEER] = 6, [PROBE_BROKEN] = 5,
		[PROBE_REFUSED] = 4,	[PROBE_UNREACH] = 3,	[PROBE_TIMEOUT] = 2,
		[PROBE_LOCAL_ERROR] = 1};

	return rank[o];
}

enum probe_mtu_class mtu_class(const struct attempt_result *r, const struct target *t)
{
	switch (r->outcome) {
	case PROBE_ALLOWED:
		if (t->ops != &attempt_udp)
			return PROBE_MTU_PASS;
		if (r->reply_aux & PHDR_AUX_FRAGMENTED)
			return PROBE_MTU_FRAGMENTED;
		return r->reply_aux == t->size ? PROBE_MTU_PASS : PROBE_MTU_ERROR;
	case PROBE_TIMEOUT:
		return PROBE_MTU_BLACKHOLE;
	default:
		if (r->ptb_mtu)
			return PROBE_MTU_PTB;
		return r->outcome == PROBE_LOCAL_ERROR && r->err == EMSGSIZE
			       ? PROBE_MTU_LOCAL_EMSGSIZE
			       : PROBE_MTU_ERROR;
	}
}

int mtu_class_rank(enum probe_mtu_class c)
{
	static const int rank[PROBE_N_MTU_CLASSES] = {
		[PROBE_MTU_PASS] = 5,  [PROBE_MTU_FRAGMENTED] = 4,
		[PROBE_MTU_PTB] = 3,   [PROBE_MTU_LOCAL_EMSGSIZE] = 2,
		[PROBE_MTU_ERROR] = 1, [PROBE_MTU_BLACKHOLE] = 0,
	};

	return rank[c];
}
