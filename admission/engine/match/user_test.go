package match

import (
	"testing"

	"github.com/edict-dev/edict/admission/engine/eval"
)

func TestUsers(t *testing.T) {
	robot := &eval.User{Name: "system:serviceaccount:ci:deployer", Groups: []string{"system:serviceaccounts", "system:authenticated"}}
	alice := &eval.User{Name: "alice", Groups: []string{"dev", "system:authenticated"}}
	stranger := &eval.User{Name: "nobody-knows"}
	for _, test := range []struct {
		users   string
		user    *eval.User
		want    bool
		wantErr bool
	}{
		{`subjects: [{kind: User, name: alice}]`, alice, true, false},
		{`subjects: [{kind: User, name: 'al*'}]`, alice, true, false},
		{`subjects: [{kind: User, name: bob}]`, alice, false, false},
		{`subjects: [{kind: Group, name: dev}]`, alice, true, false},
		{`subjects: [{kind: Group, name: alice}]`, alice, false, false},
		{`subjects: [{kind: User, name: bob}, {kind: Group, name: 'de?'}]`, alice, true, false},
		{`subjects: [{kind: ServiceAccount, namespace: ci, name: deployer}]`, robot, true, false},
		{`subjects: [{kind: ServiceAccount, namespace: 'c*', name: '*'}]`, robot, true, false},
		{`subjects: [{kind: ServiceAccount, namespace: other, name: deployer}]`, robot, false, false},
		{`roles: ['a:editor']`, alice, true, false},
		{`roles: ['a:*']`, alice, false, false},
		{`roles: ['b:editor']`, alice, false, false},
		{`clusterRoles: [view]`, alice, true, false},
		{`clusterRoles: [admin, view]`, alice, true, false},
		{`clusterRoles: [vi*]`, alice, false, false},
		{`roles: ['a:editor'], clusterRoles: [admin]`, alice, false, false},
		{`roles: ['a:editor'], subjects: [{kind: User, name: bob}]`, alice, false, false},
		{`roles: ['a:editor'], subjects: [{kind: User, name: alice}]`, alice, true, false},
		// What is bound to him cannot be told.
		{`clusterRoles: [view]`, stranger, false, true},
		// He is not meant whatever is bound to him.
		{`clusterRoles: [view], subjects: [{kind: User, name: alice}]`, stranger, false, false},
	} {
		m, errs := newMatcher(t, `{any: [{resources: {kinds: [ConfigMap]}, `+test.users+`}]}`, "", "")
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		req := configMap("a", "b")
		req.User = test.user
		if got, err := m.Match(req, lookup{}); got != test.want || (err != nil) != test.wantErr {
			t.Errorf("%s for %s: %v, %v", test.users, test.user.Name, got, err)
		}
	}
}

// TestU14KindsOfSubjects: a user who is called like a ServiceAccount is not that account, nor the other way round.
func TestU14KindsOfSubjects(t *testing.T) {
	for _, test := range []struct {
		subject, user string
		want          bool
	}{
		{`{kind: User, name: test}`, "test", true},
		{`{kind: User, name: test}`, "system:serviceaccount:default:test", false},
		{`{kind: ServiceAccount, namespace: default, name: test}`, "test", false},
		{`{kind: ServiceAccount, namespace: default, name: test}`, "default:test", false},
		{`{kind: ServiceAccount, namespace: default, name: test}`, "system:serviceaccount:default:test", true},
		{`{kind: ServiceAccount, namespace: default, name: test}`, "system:serviceaccount:default:test2", false},
		{`{kind: ServiceAccount, namespace: default, name: test}`, "system:serviceaccount:default", false},
		{`{kind: Group, name: test}`, "test", false},
	} {
		m, errs := newMatcher(t, `{any: [{resources: {kinds: [ConfigMap]}, subjects: [`+test.subject+`]}]}`, "", "")
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		req := configMap("a", "b")
		req.User = &eval.User{Name: test.user}
		if got, err := m.Match(req, lookup{}); err != nil || got != test.want {
			t.Errorf("%s for %s: %v, %v", test.subject, test.user, got, err)
		}
	}
}

