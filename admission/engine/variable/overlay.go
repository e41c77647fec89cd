package variable

import (
	"maps"

	"github.com/edict-dev/edict/admission/engine/jmespath"
)

// overlay lays an object over another.
type overlay struct {
	base jmespath.Lazy
	over map[string]any
}

// Field returns one field, in which both objects are laid together.
func (o *overlay) Field(name string) (any, bool, error) {
	over, given := o.over[name]
	if _, isMap := over.(map[string]any); given && !isMap {
		return over, true, nil
	}
	base, ok, err := o.base.Field(name)
	if err != nil || !given {
		return base, ok, err
	}
	return lay(base, over), true, nil
}

// All returns the whole object.
func (o *overlay) All() (map[string]any, error) {
	base, err := o.base.All()
	if err != nil {
		return nil, err
	}
	return lay(base, o.over).(map[string]any), nil
}

// lay returns what over makes of base. Neither is changed.
func lay(base, over any) any {
	b, isMap := base.(map[string]any)
	o, overIsMap := over.(map[string]any)
	if !isMap || !overIsMap {
		return over
	}
	out := maps.Clone(b)
	for key, v := range o {
		out[key] = lay(out[key], v)
	}
	return out
}
