/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/guest/flows.h"

#include <net/if.h>

#include "probe/guest/addr.h"
#include "probe/guest/dissect.h"
#include "probe/guest/phdr.h"

#define BUCKETS 4096
#define MAX_FLOWS 65536

/* Compared as bytes: always zeroed first. */
struct flow_key {
	uint8_t dst_mac[6], src_mac[6];
	uint8_t src[16], dst[16];
	int ifindex, n_vlans, family;
	uint32_t cell;
	uint16_t vlans[3], ethertype, sport, dport;
	uint8_t l4;
	bool has_cell, outgoing, nd;
};

struct flow {
	struct flow *next, *bucket_next;
	struct flow_key key;
	uint64_t frames, bytes, bad_csum, fragments;
	uint32_t max_length;
};

static size_t hash(const struct flow_key *k)
{
	const uint8_t *p = (const uint8_t *)k;
	uint64_t h = 0xcbf29ce484222325ULL;

	for (size_t i = 0; i < sizeof(*k); i++)
		h = (h ^ p[i]) * 0x100000001b3ULL;
	return (size_t)(h ^ h >> 32) % BUCKETS;
}

static struct flow *flow_get(struct flows *f, const struct flow_key *k)
{
	struct flow **bucket, *flow;

	if (!f->buckets) {
		f->buckets = xcalloc(BUCKETS, sizeof(struct flow *));
		f->tail = &f->all;
	}
	bucket = &f->buckets[hash(k)];
	for (flow = *bucket; flow; flow = flow->bucket_next)
		if (memcmp(&flow->key, k, sizeof(*k)) == 0)
			return flow;
	if (f->n >= MAX_FLOWS) {
		f->overflow = true;
		return NULL;
	}
	flow = xcalloc(1, sizeof(*flow));
	memcpy(&flow->key, k, sizeof(*k));
	flow->bucket_next = *bucket;
	*bucket = flow;
	*f->tail = flow;
	f->tail = &flow->next;
	f->n++;
	return flow;
}

static void fill_key(struct flow_key *k, const struct dissect *d, const struct flow_meta *meta)
{
	memset(k, 0, sizeof(*k));
	memcpy(k->dst_mac, d->dst_mac, 6);
	memcpy(k->src_mac, d->src_mac, 6);
	memcpy(k->src, d->src, 16);
	memcpy(k->dst, d->dst, 16);
	k->ifindex = meta->ifindex;
	k->outgoing = meta->outgoing;
	k->family = d->family;
	k->ethertype = d->ethertype;
	k->l4 = d->l4;
	k->nd = d->nd;
	k->sport = d->sport;
	k->dport = d->dport;
	if (meta->outer_vlan >= 0)
		k->vlans[k->n_vlans++] = (uint16_t)meta->outer_vlan;
	for (int i = 0; i < d->n_vlans; i++)
		k->vlans[k->n_vlans++] = d->vlans[i];
}

void flows_add(struct flows *f, const uint8_t *frame, size_t len, uint64_t nonce, bool syn,
	       const struct flow_meta *meta)
{
	struct flow_key k;
	struct dissect d;
	struct phdr h;
	struct flow *flow;
	bool ours;

	f->seen++;
	if (!dissect_frame(frame, len, &d))
		return;
	ours = phdr_find(frame, len, nonce, &h) != NULL;
	if (!ours && !(syn && d.syn))
		return;
	f->frames++;
	fill_key(&k, &d, meta);
	k.has_cell = ours;
	k.cell = ours ? h.cell : 0;
	flow = flow_get(f, &k);
	if (!flow)
		return;
	flow->frames++;
	flow->bytes += len;
	flow->fragments += d.fragment;
	flow->bad_csum += d.csum == CSUM_BAD && !meta->csum_pending;
	flow->max_length = MAX(flow->max_length, d.ip_len);
}

static void put_addrs(json_t *j, const struct flow_key *k)
{
	char text[INET6_ADDRSTRLEN];
	struct addr a = {.family = k->family};

	if (!k->family)
		return;
	memcpy(a.b, k->src, 16);
	jset_str(j, "src", addr_text(&a, text));
	memcpy(a.b, k->dst, 16);
	jset_str(j, "dst", addr_text(&a, text));
	if (k->sport || k->dport) {
		json_object_set_new(j, "sport", json_integer(k->sport));
		json_object_set_new(j, "dport", json_integer(k->dport));
	}
}

static const char *key_proto(const struct flow_key *k)
{
	struct dissect d = {
		.ethertype = k->ethertype, .family = k->family, .l4 = k->l4, .nd = k->nd};

	return dissect_proto(&d);
}

static json_t *flow_json(const struct flow *f)
{
	char name[IF_NAMESIZE] = "", src[MAC_TEXT], dst[MAC_TEXT];
	json_t *vlans = json_array(), *j;

	if_indextoname((unsigned int)f->key.ifindex, name);
	phdr_mac_text(f->key.src_mac, src);
	phdr_mac_text(f->key.dst_mac, dst);
	for (int i = 0; i < f->key.n_vlans; i++)
		json_array_append_new(vlans, json_integer(f->key.vlans[i]));
	j = json_pack("{s:o, s:s, s:i, s:o, s:s, s:s, s:b, s:I, s:I, s:I, s:I, s:I}", "ifname",
		      jstring(name), "proto", key_proto(&f->key), "ethertype", f->key.ethertype,
		      "vlans", vlans, "srcMac", src, "dstMac", dst, "outgoing", f->key.outgoing,
		      "frames", (json_int_t)f->frames, "bytes", (json_int_t)f->bytes, "badChecksum",
		      (json_int_t)f->bad_csum, "fragments", (json_int_t)f->fragments, "maxLength",
		      (json_int_t)f->max_length);
	put_addrs(j, &f->key);
	if (f->key.has_cell)
		json_object_set_new(j, "cell", json_integer(f->key.cell));
	return j;
}

json_t *flows_json(const struct flows *f)
{
	json_t *list = json_array();

	for (const struct flow *flow = f->all; flow; flow = flow->next)
		json_array_append_new(list, flow_json(flow));
	return json_pack("{s:o, s:I, s:I, s:b}", "flows", list, "frames", (json_int_t)f->frames,
			 "seen", (json_int_t)f->seen, "overflow", f->overflow);
}

void flows_free(struct flows *f)
{
	struct flow *flow;

	while ((flow = f->all)) {
		f->all = flow->next;
		free(flow);
	}
	free(f->buckets);
	*f = (struct flows){0};
}
