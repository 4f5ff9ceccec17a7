#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Faults of the physical world by the command line: words, names, conflicts, what is undone and when;
# and that rate and loss really act. What faults do to networks is scenarios/underlay-faults.
# usage: fault.sh OVNBED
set -u
cd "$(dirname "$0")/../.." || exit 2
ovnbed=$1
. tests/system/lib.sh.inc
lab=fault-$$
dir=$(mktemp -d)
trap '"$ovnbed" down -q "$lab" 2>/dev/null; rm -rf "$dir"' EXIT
export OVNBED_LAB=$lab

fault() { "$ovnbed" fault "$@"; }
ping_pods() { "$ovnbed" probe pod/pod-1 pod/pod-2 icmp "$@"; }
names() { fault ls -o json | sed -n 's/^    "name": "\(.*\)",*$/\1/p' | tr '\n' ' '; }
queue() { "$ovnbed" exec node/worker-b -- tc qdisc show dev eth0; }
# Microseconds of the fastest of N bulk transfers.
transfer() { # N
	for _ in $(seq "$1"); do
		"$ovnbed" probe pod/pod-1 pod/pod-2 bulk -o json
	done | sed -n 's/.*"rttUs": \([0-9]*\).*/\1/p' | sort -n | head -1
}

check "a lab with two pods" lab_with_pods "$lab" --zones central
exits "traffic before" 0 ping_pods
exits "no faults" 0 fault ls
says "no faults: said" '^no faults$'

# ---- words that are wrong ----

exits "unknown word" 2 fault link-dwn worker-b
says "unknown word: suggestion" 'did you mean "link-down"'
exits "missing operand" 2 fault unplug
exits "unplug wants a NIC" 2 fault unplug worker-b
exits "unknown machine" 2 fault link-down worker-x
says "unknown machine: those that there are" 'no machine worker-x; there are .*worker-a, worker-b'
exits "unknown NIC" 2 fault link-down worker-b:eth7
says "unknown NIC: those that there are" 'worker-b has no NIC eth7; it has eth0 \(underlay\)'
exits "unknown network" 2 fault partition --network storage worker-a worker-b
says "unknown network: those that there are" 'no network storage; there are underlay'
exits "unknown member" 2 fault partition worker-a worker-x
says "unknown member: those that there are" 'worker-x has no NIC on network underlay; there are'
exits "VLAN of a switch without" 2 fault vlan-remove worker-b:eth0 10
says "VLAN of a switch without: why" 'kernel bridge'
exits "unknown daemon" 2 fault kill node/worker-b nosuchd
exits "heal nothing" 2 fault heal
exits "heal the unknown" 2 fault heal nosuch
says "heal the unknown: those that there are" 'no fault is called nosuch; active: none'
exits "link-up of what is up" 2 fault link-up worker-b
fault ls 2>/dev/null >"$dir/ls"
refute "nothing of it is in force" test -s "$dir/ls"

# ---- names, conflicts, status ----

exits "link down" 0 fault link-down worker-b --name cable
says "link down: its name" '^cable: link-down worker-b:eth0$'
exits "the same link twice" 1 fault unplug worker-b:eth0
says "the same link twice: why" 'conflicts with the active fault cable \(link-down worker-b:eth0\)'
exits "the same name twice" 1 fault link-down worker-a --name cable
exits "another one" 0 fault impair worker-b:eth0 --loss 1%
says "status tells" '^  cable +link-down worker-b:eth0$' "$("$ovnbed" status)"
exits "traffic is cut" 1 ping_pods --tries 1
says "traffic is cut: by what" 'active faults: cable \(link-down worker-b:eth0\), impair-1'
exits "link up" 0 fault link-up worker-b
says "link up: what it healed" '^cable: healed$'
exits "traffic is back" 0 ping_pods --tries 5
exits "heal all" 0 fault heal --all
says "heal all: which" '^impair-1: healed$'
check "none is left" test -z "$(names)"

# ---- time ----

