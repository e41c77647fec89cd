package webhookconfig

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/utils/clock"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"
	kyvernofake "github.com/edict-dev/edict/generated/clientset/versioned/fake"
)

type world struct {
	*Controller
	client   *fake.Clientset
	kyverno  *kyvernofake.Clientset
	policies *set
	serves   *serves
	caBundle atomic.Value
	clock    shiftedClock
}

// shiftedClock is the real one, moved forward.
type shiftedClock struct {
	clock.RealClock
	shift *atomic.Int64
}

func (c shiftedClock) Now() time.Time                  { return c.RealClock.Now().Add(time.Duration(c.shift.Load())) }
func (c shiftedClock) Since(t time.Time) time.Duration { return c.Now().Sub(t) }
func (c shiftedClock) Step(d time.Duration)            { c.shift.Add(int64(d)) }

// newWorld prepares a Controller over a cluster in which the configurations are installed empty and one replica holds
// revision 100 of everything.
func newWorld(t *testing.T, policies ...v1.Object) *world {
	t.Helper()
	var objects []runtime.Object
	for _, p := range policies {
		objects = append(objects, p.DeepCopyObject())
	}
	w := &world{
		client: fake.NewClientset(
			&admissionregistrationv1.ValidatingWebhookConfiguration{ObjectMeta: objectMeta(ValidatingName)},
			&admissionregistrationv1.MutatingWebhookConfiguration{ObjectMeta: objectMeta(MutatingName)},
			lease("pod-1", time.Now(), map[string]string{"clusterpolicies": "100", "policies": "100"}),
		),
		kyverno:  kyvernofake.NewSimpleClientset(objects...),
		policies: newSet(t, policies...),
		serves:   cluster(),
		clock:    shiftedClock{shift: &atomic.Int64{}},
	}
	w.caBundle.Store([]byte("ca"))
	w.Controller = New(Config{
		Client: w.client, Statuses: w.kyverno.KyvernoV1(), Policies: w.policies, Discovery: w.serves,
		CABundle: func() []byte { return w.caBundle.Load().([]byte) }, Endpoint: endpoint, Clock: w.clock,
	})
	return w
}

func (w *world) run(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := w.Run(ctx); err != nil {
			t.Error(err)
		}
	}()
	t.Cleanup(func() { cancel(); <-done })
}

func (w *world) validating(t *testing.T) *admissionregistrationv1.ValidatingWebhookConfiguration {
	t.Helper()
	got, err := w.client.AdmissionregistrationV1().ValidatingWebhookConfigurations().Get(t.Context(), ValidatingName, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	} else if err != nil {
		t.Fatal(err)
	}
	return got
}

// serving tells whether the configuration asks for the resource on the webhook of policies that fail closed.
func (w *world) serving(t *testing.T, resource string) bool {
	t.Helper()
	configuration := w.validating(t)
	if configuration == nil {
		return false
	}
	for _, webhook := range configuration.Webhooks {
		if webhook.Name == FailWebhook {
			return strings.Contains(strings.Join(lines(webhook.Rules), "\n"), resource)
		}
	}
	return false
}

// writes are the verbs of what was written to the webhook configurations.
func (w *world) writes() []string {
	var verbs []string
	for _, action := range w.client.Actions() {
		switch action.GetVerb() {
		case "get", "list", "watch":
		default:
			if strings.HasSuffix(action.GetResource().Resource, "webhookconfigurations") {
				verbs = append(verbs, action.GetVerb())
			}
		}
	}
	return verbs
}

func (w *world) ready(t *testing.T, name string) *metav1.Condition {
	t.Helper()
	p, err := w.kyverno.KyvernoV1().ClusterPolicies().Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	switch len(p.Status.Conditions) {
	case 0:
		return nil
	case 1:
		return &p.Status.Conditions[0]
	}
	t.Fatalf("%d conditions", len(p.Status.Conditions))
	return nil
}

// becomes waits for a status and message of the policy's only condition.
func (w *world) becomes(t *testing.T, name string, status metav1.ConditionStatus, message string) {
	t.Helper()
	eventually(t, name+" is "+string(status)+": "+message, func() bool {
		c := w.ready(t, name)
		return c != nil && c.Type == "Ready" && c.Status == status && (c.Message == message || message != "Ready" && strings.Contains(c.Message, message))
	})
}

