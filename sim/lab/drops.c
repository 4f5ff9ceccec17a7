/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/drops.h"

#include <errno.h>

#include "ovsdb/openflow.h"
#include "ovsdb/ovsdb.h"

#define READ_US (10 * USEC_PER_SEC)
#define HINT_LEN 8 /* hex digits of a uuid that hints and cookies hold */

/* One reading, alive while something of it is pending. */
struct reading {
	struct lab *lab;
	json_t *nodes, *acls, *problems;
	unsigned pending;
	bool settle;
	sd_event_source *done_src;
	drops_fn done;
	void *arg;
};

/* One node's share: its cookies come first, then the flows. */
struct share {
	struct reading *r;
	struct lab_node *node;
	json_t *cookies; /* {"0x1a2b3c4d": ACL id} */
	json_t *counts;	 /* {ACL id: packets} */
	struct openflow *of;
	unsigned flows; /* questions to the switch that are open */
	char *why;	/* the first that failed */
};

static void problem(struct reading *r, const char *node, const char *why)
{
	json_array_append_new(r->problems, jstringf("node/%s: %s", node, why));
}

static int finish(sd_event_source *s, void *arg)
{
	struct reading *r = arg;
	json_t *result = json_pack("{s:o, s:o, s:o}", "nodes", r->nodes, "acls", r->acls,
				   "problems", r->problems);

	sd_event_source_disable_unref(s);
	r->done(r->arg, result);
	free(r);
	return 0;
}

static void release(struct reading *r)
{
	if (--r->pending)
		return;
	if (sd_event_add_defer(r->lab->ev, &r->done_src, finish, r) < 0)
		abort();
}

static void share_end(struct share *s, const char *why)
{
	if (why)
		problem(s->r, s->node->name, why);
	else
		json_object_set(s->r->nodes, s->node->name, s->counts);
	openflow_free(s->of);
	json_decref(s->cookies);
	json_decref(s->counts);
	release(s->r);
	free(s);
}

/* ---- OpenFlow rows ---- */

static void on_flow(void *arg, const struct openflow_stats *st)
{
	struct share *s = arg;
	char cookie[20];
	const char *acl;

	snprintf(cookie, sizeof(cookie), "0x%llx", (unsigned long long)st->cookie);
	acl = json_string_value(json_object_get(s->cookies, cookie));
	if (acl)
		json_object_set_new(
			s->counts, acl,
			json_integer(json_integer_value(json_object_get(s->counts, acl)) +
				     (json_int_t)st->packets));
}

static void on_flows(void *arg, const struct err *e)
{
	struct share *s = arg;
	_cleanup_free_ char *why = NULL;

	if (e && !s->why)
		s->why = xstrdup(err_msg(e));
	if (--s->flows)
		return;
	why = TAKE_PTR(s->why);
	share_end(s, why);
}

/* One question a cookie: a switch has thousands of flows, a few of them are of these ACLs. */
static void ask_flows(struct share *s)
{
	_cleanup_free_ char *path = lab_node_path(s->node, "ovs", "br-int.mgmt");
	_cleanup_err_ struct err e = ERR_INIT;
	const char *cookie;
	json_t *acl;

	if (!json_object_size(s->cookies)) { /* no port of this node is in a group that denies */
		share_end(s, NULL);
		return;
	}
	s->of = openflow_open(s->r->lab->ev, path, NULL, NULL, &e);
	if (!s->of) {
		share_end(s, err_msg(&e));
		return;
	}
	json_object_foreach(s->cookies, cookie, acl) {
		struct openflow_filter f = {.table = OPENFLOW_ANY_TABLE,
					    .cookie = strtoull(cookie, NULL, 16),
					    .cookie_mask = UINT64_MAX};

		s->flows += openflow_stats(s->of, &f, READ_US, on_flow, on_flows, s) >= 0;
	}
	if (!s->flows)
		share_end(s, "the switch does not answer");
}

static void on_settled(void *arg, const json_t *result, const json_t *error)
{
	struct share *s = arg;

	(void)result;
	if (error)
		share_end(s, json_string_value(error) ?: "no answer to its revalidators");
	else
		ask_flows(s);
}

static int ask_revalidators(struct share *s, const char *command, jrpc_reply_fn done)
{
	return (int)jrpc_call(s->node->rpc, "unixctl",
			      json_pack("[{s:s, s:s, s:[]}]", "daemon", "ovs-vswitchd", "command",
					command, "args"),
			      READ_US, done, s);
}

/* A packet that meets a flow while that is being deleted is counted nowhere. */
static void on_purged(void *arg, const json_t *result, const json_t *error)
{
	struct share *s = arg;

	if (error || !s->r->settle)
		on_settled(s, result, error);
	else if (ask_revalidators(s, "revalidator/wait", on_settled) < 0)
		share_end(s, "its agent does not answer");
}

static void begin_share(struct reading *r, struct lab_node *n, const json_t *cookies)
{
	struct share *s = xcalloc(1, sizeof(*s));
	const char *cookie;
	json_t *acl;

	*s = (struct share){
		.r = r, .node = n, .cookies = json_deep_copy(cookies), .counts = json_object()};
	json_object_foreach(s->cookies, cookie, acl)
		json_object_set_new(s->counts, json_string_value(acl), json_integer(0));
	r->pending++;
	if (n->death || !n->rpc || ask_revalidators(s, "revalidator/purge", on_purged) < 0)
		share_end(s, n->death ? n->death : "its agent does not answer");
}