exits "for a while" 0 fault link-down worker-b --for 200ms
check "it is over by itself" eventually 10 bash -c '[ -z "$('"$ovnbed"' fault ls 2>/dev/null)" ]'
exits "traffic is back by itself" 0 ping_pods --tries 5
exits "later" 0 fault link-down worker-b --after 1m --name later
says "later: it waits" '^later +waiting ' "$(fault ls)"
exits "not yet" 0 ping_pods
exits "never" 0 fault heal later
exits "soon" 0 fault link-down worker-b --after 50ms --name soon
check "soon: it is in force" eventually 10 bash -c "'$ovnbed' fault ls | grep -q '^soon .*active'"
fault heal soon >/dev/null

# ---- who is cut off from the control plane learns nothing ----

exits "a part without the control plane" 0 fault partition worker-a worker-b --name cut
# without waiting until all nodes have it: one cannot
pods worker-b | sed '1,/^---$/d; s/pod-1/late/' | timeout 1 "$ovnbed" apply -f - >/dev/null 2>&1
refute "a new pod there does not start" "$ovnbed" wait pod/late --timeout 500ms
exits "one again" 0 fault heal cut
exits "now it does" 0 "$ovnbed" wait pod/late --timeout 60s

# ---- that impairments act ----

fast=$(transfer 3)
exits "slow" 0 fault impair worker-b:eth0 --rate 2mbit --name slow
says "slow: by tbf, in the node" 'tbf .*rate 2Mbit' "$(queue)"
slow=$(transfer 1)
fault heal slow >/dev/null
says_not "slow: and no more" 'tbf' "$(queue)"
if [ "${slow:-0}" -ge $((4 * ${fast:-999999999})) ]; then
	ok "a transfer at 2 Mbit/s takes more than four times as long"
else
	not_ok "a transfer at 2 Mbit/s takes more than four times as long" "$fast µs, $slow µs"
fi
fault impair worker-b:eth0 --loss 100% --name lost >/dev/null
exits "everything is lost" 1 ping_pods --tries 1
fault heal lost >/dev/null
exits "nothing is lost" 0 ping_pods --tries 5
"$ovnbed" fault impair worker-b:eth0 --delay 20ms >"$dir/delay" 2>&1
case $? in
0) ok "delay" ;;
3) says "delay: what the kernel lacks" 'netem \(CONFIG_NET_SCH_NETEM\)' "$(cat "$dir/delay")" ;;
*) not_ok "delay" "$(cat "$dir/delay")" ;;
esac
fault heal --all >/dev/null 2>&1

# ---- a scenario undoes its own, even when it fails ----

mkdir "$dir/scenario"
cat >"$dir/scenario/scenario.yaml" <<END
apiVersion: ovnbed.io/v1alpha1
kind: Scenario
metadata: {name: undone}
spec:
  topology: $PWD/topo/two-workers.yaml
  steps:
  - fault: {link-down: worker-b, name: mine}
  - check: fails
    probe: {from: pod/pod-1, to: pod/pod-2, tries: 1, timeoutMs: 200}
END
fault impair worker-a:eth0 --loss 0.1% --name users >/dev/null
exits "a scenario that fails" 1 "$ovnbed" run "$dir/scenario" --lab "$lab" --zones interconnect --out "$dir/run"
check "its fault is undone, the user's is not" test "$(names)" = "users "
fault heal --all >/dev/null

# ---- daemons and nodes ----

exits "kill a daemon" 0 fault kill node/worker-b ovn-controller
exits "no verdict with it" 4 ping_pods
exits "start it" 0 fault start node/worker-b ovn-controller
exits "traffic with it" 0 ping_pods --tries 5
exits "kill a node" 0 fault kill node/worker-b --name gone
says "it is NotReady" '^worker-b +NotReady' "$("$ovnbed" get nodes)"
exits "no verdict without it" 4 ping_pods
exits "switch it on again" 0 fault heal gone
exits "its pod is back" 0 "$ovnbed" wait pod/pod-2 --timeout 30s
exits "traffic with it again" 0 ping_pods --tries 5
check "none is left after all" test -z "$(names)"

# ---- nothing left ----

host=$(host_state)
spaces=$(lab_spaces "$lab")
exits "down" 0 "$ovnbed" down -q "$lab"
check_nothing_left "nothing is left" "$lab" "$spaces" "$host"
plan
