/* SPDX-License-Identifier: Apache-2.0 */
/* External hosts: what the topology wants open on them, for programs and probes alike. */
#include "lab/endpoint.h"

#include "lab/topology.h"
#include "probe/probe.h"

#define LISTEN_TIMEOUT (10 * USEC_PER_SEC)

static void on_listening(void *arg, const json_t *result, const struct err *e)
{
	json_t *failed = json_object_get(result, "failed");
	_cleanup_free_ char *text = json_array_size(failed) ? jtext(failed) : NULL;

	(void)arg;
	if (e || text)
		log_warn("a host does not listen: %s", e ? err_msg(e) : text);
}

static json_t *listen_spec(const char *text, int family)
{
	const char *slash = strchr(text, '/');
	long long port = 0;

	parse_int(slash ? slash + 1 : "", 1, 65535, &port);
	return json_pack("{s:o, s:I, s:i}", "proto", json_stringn(text, strcspn(text, "/")), "port",
			 (json_int_t)port, "family", family);
}

void endpoint_host_listen(struct lab *lab, const char *name)
{
	const char *host = str_after(name, "host/");
	const json_t *h = host ? topology_host(lab->topo, host) : NULL;
	json_t *specs = json_array(), *v;
	size_t i;

	json_array_foreach(json_object_get(h, "listen"), i, v) {
		json_array_append_new(specs, listen_spec(json_string_value(v), 4));
		json_array_append_new(specs, listen_spec(json_string_value(v), 6));
	}
	hub_call(lab->hub, name, "listen",
		 json_pack("{s:s, s:o}", "identity", name, "specs", specs), LISTEN_TIMEOUT,
		 on_listening, lab);
}
