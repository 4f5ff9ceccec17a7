/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"

#include <errno.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *base64_encode(const void *p, size_t n)
{
	const unsigned char *s = p;
	char *out = xmalloc((n + 2) / 3 * 4 + 1), *o = out;

	for (; n >= 3; n -= 3, s += 3) {
		*o++ = alphabet[s[0] >> 2];
		*o++ = alphabet[(s[0] & 3) << 4 | s[1] >> 4];
		*o++ = alphabet[(s[1] & 15) << 2 | s[2] >> 6];
		*o++ = alphabet[s[2] & 63];
	}
	if (n > 0) {
		unsigned second = n > 1 ? s[1] : 0;

		*o++ = alphabet[s[0] >> 2];
		*o++ = alphabet[(s[0] & 3) << 4 | second >> 4];
		*o++ = n > 1 ? alphabet[(second & 15) << 2] : '=';
		*o++ = '=';
	}
	*o = '\0';
	return out;
}

static int digit(char c)
{
	const char *p = c ? strchr(alphabet, c) : NULL;

	return p ? (int)(p - alphabet) : -1;
}

int base64_decode(const char *s, size_t n, struct buf *out)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	unsigned acc = 0;
	int have = 0, pad = 0;

	for (size_t i = 0; i < n; i++) {
		int v = s[i] == '=' ? 0 : digit(s[i]);

		if (s[i] == '\n' || s[i] == '\r')
			continue;
		pad += s[i] == '=';
		if (v < 0 || (pad && s[i] != '=') || pad > 2)
			return -EINVAL;
		acc = acc << 6 | (unsigned)v;
		if (++have < 4)
			continue;
		buf_addc(&b, (char)(acc >> 16));
		if (pad < 2)
			buf_addc(&b, (char)(acc >> 8));
		if (pad < 1)
			buf_addc(&b, (char)acc);
		acc = 0;
		have = 0;
	}
	if (have)
		return -EINVAL;
	if (out)
		buf_add(out, buf_str(&b), b.len);
	return 0;
}
