/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kinds as const vtables. A kind is one file with `const struct kind kind_NAME` and one line in
 * KINDS(); decoding, defaulting, validation, tables, discovery, the store and completion follow.
 */
#ifndef OVNBED_API_KIND_H
#define OVNBED_API_KIND_H

#include "api/schema.h"

struct kind;

/* In discovery order. */
#define KINDS(X)     \
	X(namespace) \
	X(node)      \
	X(pod)       \
	X(event)     \
	X(secret)    \
	X(configmap) \
	X(nad)       \
	X(mnp)       \
	X(vm)        \
	X(vmi)       \
	X(nncp)      \
	X(nnce)      \
	X(nns)       \
	X(cudn)      \
	X(udn)

/* What a table cell may look at besides its own object. */
struct table_env {
	int64_t now; /* seconds since the epoch */
	/* Another object (a VM's VMI), borrowed, or NULL. peek itself may be NULL. */
	json_t *(*peek)(void *arg, const struct kind *k, const char *ns, const char *name);
	void *arg;
};

enum name_rule {
	NAME_SUBDOMAIN, /* RFC 1123 subdomain, 253 */
	NAME_LABEL,	/* RFC 1123 label, 63 */
};

/* One column of `get`. The first column is always the name. */
struct column {
	const char *name;	 /* "Status" */
	const char *type;	 /* "string", "integer", "boolean", "date" (shown as an age) */
	const char *description; /* one sentence */
	int priority;		 /* 0 always shown; 1 only with -o wide */
	const char *path;	 /* dotted path of the value when cell is NULL */
	/* New reference; NULL or JSON null prints as <none>. */
	json_t *(*cell)(const json_t *obj, const struct table_env *env);
};

struct kind {
	const char *group;		/* "" is the core group */
	const char *const *versions;	/* served; [0] is stored; NULL-terminated */
	const char *kind;		/* "VirtualMachine" */
	const char *plural, *singular;	/* "virtualmachines", "virtualmachine" */
	const char *const *short_names; /* NULL-terminated, or NULL */
	const char *const *categories;	/* "all"; NULL-terminated, or NULL */
	bool namespaced;
	bool has_status;     /* status is written through the status subresource only */
	bool has_generation; /* metadata.generation counts changes outside metadata and status */
	bool builtin;	     /* part of Kubernetes: strategic merge patch is accepted */
	enum name_rule name_rule;
	const struct field *fields;   /* all top-level members but apiVersion, kind, metadata */
	const struct column *columns; /* behind NAME, in order; name NULL ends */

	/* Each may be NULL. Objects are in the stored version. */
	void (*default_fn)(json_t *obj);
	/* Sets what the server sets on create, the first status above all. */
	void (*create_fn)(json_t *obj);
	/* old is NULL on create. Errors refuse; warnings and notes pass. obj has passed
	 * schema_check(). */
	void (*validate_fn)(const json_t *obj, const json_t *old, struct diags *d);
	/* Turns obj from the served version `version` into the stored one, but for apiVersion. */
	void (*convert_fn)(json_t *obj, const char *version, struct diags *d);
};

#define KIND_DECLARE(name) extern const struct kind kind_##name;
KINDS(KIND_DECLARE)
#undef KIND_DECLARE

/* All kinds; NULL-terminated. */
extern const struct kind *const kind_table[];
/* Iterates: KIND_FOREACH(k) { … } with const struct kind *k. */
#define KIND_FOREACH(k) \
	for (const struct kind *const *k##_p_ = kind_table, *k; (k = *k##_p_); k##_p_++)

/* By "kubevirt.io/v1" and "VirtualMachine", exactly. Any served version. NULL when unknown. */
const struct kind *kind_by_gvk(const char *api_version, const char *kind);
/* By URL parts: group ("" core), served version, plural. NULL when unknown. */
const struct kind *kind_by_url(const char *group, const char *version, const char *plural);
/*
 * By what a user types: plural, singular, short name or Kind in any case, with optional ".group" or
 * ".version.group" ("vm", "VMs", "vm.kubevirt.io", "virtualmachines.v1.kubevirt.io"). NULL when
 * unknown.
 */
const struct kind *kind_by_name(const char *typed);
/* The kind of an object by its apiVersion and kind members, or NULL. */
const struct kind *kind_of(const json_t *obj);
/* True when the kind is in the category ("all"). */
bool kind_in_category(const struct kind *k, const char *category);

/* "kubevirt.io/v1" of the stored version, or "v1". Caller frees. */
char *kind_api_version(const struct kind *k);
/* "virtualmachines.kubevirt.io", or "pods"; as Kubernetes messages name a resource. Caller frees.
 */
char *kind_resource(const struct kind *k);
/* "VirtualMachine.kubevirt.io", or "Pod"; as Kubernetes messages name a kind. Caller frees. */
char *kind_group_kind(const struct kind *k);
/* "Namespace, Node, …" for error messages. Caller frees. */
char *kind_names(void);

enum kind_unknown { KIND_WARN, KIND_STRICT, KIND_IGNORE }; /* unknown fields: ?fieldValidation= */

/*
 * The pure part of accepting an object, in two steps between which a store lets mutators work.
 * kind_prepare() drops nulls, converts to the stored version, fills defaults (all in place) and
 * checks the structure; kind_validate() checks metadata and what the kind itself demands. old: the
 * stored object on update, or NULL. Both return 0, or -EINVAL when d gained an error. kind_admit()
 * is both.
 */
int kind_prepare(json_t *obj, enum kind_unknown unknown, struct diags *d);
int kind_validate(const json_t *obj, const json_t *old, struct diags *d);
int kind_admit(json_t *obj, const json_t *old, enum kind_unknown unknown, struct diags *d);

/* The steps of kind_prepare() that clients need as well; both in place. */
void kind_drop_nulls(json_t *obj);
void kind_convert(json_t *obj, struct diags *d);

/* One DIAG_NOTE per field of obj that the real system knows and ovnbed keeps but does not act on.
 */
void kind_ignored_fields(const json_t *obj, struct diags *d);

#endif
