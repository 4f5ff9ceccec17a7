/* SPDX-License-Identifier: Apache-2.0 */
/* What a capture writes: pcap files and text, frames of several interfaces in order of time. */
#ifndef OVNBED_LAB_CAPTURE_OUT_H
#define OVNBED_LAB_CAPTURE_OUT_H

#include <pcap/pcap.h>

#include "base/err.h"

struct capture_out;

/*
 * dead (borrowed): what pcap files are written for. text_fd: gets a line for each frame that matched,
 * with the place's name when named; -1: none. max_bytes: see capture_spec. Descriptors are used, and
 * end with the process.
 */
struct capture_out *capture_out_new(pcap_t *dead, int text_fd, bool named, long long max_bytes);
/* Begins a pcap file on fd; once is enough. 0 or -EIO. */
int capture_out_add(struct capture_out *o, int fd, struct err *e);
/* A copy of a frame waits to be written to pcap_fd (-1: to text only). at is borrowed for good. */
void capture_out_hold(struct capture_out *o, const char *at, int pcap_fd, bool matched,
		      const struct pcap_pkthdr *h, const uint8_t *data);
/*
 * Writes what is older than the time within which frames of other interfaces may still come late;
 * all with force. False when a reader is gone.
 */
bool capture_out_write(struct capture_out *o, bool force);
/* True while frames wait; look again after CAPTURE_SETTLE_MS. */
bool capture_out_waits(const struct capture_out *o);
#define CAPTURE_SETTLE_MS 40

#endif
