/* SPDX-License-Identifier: Apache-2.0 */
#include "oracle/pathmtu.h"
#include "test/test.h"

/* Text with ' for ". */
static json_t *parse(const char *text)
{
	_cleanup_free_ char *copy = xstrdup(text);
	_cleanup_err_ struct err e = ERR_INIT;
	json_t *j;

	for (char *c = copy; *c; c++)
		if (*c == '\'')
			*c = '"';
	j = jparse(copy, strlen(copy), &e);
	TEST_ROW(j != NULL, text, "%s", err_msg(&e));
	return j;
}

/* Two workers with eth1 on switch dc; underlay and dc have these MTUs. */
static json_t *topology(int underlay, const char *encap, int dc, int nic_b)
{
	_cleanup_free_ char *a = xasprintf(
		"{'mtu':1400,'underlay':{'mtu':%d,'hosts':[{'name':'gateway','interfaces':[{'name':"
		"'eth0','network':'underlay','vlan':0,'mtu':%d}]}]},"
		"'networks':[{'name':'dc','mtu':%d,'hosts':[{'name':'server','interfaces':[{'name':"
		"'eth0','network':'dc','vlan':20,'mtu':1500}]}]}],"
		"'nodes':[{'name':'a','encap_ip':'%s1','labels':{'w':''},'nics':[{'name':'eth1',"
		"'network':'dc','mtu':%d,'vlan':0}]},"
		"{'name':'b','encap_ip':'%s2','labels':{'w':'','big':'no'},'nics':[{'name':'eth1',"
		"'network':'dc','mtu':%d,'vlan':0}]}]}",
		underlay, underlay, dc, encap, dc, encap, nic_b);

	return parse(a);
}

static json_t *nad(const char *topo, const char *tail)
{
	json_t *o = parse("{'kind':'NetworkAttachmentDefinition','metadata':{'name':'n',"
			  "'namespace':'default'}}");

	jset(o, "spec.config",
	     jstringf("{\"type\":\"ovn-k8s-cni-overlay\",\"name\":\"net\",\"topology\":\"%s\"%s}",
		      topo, tail));
	return o;
}

static const char mapped[] =
	"{'kind':'NodeNetworkConfigurationPolicy','metadata':{'name':'bridge'},'spec':{"
	"'desiredState':{'interfaces':[{'name':'ovs-br1','type':'ovs-bridge','bridge':{'port':[{"
	"'name':'eth1'}]}}],'ovn':{'bridge-mappings':[{'localnet':'dc','bridge':'ovs-br1'},"
	"{'localnet':'ex','bridge':'br-ex'}]}}}}";

static const char jumbo_b[] =
	"{'kind':'NodeNetworkConfigurationPolicy','metadata':{'name':'jumbo-b'},'spec':{"
	"'nodeSelector':{'big':'no'},'desiredState':{'interfaces':[{'name':'eth1','type':"
	"'ethernet','mtu':9000}]}}}";

static const char low_eth0[] =
	"{'kind':'NodeNetworkConfigurationPolicy','metadata':{'name':'low'},'spec':{"
	"'nodeSelector':{'big':'no'},'desiredState':{'interfaces':[{'name':'eth0','type':"
	"'ethernet','mtu':1400}]}}}";

#define DC ",\"physicalNetworkName\":\"dc\""
#define EX ",\"physicalNetworkName\":\"ex\""

