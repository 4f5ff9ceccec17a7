/* SPDX-License-Identifier: Apache-2.0 */
/* The lab that a verb talks to, and its API. */
#ifndef OVNBED_CMD_SESSION_H
#define OVNBED_CMD_SESSION_H

#include "cmd/cmd.h"
#include "cmd/opts.h"
#include "lab/client.h"
#include "lab/paths.h"

struct session {
	struct lab_paths paths;
	struct client *client;
};

/* The option that selects the lab; put it into a verb's table. TYPE has a member const char *lab. */
#define SESSION_OPT(TYPE)                                                                   \
	{                                                                                   \
		"lab", 0, OPT_STRING, offsetof(TYPE, lab), "NAME",                          \
			"Which lab (default: $OVNBED_LAB, or the only one that runs)", NULL \
	}

/*
 * Opens the API of the lab called name (NULL: $OVNBED_LAB, else the only running one). Returns
 * CMD_OK, or an exit code after saying why on stderr.
 */
int session_open(const char *name, struct session *ret);
void session_close(struct session *s);
#define _cleanup_session_ _cleanup_(session_close)

#endif
