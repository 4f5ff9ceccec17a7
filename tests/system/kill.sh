#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Whatever dies, whenever: nothing is left on the host but run and state directories, the lab says
# what is dead, and what depends on it ends as an error and not as a verdict (design §1).
# usage: kill.sh OVNBED; SEED=N repeats a run's random moments, KILLS=N sets how many
set -u
cd "$(dirname "$0")/../.." || exit 2
ovnbed=$1
. tests/system/lib.sh.inc
lab=kill-$$
kills=${KILLS:-10}
RANDOM=${SEED:=$RANDOM}
echo "# SEED=$SEED"
said=$(mktemp)
trap '"$ovnbed" down -q "$lab" "$lab-b" 2>/dev/null; rm -f "$said"' EXIT
host=$(host_state)

moment() { # I MILLISECONDS: a random moment of the I-th of $kills parts of a time, in seconds
	local part=$(($2 / kills))
	local ms=$((($1 - 1) * part + RANDOM % (part + 1)))
	printf '%d.%03d' $((ms / 1000)) $((ms % 1000))
}
settled() { [ "$(lab_state "$lab")" != starting ]; }
killed_host_side() { # AFTER SPACES
	check_nothing_left "$1: no process, namespace, interface or mount is left" "$lab" "$2" "$host"
	eventually 10 settled
	says "$1: ls shows the lab dead or not at all" '^(dead|)$' "$(lab_state "$lab")"
}

# ---- `up` dies before the lab is ready ----

start=${EPOCHREALTIME/./}
check "a first lab comes up" "$ovnbed" up topo/two-workers.yaml -q --name "$lab"
took=$(((${EPOCHREALTIME/./} - start) / 1000))
check "and goes down" "$ovnbed" down -q "$lab"
finished=0
for i in $(seq "$kills"); do
	t=$(moment "$i" "$took")
	"$ovnbed" up topo/two-workers.yaml --name "$lab" 2>"$said" &
	up=$!
	pause "$t"
	kill -KILL "$up" 2>/dev/null
	wait "$up" 2>/dev/null
	spaces=$(lab_spaces "$lab") # of what is still dying; looking before takes too long
	eventually 10 settled
	if grep -q ready "$said" && [ "$(lab_state "$lab")" = running ]; then
		finished=$((finished + 1)) # it was faster than this moment: the lab lives alone
		check "up, moment $i: was done; down" "$ovnbed" down -q "$lab"
		check_nothing_left "up, moment $i: nothing is left" "$lab" "$spaces" "$host"
	else
		killed_host_side "up, moment $i" "$spaces"
	fi
done 2>/dev/null
if [ "$finished" -lt "$kills" ]; then
	ok "at least one moment was before the lab was ready"
else
	not_ok "at least one moment was before the lab was ready"
fi

# ---- the supervisor dies, with pods coming and there ----

for i in $(seq "$kills"); do
	check "supervisor, moment $i: up works after the last death" \
		"$ovnbed" up topo/two-workers.yaml -q --name "$lab"
	pid=$(lab_pid "$lab")
	pods worker-a worker-b | "$ovnbed" apply --lab "$lab" --wait=60s -f - >/dev/null 2>&1 &
	client=$!
	pause "$(moment "$i" 1500)"
	spaces=$(lab_spaces "$lab")
	says "supervisor, moment $i: the lab's namespaces are seen" '^net:' "$spaces"
	kill -KILL "$pid"
	wait "$client" # it must not hang on a dead lab
	killed_host_side "supervisor, moment $i" "$spaces"
done
check "after all, a lab comes up" lab_with_pods "$lab"
exits "and works" 0 "$ovnbed" probe --lab "$lab" pod/pod-1 pod/pod-2
check "and goes down" "$ovnbed" down -q "$lab"
says "nothing is listed" '^$' "$(lab_state "$lab")"

# ---- a daemon dies ----

