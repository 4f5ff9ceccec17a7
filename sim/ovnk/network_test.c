/* SPDX-License-Identifier: Apache-2.0 */
#include "base/prng.h"
#include "ovnk/network.h"
#include "test/test.h"

/* A NAD "ns/name" of network net, with more keys in tail (",\"mtu\":1"); rv orders it. */
static json_t *nad(const char *ns, const char *name, const char *net, const char *tail, int rv)
{
	_cleanup_free_ char *config = xasprintf("{\"cniVersion\":\"0.3.1\",\"type\":\"ovn-k8s-cni-"
						"overlay\",\"topology\":\"layer2\","
						"\"name\":\"%s\",\"netAttachDefName\":\"%s/%s\"%s}",
						net, ns, name, tail);
	json_t *o = json_object();

	jset_str(o, "metadata.namespace", ns);
	jset_str(o, "metadata.name", name);
	jset(o, "metadata.uid", jstringf("%s-%s-%d", ns, name, rv));
	jset(o, "metadata.resourceVersion", jstringf("%d", rv));
	jset_str(o, "metadata.creationTimestamp", "2026-01-01T00:00:00Z");
	jset(o, "metadata.annotations", json_object());
	jset_str(o, "spec.config", config);
	return o;
}

static void edit(json_t *o, const char *from, const char *to, int rv)
{
	const char *config = jstr(o, "spec.config", ""), *at = strstr(config, from);

	jset(o, "metadata.resourceVersion", jstringf("%d", rv));
	if (at)
		jset(o, "spec.config",
		     jstringf("%.*s%s%s", (int)(at - config), config, to, at + strlen(from)));
}

/* What the cluster manager does with the result. */
static void annotate(json_t *nads, const struct networks *n)
{
	size_t i;
	json_t *o;

	json_array_foreach(nads, i, o) {
		_cleanup_free_ char *key = xasprintf("%s/%s", jstr(o, "metadata.namespace", ""),
						     jstr(o, "metadata.name", ""));
		const struct nad_entry *e = networks_nad(n, key);

		if (e && e->annotations)
			json_object_update(jget(o, "metadata.annotations"), e->annotations);
	}
}

/* "ns/name=Accepted:net:id ns/name=Rejected(E21) …" */
static char *summary(const struct networks *n)
{
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < n->n_nads; i++) {
		const struct nad_entry *e = &n->nads[i];

		buf_printf(&b, "%s%s=%s", i ? " " : "", e->key, nad_state_name(e->state));
		if (e->network)
			buf_printf(&b, ":%s:%d", e->network, networks_find(n, e->network)->id);
		else
			buf_printf(&b, "(%s)", e->rule ?: "");
	}
	return buf_take(&b);
}

struct lab {
	struct ovnk_config c;
	json_t *nads, *state;
};

static void lab_init(struct lab *l)
{
	ovnk_config_init(&l->c);
	l->nads = json_array();
	l->state = NULL;
}

static void lab_free(struct lab *l)
{
	ovnk_config_free(&l->c);
	json_decref(l->nads);
	json_decref(l->state);
}

/* One round of the controller: build from the last state, write the annotations, keep the state. */
static char *lab_round(struct lab *l)
{
	_cleanup_networks_ struct networks n;
	_cleanup_diags_ struct diags d = DIAGS_INIT;

	networks_build(l->nads, &l->c, l->state, &n, &d);
	annotate(l->nads, &n);
	json_decref(l->state);
	l->state = json_incref(n.state);
	return summary(&n);
}

static void expect(struct lab *l, const char *want)
{
	_cleanup_free_ char *got = lab_round(l);

	TEST_STR(got, want);
}

#define _cleanup_lab_ _cleanup_(lab_free)

