package apiserver

import (
	"context"
	"fmt"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"

	"github.com/edict-dev/edict/apis/wgpolicyk8s/v1alpha2"
	"github.com/edict-dev/edict/generated/informers/externalversions"
)

func TestLimitAndContinue(t *testing.T) {
	ctx := context.Background()
	reports := shared.as("alice").Wgpolicyk8sV1alpha2().ClusterPolicyReports()
	const total = 7
	for i := range total {
		report := &v1alpha2.ClusterPolicyReport{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("%s-%d", nameOf(t), i), Labels: map[string]string{"paged": "true"}}}
		if _, err := reports.Create(ctx, report, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	seen := map[string]bool{}
	var version string
	options := metav1.ListOptions{LabelSelector: "paged=true", Limit: 3}
	for pages := 1; ; pages++ {
		page, err := reports.List(ctx, options)
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Items) > 3 {
			t.Errorf("page of %d", len(page.Items))
		}
		if version != "" && page.ResourceVersion != version {
			t.Errorf("pages of two revisions: %s and %s", version, page.ResourceVersion)
		}
		version = page.ResourceVersion
		for _, report := range page.Items {
			seen[report.Name] = true
		}
		if options.Continue = page.Continue; options.Continue == "" {
			break
		}
		if pages == 1 {
			// What comes in between is not in the list.
			late := &v1alpha2.ClusterPolicyReport{ObjectMeta: metav1.ObjectMeta{Name: nameOf(t) + "-late", Labels: map[string]string{"paged": "true"}}}
			if _, err := reports.Create(ctx, late, metav1.CreateOptions{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(seen) != total {
		t.Errorf("the pages held %d reports, want %d", len(seen), total)
	}
}

// A watch goes on after a restart from where it was.
func TestWatchAcrossRestart(t *testing.T) {
	ctx := context.Background()
	dir, cluster := t.TempDir(), newCluster()
	first := startServer(t, setup{dir: dir, cluster: cluster})
	policies := first.as("alice").KyvernoV1().ClusterPolicies()
	created, err := policies.Create(ctx, newClusterPolicy("before"), metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := policies.Create(ctx, newClusterPolicy("unseen"), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := policies.Delete(ctx, "before", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	open, err := policies.Watch(ctx, metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	first.mustStop(t)
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("an open watch kept the server for %s", took)
	}
	open.Stop()

	second := startServer(t, setup{dir: dir, cluster: cluster})
	policies = second.as("alice").KyvernoV1().ClusterPolicies()
	events, err := policies.Watch(ctx, metav1.ListOptions{ResourceVersion: created.ResourceVersion})
	if err != nil {
		t.Fatal(err)
	}
	defer events.Stop()
	if _, err := policies.Create(ctx, newClusterPolicy("after"), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct {
		event watch.EventType
		name  string
	}{{watch.Added, "unseen"}, {watch.Deleted, "before"}, {watch.Added, "after"}} {
		event := <-events.ResultChan()
		object, ok := event.Object.(metav1.Object)
		if !ok || event.Type != want.event || object.GetName() != want.name {
			t.Fatalf("saw %s of %v, want %v", event.Type, event.Object, want)
		}
	}
	second.mustStop(t)
}

// client-go's informers ask for a list by watch, and hang on a server that does not end it.
func TestInformerByWatchList(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	client := shared.as("alice")
	for i := range 3 {
		if _, err := client.KyvernoV1().Policies("team-2").Create(ctx, newPolicy("team-2", fmt.Sprintf("%s-%d", nameOf(t), i)), metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	yes := true
	initial, err := client.KyvernoV1().Policies("team-2").Watch(ctx, metav1.ListOptions{
		SendInitialEvents: &yes, AllowWatchBookmarks: true, ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan,
	})
	if err != nil {
		t.Fatal(err)
	}
	for added := 0; ; added++ {
		event := <-initial.ResultChan()
		if event.Type == watch.Bookmark {
			if added < 3 || event.Object.(metav1.Object).GetAnnotations()[metav1.InitialEventsAnnotationKey] != "true" {
				t.Errorf("after %d objects came %+v", added, event.Object)
			}
			break
		}
		if event.Type != watch.Added {
			t.Fatalf("saw %s among what exists", event.Type)
		}
	}
	initial.Stop()

	factory := externalversions.NewSharedInformerFactoryWithOptions(client, 0, externalversions.WithNamespace("team-2"))
	informer := factory.Kyverno().V1().Policies()
	informer.Informer()
	factory.Start(ctx.Done())
	if !cache.WaitForCacheSync(ctx.Done(), informer.Informer().HasSynced) {
		t.Fatal("the informer did not become current")
	}
	policies, err := informer.Lister().Policies("team-2").List(labels.Everything())
	if err != nil || len(policies) < 3 {
		t.Errorf("the informer holds %d policies: %v", len(policies), err)
	}
}
