/* SPDX-License-Identifier: Apache-2.0 */
/* The header that travels in payloads (layout: probe/proto.h), and text forms of nonces and MACs. */
#ifndef OVNBED_PROBE_GUEST_PHDR_H
#define OVNBED_PROBE_GUEST_PHDR_H

#include "probe/proto.h"

/* In requests over TCP: the server closes first, so that the client keeps no TIME_WAIT port. */
#define PHDR_AUX_CLOSE 1u
/* In requests for bulk: zeros both ways, which nobody reads: for measuring the path alone. */
#define PHDR_AUX_PLAIN 2u
/* In answers to PROBE_KIND_SHORT: the request arrived in IP fragments; the rest is its length. */
#define PHDR_AUX_FRAGMENTED 0x80000000u

struct phdr {
	uint64_t nonce;
	uint32_t cell;
	uint32_t length; /* of the whole message, this header included */
	uint16_t seq;
	uint8_t kind; /* enum probe_kind */
	uint8_t idlen;
	uint32_t aux;
};

void phdr_put(const struct phdr *h, uint8_t out[static PROBE_HDR_LEN]);
/* False: fewer than PROBE_HDR_LEN bytes, no magic, or lengths that contradict each other. */
bool phdr_get(const uint8_t *p, size_t len, struct phdr *ret);
/* The first header with this nonce anywhere in p; any nonce when nonce is 0. NULL: none. */
const uint8_t *phdr_find(const uint8_t *p, size_t len, uint64_t nonce, struct phdr *ret);

/* Exactly 16 hex digits, not zero. */
bool phdr_nonce_parse(const char *s, uint64_t *ret);
#define MAC_TEXT 18
void phdr_mac_text(const uint8_t mac[static 6], char out[static MAC_TEXT]);
bool phdr_mac_parse(const char *s, uint8_t ret[static 6]);

/* Big-endian integers. */
static inline void put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void put32(uint8_t *p, uint32_t v)
{
	put16(p, (uint16_t)(v >> 16));
	put16(p + 2, (uint16_t)v);
}

static inline void put64(uint8_t *p, uint64_t v)
{
	put32(p, (uint32_t)(v >> 32));
	put32(p + 4, (uint32_t)v);
}

static inline uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static inline uint64_t get64(const uint8_t *p)
{
	return (uint64_t)get32(p) << 32 | get32(p + 4);
}

#endif
