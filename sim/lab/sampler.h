/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where in a lab the frames of one nonce are seen: packet sockets in the network namespaces of nodes
 * and of the switches, read from the supervisor's loop. For seconds at a time; lab/capture.h is for
 * everything that people want to look at.
 */
#ifndef OVNBED_LAB_SAMPLER_H
#define OVNBED_LAB_SAMPLER_H

#include "base/json.h"
#include "base/loop.h"

struct sampler;

/* Counts frames of at least min_len bytes with the nonce (16 hex digits). NULL with e set. */
struct sampler *sampler_new(sd_event *ev, const char *nonce, size_t min_len, struct err *e);
void sampler_free(struct sampler *s);
static inline void sampler_freep(struct sampler **s)
{
	sampler_free(*s);
}
#define _cleanup_sampler_ _cleanup_(sampler_freep)
/*
 * Listens on all interfaces of a network namespace (borrowed), -1: the caller's own. where names the
 * place in sampler_count(): "node/worker-a".
 */
int sampler_add(struct sampler *s, const char *where, int netns_fd, struct err *e);
/* Takes what has arrived until now. */
void sampler_drain(struct sampler *s);
/*
 * Frames seen at an interface of a place, outgoing (sent by that machine) or incoming, whose header
 * (probe/proto.h) names this cell.
 */
long long sampler_count(const struct sampler *s, const char *where, const char *ifname,
			bool outgoing, uint32_t cell);
/* Frames that the kernel lost before the sampler saw them: counts are lower bounds. */
long long sampler_lost(const struct sampler *s);

#endif
