/* SPDX-License-Identifier: Apache-2.0 */
/* Shared between get.c and get_watch.c. */
#ifndef OVNBED_CMD_GET_WATCH_H
#define OVNBED_CMD_GET_WATCH_H

#include "api/table.h"
#include "cmd/objects.h"
#include "lab/client.h"

struct get_args {
	const char *lab, *ns, *selector, *fields, *output;
	bool all_ns, watch, labels, no_headers, ignore;
};

/* "virtualmachine.kubevirt.io"; caller frees. */
char *get_prefix(const struct kind *k);
void get_style(const struct get_args *a, const char *prefix, struct table_style *ret);
/* Prints what is there and then every change, until interrupted or the lab ends. */
int get_watch(const struct get_args *a, struct client *c, const struct obj_ref *r);

#endif
