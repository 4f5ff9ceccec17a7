/* SPDX-License-Identifier: Apache-2.0 */
#include "scenario/step_matrix_trace.h"

#include <errno.h>

/* "allowed", "denied", "unknown" of the pipeline; why goes to *ret_why. */
static const char *pipeline(struct step_ctx *c, const json_t *cell, json_t **ret, char **ret_why)
{
	static const char *const copied[] = {"network", "from", "to", "proto", "port", "family"};
	json_t *body = json_object();
	_cleanup_err_ struct err e = ERR_INIT;
	int code;

	for (size_t i = 0; i < ARRAY_SIZE(copied); i++)
		if (json_object_get(cell, copied[i]))
			json_object_set(body, copied[i], json_object_get(cell, copied[i]));
	code = step_post(c, "trace", body, ret, &e);
	if (code != 200) {
		*ret_why = xstrdup(code < 0 ? err_msg(&e) : jstr(*ret, "message", "refused"));
		return "unknown";
	}
	*ret_why = xstrdup(jstr(*ret, "summary", ""));
	return jstr(*ret, "verdict", "unknown");
}

/* The pipeline is asked about the way there; an answer that is lost is none of its business. */
static const char *oracle_forward(const json_t *cell)
{
	return streq(jstr(cell, "expect", ""), "denied") ? "denied" : "allowed";
}

/* Whether the packets arrived at the destination, whatever became of the answers. */
static const char *packets_forward(const json_t *cell)
{
	if (streq(jstr(cell, "outcome", ""), "ALLOWED") || jint(cell, "received.frames", 0) > 0)
		return "allowed";
	return "denied";
}

const char *matrix_layer(struct step_ctx *c, const json_t *cell, char **ret_why)
{
	_cleanup_json_ json_t *reply = NULL;
	const char *trace = pipeline(c, cell, &reply, ret_why);
	const char *oracle = oracle_forward(cell), *packets = packets_forward(cell);

	if (streq(trace, "unknown"))
		return "unknown";
	if (streq(trace, oracle) && streq(trace, packets))
		return streq(jstr(cell, "verdict.status", ""), "pass") ? "" : "reply";
	if (streq(trace, packets))
		return "compiler";
	return streq(trace, oracle) ? "datapath" : "trace";
}

const char *matrix_layer_text(const char *layer)
{
	static const char *const texts[][2] = {
		{"compiler",
		 "OVN's pipeline does what the packets show: the ACLs in the northbound "
		 "database are not what the policies say"},
		{"datapath",
		 "OVN's pipeline agrees with the oracle: look at the flows on the nodes"},
		{"trace", "the packets agree with the oracle, OVN's pipeline says otherwise"},
		{"reply", "the way there is as expected: look at the answers"},
		{"unknown", "OVN's pipeline could not be asked"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (streq(texts[i][0], layer))
			return texts[i][1];
	return "oracle, pipeline and packets agree";
}

static enum outcome trace_cell(struct step_ctx *c, const json_t *cell)
{
	_cleanup_free_ char *why = NULL;
	const char *layer = matrix_layer(c, cell, &why);

	if (!*layer || streq(layer, "reply"))
		return OUTCOME_PASS;
	return step_say(c, streq(layer, "unknown") ? OUTCOME_ERROR : OUTCOME_FAIL,
			"%s: the oracle says %s, the packets %s, OVN's pipeline: %s [%s]: %s",
			jstr(cell, "key", "?"), oracle_forward(cell), packets_forward(cell), why,
			layer, matrix_layer_text(layer));
}

enum outcome matrix_trace(struct step_ctx *c, const json_t *matrix, size_t n)
{
	const json_t *cells = json_object_get(matrix, "cells");
	size_t total = json_array_size(cells), done = MIN(n, total);
	enum outcome worst = OUTCOME_PASS;

	for (size_t i = 0; i < done; i++) {
		const json_t *cell = json_array_get(cells, i * total / done);
		enum outcome o;

		if (strncmp(jstr(cell, "from", ""), "host/", 5) == 0 ||
		    strncmp(jstr(cell, "to", ""), "host/", 5) == 0)
			continue; /* the pipeline ends at the physical network */
		o = trace_cell(c, cell);
		worst = MAX(worst, o);
	}
	return worst;
}
