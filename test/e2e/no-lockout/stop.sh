#!/usr/bin/env bash
# Stops every process of Edict, runs what it is told, and starts them again in the layout that they had.
set -euo pipefail
layout=edict-split
[ -e "$LOCAL/run/edict.pid" ] && layout=edict-up
cluster() { (cd "$EDICT_ROOT" && go run ./hack/cluster "$1") >&2; }
cluster edict-stop
trap 'cluster "$layout"' EXIT
"$@"
