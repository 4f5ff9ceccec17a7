/* SPDX-License-Identifier: Apache-2.0 */
/* Kinds of frames, from text to what the agent sends. */
#include <arpa/inet.h>
#include <net/ethernet.h>

#include "probe/frames.h"
#include "probe/hub.h"
#include "probe/proto.h"

#define BROADCAST "ff:ff:ff:ff:ff:ff"
#define ETHERTYPE_QINQ 0x88a8
/* label 100, bottom of stack, TTL 64 (RFC 3032 §2.1) */
#define MPLS_ENTRY "00064140"
/* a minimal LLDPDU: chassis id, port id, TTL 120, end (IEEE 802.1AB §8) */
#define LLDPDU "0207040a580000000104040765746830060200780000"

struct kind {
	const char *name;
	bool has_arg; /* NAME/ARGUMENT */
	bool (*fill)(const char *arg, struct frames_kind *k);
};

void frames_kind_free(struct frames_kind *k)
{
	free(k->group);
	json_decref(k->frame);
	*k = (struct frames_kind){0};
}

static void flood(struct frames_kind *k, const char *dst)
{
	k->flood = true;
	snprintf(k->dst, sizeof(k->dst), "%s", dst);
}

/* Both ways in which a network may treat a frame: flooding, and forwarding to a MAC that it knows. */
static bool both(struct frames_kind *k, json_t *frame)
{
	flood(k, BROADCAST);
	k->unicast = true;
	json_decref(k->frame);
	k->frame = frame;
	return true;
}

static bool fill_broadcast(const char *arg UNUSED, struct frames_kind *k)
{
	flood(k, BROADCAST);
	return true;
}

static bool fill_unicast(const char *arg UNUSED, struct frames_kind *k)
{
	k->unicast = true;
	return true;
}

/* RFC 1112 §6.4, RFC 2464 §7. */
static bool fill_multicast(const char *arg, struct frames_kind *k)
{
	uint8_t a[16];
	char mac[18];

	if (inet_pton(AF_INET, arg, a) == 1 && (a[0] & 0xf0) == 0xe0)
		snprintf(mac, sizeof(mac), "01:00:5e:%02x:%02x:%02x", a[1] & 0x7f, a[2], a[3]);
	else if (inet_pton(AF_INET6, arg, a) == 1 && a[0] == 0xff)
		snprintf(mac, sizeof(mac), "33:33:%02x:%02x:%02x:%02x", a[12], a[13], a[14], a[15]);
	else
		return false;
	flood(k, mac);
	k->group = xstrdup(arg);
	return true;
}

static bool fill_ethertype(const char *arg, struct frames_kind *k)
{
	char *end;
	unsigned long v = strtoul(arg, &end, 16);

	if (!str_after(arg, "0x") || *end || v < 0x600 || v > 0xffff)
		return false;
	return both(k, json_pack("{s:i}", "ethertype", (int)v));
}

static bool fill_garp(const char *arg UNUSED, struct frames_kind *k)
{
	k->garp = true;
	flood(k, BROADCAST);
	return true;
}

static bool fill_mpls(const char *arg UNUSED, struct frames_kind *k)
{
	return both(k, json_pack("{s:i, s:s}", "ethertype", 0x8847, "head", MPLS_ENTRY));
}

static bool fill_vlan(const char *arg, struct frames_kind *k)
{
	long long vid;

	if (parse_int(arg, 0, 4095, &vid) < 0)
		return false;
	k->tagged = true;
	return both(k, json_pack("{s:[{s:I}]}", "tags", "vid", (json_int_t)vid));
}

static bool fill_qinq(const char *arg, struct frames_kind *k)
{
	_cleanup_free_ char *outer = xstrndup(arg, strcspn(arg, "."));
	const char *dot = strchr(arg, '.');
	long long s, c;

	if (!dot || parse_int(outer, 0, 4095, &s) < 0 || parse_int(dot + 1, 0, 4095, &c) < 0)
		return false;
	k->tagged = true;
	return both(k, json_pack("{s:[{s:i, s:I}, {s:I}]}", "tags", "tpid", ETHERTYPE_QINQ, "vid",
				 (json_int_t)s, "vid", (json_int_t)c));
}

static bool fill_lldp(const char *arg UNUSED, struct frames_kind *k)
{
	flood(k, "01:80:c2:00:00:0e");
	k->frame = json_pack("{s:i, s:s}", "ethertype", 0x88cc, "head", LLDPDU);
	return true;
}

static bool fill_dhcp(const char *arg UNUSED, struct frames_kind *k)
{
	k->dhcp = true;
	return true;
}

static const struct kind kinds[] = {
	{"broadcast", false, fill_broadcast},
	{"unicast", false, fill_unicast},
	{"multicast", true, fill_multicast},
	{"ethertype", true, fill_ethertype},
	{"garp", false, fill_garp},
	{"mpls", false, fill_mpls},
	{"vlan", true, fill_vlan},
	{"qinq", true, fill_qinq},
	{"lldp", false, fill_lldp},
	{"dhcp", false, fill_dhcp},
};

bool frames_kind_parse(const char *text, struct frames_kind *ret)
{
	struct frames_kind k = {0};
	const char *slash = strchr(text, '/');
	_cleanup_free_ char *name = xstrndup(text, strcspn(text, "/"));

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (!streq(kinds[i].name, name) || kinds[i].has_arg != (slash != NULL))
			continue;
		if (!kinds[i].fill(slash ? slash + 1 : "", &k)) {
			frames_kind_free(&k);
			return false;
		}
		if (!k.frame)
			k.frame = json_object();
		*ret = k;
		return true;
	}
	return false;
}

bool frames_kind_known(const char *text)
{
	_cleanup_frames_kind_ struct frames_kind k = {0};

	return frames_kind_parse(text, &k);
}
