/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random lives of a cluster with policies: whatever the way there, a database that followed every
 * step holds what a fresh one gets from the objects as they are. $OVNBED_SEED repeats a run. In the
 * runner of all rooms only, which has the database of ovsdb/fake.h.
 */
#include "test/test.h"

#include "base/prng.h"
#include "ovnk/plan.h"
#include "ovsdb/diff.h"
#include "ovsdb/fake.h"
#include "sys/prefix.h"

#define STEPS 80
#define PODS 8
#define POLICIES 6
#define SPACES 2

#pragma weak fake_transact

static const char *const zones[] = {"worker-a", "worker-b"};

struct life {
	struct prng rng;
	struct ovnk_config c;
	json_t *schema, *state; /* of the networks */
	json_t *nads, *spaces;
	json_t *pods[PODS], *policies[POLICIES]; /* NULL: not there */
	bool second_nad;
	unsigned uids;
	enum policy_profile profile;
	struct fake_db db[ARRAY_SIZE(zones)];
};

static uint32_t roll(struct life *l, uint32_t n)
{
	return (uint32_t)prng_below(&l->rng, n);
}

static const char *pick(struct life *l, const char *const *of, size_t n)
{
	return of[roll(l, (uint32_t)n)];
}
#define PICK(l, ...)                                \
	pick(l, (const char *const[]){__VA_ARGS__}, \
	     sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

static json_t *parse(const char *text)
{
	_cleanup_free_ char *copy = xstrdup(text);
	json_t *j;

	for (char *p = copy; *p; p++)
		if (*p == '\'')
			*p = '"';
	j = jparse(copy, strlen(copy), NULL);
	if (!j)
		abort();
	return j;
}

/* ---- objects ---- */

static json_t *nad(const char *ns, const char *name, const char *network, const char *tail)
{
	json_t *o = json_pack("{s:s, s:{s:s, s:s, s:{}}}", "kind", "NetworkAttachmentDefinition",
			      "metadata", "namespace", ns, "name", name, "annotations");

	jset(o, "spec.config",
	     jstringf("{\"type\":\"ovn-k8s-cni-overlay\",\"name\":\"%s\",\"topology\":\"layer2\","
		      "\"netAttachDefName\":\"%s/%s\"%s}",
		      network, ns, name, tail));
	return o;
}

static void change_pod(struct life *l, size_t i)
{
	const char *ns = PICK(l, "ns0", "ns1");
	json_t *pod;

	if (l->pods[i] && roll(l, 2)) {
		jset(l->pods[i], "metadata.labels",
		     json_pack("{s:s}", "app", PICK(l, "a", "b", "c")));
		return;
	}
	if (l->pods[i]) {
		json_decref(TAKE_PTR(l->pods[i]));
		return;
	}
	pod = parse(
		"{'kind': 'Pod', 'spec': {'containers': [{'name': 'c', 'ports': [{'name': 'web', "
		"'containerPort': 80}]}]}, 'metadata': {'annotations': {}, 'labels': {}}}");
	jset_str(pod, "metadata.namespace", ns);
	jset(pod, "metadata.name", jstringf("p%zu", i));
	jset(pod, "metadata.uid", jstringf("uid-%u", ++l->uids));
	jset(pod, "metadata.labels", json_pack("{s:s}", "app", PICK(l, "a", "b", "c")));
	json_object_set_new(jget(pod, "metadata.annotations"), ATTACH_ANNOTATION,
			    jstring(PICK(l, "ns0/blue", "ns0/blue,ns0/blue", "ns1/again",
					 "ns0/blue,ns0/flat", "ns0/flat")));
	jset_str(pod, "spec.nodeName", PICK(l, "worker-a", "worker-b"));
	l->pods[i] = pod;
}

static json_t *random_peer(struct life *l)
{
	return parse(PICK(l, "{'podSelector': {}}",
			  "{'podSelector': {'matchLabels': {'app': 'a'}}}",
			  "{'namespaceSelector': {'matchLabels': {'team': 'x'}}}",
			  "{'namespaceSelector': {}, 'podSelector': {'matchExpressions': [{'key': "
			  "'app', 'operator': 'NotIn', 'values': ['b']}]}}",
			  "{'ipBlock': {'cidr': '10.1.0.0/24', 'except': ['10.1.0.8/29']}}",
			  "{'ipBlock': {'cidr': 'fd00::/8'}}"));
}

static json_t *random_rules(struct life *l, const char *peers)
{
	json_t *list = json_array();

	for (uint32_t n = roll(l, 3); n > 0; n--) {
		json_t *rule = parse(PICK(l, "{}", "{'ports': [{'port': 80}]}",
					  "{'ports': [{'port': 'web'}, {'protocol': 'UDP'}]}",
					  "{'ports': [{'port': 1, 'endPort': 9}, {'port': 80}]}"));
		json_t *who = json_array();

		for (uint32_t k = roll(l, 3); k > 0; k--)
			json_array_append_new(who, random_peer(l));
		json_object_set_new(rule, peers, who);
		json_array_append_new(list, rule);
	}
	return list;
}

static void change_policy(struct life *l, size_t i)
{
	const char *ns = i % 2 ? "ns0" : "ns1";
	json_t *o;

	if (l->policies[i] && roll(l, 2)) {
		json_decref(TAKE_PTR(l->policies[i]));
		return;
	}
	json_decref(l->policies[i]);
	o = parse("{'kind': 'MultiNetworkPolicy', 'metadata': {'annotations': {}}, 'spec': {}}");
	jset_str(o, "metadata.namespace", ns);
	jset(o, "metadata.name", jstringf("policy%zu", i));
	json_object_set_new(jget(o, "metadata.annotations"), POLICY_FOR,
			    jstring(PICK(l, "ns0/blue", "ns1/again", "ns0/blue, ns0/flat",
					 "ns0/blue,ns1/again", "gone")));
	jset(o, "spec.podSelector",
	     parse(PICK(l, "{}", "{'matchLabels': {'app': 'a'}}",
			"{'matchLabels': {'app': 'b'}}")));
	if (roll(l, 4))
		jset(o, "spec.policyTypes",
		     parse(PICK(l, "['Ingress']", "['Egress']", "['Ingress', 'Egress']")));
	jset(o, "spec.ingress", random_rules(l, "from"));
	if (roll(l, 2))
		jset(o, "spec.egress", random_rules(l, "to"));
	l->policies[i] = o;
}

static void step(struct life *l)
{
	switch (roll(l, 8)) {
	case 0:
		jset(json_array_get(l->spaces, roll(l, SPACES)), "metadata.labels",
		     json_pack("{s:s}", "team", PICK(l, "x", "y")));
		break;
	case 1:
		l->second_nad = !l->second_nad;
		break;
	case 2:
		l->profile = roll(l, 4) ? POLICY_OVNK : POLICY_SPEC;
		break;
	case 3:
	case 4:
		change_policy(l, roll(l, POLICIES));
		break;
	default:
		change_pod(l, roll(l, PODS));
	}
}

/* ---- compiling ---- */

static json_t *list_of(json_t *const *v, size_t n)
{
	json_t *out = json_array();

	for (size_t i = 0; i < n; i++)
		if (v[i])
			json_array_append(out, v[i]);
	return out;
}

/* What the controllers write back: addresses of pods, ids of networks. */
static void write_back(json_t *nads, json_t *pods, const struct networks *n,
		       const struct podnets *p)
{
	json_t *o;
	size_t i;

	json_array_foreach(nads, i, o)
		for (size_t k = 0; k < n->n_nads; k++)
			if (streq(n->nads[k].name, jstr(o, "metadata.name", "")) &&
			    n->nads[k].annotations)
				json_object_update(jget(o, "metadata.annotations"),
						   n->nads[k].annotations);
	json_array_foreach(pods, i, o)
		for (size_t k = 0; k < p->n; k++)
			if (streq(p->v[k].name, jstr(o, "metadata.name", "")) && p->v[k].annotation)
				json_object_set_new(jget(o, "metadata.annotations"),
						    PODNET_ANNOTATION, jstring(p->v[k].annotation));
}

/* Plans of all zones: [plan…]; follow: with the memory that controllers keep, and writing back. */
static json_t *compile(struct life *l, bool follow)
{
	_cleanup_json_ json_t *nads = json_array(), *pods = list_of(l->pods, PODS);
	_cleanup_json_ json_t *policies = list_of(l->policies, POLICIES);
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	_cleanup_networks_ struct networks n = {0};
	_cleanup_podnets_ struct podnets p = {0};
	_cleanup_policies_ struct policies all = {0};
	struct ovnk_view v = {&l->c, &n, &p, &all};
	json_t *plans = json_array();

	for (size_t i = 0; i < json_array_size(l->nads); i++)
		if (i != 1 || l->second_nad)
			json_array_append(nads, json_array_get(l->nads, i));
	networks_build(nads, &l->c, follow ? l->state : NULL, &n, &d);
	podnets_build(pods, &n, &l->c, &p, &d);
	policies_build(policies, pods, l->spaces, &n, &p, l->profile, &all, &d);
	for (size_t i = 0; i < ARRAY_SIZE(zones); i++)
		json_array_append_new(plans, plan_nb(&v, zones[i]));
	if (follow) {
		write_back(nads, pods, &n, &p);
		json_decref(l->state);
		l->state = json_incref(n.state);
	}
	return plans;
}

/* ---- databases ---- */

static bool owns(const char *table, const json_t *row, void *arg)
{
	(void)arg;
	return plan_owns(table, row);
}

static bool apply(struct fake_db *db, const json_t *plan, const char *when)
{
	_cleanup_delta_ struct ovsdb_delta d = OVSDB_DELTA_INIT, again = OVSDB_DELTA_INIT;
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_json_ json_t *results = NULL;
	_cleanup_free_ char *text = NULL;

	if (!TEST_ROW(ovsdb_diff(db->s, db->rows, plan, owns, NULL, &d, &e) == 0, when, "%s",
		      err_msg(&e)))
		return false;
	results = fake_transact(db, d.ops);
	text = jtext(results);
	if (!TEST_ROW(!strstr(text, "\"error\""), when, "%s", text))
		return false;
	ovsdb_diff(db->s, db->rows, plan, owns, NULL, &again, NULL);
	return TEST_ROW(json_array_size(again.changes) == 0, when, "%zu changes left",
			json_array_size(again.changes));
}

/* What stands for a row where another refers to it. */
static char *label(const char *table, const json_t *row)
{
	const json_t *ids = json_object_get(row, "external_ids");
	_cleanup_free_ char *id = ids ? jtext(ids) : xstrdup("");

	return xasprintf("%s %s %s", table, jstr(row, "name", ""), id);
}

static int text_cmp(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* v with references by label and sets in order, as text. */
static char *canon(const json_t *v, const json_t *labels)
{
	size_t n = json_array_size(v), i;
	_cleanup_free_ char **texts = xcalloc(n + 1, sizeof(*texts));
	const char *known =
		json_is_string(v) ? json_string_value(json_object_get(labels, json_string_value(v)))
				  : NULL;
	struct buf b = BUF_INIT;

	if (!json_is_array(v))
		return known ? xstrdup(known) : jtext(v);
	for (i = 0; i < n; i++)
		texts[i] = canon(json_array_get(v, i), labels);
	qsort(texts, n, sizeof(*texts), text_cmp);
	buf_adds(&b, "[");
	for (i = 0; i < n; i++) {
		buf_printf(&b, "%s,", texts[i]);
		free(texts[i]);
	}
	buf_adds(&b, "]");
	return buf_take(&b);
}

static json_t *labels_of(const struct fake_db *db)
{
	json_t *out = json_object(), *rows, *row;
	const char *table, *uuid;

	json_object_foreach(db->rows, table, rows)
		json_object_foreach(rows, uuid, row) {
			_cleanup_free_ char *text = label(table, row);

			json_object_set_new(out, uuid, jstring(text));
		}
	return out;
}

/* All rows as an ordered text without uuids. Caller frees. */
static char *dump(const struct fake_db *db)
{
	_cleanup_json_ json_t *labels = labels_of(db), *all = json_array();
	json_t *rows, *row, *v;
	const char *table, *uuid, *column;

	json_object_foreach(db->rows, table, rows)
		json_object_foreach(rows, uuid, row) {
			json_t *columns = json_pack("[s]", table);

			json_object_foreach(row, column, v) {
				_cleanup_free_ char *text = canon(v, labels);

				if (!streq(column, "_uuid"))
					json_array_append_new(columns,
							      jstringf("%s=%s", column, text));
			}
			json_array_append_new(all, columns);
		}
	return canon(all, labels);
}

static void db_init(struct fake_db *db, json_t *schema)
{
	*db = (struct fake_db){.rows = json_object(),
			       .schema = json_incref(schema),
			       .s = ovsdb_schema_parse(schema, NULL)};
}

static void db_free(struct fake_db *db)
{
	ovsdb_schema_free(db->s);
	json_decref(db->schema);
	json_decref(db->rows);
}

/* The databases that followed against fresh ones from the objects alone. */
static bool agrees(struct life *l, const char *when)
{
	_cleanup_json_ json_t *plans = compile(l, false);
	bool good = true;

	for (size_t i = 0; i < ARRAY_SIZE(zones) && good; i++) {
		_cleanup_free_ char *followed = dump(&l->db[i]), *fresh = NULL;
		struct fake_db db;
		size_t k = 0;

		db_init(&db, l->schema);
		good = apply(&db, json_array_get(plans, i), when);
		fresh = dump(&db);
		while (fresh[k] && fresh[k] == followed[k])
			k++;
		good &= TEST_ROW(streq(fresh, followed), when, "%s: followed …%.80s, fresh …%.80s",
				 zones[i], followed + k, fresh + k);
		db_free(&db);
	}
	return good;
}

/* ---- the property ---- */

static void life_init(struct life *l, uint64_t seed, json_t *schema)
{
	_cleanup_json_ json_t *topology = parse(
		"{'underlay': {'mtu': 1500}, 'zones': 'interconnect', 'nodes': [{'name': "
		"'worker-a', 'chassis': 'ca', 'encap_ip': '172.31.0.11', 'zone': 'worker-a'}, "
		"{'name': 'worker-b', 'chassis': 'cb', 'encap_ip': '172.31.0.12', 'zone': "
		"'worker-b'}]}");

	*l = (struct life){.schema = schema, .nads = json_array()};
	prng_init(&l->rng, seed);
	CU_ASSERT_EQUAL(ovnk_config_from_topology(&l->c, topology, NULL), 0);
	json_array_append_new(
		l->nads, nad("ns0", "blue", "blue", ",\"subnets\":\"10.1.0.0/24,fd00:1::/64\""));
	json_array_append_new(
		l->nads, nad("ns1", "again", "blue", ",\"subnets\":\"10.1.0.0/24,fd00:1::/64\""));
	json_array_append_new(l->nads, nad("ns0", "flat", "flat", ""));
	l->spaces = parse("[{'metadata': {'name': 'ns0'}}, {'metadata': {'name': 'ns1'}}]");
	for (size_t i = 0; i < ARRAY_SIZE(zones); i++)
		db_init(&l->db[i], schema);
}

static void life_free(struct life *l)
{
	for (size_t i = 0; i < PODS; i++)
		json_decref(l->pods[i]);
	for (size_t i = 0; i < POLICIES; i++)
		json_decref(l->policies[i]);
	for (size_t i = 0; i < ARRAY_SIZE(zones); i++)
		db_free(&l->db[i]);
	json_decref(l->nads);
	json_decref(l->spaces);
	json_decref(l->state);
	ovnk_config_free(&l->c);
}

static void live(uint64_t seed, json_t *schema)
{
	struct life l;
	bool good = true;

	life_init(&l, seed, schema);
	for (int i = 0; i < STEPS && good; i++) {
		_cleanup_free_ char *when =
			xasprintf("seed %llu, step %d", (unsigned long long)seed, i);
		_cleanup_json_ json_t *plans = NULL;

		step(&l);
		plans = compile(&l, true);
		for (size_t k = 0; k < ARRAY_SIZE(zones) && good; k++)
			good = apply(&l.db[k], json_array_get(plans, k), when);
		if (good && i % 5 == 4)
			good = agrees(&l, when);
	}
	life_free(&l);
}

static void test_lives(void)
{
	_cleanup_free_ char *dir = prefix_dir("/var/cache/ovnbed");
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_free_ char *path = prefix_schema(dir, "ovn-nb", &e);
	_cleanup_json_ json_t *schema = path ? jload_file(path, &e) : NULL;
	const char *own = getenv("OVNBED_SEED");

	if (!fake_transact || !schema) {
		test_skip("policies: %s",
			  schema ? "this runner has no fake database" : "no schema ovn-nb");
		return;
	}
	for (uint64_t seed = own ? strtoull(own, NULL, 0) : 1, last = own ? seed : 2; seed <= last;
	     seed++)
		live(seed, schema);
}

TEST_SUITE(lab_policy_prop, {"random lives", test_lives})
