/* SPDX-License-Identifier: Apache-2.0 */
/* Objects as users name them on the command line, and how they are printed. */
#ifndef OVNBED_CMD_OBJECTS_H
#define OVNBED_CMD_OBJECTS_H

#include "api/kind.h"
#include "cmd/opts.h"

#define NAMESPACE_OPT(TYPE)                                             \
	{                                                               \
		"namespace", 'n', OPT_STRING, offsetof(TYPE, ns), "NS", \
			"Namespace (default: default)", NULL            \
	}
#define FILE_OPT(TYPE)                                                                             \
	{                                                                                          \
		"filename", 'f', OPT_LIST, offsetof(TYPE, files), "FILE",                          \
			"Manifest, folder of manifests, or - for standard input; repeatable", NULL \
	}
#define SELECTOR_OPT(TYPE)                                                          \
	{                                                                           \
		"selector", 'l', OPT_STRING, offsetof(TYPE, selector), "LABELS",    \
			"Only objects with these labels: a=b,c!=d,e in (f,g)", NULL \
	}
#define ALL_NS_OPT(TYPE)                                                       \
	{                                                                      \
		"all-namespaces", 'A', OPT_FLAG, offsetof(TYPE, all_ns), NULL, \
			"In every namespace", NULL                             \
	}

/* One object, or (name NULL) all of a kind. */
struct obj_ref {
	const struct kind *kind;
	char *ns;   /* owned; NULL: cluster scope, or every namespace */
	char *name; /* owned */
};
struct obj_refs {
	struct obj_ref *v;
	size_t n;
};
#define OBJ_REFS_INIT   \
	{               \
		NULL, 0 \
	}

/*
 * Operands: "KIND", "KIND,KIND", "all", each followed by names or none; or "KIND/NAME" and
 * "KIND/NS/NAME", any number. ns NULL: all namespaces. Returns 0 or -EINVAL with e naming what was
 * probably meant.
 */
int obj_refs_parse(const struct operands *ops, const char *ns, struct obj_refs *ret, struct err *e);
void obj_refs_add(struct obj_refs *r, const struct kind *k, const char *ns, const char *name);
void obj_refs_free(struct obj_refs *r);
#define _cleanup_obj_refs_ _cleanup_(obj_refs_free)

/* Path of the object, or of its kind's list with the selectors (may be NULL). Caller frees. */
char *obj_path(const struct obj_ref *r, const char *labels, const char *fields);

/* A JSON tree to stdout as "json" or "yaml". */
void print_tree(const json_t *j, const char *format);

#endif
