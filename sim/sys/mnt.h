/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mounts inside a private mount namespace. Nothing here creates a file on the machine's own disk:
 * where a mount point is missing, its parent is first covered by a private writable layer.
 */
#ifndef OVNBED_SYS_MNT_H
#define OVNBED_SYS_MNT_H

#include "base/err.h"

enum mnt_kind {
	MNT_DIR,  /* bind directory source at target */
	MNT_FILE, /* bind file source at target */
};

struct mnt_bind {
	enum mnt_kind kind;
	const char *source; /* absolute; directories are created when missing, files must exist */
	const char *target; /* absolute; covered as above when missing */
};

/* A fresh /proc for a new PID namespace. */
int mnt_proc(struct err *e);
/* A fresh /sys that shows the caller's network namespace. Syscalls only: fit for a vforked child.
 */
int mnt_sysfs(struct err *e);
/*
 * Gives each of dirs (absolute) a private writable layer: same contents, changes stay in memory and
 * in this mount namespace. Overlay where the kernel has it, otherwise a tmpfs with a bind mount of
 * every entry. Directories at or below one of keep (absolute, NULL-terminated, may be NULL) go on
 * showing and writing the machine's own. A directory that already has a layer is left alone, so a
 * lab does it once and its nodes inherit it.
 */
int mnt_layer(const char *const *dirs, const char *const *keep, struct err *e);
enum mnt_layer_kind { MNT_LAYER_ANY, MNT_LAYER_OVERLAY, MNT_LAYER_BINDS };
/* The same for one directory, and one of the two ways only. */
int mnt_layer_as(enum mnt_layer_kind kind, const char *dir, const char *const *keep, struct err *e);
/* An empty private tmpfs at dir, mode 0755, on which the keep paths below dir appear again. */
int mnt_fresh(const char *dir, const char *const *keep, struct err *e);
/* Bind mounts in order. Missing mount points are made on a private layer of their parent. */
int mnt_binds(const struct mnt_bind *b, size_t n, const char *const *keep, struct err *e);
/* Makes the missing mount points of mnt_binds() in the same way, and binds nothing. */
int mnt_targets(const struct mnt_bind *b, size_t n, const char *const *keep, struct err *e);

/* mkdir -p, mode 0755. */
int mnt_mkdirs(const char *path, struct err *e);

#endif
