package engine

import (
	"encoding/base64"
	"strings"

	"github.com/edict-dev/edict/admission/engine/eval"
)

// minWithheld is the length from which a value is looked for: shorter ones are part of any text.
const minWithheld = 4

// withhold takes what a Secret holds out of the words of an error (U19): functions quote what they cannot work with, as it
// is or decoded, and errors are shown in reports to those who may not read the Secret.
func withhold(message string, req *eval.Request) string {
	for _, object := range []eval.Object{req.Object, req.OldObject} {
		for _, field := range []string{"data", "stringData"} {
			values, _ := object[field].(map[string]any)
			for _, value := range values {
				text, ok := value.(string)
				if !ok {
					continue
				}
				message = without(message, text)
				if decoded, err := base64.StdEncoding.DecodeString(text); err == nil {
					message = without(message, string(decoded))
				}
			}
		}
	}
	return message
}

func without(message, value string) string {
	if len(value) < minWithheld {
		return message
	}
	return strings.ReplaceAll(message, value, "…")
}
