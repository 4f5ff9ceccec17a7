/* SPDX-License-Identifier: Apache-2.0 */
#include "kubevirt/xml.h"

#include <assert.h>

static void escape(struct buf *b, const char *s)
{
	for (; *s; s++) {
		switch (*s) {
		case '&':
			buf_adds(b, "&amp;");
			break;
		case '<':
			buf_adds(b, "&lt;");
			break;
		case '>':
			buf_adds(b, "&gt;");
			break;
		case '\'':
			buf_adds(b, "&apos;");
			break;
		case '\n':
			buf_adds(b, "&#10;");
			break;
		case '\t':
			buf_adds(b, "&#9;");
			break;
		default:
			/* XML 1.0 has no way to write the other control characters */
			if ((unsigned char)*s < 0x20)
				buf_adds(b, "\xef\xbf\xbd");
			else
				buf_addc(b, *s);
		}
	}
}

static void indent(struct xml *x)
{
	for (unsigned i = 0; i < x->depth; i++)
		buf_adds(&x->out, "  ");
}

static void end_tag(struct xml *x)
{
	if (x->in_tag)
		buf_addc(&x->out, '>');
	x->in_tag = false;
}

void xml_open(struct xml *x, const char *name)
{
	assert(x->depth < XML_DEPTH);
	if (x->in_tag) {
		end_tag(x);
		buf_addc(&x->out, '\n');
	}
	indent(x);
	buf_printf(&x->out, "<%s", name);
	x->stack[x->depth++] = name;
	x->in_tag = true;
	x->has_text = false;
}

void xml_attr(struct xml *x, const char *name, const char *v)
{
	assert(x->in_tag);
	if (!v)
		return;
	buf_printf(&x->out, " %s='", name);
	escape(&x->out, v);
	buf_addc(&x->out, '\'');
}

void xml_attrf(struct xml *x, const char *name, const char *fmt, ...)
{
	_cleanup_free_ char *v = NULL;
	va_list ap;

	va_start(ap, fmt);
	v = xvasprintf(fmt, ap);
	va_end(ap);
	xml_attr(x, name, v);
}

void xml_text(struct xml *x, const char *text)
{
	end_tag(x);
	escape(&x->out, text);
	x->has_text = true;
}

void xml_close(struct xml *x)
{
	assert(x->depth > 0);
	x->depth--;
	if (x->in_tag) {
		buf_adds(&x->out, "/>\n");
	} else {
		if (!x->has_text)
			indent(x);
		buf_printf(&x->out, "</%s>\n", x->stack[x->depth]);
	}
	x->in_tag = x->has_text = false;
}

void xml_leaf(struct xml *x, const char *name, const char *text)
{
	if (!text)
		return;
	xml_open(x, name);
	xml_text(x, text);
	xml_close(x);
}

void xml_empty(struct xml *x, const char *name, const char *attr, const char *v)
{
	if (!v)
		return;
	xml_open(x, name);
	xml_attr(x, attr, v);
	xml_close(x);
}

char *xml_take(struct xml *x)
{
	assert(x->depth == 0);
	return buf_take(&x->out);
}

void xml_free(struct xml *x)
{
	buf_free(&x->out);
}
