#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The command line's rules: help, suggestions, exit codes, machine-readable output, errors with
# file, line and column (design §4, §5).
# usage: cli.sh OVNBED
set -u
cd "$(dirname "$0")/../.." || exit 2
ovnbed=$1
. tests/system/lib.sh.inc
lab=cli-$$
dir=$(mktemp -d)
trap '"$ovnbed" down -q "$lab" 2>/dev/null; rm -rf "$dir"' EXIT
unset OVNBED_LAB
stdout() { out=$("$@" 2>/dev/null); }
stderr() { out=$("$@" 2>&1 >/dev/null); }

# ---- help ----

exits "no verb: usage" 2 "$ovnbed"
says "and the list of verbs" '^  status '
exits "--help" 0 "$ovnbed" --help
verbs=$("$ovnbed" --help | awk '/^  [a-z]+ /{print $1}')
for v in up down ls status apply delete get describe wait exec console start stop restart probe mtu \
	trace capture fault run validate doctor version; do
	says "$v is a verb" "^$v\$" "$verbs"
done
for v in $verbs; do
	exits "$v --help" 0 "$ovnbed" "$v" --help
	says "$v --help: usage" "^usage: ovnbed $v"
	stdout "$ovnbed" "$v" --help
	says "$v --help: on stdout" '^Options:'
done

# ---- bad usage ----

exits "unknown verb" 2 "$ovnbed" statsu
says "unknown verb: suggestion" 'unknown verb "statsu"; did you mean "status"\?'
exits "unknown option" 2 "$ovnbed" up --zone central
says "unknown option: suggestion" 'unknown option --zone; did you mean --zones\?'
exits "bad value" 2 "$ovnbed" ls -o xml
says "bad value: the good ones" 'table\|json'
exits "surplus operand" 2 "$ovnbed" ls more
exits "missing operand" 2 "$ovnbed" probe pod/a
exits "no such file" 2 "$ovnbed" up "$dir/none.yaml"
exits "no such lab: status" 2 "$ovnbed" status "$lab"
exits "no such lab: down" 2 "$ovnbed" down "$lab"
exits "bad lab name" 2 "$ovnbed" up topo/two-workers.yaml --name 'a/../b'
stderr "$ovnbed" statsu
says "errors go to stderr" '^ovnbed: '

# ---- a bad topology: all of it at once, each with its place ----

cat >"$dir/bad.yaml" <<'END'
apiVersion: ovnbed.io/v1alpha1
kind: Topology
metadata: {name: Bad_Name}
spec:
  zones: moon
  mtuu: 5
  underlay:
    subnets: [300.0.0.0/24]
  nodes:
  - name: a
    nics: [{name: eth0, network: nowhere}]
  - name: a
END
exits "bad topology" 2 "$ovnbed" up "$dir/bad.yaml"
for place in '3:18: .*name' '5:10: .*zones: expected one of interconnect, central' '6:9: .*mtuu' \
	'8:15: .*300' '11:[0-9]+: .*eth0' '11:[0-9]+: .*nowhere' '12:11: .*"a" is used twice'; do
	says "bad topology: $place" "^$dir/bad.yaml:$place"
done
printf 'a: [1\n' >"$dir/broken.yaml"
exits "not YAML" 2 "$ovnbed" up "$dir/broken.yaml"
says "not YAML: its place" "^$dir/broken.yaml:[0-9]+:[0-9]+: error"
printf 'a: 1\na: 2\n' >"$dir/twice.yaml"
exits "duplicate key" 2 "$ovnbed" validate "$dir/twice.yaml"
says "duplicate key: its place" "^$dir/twice.yaml:2:1: error"
says "nothing was started" '^$' "$(lab_state bad-name)"

# ---- the machine lacks something: 3 ----

exits "no Open vSwitch" 3 env OVNBED_PREFIX= OVNBED_CACHE="$dir/cache" PATH=/usr/bin:/bin \
	"$ovnbed" up topo/two-workers.yaml --name "$lab"
says "no Open vSwitch: how to get it" 'setup|apt-get|OVNBED_PREFIX'
exits "doctor" 0 "$ovnbed" doctor
says "doctor: programs" '^ok +ovs-vswitchd '
exits "doctor where all is missing" 3 env OVNBED_PREFIX= OVNBED_CACHE="$dir/cache" \
	PATH=/usr/bin:/bin "$ovnbed" doctor
