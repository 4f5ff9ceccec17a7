/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OVNBED_SYS_CAPS_PRIV_H
#define OVNBED_SYS_CAPS_PRIV_H

#include "sys/caps.h"
#include "sys/link.h"

/*
 * One try, inside fresh network and mount namespaces with link_ctx c. 0: there; *detail (may stay
 * NULL) says more. Otherwise a negative errno with the reason in e.
 */
typedef int (*caps_try_fn)(struct link_ctx *c, char **detail, struct err *e);

struct cap {
	const char *name, *group;
	bool required;
	caps_try_fn fn;
	const char *lacks, *fix;
};

/* caps_kernel.c: what is tried in namespaces. */
extern const struct cap caps_kernel[];
extern const size_t caps_kernel_n;
/* Resolves a generic netlink family. */
int caps_genl_family(const char *name, struct err *e);

#endif
