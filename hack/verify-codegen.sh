#!/usr/bin/env bash
# Fails when what is generated from the types in apis/ is not what hack/update-codegen.sh would write now. The tree itself
# is left alone: a copy is generated anew and compared.
set -o errexit -o nounset -o pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."

copy="$(mktemp -d)"
trap 'rm -rf "${copy}"' EXIT

mkdir "${copy}/hack"
cp go.mod go.sum "${copy}/"
cp -R apis "${copy}/"
cp -R hack/swagger hack/boilerplate.go.txt hack/update-codegen.sh "${copy}/hack/"
"${copy}/hack/update-codegen.sh"

# Nothing compared with nothing would pass: each generator must have written something.
for produced in apis/kyverno/v1/zz_generated.deepcopy.go apis/kyverno/v2/zz_generated.deepcopy.go apis/wgpolicyk8s/v1alpha2/zz_generated.deepcopy.go \
	apis/kyverno/v1/zz_generated.model_name.go apis/wgpolicyk8s/v1alpha2/zz_generated.model_name.go \
	generated/openapi/zz_generated.openapi.go generated/applyconfiguration/utils.go \
	generated/clientset/versioned/clientset.go generated/listers/kyverno/v1/clusterpolicy.go \
	generated/informers/externalversions/factory.go; do
	if [[ ! -s "${copy}/${produced}" ]]; then
		echo "hack/update-codegen.sh wrote no ${produced}: mend the script" >&2
		exit 1
	fi
done

if ! diff -Nru apis "${copy}/apis" || ! diff -Nru generated "${copy}/generated"; then
	echo 'Generated code is out of date. Run "make update"' >&2
	exit 1
fi
echo "generated code is up to date"
