/* SPDX-License-Identifier: Apache-2.0 */
#include "scenario/step_cells.h"

#include "lab/endpoint.h"

/* ---- what an earlier check saw ---- */

static bool same_endpoint(const char *step, const char *canonical)
{
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_free_ char *c = endpoint_canon(step, &e);

	return c && streq(c, canonical);
}

/* Families and networks that the step does not name may be any of those that were tried. */
static bool same_or_unsaid(const json_t *cell, const json_t *seen, const char *key)
{
	const json_t *v = json_object_get(cell, key);

	return !v || json_equal(v, json_object_get(seen, key));
}

static bool same_way(const json_t *cell, const json_t *seen)
{
	return same_endpoint(jstr(cell, "from", ""), jstr(seen, "from", "")) &&
	       same_endpoint(jstr(cell, "to", ""), jstr(seen, "to", "")) &&
	       streq(jstr(cell, "proto", ""), jstr(seen, "proto", "-")) &&
	       jint(cell, "port", 0) == jint(seen, "port", 0) &&
	       same_or_unsaid(cell, seen, "family") && same_or_unsaid(cell, seen, "network");
}

/* Outcome of the cell's pair in the details of a check; the worst where there are several. */
static const char *outcome_in(const json_t *details, const json_t *cell)
{
	const char *found = NULL;
	json_t *seen;
	size_t i;

	json_array_foreach(details, i, seen) {
		const char *o = jstr(seen, "outcome", NULL);

		if (o && same_way(cell, seen) && (!found || !streq(o, "ALLOWED")))
			found = o;
	}
	return found;
}

static void set_before(const struct step_ctx *c, json_t *cell, const char *check)
{
	const char *outcome = NULL;
	json_t *done;
	size_t i;

	json_array_foreach(c->checks, i, done)
		if (streq(jstr(done, "id", ""), check))
			outcome = outcome_in(json_object_get(done, "details"), cell);
	if (outcome)
		jset_str(cell, "before", outcome);
	else
		json_object_set_new(cell, "before", jstringf("not tried in %s", check));
}

/* ---- cells ---- */

static void add_pair(const struct step_ctx *c, json_t *cells, const json_t *p, const char *from,
		     const char *to)
{
	_cleanup_json_ json_t *def = json_pack("[s]", "icmp");
	const json_t *send = json_object_get(p, "send");
	const char *key;
	json_t *s, *v;
	size_t i;

	json_array_foreach(json_array_size(send) ? send : def, i, s) {
		json_t *cell = json_object();

		json_object_foreach((json_t *)p, key, v)
			if (!streq(key, "send"))
				json_object_set(cell, streq(key, "verdict") ? STEP_WANTED : key, v);
		jset_str(cell, "from", from);
		jset_str(cell, "to", to);
		if (!json_object_get(cell, "expect"))
			jset_str(cell, "expect", "allowed");
		step_parse_send(json_string_value(s), cell);
		if (json_object_get(cell, "before"))
			set_before(c, cell, jstr(p, "before", ""));
		json_array_append_new(cells, cell);
	}
}

void step_add_cells(const struct step_ctx *c, json_t *cells, const json_t *probe)
{
	_cleanup_json_ json_t *from = step_as_list(json_object_get(probe, "from"));
	_cleanup_json_ json_t *to = step_as_list(json_object_get(probe, "to"));
	json_t *a, *b;
	size_t i, k;

	json_array_foreach(from, i, a)
		json_array_foreach(to, k, b)
			if (!json_equal(a, b))
				add_pair(c, cells, probe, json_string_value(a),
					 json_string_value(b));
}
