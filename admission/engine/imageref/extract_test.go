package imageref

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apimachinery/pkg/util/yaml"

	"github.com/edict-dev/edict/admission/engine/eval"
	v1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

// object reads a YAML object.
func object(t *testing.T, text string) eval.Object {
	t.Helper()
	var o eval.Object
	if err := yaml.Unmarshal([]byte(text), &o); err != nil {
		t.Fatal(err)
	}
	return o
}

// references lists the images of a variable as group/name=reference, or the pointer for the reference where asked for.
func references(images map[string]any, fieldName string) []string {
	var all []string
	for group, byName := range images {
		for name, image := range byName.(map[string]any) {
			all = append(all, fmt.Sprintf("%s/%s=%s", group, name, image.(map[string]any)[fieldName]))
		}
	}
	slices.Sort(all)
	return all
}

func TestExtractWhole(t *testing.T) {
	got, err := Extract(object(t, `{spec: {containers: [{name: c, image: "a/b:1@`+digest+`"}, {name: d, image: "e@`+digest+`"}]}}`),
		schema.GroupVersionKind{Version: "v1", Kind: "Pod"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"containers":{"c":{"digest":"` + digest + `","jsonPointer":"/spec/containers/0/image","name":"b","path":"a/b",` +
		`"reference":"docker.io/a/b@` + digest + `","referenceWithTag":"docker.io/a/b:1","registry":"docker.io","tag":"1"},` +
		`"d":{"digest":"` + digest + `","jsonPointer":"/spec/containers/1/image","name":"e","path":"e",` +
		`"reference":"docker.io/e@` + digest + `","referenceWithTag":"docker.io/e:","registry":"docker.io"}}}`
	if string(text) != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
}

// M01 an image is seen wherever a Pod can name one.
func TestExtractSeesEveryPlace(t *testing.T) {
	const spec = `{containers: [{name: c, image: a}], initContainers: [{name: i, image: b}],
		ephemeralContainers: [{name: e, image: c}],
		volumes: [{name: v, image: {reference: d}}, {name: w, emptyDir: {}}, {name: x, image: {pullPolicy: Always}}]}`
	want := []string{"containers/c=docker.io/a:latest", "ephemeralContainers/e=docker.io/c:latest",
		"initContainers/i=docker.io/b:latest", "volumes/v=docker.io/d:latest"}
	for kind, holder := range map[string]string{
		"Pod": `{spec: %s}`, "Deployment": `{spec: {template: {spec: %s}}}`, "Job": `{spec: {template: {spec: %s}}}`,
		"DaemonSet": `{spec: {template: {spec: %s}}}`, "StatefulSet": `{spec: {template: {spec: %s}}}`,
		"ReplicaSet": `{spec: {template: {spec: %s}}}`, "ReplicationController": `{spec: {template: {spec: %s}}}`,
		"CronJob": `{spec: {jobTemplate: {spec: {template: {spec: %s}}}}}`,
	} {
		got, err := Extract(object(t, fmt.Sprintf(holder, spec)), schema.GroupVersionKind{Kind: kind}, nil)
		if err != nil {
			t.Errorf("%s: %v", kind, err)
		} else if !slices.Equal(references(got, "reference"), want) {
			t.Errorf("%s: %v, want %v", kind, references(got, "reference"), want)
		}
	}
	got, err := Extract(object(t, `{spec: {jobTemplate: {spec: {template: {spec: `+spec+`}}}}}`), schema.GroupVersionKind{Kind: "CronJob"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := references(got, "jsonPointer")[3]; got != "volumes/v=/spec/jobTemplate/spec/template/spec/volumes/0/image/reference" {
		t.Error(got)
	}
}

func TestExtractOddities(t *testing.T) {
	for _, test := range []struct {
		spec string
		want []string
		err  string
	}{
		{spec: `{}`},
		{spec: `null`},
		{spec: `{containers: []}`},
		{spec: `{containers: null, initContainers: [{name: b, image: b}]}`, want: []string{"initContainers/b=docker.io/b:latest"}},
		{spec: `{containers: [{name: a}, {name: b, image: null}, {name: c, image: " "}, {name: d, image: 1}]}`},
		{spec: `{containers: [null, x, 1, [], {name: b, image: c}]}`, want: []string{"containers/b=docker.io/c:latest"}},
		{spec: `{containers: {x: {name: b, image: c}}}`, want: []string{"containers/b=docker.io/c:latest"}},
		{spec: `{containers: [{image: a}]}`, err: "/spec/containers/0/name must be a string"},
		{spec: `{containers: [{name: 1, image: a}]}`, err: "/spec/containers/0/name must be a string"},
		{spec: `{containers: x}`, err: "/spec/containers: it must be a list"},
		{spec: `x`, err: "/spec: it must be an object"},
		{spec: `{containers: [{name: a, image: b}], initContainers: [{name: b, image: "A:B:C"}]}`,
			err: `at /spec/initContainers/0/image: invalid image reference "A:B:C"`},
		// A second container of a name does not hide the first.
		{spec: `{containers: [{name: c, image: bad}, {name: c, image: good}]}`,
			want: []string{"containers//spec/containers/0/image=docker.io/bad:latest", "containers/c=docker.io/good:latest"}},
	} {
		got, err := Extract(object(t, `{spec: `+test.spec+`}`), schema.GroupVersionKind{Kind: "Pod"}, nil)
		switch {
		case test.err != "":
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("%s: %v %v, want the error %s", test.spec, got, err, test.err)
			}
		case err != nil:
			t.Errorf("%s: %v", test.spec, err)
		case len(test.want) == 0 && got != nil, !slices.Equal(references(got, "reference"), test.want):
			t.Errorf("%s: %v, want %v", test.spec, references(got, "reference"), test.want)
		}
	}
	if got, err := Extract(object(t, `{template: {spec: {containers: [{name: a, image: b}]}}}`),
		schema.GroupVersionKind{Kind: "PodTemplate"}, nil); got != nil || err != nil {
		t.Errorf("a kind that makes no Pods: %v %v", got, err)
	}
}

// trim stands for an expression that takes oci:// away; "number" and "broken" are what such expressions can do wrong.
func trim(expression string) (Query, error) {
	switch expression {
	case "trim":
		return func(text any) (any, error) { return strings.TrimPrefix(text.(string), "oci://"), nil }, nil
	case "number":
		return func(any) (any, error) { return int64(1), nil }, nil
	case "broken":
		return func(any) (any, error) { return nil, errors.New("nothing works") }, nil
	}
	return nil, errors.New("not an expression")
}

func TestExtractors(t *testing.T) {
	thing := object(t, `{spec: {im: one, texts: [a], objs: [{im: "oci://a/b:1", id: x1}, {im: "oci://c/d", id: x2}], m: {k/1: {im: q}, k2: {im: r}}}}`)
	for _, test := range []struct {
		list []v1.ImageExtractor
		want []string
		err  string
	}{
		{list: []v1.ImageExtractor{{Path: "/spec/im"}}, want: []string{"custom//spec/im=docker.io/one:latest"}},
		{list: []v1.ImageExtractor{{Path: "/spec", Value: "im", Name: "containers"}}, want: []string{"containers//spec/im=docker.io/one:latest"}},
		{list: []v1.ImageExtractor{{Path: " spec / objs/*", Value: "im", Key: "id", JMESPath: "trim"}},
			want: []string{"custom/x1=docker.io/a/b:1", "custom/x2=docker.io/c/d:latest"}},
		{list: []v1.ImageExtractor{{Path: "spec/m/*/im"}},
			want: []string{"custom//spec/m/k2/im=docker.io/r:latest", "custom//spec/m/k~11/im=docker.io/q:latest"}},
		{list: []v1.ImageExtractor{{Path: "/spec/none/im"}, {Path: "/spec/objs/*/none"}}},
		// Two extractors of one group add up.
		{list: []v1.ImageExtractor{{Path: "/spec/im"}, {Path: "/spec/m/k2/im"}},
			want: []string{"custom//spec/im=docker.io/one:latest", "custom//spec/m/k2/im=docker.io/r:latest"}},
		{list: []v1.ImageExtractor{{Path: "/spec/objs/*/im"}}, err: "at /spec/objs/0/im: invalid image reference"},
		{list: []v1.ImageExtractor{{Path: "/spec/im/*/x"}}, err: "/spec/im: it must be a list"},
		{list: []v1.ImageExtractor{{Path: "/spec/im/x"}}, err: "/spec/im: it must be an object"},
		{list: []v1.ImageExtractor{{Path: "/spec/objs/*/im", Key: "none"}}, err: "/spec/objs/0/none must be a string"},
		{list: []v1.ImageExtractor{{Path: "/spec/im", JMESPath: "number"}}, err: "must yield a string, but yields int64"},
		{list: []v1.ImageExtractor{{Path: "/spec/im", JMESPath: "broken"}}, err: "nothing works"},
	} {
		x, errs := CompileExtractors(map[string]v1.ImageExtractorList{"Thing": test.list}, trim, nil)
		if len(errs) > 0 {
			t.Errorf("%v: %v", test.list, errs)
			continue
		}
		got, err := Extract(thing, schema.GroupVersionKind{Kind: "Thing"}, x)
		switch {
		case test.err != "":
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("%v: %v %v, want the error %s", test.list, got, err, test.err)
			}
		case err != nil || !slices.Equal(references(got, "reference"), test.want):
			t.Errorf("%v: %v %v, want %v", test.list, references(got, "reference"), err, test.want)
		}
	}
}

func TestExtractorsReplaceTheUsualPlaces(t *testing.T) {
	pod := object(t, `{spec: {containers: [{name: a, image: b}]}, metadata: {annotations: {im: c}}}`)
	x, errs := CompileExtractors(map[string]v1.ImageExtractorList{"Pod": {{Path: "metadata/annotations/im"}}}, trim, nil)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	got, err := Extract(pod, schema.GroupVersionKind{Kind: "Pod"}, x)
	if want := []string{"custom//metadata/annotations/im=docker.io/c:latest"}; err != nil || !slices.Equal(references(got, "reference"), want) {
		t.Errorf("%v %v, want %v", references(got, "reference"), err, want)
	}
	other, err := Extract(object(t, `{spec: {template: {spec: {containers: [{name: a, image: b}]}}}}`), schema.GroupVersionKind{Kind: "Job"}, x)
	if want := []string{"containers/a=docker.io/b:latest"}; err != nil || !slices.Equal(references(other, "reference"), want) {
		t.Errorf("%v %v, want %v", references(other, "reference"), err, want)
	}
}

func TestCompileExtractorsRefuses(t *testing.T) {
	configs := map[string]v1.ImageExtractorList{
		"A": {{Path: "/"}}, "B": {{Path: "/spec/*"}}, "C": {}, "D": {{Path: "im"}, {Path: "im", JMESPath: "nonsense"}},
	}
	_, errs := CompileExtractors(configs, trim, field.NewPath("x"))
	var got []string
	for _, err := range errs {
		got = append(got, err.Field)
	}
	if want := []string{"x[A][0].path", "x[B][0].path", "x[C]", "x[D][1].jmesPath"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", errs, want)
	}
}

// TestExtractChangesNothing holds objects and extractors to being shared between evaluations.
func TestExtractChangesNothing(t *testing.T) {
	pod := object(t, `{spec: {containers: [{name: a, image: b}], volumes: [{name: v, image: {reference: d}}]}}`)
	before := maps.Clone(pod)
	first, err := Extract(pod, schema.GroupVersionKind{Kind: "Pod"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	second, err := Extract(pod, schema.GroupVersionKind{Kind: "Pod"}, nil)
	if err != nil || !reflect.DeepEqual(first, second) || !reflect.DeepEqual(pod, before) {
		t.Errorf("%v %v %v", first, second, err)
	}
}

func FuzzExtract(f *testing.F) {
	f.Add(`{"spec":{"containers":[{"name":"a","image":"b"}],"volumes":[{"name":"v","image":{"reference":"d"}}]}}`, "spec/containers/*/image")
	f.Add(`{"spec":{"x":{"y":[[{"im":"q"}]]}}}`, "spec/x/*/*/*/im")
	f.Fuzz(func(t *testing.T, text, path string) {
		var o eval.Object
		if json.Unmarshal([]byte(text), &o) != nil {
			return
		}
		x, errs := CompileExtractors(map[string]v1.ImageExtractorList{"Thing": {{Path: path}}}, trim, nil)
		if len(errs) > 0 {
			return
		}
		for _, kind := range []string{"Thing", "Pod", "CronJob"} {
			images, err := Extract(o, schema.GroupVersionKind{Kind: kind}, x)
			if err != nil {
				continue
			}
			for _, reference := range references(images, "reference") {
				if _, text, _ := strings.Cut(reference, "=docker.io/"); strings.Contains(text, " ") {
					t.Fatalf("%s is no reference", reference)
				}
			}
		}
	})
}

func BenchmarkExtract(b *testing.B) {
	pod := eval.Object{"spec": map[string]any{"containers": []any{
		map[string]any{"name": "a", "image": "ghcr.io/a/b:1"}, map[string]any{"name": "b", "image": "nginx"},
	}}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Extract(pod, schema.GroupVersionKind{Kind: "Pod"}, nil); err != nil {
			b.Fatal(err)
		}
	}
}
