package jmespath

import "github.com/edict-dev/edict/admission/engine/imageref"

var imageFunctions = []Function{{
	Name:      "image_normalize",
	Arguments: []Argument{arg("image", String)},
	Returns:   String,
	Doc: "Writes a reference to an image in full: with docker.io where no registry is named, and latest where no tag or " +
		"digest is; with a digest the tag falls away.",
	Examples: []Example{
		{Expression: "image_normalize('nginx')", Result: `"docker.io/nginx:latest"`},
		{Expression: "image_normalize('ghcr.io/a/b:v1')", Result: `"ghcr.io/a/b:v1"`},
	},
	call: func(_ *Environment, args []any) (any, error) {
		image, err := imageref.Parse(args[0].(string))
		if err != nil {
			return nil, fault("image_normalize", "%w", err)
		}
		return image.Reference(), nil
	},
}}
