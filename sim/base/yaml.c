/* SPDX-License-Identifier: Apache-2.0 */
#include "base/yaml_priv.h"

#include <ctype.h>
#include <errno.h>

#define MAX_EXPANDED (32u << 20)
#define MAX_FILE (64u << 20) /* read no further: yaml_scan() refuses much less */
#define MAX_ERRORS 20

struct conv {
	yaml_document_t *doc;
	const char *file;
	struct diags *d;
	size_t nodes, bytes; /* spent so far, over all documents */
	size_t errors;	     /* in this document */
};

static void report(struct conv *c, const yaml_mark_t *at, char *msg)
{
	_cleanup_free_ char *m = msg;
	struct diag *g;

	if (c->errors++ >= MAX_ERRORS)
		return;
	g = diags_add(c->d, DIAG_ERROR, NULL, NULL, "%s", m);
	g->file = xstrdup(c->file);
	g->line = (int)at->line + 1;
	g->col = (int)at->column + 1;
}

/* Accounts for one more node; false when the document is too deep or too large. */
static bool spend(struct conv *c, const yaml_node_t *n, int depth)
{
	if (depth > YAML_MAX_DEPTH) {
		report(c, &n->start_mark,
		       xasprintf("nested deeper than %d levels", YAML_MAX_DEPTH));
		return false;
	}
	if (n->type == YAML_SCALAR_NODE)
		c->bytes += n->data.scalar.length;
	if (++c->nodes > YAML_MAX_NODES || c->bytes > MAX_EXPANDED) {
		if (c->nodes <= YAML_MAX_NODES + 1)
			report(c, &n->start_mark,
			       xasprintf("too large: more than %d nodes or %u MiB once aliases "
					 "are expanded",
					 YAML_MAX_NODES, MAX_EXPANDED >> 20));
		c->nodes = YAML_MAX_NODES + 2;
		return false;
	}
	return true;
}

static bool has_nul(const yaml_node_t *n)
{
	return memchr(n->data.scalar.value, '\0', n->data.scalar.length);
}

static json_t *conv_scalar(struct conv *c, const yaml_node_t *n)
{
	const char *s = (const char *)n->data.scalar.value;

	if (has_nul(n)) {
		report(c, &n->start_mark, xstrdup("NUL character in a string"));
		return json_null();
	}
	return n->data.scalar.style == YAML_PLAIN_SCALAR_STYLE ? yaml_plain(s) : jstring(s);
}

static json_t *conv_node(struct conv *c, int id, int depth, struct marks **ret);

static json_t *conv_sequence(struct conv *c, const yaml_node_t *n, int depth, struct marks *m)
{
	json_t *a = json_array();

	for (yaml_node_item_t *i = n->data.sequence.items.start; i < n->data.sequence.items.top;
	     i++) {
		struct marks *child;
		json_t *v = conv_node(c, *i, depth + 1, &child);

		if (!v)
			break;
		marks_add(m, xasprintf("%zu", json_array_size(a)),
			  &yaml_document_get_node(c->doc, *i)->start_mark, child);
		json_array_append_new(a, v);
	}
	return a;
}

/* The key's text, or NULL with a report: only scalars name fields, and each only once. */
static const char *conv_key(struct conv *c, const yaml_node_t *k, const json_t *o,
			    const struct marks *m)
{
	const char *s = (const char *)k->data.scalar.value;
	const struct mark_child *first;

	if (k->type != YAML_SCALAR_NODE || has_nul(k)) {
		report(c, &k->start_mark, xstrdup("a mapping key must be a plain string"));
		return NULL;
	}
	if (!json_object_get(o, s))
		return s;
	if (c->errors >= MAX_ERRORS)
		return NULL;
	first = marks_child(m, s);
	report(c, &k->start_mark,
	       xasprintf("duplicate key \"%s\", first given at %d:%d", s, first->key_line,
			 first->key_col));
	return NULL;
}

static bool is_merge(const yaml_node_t *k)
{
	return k->type == YAML_SCALAR_NODE && k->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	       streq((const char *)k->data.scalar.value, "<<");
}

