package jmespath

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math"
	"strconv"

	"go.yaml.in/yaml/v2"
	"k8s.io/apimachinery/pkg/util/json"
)

var encodeFunctions = []Function{
	{
		Name:      "base64_encode",
		Arguments: []Argument{arg("text", String)},
		Returns:   String,
		Doc:       "Encodes a string as Base64, with padding.",
		Examples:  []Example{{Expression: "base64_encode('edict')", Result: `"ZWRpY3Q="`}},
		call: func(_ *Environment, args []any) (any, error) {
			return base64.StdEncoding.EncodeToString([]byte(args[0].(string))), nil
		},
	},
	{
		Name:      "base64_decode",
		Arguments: []Argument{arg("text", String)},
		Returns:   String,
		Doc:       "Decodes Base64 with padding; line breaks in it do not count, anything else is an error.",
		Examples:  []Example{{Expression: "base64_decode('ZWRpY3Q=')", Result: `"edict"`}},
		call: func(_ *Environment, args []any) (any, error) {
			decoded, err := base64.StdEncoding.DecodeString(args[0].(string))
			if err != nil {
				return nil, err
			}
			return string(decoded), nil
		},
	},
	{
		Name:      "sha256",
		Arguments: []Argument{arg("text", String)},
		Returns:   String,
		Doc:       "Returns the SHA-256 of a string in hexadecimal digits.",
		Examples: []Example{{
			Expression: "sha256('edict')", Result: `"3da0dae9a5398df087ee4f782e789cf866d9cc6692486b2bb2cebbe76a4fe8d4"`,
		}},
		call: func(_ *Environment, args []any) (any, error) {
			sum := sha256.Sum256([]byte(args[0].(string)))
			return hex.EncodeToString(sum[:]), nil
		},
	},
	{
		Name:      "sha1",
		Arguments: []Argument{arg("text", String)},
		Returns:   String,
		Doc:       "Returns the SHA-1 of a string in hexadecimal digits. It is no protection against forgery.",
		Examples:  []Example{{Expression: "sha1('edict')", Result: `"bb139a7c1bc2d73f93f86caa54d7a5452190844d"`}},
		call: func(_ *Environment, args []any) (any, error) {
			sum := sha1.Sum([]byte(args[0].(string)))
			return hex.EncodeToString(sum[:]), nil
		},
	},
	{
		Name:      "md5",
		Arguments: []Argument{arg("text", String)},
		Returns:   String,
		Doc:       "Returns the MD5 of a string in hexadecimal digits. It is no protection against forgery.",
		Examples:  []Example{{Expression: "md5('edict')", Result: `"bce6d8f37b1f7c30ce37b0f627f2b9c9"`}},
		call: func(_ *Environment, args []any) (any, error) {
			sum := md5.Sum([]byte(args[0].(string)))
			return hex.EncodeToString(sum[:]), nil
		},
	},
	{
		Name:      "parse_json",
		Arguments: []Argument{arg("text", String)},
		Returns:   Any,
		Doc:       "Reads a string as JSON.",
		Examples:  []Example{{Expression: "parse_json('{\"replicas\": [1, 2.5]}')", Result: `{"replicas":[1,2.5]}`}},
		call: func(_ *Environment, args []any) (any, error) {
			var value any
			if err := json.Unmarshal([]byte(args[0].(string)), &value); err != nil {
				return nil, err
			}
			return value, nil
		},
	},
	{
		Name:      "parse_yaml",
		Arguments: []Argument{arg("text", String)},
		Returns:   Any,
		Doc:       "Reads the first document of a string as YAML; what JSON cannot hold is an error.",
		Examples: []Example{
			{Expression: "parse_yaml(@)", Data: `"a: 1\nb: [yes, ~]\n"`, Result: `{"a":1,"b":[true,null]}`},
		},
		call: func(env *Environment, args []any) (any, error) {
			var document any
			if err := yaml.Unmarshal([]byte(args[0].(string)), &document); err != nil {
				return nil, err
			}
			return fromYAML(env.Budget, document)
		},
	},
	{
		Name:      "x509_decode",
		Arguments: []Argument{arg("pem", String)},
		Returns:   Object,
		Doc: "Returns the fields of the first certificate or certificate request in PEM, named as in Go's crypto/x509, with " +
			"the modulus of the public key as a string of digits; a key that is not RSA is an error.",
		Examples: []Example{{
			Expression: "x509_decode(@).[Subject.CommonName, NotAfter, PublicKey.E]",
			Data:       strconv.Quote(exampleCertificate),
			Result:     `["example.com","2036-11-22T03:17:12Z",65537]`,
		}},
		call: func(_ *Environment, args []any) (any, error) { return decodeX509(args[0].(string)) },
	},
}

// fromYAML turns what the YAML reader makes into decoded JSON. Aliases share what they stand for, so that the budget
// bounds what they grow to.
func fromYAML(b *Budget, v any) (any, error) {
	if err := b.Bytes(entrySize); err != nil {
		return nil, err
	}
	switch v := v.(type) {
	case nil, bool, string, int64:
		return v, nil
	case int:
		return int64(v), nil
	case uint64:
		return float64(v), nil
	case float64:
		if math.IsInf(v, 0) || math.IsNaN(v) {
			return nil, fmt.Errorf("json: unsupported value: %v", v)
		}
		return number(v), nil
	case []any:
		list := make([]any, len(v))
		for i := range v {
			item, err := fromYAML(b, v[i])
			if err != nil {
				return nil, err
			}
			list[i] = item
		}
		return list, nil
	case map[any]any:
		object := make(map[string]any, len(v))
		for k := range v {
			name, err := keyOf(k)
			if err != nil {
				return nil, err
			}
			if _, ok := object[name]; ok {
				return nil, fmt.Errorf("yaml: key %q is there twice", name)
			}
			if object[name], err = fromYAML(b, v[k]); err != nil {
				return nil, err
			}
		}
		return object, nil
	}
	return nil, fmt.Errorf("yaml: %T has no JSON", v)
}

// keyOf is a key of a YAML mapping as JSON has it.
func keyOf(key any) (string, error) {
	switch key := key.(type) {
	case string:
		return key, nil
	case bool:
		return strconv.FormatBool(key), nil
	case int:
		return strconv.Itoa(key), nil
	case float64:
		switch {
		case math.IsInf(key, 1):
			return ".inf", nil
		case math.IsInf(key, -1):
			return "-.inf", nil
		case math.IsNaN(key):
			return ".nan", nil
		}
		return strconv.FormatFloat(key, 'g', -1, 32), nil
	}
	return "", fmt.Errorf("unsupported map key of type: %T, key: %v", key, key)
}
