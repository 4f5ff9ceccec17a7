/* SPDX-License-Identifier: Apache-2.0 */
#include "api/table.h"

#include <errno.h>

#include "api/meta.h"
#include "api/testing.h"

#define NOW 1795507200 /* 2026-11-24T08:00:00Z */
#define GOLDEN(name) "sim/api/testdata/" name

static const char *const vms =
	"{'kind':'VirtualMachineList','apiVersion':'kubevirt.io/v1','metadata':{'resourceVersion':"
	"'12'},'items':[{'apiVersion':'kubevirt.io/v1','kind':'VirtualMachine','metadata':{'name':"
	"'vm-a','namespace':'default','labels':{'b':'2','a':'1'},'creationTimestamp':"
	"'2026-11-24T07:55:00Z'},'status':{'printableStatus':'Running','conditions':[{'type':"
	"'Ready','status':'True'}]}},{'apiVersion':'kubevirt.io/v1','kind':'VirtualMachine',"
	"'metadata':{'name':'a-rather-long-name','namespace':'blue'}}]}";

/* The VMI of vm-a. */
static json_t *peek(void *arg, const struct kind *k, const char *ns, const char *name)
{
	if (k == &kind_vmi && streq(ns, "default") && streq(name, "vm-a"))
		return arg;
	return NULL;
}

static void test_vms(void)
{
	static const struct {
		const char *file;
		struct table_style style;
	} rows[] = {
		{GOLDEN("vm.txt"), {0}},
		{GOLDEN("vm-wide.txt"), {.wide = true}},
		{GOLDEN("vm-all.txt"), {.namespaces = true, .labels = true}},
		{GOLDEN("vm-bare.txt"),
		 {.no_headers = true, .name_prefix = "virtualmachine.kubevirt.io"}},
	};
	_cleanup_json_ json_t *
		list = J(vms),
	       *vmi = J(
		       "{'status':{'nodeName':'worker-a','interfaces':[{'ipAddresses':['192.0.2.1',"
		       "'2001:db8::1']},{'ipAddress':'192.0.2.9'}]}}");
	const struct table_env env = {NOW, peek, vmi};
	_cleanup_json_ json_t *table = table_make(&kind_vm, list, TABLE_METADATA, &env, true);
	_cleanup_free_ char *json = jtext_pretty(table);

	test_golden(GOLDEN("vm-table.json"), json);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_buf_ struct buf out = BUF_INIT;

		table_text(table, &rows[i].style, &out);
		test_golden(rows[i].file, buf_str(&out));
	}
}

/* One object of each other kind, wide. */
static void test_kinds(void)
{
	static const struct {
		const struct kind *kind;
		const char *obj;
	} rows[] = {
		{&kind_namespace, "{'metadata':{'name':'blue','creationTimestamp':"
				  "'2026-11-23T08:00:00Z'},'status':{'phase':'Active'}}"},
		{&kind_node,
		 "{'metadata':{'name':'worker-a','labels':{'node-role.kubernetes.io/worker':'',"
		 "'node-role.kubernetes.io/control-plane':''}},'spec':{'unschedulable':true},"
		 "'status':{'conditions':[{'type':'Ready','status':'True'}],'addresses':[{'type':"
		 "'Hostname','address':'worker-a'},{'type':'InternalIP','address':'172.31.0.2'}],"
		 "'nodeInfo':{'kubeletVersion':'v0.1'}}}"},
		{&kind_node, "{'metadata':{'name':'worker-b'},'status':{'conditions':[{'type':"
			     "'Ready','status':'Unknown'}]}}"},
		{&kind_node, "{'metadata':{'name':'worker-c'}}"},
		{&kind_pod,
		 "{'metadata':{'name':'web','creationTimestamp':'2026-11-24T07:59:30Z'},'spec':"
		 "{'nodeName':'worker-a','containers':[{},{}]},'status':{'phase':'Running','podIP':"
		 "'10.128.0.5','containerStatuses':[{'ready':true,'restartCount':2},{'ready':"
		 "false,'restartCount':1,'state':{'waiting':{'reason':'ContainerCreating'}}}]}}"},
		{&kind_pod,
		 "{'metadata':{'name':'sandbox'},'status':{'phase':'Running','conditions':"
		 "[{'type':'Ready','status':'True'}]}}"},
		{&kind_pod, "{'metadata':{'name':'leaving','deletionTimestamp':'x'},'status':"
			    "{'phase':'Running'}}"},
		{&kind_event,
		 "{'metadata':{'name':'web.1'},'involvedObject':{'kind':'Pod','name':'web'},'type':"
		 "'Warning','reason':'Failed','message':'first line\\nsecond \\u001b[31m','count':"
		 "3,'lastTimestamp':'2026-11-24T07:59:00Z','firstTimestamp':"
		 "'2026-11-24T07:00:00Z','source':{'component':'ovnk'}}"},
		{&kind_secret, "{'metadata':{'name':'s'},'type':'Opaque','data':{'a':'','b':''}}"},
		{&kind_configmap,
		 "{'metadata':{'name':'c'},'data':{'a':''},'binaryData':{'b':''}}"},
		{&kind_nad, "{'metadata':{'name':'l2'},'spec':{'config':'{\\u0022name\\u0022:"
			    "\\u0022net\\u0022,\\u0022topology\\u0022:\\u0022layer2\\u0022}'}}"},
		{&kind_nad, "{'metadata':{'name':'list'},'spec':{'config':'{\\u0022name\\u0022:"
			    "\\u0022net\\u0022,\\u0022plugins\\u0022:[{\\u0022topology\\u0022:"
			    "\\u0022localnet\\u0022}]}'}}"},
		{&kind_nad, "{'metadata':{'name':'broken'},'spec':{'config':'{'}}"},
		{&kind_vmi,
		 "{'metadata':{'name':'vm-a'},'status':{'phase':'Running','nodeName':'worker-a',"
		 "'interfaces':[{'ipAddress':'192.0.2.1'}],'conditions':[{'type':'Ready','status':"
		 "'True'},{'type':'LiveMigratable','status':'False'}]}}"},
		{&kind_vm, "{'metadata':{'name':'stopped'},'status':{'printableStatus':"
			   "'Stopped'}}"},
	};
	const struct table_env env = {.now = NOW};
	_cleanup_buf_ struct buf out = BUF_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *obj = J(rows[i].obj);
		_cleanup_json_ json_t *table =
			table_make(rows[i].kind, obj, TABLE_METADATA, &env, true);

		table_text(table, &(struct table_style){.wide = true}, &out);
	}
	test_golden(GOLDEN("kinds-wide.txt"), buf_str(&out));
}

