/* SPDX-License-Identifier: Apache-2.0 */
#include "virt/linkxml.h"

#include "test/test.h"

static const char domain[] = "<domain type='qemu' id='1'>\n"
			     "  <devices>\n"
			     "    <interface type='ethernet'>\n"
			     "      <mac address='02:00:00:00:00:01'/>\n"
			     "      <target dev='tap0' managed='no'/>\n"
			     "    </interface>\n"
			     "    <interface type='ethernet'>\n"
			     "      <mac address='02:00:00:00:00:0b'/>\n"
			     "      <target dev='tap1' managed='no'/>\n"
			     "      <link state='down'/>\n"
			     "    </interface>\n"
			     "    <channel type='unix'>\n"
			     "      <target type='virtio' name='org.qemu.guest_agent.0' "
			     "state='disconnected'/>\n"
			     "    </channel>\n"
			     "  </devices>\n"
			     "</domain>\n";

static void test_interface(void)
{
	_cleanup_free_ char *first = linkxml_interface(domain, "02:00:00:00:00:01", false);
	_cleanup_free_ char *second = linkxml_interface(domain, "02:00:00:00:00:0B", true);
	_cleanup_free_ char *none = linkxml_interface(domain, "02:00:00:00:00:02", true);
	_cleanup_free_ char *part = linkxml_interface(domain, "02:00:00:00:00:0", true);

	TEST_STR(first, "<interface type='ethernet'>\n"
			"      <mac address='02:00:00:00:00:01'/>\n"
			"<link state='down'/>\n"
			"      <target dev='tap0' managed='no'/>\n"
			"    </interface>\n");
	TEST_STR(second, "<interface type='ethernet'>\n"
			 "      <mac address='02:00:00:00:00:0b'/>\n"
			 "<link state='up'/>\n"
			 "      <target dev='tap1' managed='no'/>\n"
			 "    </interface>\n");
	TEST_STR(none, NULL);
	TEST_STR(part, NULL);
	TEST_STR(linkxml_interface("<interface type='x'>", "02:00:00:00:00:01", true), NULL);
}

static void test_agent(void)
{
	CU_ASSERT_FALSE(linkxml_agent_connected(domain));
	CU_ASSERT(linkxml_agent_connected(
		"<target type='virtio' name='org.qemu.guest_agent.0' state='connected'/>"));
}

TEST_SUITE(virt_linkxml, {"interface", test_interface}, {"agent", test_agent})
