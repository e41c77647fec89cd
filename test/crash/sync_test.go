//go:build e2e

package crash

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
	"github.com/edict-dev/edict/apis/wgpolicyk8s/v1alpha2"
	"github.com/edict-dev/edict/generated/clientset/versioned"
	"github.com/edict-dev/edict/test/systrace"
)

const (
	syncLabel = "edict.dev/synced"
	// Each writer makes as many objects, and updates each once.
	objectsPerWriter = 25
)

// TestSyncedBeforeAcknowledged watches the server as it is built: whatever it has acknowledged over its API must have
// been written to its file and synced by then.
func TestSyncedBeforeAcknowledged(t *testing.T) {
	api := takeOver(t)
	acknowledged, unsynced := traceWrites(t, api, api.args[0])
	t.Logf("%d acknowledged writes, %d of them before the sync", acknowledged, unsynced)
	if acknowledged != 2*writers*objectsPerWriter || unsynced != 0 {
		t.Errorf("%d of %d acknowledged writes were not synced, want 0 of %d", unsynced, acknowledged, 2*writers*objectsPerWriter)
	}
}

// TestSyncIsMissedWithoutSync shows that the test above can fail, with the same server built not to sync.
func TestSyncIsMissedWithoutSync(t *testing.T) {
	api := takeOver(t)
	binary := filepath.Join(t.TempDir(), "edict-server")
	build := exec.Command("go", "build", "-tags", "edict_nosync", "-o", binary, "github.com/edict-dev/edict/cmd/edict-server")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build a server that does not sync: %v\n%s", err, out)
	}
	acknowledged, unsynced := traceWrites(t, api, binary)
	t.Logf("%d acknowledged writes, %d of them before the sync", acknowledged, unsynced)
	if acknowledged != 2*writers*objectsPerWriter || unsynced != acknowledged {
		t.Errorf("without sync, %d of %d acknowledged writes count as not synced, want all of %d", unsynced, acknowledged, 2*writers*objectsPerWriter)
	}
}

// traceWrites has writers write at the same time, to both files, and asks at each answer whether that write is durable.
func traceWrites(t *testing.T, api *apiRole, binary string) (acknowledged, unsynced int) {
	t.Helper()
	durability := systrace.NewDurability("policies.db", "reports.db")
	process := api.startTraced(t, binary, durability.Observe)
	client := api.client(t)

	var mu sync.Mutex
	var group sync.WaitGroup
	for writer := range writers {
		write := writeReport
		if writer%4 == 0 {
			write = writePolicy
		}
		group.Go(func() {
			for i := range objectsPerWriter {
				err := write(t.Context(), client, writer, i, func(mark string) {
					durable := durability.Durable(mark)
					mu.Lock()
					defer mu.Unlock()
					acknowledged++
					if !durable {
						unsynced++
					}
				})
				if err != nil {
					t.Errorf("writer %d: %v", writer, err)
					return
				}
			}
		})
	}
	group.Wait()
	if err := errors.Join(durability.Err(), deleteWritten(client)); err != nil {
		t.Error(err)
	}
	select {
	case <-process.Done():
		t.Errorf("the server has ended: %v", process.Wait())
	default:
	}
	return acknowledged, unsynced
}

// objectMarks are the marks of an object when it is created, which is its name, and when it is updated.
func objectMarks(writer, i int) (created, updated string) {
	return systrace.Mark(writer, 2*i), systrace.Mark(writer, 2*i+1)
}

func writeReport(ctx context.Context, client *versioned.Clientset, writer, i int, acknowledged func(mark string)) error {
	created, updated := objectMarks(writer, i)
	reports := client.Wgpolicyk8sV1alpha2().PolicyReports("default")
	report, err := reports.Create(ctx, &v1alpha2.PolicyReport{
		ObjectMeta: metav1.ObjectMeta{Name: created, Labels: map[string]string{syncLabel: "true"}},
	}, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("create a report: %w", err)
	}
	acknowledged(created)
	report.Annotations = map[string]string{syncLabel: updated}
	if _, err := reports.Update(ctx, report, metav1.UpdateOptions{}); err != nil {
		return fmt.Errorf("update a report: %w", err)
	}
	acknowledged(updated)
	return nil
}

// newPolicy concerns nothing that there is.
func newPolicy(name string) *kyvernov1.ClusterPolicy {
	return &kyvernov1.ClusterPolicy{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{syncLabel: "true"}},
		Spec: kyvernov1.Spec{Rules: []kyvernov1.Rule{{
			Name: "none",
			Match: kyvernov1.MatchResources{Any: []kyvernov1.ResourceFilter{{
				Resources: &kyvernov1.ResourceDescription{Kinds: []string{"ConfigMap"}, Names: []string{"no-such-name"}},
			}}},
			Validate: &kyvernov1.Validation{Pattern: &apiextensionsv1.JSON{Raw: []byte(`{"data":{"a":"b"}}`)}},
		}}},
	}
}

func writePolicy(ctx context.Context, client *versioned.Clientset, writer, i int, acknowledged func(mark string)) error {
	created, updated := objectMarks(writer, i)
	policies := client.KyvernoV1().ClusterPolicies()
	_, err := policies.Create(ctx, newPolicy(created), metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("create a policy: %w", err)
	}
	acknowledged(created)
	patch := fmt.Sprintf(`{"metadata":{"annotations":{%q:%q}}}`, syncLabel, updated)
	if _, err := policies.Patch(ctx, created, types.MergePatchType, []byte(patch), metav1.PatchOptions{}); err != nil {
		return fmt.Errorf("update a policy: %w", err)
	}
	acknowledged(updated)
	return nil
}

func deleteWritten(client *versioned.Clientset) error {
	ctx, written := context.Background(), metav1.ListOptions{LabelSelector: syncLabel + "=true"}
	return errors.Join(
		client.Wgpolicyk8sV1alpha2().PolicyReports("default").DeleteCollection(ctx, metav1.DeleteOptions{}, written),
		client.KyvernoV1().ClusterPolicies().DeleteCollection(ctx, metav1.DeleteOptions{}, written))
}
