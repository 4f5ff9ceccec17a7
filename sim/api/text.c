/* SPDX-License-Identifier: Apache-2.0 */
#include "api/text.h"

#include <ctype.h>

#define MAX_WORD 63
#define MAX_SHOWN 80

static int fold(char c)
{
	return tolower((unsigned char)c);
}

size_t text_distance(const char *a, const char *b)
{
	unsigned char d[MAX_WORD + 1][MAX_WORD + 1];
	size_t n = strnlen(a, MAX_WORD + 1), m = strnlen(b, MAX_WORD + 1);

	if (n > MAX_WORD || m > MAX_WORD)
		return SIZE_MAX;
	for (size_t i = 0; i <= n; i++)
		d[i][0] = (unsigned char)i;
	for (size_t j = 0; j <= m; j++)
		d[0][j] = (unsigned char)j;
	for (size_t i = 1; i <= n; i++) {
		for (size_t j = 1; j <= m; j++) {
			bool same = fold(a[i - 1]) == fold(b[j - 1]);
			int best = MIN(d[i - 1][j], d[i][j - 1]) + 1;

			best = MIN(best, d[i - 1][j - 1] + !same);
			if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) &&
			    fold(a[i - 2]) == fold(b[j - 1]))
				best = MIN(best, d[i - 2][j - 2] + 1);
			d[i][j] = (unsigned char)best;
		}
	}
	return d[n][m];
}

bool text_plausible(const char *a, const char *b)
{
	size_t len = MIN(strlen(a), strlen(b));

	return text_distance(a, b) <= (len < 4 ? 1 : len < 8 ? 2 : 3);
}

int text_clip(const char *s)
{
	size_t n = strnlen(s, MAX_SHOWN + 1);

	if (n <= MAX_SHOWN)
		return (int)n;
	for (n = MAX_SHOWN; n > 0 && ((unsigned char)s[n] & 0xc0) == 0x80; n--)
		;
	return (int)n;
}

/* Length of the well-formed UTF-8 sequence at s (RFC 3629), or 0. */
static size_t sequence(const unsigned char *s)
{
	size_t n = s[0] < 0x80			  ? 1
		   : s[0] >= 0xc2 && s[0] <= 0xdf ? 2
		   : (s[0] & 0xf0) == 0xe0	  ? 3
		   : s[0] >= 0xf0 && s[0] <= 0xf4 ? 4
						  : 0;

	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

void text_sanitize(char *s)
{
	while (*s) {
		size_t n = sequence((const unsigned char *)s);

		if (n == 0)
			*s = '?';
		s += n ? n : 1;
	}
}
