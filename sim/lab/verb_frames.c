/* SPDX-License-Identifier: Apache-2.0 */
/*
 * POST …/frames {cells:[{from, to, kind, expect?, network?, toNetwork?}], copies?, timeoutMs?,
 * nonce?, bystanders? (true)}: which interfaces are meant, and who listens besides.
 */
#include <errno.h>

#include "lab/domain.h"
#include "lab/endpoint.h"
#include "lab/fault.h"
#include "lab/verb_probe.h"
#include "probe/frames.h"

/* The interface on a network, else the first that is on any. */
static const json_t *iface_on(const json_t *endpoint, const char *network)
{
	size_t i;
	json_t *f;

	json_array_foreach(json_object_get(endpoint, "interfaces"), i, f) {
		const char *net = jstr(f, "network", NULL);

		if (net &&
		    (!network || streq(net, network) || streq(jstr(f, "domain", ""), network)))
			return f;
	}
	return NULL;
}

/* Where `to` would hear it: in the same domain, else on the network of that name, else anywhere. */
static const json_t *receiving_iface(const json_t *endpoint, const char *network,
				     const char *from_network, const char *domain)
{
	const json_t *found = network ? iface_on(endpoint, network) : NULL;
	size_t i;
	json_t *f;

	if (network)
		return found;
	json_array_foreach(json_object_get(endpoint, "interfaces"), i, f)
		if (domain && streq(jstr(f, "domain", ""), domain))
			return f;
	found = iface_on(endpoint, from_network);
	return found ? found : iface_on(endpoint, NULL);
}

static int no_iface(struct err *e, const char *endpoint, const json_t *live, const char *network)
{
	if (jstr(live, "why", NULL))
		return err_set(e, EAGAIN, "%s: no traffic agent: %s", endpoint,
			       jstr(live, "why", ""));
	return err_set(e, EINVAL, "%s is not on %s%s", endpoint,
		       network ? "network " : "any network", network ? network : "");
}

static int fill_cell(json_t *cell, const json_t *ifaces, struct err *e)
{
	const char *from = jstr(cell, "from", ""), *to = jstr(cell, "to", "");
	const char *network = jstr(cell, "network", NULL);
	const json_t *live_a = json_object_get(ifaces, from), *live_b = json_object_get(ifaces, to);
	const json_t *a = iface_on(live_a, network), *b;
	const char *da = jstr(a, "domain", NULL);

	if (!a)
		return no_iface(e, from, live_a, network);
	b = receiving_iface(live_b, jstr(cell, "toNetwork", NULL), jstr(a, "network", ""), da);
	if (!b)
		return no_iface(e, to, live_b, jstr(cell, "toNetwork", NULL));
	jset_str(cell, "ifname", jstr(a, "name", ""));
	jset_str(cell, "toIfname", jstr(b, "name", ""));
	jset_str(cell, "dstMac", jstr(b, "mac", NULL));
	jset_str(cell, "src4", jstr(a, "addresses4.0", NULL));
	jset_str(cell, "src6", jstr(a, "addresses6.0", NULL));
	jset_str(cell, "dst4", jstr(b, "addresses4.0", NULL));
	jset_str(cell, "fromDomain", da);
	jset_str(cell, "toDomain", jstr(b, "domain", NULL));
	jset_str(cell, "proto", jstr(cell, "kind", "?"));
	jset_str(cell, "srcNetwork", jstr(a, "network", NULL));
	jset_str(cell, "dstNetwork", jstr(b, "network", NULL));
	return 0;
}

/* Every interface that is on a network, of everybody that was asked. */
static json_t *watch_list(const json_t *ifaces)
{
	json_t *out = json_array(), *live, *f;
	const char *name;
	size_t i;

	json_object_foreach((json_t *)ifaces, name, live) {
		json_array_foreach(json_object_get(live, "interfaces"), i, f) {
			const char *d = jstr(f, "domain", NULL);

			if (d)
				json_array_append_new(out, json_pack("{s:s, s:O, s:s}", "endpoint",
								     name, "ifname",
								     json_object_get(f, "name"),
								     "domain", d));
		}
	}
	return out;
}

static json_t *build_frames(struct probe_call *j, const json_t *ifaces, struct err *e)
{
	json_t *cells = json_deep_copy(json_object_get(j->request, "cells")), *cell, *out;
	size_t i;

	json_array_foreach(cells, i, cell) {
		if (fill_cell(cell, ifaces, e) == 0)
			continue;
		json_decref(cells);
		return NULL;
	}
	out = json_copy(j->request);
	json_object_set_new(out, "cells", cells);
	json_object_set_new(out, "watch", watch_list(ifaces));
	return out;
}

void verb_frames(void *arg, struct api_call *call)
{
	struct lab *lab = arg;
	json_t *body = json_deep_copy(api_call_body(call)), *cell, *v;
	_cleanup_json_ json_t *names = json_array(), *members = lab_members(lab);
	_cleanup_err_ struct err e = ERR_INIT;
	size_t i;

	if (!json_array_size(json_object_get(body, "cells")))
		err_set(&e, EINVAL, "cells: expected a list of at least one cell");
	json_array_foreach(json_object_get(body, "cells"), i, cell) {
		if (!frames_kind_known(jstr(cell, "kind", "")))
			err_set(&e, EINVAL, "\"%s\": expected " FRAMES_KINDS_TEXT,
				jstr(cell, "kind", ""));
		else if (probe_call_endpoint(lab, cell, "from", names, &e) == 0)
			probe_call_endpoint(lab, cell, "to", names, &e);
		if (e.code) {
			err_wrap(&e, "cells[%zu]", i);
			break;
		}
	}
	if (e.code) {
		verb_refuse(call, &e);
		json_decref(body);
		return;
	}
	json_array_foreach(members, i, v) {
		_cleanup_free_ char *fault = endpoint_fault(lab, json_string_value(v));

		if (jbool(body, "bystanders", true) && !fault)
			jadd_str(names, json_string_value(v));
	}
	probe_call_begin(lab, call, body, names, build_frames, frames_run);
}