static void test_consistency(void)
{
	_cleanup_lab_ struct lab l;

	lab_init(&l);
	json_array_append_new(l.nads, nad("a", "x", "blue", ",\"mtu\":1300", 1));
	expect(&l, "a/x=Accepted:blue:1");
	json_array_append_new(l.nads, nad("b", "x", "blue", ",\"mtu\":1300", 2));
	json_array_append_new(l.nads, nad("a", "y", "blue", "", 3));
	json_array_append_new(l.nads, nad("a", "z", "red", "", 4));
	expect(&l, "a/x=Accepted:blue:1 a/y=Rejected(E21) a/z=Accepted:red:2 b/x=Accepted:blue:1");
	/* editing one of two: the edited one loses, whatever its age */
	edit(json_array_get(l.nads, 0), "1300", "1200", 5);
	expect(&l, "a/x=Rejected(E21) a/y=Rejected(E21) a/z=Accepted:red:2 b/x=Accepted:blue:1");
	/* log keys and white space do not count, so b/x keeps its place */
	edit(json_array_get(l.nads, 1), "}", ", \"logFile\": \"/x\"}", 6);
	expect(&l, "a/x=Rejected(E21) a/y=Rejected(E21) a/z=Accepted:red:2 b/x=Accepted:blue:1");
	/* editing the only holder rebuilds the network under its id, the others still do not fit */
	edit(json_array_get(l.nads, 1), "1300", "1250", 7);
	expect(&l, "a/x=Rejected(E21) a/y=Rejected(E21) a/z=Accepted:red:2 b/x=Accepted:blue:1");
	/* the holder goes: the first in line takes over */
	json_array_remove(l.nads, 1);
	expect(&l, "a/x=Rejected(E21) a/y=Accepted:blue:1 a/z=Accepted:red:2");
	/* the id of a deleted network is free again */
	json_array_remove(l.nads, 0);
	json_array_remove(l.nads, 0);
	json_array_append_new(l.nads, nad("a", "g", "green", "", 9));
	expect(&l, "a/g=Accepted:green:1 a/z=Accepted:red:2");
}

