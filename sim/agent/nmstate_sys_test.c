/* SPDX-License-Identifier: Apache-2.0 */
/* A node's network changed, taken back, and kept over a restart of the switch; with real daemons. */
#include "agent/rig.h"

#include <signal.h>

static json_t *parse(const char *text)
{
	return jparse(text, strlen(text), NULL);
}

/* The answer to "apply" of a target document (borrowed), or NULL. */
static json_t *apply(struct rig *r, const char *target)
{
	return rig_ask(r, "network",
		       json_pack("{s:s, s:o, s:i}", "action", "apply", "target", parse(target),
				 "timeout", 10));
}

static bool end(struct rig *r, const char *action)
{
	if (rig_ask(r, "network", json_pack("{s:s}", "action", action)))
		return true;
	return RIG_BAD(r, "%s: %s", action, json_string_value(r->refusal));
}

static bool applies(struct rig *r, const char *target)
{
	_cleanup_free_ char *text = NULL;

	if (apply(r, target))
		return true;
	text = jtext(r->refusal);
	return RIG_BAD(r, "apply: %s", text);
}

/* target is refused with words that hold why. */
static bool refuses(struct rig *r, const char *target, const char *why)
{
	if (apply(r, target))
		return RIG_BAD(r, "applied: %s", target);
	if (!strstr(json_string_value(r->refusal), why))
		return RIG_BAD(r, "refused with \"%s\", not \"%s\"", json_string_value(r->refusal),
			       why);
	return true;
}

/* Everything that a change may touch, but for what comes and goes by itself. */
static char *state(struct rig *r)
{
	return rig_shell(r, "ovs-vsctl -f json -- --columns=name,ports,fail_mode,stp_enable,"
			    "other_config list Bridge | sed 's/[0-9a-f-]\\{36\\}//g'; "
			    "ovs-vsctl --columns=name,tag,trunks,vlan_mode,bond_mode,lacp,"
			    "other_config list Port | sort; "
			    "ovs-vsctl --columns=name,type,options,mtu_request list Interface | "
			    "sort; ovs-vsctl get open . external_ids; "
			    "ip -o addr show | sed 's/^[0-9]*: //; s/valid.*//' | sort; "
			    "for i in eth0 eth1 eth2 br-ex ovs-br1; do "
			    "cat /sys/class/net/$i/mtu /sys/class/net/$i/flags; done 2>&1");
}

#define BRIDGE                                                                                     \
	"{\"interfaces\":["                                                                        \
	"{\"name\":\"eth1\",\"type\":\"ethernet\",\"state\":\"up\",\"mtu\":1600},"                 \
	"{\"name\":\"ovs-br1\",\"type\":\"ovs-bridge\",\"state\":\"up\",\"bridge\":{\"options\":{" \
	"\"mcast-snooping-enable\":true},\"port\":[{\"name\":\"bond1\",\"link-aggregation\":{"     \
	"\"mode\":\"active-backup\",\"port\":[{\"name\":\"eth1\"},{\"name\":\"eth2\"}]}},"         \
	"{\"name\":\"ovs-br1\"},{\"name\":\"acc\",\"vlan\":{\"mode\":\"access\",\"tag\":33}}]}},"  \
	"{\"name\":\"ovs-br1\",\"type\":\"ovs-interface\",\"state\":\"up\",\"mtu\":1550,\"ipv4\":" \
	"{\"enabled\":true,\"address\":[{\"ip\":\"192.0.2.1\",\"prefix-length\":24}]},\"ipv6\":{"  \
	"\"enabled\":true,\"address\":[{\"ip\":\"2001:db8::1\",\"prefix-length\":64}]}},"          \
	"{\"name\":\"acc\",\"type\":\"ovs-interface\",\"state\":\"up\"}],"                         \
	"\"ovn\":{\"bridge-mappings\":[{\"localnet\":\"dc\",\"bridge\":\"ovs-br1\"},"              \
	"{\"localnet\":\"physnet\",\"bridge\":\"br-ex\"}]}}"

