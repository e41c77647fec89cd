#!/usr/bin/env bash
# Runs test/crash at length on a control plane of its own; `make e2e` runs a few rounds of it.
#
#   hack/crash.sh [ROUNDS]      how often the api role is killed, 200 unless told
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export LOCAL=$PWD/.local-crash PORT_OFFSET=$((${PORT_OFFSET:-0} + 10000))
cluster=$(mktemp) && go build -o "$cluster" ./hack/cluster
trap '"$cluster" down; rm -f "$cluster"' EXIT

"$cluster" down
"$cluster" up
"$cluster" edict-split
go test -tags e2e -count 1 -v -timeout 1h ./test/crash -rounds "${1:-200}"
