/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/prng.h"
#include "ovnk/podnet.h"
#include "test/test.h"

struct lab {
	struct ovnk_config c;
	json_t *nads, *pods, *state;
	int rv;
};

static void lab_init(struct lab *l, bool interconnect)
{
	_cleanup_json_ json_t *topology = json_pack(
		"{s:s, s:{s:i}, s:i, s:[{s:s,s:s,s:s},{s:s,s:s,s:s}]}", "zones",
		interconnect ? "interconnect" : "central", "underlay", "mtu", 1500, "seed", 7,
		"nodes", "name", "worker-a", "chassis", "ca", "encap_ip", "172.31.0.11", "name",
		"worker-b", "chassis", "cb", "encap_ip", "172.31.0.12");
	_cleanup_err_ struct err e = ERR_INIT;

	*l = (struct lab){.nads = json_array(), .pods = json_array()};
	CU_ASSERT_EQUAL(ovnk_config_from_topology(&l->c, topology, &e), 0);
}

static void lab_free(struct lab *l)
{
	ovnk_config_free(&l->c);
	json_decref(l->nads);
	json_decref(l->pods);
	json_decref(l->state);
}
#define _cleanup_lab_ _cleanup_(lab_free)

static json_t *object(struct lab *l, json_t *list, const char *ns, const char *name)
{
	json_t *o = json_object();

	l->rv++;
	jset_str(o, "metadata.namespace", ns);
	jset_str(o, "metadata.name", name);
	jset(o, "metadata.uid", jstringf("uid-%d", l->rv));
	jset(o, "metadata.resourceVersion", jstringf("%d", l->rv));
	jset(o, "metadata.annotations", json_object());
	json_array_append_new(list, o);
	return o;
}

static void add_nad(struct lab *l, const char *ns, const char *name, const char *net,
		    const char *tail)
{
	json_t *o = object(l, l->nads, ns, name);

	jset(o, "spec.config",
	     jstringf("{\"cniVersion\":\"0.3.1\",\"type\":\"ovn-k8s-cni-overlay\",\"name\":\"%s\","
		      "\"netAttachDefName\":\"%s/%s\",\"topology\":\"layer2\"%s}",
		      net, ns, name, tail));
}

static json_t *add_pod(struct lab *l, const char *name, const char *networks)
{
	json_t *o = object(l, l->pods, "ns", name);

	jset_str(o, "spec.nodeName", l->rv % 2 ? "worker-a" : "worker-b");
	json_object_set_new(jget(o, "metadata.annotations"), ATTACH_ANNOTATION, jstring(networks));
	return o;
}

static const char *annotation(const json_t *pod)
{
	return json_string_value(
		json_object_get(jget(pod, "metadata.annotations"), PODNET_ANNOTATION));
}

/* "pod: key net mac ips #tunnel | …" or "key state: reason". */
static char *summary(const struct podnets *p)
{
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < p->n; i++) {
		buf_printf(&b, "%s%s:", i ? "\n" : "", p->v[i].name);
		if (p->v[i].error)
			buf_printf(&b, " !%s", p->v[i].error);
		for (size_t k = 0; k < p->v[i].n; k++) {
			const struct attachment *a = &p->v[i].v[k];

			buf_printf(&b, "%s %s", k ? " |" : "", a->nad_key);
			if (a->state != ATTACHMENT_READY) {
				buf_printf(&b, " %s(%s): %s",
					   a->state == ATTACHMENT_PENDING ? "pending" : "failed",
					   a->rule ?: "", a->reason);
				continue;
			}
			buf_printf(&b, " %s %s", a->network, a->mac);
			for (size_t m = 0; m < a->n_ips; m++)
				buf_printf(&b, "%c%s", m ? ',' : ' ', a->ips[m]);
			if (a->tunnel_id)
				buf_printf(&b, " #%d", a->tunnel_id);
		}
	}
	return buf_take(&b);
}

/* Builds; with write, also what the controllers do: annotations onto the objects. */
static char *build(struct lab *l, bool write)
{
	_cleanup_networks_ struct networks n;
	_cleanup_podnets_ struct podnets p;
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	json_t *pod;
	size_t i;

	networks_build(l->nads, &l->c, l->state, &n, &d);
	podnets_build(l->pods, &n, &l->c, &p, &d);
	if (!write)
		return summary(&p);
	json_decref(l->state);
	l->state = json_incref(n.state);
	json_array_foreach(l->pods, i, pod) {
		const struct podnet *net = podnets_find(&p, "ns", jstr(pod, "metadata.name", ""));

		if (net && net->annotation)
			json_object_set_new(jget(pod, "metadata.annotations"), PODNET_ANNOTATION,
					    jstring(net->annotation));
	}
	return summary(&p);
}

