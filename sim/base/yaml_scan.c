/* SPDX-License-Identifier: Apache-2.0 */
#include "base/yaml_priv.h"

#define MAX_TEXT (16u << 20)
#define MAX_ANCHORS 1000
#define MAX_DIRECTIVES 1000

/* What the first pass over the events has seen. */
struct scan {
	size_t docs; /* complete ones */
	size_t nodes, anchors;
	int depth;
};

static void scan_anchor(struct scan *s, const yaml_char_t *anchor)
{
	s->nodes++;
	s->anchors += anchor != NULL;
}

static void scan_event(struct scan *s, const yaml_event_t *ev)
{
	switch (ev->type) {
	case YAML_DOCUMENT_END_EVENT:
		s->docs++;
		s->anchors = 0;
		break;
	case YAML_SCALAR_EVENT:
		scan_anchor(s, ev->data.scalar.anchor);
		break;
	case YAML_SEQUENCE_START_EVENT:
		scan_anchor(s, ev->data.sequence_start.anchor);
		s->depth++;
		break;
	case YAML_MAPPING_START_EVENT:
		scan_anchor(s, ev->data.mapping_start.anchor);
		s->depth++;
		break;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		s->depth--;
		break;
	default:
		break;
	}
}

/* What forbids to load what was scanned so far, or NULL. */
static char *scan_limit(const struct scan *s)
{
	if (s->depth > YAML_MAX_DEPTH)
		return xasprintf("nested deeper than %d levels", YAML_MAX_DEPTH);
	if (s->nodes > YAML_MAX_NODES)
		return xasprintf("too large: more than %d nodes", YAML_MAX_NODES);
	if (s->anchors > MAX_ANCHORS)
		return xasprintf("more than %d anchors in a document", MAX_ANCHORS);
	return NULL;
}

static size_t scan_events(const char *text, size_t len, yaml_mark_t *ret_at, char **ret_why)
{
	struct scan s = {0};
	yaml_event_type_t type = YAML_NO_EVENT;
	yaml_parser_t p;

	if (!yaml_parser_initialize(&p))
		abort();
	yaml_parser_set_input_string(&p, (const unsigned char *)text, len);
	while (!*ret_why && type != YAML_STREAM_END_EVENT) {
		yaml_event_t ev;

		if (!yaml_parser_parse(&p, &ev)) {
			s.docs = SIZE_MAX; /* the loader meets and reports it again */
			break;
		}
		type = ev.type;
		scan_event(&s, &ev);
		*ret_why = scan_limit(&s);
		*ret_at = ev.start_mark;
		yaml_event_delete(&ev);
	}
	yaml_parser_delete(&p);
	return s.docs;
}

/* Directives cost libyaml quadratic time before any event is seen. */
static bool too_many_directives(const char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += text[i] == '%' && (i == 0 || text[i - 1] == '\n' || text[i - 1] == '\r');
	return n > MAX_DIRECTIVES;
}

size_t yaml_scan(const char *text, size_t len, yaml_mark_t *ret_at, char **ret_why)
{
	*ret_at = (yaml_mark_t){0};
	*ret_why = NULL;
	if (len <= MAX_TEXT && !too_many_directives(text, len))
		return scan_events(text, len, ret_at, ret_why);
	*ret_why = len > MAX_TEXT ? xasprintf("larger than %u MiB", MAX_TEXT >> 20)
				  : xasprintf("more than %d directives", MAX_DIRECTIVES);
	return 0;
}
