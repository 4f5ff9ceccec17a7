/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OVNBED_AGENT_NMSTATE_PRIV_H
#define OVNBED_AGENT_NMSTATE_PRIV_H

#include "agent/nmstate.h"

/* What a change may be taken back to. */
struct checkpoint {
	json_t *bridges;  /* BRIDGES */
	json_t *mappings; /* string or null */
	json_t *links;	  /* wishes */
	json_t *report;	  /* NODE_NETWORK of then */
};

enum nmstate_step {
	NMSTATE_IDLE,
	NMSTATE_APPLYING,     /* asked of the switch */
	NMSTATE_APPLIED,      /* waits for commit or rollback */
	NMSTATE_ROLLING_BACK, /* asked of the switch */
};

struct nmstate {
	bool started;
	json_t *names, *links; /* LINKS of these names, see nmstate_links() */
	bool links_changed;

	enum nmstate_step step;
	json_t *id;   /* of the request to be answered, or NULL */
	char *reason; /* why it is rolled back, or NULL: on request */
	int retries;  /* of a transaction that met another */
	uint64_t timeout;
	struct nmstate_wanted wanted;
	struct checkpoint before;
	sd_event_source *deadline; /* of a change that nobody confirms */
	json_t *committed;	   /* wishes for NICs and internal ports that come back */
};

#endif
