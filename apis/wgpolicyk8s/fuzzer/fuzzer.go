// Package fuzzer fills reports with random content for tests of conversion and encoding. It is for tests only.
package fuzzer

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	runtimeserializer "k8s.io/apimachinery/pkg/runtime/serializer"
	"sigs.k8s.io/randfill"
)

// Funcs returns the fuzzer functions of the group wgpolicyk8s.io.
func Funcs(runtimeserializer.CodecFactory) []any {
	return []any{
		func(timestamp *metav1.Timestamp, c randfill.Continue) {
			timestamp.Seconds = c.Int63()
			timestamp.Nanos = c.Int31()
		},
	}
}