/* Another address, another bond mode, acc gone: everything on a bridge that exists already. */
#define CHANGE                                                                                     \
	"{\"interfaces\":["                                                                        \
	"{\"name\":\"eth2\",\"type\":\"ethernet\",\"state\":\"up\",\"mtu\":1500,\"ipv4\":{"        \
	"\"enabled\":true,\"address\":[{\"ip\":\"198.51.100.1\",\"prefix-length\":24}]}},"         \
	"{\"name\":\"acc\",\"type\":\"ovs-interface\",\"state\":\"absent\"},"                      \
	"{\"name\":\"ovs-br1\",\"type\":\"ovs-bridge\",\"state\":\"up\",\"bridge\":{\"options\":{" \
	"\"fail-mode\":\"secure\"},\"port\":[{\"name\":\"eth1\"},{\"name\":\"ovs-br1\"}]}},"       \
	"{\"name\":\"ovs-br1\",\"type\":\"ovs-interface\",\"state\":\"up\",\"mtu\":1400}],"        \
	"\"ovn\":{\"bridge-mappings\":[{\"localnet\":\"physnet\",\"bridge\":\"br-ex\"}]}}"

static bool has_bridge(struct rig *r)
{
	return rig_row(jget(r->status, "network.interfaces"), "name", "ovs-br1") &&
	       streq(jstr(jget(r->status, "network.ovn.bridge-mappings"), "0.localnet", ""), "dc");
}

static bool has_no_bridge(struct rig *r)
{
	return json_is_object(jget(r->status, "network")) &&
	       !rig_row(jget(r->status, "network.interfaces"), "name", "ovs-br1");
}

static void same(struct rig *r, const char *what, const char *before)
{
	_cleanup_free_ char *now = state(r);

	if (!streq(before, now))
		RIG_BAD(r, "%s: before:\n%s\nafter:\n%s", what, before, now);
}

static void scenario_rollback(struct rig *r)
{
	_cleanup_free_ char *empty = NULL, *full = NULL;

	r->nics = 2;
	if (!rig_start(r))
		return;
	free(rig_shell(r, "ip addr add 203.0.113.7/24 dev eth1"));
	empty = state(r);
	if (!applies(r, BRIDGE))
		return;
	rig_wait(r, has_bridge, "the bridge in the status");
	rig_says(r, "ovs-vsctl get open . external_ids:ovn-bridge-mappings",
		 "\"dc:ovs-br1,physnet:br-ex\"\n");
	/* The port of a bridge has no address; its own one has. */
	rig_says(r, "ip -4 -o addr show | grep -c 203.0.113.7", "0\n");
	rig_says(r, "ip -o addr show ovs-br1 | grep -c -e 192.0.2.1/24 -e 2001:db8::1/64", "2\n");
	rig_says(r, "cat /sys/class/net/eth1/mtu /sys/class/net/ovs-br1/mtu", "1600\n1550\n");
	/* One change at a time. */
	refuses(r, CHANGE, "another change");
	end(r, "rollback");
	rig_wait(r, has_no_bridge, "a status without the bridge");
	same(r, "rollback of a new bridge", empty);
	applies(r, BRIDGE);
	end(r, "commit");
	full = state(r);
	if (!applies(r, CHANGE))
		return;
	rig_says(r, "ovs-vsctl list-ports ovs-br1", "eth1\n");
	rig_says(r, "ip -4 -o addr show eth2 | grep -c 198.51.100.1/24", "1\n");
	end(r, "rollback");
	same(r, "rollback of a changed bridge", full);
	if (rig_ask(r, "network", json_pack("{s:s}", "action", "commit")))
		RIG_BAD(r, "a commit of nothing");
}

