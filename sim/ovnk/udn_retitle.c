/* SPDX-License-Identifier: Apache-2.0 */
/* From a finding about a rendered NAD to the object that the user wrote. */
#include "api/meta.h"
#include "base/buf.h"
#include "ovnk/udn.h"

/* Keys of spec.config whose field has another name. */
static const struct {
	const char *key, *field;
} renamed[] = {
	{"vlanID", "vlan.access.id"},
	{"allowPersistentIPs", "ipam.lifecycle"},
	{"name", NULL},
	{"netAttachDefName", NULL},
	{"topology", NULL},
	{"joinSubnet", NULL},
};

static const char *field_of(const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(renamed); i++)
		if (streq(renamed[i].key, key))
			return renamed[i].field;
	return key;
}

/* "spec.config.mtu" -> "spec.network.localnet.mtu". Caller frees. */
static char *path_of(const json_t *nad, const char *path)
{
	const char *base = streq(jstr(meta_controller(nad), "kind", ""), "UserDefinedNetwork")
				   ? "spec"
				   : "spec.network";
	const char *key = path ? str_after(path, "spec.config.") : NULL;
	const char *field = key ? field_of(key) : NULL;
	const char *text = jstr(nad, "spec.config", "");
	_cleanup_json_ json_t *config = jparse(text, strlen(text), NULL);

	return field ? xasprintf("%s.%s.%s", base, jstr(config, "topology", ""), field)
		     : xstrdup(base);
}

static const json_t *rendered(const json_t *objects, const char *title)
{
	json_t *o;
	size_t i;

	json_array_foreach(objects, i, o) {
		_cleanup_free_ char *t = kind_of(o) == &kind_nad ? meta_title(o) : NULL;

		if (t && streq(t, title) && meta_controller(o))
			return o;
	}
	return NULL;
}

static char *owner_title(const json_t *nad)
{
	const json_t *owner = meta_controller(nad);
	const char *kind = jstr(owner, "kind", ""), *name = jstr(owner, "name", "");

	if (streq(kind, "ClusterUserDefinedNetwork"))
		return xasprintf("%s %s", kind, name);
	if (streq(kind, "UserDefinedNetwork"))
		return xasprintf("%s %s/%s", kind, meta_ns(nad), name);
	return NULL;
}

static bool same(const struct diag *a, const struct diag *b)
{
	return a->severity == b->severity && streq0(a->object, b->object) &&
	       streq0(a->path, b->path) && streq0(a->msg, b->msg) && streq0(a->rule, b->rule);
}

static bool repeated(const struct diags *d, size_t n, const struct diag *g)
{
	for (size_t i = 0; i < n; i++)
		if (same(&d->v[i], g))
			return true;
	return false;
}

static void diag_clear(struct diag *g)
{
	free(g->rule);
	free(g->file);
	free(g->object);
	free(g->path);
	free(g->msg);
	free(g->hint);
}

void udn_retitle(const json_t *objects, struct diags *d)
{
	size_t kept = 0;

	for (size_t i = 0; i < d->n; i++) {
		struct diag g = d->v[i];
		bool of_nad = g.object && str_after(g.object, "NetworkAttachmentDefinition ");
		const json_t *nad = of_nad ? rendered(objects, g.object) : NULL;
		char *title = nad ? owner_title(nad) : NULL;

		if (title) {
			char *path = path_of(nad, g.path);

			free(g.object);
			free(g.path);
			g.object = title;
			g.path = path;
			if (repeated(d, kept, &g)) { /* one of several namespaces */
				diag_clear(&g);
				continue;
			}
		}
		d->v[kept++] = g;
	}
	d->n = kept;
}
