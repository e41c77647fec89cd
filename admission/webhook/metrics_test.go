package webhook

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

func series(t *testing.T, registry *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, family := range families {
		for _, metric := range family.Metric {
			name := family.GetName()
			for _, label := range metric.Label {
				name += " " + label.GetValue()
			}
			got[name] = metric.GetCounter().GetValue() + float64(metric.GetHistogram().GetSampleCount())
		}
	}
	return got
}

func TestMetrics(t *testing.T) {
	registry := prometheus.NewRegistry()
	s := newServer(t, Config{Policies: policies{app(t, "p", "Fail", "Enforce")}, Registerer: registry})
	post(t, s, failPath, encode(t, reviewOf(nil)))
	post(t, s, failPath, encode(t, reviewOf(map[string]any{"object": bad})))
	post(t, s, failPath, []byte("{"))
	got := series(t, registry)
	for name, want := range map[string]float64{
		"edict_admission_reviews_total CREATE allowed":     1,
		"edict_admission_reviews_total CREATE denied":      1,
		"edict_admission_reviews_total unknown rejected":   1,
		"edict_admission_review_duration_seconds allowed":  1,
		"edict_admission_review_duration_seconds denied":   1,
		"edict_admission_review_duration_seconds rejected": 1,
	} {
		if got[name] != want {
			t.Errorf("%s is %v, want %v", name, got[name], want)
		}
	}
}

func TestD09SeriesDoNotGrowWithWhatReviewsSay(t *testing.T) {
	registry := prometheus.NewRegistry()
	s := newServer(t, Config{Policies: policies{}, Registerer: registry})
	ask := func(i int) {
		name := fmt.Sprint("x", i)
		post(t, s, failPath, encode(t, reviewOf(map[string]any{
			"name": name, "namespace": name, "operation": []string{"CREATE", name}[i%2],
			"kind": map[string]any{"kind": name}, "resource": map[string]any{"resource": name}, "userInfo": map[string]any{"username": name},
		})))
		post(t, s, "/"+name, nil, func(r *http.Request) { r.Method = name })
	}
	for i := range 10 {
		ask(i)
	}
	before := len(series(t, registry))
	for i := range 1000 {
		ask(i)
	}
	if after := len(series(t, registry)); after != before {
		t.Errorf("%d series became %d", before, after)
	}
}
