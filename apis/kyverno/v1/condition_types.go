package v1

import (
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// AnyAllConditions holds when one of any holds (if there are some) and all of all hold.
type AnyAllConditions struct {
	// Conditions of which one must hold.
	// +optional
	// +listType=atomic
	Any []Condition `json:"any,omitzero"`
	// Conditions all of which must hold.
	// +optional
	// +listType=atomic
	All []Condition `json:"all,omitzero"`
}

// Condition compares two values.
type Condition struct {
	// The value to look at, any JSON; usually a variable.
	// +optional
	Key *apiextensionsv1.JSON `json:"key,omitempty"`
	// How the two are compared.
	// +optional
	Operator ConditionOperator `json:"operator,omitempty"`
	// The value to compare with, any JSON.
	// +optional
	Value *apiextensionsv1.JSON `json:"value,omitempty"`
	// What is said about the condition when it decides.
	// +optional
	Message string `json:"message,omitempty"`
}

// ConditionOperator is how a condition compares its key with its value.
// +enum
type ConditionOperator string

const (
	Equal               ConditionOperator = "Equal"
	Equals              ConditionOperator = "Equals"
	NotEqual            ConditionOperator = "NotEqual"
	NotEquals           ConditionOperator = "NotEquals"
	AnyIn               ConditionOperator = "AnyIn"
	AllIn               ConditionOperator = "AllIn"
	AnyNotIn            ConditionOperator = "AnyNotIn"
	AllNotIn            ConditionOperator = "AllNotIn"
	GreaterThan         ConditionOperator = "GreaterThan"
	GreaterThanOrEquals ConditionOperator = "GreaterThanOrEquals"
	LessThan            ConditionOperator = "LessThan"
	LessThanOrEquals    ConditionOperator = "LessThanOrEquals"

	// In is the older form of AnyIn and AllIn. The version v2beta1 does not allow it.
	In ConditionOperator = "In"
	// NotIn is the older form of AnyNotIn and AllNotIn. The version v2beta1 does not allow it.
	NotIn ConditionOperator = "NotIn"

	// The older forms of the operators without Duration, which understand durations too.
	DurationGreaterThan         ConditionOperator = "DurationGreaterThan"
	DurationGreaterThanOrEquals ConditionOperator = "DurationGreaterThanOrEquals"
	DurationLessThan            ConditionOperator = "DurationLessThan"
	DurationLessThanOrEquals    ConditionOperator = "DurationLessThanOrEquals"
)
