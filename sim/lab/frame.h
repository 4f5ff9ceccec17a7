/* SPDX-License-Identifier: Apache-2.0 */
/* Ethernet frames of a capture for people: one line each, as tcpdump -e -n writes. Pure. */
#ifndef OVNBED_LAB_FRAME_H
#define OVNBED_LAB_FRAME_H

#include "base/buf.h"

/*
 * Tags of a frame, outer first, as counted by lab/capture.h: "untagged", "10", "100.20" (two tags),
 * "0" (priority tag). At most 8 tags are looked at.
 */
#define FRAME_VLANS_TEXT 48
void frame_vlans(const uint8_t *frame, size_t len, char out[static FRAME_VLANS_TEXT]);

/* 16 hex digits to a number; false for anything else. */
bool frame_nonce_parse(const char *text, uint64_t *ret);
/* True when a payload header (probe/proto.h) with this nonce is anywhere in the frame. */
bool frame_has_nonce(const uint8_t *frame, size_t len, uint64_t nonce);

/*
 * Appends one line without newline: addresses, every tag, and what is understood of the rest. frame
 * holds the first `have` of `len` bytes. Any bytes are taken.
 */
void frame_text(struct buf *out, const uint8_t *frame, size_t have, size_t len);

#endif
