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
# The tests of exceptions expect them to be applied, in every namespace.
export EDICT_FLAGS="--enable-policy-exception --exception-namespace=*"
export KUBECONFIG=$LOCAL/kubeconfig PATH=$LOCAL/bin:$PATH
config=$PWD/hack/conformance/chainsaw.yaml reports=$LOCAL/reports
bin=$(mktemp -d) && go build -o "$bin/" ./hack/cluster ./hack/conformance
trap '"$bin/cluster" down; rm -r "$bin"' EXIT
"$bin/cluster" down
"$bin/cluster" up
"$bin/cluster" edict-up

mkdir -p "$reports"
mapfile -t tests < <(cd "$corpus" && find "$@" -name chainsaw-test.yaml -printf '%h\n' | sort)
for i in "${!tests[@]}"; do
  report=$reports/$(printf %03d "$i")
  echo "$((i + 1)) of ${#tests[@]}: ${tests[i]}"
  # What fails, the table tells.
  (cd "$corpus" && "$chainsaw" test --config "$config" --test-dir "${tests[i]}" --no-color \
    --report-format JSON --report-path "$reports" --report-name "${report##*/}") >"$report.log" 2>&1 || true
  # Some tests leave policies behind, which are no business of the others.
  kubectl delete clusterpolicies,policies,policyexceptions -A --all >/dev/null
done
"$bin/conformance" "$reports"
