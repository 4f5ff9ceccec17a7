/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/sync.h"

#include "cmd/cmd.h"

#define SHOWN_ROWS 20

json_t *sync_lab(struct client *c, struct err *e)
{
	_cleanup_json_ json_t *body = json_object();

	return client_verb(c, "reconcile", body, e);
}

/* Rows that were found different from what had been written before. */
static void print_repairs(const json_t *reply)
{
	const json_t *rows = json_object_get(reply, "rows");
	bool all = jint(reply, "changed", 0) == 0;
	size_t i, shown = 0, hidden = 0;
	json_t *r;

	json_array_foreach(rows, i, r) {
		const char *owner = jstr(r, "owner", "");

		if (!jbool(r, "repaired", all))
			continue;
		if (shown++ >= SHOWN_ROWS) {
			hidden++;
			continue;
		}
		fprintf(stderr, "repaired: zone %s: %s %s %s%s%s\n", jstr(r, "zone", "?"),
			jstr(r, "op", "write"), jstr(r, "table", "?"), jstr(r, "key", "?"),
			*owner ? " of " : "", owner);
	}
	if (hidden)
		fprintf(stderr, "repaired: %zu more rows\n", hidden);
}

int sync_report(const json_t *reply)
{
	const json_t *problems = json_object_get(reply, "problems");
	json_t *p;
	size_t i;

	if (jint(reply, "repaired", 0))
		print_repairs(reply);
	json_array_foreach(problems, i, p)
		cmd_error(CMD_INTERNAL, "%s", json_string_value(p));
	return json_array_size(problems) ? CMD_INTERNAL : CMD_OK;
}
