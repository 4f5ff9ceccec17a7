/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spec.desiredState is free-form here, as in the real CRD: what is wrong inside it shows when the
 * handler configures a node (room nmstate). Only spec's own structure is admission.
 */
#include "api/nmstate_cells.h"

static const char *const versions[] = {"v1", "v1beta1", NULL};
static const char *const short_names[] = {"nncp", NULL};

static const struct field spec_fields[] = {
	FIELD("nodeSelector", MAP),
	FIELD("desiredState", ANY),
	FIELD("capture", ANY),
	FIELD("maxUnavailable", INT_OR_STRING),
	FIELDS_END,
};
static const struct field fields[] = {
	FIELD("spec", OBJECT, .flags = FIELD_REQUIRED, .fields = spec_fields),
	FIELD("status", OBJECT),
	FIELDS_END,
};

/* "5", "50%", up to "100%". */
static bool good_max_unavailable(const json_t *v)
{
	const char *s = json_string_value(v);
	_cleanup_free_ char *digits = s ? xstrndup(s, strlen(s) - str_ends(s, "%")) : NULL;
	long long n;

	if (json_is_integer(v))
		return json_integer_value(v) >= 0;
	return digits && str_ends(s, "%") && *digits >= '0' && *digits <= '9' &&
	       parse_int(digits, 0, 100, &n) == 0;
}

static void check_max_unavailable(const json_t *v, struct diags *d)
{
	_cleanup_free_ char *text = v ? jtext(v) : NULL;

	if (!v || good_max_unavailable(v))
		return;
	diag_hint(diags_add(d, DIAG_ERROR, NULL, "spec.maxUnavailable",
			    "Invalid value: %.*s: must be a number of nodes or a percentage",
			    text_clip(text), text),
		  "write 2 or \"50%%\" (the default)");
}

static void validate(const json_t *obj, const json_t *old UNUSED, struct diags *d)
{
	const json_t *desired = jget(obj, "spec.desiredState"),
		     *capture = jget(obj, "spec.capture");

	if (desired && !json_is_null(desired) && !json_is_object(desired))
		diags_add(d, DIAG_ERROR, NULL, "spec.desiredState",
			  "Invalid value: must be an object with interfaces, ovn, …");
	if (capture && !json_is_null(capture) &&
	    !(json_is_object(capture) && !json_object_size(capture)))
		diag_hint(diags_add(d, DIAG_ERROR, NULL, "spec.capture",
				    "Unsupported value: capture expressions (nmpolicy) are not "
				    "emulated"),
			  "write the interfaces' names into spec.desiredState, one policy a group "
			  "of nodes");
	check_max_unavailable(jget(obj, "spec.maxUnavailable"), d);
}

static const struct column columns[] = {
	COLUMN("Status", "string", "The condition that holds.", .cell = cell_true_condition),
	COLUMN("Reason", "string", "Its reason.", .cell = cell_true_reason),
	COLUMN("Message", "string", "Its message.", .priority = 1, .cell = cell_true_message),
	COLUMNS_END,
};

const struct kind kind_nncp = {
	.group = "nmstate.io",
	.versions = versions,
	.kind = "NodeNetworkConfigurationPolicy",
	.plural = "nodenetworkconfigurationpolicies",
	.singular = "nodenetworkconfigurationpolicy",
	.short_names = short_names,
	.has_status = true,
	.has_generation = true,
	.fields = fields,
	.columns = columns,
	.validate_fn = validate,
};
