package apiserver

import (
	"context"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/metadata"
)

// The garbage collector and the namespace controller read every kind as metadata, and empty namespaces by collection.
// They prefer protobuf, which our kinds do not have.
func TestMetadataClient(t *testing.T) {
	ctx := context.Background()
	client := metadata.NewForConfigOrDie(shared.config("alice")).Resource(clusterPolicies)
	policy := newClusterPolicy(nameOf(t))
	policy.Labels = map[string]string{"metadata": "true"}
	if _, err := shared.as("alice").KyvernoV1().ClusterPolicies().Create(ctx, policy, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	options := metav1.ListOptions{LabelSelector: "metadata=true"}
	list, err := client.List(ctx, options)
	if err != nil || len(list.Items) != 1 || list.Items[0].Name != nameOf(t) {
		t.Fatalf("list %+v: %v", list, err)
	}
	events, err := client.Watch(ctx, metav1.ListOptions{LabelSelector: "metadata=true", ResourceVersion: list.ResourceVersion})
	if err != nil {
		t.Fatal(err)
	}
	defer events.Stop()
	if err := client.DeleteCollection(ctx, metav1.DeleteOptions{}, options); err != nil {
		t.Errorf("delete collection: %v", err)
	}
	if event := <-events.ResultChan(); event.Type != "DELETED" {
		t.Errorf("the watch saw %+v", event)
	}
}
