/* SPDX-License-Identifier: Apache-2.0 */
#include "ovnk/lint.h"

#include "ovnk/lint_priv.h"
#include "ovnk/names.h"

const struct lint_nad *lint_find(const struct lint *l, const char *key)
{
	for (size_t i = 0; i < l->n; i++)
		if (streq(l->v[i].key, key))
			return &l->v[i];
	return NULL;
}

/* Errors and notes of the parser are the store's and the controller's to report. */
static void add_nad(struct lint *l, const json_t *nad)
{
	_cleanup_diags_ struct diags ignored = DIAGS_INIT;
	_cleanup_free_ char *key = names_nad_key(jstr(nad, "metadata.namespace", "default"),
						 jstr(nad, "metadata.name", ""), 0);
	struct netconf conf;
	enum nad_verdict v = nad_parse(nad, l->config, &conf, &ignored);

	json_object_set_new(l->known, key, json_true());
	if (v != NAD_OK || conf.topology == OVNK_DEFAULT_NET) {
		netconf_free(&conf);
		return;
	}
	l->v = xrealloc(l->v, (l->n + 1) * sizeof(*l->v));
	l->v[l->n++] = (struct lint_nad){TAKE_PTR(key), conf};
}

void lint_objects(const json_t *objects, const struct ovnk_config *c, struct diags *d)
{
	struct lint l = {.config = c, .d = d, .known = json_object()};
	const json_t *o;
	size_t i;

	json_array_foreach(objects, i, o)
		if (streq(jstr(o, "kind", ""), "NetworkAttachmentDefinition"))
			add_nad(&l, o);
	lint_nads(&l);
	lint_uses(&l, objects);
	for (i = 0; i < l.n; i++) {
		free(l.v[i].key);
		netconf_free(&l.v[i].conf);
	}
	free(l.v);
	json_decref(l.known);
}
