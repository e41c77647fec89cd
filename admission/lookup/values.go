package lookup

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/edict-dev/edict/admission/engine/eval"
)

// Values stand for variables. Their keys are dotted paths, of which a step that holds a dot is quoted:
// request.object.metadata.labels."app.kubernetes.io/name".
type Values struct {
	// Global are those of every policy and resource.
	Global map[string]any
	// Policies are those of the policy of that name, whatever its namespace.
	Policies map[string]PolicyValues
	// Set are those that were given one by one; they go before Global and those of resources.
	Set map[string]any
}

// PolicyValues are the values of one policy.
type PolicyValues struct {
	// Resources are the values of the resources of that name, whatever their kind and namespace.
	Resources map[string]map[string]any
	// Rules are those of the rule of that name and of what autogen derives from it. They go before all others.
	Rules map[string]map[string]any
}

// What autogen puts before the name of a rule.
var autogenPrefixes = []string{"autogen-cronjob-", "autogen-"}

// values are Values with the paths taken apart.
type values struct {
	global, set entries
	resources   map[[2]string]entries // by policy and resource
	rules       map[[2]string]entries // by policy and rule
}

func newValues(given *Values) (*values, error) {
	v := &values{resources: map[[2]string]entries{}, rules: map[[2]string]entries{}}
	var err error
	if v.global, err = newEntries(given.Global, "globalValues"); err != nil {
		return nil, err
	}
	if v.set, err = newEntries(given.Set, "--set"); err != nil {
		return nil, err
	}
	for name, policy := range given.Policies {
		for resource, values := range policy.Resources {
			if v.resources[[2]string{name, resource}], err = newEntries(values, fmt.Sprintf("values of policy %s, resource %s", name, resource)); err != nil {
				return nil, err
			}
		}
		for rule, values := range policy.Rules {
			if v.rules[[2]string{name, rule}], err = newEntries(values, fmt.Sprintf("values of policy %s, rule %s", name, rule)); err != nil {
				return nil, err
			}
		}
	}
	return v, nil
}

// of merges the values that a rule is evaluated with; what is more particular comes later and wins. It returns nil where
// there are none.
func (v *values) of(policy eval.PolicyRef, rule, resource string) eval.Object {
	var merged eval.Object
	for _, e := range []entries{
		v.global, v.resources[[2]string{policy.Name, resource}], v.set, v.ofRule(policy, rule),
	} {
		if len(e) > 0 && merged == nil {
			merged = eval.Object{}
		}
		e.mergeInto(merged)
	}
	return merged
}

func (v *values) ofRule(policy eval.PolicyRef, rule string) entries {
	if e, ok := v.rules[[2]string{policy.Name, rule}]; ok {
		return e
	}
	for _, prefix := range autogenPrefixes {
		if author, derived := strings.CutPrefix(rule, prefix); derived {
			if e, ok := v.rules[[2]string{policy.Name, author}]; ok {
				return e
			}
		}
	}
	return nil
}

// entries are values by path, the shorter paths first, so that a.b is laid over a and not lost in it.
type entries []entry

type entry struct {
	path  []string
	value any
}

func newEntries(given map[string]any, where string) (entries, error) {
	var e entries
	for _, key := range slices.Sorted(maps.Keys(given)) {
		path, err := splitKey(key)
		if err != nil {
			return nil, fmt.Errorf("%s: key %q: %w", where, key, err)
		}
		e = append(e, entry{path, given[key]})
	}
	slices.SortStableFunc(e, func(a, b entry) int { return cmp.Compare(len(a.path), len(b.path)) })
	return e, nil
}

func splitKey(key string) ([]string, error) {
	reader := csv.NewReader(strings.NewReader(key))
	reader.Comma = '.'
	path, err := reader.Read()
	if err != nil {
		return nil, fmt.Errorf("not a dotted path (a step that holds a dot is quoted, as in labels.\"example.com/team\"): %w", err)
	}
	if slices.Contains(path, "") {
		return nil, fmt.Errorf("not a dotted path: one of its steps is empty")
	}
	return path, nil
}

func (e entries) mergeInto(target eval.Object) {
	for _, entry := range e {
		value := entry.value
		for i := len(entry.path) - 1; i > 0; i-- {
			value = map[string]any{entry.path[i]: value}
		}
		merge(target, entry.path[0], value)
	}
}

// merge lays a value over what is there: map over map by keys, all else as a whole. Maps that were given are shared, so
// they are never written to.
func merge(target map[string]any, key string, value any) {
	over, isMap := value.(map[string]any)
	if !isMap {
		target[key] = value
		return
	}
	under, _ := target[key].(map[string]any)
	merged := make(map[string]any, len(under)+len(over))
	maps.Copy(merged, under)
	for k, v := range over {
		merge(merged, k, v)
	}
	target[key] = merged
}
