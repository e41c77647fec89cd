#!/usr/bin/env bash
# While nothing answers: a violator is refused, and so is everybody else; Edict's own Deployment goes from zero to Pods.
set -euo pipefail
if kubectl create -n "$NAMESPACE" -f bad.yaml --dry-run=server; then echo "admitted while nobody judges"; exit 1; fi
kubectl scale deployment kyverno-admission-controller -n kyverno --replicas=1
for _ in $(seq 60); do
  pods=$(kubectl get pods -n kyverno -l app.kubernetes.io/component=admission-controller -o name)
  [ -n "$pods" ] && echo "started: $pods" && exit 0
  sleep 0.5
done
echo "no Pod of Edict's own Deployment"
kubectl get events -n kyverno
exit 1
