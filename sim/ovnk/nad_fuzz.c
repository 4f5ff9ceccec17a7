/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any text as spec.config: the verdict and the findings agree, a second build changes nothing, and
 * what is planned has unique keys and is recognised as ours.
 */
#include "ovnk/lint.h"
#include "ovnk/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "violated: %s\n", what);
	abort();
}

static json_t *object(const char *kind, const char *name)
{
	json_t *o = json_object();

	jset_str(o, "kind", kind);
	jset_str(o, "metadata.namespace", "ns");
	jset_str(o, "metadata.name", name);
	jset(o, "metadata.annotations", json_object());
	jset_str(o, "spec.nodeName", strcmp(name, "a") ? "worker-b" : "worker-a");
	return o;
}

static json_t *objects_of(const char *config)
{
	static const char *const selections[] = {
		"l2,l2", "[{\"name\":\"l2\",\"ips\":[\"10.0.0.1/24\",\"fd00::1/64\"]}]"};
	json_t *all = json_array(), *nad = object("NetworkAttachmentDefinition", "l2");

	jset_str(nad, "spec.config", config);
	json_array_append_new(all, nad);
	for (size_t i = 0; i < ARRAY_SIZE(selections); i++) {
		json_t *pod = object("Pod", i ? "b" : "a");

		json_object_set_new(jget(pod, "metadata.annotations"), ATTACH_ANNOTATION,
				    jstring(selections[i]));
		json_array_append_new(all, pod);
	}
	return all;
}

static void check_plan(const json_t *plan)
{
	_cleanup_json_ json_t *seen = json_object();
	const json_t *r;
	size_t i;

	json_array_foreach(plan, i, r) {
		const char *table = jstr(r, "table", "");
		_cleanup_free_ char *key = xasprintf("%s/%s", table, jstr(r, "key", ""));

		require(!json_object_get(seen, key), "keys are unique");
		json_object_set_new(seen, key, json_true());
		if (streq(table, "Logical_Switch") || streq(table, "Chassis"))
			require(plan_owns(table, json_object_get(r, "row")), "rows are ours");
	}
}

static void check_all(const json_t *all, const struct ovnk_config *c)
{
	_cleanup_diags_ struct diags d = DIAGS_INIT, again = DIAGS_INIT, lint = DIAGS_INIT;
	_cleanup_networks_ struct networks n, m;
	_cleanup_podnets_ struct podnets p;
	_cleanup_json_ json_t *nads = json_array(), *pods = json_array(), *nb = NULL, *sb = NULL;
	struct ovnk_view v = {c, &n, &p};

	json_array_append(nads, json_array_get(all, 0));
	json_array_append(pods, json_array_get(all, 1));
	json_array_append(pods, json_array_get(all, 2));
	networks_build(nads, c, NULL, &n, &d);
	require((n.nads[0].state == NAD_REJECTED) == (diags_count(&d, DIAG_ERROR) > 0),
		"errors and verdict agree");
	require((n.nads[0].state == NAD_ACCEPTED) == (n.n == 1), "an accepted NAD has a network");
	networks_build(nads, c, n.state, &m, &again);
	require(json_equal(n.state, m.state), "the state is a fixed point");
	podnets_build(pods, &n, c, &p, &d);
	nb = plan_nb(&v, "worker-a");
	sb = plan_sb(&v, "worker-a");
	check_plan(nb);
	check_plan(sb);
	json_decref(plan_bindings(&v, "worker-a"));
	lint_objects(all, c, &lint);
	require(!diags_count(&lint, DIAG_ERROR), "lint gives no errors");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char topology[] =
		"{\"underlay\":{\"mtu\":1500},\"nodes\":[{\"name\":\"worker-a\",\"chassis\":\"ca\","
		"\"encap_ip\":\"172.31.0.11\"},{\"name\":\"worker-b\",\"chassis\":\"cb\","
		"\"encap_ip\":\"fd00::12\"}]}";
	_cleanup_free_ char *config = xstrndup((const char *)data, size);
	_cleanup_json_ json_t *valid = json_string(config), *all = NULL, *t = NULL;
	_cleanup_ovnk_config_ struct ovnk_config c = {0};
	int line, col;

	if (!valid) /* the API takes valid UTF-8 only */
		return 0;
	t = jparse(topology, sizeof(topology) - 1, NULL);
	require(ovnk_config_from_topology(&c, t, NULL) == 0, "topology");
	c.preconfigured_udn = size % 2;
	nad_config_position(config, "mtu", &line, &col);
	all = objects_of(config);
	check_all(all, &c);
	return 0;
}
