package lookup

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/edict-dev/edict/admission/engine/eval"
)

// call is answered by what was given for it, and else by the objects of the cluster.
func (s *Static) call(source eval.Source) (any, error) {
	call := source.Call
	address := cmp.Or(call.URL, call.Path)
	if answer := s.answerTo(call.Method, address); answer != nil {
		if status := cmp.Or(answer.Status, http.StatusOK); status < 200 || status > 299 {
			return nil, statusError(status, answer.Body)
		}
		return answer.Body, nil
	}
	if call.URL != "" || call.Method == http.MethodPost || s.config.Cluster == nil {
		return s.beyond(source, callName(call.Method, address),
			"give its values with --values-file, its answer under apiCallResponses of the suite, or run with --cluster")
	}
	path, err := parsePath(call.Path)
	if err != nil {
		return nil, err
	}
	if source.Policy.Namespace != "" {
		if err := path.within(source.Policy.Namespace); err != nil {
			return nil, err
		}
	}
	if path.resource == "" || len(path.subresource) > 0 {
		return s.beyond(source, callName(call.Method, address),
			"a given cluster has no subresources and nothing beside resources; give the answer under apiCallResponses of the suite, or run with --cluster")
	}
	return s.getOrList(path)
}

// answerTo prefers the answer that was given for the very method.
func (s *Static) answerTo(method, address string) *CallAnswer {
	var found *CallAnswer
	for i := range s.config.Calls {
		switch answer := &s.config.Calls[i]; {
		case answer.URL != address:
		case strings.EqualFold(answer.Method, method):
			return answer
		case found == nil:
			found = answer
		}
	}
	return found
}

func (s *Static) getOrList(path apiPath) (any, error) {
	resource := path.version.WithResource(path.resource)
	if path.name != "" {
		if object := s.find(resource, path.namespace, path.name); object != nil {
			return object, nil
		}
		return nil, fmt.Errorf("GET %s: %s %q is not among the objects of the cluster that were given", path.encode(), path.resource, path.name)
	}
	byLabel, err := labels.Parse(path.query.Get("labelSelector"))
	if err != nil {
		return nil, fmt.Errorf("GET %s: labelSelector: %w", path.encode(), err)
	}
	byField, err := fields.ParseSelector(path.query.Get("fieldSelector"))
	if err != nil {
		return nil, fmt.Errorf("GET %s: fieldSelector: %w", path.encode(), err)
	}
	items := []any{}
	kind := "List"
	for _, object := range s.objects[resource] {
		kind = kindOf(object).Kind + "List"
		if path.namespace != "" && namespaceOf(object) != path.namespace || !byLabel.Matches(labelsOf(object)) || !byField.Matches(fieldsOf(object)) {
			continue
		}
		items = append(items, object)
	}
	return map[string]any{
		"apiVersion": path.version.String(), "kind": kind, "metadata": map[string]any{"resourceVersion": ""}, "items": items,
	}, nil
}

func labelsOf(object eval.Object) labels.Set {
	return (&unstructured.Unstructured{Object: object}).GetLabels()
}

// fieldsOf are the fields of an object by dotted path. A cluster knows a few of each kind, all of them plain values.
type fieldsOf eval.Object

func (f fieldsOf) Has(field string) bool {
	_, found, err := unstructured.NestedFieldNoCopy(f, strings.Split(field, ".")...)
	return found && err == nil
}

func (f fieldsOf) Get(field string) string {
	value, found, err := unstructured.NestedFieldNoCopy(f, strings.Split(field, ".")...)
	if !found || err != nil || value == nil {
		return ""
	}
	return fmt.Sprint(value)
}

// statusError is how an answer that is no success reads, whoever gave it.
func statusError(status int, body any) error {
	encoded, err := json.Marshal(body)
	if err != nil {
		return errors.Join(fmt.Errorf("HTTP %d", status), err)
	}
	return fmt.Errorf("HTTP %d: %s", status, encoded)
}

func callName(method, address string) string {
	return "apiCall " + cmp.Or(method, http.MethodGet) + " " + address
}
