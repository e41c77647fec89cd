#!/usr/bin/env bash
# Measures what has a target, each beside what it is compared with, in one run: the figures wander with the machine,
# their ratios do not.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

echo "== the store, the engine, the webhook's handler beside one that only decodes, what a request looks up"
go test -run '^$' -bench . -benchmem ./registry/storage/... ./admission/...

tools=../shared/tools bench=../shared/bench
if [ ! -d "$tools" ] || [ ! -d "$bench" ]; then
  echo "== the webhook under load: left out, the load generator ($tools) and what it sends ($bench) are not here"
  exit 0
fi

echo "== the webhook of the real binary under load, beside the least that a webhook can do"
scratch=$(mktemp -d)
export LOCAL=$PWD/.local-bench PORT_OFFSET=$((${PORT_OFFSET:-0} + 30000))
go build -o "$scratch/cluster" ./hack/cluster
floor=
trap '[ -z "$floor" ] || kill "$floor"; "$scratch/cluster" down; rm -rf "$scratch"' EXIT
for tool in admload floor; do (cd "$tools/$tool" && go build -o "$scratch/$tool" .); done
"$scratch/cluster" up
"$scratch/cluster" edict-split
kubectl() { "$LOCAL/bin/kubectl" --kubeconfig "$LOCAL/kubeconfig" "$@"; }
"$scratch/floor" -addr "127.0.0.1:$((9555 + PORT_OFFSET))" & floor=$!
read -r admission _ < "$LOCAL/run/edict-admission.pid"
floor_url=https://127.0.0.1:$((9555 + PORT_OFFSET))/
edict_url=https://127.0.0.1:$((9443 + PORT_OFFSET))/validate/fail

load() { # TITLE URL PID ARGS...
  printf '%-10s ' "$1"
  "$scratch/admload" -url "$2" -pid "$3" -cert "$LOCAL/webhook-client.crt" -key "$LOCAL/webhook-client.key" -c 4 "${@:4}"
}

cpu() { sed -n 's|.*cpu/req=\([0-9.]*\)ms.*|\1|p' <<< "$1"; }

ready() { # COUNT SECONDS: waits until there are so many policies and all are Ready
  local began=$SECONDS
  until [ "$(kubectl get clusterpolicies -o jsonpath='{range .items[*]}{.status.conditions[?(@.type=="Ready")].status}{"\n"}{end}' | grep -c '^True$')" = "$1" ]; do
    [ $((SECONDS - began)) -lt "$2" ] || { echo "not all of $1 policies are Ready after $2 seconds" >&2; return 1; }
    sleep 0.5
  done
}

# Three rounds of the good Pod, each beside the floor, and then one that violates, which must be refused by name. The
# median of what a request cost, in milliseconds of CPU, is left in $median.
measure() { # POLICIES VIOLATING-POD POLICY-THAT-REFUSES
  local costs=() line base refusal
  echo "-- $1"
  for _ in 1 2 3; do
    line=$(load floor "$floor_url" "$floor" -n 8000 -object "$bench/pod.json") && echo "$line" && base=$(cpu "$line")
    line=$(load edict "$edict_url" "$admission" -n 8000 -object "$bench/pod.json") && echo "$line"
    costs+=("$(cpu "$line")")
    awk -v e="$(cpu "$line")" -v f="$base" 'BEGIN { printf "           %.2f times the floor\n", e / f }'
    grep -q ' denied=0 errors=0$' <<< "$line" || { echo "a good Pod was not allowed" >&2; return 1; }
  done
  refusal=$(load violating "$edict_url" "$admission" -n 2000 -object "$2" -show)
  tail -n 1 <<< "$refusal"
  grep -q "$3" <<< "$refusal" || { echo "the Pod was not refused by $3: $refusal" >&2; return 1; }
  grep -q ' allowed=0 .*errors=0$' <<< "$refusal" || { echo "a violating Pod was not refused" >&2; return 1; }
  median=$(printf '%s\n' "${costs[@]}" | sort -n | sed -n 2p)
}

sed 's/"limits":{[^}]*},//g' "$bench/pod.json" > "$scratch/unlimited.json"
sed 's/"spec":{/"spec":{"hostNetwork":true,/' "$bench/pod.json" > "$scratch/hostnetwork.json"

kubectl apply -f artifacts/examples/require-limits.yaml
ready 1 60
measure "1 policy" "$scratch/unlimited.json" require-limits
kubectl delete -f artifacts/examples/require-limits.yaml

kubectl create -f "$bench/pod-security-restricted.yaml" > /dev/null
ready 17 60
measure "17 policies" "$scratch/hostnetwork.json" disallow-host-namespaces
alone=$median

python3 "$bench/team-policies.py" 1000 > "$scratch/teams.yaml"
began=$SECONDS
kubectl create -f "$scratch/teams.yaml" > /dev/null
created=$((SECONDS - began))
ready 1017 120
echo "-- 1,000 more policies: created after $created seconds, Ready after $((SECONDS - began))"
measure "17 policies and 1,000 of other namespaces" "$scratch/hostnetwork.json" disallow-host-namespaces
awk -v m="$median" -v a="$alone" 'BEGIN { printf "           %.2f times the 17 alone\n", m / a }'
