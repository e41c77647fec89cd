#!/usr/bin/env bash
# Measures what has a target, each beside what it is compared with, in one run: the figures wander with the machine,
# their ratios do not.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

echo "== the store, the engine, the webhook's handler beside one that only decodes"
go test -run '^$' -bench . -benchmem ./registry/storage/... ./admission/...

tools=../shared/tools
if [ ! -d "$tools" ]; then
  echo "== the webhook under load: left out, the load generator ($tools) is not here"
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
kubectl apply -f artifacts/examples/require-limits.yaml
kubectl wait --for=condition=Ready clusterpolicy/require-limits --timeout=60s
"$scratch/floor" -addr "127.0.0.1:$((9555 + PORT_OFFSET))" & floor=$!
read -r admission _ < "$LOCAL/run/edict-admission.pid"

load() { # TITLE URL PID ARGS...
  printf '%-10s ' "$1"
  "$scratch/admload" -url "$2" -pid "$3" -cert "$LOCAL/webhook-client.crt" -key "$LOCAL/webhook-client.key" -n 8000 -c 4 "${@:4}"
}
edict=https://127.0.0.1:$((9443 + PORT_OFFSET))/validate/fail
sed 's/"limits":{[^}]*},//g' ../shared/bench/pod.json > "$scratch/bad.json"
for round in 1 2 3; do
  load floor "https://127.0.0.1:$((9555 + PORT_OFFSET))/" "$floor" -object ../shared/bench/pod.json
  load edict "$edict" "$admission" -object ../shared/bench/pod.json
done
load violating "$edict" "$admission" -object "$scratch/bad.json" -show
