/* SPDX-License-Identifier: Apache-2.0 */
/* The NoCloud volume: a block device with the label cidata, iso9660 or vfat. */
#ifndef OVNBED_NOCLOUD_SEED_H
#define OVNBED_NOCLOUD_SEED_H

#include "base/buf.h"
#include "base/err.h"

struct nc_seed {
	char *source; /* "/dev/vda" or the directory; NULL when there is no seed */
	struct buf meta, user, net;
};

/*
 * Looks at every block device for a volume labelled cidata or CIDATA, mounts the first one
 * read-only, reads it and unmounts it. No such volume is not an error: source stays NULL.
 */
int nc_seed_find(struct nc_seed *seed, struct err *e);
/* Reads the files of a directory instead. */
int nc_seed_read_dir(const char *dir, struct nc_seed *seed, struct err *e);
void nc_seed_free(struct nc_seed *seed);

/* The file system type of a volume labelled cidata by its first bytes ("iso9660", "vfat"), or NULL. */
const char *nc_seed_probe(const uint8_t *data, size_t len);
#define NC_SEED_PROBE_BYTES (0x8000 + 2048)

#endif