func TestFillsTheConfigurationAndTellsThePolicy(t *testing.T) {
	w := newWorld(t, clusterPolicy("a", on(t, "Pod")))
	w.run(t)
	w.becomes(t, "a", metav1.ConditionTrue, "Ready")
	if !w.serving(t, "pods,pods/ephemeralcontainers") {
		t.Errorf("Ready, but the configuration is %+v", w.validating(t).Webhooks)
	}
	p, err := w.kyverno.KyvernoV1().ClusterPolicies().Get(t.Context(), "a", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if p.Status.Conditions[0].Reason != "Succeeded" || p.Status.RuleCount == nil || *p.Status.RuleCount != (v1.RuleCount{Validate: 1}) {
		t.Errorf("%+v", p.Status)
	}
}

func TestA05HealsWhatIsEditedOrDeleted(t *testing.T) {
	w := newWorld(t, clusterPolicy("a", on(t, "Pod")))
	w.run(t)
	w.becomes(t, "a", metav1.ConditionTrue, "Ready")
	configurations := w.client.AdmissionregistrationV1().ValidatingWebhookConfigurations()
	edits := map[string]func(*admissionregistrationv1.ValidatingWebhookConfiguration){
		"emptied": func(c *admissionregistrationv1.ValidatingWebhookConfiguration) { c.Webhooks = nil },
		"narrowed": func(c *admissionregistrationv1.ValidatingWebhookConfiguration) {
			c.Webhooks[0].Rules[0].Resources = []string{"pods"}
		},
		"opened": func(c *admissionregistrationv1.ValidatingWebhookConfiguration) {
			*c.Webhooks[0].FailurePolicy = admissionregistrationv1.Ignore
		},
		"redirected": func(c *admissionregistrationv1.ValidatingWebhookConfiguration) {
			c.Webhooks[0].ClientConfig.Service.Name = "evil"
		},
		"exempted": func(c *admissionregistrationv1.ValidatingWebhookConfiguration) {
			c.Webhooks[0].NamespaceSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"a": "b"}}
		},
		"unlabelled": func(c *admissionregistrationv1.ValidatingWebhookConfiguration) { c.Labels = nil },
	}
	good := w.validating(t)
	for name, edit := range edits {
		t.Run(name, func(t *testing.T) {
			edited := w.validating(t).DeepCopy()
			edit(edited)
			if _, err := configurations.Update(t.Context(), edited, metav1.UpdateOptions{}); err != nil {
				t.Fatal(err)
			}
			eventually(t, "restored", func() bool {
				now := w.validating(t)
				return now != nil && apiequality.Semantic.DeepEqual(now.Webhooks, good.Webhooks) && now.Labels[managedByLabel] == managedByValue
			})
		})
	}
	t.Run("deleted", func(t *testing.T) {
		if err := configurations.Delete(t.Context(), ValidatingName, metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		eventually(t, "created again", func() bool { return w.serving(t, "pods") })
	})
	t.Run("the mutating one", func(t *testing.T) {
		mutating := w.client.AdmissionregistrationV1().MutatingWebhookConfigurations()
		empty := func() bool {
			c, err := mutating.Get(t.Context(), MutatingName, metav1.GetOptions{})
			return err == nil && len(c.Webhooks) == 0 && c.Labels[managedByLabel] == managedByValue
		}
		filled := &admissionregistrationv1.MutatingWebhookConfiguration{ObjectMeta: objectMeta(MutatingName), Webhooks: []admissionregistrationv1.MutatingWebhook{{Name: "x"}}}
		if _, err := mutating.Update(t.Context(), filled, metav1.UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
		eventually(t, "emptied again", empty)
		if err := mutating.Delete(t.Context(), MutatingName, metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		eventually(t, "created again", empty)
	})
	if got := w.ready(t, "a"); got.Status != metav1.ConditionTrue {
		t.Errorf("the policy ended as %+v", got)
	}
}

func TestU11TouchesNothingUntilAllIsKnown(t *testing.T) {
	published := []admissionregistrationv1.ValidatingWebhook{{Name: FailWebhook, Rules: rulesOf([]atom{{"", "v1", "pods", "Namespaced", "CREATE"}})}}
	tests := map[string]func(*world){
		"policies are not loaded":    func(w *world) { w.policies.loaded = false },
		"discovery fails":            func(w *world) { w.serves.err = errors.New("down") },
		"the CA bundle is not known": func(w *world) { w.caBundle.Store([]byte(nil)) },
		"nothing is known whatsoever": func(w *world) {
			w.policies.loaded, w.serves.err = false, errors.New("down")
			w.caBundle.Store([]byte(nil))
		},
	}
	for name, break_ := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			full := &admissionregistrationv1.ValidatingWebhookConfiguration{ObjectMeta: objectMeta(ValidatingName), Webhooks: published}
			if _, err := w.client.AdmissionregistrationV1().ValidatingWebhookConfigurations().Update(t.Context(), full, metav1.UpdateOptions{}); err != nil {
				t.Fatal(err)
			}
			w.client.ClearActions()
			break_(w)
			w.run(t)
			eventually(t, "it is tried", func() bool { configurations, _ := w.Health(); return configurations.Failing() })
			time.Sleep(300 * time.Millisecond)
			if got := w.writes(); len(got) != 0 {
				t.Errorf("%v", got)
			}
			if !w.serving(t, "pods") {
				t.Error("the published configuration is gone")
			}
		})
	}
}

