#!/usr/bin/env bash
# While nothing answers: a violator is refused, and so is everybody else; Edict's own Deployment goes from zero to Pods.
set -euo pipefail
# refused ARGS...: kube-apiserver refuses what it cannot ask Edict about; any other failure shows nothing.
refused() {
  if answer=$(kubectl create "$@" --dry-run=server 2>&1); then
    echo "admitted while nobody judges: $answer"
    exit 1
  fi
  grep -F 'failed calling webhook "validate.kyverno.svc-fail"' <<<"$answer"
}
refused -n "$NAMESPACE" -f bad.yaml
refused -n kyverno -f bad.yaml # A07: a person's Pod in Edict's own namespace
refused -n "$NAMESPACE" deployment kyverno-admission-controller --image=registry.internal/edict:v1
kubectl scale deployment kyverno-admission-controller -n kyverno --replicas=1
for _ in $(seq 60); do
  pods=$(kubectl get pods -n kyverno -l app.kubernetes.io/component=admission-controller -o name)
  [ -n "$pods" ] && echo "started: $pods" && exit 0
  sleep 0.5
done
echo "no Pod of Edict's own Deployment"
kubectl get events -n kyverno
exit 1
