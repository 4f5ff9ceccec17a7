/* SPDX-License-Identifier: Apache-2.0 */
/* Repeatable randomness: splitmix64 streams and hashes of names, all from one lab seed. */
#ifndef OVNBED_BASE_PRNG_H
#define OVNBED_BASE_PRNG_H

#include "base/util.h"

struct prng {
	uint64_t seed;	/* as given */
	uint64_t state; /* of the stream */
};

void prng_init(struct prng *p, uint64_t seed);
uint64_t prng_next(struct prng *p);
/* Uniform in [0, n), n > 0. */
uint64_t prng_below(struct prng *p, uint64_t n);
/* A value that depends on seed, what and name only. */
uint64_t prng_hash(uint64_t seed, const char *what, const char *name);
/* A version-4-shaped UUID in lower case from a 64-bit value. */
void prng_uuid(uint64_t v, char out[static 37]);

#endif