/* A failure half way leaves nothing of the change. */
static void scenario_failures(struct rig *r)
{
	_cleanup_free_ char *empty = NULL;

	r->nics = 2;
	if (!rig_start(r))
		return;
	empty = state(r);
	refuses(r,
		"{\"interfaces\":[{\"name\":\"eth1\",\"type\":\"ethernet\",\"state\":\"up\","
		"\"mtu\":"
		"1600},{\"name\":\"eth9\",\"type\":\"ethernet\",\"state\":\"up\",\"mtu\":1600}]}",
		"interface eth9: there is no such link on this node");
	/* The kernel refuses an MTU, after another NIC has got its own. */
	refuses(r,
		"{\"interfaces\":[{\"name\":\"eth1\",\"type\":\"ethernet\",\"state\":\"up\","
		"\"mtu\":"
		"1600},{\"name\":\"eth2\",\"type\":\"ethernet\",\"state\":\"up\",\"mtu\":70000}]}",
		"interface eth2: ");
	/* A name that is no device name: the switch cannot make it. */
	refuses(r,
		"{\"interfaces\":[{\"name\":\"ovs-br1\",\"type\":\"ovs-bridge\",\"state\":\"up\","
		"\"bridge\":{\"port\":[{\"name\":\"eth1\"},{\"name\":\"much-too-long-a-name\"}]}},{"
		"\"name\":\"much-too-long-a-name\",\"type\":\"ovs-interface\",\"state\":\"up\"}]}",
		"interface much-too-long-a-name: ");
	refuses(r,
		"{\"interfaces\":[{\"name\":\"eth0\",\"type\":\"ethernet\",\"state\":\"down\"}]}",
		"cut the node off");
	same(r, "after failures", empty);
	rig_daemon(r, "ovs-vswitchd", "stop");
	refuses(r, BRIDGE, "Open vSwitch does not run");
}

static bool eth1_is_gone(struct rig *r)
{
	return !rig_row(jget(r->status, "network.interfaces"), "name", "eth1");
}

static bool eth1_is_large(struct rig *r)
{
	const json_t *row = rig_row(jget(r->status, "network.interfaces"), "name", "eth1");

	return jint(row, "mtu", 0) == 1600 && streq(jstr(row, "state", ""), "up");
}

static void scenario_restart(struct rig *r)
{
	_cleanup_free_ char *full = NULL;

	r->nics = 2;
	if (!rig_start(r) || !applies(r, BRIDGE))
		return;
	end(r, "commit");
	full = state(r);
	rig_daemon(r, "ovs-vswitchd", "kill");
	/* As after a crash of the machine: the tap is gone with its addresses. */
	free(rig_shell(r, "ip link del ovs-br1; ip addr flush dev br-ex"));
	if (!rig_daemon(r, "ovs-vswitchd", "start"))
		RIG_BAD(r, "start: %s", json_string_value(r->refusal));
	same(r, "after a restart of the switch", full);
	rig_says(r, "ip -4 -o addr show br-ex | grep -c " NODE_IP "/24", "1\n");
	/* A NIC that comes back is made what the policy wants of it, not what it was born as. */
	link_del(r->net, "cable1", NULL);
	rig_wait(r, eth1_is_gone, "a status without eth1");
	rig_plug(r, 1);
	rig_wait(r, eth1_is_large, "eth1 as it was committed");
}

static bool answers(struct rig *r, const char *targets, const char *want)
{
	json_t *params = json_pack("{s:o, s:f}", "targets", parse(targets), "timeout", 0.3);
	_cleanup_free_ char *text = jtext(json_object_get(rig_ask(r, "reach", params), "reached"));

	return streq(text, want) ? true : RIG_BAD(r, "reached %s, not %s", text, want);
}

static void scenario_reach(struct rig *r)
{
	if (!rig_start(r))
		return;
	answers(r, "[\"" NODE_IP "\"]", "[\"" NODE_IP "\"]");
	answers(r, "[\"172.31.0.99\",\"127.0.0.1\",\"::1\",\"nonsense\"]",
		"[\"127.0.0.1\",\"::1\"]");
	answers(r, "[]", "[]");
}

static void test_rollback(void)
{
	rig_run("network rollback", scenario_rollback);
}

static void test_failures(void)
{
	rig_run("network failures", scenario_failures);
}

static void test_restart(void)
{
	rig_run("network restart", scenario_restart);
}

static void test_reach(void)
{
	rig_run("reach", scenario_reach);
}

TEST_SUITE(agent_nmstate, {"rollback", test_rollback}, {"failures", test_failures},
	   {"restart", test_restart}, {"reach", test_reach})
