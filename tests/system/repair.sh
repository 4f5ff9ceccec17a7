#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A row of the northbound database that somebody broke by hand: the check turns red and the evidence
# names the layer; the next apply repairs that one row, a further one has nothing to do.
# usage: repair.sh OVNBED
set -u
cd "$(dirname "$0")/../.." || exit 2
ovnbed=$1
. tests/system/lib.sh.inc
lab=repair-$$
dir=$(mktemp -d)
trap '"$ovnbed" down -q "$lab" 2>/dev/null; rm -rf "$dir"' EXIT
export OVNBED_LAB=$lab

pods worker-a worker-b >"$dir/pods.yaml"
cat >"$dir/scenario.yaml" <<END
apiVersion: ovnbed.io/v1alpha1
kind: Scenario
metadata: {name: reach}
spec:
  topology: $PWD/topo/two-workers.yaml
  steps:
  - check: reach
    probe: {from: pod/pod-1, to: pod/pod-2, send: [icmp, tcp/80]}
END
scenario() { "$ovnbed" run --lab "$lab" --out "$dir/out" -o tap "$dir/scenario.yaml"; }
nbctl() { "$ovnbed" exec "node/$1" -- ovn-nbctl "${@:2}"; }

breaks() { # ZONES NODE_WITH_THE_DATABASE
	local port what=$1
	check "$what: up" lab_with_pods "$lab" --zones "$1"
	exits "$what: applied again, nothing is to be done" 0 "$ovnbed" apply -f "$dir/pods.yaml"
	says "$what: and it says so" '^unchanged$'
	exits "$what: the check is green" 0 scenario
	exits "$what: the ports are fine" 0 "$ovnbed" status --ports

	port=$(nbctl "$2" --bare --columns=name find Logical_Switch_Port | grep pod-2)
	says "$what: the port of pod-2 is in the database of $2" pod-2 "$port"
	check "$what: it is deleted by hand" nbctl "$2" lsp-del "$port"
	exits "$what: the check turns red" 1 scenario
	says "$what: as a failure of the probe" '^not ok .*reach'
	exits "$what: status --ports sees it" 1 "$ovnbed" status --ports
	says "$what: and names layer, zone and port" \
		"zone [a-z-]+: OVN northbound: logical port $port .*is missing"
	says "$what: so does the run's evidence" "OVN northbound: logical port $port .*is missing" \
		"$(find "$dir/out" -path '*/checks/*' -type f -exec cat {} +)"
	says_not "$what: nothing repairs it unasked" "$port" \
		"$(nbctl "$2" --bare --columns=name find Logical_Switch_Port)"

	exits "$what: the next apply" 0 "$ovnbed" apply -f "$dir/pods.yaml"
	says "$what: says that it repaired one row" 'repaired 1 row'
	says "$what: and that no object changed" '^unchanged'
	exits "$what: the check is green again" 0 scenario
	exits "$what: the ports are fine again" 0 "$ovnbed" status --ports
	exits "$what: a further apply" 0 "$ovnbed" apply -f "$dir/pods.yaml"
	says "$what: has nothing to do" '^unchanged$'

	# a column of a row instead of a whole row
	check "$what: a column is broken by hand" \
		nbctl "$2" set Logical_Switch_Port "$port" 'addresses="02:00:00:00:00:01"'
	exits "$what: apply after that" 0 "$ovnbed" apply -f "$dir/pods.yaml"
	says "$what: repairs one row, too" 'repaired 1 row'
	check "$what: down" "$ovnbed" down -q "$lab"
}
breaks interconnect worker-a # where pod-2, on worker-b, is a remote port
breaks central control-plane
plan
