/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/mapping_nodes.h"

#include "base/buf.h"

char *mapping_text(const json_t *network)
{
	struct buf b = BUF_INIT;
	json_t *m;
	size_t i;

	json_array_foreach(jget(network, "ovn.bridge-mappings"), i, m)
		buf_printf(&b, "%s%s:%s", i ? "," : "", jstr(m, "localnet", ""),
			   jstr(m, "bridge", ""));
	return b.len ? buf_take(&b) : xstrdup("");
}

static json_t *bridge_names(const json_t *network)
{
	json_t *out = json_array(), *f;
	size_t i;

	json_array_foreach(json_object_get(network, "interfaces"), i, f)
		if (streq(jstr(f, "type", ""), "ovs-bridge"))
			json_array_append_new(out, jstring(jstr(f, "name", "")));
	return out;
}

void mapping_nodes_add(struct mapping_nodes *w, const char *name, const json_t *network)
{
	w->v = xrealloc(w->v, (w->n + 1) * sizeof(*w->v));
	w->v[w->n++] = (struct mapping_node){name, network ? mapping_text(network) : NULL,
					     bridge_names(network)};
}

void mapping_nodes_free(struct mapping_nodes *w)
{
	for (size_t i = 0; i < w->n; i++) {
		free((char *)(uintptr_t)w->v[i].mappings);
		json_decref((json_t *)(uintptr_t)w->v[i].bridges);
	}
	free(w->v);
	*w = (struct mapping_nodes){0};
}
