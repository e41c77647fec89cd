package suite

import (
	"fmt"
	"path"
	"strings"
)

// Selector says which rows are wanted, by patterns with * and ?; an empty one fits all.
type Selector struct {
	policy, rule, resource string
}

// ParseSelector reads a selector such as policy=require-*,rule=*,resource=web.
func ParseSelector(text string) (Selector, error) {
	var s Selector
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		key, pattern, _ := strings.Cut(part, "=")
		if _, err := path.Match(pattern, ""); err != nil || pattern == "" {
			return s, fmt.Errorf("%q: write policy=<name>,rule=<name>,resource=<name>, any of them, with wildcards * and ?", part)
		}
		switch strings.TrimSpace(key) {
		case "policy":
			s.policy = pattern
		case "rule":
			s.rule = pattern
		case "resource":
			s.resource = pattern
		default:
			return s, fmt.Errorf("%q: rows are selected by policy, rule and resource", part)
		}
	}
	return s, nil
}

func (s *Selector) expectation(r *Result) bool {
	return fits(s.policy, r.Policy) && (fits(s.rule, r.Rule) || r.Rule == "")
}

// rows leaves out rows about other rules and resources than those that are wanted.
func (s *Selector) rows(all []Row) []Row {
	if s.rule == "" && s.resource == "" {
		return all
	}
	var wanted []Row
	for _, row := range all {
		rule := strings.TrimPrefix(strings.TrimPrefix(row.Rule, "autogen-"), "cronjob-")
		if (fits(s.rule, row.Rule) || fits(s.rule, rule)) && fits(s.resource, path.Base(row.Resource)) {
			wanted = append(wanted, row)
		}
	}
	return wanted
}

func fits(pattern, name string) bool {
	if pattern == "" {
		return true
	}
	ok, err := path.Match(pattern, name)
	return ok && err == nil
}