static void test_fields_compared(void)
{
	static const struct {
		const char *a, *b, *field; /* field NULL: they agree */
	} rows[] = {
		{"", ",\"mtu\":1400", NULL},
		{"", ",\"mtu\":1401", "mtu is 1401, not 1400"},
		{"", ",\"role\":\"secondary\"", NULL},
		{"", ",\"vlanID\":5,\"physicalNetworkName\":\"p\"", NULL},
		{"", ",\"logLevel\":\"5\"", NULL},
		{"", ",\"allowPersistentIPs\":true", "allowPersistentIPs is true, not false"},
		{",\"subnets\":\"10.0.0.0/24,fd00:9::/64\"",
		 ",\"subnets\":\"fd00:9::/64,10.0.0.0/24\"", NULL},
		{",\"subnets\":\"10.0.0.0/24\"", ",\"subnets\":\"10.0.0.9/24\"", NULL},
		{",\"subnets\":\"10.0.0.0/24\"", ",\"subnets\":\"10.0.0.0/25\"",
		 "subnets is \"10.0.0.0/25\", not \"10.0.0.0/24\""},
		{",\"subnets\":\"10.0.0.0/24\"",
		 ",\"subnets\":\"10.0.0.0/24\",\"excludeSubnets\":\"10.0.0.0/30\"",
		 "excludeSubnets"},
		{"", ",\"joinSubnet\":\"100.70.0.0/16\"", "joinSubnet"},
		{"", ",\"topology\":\"localnet\"", "topology is \"localnet\", not \"layer2\""},
		{",\"topology\":\"localnet\"", ",\"topology\":\"localnet\",\"vlanID\":5",
		 "vlanID is 5, not 0"},
		{",\"topology\":\"localnet\"",
		 ",\"topology\":\"localnet\",\"physicalNetworkName\":\"p\"",
		 "physicalNetworkName is \"p\", not \"\""},
		{",\"topology\":\"localnet\",\"vlanID\":7,\"mtu\":1",
		 ",\"topology\":\"localnet\",\"vlanID\":8,\"mtu\":2",
		 "mtu is 2, not 1; vlanID is 8, not 7"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_lab_ struct lab l;
		_cleanup_networks_ struct networks n;
		_cleanup_diags_ struct diags d = DIAGS_INIT;
		const struct nad_entry *e;

		lab_init(&l);
		json_array_append_new(l.nads, nad("a", "x", "blue", rows[i].a, 1));
		json_array_append_new(l.nads, nad("b", "x", "blue", rows[i].b, 2));
		networks_build(l.nads, &l.c, NULL, &n, &d);
		e = networks_nad(&n, "b/x");
		TEST_ROW(e->state == (rows[i].field ? NAD_REJECTED : NAD_ACCEPTED), rows[i].b,
			 "%s: %s", nad_state_name(e->state), e->reason ?: "");
		TEST_ROW(networks_nad(&n, "a/x")->state == NAD_ACCEPTED, rows[i].a, "first");
		if (!rows[i].field || !e->reason)
			continue;
		TEST_ROW(strstr(e->reason,
				"NAD b/x CNI config does not match that of network blue: "),
			 rows[i].b, "%s", e->reason);
		TEST_ROW(strstr(e->reason, rows[i].field), rows[i].b, "%s", e->reason);
		TEST_STR(d.v[d.n - 1].rule, "E21");
		TEST_STR(d.v[d.n - 1].object, "NetworkAttachmentDefinition b/x");
	}
}

static void test_states(void)
{
	_cleanup_lab_ struct lab l;
	const char *primary = ",\"role\":\"primary\",\"subnets\":\"10.0.0.0/24\"";
	json_t *bridge = nad("a", "bridge", "x", "", 1);

	lab_init(&l);
	edit(bridge, "ovn-k8s-cni-overlay", "bridge", 1);
	json_array_append_new(l.nads, bridge);
	json_array_append_new(l.nads, nad("a", "bad", "x", ",\"mtu\":\"1\"", 2));
	json_array_append_new(l.nads, nad("a", "p1", "pone", primary, 3));
	json_array_append_new(l.nads, nad("a", "p2", "ptwo", primary, 4));
	json_array_append_new(l.nads, nad("b", "p2", "ptwo", primary, 5));
	json_array_append_new(
		l.nads,
		nad("b", "l3", "l3", ",\"topology\":\"layer3\",\"subnets\":\"10.0.0.0/16\"", 6));
	json_array_append_new(l.nads, nad("b", "ok", "ok", "", 7));
	json_array_append_new(l.nads, nad("b", "dflt", "x", ",\"topology\":\"\"", 8));
	expect(&l, "a/bad=Rejected(json) a/bridge=Ignored(E3) a/p1=Unsupported(unsupported) "
		   "a/p2=Rejected(E20) b/dflt=Ignored() b/l3=Unsupported(unsupported) "
		   "b/ok=Accepted:ok:4 b/p2=Unsupported(unsupported)");
}

static void test_collision(void)
{
	_cleanup_lab_ struct lab l;

	lab_init(&l);
	json_array_append_new(l.nads, nad("a", "x", "a-b", "", 1));
	json_array_append_new(l.nads, nad("a", "y", "a.b", "", 2));
	json_array_append_new(l.nads, nad("b", "y", "a.b", "", 3));
	expect(&l, "a/x=Accepted:a-b:1 a/y=Unsupported(unsupported) b/y=Unsupported(unsupported)");
	json_array_remove(l.nads, 0);
	expect(&l, "a/y=Accepted:a.b:2 b/y=Accepted:a.b:2");
}

static void test_ids(void)
{
	_cleanup_lab_ struct lab l;
	json_t *a, *b, *c;

	lab_init(&l);
	a = nad("a", "x", "blue", "", 3);
	b = nad("a", "y", "red", "", 2);
	c = nad("a", "z", "green", "", 1);
	json_object_set_new(jget(a, "metadata.annotations"), "k8s.ovn.org/network-name",
			    jstring("blue"));
	json_object_set_new(jget(a, "metadata.annotations"), "k8s.ovn.org/network-id",
			    jstring("1"));
	/* of another network: does not count */
	json_object_set_new(jget(b, "metadata.annotations"), "k8s.ovn.org/network-name",
			    jstring("old"));
	json_object_set_new(jget(b, "metadata.annotations"), "k8s.ovn.org/network-id",
			    jstring("7"));
	json_array_append_new(l.nads, a);
	json_array_append_new(l.nads, b);
	json_array_append_new(l.nads, c);
	expect(&l, "a/x=Accepted:blue:1 a/y=Accepted:red:3 a/z=Accepted:green:2");
	TEST_STR(json_string_value(json_object_get(jget(b, "metadata.annotations"),
						   "k8s.ovn.org/network-id")),
		 "3");
}

/* All but the two fields that a rebuild from objects alone cannot know. */
static char *essence(struct lab *l, const json_t *state, json_t **ret_state)
{
	_cleanup_networks_ struct networks n;
	_cleanup_diags_ struct diags d = DIAGS_INIT;

	networks_build(l->nads, &l->c, state, &n, &d);
	if (ret_state)
		*ret_state = json_incref(n.state);
	for (size_t i = 0; i < n.n_nads; i++)
		if (n.nads[i].annotations)
			return xstrdup("annotations to write");
	return summary(&n);
}

static void random_op(struct lab *l, struct prng *p, int rv, bool conflicts)
{
	static const char *const mtus[] = {"1300", "1400", "1500"};
	size_t n = json_array_size(l->nads), op = prng_below(p, 10);
	char name[16], net[16], tail[64];
	uint64_t net_no = prng_below(p, 4);

	snprintf(name, sizeof(name), "n%d", rv);
	snprintf(net, sizeof(net), "net%llu", (unsigned long long)net_no);
	snprintf(tail, sizeof(tail), ",\"mtu\":%s",
		 mtus[conflicts ? prng_below(p, 3) : net_no % 3]);
	if (op < 5 || !n)
		json_array_append_new(l->nads,
				      nad(prng_below(p, 2) ? "a" : "b", name, net, tail, rv));
	else if (op < 7)
		json_array_remove(l->nads, prng_below(p, n));
	else if (conflicts)
		edit(json_array_get(l->nads, prng_below(p, n)), mtus[prng_below(p, 3)],
		     mtus[prng_below(p, 3)], rv);
	else
		edit(json_array_get(l->nads, prng_below(p, n)), "{", "{ ", rv);
}

/*
 * Random creations, deletions and edits: the incremental result is a fixed point of its state, the
 * order of the array does not count, and where no two NADs ever disagreed the objects alone give
 * the same networks and ids.
 */
static void test_incremental(void)
{
	for (int seed = 0; seed < 60; seed++) {
		bool conflicts = seed % 2;
		_cleanup_lab_ struct lab l;
		struct prng p;

		lab_init(&l);
		prng_init(&p, (uint64_t)seed);
		for (int rv = 1; rv <= 25; rv++) {
			_cleanup_free_ char *got = NULL, *again = NULL, *scratch = NULL;
			_cleanup_json_ json_t *state = NULL;
			char row[32];

			snprintf(row, sizeof(row), "seed %d rv %d", seed, rv);
			random_op(&l, &p, rv, conflicts);
			got = lab_round(&l);
			again = essence(&l, l.state, &state);
			TEST_ROW(streq0(got, again), row, "%s / %s", got, again);
			TEST_ROW(json_equal(state, l.state), row, "state moved");
			if (json_array_size(l.nads) > 1) {
				json_t *first = json_incref(json_array_get(l.nads, 0));

				json_array_remove(l.nads, 0);
				json_array_append_new(l.nads, first);
			}
			scratch = essence(&l, conflicts ? l.state : NULL, NULL);
			TEST_ROW(streq0(got, scratch), row, "%s / %s", got, scratch);
		}
	}
}

static void test_mapping(void)
{
	static const struct {
		const char *mappings, *bridge;
	} rows[] = {
		{"physnet:br-ex", "br-ex"},
		{"a:b,physnet:br-1", "br-1"},
		{"physnet2:br-ex", NULL},
		{"physne:br-ex", NULL},
		{"physnet:br:ex", NULL},
		{"physnet", NULL},
		{"", NULL},
		{NULL, NULL},
		{"physnet:br:ex,physnet:br-2", "br-2"},
	};
	struct netconf c = {.topology = OVNK_LOCALNET,
			    .name = (char *)"blue",
			    .physical_network = (char *)"physnet"};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *bridge = NULL;
		_cleanup_err_ struct err e = ERR_INIT;
		int r = network_check_mapping(&c, rows[i].mappings, &bridge, &e);

		TEST_ROW((r == 0) == !!rows[i].bridge, rows[i].mappings ?: "NULL", "r %d", r);
		TEST_STR(bridge, rows[i].bridge);
		if (r < 0)
			TEST_STR(err_msg(&e),
				 "failed to find OVN bridge-mapping for network: \"physnet\"");
	}
	c.physical_network = NULL;
	CU_ASSERT_EQUAL(network_check_mapping(&c, "blue:br-ex", NULL, NULL), 0);
	c.topology = OVNK_LAYER2;
	CU_ASSERT_EQUAL(network_check_mapping(&c, "", NULL, NULL), 0);
}

TEST_SUITE(network, {"consistency", test_consistency}, {"fields", test_fields_compared},
	   {"states", test_states}, {"collision", test_collision}, {"ids", test_ids},
	   {"incremental", test_incremental}, {"mapping", test_mapping})
