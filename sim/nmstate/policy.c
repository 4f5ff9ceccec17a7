/* SPDX-License-Identifier: Apache-2.0 */
/* Policies, their nodes and their conditions. kubernetes-nmstate: pkg/policyconditions,
 * pkg/enactmentstatus/conditions, pkg/node. */
#include "api/meta.h"
#include "api/selector.h"
#include "nmstate/nmstate_priv.h"

#define LABEL_POLICY "nmstate.io/policy"
#define LABEL_NODE "nmstate.io/node"

bool nmstate_selects(const json_t *policy, const json_t *node)
{
	_cleanup_selector_ struct selector *s =
		selector_from_map(jget(policy, "spec.nodeSelector"));

	return selector_match_object(s, node);
}

size_t nmstate_max_unavailable(const json_t *policy, size_t n)
{
	const json_t *v = jget(policy, "spec.maxUnavailable");
	const char *text = json_string_value(v);
	_cleanup_free_ char *digits =
		text ? xstrndup(text, strlen(text) - str_ends(text, "%")) : NULL;
	long long percent = 50;

	if (json_is_integer(v))
		return json_integer_value(v) < 1 ? 1 : (size_t)json_integer_value(v);
	if (digits && (!str_ends(text, "%") || parse_int(digits, 0, 100, &percent) < 0))
		percent = 50;
	return MAX((n * (size_t)percent + 99) / 100, 1);
}

/* ---- enactments ---- */

/* Which conditions are True, reason, and upstream's message. */
static const struct {
	const char *name, *reason, *message;
	bool failing, progressing, pending, aborted, available, unknown;
} phases[] = {
	[NMSTATE_PENDING] = {"Pending", "MaxUnavailableLimitReached",
			     "Waiting for progressing nodes to finish", .pending = true},
	[NMSTATE_PROGRESSING] = {"Progressing", "ConfigurationProgressing",
				 "Applying desired state", .progressing = true, .unknown = true},
	[NMSTATE_RETRYING] = {"Failing", "Retrying", "retrying", .failing = true,
			      .progressing = true},
	[NMSTATE_FAILING] = {"Failing", "FailedToConfigure", "failed to configure",
			     .failing = true},
	[NMSTATE_ABORTED] = {"Aborted", "ConfigurationAborted",
			     "policy has failing enactments, aborting", .aborted = true},
	[NMSTATE_AVAILABLE] = {"Available", "SuccessfullyConfigured", "successfully reconciled",
			       .available = true},
};

const char *nmstate_phase_name(enum nmstate_phase p)
{
	return phases[p].name;
}

bool nmstate_set_phase(json_t *status, enum nmstate_phase p, const char *message, int64_t now)
{
	const struct {
		const char *type;
		bool on, may_be_unknown;
	} conditions[] = {
		{"Failing", phases[p].failing, true},
		{"Available", phases[p].available, true},
		{"Progressing", phases[p].progressing, false},
		{"Pending", phases[p].pending, false},
		{"Aborted", phases[p].aborted, false},
	};
	const char *text = message ? message : phases[p].message;
	bool changed = false;

	for (size_t i = 0; i < ARRAY_SIZE(conditions); i++) {
		bool unknown = phases[p].unknown && conditions[i].may_be_unknown;

		changed |= meta_set_status_condition(status, conditions[i].type,
						     conditions[i].on ? "True"
						     : unknown	      ? "Unknown"
								      : "False",
						     phases[p].reason, conditions[i].on ? text : "",
						     now);
	}
	return changed;
}

int nmstate_get_phase(const json_t *enactment)
{
	bool failing = meta_condition_true(enactment, "Failing");
	bool progressing = meta_condition_true(enactment, "Progressing");

	if (meta_condition_true(enactment, "Available"))
		return NMSTATE_AVAILABLE;
	if (meta_condition_true(enactment, "Aborted"))
		return NMSTATE_ABORTED;
	if (failing)
		return progressing ? NMSTATE_RETRYING : NMSTATE_FAILING;
	if (progressing)
		return NMSTATE_PROGRESSING;
	return meta_condition_true(enactment, "Pending") ? NMSTATE_PENDING : -1;
}

