package main

// filter is one entry of match or exclude.
func (g *generator) filter(users bool) map[string]any {
	r := map[string]any{"kinds": []any{pick(g, "ConfigMap", "v1/ConfigMap", "*/ConfigMap", "Config*", "Secret", "*/v1/ConfigMap", "apps/v1/ConfigMap", "ConfigMap/status", "ConfigMa?", "*", "*/*", "*/*/ConfigMap", "v2/ConfigMap", "Namespace", "ClusterRole", "rbac*/*/ClusterRole", "/v1/ConfigMap", "configmap", "v*/ConfigMap", "core/v1/ConfigMap")}}
	if g.often(2) {
		r["kinds"] = append(r["kinds"].([]any), pick(g, "Secret", "ConfigMap", "ClusterRole"))
	}
	for _, part := range []struct {
		name  string
		value any
	}{
		{"names", []any{pick(g, "c*", "*", "x", "c?", "c1*")}},
		{"name", pick(g, "c*", "x", "*", "?")},
		{"namespaces", []any{pick(g, "ns*", "*", "x", "ns?", "ns1*", ""), pick(g, "y", "ns2*")}},
		{"annotations", map[string]any{pick(g, "note", "n*", "a/b", "a/*", "*"): pick(g, "x", "*", "?*", "tr*", "")}},
		{"selector", map[string]any{"matchLabels": map[string]any{pick(g, "app", "a*", "env", "*"): pick(g, "web", "*", "w?b", "?*", "")}}},
		{"selector", map[string]any{"matchExpressions": []any{g.requirement()}}},
		{"namespaceSelector", map[string]any{"matchExpressions": []any{g.requirement()}}},
		{"operations", []any{pick(g, "CREATE", "UPDATE", "DELETE"), pick(g, "CREATE", "CONNECT")}},
	} {
		if g.often(1) && (part.name != "name" || r["names"] == nil) {
			r[part.name] = part.value
		}
	}
	out := map[string]any{"resources": r}
	if users && g.often(2) {
		switch g.IntN(3) {
		case 0:
			out["subjects"] = []any{map[string]any{"kind": pick(g, "User", "Group"), "name": pick(g, "a", "*")}}
		case 1:
			out["roles"] = []any{pick(g, "a:b", "*:*")}
		default:
			out["clusterRoles"] = []any{pick(g, "cluster-admin", "*")}
		}
	}
	return out
}

func (g *generator) requirement() map[string]any {
	r := map[string]any{"key": pick(g, "app", "env"), "operator": pick(g, "Exists", "DoesNotExist", "In", "NotIn")}
	if r["operator"] == "In" || r["operator"] == "NotIn" {
		r["values"] = []any{pick(g, "web", "a", "prod"), "b"}
	}
	return r
}

func (g *generator) block() map[string]any {
	users := g.often(3)
	switch g.IntN(4) {
	case 0:
		return g.filter(users)
	case 1:
		return map[string]any{"all": []any{g.filter(users), g.filter(users)}}
	}
	return map[string]any{"any": []any{g.filter(users), g.filter(users)}}
}

// matchCase has a rule that always passes on what it concerns.
func (g *generator) matchCase() (rule, object map[string]any) {
	object = g.object()
	switch g.IntN(10) {
	case 0:
		object["kind"] = "Namespace"
		delete(object, "data")
	case 1:
		object["kind"], object["apiVersion"] = "ClusterRole", "rbac.authorization.k8s.io/v1"
		delete(object, "data")
	}
	rule = map[string]any{"match": g.block(), "validate": map[string]any{"pattern": map[string]any{"metadata": map[string]any{"name": "*"}}}}
	if g.often(6) {
		rule["exclude"] = g.block()
	}
	return rule, object
}
