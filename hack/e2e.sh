#!/usr/bin/env bash
# Runs test/e2e on a control plane of its own, with Edict in one process and then in three, a role each, and at the end
# test/crash, which takes the api role of the latter over.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
chainsaw=$(hack/tools/install.sh chainsaw)
export LOCAL=$PWD/.local-e2e PORT_OFFSET=$((${PORT_OFFSET:-0} + 20000)) EDICT_ROOT=$PWD
export KUBECONFIG=$LOCAL/kubeconfig PATH=$LOCAL/bin:$PATH
cluster=$(mktemp) && go build -o "$cluster" ./hack/cluster
trap '"$cluster" down; rm -f "$cluster"' EXIT

"$cluster" down
"$cluster" up

echo "== the install stops where CustomResourceDefinitions of the same groups are"
kubectl apply -f test/e2e/install/crd.yaml
if refusal=$("$cluster" edict-up 2>&1); then
  echo "it went on: $refusal" >&2
  exit 1
fi
grep -F 'kubectl delete crd clusterpolicies.kyverno.io' <<<"$refusal"
[ -z "$(kubectl get namespace kyverno --ignore-not-found)" ] # nothing was changed
kubectl delete -f test/e2e/install/crd.yaml

for layout in edict-up edict-split; do
  "$cluster" "$layout"
  echo "== test/e2e, $layout"
  if ! "$chainsaw" test --config test/e2e/.chainsaw.yaml --test-dir test/e2e "$@"; then
    for log in "$LOCAL"/logs/edict*.log; do
      echo "== the end of ${log##*/}" && tail -n 30 "$log"
    done
    exit 1
  fi
done

echo "== test/crash"
go test -tags e2e -count 1 -v ./test/crash
