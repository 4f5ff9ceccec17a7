/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/schema.h"

#include <errno.h>
#include <limits.h>

static const char *const atomic_names[] = {"integer", "real", "boolean", "string", "uuid"};

const char *ovsdb_atomic_name(enum ovsdb_atomic t)
{
	return atomic_names[t];
}

static int parse_atomic(const char *name, enum ovsdb_atomic *ret, struct err *e)
{
	for (size_t i = 0; name && i < ARRAY_SIZE(atomic_names); i++) {
		if (streq(name, atomic_names[i])) {
			*ret = (enum ovsdb_atomic)i;
			return 0;
		}
	}
	return err_set(e, EINVAL, "unknown type \"%s\"", name ? name : "");
}

/* enum is a set on the wire: ["set",[…]], or a single bare value. */
static json_t *parse_enum(const json_t *j)
{
	if (!j)
		return NULL;
	if (streq0(json_string_value(json_array_get(j, 0)), "set"))
		return json_deep_copy(json_array_get(j, 1));
	return json_pack("[o]", json_deep_copy(j));
}

/* A base type: "string", or {"type":"uuid","refTable":…}. */
static int parse_base(const json_t *j, struct ovsdb_base *b, struct err *e)
{
	if (json_is_string(j))
		return parse_atomic(json_string_value(j), &b->type, e);
	if (!json_is_object(j))
		return err_set(e, EINVAL, "neither a type name nor an object");
	b->ref_table = xstrdup(jstr(j, "refTable", NULL));
	b->ref_weak = streq(jstr(j, "refType", "strong"), "weak");
	b->values = parse_enum(json_object_get(j, "enum"));
	return parse_atomic(jstr(j, "type", NULL), &b->type, e);
}

static int parse_count(const json_t *type, const char *key, unsigned *ret, struct err *e)
{
	const json_t *j = json_object_get(type, key);

	*ret = 1;
	if (streq0(json_string_value(j), "unlimited"))
		*ret = UINT_MAX;
	else if (j && (!json_is_integer(j) || json_integer_value(j) < 0 ||
		       json_integer_value(j) >= UINT_MAX))
		return err_set(e, EINVAL, "bad %s", key);
	else if (j)
		*ret = (unsigned)json_integer_value(j);
	return 0;
}

static int parse_type(const json_t *j, struct ovsdb_column *c, struct err *e)
{
	const json_t *value = json_is_object(j) ? json_object_get(j, "value") : NULL;
	int r;

	c->min = c->max = 1;
	if (!json_is_object(j))
		return parse_base(j, &c->key, e);
	r = parse_base(json_object_get(j, "key"), &c->key, e);
	if (r == 0)
		r = parse_count(j, "min", &c->min, e);
	if (r == 0)
		r = parse_count(j, "max", &c->max, e);
	if (r == 0 && (c->min > 1 || c->max < 1))
		return err_set(e, EINVAL, "min above 1 or max below 1");
	c->is_map = value != NULL;
	return r == 0 && value ? parse_base(value, &c->value, e) : r;
}

static int parse_column(const char *name, const json_t *j, struct ovsdb_column *c, struct err *e)
{
	c->name = xstrdup(name);
	c->ephemeral = jbool(j, "ephemeral", false);
	c->immutable = !jbool(j, "mutable", true);
	if (parse_type(json_object_get(j, "type"), c, e) < 0)
		return err_wrap(e, "column %s", name);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	/* Columns and tables both start with their name. */
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int parse_table(const char *name, const json_t *j, struct ovsdb_table *t, struct err *e)
{
	const json_t *columns = json_object_get(j, "columns");
	const json_t *indexes = json_object_get(j, "indexes");
	const char *key;
	json_t *v;

	t->name = xstrdup(name);
	t->is_root = jbool(j, "isRoot", false);
	t->max_rows = (unsigned)jint(j, "maxRows", UINT_MAX);
	t->indexes = json_is_array(indexes) ? json_deep_copy(indexes) : json_array();
	if (!json_is_object(columns))
		return err_set(e, EINVAL, "table %s: no columns", name);
	t->columns = xcalloc(json_object_size(columns), sizeof(*t->columns));
	json_object_foreach((json_t *)columns, key, v) {
		if (*key == '_')
			continue;
		if (parse_column(key, v, &t->columns[t->n_columns++], e) < 0)
			return err_wrap(e, "table %s", name);
	}
	qsort(t->columns, t->n_columns, sizeof(*t->columns), by_name);
	return 0;
}

/* Before isRoot existed all tables were roots (RFC 7047 §3.2): so they are when none says so. */
static void default_roots(struct ovsdb_schema *s)
{
	for (size_t i = 0; i < s->n_tables; i++)
		if (s->tables[i].is_root)
			return;
	for (size_t i = 0; i < s->n_tables; i++)
		s->tables[i].is_root = true;
}

struct ovsdb_schema *ovsdb_schema_parse(const json_t *j, struct err *e)
{
	_cleanup_schema_ struct ovsdb_schema *s = xcalloc(1, sizeof(*s));
	const json_t *tables = json_object_get(j, "tables");
	const char *key;
	json_t *v;

	s->name = xstrdup(jstr(j, "name", NULL));
	s->version = xstrdup(jstr(j, "version", ""));
	if (!s->name || !json_is_object(tables)) {
		err_set(e, EINVAL, "not a database schema");
		return NULL;
	}
	s->tables = xcalloc(json_object_size(tables), sizeof(*s->tables));
	json_object_foreach((json_t *)tables, key, v)
		if (parse_table(key, v, &s->tables[s->n_tables++], e) < 0)
			return NULL;
	qsort(s->tables, s->n_tables, sizeof(*s->tables), by_name);
	default_roots(s);
	return TAKE_PTR(s);
}

struct ovsdb_schema *ovsdb_schema_load(const char *path, struct err *e)
{
	_cleanup_json_ json_t *j = jload_file(path, e);
	struct ovsdb_schema *s = j ? ovsdb_schema_parse(j, e) : NULL;

	if (j && !s)
		err_wrap(e, "%s", path);
	return s;
}

static void base_free(struct ovsdb_base *b)
{
	free(b->ref_table);
	json_decref(b->values);
}

static void table_free(struct ovsdb_table *t)
{
	for (size_t i = 0; i < t->n_columns; i++) {
		free(t->columns[i].name);
		base_free(&t->columns[i].key);
		base_free(&t->columns[i].value);
	}
	free(t->columns);
	free(t->name);
	json_decref(t->indexes);
}

void ovsdb_schema_free(struct ovsdb_schema *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n_tables; i++)
		table_free(&s->tables[i]);
	free(s->tables);
	free(s->name);
	free(s->version);
	free(s);
}

const struct ovsdb_table *ovsdb_schema_table(const struct ovsdb_schema *s, const char *name)
{
	return s ? bsearch(&name, s->tables, s->n_tables, sizeof(*s->tables), by_name) : NULL;
}

const struct ovsdb_column *ovsdb_table_column(const struct ovsdb_table *t, const char *name)
{
	return t ? bsearch(&name, t->columns, t->n_columns, sizeof(*t->columns), by_name) : NULL;
}

bool ovsdb_schema_has(const struct ovsdb_schema *s, const char *table, const char *column)
{
	return ovsdb_table_column(ovsdb_schema_table(s, table), column) != NULL;
}
