/* SPDX-License-Identifier: Apache-2.0 */
/* Which nodes, how many at once, and what the conditions say. */
#include "nmstate/testing.h"

#include "api/meta.h"

static void test_max_unavailable(void)
{
	static const struct {
		const char *value;
		size_t nodes, want;
	} rows[] = {
		{"null", 4, 2},	  {"null", 3, 2},  {"null", 1, 1},   {"null", 0, 1},
		{"'50%'", 5, 3},  {"'10%'", 3, 1}, {"'100%'", 7, 7}, {"'0%'", 7, 1},
		{"3", 7, 3},	  {"0", 7, 1},	   {"-2", 7, 1},     {"'many'", 4, 2},
		{"'300%'", 4, 2}, {"'3'", 4, 2},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *text =
			xasprintf("{'spec': {'maxUnavailable': %s}}", rows[i].value);
		_cleanup_json_ json_t *policy = J(text);
		size_t got = nmstate_max_unavailable(policy, rows[i].nodes);

		TEST_ROW(got == rows[i].want, rows[i].value, "of %zu: %zu", rows[i].nodes, got);
	}
}

static void test_selects(void)
{
	static const struct {
		const char *selector;
		bool want;
	} rows[] = {
		{"{}", true},
		{"{spec: {nodeSelector: {}}}", true},
		{"{spec: {nodeSelector: {node-role.kubernetes.io/worker: ''}}}", true},
		{"{spec: {nodeSelector: {node-role.kubernetes.io/worker: '', zone: b}}}", false},
	};
	_cleanup_json_ json_t *node =
		Y("metadata: {labels: {node-role.kubernetes.io/worker: '', zone: a}}");

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *policy = Y(rows[i].selector);

		TEST_ROW(nmstate_selects(policy, node) == rows[i].want, rows[i].selector, "wrong");
	}
}

static json_t *policy(void)
{
	return J("{'apiVersion': 'nmstate.io/v1', 'kind': 'NodeNetworkConfigurationPolicy', "
		 "'metadata': {'name': 'p', 'uid': 'u1', 'generation': 3}, 'spec': "
		 "{'desiredState': {'ovn': {}}}}");
}

static char *conditions(const json_t *status)
{
	struct buf b = BUF_INIT;
	size_t i;
	json_t *c;

	json_array_foreach(json_object_get(status, "conditions"), i, c)
		buf_printf(&b, "%s%s=%s %s%s%s", i ? "; " : "", jstr(c, "type", ""),
			   jstr(c, "status", ""), jstr(c, "reason", ""),
			   *jstr(c, "message", "") ? ": " : "", jstr(c, "message", ""));
	return buf_take(&b);
}

static void test_enactment(void)
{
	_cleanup_json_ json_t *p = policy(), *e = nmstate_enactment(p, "worker-a");
	_cleanup_free_ char *pending = NULL, *done = NULL;

	TEST_STR(meta_name(e), "worker-a.p");
	TEST_STR(meta_label(e, "nmstate.io/policy"), "p");
	TEST_STR(meta_label(e, "nmstate.io/node"), "worker-a");
	CU_ASSERT_TRUE(meta_owned_by(e, "u1"));
	CU_ASSERT_EQUAL(jint(e, "status.policyGeneration", 0), 3);
	CU_ASSERT_EQUAL(nmstate_get_phase(e), -1);
	nmstate_set_phase(json_object_get(e, "status"), NMSTATE_PENDING, NULL, 1);
	pending = conditions(json_object_get(e, "status"));
	TEST_STR(
		pending,
		"Failing=False MaxUnavailableLimitReached; Available=False "
		"MaxUnavailableLimitReached; Progressing=False MaxUnavailableLimitReached; "
		"Pending=True MaxUnavailableLimitReached: Waiting for progressing nodes to finish; "
		"Aborted=False MaxUnavailableLimitReached");
	nmstate_set_phase(json_object_get(e, "status"), NMSTATE_AVAILABLE, NULL, 2);
	done = conditions(json_object_get(e, "status"));
	TEST_STR(done, "Failing=False SuccessfullyConfigured; Available=True "
		       "SuccessfullyConfigured: successfully reconciled; Progressing=False "
		       "SuccessfullyConfigured; Pending=False SuccessfullyConfigured; "
		       "Aborted=False SuccessfullyConfigured");
	CU_ASSERT_FALSE(
		nmstate_set_phase(json_object_get(e, "status"), NMSTATE_AVAILABLE, NULL, 9));
	for (int ph = NMSTATE_PENDING; ph <= NMSTATE_AVAILABLE; ph++) {
		nmstate_set_phase(json_object_get(e, "status"), (enum nmstate_phase)ph, "x", 3);
		CU_ASSERT_EQUAL(nmstate_get_phase(e), ph);
	}
}

/* phases: one letter a node: . none yet, w pending, g progressing, r retrying, f failing, a aborted,
 * v available; capital letter: the node is NotReady. */