// Where nobody asks, match goes by the object alone, and exclude leaves out what somebody in particular sends.
func TestUsersInScan(t *testing.T) {
	const users = `{any: [{resources: {kinds: [ConfigMap]}, subjects: [{kind: User, name: alice}]}]}`
	for _, test := range []struct {
		match, exclude string
		want           bool
	}{
		{users, "", true},
		{allKinds, users, true},
		{allKinds, `{any: [{subjects: [{kind: User, name: alice}]}]}`, true},
	} {
		m, errs := newMatcher(t, test.match, test.exclude, "")
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		if got, err := m.Match(configMap("a", "b"), lookup{}); err != nil || got != test.want {
			t.Errorf("%+v: %v, %v", test, got, err)
		}
	}
}

func TestExcludeByUserAlone(t *testing.T) {
	m, errs := newMatcher(t, allKinds, `{any: [{clusterRoles: [view]}]}`, "")
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	req := configMap("a", "b")
	req.User = &eval.User{Name: "alice"}
	if got, err := m.Match(req, lookup{}); err != nil || got {
		t.Errorf("%v, %v", got, err)
	}
}

func TestSubjectsRefused(t *testing.T) {
	for subject, want := range map[string]string{
		`{kind: Robot, name: x}`:          "r.match.any[0].subjects[0].kind",
		`{kind: ServiceAccount, name: x}`: "r.match.any[0].subjects[0].namespace",
	} {
		_, errs := newMatcher(t, `{any: [{resources: {kinds: [ConfigMap]}, subjects: [`+subject+`]}]}`, "", "")
		if len(errs) != 1 || errs[0].Field != want {
			t.Errorf("%s: %v", subject, errs)
		}
	}
}

func TestConcerns(t *testing.T) {
	m, errs := newMatcher(t, `{any: [{resources: {kinds: [ConfigMap], namespaces: ['team-*'], operations: [CREATE]}}, {resources: {kinds: [Secret]}}]}`, "", "")
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	configMaps := configMap("", "").Kind
	for _, test := range []struct {
		concern Concern
		want    bool
	}{
		{Concern{Kind: configMaps}, true},
		{Concern{Kind: configMaps, Operation: eval.Create, Namespace: "team-a"}, true},
		{Concern{Kind: configMaps, Operation: eval.Update, Namespace: "team-a"}, false},
		{Concern{Kind: configMaps, Namespace: "other"}, false},
	} {
		if got := m.Concerns(test.concern); got != test.want {
			t.Errorf("%+v: %v", test.concern, got)
		}
	}
}

func TestNamespacesOf(t *testing.T) {
	const in = `resources: {kinds: [Pod], namespaces: [a, b-*]}`
	for _, test := range []struct {
		match, policy string
		want          int
		ok            bool
	}{
		{`{any: [{` + in + `}]}`, "", 2, true},
		{`{any: [{` + in + `}, {resources: {kinds: [Pod], namespaces: [c]}}]}`, "", 3, true},
		{`{any: [{` + in + `}, {resources: {kinds: [Pod]}}]}`, "", 0, false},
		{`{all: [{` + in + `}, {resources: {kinds: [Pod]}}]}`, "", 2, true},
		{`{any: [{resources: {kinds: [Namespace], namespaces: [a]}}]}`, "", 0, false},
		{`{any: [{resources: {kinds: [Pod]}}]}`, "own", 1, true},
	} {
		m, errs := newMatcher(t, test.match, "", test.policy)
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		if got, ok := m.Namespaces(); ok != test.ok || len(got) != test.want {
			t.Errorf("%s: %v, %v", test.match, got, ok)
		}
	}
}
