//go:build e2e

package crash

import (
	"context"
	"flag"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edict-dev/edict/apis/wgpolicyk8s/v1alpha2"
	client "github.com/edict-dev/edict/generated/clientset/versioned/typed/wgpolicyk8s/v1alpha2"
)

var rounds = flag.Int("rounds", 5, "how often the api role is killed")

const (
	writers = 8
	// roundLabel of a report says in which round it was written.
	roundLabel = "edict.dev/crash-round"
)

// TestKilledUnderWrites shows the process' part alone, since the page cache survives it.
func TestKilledUnderWrites(t *testing.T) {
	api := takeOver(t)
	run := api.start(t)
	defer func() { run.kill(t) }()
	ctx := context.Background()
	reports := api.client(t).Wgpolicyk8sV1alpha2().PolicyReports("default")

	acknowledged := map[string]bool{}
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
						ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{roundLabel: strconv.Itoa(round)}},
					}, metav1.CreateOptions{})
					if err != nil {
						return // killed
					}
					mutex.Lock()
					acknowledged[name] = true
					mutex.Unlock()
				}
			}()
		}
		time.Sleep(time.Duration(100+37*(round%20)) * time.Millisecond)
		run.kill(t)
		close(stop)
		wg.Wait()
		run = api.start(t)

		for _, name := range missing(t, reports, roundLabel+"="+strconv.Itoa(round), acknowledged, fmt.Sprintf("crash-%d-", round)) {
			t.Errorf("round %d: %s was acknowledged and is gone", round, name)
			lost++
		}
	}
	for _, name := range missing(t, reports, roundLabel, acknowledged, "") {
		t.Errorf("%s was acknowledged, and is gone after all rounds", name)
		lost++
	}
	if len(acknowledged) < *rounds {
		t.Errorf("only %d writes were acknowledged in %d rounds: the test shows nothing", len(acknowledged), *rounds)
	}
	t.Logf("%d rounds, %d acknowledged writes, %d lost", *rounds, len(acknowledged), lost)
	// Round by round, so that no request takes longer than a client waits.
	for round := range *rounds {
		selector := metav1.ListOptions{LabelSelector: roundLabel + "=" + strconv.Itoa(round)}
		if err := reports.DeleteCollection(ctx, metav1.DeleteOptions{}, selector); err != nil {
			t.Fatal(err)
		}
	}
}

// missing are those of the acknowledged names with a prefix that are not among the reports with a label.
func missing(t *testing.T, reports client.PolicyReportInterface, selector string, acknowledged map[string]bool, prefix string) (names []string) {
	t.Helper()
	list, err := reports.List(t.Context(), metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	for i := range list.Items {
		there[list.Items[i].Name] = true
	}
	for name := range acknowledged {
		if strings.HasPrefix(name, prefix) && !there[name] {
			names = append(names, name)
		}
	}
	return names
}
