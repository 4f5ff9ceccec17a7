/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/guest/cell.h"

#include <errno.h>

#define MAX_BULK (256u << 20)
#define DEFAULT_BULK (256u << 10)

const struct attempt_ops *attempt_ops_find(const char *proto)
{
	static const struct attempt_ops *const all[] = {&attempt_icmp, &attempt_tcp, &attempt_udp,
							&attempt_bulk};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (streq(all[i]->name, proto))
			return all[i];
	return NULL;
}

int cell_int(const json_t *j, const char *key, long long def, long long min, long long max,
	     long long *ret, struct err *e)
{
	const json_t *v = json_object_get(j, key);
	long long n = v ? json_integer_value(v) : def;

	if (v && !json_is_integer(v))
		return err_set(e, EINVAL, "%s: an integer is required", key);
	if (n < min || n > max)
		return err_set(e, EINVAL, "%s: %lld is not in %lld…%lld", key, n, min, max);
	*ret = n;
	return 0;
}

int cell_nonce(const json_t *params, uint64_t *ret, struct err *e)
{
	if (!phdr_nonce_parse(jstr(params, "nonce", NULL), ret))
		return err_set(e, EINVAL, "nonce: 16 hex digits are required");
	return 0;
}

int cell_parse_addrs(const json_t *j, struct target *t, struct err *e)
{
	const char *dst = jstr(j, "dst", NULL), *src = jstr(j, "src", NULL);
	const char *ifname = jstr(j, "ifname", "");

	if (!addr_parse(dst, &t->dst))
		return err_set(e, EINVAL, "dst: \"%s\" is not an address", dst ? dst : "");
	if (src && !addr_parse(src, &t->src))
		return err_set(e, EINVAL, "src: \"%s\" is not an address", src);
	if (src && t->src.family != t->dst.family)
		return err_set(e, EINVAL, "src and dst are of different families");
	if (strlen(ifname) >= sizeof(t->ifname))
		return err_set(e, EINVAL, "ifname: \"%s\" is too long", ifname);
	snprintf(t->ifname, sizeof(t->ifname), "%s", ifname);
	return 0;
}

/* Payload sizes: what fits into an IP packet for datagrams, what the server echoes for TCP. */
static int parse_sizes(const json_t *j, struct target *t, struct err *e)
{
	long long max = t->ops == &attempt_tcp ? 1 << 20 : 65000, size, bytes;

	if (cell_int(j, "size", PROBE_HDR_LEN, PROBE_HDR_LEN, max, &size, e) < 0 ||
	    cell_int(j, "bytes", DEFAULT_BULK, 0, MAX_BULK, &bytes, e) < 0)
		return -EINVAL;
	t->size = (uint32_t)size;
	t->bytes = (uint32_t)bytes;
	t->plain = jbool(j, "plain", false);
	return 0;
}

static int parse_target(const json_t *j, struct target *t, struct err *e)
{
	const char *proto = jstr(j, "proto", ""), *peer = jstr(j, "peer", "");
	long long id, port, timeout_ms;

	t->ops = attempt_ops_find(proto);
	if (!t->ops)
		return err_set(e, EINVAL, "proto: \"%s\" is unknown", proto);
	if (strlen(peer) > PROBE_MAX_IDENTITY)
		return err_set(e, EINVAL, "peer: too long");
	if (cell_int(j, "id", 0, 0, UINT32_MAX, &id, e) < 0 ||
	    cell_int(j, "port", 0, t->ops->needs_port, 65535, &port, e) < 0 ||
	    cell_int(j, "timeoutMs", t->ops->default_timeout_ms, 1, 600000, &timeout_ms, e) < 0)
		return -EINVAL;
	t->cell = (uint32_t)id;
	t->port = (uint16_t)port;
	t->timeout_us = (uint64_t)timeout_ms * USEC_PER_MSEC;
	t->kind = PROBE_KIND_REQUEST;
	snprintf(t->peer, sizeof(t->peer), "%s", peer);
	return parse_sizes(j, t, e);
}

int cell_parse(const json_t *j, uint64_t nonce, struct cell *ret, struct err *e)
{
	struct cell c = {0};
	long long tries;

	if (cell_parse_addrs(j, &c.t, e) < 0 || parse_target(j, &c.t, e) < 0 ||
	    cell_int(j, "tries", 3, 1, 1000, &tries, e) < 0)
		return -EINVAL;
	c.t.nonce = nonce;
	c.tries = (int)tries;
	c.all = jbool(j, "all", false);
	c.flush_neigh = jbool(j, "flushNeigh", false);
	*ret = c;
	return 0;
}

json_t *cell_attempt_json(const struct attempt_result *r, uint64_t base_us)
{
	json_t *j = json_pack("{s:I, s:s}", "tUs", (json_int_t)(r->at_us - base_us), "outcome",
			      probe_outcome_name(r->outcome));

	if (r->err)
		json_object_set_new(j, "errno", json_integer(r->err));
	if (r->detail[0])
		json_object_set_new(j, "detail", jstring(r->detail));
	if (r->sport)
		json_object_set_new(j, "sport", json_integer(r->sport));
	if (r->rtt_us)
		json_object_set_new(j, "rttUs", json_integer((json_int_t)r->rtt_us));
	return j;
}
