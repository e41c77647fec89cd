package v1

import (
	"bytes"
	"errors"
	"fmt"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/json"
)

// DecodeConditions reads a field that holds conditions as any JSON, such as preconditions or deny.conditions. It holds an
// object with any and all, or the older form, a list, which is returned as all. Fields that conditions do not have are
// an error: a misspelt one would otherwise change what the policy means. A nil field holds no conditions.
func DecodeConditions(raw *apiextensionsv1.JSON) (conditions AnyAllConditions, older bool, err error) {
	if raw == nil || len(raw.Raw) == 0 {
		return AnyAllConditions{}, false, nil
	}
	older = bytes.HasPrefix(bytes.TrimLeft(raw.Raw, " \t\r\n"), []byte("["))
	var target any = &conditions
	if older {
		target = &conditions.All
	}
	unknown, err := json.UnmarshalStrict(raw.Raw, target)
	if err == nil {
		err = errors.Join(unknown...)
	}
	if err != nil {
		return AnyAllConditions{}, older, fmt.Errorf("decoding conditions: %w", err)
	}
	return conditions, older, nil
}
