/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies by content type. */
#include <strings.h>

#include "base/yaml.h"
#include "lab/api_priv.h"

bool api_media_is(const char *content_type, const char *type)
{
	size_t n = content_type ? strcspn(content_type, "; \t") : 0;

	return n == strlen(type) && strncasecmp(content_type, type, n) == 0;
}

static bool is_any(const char *content_type, const char *const *types)
{
	for (; *types; types++)
		if (api_media_is(content_type, *types))
			return true;
	return false;
}

static json_t *parse_yaml(const struct api_request *r, json_t **ret_status)
{
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	_cleanup_yaml_ struct yaml_docs docs = {0};
	const struct diag *g;

	if (yaml_parse(r->body, r->body_len, NULL, &docs, &d) == 0 && docs.n == 1)
		return json_incref(docs.v[0].root);
	g = d.n ? &d.v[0] : NULL;
	if (g)
		*ret_status = status_failure(400, "error decoding YAML: %d:%d: %s", g->line, g->col,
					     g->msg);
	else
		*ret_status = status_failure(400, "the body holds %zu documents, want one", docs.n);
	return NULL;
}

static json_t *parse_json(const struct api_request *r, json_t **ret_status)
{
	_cleanup_err_ struct err e = ERR_INIT;
	json_t *v = jparse(r->body, r->body_len, &e);

	if (!v)
		*ret_status = status_failure(400, "error decoding JSON: %s", err_msg(&e));
	return v;
}

json_t *api_body(const struct api_request *r, json_t **ret_status)
{
	static const char *const json_types[] = {"application/json", "application/merge-patch+json",
						 "application/strategic-merge-patch+json",
						 "application/json-patch+json", NULL};
	static const char *const yaml_types[] = {
		"application/yaml", "application/x-yaml",	    "text/yaml",
		"text/x-yaml",	    "application/apply-patch+yaml", NULL};

	if (r->body_len > API_BODY_MAX) {
		*ret_status = status_failure(413, "limit is %u bytes", API_BODY_MAX);
		return NULL;
	}
	if (!r->body || r->body_len == 0) {
		*ret_status = status_failure(400, "the body is empty");
		return NULL;
	}
	if (is_any(r->content_type, yaml_types))
		return parse_yaml(r, ret_status);
	if (!r->content_type || !*r->content_type || is_any(r->content_type, json_types))
		return parse_json(r, ret_status);
	*ret_status =
		status_failure(415, "the body of the request was in an unknown format - accepted "
				    "media types include: application/json, application/yaml");
	return NULL;
}