static void test_include(void)
{
	_cleanup_json_ json_t *list = J(vms);
	const struct table_env env = {.now = NOW};
	_cleanup_json_ json_t *full = table_make(&kind_vm, list, TABLE_OBJECT, &env, false);
	_cleanup_json_ json_t *none = table_make(&kind_vm, list, TABLE_NONE, &env, true);
	enum table_include x = TABLE_NONE;

	TEST_STR(jstr(full, "rows.0.object.kind", ""), "VirtualMachine");
	CU_ASSERT_EQUAL(json_array_size(json_object_get(full, "columnDefinitions")), 0);
	TEST_STR(meta_rv(full), "12");
	CU_ASSERT_PTR_NULL(jget(none, "rows.0.object"));
	CU_ASSERT(table_include_of(NULL, &x) == 0 && x == TABLE_METADATA);
	CU_ASSERT(table_include_of("Object", &x) == 0 && x == TABLE_OBJECT);
	CU_ASSERT_EQUAL(table_include_of("object", &x), -EINVAL);
}

/* kubectl's header, and others. */
static void test_accept(void)
{
	CU_ASSERT(table_accepted("application/json;as=Table;v=v1;g=meta.k8s.io,application/"
				 "json;as=Table;v=v1beta1;g=meta.k8s.io,application/json"));
	CU_ASSERT(!table_accepted("application/json;as=Table;v=v1beta1;g=meta.k8s.io"));
	CU_ASSERT(!table_accepted("application/json"));
	CU_ASSERT(!table_accepted("application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s."
				  "io,application/json"));
	CU_ASSERT(!table_accepted(NULL));
}

static void test_odd(void)
{
	_cleanup_json_ json_t *empty = J("{}"),
			      *ragged = J(
				      "{'columnDefinitions':[{'name':'A'},{'name':'B'}],'rows':[{'"
				      "cells':['x']},{'cells':"
				      "['\\u00fc\\u00fc\\u00fc\\u00fc\\u00fc',true,'more']},{}]}");
	_cleanup_buf_ struct buf out = BUF_INIT;

	table_text(empty, &(struct table_style){0}, &out);
	TEST_STR(buf_str(&out), "");
	table_text(ragged, &(struct table_style){0}, &out);
	TEST_STR(buf_str(&out), "A        B\n"
				"x        <none>\n"
				"\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc    true\n"
				"<none>   <none>\n");
}

TEST_SUITE(api_table, {"virtual machines", test_vms}, {"kinds", test_kinds},
	   {"include", test_include}, {"accept", test_accept}, {"odd tables", test_odd})