static void expect(struct lab *l, const char *want)
{
	_cleanup_free_ char *got = build(l, true), *again = build(l, false);

	TEST_STR(got, want);
	TEST_STR(again, want);
}

static void test_ipam(void)
{
	_cleanup_lab_ struct lab l;
	json_t *pod;

	lab_init(&l, true);
	add_nad(&l, "ns", "l2", "blue", ",\"subnets\":\"192.0.2.0/29,fd00:9::/64\"");
	pod = add_pod(&l, "a", "l2");
	add_pod(&l, "b", "l2,ns/l2");
	expect(&l, "a: ns/l2 blue 0a:58:c0:00:02:01 192.0.2.1/29,fd00:9::1/64 #10\n"
		   "b: ns/l2 blue 0a:58:c0:00:02:02 192.0.2.2/29,fd00:9::2/64 #11 | "
		   "ns/l2/1 blue 0a:58:c0:00:02:03 192.0.2.3/29,fd00:9::3/64 #12");
	TEST_STR(annotation(pod),
		 "{\"ns/l2\":{\"ip_addresses\":[\"192.0.2.1/29\",\"fd00:9::1/64\"],"
		 "\"mac_address\":\"0a:58:c0:00:02:01\",\"tunnel_id\":10,\"role\":\"secondary\"}}");
	json_array_remove(l.pods, 0);
	add_pod(&l, "c", "l2");
	add_pod(&l, "d", "l2");
	add_pod(&l, "e", "[{\"name\":\"l2\",\"mac\":\"02:00:00:00:00:01\"}]");
	add_pod(&l, "f", "l2");
	expect(&l, "b: ns/l2 blue 0a:58:c0:00:02:02 192.0.2.2/29,fd00:9::2/64 #11 | "
		   "ns/l2/1 blue 0a:58:c0:00:02:03 192.0.2.3/29,fd00:9::3/64 #12\n"
		   "c: ns/l2 blue 0a:58:c0:00:02:04 192.0.2.4/29,fd00:9::4/64 #13\n"
		   "d: ns/l2 blue 0a:58:c0:00:02:05 192.0.2.5/29,fd00:9::5/64 #14\n"
		   "e: ns/l2 blue 02:00:00:00:00:01 192.0.2.6/29,fd00:9::6/64 #15\n"
		   "f: ns/l2 blue 0a:58:c0:00:02:01 192.0.2.1/29,fd00:9::7/64 #16");
	/* finished pods hold nothing */
	jset_str(json_array_get(l.pods, 1), "status.phase", "Succeeded");
	add_pod(&l, "g", "l2");
	free(build(&l, true));
	TEST_STR(annotation(json_array_get(l.pods, 5)),
		 "{\"ns/l2\":{\"ip_addresses\":[\"192.0.2.4/29\",\"fd00:9::8/64\"],"
		 "\"mac_address\":\"0a:58:c0:00:02:04\",\"tunnel_id\":17,\"role\":\"secondary\"}}");
}

static void test_ipamless(void)
{
	_cleanup_lab_ struct lab l;
	_cleanup_free_ char *got = NULL, *again = NULL;
	json_t *a, *b;

	lab_init(&l, true);
	add_nad(&l, "ns", "l2", "blue", "");
	a = add_pod(&l, "a", "l2");
	b = add_pod(&l, "b", "[{\"name\":\"l2\",\"ips\":[\"192.168.200.10/24\",\"fd00::1/64\"]}]");
	add_pod(&l, "c",
		"[{\"name\":\"l2\",\"ips\":[\"192.168.200.10/24\"],"
		"\"default-route\":[\"192.168.200.1\"]}]");
	add_pod(&l, "d", "[{\"name\":\"l2\",\"ips\":[\"192.168.200.10\"]}]");
	got = build(&l, true);
	again = build(&l, false);
	TEST_STR(got, again);
	TEST_ROW(strstr(got, "a: ns/l2 blue ") && !strstr(got, "0a:58:00"), "random", "%s", got);
	TEST_ROW(strstr(annotation(a), "{\"ns/l2\":{\"ip_addresses\":null,\"mac_address\":\""),
		 "null", "%s", annotation(a));
	TEST_STR(annotation(b),
		 "{\"ns/l2\":{\"ip_addresses\":[\"192.168.200.10/24\",\"fd00::1/64\"],"
		 "\"mac_address\":\"0a:58:c0:a8:c8:0a\",\"tunnel_id\":11,\"role\":\"secondary\"}}");
	TEST_STR(annotation(json_array_get(l.pods, 2)),
		 "{\"ns/l2\":{\"ip_addresses\":[\"192.168.200.10/24\"],"
		 "\"mac_address\":\"0a:58:c0:a8:c8:0a\",\"gateway_ips\":[\"192.168.200.1\"],"
		 "\"ip_address\":\"192.168.200.10/24\",\"gateway_ip\":\"192.168.200.1\","
		 "\"tunnel_id\":12,\"role\":\"secondary\"}}");
	TEST_ROW(strstr(got, "d: ns/l2 failed(ipam): invalid CIDR address: 192.168.200.10"), "d",
		 "%s", got);
}

