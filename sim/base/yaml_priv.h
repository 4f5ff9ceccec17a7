/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of the YAML reader that only yaml*.c use. */
#ifndef OVNBED_BASE_YAML_PRIV_H
#define OVNBED_BASE_YAML_PRIV_H

#include <yaml.h>

#include "base/yaml.h"

#define YAML_MAX_DEPTH 64
/* Over all documents of one text, aliases counted as often as they are used. */
#define YAML_MAX_NODES 100000

struct mark_child {
	char *key; /* decimal index below a sequence */
	int key_line, key_col;
	struct marks *m;
};
struct marks {
	int line, col;
	struct mark_child *v;
	size_t n, cap;
};

/* A new leaf at m. */
struct marks *marks_new(const yaml_mark_t *m);
/* Puts child below m; key (owned from now on) stands at `at`. */
void marks_add(struct marks *m, char *key, const yaml_mark_t *at, struct marks *child);
/* The child with exactly this key, or NULL. */
const struct mark_child *marks_child(const struct marks *m, const char *key);

/* Value of a plain scalar by the YAML 1.2 core schema. New reference. */
json_t *yaml_plain(const char *s);

/*
 * A first pass over the events finds what is beyond the limits, before libyaml's loader spends time
 * quadratic in it. Returns how many documents may be loaded; *ret_why (caller frees) and *ret_at
 * say what stops there, NULL when nothing does. Syntax errors are left to the loader.
 */
size_t yaml_scan(const char *text, size_t len, yaml_mark_t *ret_at, char **ret_why);

#endif
