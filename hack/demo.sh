#!/usr/bin/env bash
# Shows the main job on the control plane in $LOCAL, and ends with what to type next.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
local=$(cd "${LOCAL:-.local}" && pwd)
kubectl() { "$local/bin/kubectl" --kubeconfig "$local/kubeconfig" "$@"; }
step() { printf '\n== %s\n' "$*"; }
run() { printf '$ kubectl %s\n' "$*"; kubectl "$@"; }

step "A Pod that ran before there was any policy"
kubectl create namespace demo --dry-run=client -o yaml | kubectl apply -f - >/dev/null
kubectl apply -f artifacts/examples/pods/old.yaml >/dev/null
run get pod old -n demo

step "Policies, served by Edict from its own storage"
run apply -f artifacts/examples
run wait --for=condition=Ready clusterpolicy --all --timeout=60s
run get clusterpolicy

step "A Pod without limits is refused"
# kube-apiserver takes up a webhook configuration a moment after it was written.
for attempt in 1 2 3 4 5 6 7 8 9 10; do
  if ! refusal=$(kubectl apply -f artifacts/examples/pods/bad.yaml --dry-run=server 2>&1); then break; fi
  sleep 0.5
done
if [ "${refusal#*denied the request}" = "$refusal" ]; then
  echo "the Pod was not refused: $refusal" >&2
  exit 1
fi
printf '$ kubectl apply -f artifacts/examples/pods/bad.yaml\n%s\n' "$refusal"

step "Reports on what already ran"
for attempt in $(seq 60); do
  reports=$(kubectl get policyreports -n demo -o name)
  cluster=$(kubectl get clusterpolicyreports -o name)
  [ -n "$reports" ] && [ -n "$cluster" ] && break
  sleep 0.5
done
run get policyreports -A
run get clusterpolicyreports

# What is not as usual has to be said again.
again=
[ "${LOCAL:-.local}" = .local ] || again+=" LOCAL=$LOCAL"
[ "${PORT_OFFSET:-0}" = 0 ] || again+=" PORT_OFFSET=$PORT_OFFSET"

cat <<NEXT

Edict is running: its policies in $local/policies.db, its reports in $local/reports.db, nothing of either in etcd.
Type next:

  export KUBECONFIG=$local/kubeconfig PATH=$local/bin:\$PATH
  kubectl get kyverno
  kubectl apply -f artifacts/examples/pods/bad.yaml
  kubectl apply -f artifacts/examples/pods/good.yaml
  kubectl get policyreports -n demo -o yaml
  kubectl explain clusterpolicy.spec.rules.validate
  make demo-down$again
NEXT