func TestNothingIsWrittenTwice(t *testing.T) {
	w := newWorld(t, clusterPolicy("a", on(t, "Pod")))
	w.run(t)
	w.becomes(t, "a", metav1.ConditionTrue, "Ready")
	// What the API server would tell of the status write.
	written, err := w.kyverno.KyvernoV1().ClusterPolicies().Get(t.Context(), "a", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	written.ResourceVersion = "11"
	w.policies.replace(t, written)
	time.Sleep(200 * time.Millisecond)
	w.client.ClearActions()
	w.kyverno.ClearActions()
	for range 20 {
		w.Resync()
		w.statuses.Enqueue("all")
		time.Sleep(10 * time.Millisecond)
	}
	if got := w.writes(); len(got) != 0 {
		t.Errorf("configurations: %v", got)
	}
	for _, action := range w.kyverno.Actions() {
		if action.GetVerb() == "update" {
			t.Error("the status was written again")
		}
	}
}

func TestNewKindIsFoundWhenItIsServed(t *testing.T) {
	w := newWorld(t, clusterPolicy("a", on(t, "Widget, ConfigMap")))
	w.run(t)
	w.becomes(t, "a", metav1.ConditionTrue, "does not serve Widget")
	if !w.serving(t, "configmaps") {
		t.Error("the kind that is there waits for the one that is not")
	}
	w.serves.mu.Lock()
	w.serves.lists = append(w.serves.lists, &metav1.APIResourceList{GroupVersion: "example.com/v1", APIResources: []metav1.APIResource{{Name: "widgets", Kind: "Widget", Namespaced: true}}})
	w.serves.mu.Unlock()
	time.Sleep(50 * time.Millisecond)
	if w.serving(t, "widgets") {
		t.Error("discovery is asked all the time")
	}
	w.policies.replace(t, moved(t, w, "a", "11"))
	w.clock.Step(discoveryInterval)
	if _, err := w.client.CoordinationV1().Leases("kyverno").Update(t.Context(), lease("pod-1", w.clock.Now(), map[string]string{"clusterpolicies": "100"}), metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	w.Resync()
	eventually(t, "widgets", func() bool { return w.serving(t, "widgets") })
	w.becomes(t, "a", metav1.ConditionTrue, "Ready")
}

func TestReadyWaitsForEveryLiveReplica(t *testing.T) {
	w := newWorld(t, clusterPolicy("a", on(t, "Pod")))
	leases := w.client.CoordinationV1().Leases("kyverno")
	if _, err := leases.Create(t.Context(), lease("pod-2", time.Now(), map[string]string{"clusterpolicies": "9", "policies": "100"}), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	w.run(t)
	w.becomes(t, "a", metav1.ConditionFalse, "pod-2")
	if message := w.ready(t, "a").Message; strings.Contains(message, "pod-1") {
		t.Errorf("%q", message)
	}
	w.policies.replace(t, moved(t, w, "a", "11"))
	if _, err := leases.Update(t.Context(), lease("pod-2", time.Now().Add(time.Second), map[string]string{"clusterpolicies": "10", "policies": "1"}), metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	w.becomes(t, "a", metav1.ConditionTrue, "Ready")
}

// moved is the policy as the API server would tell of it after a write of its status.
func moved(t *testing.T, w *world, name, revision string) v1.Object {
	t.Helper()
	p, err := w.kyverno.KyvernoV1().ClusterPolicies().Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	p.ResourceVersion = revision
	return p
}

func TestConfigurationThatCannotBeWrittenIsTold(t *testing.T) {
	w := newWorld(t, clusterPolicy("a", on(t, "Pod")))
	w.client.PrependReactor("update", "validatingwebhookconfigurations", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, apierrors.NewForbidden(schema.GroupResource{Resource: "validatingwebhookconfigurations"}, ValidatingName, errors.New("no role"))
	})
	w.run(t)
	w.becomes(t, "a", metav1.ConditionFalse, "no role")
}

// A05: an edit that cannot be undone, for want of a role, is told by the policies that it takes out of force.
func TestA05EditThatCannotBeHealedIsTold(t *testing.T) {
	w := newWorld(t, clusterPolicy("a", on(t, "Pod")))
	w.run(t)
	w.becomes(t, "a", metav1.ConditionTrue, "Ready")
	w.policies.replace(t, moved(t, w, "a", "11"))
	edited := w.validating(t).DeepCopy()
	edited.Webhooks = nil
	w.client.PrependReactor("update", "validatingwebhookconfigurations", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, apierrors.NewForbidden(schema.GroupResource{Resource: "validatingwebhookconfigurations"}, ValidatingName, errors.New("no role"))
	})
	if err := w.client.Tracker().Update(admissionregistrationv1.SchemeGroupVersion.WithResource("validatingwebhookconfigurations"), edited, ""); err != nil {
		t.Fatal(err)
	}
	w.becomes(t, "a", metav1.ConditionFalse, "no role")
}

func TestRunsAgainAfterLeadershipReturns(t *testing.T) {
	w := newWorld(t, clusterPolicy("a", on(t, "Pod")))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	w.becomes(t, "a", metav1.ConditionTrue, "Ready")
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if err := w.client.AdmissionregistrationV1().ValidatingWebhookConfigurations().Delete(t.Context(), ValidatingName, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	time.Sleep(100 * time.Millisecond)
	if w.validating(t) != nil {
		t.Fatal("written without leadership")
	}
	w.run(t)
	eventually(t, "created again", func() bool { return w.serving(t, "pods") })
}

// One policy's condition that the API server does not understand must not keep what other policies need from being written.
func TestConditionsThatTheAPIServerRefuses(t *testing.T) {
	w := newWorld(t, when(clusterPolicy("a", on(t, "Pod")), "true"), clusterPolicy("b", on(t, "ConfigMap")))
	var refused atomic.Int32
	w.client.PrependReactor("update", "validatingwebhookconfigurations", func(action clienttesting.Action) (bool, runtime.Object, error) {
		configuration := action.(clienttesting.UpdateAction).GetObject().(*admissionregistrationv1.ValidatingWebhookConfiguration)
		for _, webhook := range configuration.Webhooks {
			if strings.Contains(webhook.Name, finegrained) {
				refused.Add(1)
				return true, nil, apierrors.NewInvalid(schema.GroupKind{Kind: "ValidatingWebhookConfiguration"}, ValidatingName, nil)
			}
		}
		return false, nil, nil
	})
	w.run(t)
	eventually(t, "both policies share the common webhook", func() bool {
		live := w.validating(t)
		return len(live.Webhooks) == 1 && live.Webhooks[0].Name == FailWebhook && len(atomsIn(live.Webhooks[0].Rules)) >= 8
	})
	w.clock.Step(2 * discoveryInterval)
	w.Resync()
	time.Sleep(200 * time.Millisecond)
	if got := refused.Load(); got != 1 {
		t.Errorf("tried %d times, with nothing changed", got)
	}
}
