/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/fileset.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

#include "api/meta.h"

void fileset_free(struct fileset *f)
{
	manifests_free(&f->ms);
	for (size_t i = 0; i < f->n; i++)
		yaml_docs_free(&f->docs[i]);
	free(f->docs);
	*f = (struct fileset)FILESET_INIT;
}

static bool is_own(const json_t *root)
{
	return str_after(jstr(root, "apiVersion", ""), "ovnbed.io/") != NULL;
}

static int add_file(struct fileset *f, const char *path, bool skip_own, struct diags *d)
{
	struct yaml_docs *docs;
	int r;

	f->docs = xrealloc(f->docs, (f->n + 1) * sizeof(*f->docs));
	docs = &f->docs[f->n++];
	*docs = (struct yaml_docs){0};
	r = yaml_parse_file(path, docs, d);
	for (size_t i = 0; i < docs->n; i++) {
		if (skip_own && is_own(docs->v[i].root))
			continue;
		if (manifest_decode(docs->v[i].root, docs->v[i].marks, path, &f->ms, d) < 0)
			r = -EINVAL;
	}
	return r;
}

static int is_manifest(const struct dirent *e)
{
	return e->d_name[0] != '.' && (str_ends(e->d_name, ".yaml") ||
				       str_ends(e->d_name, ".yml") || str_ends(e->d_name, ".json"));
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int add_folder(struct fileset *f, const char *path, struct diags *d)
{
	struct dirent **list = NULL;
	int n = scandir(path, &list, is_manifest, by_name), r = 0;

	if (n <= 0) {
		diags_add(d, DIAG_ERROR, NULL, NULL, "%s: %s", path,
			  n < 0 ? strerror(errno) : "no *.yaml, *.yml or *.json in this folder");
		r = -EINVAL;
	}
	for (int i = 0; i < n; i++) {
		_cleanup_free_ char *file =
			xasprintf("%s%s%s", path, str_ends(path, "/") ? "" : "/", list[i]->d_name);

		if (add_file(f, file, true, d) < 0)
			r = -EINVAL;
		free(list[i]);
	}
	free(list);
	return r;
}

int fileset_add(struct fileset *f, const char *path, struct diags *d)
{
	struct stat st;

	if (!streq(path, "-") && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return add_folder(f, path, d);
	return add_file(f, path, false, d) < 0 ? -EINVAL : 0;
}

int fileset_rank(const struct kind *k)
{
	static const char *const order[] = {"Namespace",
					    "Node",
					    "Secret",
					    "ConfigMap",
					    "NodeNetworkConfigurationPolicy",
					    "NetworkAttachmentDefinition"};
	static const char *const last[] = {"Pod", "VirtualMachine", "VirtualMachineInstance",
					   "VirtualMachineInstanceMigration"};

	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		if (streq(k->kind, order[i]))
			return (int)i;
	for (size_t i = 0; i < ARRAY_SIZE(last); i++)
		if (streq(k->kind, last[i]))
			return 100 + (int)i;
	return 50;
}

void fileset_sort(struct fileset *f)
{
	struct manifest *v = f->ms.v;

	/* Insertion keeps what is equal as it was written; inputs are nearly sorted. */
	for (size_t i = 1; i < f->ms.n; i++) {
		struct manifest m = v[i];
		size_t j = i;

		for (; j > 0 && fileset_rank(v[j - 1].kind) > fileset_rank(m.kind); j--)
			v[j] = v[j - 1];
		v[j] = m;
	}
}
