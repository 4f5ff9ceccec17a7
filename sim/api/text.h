/* SPDX-License-Identifier: Apache-2.0 */
/* Words of user input in messages: how near one is to another, how much of one to show. */
#ifndef OVNBED_API_TEXT_H
#define OVNBED_API_TEXT_H

#include "base/util.h"

/*
 * Edit distance of two words, case ignored; insertion, deletion, substitution and the swap of two
 * neighbours count 1 each. Words over 63 bytes are infinitely far (SIZE_MAX).
 */
size_t text_distance(const char *a, const char *b);
/* True when b is close enough to a to be offered as what was meant. */
bool text_plausible(const char *a, const char *b);
/* Bytes of UTF-8 s to show in a message ("%.*s"): at most 80, never half a character. */
int text_clip(const char *s);
/* Replaces, in place, the bytes that are not UTF-8 by '?': text from daemons and guests. */
void text_sanitize(char *s);

#endif
