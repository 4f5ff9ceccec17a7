/* SPDX-License-Identifier: Apache-2.0 */
/* What a supervisor must be told about this machine: where the real parts are, what it can do. */
#ifndef OVNBED_LAB_OPTIONS_H
#define OVNBED_LAB_OPTIONS_H

#include "base/diag.h"
#include "lab/paths.h"

/*
 * {"prefix":DIR,"program_dir":DIR,"datapath":"netdev"|"system","kvm":bool,"hosts":{NAME:IP},
 *  "images":parsed images.yaml}. topology: normalised. NULL with e set: ENOENT when a program is
 * missing (and how to get it), EOPNOTSUPP when the machine cannot do what the topology asks.
 */
json_t *lab_options(const struct lab_paths *p, const json_t *topology, struct err *e);

/* Directory of the running program; ovnbed-agent lies beside it. Caller frees. */
char *program_dir(void);
/*
 * A data file of the project ("vmimages/images.yaml"): below $OVNBED_DATA, the source tree that the
 * program was built in, or PREFIX/share/ovnbed. Caller frees; NULL when there is none.
 */
char *data_file(const char *name);

#endif
