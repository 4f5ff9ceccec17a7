/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/guest/phdr.h"

void phdr_put(const struct phdr *h, uint8_t out[static PROBE_HDR_LEN])
{
	memcpy(out, PROBE_MAGIC, 8);
	put64(out + 8, h->nonce);
	put32(out + 16, h->cell);
	put32(out + 20, h->length);
	put16(out + 24, h->seq);
	out[26] = h->kind;
	out[27] = h->idlen;
	put32(out + 28, h->aux);
}

bool phdr_get(const uint8_t *p, size_t len, struct phdr *ret)
{
	if (len < PROBE_HDR_LEN || memcmp(p, PROBE_MAGIC, 8) != 0)
		return false;
	ret->nonce = get64(p + 8);
	ret->cell = get32(p + 16);
	ret->length = get32(p + 20);
	ret->seq = get16(p + 24);
	ret->kind = p[26];
	ret->idlen = p[27];
	ret->aux = get32(p + 28);
	return ret->length >= PROBE_HDR_LEN + (uint32_t)ret->idlen &&
	       ret->idlen <= PROBE_MAX_IDENTITY;
}

const uint8_t *phdr_find(const uint8_t *p, size_t len, uint64_t nonce, struct phdr *ret)
{
	const uint8_t *end = p + len;

	while ((p = memmem(p, (size_t)(end - p), PROBE_MAGIC, 8))) {
		if (phdr_get(p, (size_t)(end - p), ret) && (!nonce || ret->nonce == nonce))
			return p;
		p++;
	}
	return NULL;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool phdr_nonce_parse(const char *s, uint64_t *ret)
{
	uint64_t v = 0;

	if (!s || strlen(s) != 16)
		return false;
	for (; *s; s++) {
		int d = hex_digit(*s);

		if (d < 0)
			return false;
		v = v << 4 | (uint64_t)d;
	}
	*ret = v;
	return v != 0;
}

void phdr_mac_text(const uint8_t mac[static 6], char out[static MAC_TEXT])
{
	snprintf(out, MAC_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3],
		 mac[4], mac[5]);
}

bool phdr_mac_parse(const char *s, uint8_t ret[static 6])
{
	uint8_t mac[6];

	if (!s || strlen(s) != MAC_TEXT - 1)
		return false;
	for (int i = 0; i < 6; i++) {
		int hi = hex_digit(s[i * 3]), lo = hex_digit(s[i * 3 + 1]);

		if (hi < 0 || lo < 0 || (i < 5 && s[i * 3 + 2] != ':'))
			return false;
		mac[i] = (uint8_t)(hi << 4 | lo);
	}
	memcpy(ret, mac, 6);
	return true;
}
