#!/usr/bin/env bash
# Writes everything that is generated from the types in apis/: deep copies and OpenAPI model names beside the types, and
# OpenAPI definitions, apply configurations, clients, listers and informers in generated/, which is made anew each time.
# Generators come from the module cache in the versions that go.mod names; nothing is downloaded beyond it.
set -o errexit -o nounset -o pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."

module="$(go list -m)"
header="hack/boilerplate.go.txt"
# Only these versions get clients: the others are the same Go types under another name.
hubs=(kyverno/v1 kyverno/v2 wgpolicyk8s/v1alpha2)
types=("${hubs[@]/#/${module}/apis/}")

scratch="$(mktemp -d)"
trap 'rm -rf "${scratch}"' EXIT

echo "building the generators"
go build -o "${scratch}/" \
	k8s.io/code-generator/cmd/deepcopy-gen \
	k8s.io/code-generator/cmd/applyconfiguration-gen \
	k8s.io/code-generator/cmd/client-gen \
	k8s.io/code-generator/cmd/lister-gen \
	k8s.io/code-generator/cmd/informer-gen \
	k8s.io/kube-openapi/cmd/openapi-gen

echo "generating deep copies"
find apis -name 'zz_generated.*.go' -delete
rm -rf generated
"${scratch}/deepcopy-gen" --go-header-file "${header}" --output-file zz_generated.deepcopy.go "${types[@]}"

echo "generating OpenAPI definitions"
# Types of others that ours refer to are generated again here, since they publish no definitions of their own; their
# packages are only read, since their model names are theirs. Our model names must be the import paths in OpenAPI's
# spelling: applyconfiguration-gen looks for nothing else.
borrowed=(
	k8s.io/api/admissionregistration/v1
	k8s.io/api/core/v1
	k8s.io/api/rbac/v1
	k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1
	k8s.io/apimachinery/pkg/api/resource
	k8s.io/apimachinery/pkg/apis/meta/v1
	k8s.io/apimachinery/pkg/runtime
	k8s.io/apimachinery/pkg/util/intstr
	k8s.io/apimachinery/pkg/version
)
"${scratch}/openapi-gen" --go-header-file "${header}" \
	--output-dir generated/openapi --output-pkg "${module}/generated/openapi" --output-file zz_generated.openapi.go \
	--output-model-name-file zz_generated.model_name.go "${borrowed[@]/#/--readonly-pkg=}" \
	--report-filename "${scratch}/violations" \
	"${types[@]}" "${borrowed[@]}"
# The report also lists what borrowed types do; only our own are ours to mend, and of those not the JSON names, which
# existing policies dictate.
if grep -F "${module}" "${scratch}/violations" | grep -v names_match >&2; then
	echo "the API types above break the API conventions: mend them in apis/" >&2
	exit 1
fi
go run ./hack/swagger >"${scratch}/swagger.json"

echo "generating apply configurations"
"${scratch}/applyconfiguration-gen" --go-header-file "${header}" \
	--output-dir generated/applyconfiguration --output-pkg "${module}/generated/applyconfiguration" \
	--openapi-schema "${scratch}/swagger.json" \
	"${types[@]}"

echo "generating clients, listers and informers"
"${scratch}/client-gen" --go-header-file "${header}" \
	--output-dir generated/clientset --output-pkg "${module}/generated/clientset" --clientset-name versioned \
	--apply-configuration-package "${module}/generated/applyconfiguration" \
	--input-base "${module}/apis" "${hubs[@]/#/--input=}"
"${scratch}/lister-gen" --go-header-file "${header}" \
	--output-dir generated/listers --output-pkg "${module}/generated/listers" \
	"${types[@]}"
"${scratch}/informer-gen" --go-header-file "${header}" \
	--output-dir generated/informers --output-pkg "${module}/generated/informers" \
	--versioned-clientset-package "${module}/generated/clientset/versioned" \
	--listers-package "${module}/generated/listers" \
	"${types[@]}"
