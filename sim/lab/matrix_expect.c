/* SPDX-License-Identifier: Apache-2.0 */
/* What the oracle expects of cells. */
#include "lab/matrix_priv.h"

#include <errno.h>

#include "api/meta.h"
#include "lab/controllers.h"

const json_t *matrix_pod(struct lab *lab, const char *endpoint)
{
	const char *kind_end = strchr(endpoint, '/'), *name = strrchr(endpoint, '/') + 1;
	_cleanup_free_ char *ns = xstrndup(kind_end + 1, strcspn(kind_end + 1, "/"));
	const json_t *vmi;

	if (str_after(endpoint, "pod/"))
		return store_peek(lab->store, &kind_pod, ns, name);
	if (!str_after(endpoint, "vm/"))
		return NULL;
	vmi = store_peek(lab->store, &kind_vmi, ns, name);
	return vmi ? ctl_launcher_pod(lab, vmi) : NULL;
}

struct oracle *matrix_oracle(struct lab *lab, bool spec)
{
	_cleanup_json_ json_t *dump = store_dump(lab->store);
	struct oracle_opts o = {.spec = spec || lab->spec,
				.central = lab->n_zones == 1 &&
					   streq(jstr(lab->topo, "zones", ""), "central")};

	return oracle_new(json_object_get(dump, "items"), &o);
}

static struct oracle_end end_of(struct lab *lab, const char *endpoint, const char *address)
{
	const json_t *pod = matrix_pod(lab, endpoint);

	return (struct oracle_end){.ns = pod ? meta_ns(pod) : NULL,
				   .pod = pod ? meta_name(pod) : NULL,
				   .address = address};
}

void matrix_expect(struct lab *lab, const struct oracle *own, const struct oracle *spec,
		   const char *network, json_t *cell)
{
	struct oracle_cell q = {.network = network,
				.from = end_of(lab, jstr(cell, "from", ""), jstr(cell, "src", "")),
				.to = end_of(lab, jstr(cell, "to", ""), jstr(cell, "dst", "")),
				.proto = jstr(cell, "proto", ""),
				.port = (int)jint(cell, "port", 0)};
	_cleanup_json_ json_t *v = oracle_judge(own, &q), *s = oracle_judge(spec, &q);

	json_object_update(cell, v);
	if (!streq(jstr(v, "expect", ""), jstr(s, "expect", "")))
		json_object_set_new(cell, "deviation",
				    json_pack("{s:O, s:O}", "spec", json_object_get(s, "expect"),
					      "why", json_object_get(s, "why")));
}

int matrix_send(const char *text, json_t *o, struct err *e)
{
	const char *slash = strchr(text, '/');
	_cleanup_free_ char *proto = xstrndup(text, strcspn(text, "/"));
	long long port = 0;

	if (streq(text, "icmp")) {
		jset_str(o, "proto", text);
		return 0;
	}
	if (!slash || (!streq(proto, "tcp") && !streq(proto, "udp")) ||
	    parse_int(slash + 1, 1, 65535, &port) < 0)
		return err_set(e, EINVAL, "\"%s\": expected icmp, tcp/PORT or udp/PORT", text);
	jset_str(o, "proto", proto);
	json_object_set_new(o, "port", json_integer(port));
	return 0;
}
