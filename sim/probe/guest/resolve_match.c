/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/guest/resolve.h"

#include "probe/guest/dissect.h"
#include "probe/guest/phdr.h"

#define ND_ADVERT 136
#define OPT_TARGET_LLADDR 2

static bool match_arp(const uint8_t *p, size_t len, const struct addr *target, uint8_t *mac)
{
	if (len < 28 || get16(p + 6) != 2 || memcmp(p + 14, target->b, 4) != 0)
		return false;
	memcpy(mac, p + 8, 6);
	return true;
}

/* The MAC is in the option; without one it is the sender's. */
static bool match_na(const uint8_t *p, size_t len, const struct addr *target, uint8_t *mac)
{
	if (len < 24 || p[0] != ND_ADVERT || memcmp(p + 8, target->b, 16) != 0)
		return false;
	for (size_t at = 24; at + 8 <= len && p[at + 1]; at += (size_t)p[at + 1] * 8)
		if (p[at] == OPT_TARGET_LLADDR)
			memcpy(mac, p + at + 2, 6);
	return true;
}

bool resolve_match(const uint8_t *frame, size_t len, const struct addr *target,
		   uint8_t mac[static 6])
{
	struct dissect d;
	size_t at;

	if (!dissect_frame(frame, len, &d))
		return false;
	at = 14 + (size_t)d.n_vlans * 4;
	memcpy(mac, d.src_mac, 6);
	if (streq(dissect_proto(&d), "arp") && target->family == 4)
		return match_arp(frame + at, len - at, target, mac);
	if (!d.nd || target->family != 6 || d.ip_len > len - at || d.ip_len < 40)
		return false;
	if (frame[at + 6] != IPPROTO_ICMPV6)
		return false; /* behind extension headers: no neighbour does that */
	return match_na(frame + at + 40, d.ip_len - 40, target, mac);
}
