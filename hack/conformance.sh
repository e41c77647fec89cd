#!/usr/bin/env bash
# Runs the reference's own cluster tests (chainsaw) against Edict on a control plane of its own, and prints what passed,
# what failed and why. Arguments are folders below ../shared/corpus/chainsaw; without any, those of what is built.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
corpus=../shared/corpus/chainsaw
if [ ! -d "$corpus" ]; then
  echo "the cluster tests (../shared/corpus/chainsaw) are not here; nothing to run"
  exit 0
fi
[ $# -gt 0 ] || set -- validate rangeoperators deferred policy-validation
chainsaw=$(hack/tools/install.sh chainsaw)
export LOCAL=$PWD/.local-conformance PORT_OFFSET=$((${PORT_OFFSET:-0} + 26000))
export KUBECONFIG=$LOCAL/kubeconfig PATH=$LOCAL/bin:$PATH
cluster=$(mktemp) && go build -o "$cluster" ./hack/cluster
trap '"$cluster" down; rm -f "$cluster"' EXIT
"$cluster" down
"$cluster" up
"$cluster" edict-up

reports=$LOCAL/reports && mkdir -p "$reports"
for part in "$@"; do
  echo "== $part"
  # Failures are what the table is for.
  "$chainsaw" test --config hack/conformance/chainsaw.yaml --test-dir "$corpus/$part" \
    --report-format JSON --report-path "$reports" --report-name "${part//\//-}" >"$reports/${part//\//-}.log" 2>&1 || true
done
go run ./hack/conformance "$reports"