static void test_refusals(void)
{
	_cleanup_lab_ struct lab l;
	json_t *late, *broken;

	lab_init(&l, false);
	add_nad(&l, "ns", "l2", "blue", ",\"subnets\":\"192.0.2.0/30\"");
	add_nad(&l, "ns", "bad", "blue", "");
	jset_str(object(&l, l.nads, "ns", "bridge"), "spec.config", "{\"type\":\"bridge\"}");
	add_pod(&l, "a", "[{\"name\":\"l2\",\"ips\":[\"192.0.2.1/30\"]}]");
	add_pod(&l, "b", "bridge,other/l2,bad");
	late = add_pod(&l, "c", "l2");
	jset_str(late, "spec.nodeName", "");
	add_pod(&l, "d", "l2");
	add_pod(&l, "e", "L2");
	broken = add_pod(&l, "f", "l2");
	json_object_set_new(jget(broken, "metadata.annotations"), PODNET_ANNOTATION,
			    jstring("{\"ns/l2\":1}"));
	add_pod(&l, "g", "l2");
	add_pod(&l, "h", "l2");
	jset_str(add_pod(&l, "i", "l2"), "spec.nodeName", "nowhere");
	expect(&l,
	       "a: ns/l2 failed(E24): cannot allocate a static IP request with IPAM for pod "
	       "ns/l2/ns/a\n"
	       "b: ns/bridge failed(unsupported): NetworkAttachmentDefinition ns/bridge of CNI "
	       "type "
	       "\"bridge\": only secondary networks of ovn-k8s-cni-overlay are emulated | other/l2 "
	       "pending(): waiting for NetworkAttachmentDefinition other/l2: not found | ns/bad "
	       "failed(E21): NetworkAttachmentDefinition ns/bad is refused: NAD ns/bad CNI config "
	       "does not match that of network blue: subnets is \"\", not \"192.0.2.0/30\"\n"
	       "c: ns/l2 pending(): the pod is not scheduled\n"
	       "d: ns/l2 blue 0a:58:c0:00:02:01 192.0.2.1/30\n"
	       "e: !invalid network object \"L2\": one or more items did not match comma-delimited "
	       "format (must consist of lower case alphanumeric characters or '-', and start and "
	       "end "
	       "with an alphanumeric character)\n"
	       "f: !failed to unmarshal ovn pod annotation \"{\"ns/l2\":1}\": ns/l2 is no object "
	       "ns/l2 failed(ipam): failed to unmarshal ovn pod annotation \"{\"ns/l2\":1}\": "
	       "ns/l2 "
	       "is no object\n"
	       "g: ns/l2 blue 0a:58:c0:00:02:02 192.0.2.2/30\n"
	       "h: ns/l2 failed(ipam): failed to assign pod addresses for ns/l2/ns/h: subnet "
	       "address "
	       "pool exhausted: no free address in 192.0.2.0/30\n"
	       "i: ns/l2 pending(): node nowhere does not exist");
}

/* MH-25: the NAD comes after the pod. And a network that changes its range under a pod. */
static void test_late_nad(void)
{
	_cleanup_lab_ struct lab l;

	lab_init(&l, true);
	add_pod(&l, "a", "l2");
	expect(&l, "a: ns/l2 pending(): waiting for NetworkAttachmentDefinition ns/l2: not found");
	add_nad(&l, "ns", "l2", "blue", ",\"subnets\":\"192.0.2.0/24\"");
	expect(&l, "a: ns/l2 blue 0a:58:c0:00:02:01 192.0.2.1/24 #10");
	json_array_remove(l.nads, 0);
	add_nad(&l, "ns", "l2", "blue", ",\"subnets\":\"198.51.100.0/24\"");
	expect(&l, "a: ns/l2 failed(ipam): failed to ensure requested or annotated IPs "
		   "[192.0.2.1/24] for ns/l2/ns/a: not in the subnets of network blue");
}