json_t *nmstate_enactment(const json_t *policy, const char *node)
{
	_cleanup_free_ char *name = xasprintf("%s.%s", node, meta_name(policy));
	json_t *obj = meta_new(&kind_nnce, NULL, name), *status, *desired;

	desired = jget(policy, "spec.desiredState");
	meta_set_label(obj, LABEL_POLICY, meta_name(policy));
	meta_set_label(obj, LABEL_NODE, node);
	meta_set_controller(obj, policy);
	status = json_pack("{s:I}", "policyGeneration", (json_int_t)meta_generation(policy));
	if (json_is_object(desired))
		json_object_set_new(status, "desiredState", json_deep_copy(desired));
	json_object_set_new(obj, "status", status);
	return obj;
}

/* ---- policies ---- */

/* Upstream's sets of four: status of each condition, reason, and which one has the message. */
struct verdict {
	const char *available, *degraded, *progressing, *ignored, *reason, *told;
};

static const struct verdict none_matches = {"False", "False",	       "False",
					    "True",  "NoMatchingNode", "Ignored"};
static const struct verdict in_progress = {
	"Unknown", "Unknown", "True", "False", "ConfigurationProgressing", "Progressing"};
static const struct verdict failed = {"False",	 "True", "False", "False", "FailedToConfigure",
				      "Degraded"};
static const struct verdict success = {
	"True", "False", "False", "False", "SuccessfullyConfigured", "Available"};

static bool set_verdict(json_t *status, const struct verdict *v, const char *message, int64_t now)
{
	const char *const conditions[][2] = {
		{"Available", v->available},
		{"Degraded", v->degraded},
		{"Progressing", v->progressing},
		{"Ignored", v->ignored},
	};
	bool changed = false;

	for (size_t i = 0; i < ARRAY_SIZE(conditions); i++)
		changed |= meta_set_status_condition(
			status, conditions[i][0], conditions[i][1], v->reason,
			streq(conditions[i][0], v->told) ? message : "", now);
	return changed;
}

bool nmstate_reset_conditions(json_t *status, int64_t now)
{
	static const struct verdict unknown = {"Unknown", "Unknown", "Unknown", "Unknown", "", ""};

	return set_verdict(status, &unknown, "", now);
}

struct count {
	size_t phase[NMSTATE_AVAILABLE + 1];
	size_t nodes, ready, finished;
};

static struct count count(const json_t *enactments, const json_t *nodes, long long generation)
{
	struct count c = {.nodes = json_array_size(nodes)};
	size_t i;
	json_t *v;

	json_array_foreach(nodes, i, v)
		c.ready += meta_condition_true(v, "Ready");
	json_array_foreach(enactments, i, v) {
		int p = nmstate_get_phase(v);

		if (p >= 0 && jint(v, "status.policyGeneration", generation) == generation)
			c.phase[p]++;
	}
	c.finished =
		c.phase[NMSTATE_AVAILABLE] + c.phase[NMSTATE_FAILING] + c.phase[NMSTATE_ABORTED];
	return c;
}

/* Chooses the verdict and writes its message. Order as upstream's setPolicyStatus(). */
static const struct verdict *judge(const struct count *c, struct buf *message)
{
	const struct verdict *v;

	if (!c->nodes) {
		buf_adds(message, "Policy does not match any node");
		return &none_matches;
	}
	if (c->phase[NMSTATE_FAILING] || c->phase[NMSTATE_ABORTED]) {
		buf_printf(message, "%zu/%zu nodes failed to configure", c->phase[NMSTATE_FAILING],
			   c->nodes);
		if (c->phase[NMSTATE_ABORTED])
			buf_printf(message, ", %zu nodes aborted configuration",
				   c->phase[NMSTATE_ABORTED]);
		return &failed;
	}
	if (c->finished < c->ready || c->phase[NMSTATE_PENDING]) {
		buf_printf(message, "Policy is progressing %zu/%zu nodes finished", c->finished,
			   c->ready);
		if (c->finished >= c->ready)
			buf_printf(message, ", %zu pending", c->phase[NMSTATE_PENDING]);
		v = &in_progress;
	} else {
		buf_printf(message, "%zu/%zu nodes successfully configured",
			   c->phase[NMSTATE_AVAILABLE], c->nodes);
		v = &success;
	}
	if (c->nodes > c->ready)
		buf_printf(message, ", %zu nodes ignored due to NotReady state",
			   c->nodes - c->ready);
	return v;
}

bool nmstate_set_conditions(json_t *status, const json_t *enactments, const json_t *nodes,
			    long long generation, int64_t now)
{
	struct count c = count(enactments, nodes, generation);
	_cleanup_buf_ struct buf message = BUF_INIT;
	const struct verdict *v = judge(&c, &message);

	return set_verdict(status, v, buf_str(&message), now);
}
