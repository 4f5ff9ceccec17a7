/* SPDX-License-Identifier: Apache-2.0 */
#include "ovnk/policy_named.h"

#include <strings.h>

#include "api/meta.h"

/* What destinations call one name: {NUMBER: [text of a destination]}, numbers as text. */
static void add_destination(json_t *numbers, int number, const char *text)
{
	_cleanup_free_ char *key = xasprintf("%d", number);
	json_t *list = json_object_get(numbers, key);

	if (!list) {
		list = json_array();
		json_object_set_new(numbers, key, list);
	}
	if (!jhas_str(list, text))
		jadd_str(list, text);
}

/* The container port of that name and protocol; 0: none. */
static int container_port(const struct policies *p, const struct podnet *pod,
			  const struct policy_port *port)
{
	const json_t *c, *v;
	size_t i, k;

	json_array_foreach(policies_pod_containers(p, pod->ns, pod->name), i, c)
		json_array_foreach(json_object_get(c, "ports"), k, v)
			if (streq(jstr(v, "name", ""), port->name) &&
			    strcasecmp(jstr(v, "protocol", "TCP"),
				       policy_proto_name(port->proto)) == 0)
				return (int)jint(v, "containerPort", 0);
	return 0;
}

static void add_targets(const struct policies *p, const struct policy_use *u,
			const struct policy_port *port, json_t *numbers)
{
	for (size_t i = 0; i < u->n_targets; i++) {
		int number = container_port(p, u->targets[i].pod, port);
		_cleanup_free_ char *text = xasprintf("\"%s\"", u->targets[i].att->port);

		if (number)
			add_destination(numbers, number, text);
	}
}

static void add_addresses(const struct policies *p, const struct policy_use *u,
			  const struct policy_port *port, int family, json_t *numbers)
{
	for (size_t i = 0; i < p->podnets->n; i++) {
		const struct podnet *pod = &p->podnets->v[i];
		int number = container_port(p, pod, port);

		for (size_t k = 0; number && k < pod->n; k++) {
			const struct attachment *a = &pod->v[k];

			if (a->state != ATTACHMENT_READY || !streq0(a->network, u->network->name))
				continue;
			for (size_t n = 0; n < a->n_ips; n++) {
				_cleanup_free_ char *ip =
					xstrndup(a->ips[n], strcspn(a->ips[n], "/"));

				if ((strchr(ip, ':') ? 6 : 4) == family)
					add_destination(numbers, number, ip);
			}
		}
	}
}

/* "(outport == {"a", "b"} && tcp.dst == 80)" for each number, joined by ||. */
static void add_terms(struct buf *b, const char *field, const json_t *numbers, const char *proto)
{
	const char *number;
	json_t *list, *v;
	size_t i;

	json_object_foreach((json_t *)(uintptr_t)numbers, number, list) {
		buf_printf(b, "%s(%s == {", b->len ? " || " : "", field);
		json_array_foreach(list, i, v)
			buf_printf(b, "%s%s", i ? ", " : "", json_string_value(v));
		buf_printf(b, "} && %s.dst == %s)", proto, number);
	}
}

char *named_match(const struct policies *p, const struct policy_use *u, enum gress g,
		  const struct policy_port *port)
{
	_cleanup_json_ json_t *ports = json_object(), *v4 = json_object(), *v6 = json_object();
	_cleanup_buf_ struct buf b = BUF_INIT;
	const char *proto = policy_proto_name(port->proto);

	if (!port->name)
		return NULL;
	if (g == INGRESS) {
		add_targets(p, u, port, ports);
	} else {
		add_addresses(p, u, port, 4, v4);
		add_addresses(p, u, port, 6, v6);
	}
	add_terms(&b, "outport", ports, proto);
	add_terms(&b, "ip4.dst", v4, proto);
	add_terms(&b, "ip6.dst", v6, proto);
	return b.len ? xasprintf("%s && (%s)", proto, buf_str(&b)) : NULL;
}