static void enact(const char *phases, json_t **ret_enactments, json_t **ret_nodes)
{
	static const char letters[] = "wgrfav";
	_cleanup_json_ json_t *p = policy();
	json_t *enactments = json_array(), *nodes = json_array();

	for (const char *c = phases; *c; c++) {
		bool ready = *c < 'A' || *c > 'Z';
		const char *at = strchr(letters, ready ? *c : *c + 32);
		json_t *e;

		json_array_append_new(nodes, json_pack("{s:{s:[{s:s, s:s}]}}", "status",
						       "conditions", "type", "Ready", "status",
						       ready ? "True" : "False"));
		if (!at)
			continue;
		e = nmstate_enactment(p, "n");
		nmstate_set_phase(json_object_get(e, "status"), (enum nmstate_phase)(at - letters),
				  NULL, 0);
		json_array_append_new(enactments, e);
	}
	*ret_enactments = enactments;
	*ret_nodes = nodes;
}

static void test_conditions(void)
{
	static const struct {
		const char *phases, *want;
	} rows[] = {
		{"", "Ignored NoMatchingNode Policy does not match any node"},
		{"...",
		 "Progressing ConfigurationProgressing Policy is progressing 0/3 nodes finished"},
		{"vgw",
		 "Progressing ConfigurationProgressing Policy is progressing 1/3 nodes finished"},
		{"vrw",
		 "Progressing ConfigurationProgressing Policy is progressing 1/3 nodes finished"},
		{"vv", "Available SuccessfullyConfigured 2/2 nodes successfully configured"},
		{"vf", "Degraded FailedToConfigure 1/2 nodes failed to configure"},
		{"vfaa",
		 "Degraded FailedToConfigure 1/4 nodes failed to configure, 2 nodes aborted "
		 "configuration"},
		{"fw", "Degraded FailedToConfigure 1/2 nodes failed to configure"},
		{"vX",
		 "Available SuccessfullyConfigured 1/2 nodes successfully configured, 1 nodes "
		 "ignored due to NotReady state"},
		{"vvW", "Progressing ConfigurationProgressing Policy is progressing 2/2 nodes "
			"finished, 1 pending, 1 nodes ignored due to NotReady state"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *enactments = NULL, *nodes = NULL, *status = json_object();
		_cleanup_buf_ struct buf b = BUF_INIT;
		size_t j;
		json_t *c;

		enact(rows[i].phases, &enactments, &nodes);
		nmstate_set_conditions(status, enactments, nodes, 3, 5);
		json_array_foreach(json_object_get(status, "conditions"), j, c)
			if (streq(jstr(c, "status", ""), "True"))
				buf_printf(&b, "%s %s %s", jstr(c, "type", ""),
					   jstr(c, "reason", ""), jstr(c, "message", ""));
		TEST_ROW(streq(buf_str(&b), rows[i].want), rows[i].phases, "%s", buf_str(&b));
		CU_ASSERT_EQUAL(json_array_size(json_object_get(status, "conditions")), 4);
		CU_ASSERT_FALSE(nmstate_set_conditions(status, enactments, nodes, 3, 9));
	}
}

/* Enactments of an older policy do not count. */
static void test_generation(void)
{
	_cleanup_json_ json_t *enactments = NULL, *nodes = NULL, *status = json_object();
	_cleanup_free_ char *fresh = NULL, *got = NULL;

	nmstate_reset_conditions(status, 1);
	fresh = conditions(status);
	TEST_STR(fresh, "Available=Unknown ; Degraded=Unknown ; Progressing=Unknown ; "
			"Ignored=Unknown ");
	enact("vf", &enactments, &nodes);
	nmstate_set_conditions(status, enactments, nodes, 4, 5);
	got = conditions(status);
	TEST_STR(got, "Available=Unknown ConfigurationProgressing; Degraded=Unknown "
		      "ConfigurationProgressing; Progressing=True ConfigurationProgressing: Policy "
		      "is progressing 0/2 nodes finished; Ignored=False ConfigurationProgressing");
}

static void test_state(void)
{
	_cleanup_json_ json_t *node = J("{'apiVersion': 'v1', 'kind': 'Node', 'metadata': {'name': "
					"'worker-a', 'uid': 'u'}}");
	_cleanup_json_ json_t *network = J("{'interfaces': [], 'ovn': {'bridge-mappings': []}}");
	_cleanup_json_ json_t *state = nmstate_node_state(node, network, 1);
	_cleanup_json_ json_t *unknown = nmstate_node_state(node, NULL, 1);

	TEST_STR(meta_name(state), "worker-a");
	CU_ASSERT_TRUE(meta_owned_by(state, "u"));
	TEST_JSON(jget(state, "status.currentState"), "{'interfaces': [], 'ovn': {}}", "empty");
	TEST_JSON(jget(unknown, "status.currentState"), "{'ovn': {}}", "unknown");
}

TEST_SUITE(nmstate_policy, {"max_unavailable", test_max_unavailable}, {"selects", test_selects},
	   {"enactment", test_enactment}, {"conditions", test_conditions},
	   {"generation", test_generation}, {"state", test_state})