says "doctor: what is missing" '^missing +ovs-vswitchd'
says "doctor: what lacks" 'without it: '
says "doctor: how to get it" 'get it: '
exits "doctor -o json" 0 "$ovnbed" doctor -o json
says "doctor -o json: a list" '^\['
exits "version" 0 "$ovnbed" version
says "version: a line" '^ovnbed .'

# ---- no checks ran: 4, never 0 ----

exits "a scenario without checks" 2 "$ovnbed" run "$dir/bad.yaml" --out "$dir/out"
mkdir "$dir/empty"
cat >"$dir/empty/scenario.yaml" <<END
apiVersion: ovnbed.io/v1alpha1
kind: Scenario
metadata: {name: empty}
spec: {topology: $PWD/topo/two-workers.yaml, steps: []}
END
"$ovnbed" run "$dir/empty" --out "$dir/out" >/dev/null 2>&1
says "zero steps are no pass" '^[24]$' $?

# ---- a lab ----

stderr "$ovnbed" up topo/two-workers.yaml --name "$lab"
says "up: phases with seconds on stderr" '^  daemons +[0-9.]+ s'
says "up: no escape sequences where there is no terminal" '^lab .* is ready'
says_not "up: plain" $'\033|\r'
exits "up twice" 2 "$ovnbed" up topo/two-workers.yaml --name "$lab"
says "up twice: what to do" "ovnbed down $lab"
exits "ls" 0 "$ovnbed" ls
says "ls: the lab" "^$lab +running +[0-9]+ +two-workers +2 +interconnect"
stdout "$ovnbed" ls -o json
one=$(tr -d ' \n' <<<"$out" | grep -oE "\{[^{}]*\"name\":\"$lab\"[^{}]*\}")
for member in '"state":"running"' '"pid":[0-9]+' '"topology":"two-workers"' '"nodes":2'; do
	says "ls -o json: $member" "$member" "$one"
done
export OVNBED_LAB=$lab
exits "status" 0 "$ovnbed" status
says "status: Ready" '^state: +Ready'
exits "status -o json" 0 "$ovnbed" status -o json
says "status -o json: state" '"state": "Ready"'
NO_COLOR=1 stdout "$ovnbed" status
says_not "NO_COLOR" $'\033'

# ---- objects ----

pods worker-a worker-b >"$dir/pods.yaml"
exits "validate" 0 "$ovnbed" validate "$dir/pods.yaml"
exits "apply --dry-run" 0 "$ovnbed" apply -f "$dir/pods.yaml" --dry-run
exits "dry run stored nothing" 1 "$ovnbed" get pod/pod-1
exits "apply" 0 "$ovnbed" apply -f "$dir/pods.yaml" --wait=60s
says "apply: names" '^pod/pod-1 created'
exits "apply again" 0 "$ovnbed" apply -f "$dir/pods.yaml"
says "apply again: unchanged" '^unchanged$'
sed 's/"subnets": "10.77.0.0\/16"/"subnets": "10.77.0.0\/99"/' "$dir/pods.yaml" >"$dir/refused.yaml"
exits "validate: a bad NAD" 1 "$ovnbed" validate "$dir/refused.yaml"
says "validate: its place" "^$dir/refused.yaml:[0-9]+:[0-9]+: error: "
exits "get" 0 "$ovnbed" get pod
says "get: columns" '^NAME +READY +STATUS +RESTARTS +AGE'
says "get: a row" '^pod-1 +1/1 +Running'
exits "get -o wide" 0 "$ovnbed" get pod -o wide
says "get -o wide: the node" 'worker-a'
exits "get -o json" 0 "$ovnbed" get pod/pod-1 -o json
says "get -o json: the object" '"kind": "Pod"'
exits "get -o name" 0 "$ovnbed" get pod -o name
says "get -o name: names" '^pod/pod-2$'
exits "get: nothing there" 1 "$ovnbed" get pod/none
exits "get: unknown kind" 2 "$ovnbed" get pots
says "get: unknown kind: suggestion" 'did you mean "pods?"'
exits "describe" 0 "$ovnbed" describe pod/pod-1
says "describe: conditions" 'Ready +True'
says "describe: events" 'Scheduled'
exits "wait" 0 "$ovnbed" wait pod/pod-1 --for=condition=Ready --timeout=30s
exits "wait: timed out" 1 "$ovnbed" wait pod/pod-1 --for=delete --timeout=300ms
says "wait: says for what" 'timed out waiting for pod/pod-1'

