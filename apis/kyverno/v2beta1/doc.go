// Package v2beta1 serves the policy kinds of apis/kyverno/v1 and the exceptions of apis/kyverno/v2 under the version
// v2beta1: the same Go types and therefore the same schema, so that no field is ever lost between versions. What v2beta1
// does not allow, such as the older form of match, is refused by apis/kyverno/validation, not by a narrower type. There
// are no clients for this version: those of v1 and v2 read and write every object.
package v2beta1
