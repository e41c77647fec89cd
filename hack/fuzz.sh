#!/usr/bin/env bash
# Runs every fuzz target in the tree, one after the other, FUZZTIME each (30s unless told). It stops at the first finding
# and says where the case is; kept there, it is a seed that `go test` runs from then on.
#
#   hack/fuzz.sh [PATTERN]      only targets of which PACKAGE.NAME matches this extended regular expression
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
fuzztime=${FUZZTIME:-30s} wanted=${1:-.} ran=0

# A line for each target: its folder and its name.
targets() {
  grep -rEo --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*\(' admission apis cmd registry test |
    sed -E 's|^(.*)/[^/]*:func (.*)\($|\1 \2|' | LC_ALL=C sort
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
while read -r folder name <&3; do
  [[ "$folder.$name" =~ $wanted ]] || continue
  ran=$((ran + 1))
  if go test -run '^$' -fuzz "^$name\$" -fuzztime "$fuzztime" "./$folder" > "$log" 2>&1; then
    printf '%-40s %-24s %s\n' "$folder" "$name" "$(grep -E '^fuzz: elapsed' "$log" | tail -n 1 | sed 's/^fuzz: //')"
    continue
  fi
  cat "$log"
  case=$(sed -n 's|^ *Failing input written to ||p' "$log")
  echo "$folder $name: ${case:+mend it, and keep $folder/$case}" >&2
  exit 1
done 3< <(targets)

[ "$ran" -gt 0 ] || { echo "no fuzz target matches $wanted" >&2; exit 1; }
echo "$ran fuzz targets, $fuzztime each, no finding"