static void test_collision(void)
{
	_cleanup_lab_ struct lab l;
	_cleanup_free_ char *got = NULL;

	lab_init(&l, true);
	add_nad(&l, "ns", "a-b", "blue", "");
	add_nad(&l, "ns", "a.b", "red", "");
	add_pod(&l, "p", "[{\"name\":\"a-b\"},{\"name\":\"a.b\"}]");
	got = build(&l, true);
	TEST_ROW(strstr(got, "p: ns/a-b blue ") &&
			 strstr(got,
				"ns/a.b failed(unsupported): attachments ns/a-b and ns/a.b have "
				"one logical port name, ns.a.b_ns_p"),
		 "collision", "%s", got);
}

static json_t *shuffled(const json_t *list, struct prng *p)
{
	json_t *r = json_array(), *v;
	size_t i;

	json_array_foreach(list, i, v)
		json_array_insert(r, prng_below(p, json_array_size(r) + 1), v);
	return r;
}

static void random_op(struct lab *l, struct prng *p)
{
	static const char *const wants[] = {
		"l2",	  "l2,l2", "free",
		"six,l2", "gone",  "[{\"name\":\"free\",\"ips\":[\"10.9.9.9/24\"]}]"};
	size_t n = json_array_size(l->pods);
	char name[16];

	snprintf(name, sizeof(name), "p%d", l->rv + 1);
	if (n && prng_below(p, 3) == 0)
		json_array_remove(l->pods, prng_below(p, n));
	else
		add_pod(l, name, wants[prng_below(p, ARRAY_SIZE(wants))]);
}

/*
 * Random creations and deletions: the incremental result, step by step with annotations written
 * back, is the one that a rebuild from the objects alone gives in any order; no address and no
 * tunnel id is held twice.
 */
static void test_incremental(void)
{
	for (uint64_t seed = 0; seed < 60; seed++) {
		_cleanup_lab_ struct lab l;
		struct prng p;

		lab_init(&l, seed % 2);
		prng_init(&p, seed);
		add_nad(&l, "ns", "l2", "blue", ",\"subnets\":\"192.0.2.0/28\"");
		add_nad(&l, "ns", "six", "six", ",\"subnets\":\"fd00:9::/64\"");
		add_nad(&l, "ns", "free", "free", "");
		for (int step = 0; step < 30; step++) {
			_cleanup_free_ char *got = NULL, *scratch = NULL;
			json_t *order;

			random_op(&l, &p);
			got = build(&l, true);
			order = shuffled(l.pods, &p);
			json_decref(l.pods);
			l.pods = order;
			json_decref(l.state);
			l.state = NULL;
			scratch = build(&l, false);
			TEST_STR(scratch, got);
		}
	}
}

static void test_unique(void)
{
	_cleanup_lab_ struct lab l;
	_cleanup_networks_ struct networks n;
	_cleanup_podnets_ struct podnets p;
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	bool ip[256] = {0}, tunnel[512] = {0};

	lab_init(&l, true);
	add_nad(&l, "ns", "l2", "blue",
		",\"subnets\":\"192.0.2.0/24\",\"excludeSubnets\":"
		"\"192.0.2.0/29,192.0.2.200/29\"");
	for (int i = 0; i < 230; i++) {
		char name[16];

		snprintf(name, sizeof(name), "p%03d", i);
		add_pod(&l, name, "l2");
	}
	networks_build(l.nads, &l.c, NULL, &n, &d);
	podnets_build(l.pods, &n, &l.c, &p, &d);
	CU_ASSERT_EQUAL(p.n, 230);
	for (size_t i = 0; i < p.n; i++) {
		struct ipnet a = {0};

		CU_ASSERT_EQUAL(p.v[i].v[0].n_ips, 1);
		CU_ASSERT_TRUE(ipnet_parse(p.v[i].v[0].ips[0], &a));
		TEST_ROW(!ip[a.ip.b[3]], p.v[i].name, "%s twice", p.v[i].v[0].ips[0]);
		TEST_ROW(a.ip.b[3] >= 8 && (a.ip.b[3] < 200 || a.ip.b[3] > 207), p.v[i].name,
			 "%s is excluded", p.v[i].v[0].ips[0]);
		TEST_ROW(!tunnel[p.v[i].v[0].tunnel_id], p.v[i].name, "tunnel id twice");
		ip[a.ip.b[3]] = tunnel[p.v[i].v[0].tunnel_id] = true;
	}
}

TEST_SUITE(podnet, {"ipam", test_ipam}, {"ipamless", test_ipamless}, {"refusals", test_refusals},
	   {"late_nad", test_late_nad}, {"collision", test_collision},
	   {"incremental", test_incremental}, {"unique", test_unique})
