package webhook

import (
	"errors"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/edict-dev/edict/admission/engine/eval"
)

// metrics count reviews. Labels come from fixed sets, never from what a review says.
type metrics struct {
	reviews  *prometheus.CounterVec
	duration *prometheus.HistogramVec
}

func newMetrics(registerer prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		reviews: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "edict_admission_reviews_total",
			Help: "AdmissionReviews, by operation and by result: allowed, denied, rejected (not a review, or not from who may send one) or error.",
		}, []string{"operation", "result"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "edict_admission_review_duration_seconds",
			Help:    "Time from the arrival of a review to its answer, by result.",
			Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"result"}),
	}
	if registerer == nil {
		return m, nil
	}
	return m, errors.Join(registerer.Register(m.reviews), registerer.Register(m.duration))
}

func (m *metrics) observe(operation eval.Operation, allowed bool, p *problem, took time.Duration) {
	if operation == "" {
		operation = "unknown"
	}
	result := "denied"
	switch {
	case p != nil && p.status >= http.StatusInternalServerError:
		result = "error"
	case p != nil:
		result = "rejected"
	case allowed:
		result = "allowed"
	}
	m.reviews.WithLabelValues(string(operation), result).Inc()
	m.duration.WithLabelValues(result).Observe(took.Seconds())
}
