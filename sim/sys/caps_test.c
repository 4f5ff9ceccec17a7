/* SPDX-License-Identifier: Apache-2.0 */
#include "test/test.h"

#include "sys/caps.h"

static const json_t *find(const json_t *caps, const char *name)
{
	json_t *c;
	size_t i;

	json_array_foreach(caps, i, c)
		if (streq(jstr(c, "name", ""), name))
			return c;
	return NULL;
}

static void test_probe(void)
{
	static const char *const names[] = {"namespaces",  "veth",     "bridge", "tun",
					    "openvswitch", "geneve",   "kvm",	 "netem",
					    "tbf",	   "nftables", "root",	 "ovs-vswitchd"};
	_cleanup_json_ json_t *caps = caps_probe("/nonexistent");
	json_t *c;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		TEST_ROW(find(caps, names[i]) != NULL, names[i], "is not probed");
	json_array_foreach(caps, i, c) {
		const char *name = jstr(c, "name", "?");
		bool ok = jbool(c, "ok", false);

		/* What lacks is explained; what is there needs no fix. */
		TEST_ROW(ok || (*jstr(c, "detail", "") && *jstr(c, "lacks", "") &&
				*jstr(c, "fix", "")),
			 name, "lacks without a word: %s", jstr(c, "detail", ""));
		TEST_ROW(!ok || !*jstr(c, "fix", ""), name, "needs no fix");
		TEST_ROW(ok == caps_has(caps, name), name, "caps_has");
	}
	CU_ASSERT(!caps_has(caps, "no such capability"));
	TEST_ROW(caps_system_datapath() == caps_has(caps, "openvswitch"), "openvswitch",
		 "two probes differ");
}

TEST_SUITE(caps, {"probe", test_probe})