static void test_lint(void)
{
	static const struct {
		const char *name;
		int underlay;
		const char *encap;
		int dc, nic_b;
		const char *topo, *tail, *policies; /* a list of them */
		const char *rule, *says, *hint;	    /* NULL: nothing is found */
	} rows[] = {
		{"layer2 fits", 1500, "10.0.0.", 1500, 1500, "layer2", ",\"mtu\":1442", "", NULL,
		 NULL, NULL},
		{"layer2 default over jumbo", 9000, "10.0.0.", 1500, 1500, "layer2", "", "", NULL,
		 NULL, NULL},
		{"layer2 1500 over 1500", 1500, "10.0.0.", 1500, 1500, "layer2", ",\"mtu\":1500",
		 "", "lint/mtu",
		 "mtu 1500 of network net does not fit: the first hop too small is node/a:eth0 "
		 "with MTU 1500, of which Geneve over IPv4 takes 58 (as the topology has it); too "
		 "small as well: switch underlay (1500), node/b:eth0 (1500); larger packets than "
		 "1442 vanish between nodes without a word",
		 "set mtu to 1442 or less, or raise the MTU to 1558 of node/a:eth0, node/b:eth0 by "
		 "a "
		 "NodeNetworkConfigurationPolicy (type: ethernet); switch underlay by mtu in the "
		 "topology"},
		{"layer2 over IPv6", 1500, "fd00::", 1500, 1500, "layer2", ",\"mtu\":1423", "",
		 "lint/mtu", "Geneve over IPv6 takes 78", "set mtu to 1422 or less"},
		{"layer2 over IPv6 fits", 1500, "fd00::", 1500, 1500, "layer2", ",\"mtu\":1422", "",
		 NULL, NULL, NULL},
		{"layer2, zero is 1500", 1500, "10.0.0.", 1500, 1500, "layer2", ",\"mtu\":0", "",
		 "lint/mtu", "mtu 1500 of", "1442"},
		{"layer2, one uplink low", 1500, "10.0.0.", 1500, 1500, "layer2", ",\"mtu\":1400",
		 low_eth0, "lint/mtu",
		 "the first hop too small is node/b:eth0 with MTU 1400, of which Geneve over IPv4 "
		 "takes 58 (set by NodeNetworkConfigurationPolicy low); larger packets than 1342",
		 "raise the MTU to 1458 of node/b:eth0 by"},
		{"localnet without mapping", 1500, "10.0.0.", 9000, 1500, "localnet",
		 ",\"mtu\":9000" DC, "", NULL, NULL, NULL},
		{"without mapping, no switch fits", 1500, "10.0.0.", 1600, 1500, "localnet",
		 ",\"mtu\":9000" DC, "", "lint/mtu-path",
		 "whatever bridge dc is mapped to, the first hop too small is a switch, and the "
		 "largest, switch dc, has MTU 1600",
		 "set mtu to 1600 or less"},
		{"localnet 9000 over 1500", 1500, "10.0.0.", 1500, 1500, "localnet",
		 ",\"mtu\":9000" DC, mapped, "lint/mtu-path",
		 "first hop too small is node/a:eth1 with MTU 1500 (as the topology has it); too "
		 "small as well: switch dc (1500), node/b:eth1 (1500); larger packets than 1500 "
		 "vanish there",
		 "set mtu to 1500 or less, or raise the MTU to 9000 of node/a:eth1, node/b:eth1"},
		{"localnet fits", 1500, "10.0.0.", 1500, 1500, "localnet", ",\"mtu\":1500" DC,
		 mapped, NULL, NULL, NULL},
		{"localnet on br-ex", 1500, "10.0.0.", 9000, 9000, "localnet", ",\"mtu\":1501" EX,
		 mapped, "lint/mtu-path",
		 "node/a:eth0 with MTU 1500 (as the topology has it); too small as well: switch "
		 "underlay (1500), host/gateway:eth0 (1500), node/b:eth0",
		 "1500"},
		{"jumbo, one node left at 1500", 1500, "10.0.0.", 9000, 1500, "localnet",
		 ",\"mtu\":9000" DC, mapped, "lint/mtu-path",
		 "the first hop too small is node/b:eth1 with MTU 1500 (as the topology has it); "
		 "larger packets than 1500",
		 "raise the MTU to 9000 of node/b:eth1 by"},
		{"jumbo, set by policy", 1500, "10.0.0.", 9000, 1500, "localnet",
		 ",\"mtu\":9000" DC, "both", NULL, NULL, NULL},
		{"jumbo, peer host on its VLAN", 1500, "10.0.0.", 9000, 9000, "localnet",
		 ",\"mtu\":9000,\"vlanID\":20" DC, mapped, "lint/mtu-path",
		 "the first hop too small is host/server:eth0 with MTU 1500",
		 "host/server:eth0 by mtu in the topology"},
		{"switch is the smallest", 1500, "10.0.0.", 1400, 1500, "localnet",
		 ",\"mtu\":1500" DC, "both", "lint/mtu-path", "node/a:eth1 with MTU 1400", "1400"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *t =
			topology(rows[i].underlay, rows[i].encap, rows[i].dc, rows[i].nic_b);
		_cleanup_json_ json_t *objects = json_array();
		_cleanup_diags_ struct diags d = DIAGS_INIT;
		struct pathmtu *m;

		json_array_append_new(objects, nad(rows[i].topo, rows[i].tail));
		if (streq(rows[i].policies, "both")) {
			json_array_append_new(objects, parse(mapped));
			json_array_append_new(objects, parse(jumbo_b));
		} else if (*rows[i].policies) {
			json_array_append_new(objects, parse(rows[i].policies));
		}
		m = pathmtu_new(t, objects, NULL, true);
		pathmtu_lint(m, &d);
		pathmtu_free(m);
		if (!TEST_ROW(d.n == (rows[i].rule != NULL), rows[i].name, "%zu findings: %s", d.n,
			      d.n ? d.v[0].msg : "") ||
		    !d.n)
			continue;
		TEST_ROW(streq(d.v[0].rule, rows[i].rule), rows[i].name, "rule %s", d.v[0].rule);
		TEST_ROW(strstr(d.v[0].msg, rows[i].says) != NULL, rows[i].name, "%s", d.v[0].msg);
		TEST_ROW(strstr(d.v[0].hint, rows[i].hint) != NULL, rows[i].name, "%s",
			 d.v[0].hint);
		TEST_STR(d.v[0].object, "NetworkAttachmentDefinition default/n");
		TEST_STR(d.v[0].path, "spec.config.mtu");
	}
}

/* "name=room …" of a path, or "!why". */
static char *path_text(const struct pathmtu *m, const char *network, const char *from,
		       const char *to)
{
	_cleanup_pathmtu_path_ struct pathmtu_path p;
	_cleanup_buf_ struct buf b = BUF_INIT;

	pathmtu_between(m, network, from, to, &p);
	if (p.why)
		return xasprintf("!%s", p.why);
	for (size_t i = 0; i < p.n; i++)
		if (p.v[i].mtu)
			buf_printf(&b, "%s=%d ", p.v[i].name, pathmtu_room(&p.v[i]));
	buf_printf(&b, "least %d", pathmtu_limit(&p));
	return buf_take(&b);
}

static void test_between(void)
{
	static const struct {
		const char *topo, *tail, *network, *from, *to, *want;
	} rows[] = {
		{"layer2", "", "net", "node/a", "node/b",
		 "interface at node/a=1400 node/a:eth0=1442 switch underlay=1442 node/b:eth0=1442 "
		 "interface at node/b=1400 least 1400"},
		{"layer2", "", "net", "node/a", "node/a",
		 "interface at node/a=1400 interface at node/a=1400 least 1400"},
		{"localnet", ",\"mtu\":9000,\"vlanID\":20" DC, "net", "node/a", "host/server",
		 "interface at node/a=9000 node/a:eth1=9000 switch dc=9000 host/server:eth0=1500 "
		 "least 1500"},
		{"localnet", ",\"mtu\":9000" DC, "net", "host/server", "node/b",
		 "host/server:eth0=1500 switch dc=9000 node/b:eth1=1500 interface at node/b=9000 "
		 "least 1500"},
		{"localnet", ",\"mtu\":1500" DC, "net", "node/a", "host/gateway",
		 "!host/gateway is not on switch dc itself; what is behind a router is not part of "
		 "this path"},
		{"localnet", ",\"physicalNetworkName\":\"nowhere\"", "net", "node/a", "node/b",
		 "!node a has no bridge mapping for nowhere"},
		{"layer2", "", "net", "node/a", "host/server",
		 "!network net does not reach the physical world"},
		{"layer2", "", "other", "node/a", "node/b", "!no network other"},
		{"layer2", "", "dc", "host/server", "host/server",
		 "host/server:eth0=1500 switch dc=9000 host/server:eth0=1500 least 1500"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *t = topology(1500, "10.0.0.", 9000, 1500);
		_cleanup_json_ json_t *objects = json_array();
		_cleanup_free_ char *got = NULL;
		struct pathmtu *m;

		json_array_append_new(objects, nad(rows[i].topo, rows[i].tail));
		json_array_append_new(objects, parse(mapped));
		m = pathmtu_new(t, objects, NULL, true);
		got = path_text(m, rows[i].network, rows[i].from, rows[i].to);
		TEST_ROW(streq(got, rows[i].want), rows[i].want, "got %s", got);
		pathmtu_free(m);
	}
}

/* What nodes report counts instead of the topology; policies on top only when asked for. */
static void test_live(void)
{
	_cleanup_json_ json_t *t = topology(1500, "10.0.0.", 9000, 1500);
	_cleanup_json_ json_t *objects = json_array();
	_cleanup_json_ json_t *live = parse(
		"{'b':{'interfaces':[{'name':'eth1','type':'ethernet','mtu':2000},{'name':"
		"'ovs-br1','type':'ovs-bridge','bridge':{'port':[{'name':'bond','link-aggregation':"
		"{'mode':'balance-slb','port':[{'name':'eth1'}]}}]}}],'ovn':{'bridge-mappings':["
		"{'localnet':'dc','bridge':'ovs-br1'}]}}}");
	_cleanup_free_ char *as_is = NULL, *with = NULL;
	struct pathmtu *m;

	json_array_append_new(objects, nad("localnet", ",\"mtu\":9000,\"vlanID\":20" DC));
	json_array_append_new(objects, parse(jumbo_b));
	m = pathmtu_new(t, objects, live, false);
	as_is = path_text(m, "net", "host/server", "node/b");
	pathmtu_free(m);
	TEST_STR(as_is, "host/server:eth0=1500 switch dc=9000 node/b:eth1=2000 interface at "
			"node/b=9000 least 1500");
	m = pathmtu_new(t, objects, live, true);
	with = path_text(m, "net", "host/server", "node/b");
	pathmtu_free(m);
	TEST_STR(with, "host/server:eth0=1500 switch dc=9000 node/b:eth1=9000 interface at "
		       "node/b=9000 least 1500");
}

/* User-defined networks, and NADs rendered from them: reported once, at what the user wrote. */
static void test_udn(void)
{
	_cleanup_json_ json_t *t = topology(1500, "10.0.0.", 1500, 1500);
	_cleanup_json_ json_t *objects = json_array();
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	struct pathmtu *m;

	json_array_append_new(objects, parse(mapped));
	json_array_append_new(
		objects,
		parse("{'kind':'NetworkAttachmentDefinition','metadata':{'name':'c',"
		      "'namespace':'x'},'spec':{'config':'{\\'type\\':\\'ovn-k8s-cni-"
		      "overlay\\',\\'name\\':\\'cluster_udn_c\\',\\'topology\\':\\'"
		      "localnet\\',\\'mtu\\':9000,\\'physicalNetworkName\\':\\'dc\\'}'}}"));
	json_array_append_new(
		objects,
		parse("{'kind':'ClusterUserDefinedNetwork','metadata':{'name':'c'},'spec':{"
		      "'network':{'topology':'Localnet','localnet':{'role':'Secondary','mtu':9000,"
		      "'physicalNetworkName':'dc'}}}}"));
	json_array_append_new(
		objects, parse("{'kind':'UserDefinedNetwork','metadata':{'name':'u','namespace':"
			       "'x'},'spec':{'topology':'Layer2','layer2':{'role':'Secondary',"
			       "'mtu':1443}}}"));
	m = pathmtu_new(t, objects, NULL, true);
	pathmtu_lint(m, &d);
	pathmtu_free(m);
	CU_ASSERT_EQUAL(d.n, 2);
	if (d.n != 2)
		return;
	TEST_STR(d.v[0].object, "ClusterUserDefinedNetwork c");
	TEST_STR(d.v[0].path, "spec.network.localnet.mtu");
	TEST_STR(d.v[1].object, "UserDefinedNetwork x/u");
	TEST_STR(d.v[1].path, "spec.layer2.mtu");
}

/* C1: a guest NIC that does not take the network's MTU. */
static void test_guest(void)
{
	static const struct {
		const char *model, *mtu, *says;
	} rows[] = {
		{"", "1400", NULL},
		{"virtio", "1400", NULL},
		{"e1000e", "1500", NULL},
		{"e1000e", "1400", "the guest keeps 1500, and larger packets than the network's"},
		{"e1000e", "8900", "the guest keeps 1500"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *t = topology(9000, "10.0.0.", 9000, 9000);
		_cleanup_json_ json_t *objects = json_array();
		_cleanup_diags_ struct diags d = DIAGS_INIT;
		_cleanup_free_ char *tail = xasprintf(",\"mtu\":%s", rows[i].mtu);
		_cleanup_free_ char *vm = xasprintf(
			"{'kind':'VirtualMachine','metadata':{'name':'v'},'spec':{'template':{"
			"'spec':{'domain':{'devices':{'interfaces':[{'name':'s','model':'%s'}]}},"
			"'networks':[{'name':'s','multus':{'networkName':'n'}}]}}}}",
			rows[i].model);
		struct pathmtu *m;

		json_array_append_new(objects, nad("layer2", tail));
		json_array_append_new(objects, parse(vm));
		m = pathmtu_new(t, objects, NULL, true);
		pathmtu_lint(m, &d);
		pathmtu_free(m);
		TEST_ROW(d.n == (rows[i].says != NULL), rows[i].model, "%s: %zu findings",
			 rows[i].mtu, d.n);
		if (d.n && rows[i].says)
			TEST_ROW(strstr(d.v[0].msg, rows[i].says) != NULL, rows[i].model, "%s",
				 d.v[0].msg);
	}
}

TEST_SUITE(pathmtu, {"lint", test_lint}, {"between", test_between}, {"live", test_live},
	   {"udn", test_udn}, {"guest", test_guest})
