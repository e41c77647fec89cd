#!/usr/bin/env bash
# Fails when Go code is not formatted.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
files=$(git ls-files -z --cached --others --exclude-standard '*.go' | xargs -0 gofmt -l)
[ -z "$files" ] && exit 0
printf 'not formatted:\n%s\nRun "make update".\n' "$files" >&2
exit 1
