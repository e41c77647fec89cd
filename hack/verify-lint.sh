#!/usr/bin/env bash
# Runs golangci-lint, pinned in hack/tools/golangci-lint, by .golangci.yaml.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
"$(hack/tools/install.sh golangci-lint)" run ./...
