package cel

import (
	"testing"

	"github.com/edict-dev/edict/admission/engine/eval"
)

const typical = `{validate: {cel: {variables: [{name: containers, expression: "object.spec.containers + object.spec.?initContainers.orValue([])"}], expressions: [{expression: "variables.containers.all(c, c.image.contains(':') || c.name != 'x')", message: tag}]}}}`

func BenchmarkEvaluate(b *testing.B) {
	check := compile(b, config(b, typical))
	req, look := pod(), &cluster{}
	b.ReportAllocs()
	for b.Loop() {
		if v := check.Evaluate(req, look); v.Result != eval.Pass {
			b.Fatal(v)
		}
	}
}

func BenchmarkEvaluateRequest(b *testing.B) {
	check := compile(b, config(b, `{validate: {cel: {expressions: [{expression: "request.operation == 'CREATE' && object.metadata.name != ''"}]}}}`))
	req, look := pod(), &cluster{}
	b.ReportAllocs()
	for b.Loop() {
		check.Evaluate(req, look)
	}
}

func BenchmarkCompile(b *testing.B) {
	cfg := config(b, typical)
	compile(b, cfg)
	b.ReportAllocs()
	for b.Loop() {
		compile(b, cfg)
	}
}

func BenchmarkCompileWithoutVariables(b *testing.B) {
	cfg := config(b, `{validate: {cel: {expressions: [{expression: "object.spec.containers.all(c, c.image.contains(':'))"}]}}}`)
	compile(b, cfg)
	b.ReportAllocs()
	for b.Loop() {
		compile(b, cfg)
	}
}