/* Takes over the members of src, an object or an array of such, that o lacks. */
static void merge_into(struct conv *c, const yaml_node_t *at, json_t *o, struct marks *m,
		       const json_t *src, const struct marks *sm)
{
	json_t *v;
	size_t i;
	const char *key;

	if (json_is_array(src)) {
		json_array_foreach(src, i, v) {
			if (json_is_object(v))
				merge_into(c, at, o, m, v, sm->v[i].m);
			else
				merge_into(c, at, o, m, NULL, NULL);
		}
		return;
	}
	if (!json_is_object(src)) {
		report(c, &at->start_mark, xstrdup("\"<<\" merges mappings only"));
		return;
	}
	json_object_foreach((json_t *)src, key, v) {
		if (json_object_get(o, key))
			continue;
		json_object_set(o, key, v);
		marks_add(m, xstrdup(key), &at->start_mark, marks_new(&at->start_mark));
	}
}

static json_t *conv_mapping(struct conv *c, const yaml_node_t *n, int depth, struct marks *m)
{
	json_t *o = json_object();
	const yaml_node_pair_t *p, *end = n->data.mapping.pairs.top;

	for (p = n->data.mapping.pairs.start; p < end; p++) {
		yaml_node_t *k = yaml_document_get_node(c->doc, p->key);
		struct marks *child;
		const char *key;
		json_t *v;

		if (is_merge(k))
			continue;
		v = spend(c, k, depth) ? conv_node(c, p->value, depth + 1, &child) : NULL;
		if (!v)
			return o;
		key = conv_key(c, k, o, m);
		if (key) {
			marks_add(m, xstrdup(key), &k->start_mark, child);
			json_object_set_new(o, key, v);
		} else {
			marks_free(child);
			json_decref(v);
		}
	}
	for (p = n->data.mapping.pairs.start; p < end; p++) {
		yaml_node_t *k = yaml_document_get_node(c->doc, p->key);
		struct marks *sm = NULL;
		_cleanup_json_ json_t *src =
			is_merge(k) ? conv_node(c, p->value, depth + 1, &sm) : NULL;

		if (src)
			merge_into(c, k, o, m, src, sm);
		marks_free(sm);
	}
	return o;
}

/* NULL when a limit was hit (reported); *ret is set otherwise. */
static json_t *conv_node(struct conv *c, int id, int depth, struct marks **ret)
{
	const yaml_node_t *n = yaml_document_get_node(c->doc, id);

	if (!spend(c, n, depth))
		return NULL;
	*ret = marks_new(&n->start_mark);
	if (n->type == YAML_MAPPING_NODE)
		return conv_mapping(c, n, depth, *ret);
	if (n->type == YAML_SEQUENCE_NODE)
		return conv_sequence(c, n, depth, *ret);
	return conv_scalar(c, n);
}

static bool is_empty(const yaml_node_t *root)
{
	return !root || (root->type == YAML_SCALAR_NODE && !root->data.scalar.length &&
			 root->data.scalar.style == YAML_PLAIN_SCALAR_STYLE);
}

static void push_doc(struct yaml_docs *docs, json_t *root, struct marks *m)
{
	if (!(docs->n & (docs->n - 1))) /* full at every power of two */
		docs->v = xrealloc(docs->v, MAX(docs->n * 2, 1) * sizeof(*docs->v));
	docs->v[docs->n++] = (struct yaml_doc){root, m, m->line};
}

static void conv_document(struct conv *c, yaml_document_t *doc, struct yaml_docs *docs)
{
	struct marks *m;
	json_t *root;

	if (is_empty(yaml_document_get_root_node(doc)))
		return;
	c->doc = doc;
	c->errors = 0;
	root = conv_node(c, 1, 1, &m);
	if (root && !c->errors) {
		push_doc(docs, root, m);
		return;
	}
	if (root)
		marks_free(m);
	json_decref(root);
}

/* Line and column of a byte offset, for errors below the scanner, which have no mark. */
static yaml_mark_t offset_mark(const char *text, size_t len, size_t offset)
{
	yaml_mark_t m = {0};

	for (size_t i = 0; i < MIN(offset, len); i++) {
		m.column++;
		if (text[i] == '\n') {
			m.line++;
			m.column = 0;
		}
	}
	return m;
}

