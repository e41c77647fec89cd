//go:build e2e

package crash

import (
	"context"
	"flag"
	"fmt"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edict-dev/edict/apis/wgpolicyk8s/v1alpha2"
)

var rounds = flag.Int("rounds", 5, "how often the api role is killed")

const writers = 8

// TestKilledUnderWrites shows the process' part alone, since the page cache survives it.
func TestKilledUnderWrites(t *testing.T) {
	api := takeOver(t)
	run := api.start(t)
	defer func() { run.kill(t) }()
	ctx := context.Background()
	client := api.client(t)
	reports := client.Wgpolicyk8sV1alpha2().PolicyReports("default")

	acknowledged := map[string]string{} // name: the value that was acknowledged last
	lost := 0
	for round := range *rounds {
		var mutex sync.Mutex
		var wg sync.WaitGroup
		stop := make(chan struct{})
		for w := range writers {
			wg.Add(1)
			go func() {
				defer wg.Done()
				for i := 0; ; i++ {
					select {
					case <-stop:
						return
					default:
					}
					name := fmt.Sprintf("crash-%d-%d-%d", round, w, i)
					_, err := reports.Create(ctx, &v1alpha2.PolicyReport{
						ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"edict.dev/crash": "true"}},
					}, metav1.CreateOptions{})
					if err != nil {
						return // killed
					}
					mutex.Lock()
					acknowledged[name] = name
					mutex.Unlock()
				}
			}()
		}
		time.Sleep(time.Duration(100+37*(round%20)) * time.Millisecond)
		run.kill(t)
		close(stop)
		wg.Wait()
		run = api.start(t)

		list, err := reports.List(ctx, metav1.ListOptions{LabelSelector: "edict.dev/crash=true"})
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		there := map[string]bool{}
		for _, r := range list.Items {
			there[r.Name] = true
		}
		for name := range acknowledged {
			if !there[name] {
				t.Errorf("round %d: %s was acknowledged and is gone", round, name)
				lost++
			}
		}
	}
	if len(acknowledged) < *rounds {
		t.Errorf("only %d writes were acknowledged in %d rounds: the test shows nothing", len(acknowledged), *rounds)
	}
	t.Logf("%d rounds, %d acknowledged writes, %d lost", *rounds, len(acknowledged), lost)
	err := reports.DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: "edict.dev/crash=true"})
	if err != nil {
		t.Error(err)
	}
}
