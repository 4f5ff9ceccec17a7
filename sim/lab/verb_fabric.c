/* SPDX-License-Identifier: Apache-2.0 */
/* GET …/fabric: the switches with their ports and what they have dropped. */
#include "lab/verbs.h"

#include "fabric/fabric.h"

struct view {
	struct api_call *call; /* NULL once cancelled */
	struct lab *lab;
};

static void on_cancel(void *arg)
{
	struct view *v = arg;

	v->call = NULL;
}

static void on_counted(void *arg, const json_t *result, const struct err *e)
{
	struct view *v = arg;

	if (v->call && e) {
		verb_refuse(v->call, e);
	} else if (v->call) {
		json_t *all = fabric_status(v->lab->fabric);

		json_object_set(all, "switches", (json_t *)(uintptr_t)result);
		api_call_reply(v->call, 200, all);
	}
	free(v);
}

void verb_fabric(void *arg, struct api_call *call)
{
	struct lab *lab = arg;
	_cleanup_err_ struct err e = ERR_INIT;
	struct view *v = xcalloc(1, sizeof(*v));

	*v = (struct view){call, lab};
	if (fabric_switch_counters(lab->fabric, on_counted, v, &e) < 0) {
		verb_refuse(call, &e);
		free(v);
		return;
	}
	api_call_on_cancel(call, on_cancel, v);
}
