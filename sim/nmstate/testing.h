/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of this room: documents as YAML text. */
#ifndef OVNBED_NMSTATE_TESTING_H
#define OVNBED_NMSTATE_TESTING_H

#include "api/testing.h"
#include "base/yaml.h"
#include "nmstate/nmstate.h"

/* The first document of text. A typing error fails the test. New reference. */
static inline json_t *Y(const char *text)
{
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	_cleanup_yaml_ struct yaml_docs docs = {0};
	_cleanup_free_ char *found = NULL;

	yaml_parse(text, strlen(text), NULL, &docs, &d);
	found = findings(&d);
	TEST_ROW(docs.n == 1 && !*found, text, "%s", found);
	return docs.n ? json_incref(docs.v[0].root) : json_object();
}

/* A worker with eth0 on br-ex and two more NICs, just booted. */
static inline json_t *booted(void)
{
	_cleanup_json_ json_t *node = Y("{name: worker-a, nics: [{name: eth1, mtu: 1500}, "
					"{name: eth2, mtu: 1500}]}");

	return nmstate_booted(node, 1500);
}

/* The node after a desired state was applied; findings are reported as failures. */
static inline json_t *apply_to(json_t *current, const char *desired)
{
	_cleanup_json_ json_t *want = Y(desired), *target = NULL, *old = current;
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	_cleanup_free_ char *message = NULL;
	int r = nmstate_merge(old, want, &target, &d);

	message = nmstate_message(&d);
	TEST_ROW(r == 0, desired, "%s", message);
	return target ? nmstate_applied(old, target) : json_incref(old);
}

#endif
