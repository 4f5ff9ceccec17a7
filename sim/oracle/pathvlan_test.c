/* SPDX-License-Identifier: Apache-2.0 */
#include "oracle/pathvlan.h"
#include "test/test.h"

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

/* Port settings of a's and b's eth1. */
static json_t *topology(const char *a, const char *b, const char *network_b)
{
	_cleanup_free_ char *text = xasprintf(
		"{'mtu':1400,'underlay':{'mtu':1500},'networks':[{'name':'dc','mtu':1500},"
		"{'name':'lab','mtu':1500}],'nodes':["
		"{'name':'a','encap_ip':'10.0.0.1','nics':[{'name':'eth1','network':'dc',%s}]},"
		"{'name':'b','encap_ip':'10.0.0.2','nics':[{'name':'eth1','network':'%s',%s}]}]}",
		a, network_b, b);

	return parse(text);
}

static json_t *objects(int vlan, bool mapped)
{
	json_t *list = json_array(),
	       *nad = parse("{'kind':'NetworkAttachmentDefinition','metadata':"
			    "{'name':'n','namespace':'default'}}");
	_cleanup_free_ char *id = vlan ? xasprintf(",\"vlanID\":%d", vlan) : xstrdup("");

	jset(nad, "spec.config",
	     jstringf("{\"type\":\"ovn-k8s-cni-overlay\",\"name\":\"net\",\"topology\":"
		      "\"localnet\",\"physicalNetworkName\":\"dc\"%s}",
		      id));
	json_array_append_new(list, nad);
	if (mapped)
		json_array_append_new(
			list,
			parse("{'kind':'NodeNetworkConfigurationPolicy','metadata':{'name':'p'},"
			      "'spec':{'desiredState':{'interfaces':[{'name':'ovs-br1','type':"
			      "'ovs-bridge','bridge':{'port':[{'name':'eth1'}]}}],'ovn':{"
			      "'bridge-mappings':[{'localnet':'dc','bridge':'ovs-br1'}]}}}}"));
	return list;
}

#define ALL "'vlan':0,'trunks':null"

static void test_lint(void)
{
	static const struct {
		const char *name, *a, *b, *network_b;
		int vlan;
		bool mapped;
		const char *rule, *says; /* NULL: nothing is found */
	} rows[] = {
		{"all VLANs", ALL, ALL, "dc", 10, true, NULL, NULL},
		{"untagged on a full trunk", ALL, ALL, "dc", 0, true, NULL, NULL},
		{"in the trunk", "'vlan':0,'trunks':[10,20]", ALL, "dc", 10, true, NULL, NULL},
		{"not in the trunk", ALL, "'vlan':0,'trunks':[0,20,30]", "dc", 10, true,
		 "lint/vlan-path",
		 "VLAN 10 of network net does not get beyond the port of b:eth1 on switch dc "
		 "(which carries VLAN 20, 30 and untagged frames)"},
		{"in neither trunk", "'vlan':0,'trunks':[0]", "'vlan':0,'trunks':[20]", "dc", 10,
		 true, "lint/vlan-path",
		 "a:eth1 on switch dc (which carries untagged frames), b:eth1 on switch dc (which "
		 "carries VLAN 20)"},
		{"untagged not in the trunk", "'vlan':0,'trunks':[20]", ALL, "dc", 0, true,
		 "lint/vlan-path",
		 "network net (untagged) does not get beyond the port of a:eth1 on switch dc "
		 "(which carries VLAN 20)"},
		{"a native VLAN", "'vlan':7,'trunks':[20]", ALL, "dc", 0, true, NULL, NULL},
		{"tagged into an access port", "'vlan':10,'trunks':null", ALL, "dc", 10, true,
		 "lint/vlan-path", "which carries VLAN 10 as an access port"},
		{"untagged into an access port", "'vlan':10,'trunks':null", ALL, "dc", 0, true,
		 NULL, NULL},
		{"not mapped", "'vlan':0,'trunks':[20]", ALL, "dc", 10, false, NULL, NULL},
		{"two switches", ALL, ALL, "lab", 10, true, "lint/localnet-path",
		 "network net is torn: node a's mapping of dc leads to switch dc, node b's to "
		 "switch lab"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *t = topology(rows[i].a, rows[i].b, rows[i].network_b);
		_cleanup_json_ json_t *o = objects(rows[i].vlan, rows[i].mapped);
		_cleanup_pathmtu_ struct pathmtu *m = pathmtu_new(t, o, NULL, true);
		_cleanup_diags_ struct diags d = DIAGS_INIT;
		const char *msg, *rule;

		pathvlan_lint(m, &d);
		msg = d.n ? d.v[0].msg : "";
		rule = d.n ? d.v[0].rule : "";
		TEST_ROW(d.n == (rows[i].says != NULL), rows[i].name, "%zu findings: %s", d.n, msg);
		TEST_ROW(!rows[i].says || (streq(rule, rows[i].rule) && strstr(msg, rows[i].says)),
			 rows[i].name, "%s: %s", rule, msg);
	}
}

TEST_SUITE(pathvlan, {"lint", test_lint})
