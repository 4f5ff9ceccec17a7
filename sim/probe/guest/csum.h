/* SPDX-License-Identifier: Apache-2.0 */
/* Internet checksum (RFC 1071) and SHA-256 (FIPS 180-4), small and dependency-free. */
#ifndef OVNBED_PROBE_GUEST_CSUM_H
#define OVNBED_PROBE_GUEST_CSUM_H

#include "base/util.h"

/* Adds data to a running sum of big-endian 16-bit words; start with 0. An odd length ends the data. */
uint32_t csum_add(uint32_t sum, const void *data, size_t len);
/* Folds and complements; host order. */
uint16_t csum_fold(uint32_t sum);
/* Sum of the pseudo-header of TCP, UDP and ICMPv6: addr_len is 4 or 16, l4_len the upper-layer length. */
uint32_t csum_pseudo(const uint8_t *src, const uint8_t *dst, size_t addr_len, uint8_t proto,
		     uint32_t l4_len);

#define SHA256_LEN 32
struct sha256 {
	uint32_t h[8];
	uint64_t len;
	uint8_t block[64];
};
void sha256_init(struct sha256 *s);
void sha256_add(struct sha256 *s, const void *data, size_t len);
void sha256_final(struct sha256 *s, uint8_t out[static SHA256_LEN]);

/* A byte stream that both ends of a bulk transfer compute from the nonce. */
struct bulk_stream {
	uint64_t state, word;
	int left; /* unused bytes of word */
};
void bulk_stream_init(struct bulk_stream *s, uint64_t nonce, uint32_t cell, bool from_server);
void bulk_stream_fill(struct bulk_stream *s, uint8_t *out, size_t len);

#endif
