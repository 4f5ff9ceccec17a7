/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "ovnk/attach.h"
#include "test/test.h"

/* "key@ifname mac=… ips=a,b gw=… claim=…; …" */
static char *summary(const struct selections *l)
{
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < l->n; i++) {
		const struct selection *s = &l->v[i];

		buf_printf(&b, "%s%s@%s", i ? "; " : "", s->key, s->ifname);
		if (s->mac)
			buf_printf(&b, " mac=%s", s->mac);
		for (size_t k = 0; k < s->n_ips; k++)
			buf_printf(&b, "%s%s", k ? "," : " ips=", s->ips[k]);
		for (size_t k = 0; k < s->n_gateways; k++)
			buf_printf(&b, "%s%s", k ? "," : " gw=", s->gateways[k]);
		if (s->ipam_claim)
			buf_printf(&b, " claim=%s", s->ipam_claim);
	}
	return buf_take(&b);
}

static const struct {
	const char *text, *want, *error;
} rows[] = {
	{"", "", NULL},
	{"a", "p/a@net1", NULL},
	{"a,b", "p/a@net1; p/b@net2", NULL},
	{" a , ns2/b@eth5 ", "p/a@net1; ns2/b@eth5", NULL},
	{"a,a,p/a,q/a", "p/a@net1; p/a/1@net2; p/a/2@net3; q/a@net4", NULL},
	{"a@net2,b", NULL, "two attachments want the interface name \"net2\""},
	{"a@x,b@y", "p/a@x; p/b@y", NULL},
	{"a,,b", NULL, "invalid network object \"\""},
	{"a/b/c", NULL, "more than one '/'"},
	{"a@b@c", NULL, "more than one '@'"},
	{"A", NULL, "did not match comma-delimited format"},
	{"-a", NULL, "did not match comma-delimited format"},
	{"a@", NULL, "did not match comma-delimited format"},
	{"/a", NULL, "did not match comma-delimited format"},
	{" ", NULL, "invalid network object"},
	{"a@abcdefghijklmnop", NULL, "cannot be an interface name"},
	{"[]", "", NULL},
	{"[{\"name\":\"a\"}]", "p/a@net1", NULL},
	{"[{\"name\":\"a\",\"namespace\":\"q\",\"interface\":\"pod37a8eec1ce1\","
	 "\"mac\":\"02:00:00:00:00:0A\",\"ips\":[\"192.168.200.10/24\",\"fd00::1/64\"],"
	 "\"default-route\":[\"192.168.200.1\"],\"ipam-claim-reference\":\"c\"}]",
	 "q/a@pod37a8eec1ce1 mac=02:00:00:00:00:0a ips=192.168.200.10/24,fd00::1/64 "
	 "gw=192.168.200.1 claim=c",
	 NULL},
	{"[{\"name\":\"a\",\"ips\":[\"10.0.0.1\"]}]", "p/a@net1 ips=10.0.0.1", NULL},
	{"[{\"name\":\"a\",\"ips\":null,\"mac\":null,\"cni-args\":{}}]", "p/a@net1", NULL},
	{"[{\"name\":\"a\",\"ips\":\"10.0.0.1\"}]", NULL, "\"ips\" must be a list of addresses"},
	{"[{\"name\":\"a\",\"ips\":[1]}]", NULL, "\"ips\" must be a list of addresses"},
	{"[{\"name\":\"a\",\"ips\":[\"10.0.0.1/33\"]}]", NULL,
	 "failed to parse IP address \"10.0.0.1/33\""},
	{"[{\"name\":\"a\",\"default-route\":[\"10.0.0.1/24\"]}]", NULL, "\"default-route\""},
	{"[{\"name\":\"a\",\"mac\":\"02:00\"}]", NULL, "failed to parse mac \"02:00\""},
	{"[{\"name\":1}]", NULL, "\"name\" must be a string"},
	{"[{\"namespace\":\"x\"}]", NULL, "network selection 0 has no \"name\""},
	{"[\"a\"]", NULL, "network selection 0 must be an object"},
	{"{\"name\":\"a\"}", NULL, "must be a JSON list"},
	{"[{\"name\":\"a\"}", NULL, "line 1 column"},
	{"\"a\"", NULL, "must be a JSON list"},
};

static void test_parse(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_selections_ struct selections l = {0};
		_cleanup_diags_ struct diags d = DIAGS_INIT;
		int r = attach_parse_text(rows[i].text, "p", &l, &d);
		_cleanup_free_ char *got = r < 0 ? NULL : summary(&l);

		TEST_STR(got, rows[i].want);
		TEST_ROW((r < 0) == !!rows[i].error, rows[i].text, "r %d", r);
		if (rows[i].error)
			TEST_ROW(d.n && strstr(d.v[0].msg, rows[i].error), rows[i].text, "%s",
				 d.n ? d.v[0].msg : "no finding");
	}
}

static void test_pod(void)
{
	_cleanup_json_ json_t *pod = json_object();
	_cleanup_selections_ struct selections none = {0}, one = {0}, host = {0}, bad = {0};
	_cleanup_diags_ struct diags d = DIAGS_INIT;

	jset_str(pod, "metadata.namespace", "p");
	jset_str(pod, "metadata.name", "web");
	CU_ASSERT_EQUAL(attach_parse(pod, &none, &d), 0);
	CU_ASSERT_EQUAL(none.n, 0);
	jset(pod, "metadata.annotations", json_object());
	json_object_set_new(jget(pod, "metadata.annotations"), ATTACH_ANNOTATION, jstring("a"));
	CU_ASSERT_EQUAL(attach_parse(pod, &one, &d), 0);
	CU_ASSERT_EQUAL(one.n, 1);
	json_object_set_new(jget(pod, "metadata.annotations"), ATTACH_ANNOTATION, jstring("A"));
	CU_ASSERT_EQUAL(attach_parse(pod, &bad, &d), -22);
	CU_ASSERT_EQUAL(d.n, 1);
	TEST_STR(d.v[0].object, "Pod p/web");
	TEST_STR(d.v[0].path, "metadata.annotations.k8s.v1.cni.cncf.io/networks");
	jset(pod, "spec.hostNetwork", json_true());
	CU_ASSERT_EQUAL(attach_parse(pod, &host, &d), 0);
	CU_ASSERT_EQUAL(host.n, 0);
}

TEST_SUITE(attach, {"parse", test_parse}, {"pod", test_pod})
