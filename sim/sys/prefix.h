/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the real parts are: a prefix (Debian packages unpacked into the cache, or any build a user
 * names by OVNBED_PREFIX) and, for what it lacks, the machine's own installation.
 */
#ifndef OVNBED_SYS_PREFIX_H
#define OVNBED_SYS_PREFIX_H

#include "base/err.h"

/* The prefix directory to use: $OVNBED_PREFIX, else CACHE/prefix when it exists, else "/". Caller
 * frees. */
char *prefix_dir(const char *cache);
/*
 * Absolute path of a program ("ovs-vswitchd"), looked for below dir (usr/sbin, usr/bin,
 * usr/local/…, sbin, bin) and then on the machine. Caller frees; NULL with -ENOENT in e when there
 * is none.
 */
char *prefix_program(const char *dir, const char *name, struct err *e);
/* Path of a database schema: "vswitch", "ovn-nb", "ovn-sb". Caller frees; NULL as above. */
char *prefix_schema(const char *dir, const char *name, struct err *e);
/* First line of `PROGRAM --version`, "" trimmed; bounded to 5 s. Caller frees; NULL with e set. */
char *prefix_version(const char *path, const char *dir, struct err *e);
/*
 * The environment for programs of the prefix and for `exec`: the caller's with PATH,
 * LD_LIBRARY_PATH (only when the prefix brings libraries) and OVS_/OVN_ package data directories
 * set, plus extra
 * ("NAME=value", NULL-terminated, may be NULL). A NULL-terminated vector; free with
 * prefix_env_free().
 */
char **prefix_env(const char *dir, const char *const *extra);
void prefix_env_free(char **env);

#endif
