/* SPDX-License-Identifier: Apache-2.0 */
#include "base/prng.h"

void prng_init(struct prng *p, uint64_t seed)
{
	p->seed = p->state = seed;
}

/* splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators). */
uint64_t prng_next(struct prng *p)
{
	uint64_t z = (p->state += 0x9e3779b97f4a7c15ULL);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

uint64_t prng_below(struct prng *p, uint64_t n)
{
	return prng_next(p) % n;
}

uint64_t prng_hash(uint64_t seed, const char *what, const char *name)
{
	struct prng p;

	prng_init(&p, seed);
	for (const char *s = what; *s; s++)
		p.state = prng_next(&p) ^ (unsigned char)*s;
	p.state = prng_next(&p) ^ 0x100;
	for (const char *s = name; *s; s++)
		p.state = prng_next(&p) ^ (unsigned char)*s;
	return prng_next(&p);
}

void prng_uuid(uint64_t v, char out[static 37])
{
	struct prng p;
	uint64_t a, b;

	prng_init(&p, v);
	a = prng_next(&p);
	b = prng_next(&p);
	snprintf(out, 37, "%08x-%04x-4%03x-%04x-%012llx", (unsigned)(a >> 32),
		 (unsigned)(a >> 16 & 0xffff), (unsigned)(a & 0xfff),
		 (unsigned)(0x8000 | (b >> 48 & 0x3fff)),
		 (unsigned long long)(b & 0xffffffffffffULL));
}