degraded() { ! "$ovnbed" status "$lab"; }
daemon_dies() { # ZONES NODE DAEMON PROBED_NODES_POD
	local what="$1: $3 on $2" spaces
	check "$what: up" lab_with_pods "$lab" --zones "$1"
	exits "$what: the probe passes while it lives" 0 \
		"$ovnbed" probe --lab "$lab" pod/pod-1 pod/pod-2
	"$ovnbed" exec --lab "$lab" "node/$2" -- \
		sh -c "kill -KILL \$(cat /run/openvswitch/$3.pid /run/ovn/$3.pid)" 2>/dev/null
	eventually 10 degraded
	exits "$what: status ends with 1" 1 "$ovnbed" status "$lab"
	says "$what: status says Degraded" '^state: +Degraded'
	says "$what: with name and exit status" "^  node/$2: $3 ended: signal 9 \(KILL\)"
	says "$what: and the last log lines" "^    [0-9]{4}-[0-9]{2}-[0-9]{2}T.*\|"
	exits "$what: a probe over it is an error" 4 \
		"$ovnbed" probe --lab "$lab" pod/pod-1 pod/pod-2 icmp
	says "$what: which names it" "^error .*node/$2: $3 ended"
	says_not "$what: and gives no verdict" '^(pass|fail)'
	exits "$what: so is a denial" 4 \
		"$ovnbed" probe --lab "$lab" --expect isolated pod/pod-1 pod/pod-2 icmp
	exits "$what: so is an MTU" 4 "$ovnbed" mtu --lab "$lab" pod/pod-1 pod/pod-2
	spaces=$(lab_spaces "$lab")
	check "$what: down" "$ovnbed" down -q "$lab"
	check_nothing_left "$what: nothing is left" "$lab" "$spaces" "$host"
}
for d in ovsdb-server ovs-vswitchd ovn-northd ovn-controller; do
	daemon_dies interconnect worker-b "$d"
done
daemon_dies central worker-b ovn-controller
daemon_dies central control-plane ovn-northd

# ---- a node agent dies, and all of its node with it ----

# The host's pid of a node's agent: PID 1 of the third PID namespace down, with the node's mounts.
agent_pid() { # NODE
	local p
	for p in $(lab_procs "$lab"); do
		grep -qE '^NSpid:(.[0-9]+){2}.1$' "/proc/$p/status" &&
			grep -q "/labs/$lab/n/$1/" "/proc/$p/mountinfo" && echo "$p"
	done
}
check "agent: up" lab_with_pods "$lab"
pid=$(agent_pid worker-b)
says "agent: its process is found" '^[0-9]+$' "$pid"
kill -KILL "$pid"
eventually 10 degraded
exits "agent: status ends with 1" 1 "$ovnbed" status "$lab"
says "agent: status names it and how it ended" '^  node/worker-b: .*signal 9 \(KILL\)'
says "agent: the node is Dead" '^  worker-b +Dead'
exits "agent: a probe is an error" 4 "$ovnbed" probe --lab "$lab" pod/pod-1 pod/pod-2 icmp
says "agent: which names the node" '^error .*node/worker-b: the node agent'
says_not "agent: and gives no verdict" '^(pass|fail)'
spaces=$(lab_spaces "$lab")
check "agent: down" "$ovnbed" down -q "$lab"
check_nothing_left "agent: nothing is left" "$lab" "$spaces" "$host"

# ---- two labs with the same addresses at once ----

lab_with_pods "$lab" &
first=$!
check "two labs: the second comes up" lab_with_pods "$lab-b"
wait "$first"
says "two labs: so does the first, at the same time" '^0$' $?
"$ovnbed" probe --lab "$lab" pod/pod-1 pod/pod-2 >/dev/null 2>&1 &
first=$!
exits "two labs: the second's pods reach each other" 0 \
	"$ovnbed" probe --lab "$lab-b" pod/pod-1 pod/pod-2
wait "$first"
says "two labs: the first's too, at the same time" '^0$' $?
check "two labs: one goes down" "$ovnbed" down -q "$lab"
exits "two labs: the other goes on" 0 "$ovnbed" probe --lab "$lab-b" pod/pod-1 pod/pod-2
spaces=$(lab_spaces "$lab-b")
check "two labs: the other goes down" "$ovnbed" down -q "$lab-b"
check_nothing_left "two labs: nothing is left" "$lab-b" "$spaces" "$host"
plan
