/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a hostile switch may say: a stream of messages. Whatever match is accepted survives the way
 * to the wire and back.
 */
#include "ovsdb/openflow_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void again(const struct openflow_match *m)
{
	struct openflow_flow a = {.match = *m}, b = {0};
	struct buf wire = BUF_INIT;
	char *s = openflow_flow_text(&a), *t;
	bool other;

	ofp_put_match(&wire, m);
	if (ofp_get_match((uint8_t *)wire.data, wire.len, &b.match, &other) != (ssize_t)wire.len ||
	    other)
		abort();
	t = openflow_flow_text(&b);
	if (!streq(s, t))
		abort();
	free(s);
	free(t);
	buf_free(&wire);
}

static void parts(const struct ofp_msg *m)
{
	const uint8_t *p;
	uint16_t type;
	size_t n;
	bool more;
	ssize_t len = 1;

	if (ofp_get_multipart(m, &type, &more, &p, &n) < 0)
		return;
	for (; n && len > 0; p += len, n -= (size_t)MAX(len, 0)) {
		struct openflow_stats s;
		struct openflow_port port;
		struct ofp_meter meter;

		if (type == OFPMP_FLOW) {
			len = ofp_get_stats(p, n, &s);
			if (len > 0)
				again(&s.match);
		} else if (type == OFPMP_METER) {
			len = ofp_get_meter(p, n, &meter);
		} else {
			len = ofp_get_port(p, n, &port);
			if (len > 0 && strlen(port.name) >= sizeof(port.name))
				abort();
		}
		if (len > 0 && (size_t)len > n)
			abort();
		if (len < 0)
			return;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ofp_msg m;
	ssize_t len;

	while (size && (len = ofp_get_msg(data, size, &m)) > 0) {
		if (m.type == OFPT_ERROR)
			free(ofp_error_text(&m));
		else if (m.type == OFPT_HELLO)
			ofp_hello_ok(&m);
		else
			parts(&m);
		data += len;
		size -= (size_t)len;
	}
	return 0;
}