/* ---- logical flows of a zone ---- */

struct zone_share {
	struct reading *r;
	struct lab_zone *zone;
	json_t *ids; /* ACL ids, in the order of the questions */
};

static json_t *cookies_of(const struct zone_share *z, const json_t *results)
{
	json_t *out = json_object(), *id, *row;
	size_t i, k;

	json_array_foreach(z->ids, i, id) {
		json_array_foreach(json_object_get(json_array_get(results, i), "rows"), k, row) {
			const char *uuid =
				json_string_value(json_array_get(json_object_get(row, "_uuid"), 1));
			_cleanup_free_ char *hex = xstrndup(uuid ?: "", HINT_LEN);
			char cookie[20];

			snprintf(cookie, sizeof(cookie), "0x%llx", strtoull(hex, NULL, 16));
			json_object_set(out, cookie, id);
		}
	}
	return out;
}

static void on_logical(void *arg, const json_t *results, const struct err *e)
{
	struct zone_share *z = arg;
	struct lab *lab = z->r->lab;

	if (e) {
		json_array_append_new(z->r->problems,
				      jstringf("zone %s: %s", z->zone->name, err_msg(e)));
	} else {
		_cleanup_json_ json_t *cookies = cookies_of(z, results);

		for (size_t i = 0; i < lab->n_nodes; i++)
			if (!lab->nodes[i].control_plane &&
			    (lab->n_zones == 1 || z->zone->host == &lab->nodes[i]))
				begin_share(z->r, &lab->nodes[i], cookies);
	}
	json_decref(z->ids);
	release(z->r);
	free(z);
}

static json_t *acl_id(const json_t *row, const char *uuid)
{
	const char *id = json_string_value(
		json_object_get(json_object_get(row, "external_ids"), "k8s.ovn.org/id"));

	return id ? jstring(id) : jstringf("acl:%s", uuid);
}

/* A question for the logical flows of each dropping ACL. */
static json_t *questions(struct zone_share *z)
{
	json_t *ops = json_array(), *row;
	const char *uuid;

	json_object_foreach((json_t *)(uintptr_t)ovsdb_rows(z->zone->nb, "ACL"), uuid, row) {
		const char *action = jstr(row, "action", "");
		_cleanup_free_ char *hint = xstrndup(uuid, HINT_LEN);
		json_t *id;

		if (!streq(action, "drop") && !streq(action, "reject"))
			continue;
		id = acl_id(row, uuid);
		json_array_append_new(ops, json_pack("{s:s, s:s, s:[s], s:[[s, s, [s, [[s, s]]]]]}",
						     "op", "select", "table", "Logical_Flow",
						     "columns", "_uuid", "where", "external_ids",
						     "includes", "map", "stage-hint", hint));
		json_object_set_new(z->r->acls, json_string_value(id),
				    json_pack("{s:s, s:s, s:s, s:s, s:s}", "name",
					      jstr(row, "name.0", jstr(row, "name", "")), "match",
					      jstr(row, "match", ""), "direction",
					      jstr(row, "direction", ""), "action", action, "uuid",
					      uuid));
		json_array_append_new(z->ids, id);
	}
	return ops;
}

static void begin_zone(struct reading *r, struct lab_zone *zone)
{
	struct zone_share *z = xcalloc(1, sizeof(*z));
	json_t *ops;

	*z = (struct zone_share){r, zone, json_array()};
	r->pending++;
	if (!ovsdb_is_ready(zone->nb) || !ovsdb_is_ready(zone->sb)) {
		_cleanup_err_ struct err e = ERR_INIT;

		err_set(&e, EHOSTDOWN, "its databases are not connected");
		on_logical(z, NULL, &e);
		return;
	}
	ops = questions(z);
	if (!json_array_size(ops)) {
		json_decref(ops);
		on_logical(z, NULL, NULL);
	} else if (ovsdb_transact(zone->sb, ops, READ_US, on_logical, z) < 0) {
		_cleanup_err_ struct err e = ERR_INIT;

		err_set(&e, EHOSTDOWN, "its southbound database does not answer");
		on_logical(z, NULL, &e);
	}
}

void drops_read(struct lab *lab, bool settle, drops_fn done, void *arg)
{
	struct reading *r = xcalloc(1, sizeof(*r));

	*r = (struct reading){.lab = lab,
			      .nodes = json_object(),
			      .acls = json_object(),
			      .problems = json_array(),
			      .pending = 1,
			      .settle = settle,
			      .done = done,
			      .arg = arg};
	for (size_t i = 0; i < lab->n_zones; i++)
		begin_zone(r, &lab->zones[i]);
	release(r);
}

long long drops_delta(const json_t *before, const json_t *after, const char *node, const char *acl)
{
	const json_t *a =
		json_object_get(json_object_get(json_object_get(before, "nodes"), node), acl);
	const json_t *b =
		json_object_get(json_object_get(json_object_get(after, "nodes"), node), acl);

	return a && b ? (long long)(json_integer_value(b) - json_integer_value(a)) : -1;
}
