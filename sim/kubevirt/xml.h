/* SPDX-License-Identifier: Apache-2.0 */
/* Writes XML: elements are nested by the writer, so what comes out is always well-formed. */
#ifndef OVNBED_KUBEVIRT_XML_H
#define OVNBED_KUBEVIRT_XML_H

#include "base/buf.h"

#define XML_DEPTH 16

struct xml {
	struct buf out;
	const char *stack[XML_DEPTH]; /* borrowed names */
	unsigned depth;
	bool in_tag, has_text;
};
#define XML_INIT           \
	{                  \
		.depth = 0 \
	}

/* name is borrowed until the element is closed. */
void xml_open(struct xml *x, const char *name);
/* An attribute of the element just opened; v NULL: nothing is written. */
void xml_attr(struct xml *x, const char *name, const char *v);
void xml_attrf(struct xml *x, const char *name, const char *fmt, ...) PRINTF(3, 4);
void xml_text(struct xml *x, const char *text);
void xml_close(struct xml *x);
/* <name>text</name>; nothing when text is NULL. */
void xml_leaf(struct xml *x, const char *name, const char *text);
/* <name attr='v'/>; nothing when v is NULL. */
void xml_empty(struct xml *x, const char *name, const char *attr, const char *v);
/* The text; every element must be closed. Caller frees; x is empty again. */
char *xml_take(struct xml *x);
void xml_free(struct xml *x);
#define _cleanup_xml_ _cleanup_(xml_free)

#endif
