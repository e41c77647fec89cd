package wgpolicyk8s

import (
	"github.com/edict-dev/edict/apis/wgpolicyk8s/v1alpha2"
	"github.com/edict-dev/edict/registry/table"
)

func columns(resource Resource) table.Columns[Object] {
	count := func(name, description string, of func(v1alpha2.PolicyReportSummary) int32) table.Column[Object] {
		return table.Column[Object]{
			Name: name, Type: table.Integer, Description: description,
			Value: func(object Object) any { return int64(of(resource.Report(object).Summary)) },
		}
	}
	return table.Columns[Object]{
		{Name: "Kind", Type: table.String, Description: "The kind of the resource that the report is about.",
			Value: func(object Object) any {
				if scope := resource.Report(object).Scope; scope != nil {
					return scope.Kind
				}
				return ""
			}},
		{Name: "Name", Type: table.String, Description: "The name of the resource that the report is about.",
			Value: func(object Object) any {
				if scope := resource.Report(object).Scope; scope != nil {
					return scope.Name
				}
				return ""
			}},
		count("Pass", "How many rules are met.", func(s v1alpha2.PolicyReportSummary) int32 { return s.Pass }),
		count("Fail", "How many rules are not met.", func(s v1alpha2.PolicyReportSummary) int32 { return s.Fail }),
		count("Warn", "How many rules are not met and do not count.", func(s v1alpha2.PolicyReportSummary) int32 { return s.Warn }),
		count("Error", "How many rules could not be evaluated.", func(s v1alpha2.PolicyReportSummary) int32 { return s.Error }),
		count("Skip", "How many rules did not apply.", func(s v1alpha2.PolicyReportSummary) int32 { return s.Skip }),
		table.Age[Object](),
	}
}
