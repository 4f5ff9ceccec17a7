/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

struct row {
	const char *name, *text, *want, *findings;
};

static void run(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		nc_check(nc_net_parse, rows[i].name, rows[i].text, rows[i].want, rows[i].findings);
}

static void test_v2(void)
{
	static const struct row rows[] = {
		{"documentation",
		 "version: 2\nethernets:\n  eth0:\n    addresses:\n    - 10.100.0.5/24\n",
		 "{\"interfaces\":[{\"addresses\":[\"10.100.0.5/24\"],\"name\":\"eth0\","
		 "\"routes\":[]}],\"routes\":[]}",
		 ""},
		{"everything",
		 "network:\n"
		 "  version: 2\n"
		 "  ethernets:\n"
		 "    lan:\n"
		 "      match: {macaddress: '02:00:00:AA:bb:01', name: 'e*', driver: virtio_net}\n"
		 "      set-name: blue\n"
		 "      macaddress: 02-00-00-00-00-02\n"
		 "      mtu: 1300\n"
		 "      dhcp4: yes\n"
		 "      addresses: [10.1.0.5/24, '2001:DB8::5/64', {10.2.0.5/24: {label: x}}]\n"
		 "      gateway4: 10.1.0.1\n"
		 "      gateway6: 'fe80::1'\n"
		 "      routes:\n"
		 "      - {to: 10.9.1.7/16, via: 10.1.0.2, metric: 7, on-link: true}\n"
		 "      - {to: default, via: '2001:db8::1'}\n"
		 "      - {to: 10.8.0.0/16}\n"
		 "      nameservers: {addresses: [9.9.9.9, '2001:db8::53'], search: [a.example]}\n",
		 "{\"interfaces\":[{\"addresses\":[\"10.1.0.5/24\",\"2001:db8::5/64\","
		 "\"10.2.0.5/24\"],\"dhcp4\":true,\"dns\":[\"9.9.9.9\",\"2001:db8::53\"],"
		 "\"mac\":\"02:00:00:00:00:02\",\"match\":{\"driver\":\"virtio_net\",\"mac\":"
		 "\"02:00:00:aa:bb:01\",\"name\":\"e*\"},\"mtu\":1300,\"name\":\"lan\","
		 "\"rename\":\"blue\",\"routes\":[{\"metric\":7,\"onlink\":true,\"to\":"
		 "\"10.9.0.0/16\",\"via\":\"10.1.0.2\"},{\"to\":\"::/0\",\"via\":\"2001:db8::1\"},"
		 "{\"to\":\"10.8.0.0/16\"},{\"to\":\"0.0.0.0/0\",\"via\":\"10.1.0.1\"},{\"to\":"
		 "\"::/0\",\"via\":\"fe80::1\"}],\"search\":[\"a.example\"]}],\"routes\":[]}",
		 ""},
		{"vlan",
		 "version: 2\nvlans:\n  eth0.10: {id: 10, link: eth0, addresses: [10.0.0.1/8]}\n",
		 "{\"interfaces\":[{\"addresses\":[\"10.0.0.1/8\"],\"name\":\"eth0.10\",\"routes\":"
		 "[],\"vlan\":{\"id\":10,\"link\":\"eth0\"}}],\"routes\":[]}",
		 ""},
		{"the rest is kept",
		 "version: 2\nethernets:\n  eth0:\n    addresses: [10.0.0.300/24, 10.0.0.3/24]\n"
		 "    mtu: big\n    wakeonlan: true\nbonds: {}\n",
		 "{\"interfaces\":[{\"addresses\":[\"10.0.0.3/24\"],\"name\":\"eth0\",\"routes\":"
		 "[]}],\"routes\":[]}",
		 "network-config:4:17: error: ethernets.eth0.addresses.0: expected an address with "
		 "prefix length, found \"10.0.0.300/24\"\n"
		 "network-config:5:10: error: ethernets.eth0.mtu: expected an MTU from 68 to "
		 "65535, "
		 "found \"big\"\n"
		 "network-config:6:16: note: ethernets.eth0.wakeonlan: ignored\n"
		 "network-config:7:8: note: bonds: ignored\n"},
		{"routes that mean nothing",
		 "version: 2\nethernets:\n  eth0:\n    routes:\n    - {via: 10.0.0.1}\n"
		 "    - {to: default, via: nowhere}\n    - {to: 10.0.0.0/8, via: 'fe80::1'}\n",
		 "{\"interfaces\":[{\"addresses\":[],\"name\":\"eth0\",\"routes\":[]}],"
		 "\"routes\":[]}",
		 "network-config:5:7: error: ethernets.eth0.routes.0: a route without \"to\"\n"
		 "network-config:6:7: error: ethernets.eth0.routes.1: expected a gateway address, "
		 "found \"nowhere\"\n"
		 "network-config:7:7: error: ethernets.eth0.routes.2: expected \"default\" or a "
		 "prefix of the gateway's family, found \"10.0.0.0/8\"\n"},
	};

	run(rows, ARRAY_SIZE(rows));
}

