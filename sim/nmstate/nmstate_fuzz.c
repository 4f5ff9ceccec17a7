/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any text as desiredState of a node: errors and result agree, what merges verifies and merges to
 * nothing the second time, and br-ex is as it was.
 */
#include "nmstate/nmstate.h"

#include "base/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "violated: %s\n", what);
	abort();
}

static const json_t *find(const json_t *network, const char *name, const char *type)
{
	size_t i;
	json_t *v;

	json_array_foreach(json_object_get(network, "interfaces"), i, v)
		if (streq(jstr(v, "name", ""), name) && streq(jstr(v, "type", ""), type))
			return v;
	return NULL;
}

static void check_result(const json_t *network, const json_t *want, const json_t *target)
{
	_cleanup_json_ json_t *after = nmstate_applied(network, target), *again = NULL;
	_cleanup_json_ json_t *back = nmstate_rollback(network, target);
	_cleanup_diags_ struct diags d = DIAGS_INIT, v = DIAGS_INIT;
	const json_t *old = find(network, "br-ex", "ovs-bridge");

	require(nmstate_merge(after, want, &again, &d) == 0, "what was applied can be applied");
	require(!nmstate_changes(after, again), "twice is once");
	require(nmstate_verify(want, after, &v) == 0, "what was applied verifies");
	require(json_equal(jget(old, "bridge"), jget(find(after, "br-ex", "ovs-bridge"), "bridge")),
		"br-ex is as it was");
	require(json_is_array(json_object_get(back, "interfaces")), "there is a way back");
}

static void check(const json_t *want)
{
	_cleanup_json_ json_t *node =
		json_pack("{s:[{s:s}, {s:s}]}", "nics", "name", "eth1", "name", "eth2");
	_cleanup_json_ json_t *network = nmstate_booted(node, 1500), *target = NULL;
	_cleanup_diags_ struct diags d = DIAGS_INIT, v = DIAGS_INIT;
	_cleanup_free_ char *message = NULL;
	int r = nmstate_check(want, &v);

	require((r < 0) == (diags_count(&v, DIAG_ERROR) > 0), "errors and result agree");
	r = nmstate_merge(network, want, &target, &d);
	require((r < 0) == (diags_count(&d, DIAG_ERROR) > 0), "errors and result agree (merge)");
	require((r < 0) == !target, "a target or errors");
	message = nmstate_message(&d);
	if (r == 0)
		check_result(network, want, target);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	_cleanup_yaml_ struct yaml_docs docs = {0};

	yaml_parse((const char *)data, size, NULL, &docs, &d);
	if (docs.n)
		check(docs.v[0].root);
	return 0;
}
