/* SPDX-License-Identifier: Apache-2.0 */
#include "base/yaml.h"

#include <yaml.h>

static int append(void *arg, unsigned char *p, size_t n)
{
	buf_add(arg, p, n);
	return 1;
}

static void emit(yaml_emitter_t *em, yaml_event_t *ev, int initialized)
{
	/* Fails only without memory or for events out of order. */
	if (!initialized || !yaml_emitter_emit(em, ev))
		abort();
}

/* True when s, written plain, would be read back as something else than this string. */
static bool needs_quotes(const char *s)
{
	static const char *const words[] = {"y",   "n",	   "yes",  "no",   "on",
					    "off", "true", "null", "false"};
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	_cleanup_yaml_ struct yaml_docs docs = {0};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcasecmp(s, words[i]) == 0)
			return true;
	if (yaml_parse(s, strlen(s), NULL, &docs, &d) < 0 || docs.n != 1)
		return true;
	return !streq0(json_string_value(docs.v[0].root), s);
}

static void emit_string(yaml_emitter_t *em, const char *s)
{
	yaml_scalar_style_t style = YAML_ANY_SCALAR_STYLE;
	yaml_event_t ev;

	if (strchr(s, '\n'))
		style = YAML_LITERAL_SCALAR_STYLE;
	else if (needs_quotes(s))
		style = YAML_DOUBLE_QUOTED_SCALAR_STYLE;
	emit(em, &ev,
	     yaml_scalar_event_initialize(&ev, NULL, NULL, (const yaml_char_t *)s, -1, 1, 1,
					  style));
}

static void emit_plain(yaml_emitter_t *em, const json_t *j)
{
	_cleanup_free_ char *s = jtext(j);
	yaml_event_t ev;

	emit(em, &ev,
	     yaml_scalar_event_initialize(&ev, NULL, NULL, (const yaml_char_t *)s, -1, 1, 1,
					  YAML_PLAIN_SCALAR_STYLE));
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Keys of o in order; the caller frees the array, not the keys. */
static const char **sorted_keys(const json_t *o)
{
	const char **keys = xcalloc(json_object_size(o), sizeof(*keys));
	const char *key;
	json_t *v;
	size_t n = 0;

	json_object_foreach((json_t *)o, key, v)
		keys[n++] = key;
	qsort(keys, n, sizeof(*keys), by_name);
	return keys;
}

static void emit_value(yaml_emitter_t *em, const json_t *j);

static void emit_object(yaml_emitter_t *em, const json_t *o)
{
	_cleanup_free_ const char **keys = sorted_keys(o);
	yaml_event_t ev;

	emit(em, &ev,
	     yaml_mapping_start_event_initialize(&ev, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE));
	for (size_t i = 0; i < json_object_size(o); i++) {
		emit_string(em, keys[i]);
		emit_value(em, json_object_get(o, keys[i]));
	}
	emit(em, &ev, yaml_mapping_end_event_initialize(&ev));
}

static void emit_array(yaml_emitter_t *em, const json_t *a)
{
	yaml_event_t ev;
	size_t i;
	json_t *v;

	emit(em, &ev,
	     yaml_sequence_start_event_initialize(&ev, NULL, NULL, 1, YAML_BLOCK_SEQUENCE_STYLE));
	json_array_foreach(a, i, v)
		emit_value(em, v);
	emit(em, &ev, yaml_sequence_end_event_initialize(&ev));
}

static void emit_value(yaml_emitter_t *em, const json_t *j)
{
	if (json_is_object(j))
		emit_object(em, j);
	else if (json_is_array(j))
		emit_array(em, j);
	else if (json_is_string(j))
		emit_string(em, json_string_value(j));
	else
		emit_plain(em, j);
}

char *yaml_text(const json_t *j)
{
	struct buf b = BUF_INIT;
	yaml_emitter_t em;
	yaml_event_t ev;

	if (!yaml_emitter_initialize(&em))
		abort();
	yaml_emitter_set_output(&em, append, &b);
	yaml_emitter_set_width(&em, -1);
	yaml_emitter_set_unicode(&em, 1);
	emit(&em, &ev, yaml_stream_start_event_initialize(&ev, YAML_UTF8_ENCODING));
	emit(&em, &ev, yaml_document_start_event_initialize(&ev, NULL, NULL, NULL, 1));
	emit_value(&em, j);
	emit(&em, &ev, yaml_document_end_event_initialize(&ev, 1));
	emit(&em, &ev, yaml_stream_end_event_initialize(&ev));
	yaml_emitter_delete(&em);
	return buf_take(&b);
}
