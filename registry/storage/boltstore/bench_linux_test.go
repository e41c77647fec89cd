package boltstore

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"golang.org/x/sys/unix"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/apis/example"
	"k8s.io/apiserver/pkg/features"
	storagetesting "k8s.io/apiserver/pkg/storage/testing"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	featuregatetesting "k8s.io/component-base/featuregate/testing"
	"k8s.io/klog/v2"
)

// The size of the benchmarks: 10,000 objects.
const (
	benchNamespaces = 50
	benchPods       = 200
	benchNodes      = 500
)

// reportDisk prints how long the disk takes for a sync beside a figure of writes: they mean nothing without it.
func reportDisk(b *testing.B) {
	b.Helper()
	file, err := os.Create(filepath.Join(b.TempDir(), "sync"))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	const rounds = 100
	page := make([]byte, 4096)
	took := make([]time.Duration, rounds)
	for i := range took {
		if _, err := file.WriteAt(page, int64(i%8)*int64(len(page))); err != nil {
			b.Fatal(err)
		}
		start := time.Now()
		if err := unix.Fdatasync(int(file.Fd())); err != nil {
			b.Fatal(err)
		}
		took[i] = time.Since(start)
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[rounds/2].Microseconds()), "fdatasync-p50-µs")
}

func BenchmarkStoreWriteThroughput(b *testing.B) {
	klog.SetLogger(logr.Discard())
	ctx, s := setup(b)
	data := storagetesting.PrepareBenchmarkData(benchNamespaces, benchPods, benchNodes)
	storagetesting.RunBenchmarkWriteThroughput(ctx, b, s, data, false, nil)
}

func BenchmarkStoreList(b *testing.B) {
	klog.SetLogger(logr.Discard())
	for _, sizes := range []bool{true, false} {
		featuregatetesting.SetFeatureGateDuringTest(b, utilfeature.DefaultFeatureGate, features.SizeBasedListCostEstimate, sizes)
		b.Run(fmt.Sprintf("SizeBasedListCostEstimate=%v", sizes), func(b *testing.B) {
			ctx, s := setup(b)
			data := storagetesting.PrepareBenchmarkData(benchNamespaces, benchPods, benchNodes)
			if err := storagetesting.PrecreateBenchmarkPods(ctx, s, data); err != nil {
				b.Fatal(err)
			}
			storagetesting.RunBenchmarkStoreList(ctx, b, s, data, false)
		})
	}
}

func BenchmarkStoreStats(b *testing.B) {
	klog.SetLogger(logr.Discard())
	ctx, s := setup(b)
	data := storagetesting.PrepareBenchmarkData(benchNamespaces, benchPods, benchNodes)
	if err := storagetesting.PrecreateBenchmarkPods(ctx, s, data); err != nil {
		b.Fatal(err)
	}
	storagetesting.RunBenchmarkStoreStats(ctx, b, s)
}

// BenchmarkCreate has the numbers of writers that upstream's benchmark, which is fixed at 25 for each CPU, leaves out.
func BenchmarkCreate(b *testing.B) {
	for _, writers := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			_, s := setup(b)
			work := make(chan int)
			var wg sync.WaitGroup
			for range writers {
				wg.Go(func() {
					for n := range work {
						name := fmt.Sprintf("pod-%d", n)
						pod := &example.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "ns"}}
						if err := s.Create(context.Background(), "/pods/ns/"+name, pod, &example.Pod{}, 0); err != nil {
							b.Error(err)
						}
					}
				})
			}
			b.ResetTimer()
			for n := range b.N {
				work <- n
			}
			close(work)
			wg.Wait()
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "writes/s")
			reportDisk(b)
		})
	}
}
