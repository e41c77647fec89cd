#!/usr/bin/env bash
# Installs Edict's APIServices, RBAC, Services and webhook configurations: artifacts/install, or a kustomization on top
# of it. It stops, having changed nothing, where CustomResourceDefinitions of the same groups are installed:
# kube-apiserver would serve those and never ask Edict.
#
#   artifacts/install.sh [KUSTOMIZATION]      KUBECTL names the kubectl to use; KUBECONFIG and contexts count as usual
set -euo pipefail

kustomization=${1:-$(dirname "${BASH_SOURCE[0]}")/install}
kubectl=${KUBECTL:-kubectl}

crds=$("$kubectl" get customresourcedefinitions \
  -o 'jsonpath={range .items[*]}{.spec.group}{" "}{.metadata.name}{"\n"}{end}' |
  awk '$1 == "kyverno.io" || $1 == "wgpolicyk8s.io" {print $2}')
if [ -n "$crds" ]; then
  cat >&2 <<MESSAGE
Not installed: this cluster has CustomResourceDefinitions of the groups that Edict serves:

$(sed 's/^/  /' <<<"$crds")

kube-apiserver manages the APIServices of their versions, and would overwrite Edict's. Save what they hold
  kubectl get clusterpolicies,policies -A -o yaml > policies.yaml
stop the engine that uses them, delete them
  kubectl delete crd $(tr '\n' ' ' <<<"$crds")
run this again, and apply policies.yaml.
MESSAGE
  exit 1
fi

# kube-apiserver takes a moment to give up the APIServices of CRDs that were just deleted, and would take ours with them.
leftover() {
  "$kubectl" get apiservices -l kube-aggregator.kubernetes.io/automanaged -o name | grep -E '[.](kyverno|wgpolicyk8s)[.]io$' || true
}
for _ in {1..20}; do
  [ -z "$(leftover)" ] && break
  sleep 0.5
done

"$kubectl" apply --server-side --force-conflicts --field-manager=edict-install -k "$kustomization"
