/* SPDX-License-Identifier: Apache-2.0 */
/* Cuts a channel's input into JSON texts and synchronisation tokens (probe/proto.h). Pure. */
#ifndef OVNBED_PROBE_GUEST_FRAMER_H
#define OVNBED_PROBE_GUEST_FRAMER_H

#include "base/buf.h"
#include "base/jrpc.h"
#include "probe/proto.h"

#define FRAMER_MAX_TEXT (16u << 20)

struct framer {
	struct buf in;
	struct jscan scan;
	size_t done; /* bytes at the front of in that were handed out */
};

enum framer_event {
	FRAMER_MORE,	/* nothing complete */
	FRAMER_TEXT,	/* a JSON text: data, len */
	FRAMER_SYNC,	/* a token: data holds its PROBE_SYNC_LEN bytes */
	FRAMER_GARBAGE, /* not JSON, or too long: everything up to the next token was dropped */
};

/* Appends input. A token in it makes everything before the last one forgotten. */
void framer_feed(struct framer *f, const void *data, size_t len);
/* The next event; data is valid until the next framer call. */
enum framer_event framer_next(struct framer *f, const char **ret_data, size_t *ret_len);
/* Forgets everything. */
void framer_reset(struct framer *f);

#endif
