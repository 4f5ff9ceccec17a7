/* SPDX-License-Identifier: Apache-2.0 */
/* Input: a manifest file. All the way: YAML, decoding, checks, the store, tables, apply. */
#include "api/apply.h"
#include "api/manifest.h"
#include "api/meta.h"
#include "api/store.h"
#include "api/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void show(struct store *s, const struct kind *k, const json_t *obj)
{
	const struct table_env env = store_table_env(s);
	_cleanup_json_ json_t *table = table_make(k, obj, TABLE_METADATA, &env, true);
	_cleanup_buf_ struct buf out = BUF_INIT;

	table_text(table, &(struct table_style){.wide = true, .labels = true}, &out);
}

/* Creates what the manifest says and applies it again: nothing may change. */
static void store_twice(struct store *s, const struct manifest *m)
{
	_cleanup_json_ json_t *wanted = apply_annotated(m->obj), *status = NULL, *patch = NULL;
	_cleanup_json_ json_t *stored = store_create(s, wanted, NULL, &status), *again = NULL;
	enum patch_type t;

	if (!stored) {
		if (!status)
			abort();
		return;
	}
	show(s, m->kind, stored);
	patch = apply_plan(m->kind, stored, m->obj, &t);
	/* A manifest that names a resourceVersion wants a conflict. */
	if (json_object_size(patch) > 0 && *meta_name(m->obj) && !*meta_rv(m->obj))
		abort();
	again = store_replace(s, stored, NULL, &status);
	if (again != stored)
		abort();
	json_decref(store_delete(s, m->kind, meta_ns(stored), meta_name(stored), NULL, NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_yaml_ struct yaml_docs docs = {0};
	_cleanup_manifests_ struct manifests ms = MANIFESTS_INIT;
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	_cleanup_store_ struct store *s = NULL;
	_cleanup_buf_ struct buf out = BUF_INIT;

	yaml_parse((const char *)data, size, "input", &docs, &d);
	manifest_decode_docs(&docs, "input", &ms, &d);
	manifest_check_unique(&ms, "default", &d);
	s = ms.n ? store_new(NULL) : NULL;
	for (size_t i = 0; i < ms.n; i++) {
		json_decref(manifest_check(&ms.v[i], "default", &d));
		store_twice(s, &ms.v[i]);
	}
	for (size_t i = 0; i < d.n; i++)
		diag_print(&d.v[i], &out);
	return 0;
}
