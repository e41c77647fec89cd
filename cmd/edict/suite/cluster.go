package suite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	kjson "k8s.io/apimachinery/pkg/util/json"

	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/admission/engine/jmespath"
	"github.com/edict-dev/edict/admission/lookup"
	"github.com/edict-dev/edict/cmd/edict/manifest"
	"github.com/edict-dev/edict/cmd/edict/offline"
)

// clusterResource is a file with what there is in a cluster.
type clusterResource struct {
	APIVersion string         `json:"apiVersion"`
	Kind       string         `json:"kind"`
	Metadata   map[string]any `json:"metadata"`
	Spec       struct {
		// CRDs are files with CustomResourceDefinitions, named relative to the suite.
		CRDs      []string          `json:"crds"`
		Resources []json.RawMessage `json:"resources"`
	} `json:"spec"`
}

// cluster is what clusterResources say there is.
type cluster struct {
	definitions []*manifest.Document
	objects     []eval.Object
}

func (l *loaded) readCluster(ctx context.Context) cluster {
	var c cluster
	for _, d := range l.read(ctx, "clusterResources", l.ClusterResources) {
		var file clusterResource
		if err := offline.DecodeLenient(d, &file); err != nil {
			l.errs = append(l.errs, err)
			continue
		}
		if file.APIVersion == "" || file.Kind == "" {
			l.errs = append(l.errs, d.At("", errors.New("apiVersion and kind are required; write apiVersion: cli.kyverno.io/v1alpha1 and kind: ClusterResource")))
		}
		c.definitions = append(c.definitions, l.read(ctx, "clusterResources", file.Spec.CRDs)...)
		for i, raw := range file.Spec.Resources {
			var object eval.Object
			if err := kjson.Unmarshal(raw, &object); err != nil {
				l.errs = append(l.errs, d.At(fmt.Sprintf("spec.resources[%d]", i), err))
				continue
			}
			c.objects = append(c.objects, object)
		}
	}
	return c
}

// callAnswers are the answers that the suite gives to calls.
func (l *loaded) callAnswers() []lookup.CallAnswer {
	var answers []lookup.CallAnswer
	for i, given := range l.APICallResponses {
		path := fmt.Sprintf("apiCallResponses[%d]", i)
		fault := func(format string, args ...any) {
			l.fault(path, fmt.Errorf("%s: %s", path, fmt.Sprintf(format, args...)))
		}
		address, method := given.URL+given.URLPath, strings.ToUpper(given.Method)
		switch {
		case (given.URL == "") == (given.URLPath == ""):
			fault("give either url, of a service, or urlPath, of the Kubernetes API")
			continue
		case given.URL != "" && !strings.HasPrefix(given.URL, "http://") && !strings.HasPrefix(given.URL, "https://"):
			fault("url %q is no URL over http or https; a path of the Kubernetes API is a urlPath", given.URL)
		case given.URLPath != "" && !strings.HasPrefix(given.URLPath, "/"):
			fault("urlPath %q does not start with /", given.URLPath)
		case !slices.Contains([]string{"", http.MethodGet, http.MethodPost}, method):
			fault("method %q is neither GET nor POST", given.Method)
		case given.Response.StatusCode != 0 && (given.Response.StatusCode < 100 || given.Response.StatusCode > 599):
			fault("response.statusCode %d is none of HTTP", given.Response.StatusCode)
		}
		var body map[string]any
		if err := kjson.Unmarshal(given.Response.Body, &body); err != nil || body == nil {
			fault("response.body must be an object")
		}
		answers = append(answers, lookup.CallAnswer{Method: method, URL: address, Status: given.Response.StatusCode, Body: body})
	}
	return answers
}

// globals are the data of GlobalContextEntries and of their projections.
func (l *loaded) globals(ctx context.Context, kinds *offline.Kinds) map[string]any {
	out := map[string]any{}
	for i := range l.GlobalContextEntries {
		entry, path := &l.GlobalContextEntries[i], fmt.Sprintf("globalContextEntries[%d]", i)
		if _, twice := out[entry.Name]; twice || entry.Name == "" {
			l.fault(path, fmt.Errorf("%s: the name %q is missing or given twice", path, entry.Name))
			continue
		}
		data, err := l.globalData(ctx, entry, kinds)
		if err == nil && entry.FieldPath != "" {
			data, err = query(entry.FieldPath, data)
		}
		if err != nil {
			l.fault(path, fmt.Errorf("%s: %w", path, err))
			continue
		}
		out[entry.Name] = data
		for j, projection := range entry.Projections {
			value, err := query(projection.Path, data)
			if projection.Name == "" {
				err = errors.New("name the projection")
			}
			if err != nil {
				at := fmt.Sprintf("%s.projections[%d]", path, j)
				l.fault(at, fmt.Errorf("%s: %w", at, err))
				continue
			}
			out[entry.Name+"."+projection.Name] = value
		}
	}
	return out
}

func (l *loaded) globalData(ctx context.Context, entry *GlobalEntry, kinds *offline.Kinds) (any, error) {
	given := 0
	for _, is := range []bool{len(entry.Data) > 0, entry.Resources != nil, len(entry.ResourceFiles) > 0} {
		if is {
			given++
		}
	}
	if given != 1 {
		return nil, errors.New("give exactly one of data, resources and resourceFiles")
	}
	if len(entry.Data) > 0 {
		var data any
		err := kjson.Unmarshal(entry.Data, &data)
		return data, err
	}
	list := []any{}
	for _, raw := range entry.Resources {
		var object map[string]any
		if err := kjson.Unmarshal(raw, &object); err != nil {
			return nil, fmt.Errorf("resources: %w", err)
		}
		list = append(list, object)
	}
	for _, object := range objects(l.read(ctx, "globalContextEntries", entry.ResourceFiles), kinds) {
		list = append(list, object)
	}
	return list, nil
}

// query evaluates an expression that a suite gives over data that it gives.
func query(text string, data any) (any, error) {
	expression, err := jmespath.Compile(text)
	if err != nil {
		return nil, err
	}
	return expression.Evaluate(data, &jmespath.Environment{Budget: jmespath.NewBudget(maxQueryBytes, maxQuerySteps)})
}

const (
	maxQueryBytes = 64 << 20
	maxQuerySteps = 10_000_000
)