static void report_parser(struct conv *c, const yaml_parser_t *p, const char *text, size_t len)
{
	const char *problem = p->problem ? p->problem : "cannot be parsed";
	yaml_mark_t at = p->problem_mark;

	if (p->error == YAML_MEMORY_ERROR)
		abort();
	c->errors = 0;
	if (p->error == YAML_READER_ERROR)
		at = offset_mark(text, len, p->problem_offset);
	if (p->context)
		report(c, &at,
		       xasprintf("%s %s that starts at %zu:%zu", problem, p->context,
				 p->context_mark.line + 1, p->context_mark.column + 1));
	else
		report(c, &at, xstrdup(problem));
}

/* JSON that libyaml cannot read (surrogate pairs, keys above 1,024 bytes): no marks inside. */
static bool parse_json(const char *text, size_t len, struct yaml_docs *docs)
{
	size_t i = 0;
	yaml_mark_t top = {0};
	json_t *j;

	while (i < len && isspace((unsigned char)text[i]))
		i++;
	if (i == len || (text[i] != '{' && text[i] != '['))
		return false;
	j = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	if (j)
		push_doc(docs, j, marks_new(&top));
	return j;
}

static void parse_stream(struct conv *c, const char *text, size_t len, struct yaml_docs *docs)
{
	_cleanup_free_ char *limit = NULL;
	yaml_mark_t at;
	size_t left = yaml_scan(text, len, &at, &limit);
	yaml_parser_t p;
	bool more = true;

	if (!yaml_parser_initialize(&p))
		abort();
	yaml_parser_set_input_string(&p, (const unsigned char *)text, len);
	while (more && left-- > 0 && c->nodes <= YAML_MAX_NODES) {
		yaml_document_t doc;

		more = yaml_parser_load(&p, &doc);
		if (!more) {
			if (docs->n || !parse_json(text, len, docs))
				report_parser(c, &p, text, len);
			break;
		}
		more = yaml_document_get_root_node(&doc);
		conv_document(c, &doc, docs);
		yaml_document_delete(&doc);
	}
	yaml_parser_delete(&p);
	if (limit) {
		c->errors = 0;
		report(c, &at, TAKE_PTR(limit));
	}
}

int yaml_parse(const char *text, size_t len, const char *file, struct yaml_docs *ret,
	       struct diags *d)
{
	struct conv c = {.file = file, .d = d};
	size_t before = diags_count(d, DIAG_ERROR);

	*ret = (struct yaml_docs){NULL, 0};
	parse_stream(&c, text, len, ret);
	return diags_count(d, DIAG_ERROR) > before ? -EINVAL : 0;
}

static int slurp(const char *path, struct buf *b)
{
	bool in = streq(path, "-");
	FILE *f = in ? stdin : fopen(path, "re");
	size_t n = 1;
	int r;

	if (!f)
		return -errno;
	errno = 0;
	while (n > 0 && b->len <= MAX_FILE) {
		buf_reserve(b, 65536);
		n = fread(b->data + b->len, 1, 65536, f);
		b->len += n;
	}
	b->data[b->len] = '\0';
	r = ferror(f) ? -(errno ? errno : EIO) : 0;
	if (!in)
		fclose(f);
	return r;
}

int yaml_parse_file(const char *path, struct yaml_docs *ret, struct diags *d)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	const char *name = streq(path, "-") ? "<stdin>" : path;
	int r = slurp(path, &b);

	if (r == 0)
		return yaml_parse(b.data, b.len, name, ret, d);
	*ret = (struct yaml_docs){NULL, 0};
	diags_add(d, DIAG_ERROR, NULL, NULL, "cannot read: %s", strerror(-r))->file = xstrdup(name);
	return r;
}

void yaml_docs_free(struct yaml_docs *docs)
{
	for (size_t i = 0; i < docs->n; i++) {
		json_decref(docs->v[i].root);
		marks_free(docs->v[i].marks);
	}
	free(docs->v);
	*docs = (struct yaml_docs){NULL, 0};
}
