#!/usr/bin/env bash
# Formats the Go code that people write.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
git ls-files -z --cached --others --exclude-standard '*.go' | xargs -0 gofmt -w