# ---- exec, probe, trace ----

exits "exec" 0 "$ovnbed" exec node/worker-a -- ovs-vsctl br-exists br-int
exits "exec: the command's exit code" 42 "$ovnbed" exec pod/pod-1 -- sh -c 'exit 42'
exits "exec: killed by a signal" 137 "$ovnbed" exec node/worker-a -- sh -c 'kill -9 $$'
exits "exec: no such command" 127 "$ovnbed" exec node/worker-a -- no-such-command
exits "exec: no such node" 2 "$ovnbed" exec node/none -- true
says "exec: standard input" '^through$' "$(echo through | "$ovnbed" exec pod/pod-1 -- cat)"
exits "probe: conforms" 0 "$ovnbed" probe pod/pod-1 pod/pod-2
exits "probe: does not" 1 "$ovnbed" probe pod/pod-1 pod/pod-2 icmp --expect isolated
exits "probe: no such endpoint" 2 "$ovnbed" probe pod/pod-1 pod/none
exits "probe: not a probe" 2 "$ovnbed" probe pod/pod-1 pod/pod-2 tcp/0
exits "trace" 0 "$ovnbed" trace pod/pod-1 pod/pod-2
exits "mtu" 0 "$ovnbed" mtu pod/pod-1 pod/pod-2

# ---- policies ----

cat >"$dir/policy.yaml" <<'END'
apiVersion: k8s.cni.cncf.io/v1beta1
kind: MultiNetworkPolicy
metadata:
  name: web
  annotations: {k8s.v1.cni.cncf.io/policy-for: blue}
spec:
  podSelector: {}
  policyTypes: [Ingress]
  ingress:
  - ports: [{port: 80}]
END
exits "validate: a policy" 0 "$ovnbed" validate "$dir/pods.yaml" "$dir/policy.yaml"
sed 's/port: 80/port: 70000/' "$dir/policy.yaml" >"$dir/refused.yaml"
exits "validate: a bad policy" 1 "$ovnbed" validate "$dir/refused.yaml"
says "validate: path and place" "^$dir/refused.yaml:10:20: error: .*spec.ingress\[0\].ports\[0\].port: "
exits "apply: a bad policy" 1 "$ovnbed" apply -f "$dir/refused.yaml"
exits "explain policy: why not" 0 "$ovnbed" explain policy/web
says "explain policy: rejected" '^policy default/web: not applied: .*70000'
exits "apply: a policy" 0 "$ovnbed" apply -f "$dir/policy.yaml"
exits "explain policy" 0 "$ovnbed" explain policy/default/web
says "explain policy: applied" '^policy default/web: applied$'
says "explain policy: whom it selects" 'network blue it selects pod/default/pod-1, pod/default/pod-2'
says "explain policy: its rules" '^ +TCP 80 from everybody'
exits "explain" 0 "$ovnbed" explain pod/pod-1
says "explain: by which policy" 'ingress: isolated by default/web'
exits "explain: a pair" 0 "$ovnbed" explain pod/pod-1 pod/pod-2 tcp/80
says "explain: the rule" 'Ingress by rule 0 of default/web: TCP 80'
exits "explain --why" 0 "$ovnbed" explain --why pod/pod-1 pod/pod-2 tcp/81
says "explain --why: the deny" 'denied'
says "explain --why: the ACL" 'Ingress:defaultDeny'
exits "explain --why: of nobody" 2 "$ovnbed" explain --why pod/pod-1
exits "explain: no such policy" 2 "$ovnbed" explain policy/none
exits "delete: a policy" 0 "$ovnbed" delete -f "$dir/policy.yaml"
exits "delete" 0 "$ovnbed" delete -f "$dir/pods.yaml"
exits "deleted" 1 "$ovnbed" get pod/pod-1
exits "down" 0 "$ovnbed" down "$lab"
says "ls: it is gone" '^$' "$(lab_state "$lab")"
plan
