# Everything that a person or CI does here. `make` alone lists it.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo v0.0.0)
LDFLAGS := -s -w -X k8s.io/component-base/version.gitVersion=$(if $(filter v%,$(VERSION)),$(VERSION),v0.0.0-$(VERSION))
export GOFLAGS := -trimpath

# Where a local control plane lives, and what is added to its ports: change both to run two side by side.
export LOCAL ?= .local
export PORT_OFFSET ?= 0
CLUSTER := go run ./hack/cluster

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## build bin/edict (also as bin/kubectl-edict, for kubectl edict) and bin/edict-server
	@mkdir -p bin
	CGO_ENABLED=0 go build -ldflags '$(LDFLAGS)' -o bin/ ./cmd/...
	@ln -sf edict bin/kubectl-edict

.PHONY: test
test: ## run the tests (no cluster needed)
	go test ./...
	@[ -d ../shared/corpus ] || echo "note: the larger corpus (../shared/corpus) is not here; the tests on it were left out"

.PHONY: corpus
corpus: ## run the suites of ../shared/corpus: a table by feature, and once more with pass and fail exchanged
	go run ./hack/corpus

.PHONY: oracle
oracle: ## compare 20,000 made-up cases with the reference's own command line, where it is; ORACLE_FLAGS="-seed 7"
	go run ./hack/oracle $(ORACLE_FLAGS)

.PHONY: fuzz
fuzz: ## run every fuzz target for FUZZTIME (30s unless told), and stop at a finding; make test runs their seeds
	hack/fuzz.sh

.PHONY: verify
verify: ## check format, vet, lint, generated code and import rules
	hack/verify-format.sh
	go vet ./... && go vet -tags e2e ./test/...
	hack/verify-lint.sh
	hack/verify-codegen.sh
	go test ./test/layering

.PHONY: update
update: ## format, and regenerate what is generated
	hack/update-format.sh
	hack/update-codegen.sh

.PHONY: bench
bench: build ## measure: the store beside etcd, the engine, the webhook beside a floor
	hack/bench.sh

.PHONY: cluster-up
cluster-up: ## start a real control plane on this machine, in .local
	$(CLUSTER) up

.PHONY: cluster-down
cluster-down: ## stop it and remove its folder; the cache of binaries stays
	$(CLUSTER) down

.PHONY: demo
demo: build cluster-up ## Edict on a real control plane: a policy, a refused Pod, reports
	$(CLUSTER) edict-up
	hack/demo.sh

.PHONY: demo-down
demo-down: cluster-down ## stop the demo and remove what it made

.PHONY: e2e
e2e: build ## run test/e2e on control planes of its own, Edict in one process and in three
	hack/e2e.sh

.PHONY: conformance
conformance: build ## run the cluster tests of ../shared/corpus on a control plane of its own: what passed, what not, and why
	hack/conformance.sh

.PHONY: crash
crash: build ## kill the api role 200 times under writes, on a control plane of its own, and watch its syncs
	hack/crash.sh
