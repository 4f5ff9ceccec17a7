/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/atom.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>

bool ovsdb_is_uuid(const char *s)
{
	for (size_t i = 0; i < 36; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? s[i] != '-' : !isxdigit((unsigned char)s[i]))
			return false;
	}
	return !s[36];
}

int ovsdb_atom_cmp(const json_t *a, const json_t *b)
{
	if (json_typeof(a) != json_typeof(b))
		return json_typeof(a) < json_typeof(b) ? -1 : 1;
	if (json_is_string(a))
		return strcmp(json_string_value(a), json_string_value(b));
	if (json_is_integer(a)) {
		json_int_t x = json_integer_value(a), y = json_integer_value(b);

		return (x > y) - (x < y);
	}
	if (json_is_real(a)) {
		double x = json_real_value(a), y = json_real_value(b);

		return (x > y) - (x < y);
	}
	return 0; /* true, false, null: the type says it all */
}

static const char *found(const json_t *j)
{
	static const char *const names[] = {"an object", "an array", "a string", "an integer",
					    "a real",	 "true",     "false",	 "null"};

	return names[json_typeof(j)];
}

static int mismatch(enum ovsdb_atomic t, const json_t *j, struct err *e)
{
	return err_set(e, EINVAL, "expected %s, found %s", ovsdb_atomic_name(t), found(j));
}

static int plain_atom(enum ovsdb_atomic t, const json_t *j, json_t **ret, struct err *e)
{
	if (t == OVSDB_REAL && json_is_integer(j)) {
		*ret = json_real((double)json_integer_value(j));
		return 0;
	}
	if ((t == OVSDB_INTEGER && json_is_integer(j)) || (t == OVSDB_REAL && json_is_real(j)) ||
	    (t == OVSDB_BOOLEAN && json_is_boolean(j)) ||
	    (t == OVSDB_STRING && json_is_string(j))) {
		*ret = json_incref((json_t *)j);
		return 0;
	}
	return mismatch(t, j, e);
}

static int uuid_atom(const json_t *j, json_t **ret, struct err *e)
{
	const char *s = json_string_value(j);

	if (!s || !ovsdb_is_uuid(s))
		return err_set(e, EINVAL, "expected a uuid, found %s", s ? s : found(j));
	*ret = json_incref((json_t *)j);
	return 0;
}

int ovsdb_atom_from_wire(enum ovsdb_atomic t, const json_t *j, json_t **ret, struct err *e)
{
	if (t != OVSDB_UUID)
		return plain_atom(t, j, ret, e);
	if (json_array_size(j) != 2 || !streq0(json_string_value(json_array_get(j, 0)), "uuid"))
		return mismatch(t, j, e);
	return uuid_atom(json_array_get(j, 1), ret, e);
}

int ovsdb_atom_from_natural(enum ovsdb_atomic t, const json_t *j, json_t **ret, struct err *e)
{
	return t == OVSDB_UUID ? uuid_atom(j, ret, e) : plain_atom(t, j, ret, e);
}

int ovsdb_atom_from_text(enum ovsdb_atomic t, const char *s, json_t **ret, struct err *e)
{
	_cleanup_json_ json_t *j = NULL;
	long long i;

	if (t == OVSDB_STRING || t == OVSDB_UUID)
		j = jstring(s);
	else if (t == OVSDB_INTEGER && parse_int(s, INT64_MIN, INT64_MAX, &i) == 0)
		j = json_integer(i);
	else if (t == OVSDB_BOOLEAN)
		j = streq(s, "true") ? json_true() : streq(s, "false") ? json_false() : NULL;
	else if (t == OVSDB_REAL)
		j = jparse(s, strlen(s), NULL);
	if (!j)
		return err_set(e, EINVAL, "expected %s as key, found \"%s\"", ovsdb_atomic_name(t),
			       s);
	return ovsdb_atom_from_natural(t, j, ret, e);
}

char *ovsdb_atom_text(const json_t *canon)
{
	return json_is_string(canon) ? xstrdup(json_string_value(canon)) : jtext(canon);
}

json_t *ovsdb_atom_to_wire(enum ovsdb_atomic t, const json_t *canon)
{
	const char *s = json_string_value(canon);

	if (t != OVSDB_UUID)
		return json_incref((json_t *)canon);
	return *s == '@' ? json_pack("[s,s]", "named-uuid", s + 1) : json_pack("[s,s]", "uuid", s);
}

json_t *ovsdb_atom_default(enum ovsdb_atomic t)
{
	switch (t) {
	case OVSDB_INTEGER:
		return json_integer(0);
	case OVSDB_REAL:
		return json_real(0);
	case OVSDB_BOOLEAN:
		return json_false();
	case OVSDB_STRING:
		return json_string("");
	case OVSDB_UUID:
	default:
		return json_string("00000000-0000-0000-0000-000000000000");
	}
}
