/* SPDX-License-Identifier: Apache-2.0 */
/* What this machine can do, found by trying: for `doctor`, for skips, and for datapath: auto. */
#ifndef OVNBED_SYS_CAPS_H
#define OVNBED_SYS_CAPS_H

#include "base/json.h"

/*
 * Probes everything, in namespaces of a short-lived child. An array of
 * {"name","group":"kernel"|"device"|"program"|"privilege","ok":bool,"required":bool,"detail":text,
 *  "lacks":what does not work without it,"fix":command or setting that brings it}.
 * Never fails: what cannot be tried is not ok, with the reason as detail. cache: the cache
 * directory.
 */
json_t *caps_probe(const char *cache);
/* One capability by name; false for unknown names. Takes the array from caps_probe(). */
bool caps_has(const json_t *caps, const char *name);
/* True when the kernel has the openvswitch datapath (tried in a namespace). */
bool caps_system_datapath(void);

#endif
