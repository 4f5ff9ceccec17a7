/* SPDX-License-Identifier: Apache-2.0 */
/* The two sides of a capture. */
#ifndef OVNBED_LAB_CAPTURE_PRIV_H
#define OVNBED_LAB_CAPTURE_PRIV_H

#include "lab/capture.h"

/*
 * The child's life. On fd (a stream socket) it says one line of JSON when every socket hears,
 * {"ready":true} or {"code":errno,"error":text}, and one with the counts at its end, which comes
 * when the spec says so or when the peer has shut down its side. text and pcap descriptors are those
 * of the spec.
 */
_Noreturn void capture_child(const struct capture_spec *s, int fd);

#endif
