/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a lab keeps its files. Run directory (sockets, small state; paths stay short because unix
 * socket addresses hold 107 bytes), state directory (logs, captures, VM disks; not on tmpfs) and
 * the machine-wide cache (unpacked packages, guest images, libvirt's capability cache).
 */
#ifndef OVNBED_LAB_PATHS_H
#define OVNBED_LAB_PATHS_H

#include "base/err.h"

struct lab_paths {
	char *name;
	char *run;   /* /run/ovnbed/labs/NAME or $XDG_RUNTIME_DIR/ovnbed/labs/NAME */
	char *state; /* /var/lib/ovnbed/labs/NAME or $XDG_STATE_HOME/ovnbed/labs/NAME */
	char *cache; /* $OVNBED_CACHE, /var/cache/ovnbed or $XDG_CACHE_HOME/ovnbed */
	char *sock;  /* run/api.sock */
};

/* A lab's name: 1–24 characters of [a-z0-9-], starting and ending with an alphanumeric one. */
bool lab_name_valid(const char *name);
/* Fills *ret for the calling user. -EINVAL for a bad name, -ENOENT when a user has no
 * XDG_RUNTIME_DIR. */
int lab_paths_init(struct lab_paths *ret, const char *name, struct err *e);
void lab_paths_free(struct lab_paths *p);
#define _cleanup_lab_paths_ _cleanup_(lab_paths_free)
/* The directory that holds all run directories of this user ("…/labs"); caller frees. */
char *lab_paths_root(struct err *e);
/* The machine-wide cache of this user; caller frees. */
char *lab_cache_dir(void);

/* mkdir -p, mode 0755. */
int path_mkdirs(const char *path, struct err *e);
/* rm -rf without crossing mounts or following links; a missing path is fine. */
int path_remove(const char *path, struct err *e);

#endif
