package output

import (
	"encoding/json"
	"errors"
	"io"
	"path/filepath"

	"k8s.io/component-base/version"

	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/cmd/edict/manifest"
	"github.com/edict-dev/edict/cmd/edict/offline"
)

// The parts of SARIF 2.1.0 that code hosts show beside the lines of a change.
type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool    sarifTool     `json:"tool"`
	Results []sarifResult `json:"results"`
}

type sarifTool struct {
	Driver sarifDriver `json:"driver"`
}

type sarifDriver struct {
	Name    string      `json:"name"`
	Version string      `json:"version"`
	Rules   []sarifRule `json:"rules"`
}

type sarifRule struct {
	ID          string    `json:"id"`
	Description sarifText `json:"shortDescription"`
}

type sarifText struct {
	Text string `json:"text"`
}

type sarifResult struct {
	RuleID    string          `json:"ruleId"`
	Level     string          `json:"level"`
	Message   sarifText       `json:"message"`
	Locations []sarifLocation `json:"locations,omitempty"`
}

type sarifLocation struct {
	Physical *sarifPhysical `json:"physicalLocation,omitempty"`
	Logical  []sarifLogical `json:"logicalLocations,omitempty"`
}

type sarifPhysical struct {
	Artifact sarifArtifact `json:"artifactLocation"`
	Region   *sarifRegion  `json:"region,omitempty"`
}

type sarifArtifact struct {
	URI string `json:"uri"`
}

type sarifRegion struct {
	StartLine   int `json:"startLine"`
	StartColumn int `json:"startColumn,omitempty"`
}

type sarifLogical struct {
	FullyQualifiedName string `json:"fullyQualifiedName"`
}

// What SARIF calls the rules that are not a policy's.
const (
	invalidPolicyRule = "invalid-policy"
	unreadableRule    = "unreadable-file"
)

// SARIF writes failures, warnings and errors, each at the line where its resource starts, or where the policy is wrong.
func (r *Run) SARIF(w io.Writer) error {
	run := sarifRun{
		Tool:    sarifTool{Driver: sarifDriver{Name: "edict", Version: version.Get().GitVersion, Rules: []sarifRule{}}},
		Results: []sarifResult{},
	}
	known := map[string]bool{}
	add := func(id, level, message string, location *sarifLocation) {
		if !known[id] {
			known[id] = true
			run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRule{ID: id, Description: sarifText{Text: id}})
		}
		result := sarifResult{RuleID: id, Level: level, Message: sarifText{Text: message}}
		if location != nil {
			result.Locations = []sarifLocation{*location}
		}
		run.Results = append(run.Results, result)
	}
	for i := range r.Judgements {
		j := &r.Judgements[i]
		level := map[eval.Result]string{eval.Fail: "error", eval.Error: "error", eval.Warn: "warning"}[r.Result(j)]
		if level != "" {
			add(j.Decision.Policy.String()+"/"+j.Rule, level, j.Message, locationOf(j.Resource))
		}
	}
	for _, invalid := range r.Invalid {
		for _, err := range invalid.Errors {
			add(invalidPolicyRule, "error", err.Error(), placeOf(err))
		}
	}
	for _, err := range r.Unread {
		add(unreadableRule, "error", err.Error(), placeOf(err))
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(sarifLog{
		Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run},
	})
}

func locationOf(resource *offline.Resource) *sarifLocation {
	location := &sarifLocation{Logical: []sarifLogical{{FullyQualifiedName: resource.String()}}}
	if d := resource.Document; d != nil {
		location.Physical = physical(d.File, d.Line, 0)
	}
	return location
}

func placeOf(err error) *sarifLocation {
	var at *manifest.Error
	if !errors.As(err, &at) {
		return nil
	}
	return &sarifLocation{Physical: physical(at.File, at.Line, at.Column)}
}

func physical(file string, line, column int) *sarifPhysical {
	p := &sarifPhysical{Artifact: sarifArtifact{URI: filepath.ToSlash(file)}}
	if line > 0 {
		p.Region = &sarifRegion{StartLine: line, StartColumn: column}
	}
	return p
}