static void test_v1(void)
{
	static const struct row rows[] = {
		{"everything",
		 "version: 1\n"
		 "config:\n"
		 "- type: physical\n"
		 "  name: blue\n"
		 "  mac_address: '02:00:00:00:00:01'\n"
		 "  mtu: 1400\n"
		 "  subnets:\n"
		 "  - {type: static, address: 10.0.0.5, netmask: 255.255.255.0, gateway: "
		 "10.0.0.1,\n"
		 "     dns_nameservers: [10.0.0.53], dns_search: [x.example],\n"
		 "     routes: [{network: 10.7.0.0, netmask: 255.255.0.0, gateway: 10.0.0.9}]}\n"
		 "  - {type: static6, address: '2001:db8::5/64'}\n"
		 "- type: physical\n"
		 "  name: eth1\n"
		 "  subnets: [{type: dhcp}]\n"
		 "- {type: vlan, name: v7, vlan_link: eth1, vlan_id: 7, subnets: [{type: "
		 "manual}]}\n"
		 "- {type: nameserver, address: [1.1.1.1], search: y.example}\n"
		 "- {type: route, destination: 10.6.0.0/16, gateway: 10.0.0.8, metric: 3}\n",
		 "{\"dns\":[\"1.1.1.1\"],\"interfaces\":[{\"addresses\":[\"10.0.0.5/24\","
		 "\"2001:db8::5/64\"],\"dns\":[\"10.0.0.53\"],\"match\":{\"mac\":"
		 "\"02:00:00:00:00:01\"},\"mtu\":1400,\"name\":\"blue\",\"rename\":\"blue\","
		 "\"routes\":[{\"to\":\"0.0.0.0/0\",\"via\":\"10.0.0.1\"},{\"to\":\"10.7.0.0/16\","
		 "\"via\":\"10.0.0.9\"}],\"search\":[\"x.example\"]},{\"addresses\":[],\"dhcp4\":"
		 "true,\"name\":\"eth1\",\"routes\":[]},{\"addresses\":[],\"name\":\"v7\","
		 "\"routes\":[],\"vlan\":{\"id\":7,\"link\":\"eth1\"}}],\"routes\":[{\"metric\":3,"
		 "\"to\":\"10.6.0.0/16\",\"via\":\"10.0.0.8\"}],\"search\":[\"y.example\"]}",
		 ""},
		{"disabled", "network: {config: disabled}\n", "{\"interfaces\":[],\"routes\":[]}",
		 ""},
		{"mask with a hole",
		 "version: 1\nconfig:\n- type: physical\n  name: eth0\n"
		 "  subnets: [{type: static, address: 10.0.0.5, netmask: 255.0.255.0}]\n",
		 "{\"interfaces\":[{\"addresses\":[],\"name\":\"eth0\",\"routes\":[]}],"
		 "\"routes\":[]}",
		 "network-config:5:37: error: config.0.subnets.0.address: expected an address with "
		 "prefix length, found \"10.0.0.5\" and netmask \"255.0.255.0\"\n"},
		{"unsupported", "version: 1\nconfig: [{type: bond, name: bond0}]\n",
		 "{\"interfaces\":[],\"routes\":[]}",
		 "network-config:2:10: warning: config.0: type \"bond\" is not supported\n"},
	};

	run(rows, ARRAY_SIZE(rows));
}

static void test_refused(void)
{
	static const struct row rows[] = {
		{"empty", "", "", ""},
		{"comment", "# nothing\n", "", ""},
		{"version", "network: {version: 3}\n", "",
		 "network-config:1:20: error: network.version: expected version 1 or 2, found 3\n"},
		{"list", "- a\n", "", "network-config: error: expected a mapping at the top\n"},
	};

	run(rows, ARRAY_SIZE(rows));
}

TEST_SUITE(nocloud_net, {"version 2", test_v2}, {"version 1", test_v1}, {"refused", test_refused})
