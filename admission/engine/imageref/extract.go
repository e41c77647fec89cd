package imageref

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/edict-dev/edict/admission/engine/eval"
	v1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

// every is the step of a path that stands for all elements of a list or map.
const every = "*"

// defaultGroup is the group of the images of an extractor that names none.
const defaultGroup = "custom"

// extractor is one place where objects of a kind name images.
type extractor struct {
	group string
	// path leads to the objects that hold an image.
	path []string
	// key is the field of such an object by which the image is known; where it is empty, the pointer is used.
	key string
	// value leads on to the reference: one field, or more for what Kubernetes defines.
	value []string
	// convert makes a reference of the value where it is not one by itself.
	convert Query
}

// Query evaluates a compiled expression on the text that an object holds in place of an image.
type Query func(text any) (any, error)

// standard are the extractors of what holds Pods, by kind.
var standard = func() map[string][]extractor {
	pod := podExtractors("spec")
	template := podExtractors("spec", "template", "spec")
	return map[string][]extractor{
		"Pod":                   pod,
		"DaemonSet":             template,
		"Deployment":            template,
		"Job":                   template,
		"ReplicaSet":            template,
		"ReplicationController": template,
		"StatefulSet":           template,
		"CronJob":               podExtractors("spec", "jobTemplate", "spec", "template", "spec"),
	}
}()

// podExtractors lists all places where the spec of a Pod names images.
func podExtractors(spec ...string) []extractor {
	extractors := make([]extractor, 0, 4)
	for _, list := range []string{"initContainers", "containers", "ephemeralContainers"} {
		extractors = append(extractors, extractor{
			group: list, path: slices.Concat(spec, []string{list, every}), key: "name", value: []string{"image"},
		})
	}
	return append(extractors, extractor{
		group: "volumes", path: slices.Concat(spec, []string{"volumes", every}), key: "name",
		value: []string{"image", "reference"},
	})
}

// Extractors are the places that a rule names. They take the place of the usual ones for their kinds. A nil one names
// none.
type Extractors struct {
	byKind map[string][]extractor
}

// CompileExtractors compiles the imageExtractors of a rule. The expressions in them are compiled by the function that is
// handed in.
func CompileExtractors(configs map[string]v1.ImageExtractorList, compile func(expression string) (Query, error),
	path *field.Path) (*Extractors, field.ErrorList) {
	var errs field.ErrorList
	e := &Extractors{byKind: map[string][]extractor{}}
	for _, kind := range slices.Sorted(maps.Keys(configs)) {
		if len(configs[kind]) == 0 {
			errs = append(errs, field.Required(path.Key(kind), "say where objects of this kind name images"))
		}
		for i, config := range configs[kind] {
			x, err := newExtractor(config, compile, path.Key(kind).Index(i))
			if err != nil {
				errs = append(errs, err)
				continue
			}
			e.byKind[kind] = append(e.byKind[kind], x)
		}
	}
	return e, errs
}

// newExtractor compiles one extractor.
func newExtractor(config v1.ImageExtractor, compile func(string) (Query, error), path *field.Path) (extractor, *field.Error) {
	x := extractor{group: config.Name, key: config.Key}
	if x.group == "" {
		x.group = defaultGroup
	}
	for step := range strings.SplitSeq(config.Path, "/") {
		if step = strings.Trim(step, " "); step != "" {
			x.path = append(x.path, step)
		}
	}
	if config.Value != "" {
		x.value = []string{config.Value}
	} else {
		if len(x.path) == 0 {
			return x, field.Required(path.Child("path"), "the path to the images, with / between its steps")
		}
		last := len(x.path) - 1
		if x.path[last] == every {
			return x, field.Invalid(path.Child("path"), config.Path, "must end with the field that holds the image; "+
				"lists and maps of plain text are not searched")
		}
		x.path, x.value = x.path[:last], x.path[last:]
	}
	if config.JMESPath != "" {
		query, err := compile(config.JMESPath)
		if err != nil {
			return x, field.Invalid(path.Child("jmesPath"), config.JMESPath, err.Error())
		}
		x.convert = query
	}
	return x, nil
}

// Extract finds the images of an object and returns the value of the variable images: by group, and in it by name. It
// is nil where there is none. One image that cannot be read is an error for all, for a rule must not pass because an
// image was not seen.
func Extract(object eval.Object, kind schema.GroupVersionKind, extractors *Extractors) (map[string]any, error) {
	places := standard[kind.Kind]
	if extractors != nil {
		if own, ok := extractors.byKind[kind.Kind]; ok {
			places = own
		}
	}
	var found map[string]any
	for i := range places {
		c := collector{extractor: &places[i]}
		if err := c.walk(object, 0); err != nil {
			return nil, err
		}
		for _, image := range c.images {
			if found == nil {
				found = map[string]any{}
			}
			add(found, places[i].group, image)
		}
	}
	return found, nil
}

// namedImage is an image and the name by which its group knows it.
type namedImage struct {
	name  string
	image Image
}

// add puts an image in its group. Where its name is taken the former one moves to its pointer: a second container of the
// same name must not hide the first.
func add(found map[string]any, group string, n namedImage) {
	images, ok := found[group].(map[string]any)
	if !ok {
		images = map[string]any{}
		found[group] = images
	}
	if former, taken := images[n.name].(map[string]any); taken {
		if pointer, ok := former["jsonPointer"].(string); ok {
			images[pointer] = former
		}
	}
	images[n.name] = n.image.variable()
}

// collector follows the path of one extractor through an object.
type collector struct {
	*extractor
	// at is the way to where the collector is.
	at     []string
	images []namedImage
}

// walk goes on from a value, having gone the given number of steps of the path.
func (c *collector) walk(value any, step int) error {
	if value == nil {
		return nil
	}
	if c.everyAt(step) {
		return c.walkAll(value, step)
	}
	object, ok := value.(map[string]any)
	if !ok {
		return fmt.Errorf("no images can be found at %s: it must be an object", c.pointer())
	}
	if step == len(c.path) {
		return c.take(object)
	}
	return c.down(c.path[step], object[c.path[step]], step+1)
}

// everyAt tells whether a step of the path stands for all elements.
func (c *collector) everyAt(step int) bool {
	return step < len(c.path) && c.path[step] == every
}

// walkAll goes on from every element of a list or map.
func (c *collector) walkAll(value any, step int) error {
	switch value := value.(type) {
	case []any:
		for i, element := range value {
			if _, ok := element.(map[string]any); !ok && !c.everyAt(step+1) {
				continue // What is no object holds no image, and Kubernetes takes no such container.
			}
			if err := c.down(strconv.Itoa(i), element, step+1); err != nil {
				return err
			}
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(value)) {
			if err := c.down(key, value[key], step+1); err != nil {
				return err
			}
		}
	default:
		return fmt.Errorf("no images can be found at %s: it must be a list or an object", c.pointer())
	}
	return nil
}

// down walks a value that is found under a name.
func (c *collector) down(name string, value any, step int) error {
	c.at = append(c.at, name)
	defer func() { c.at = c.at[:len(c.at)-1] }()
	return c.walk(value, step)
}

// take reads the image of an object that holds one. An object without an image is passed over: Pods may leave it to
// somebody else.
func (c *collector) take(object map[string]any) error {
	pointer := c.pointer(c.value...)
	name := pointer
	if c.key != "" {
		var ok bool
		if name, ok = object[c.key].(string); !ok {
			return fmt.Errorf("the image at %s has no name: %s must be a string", pointer, c.pointer(c.key))
		}
	}
	text, ok := c.read(object)
	if !ok {
		return nil
	}
	image, err := c.parse(text)
	if err != nil {
		return fmt.Errorf("at %s: %w", pointer, err)
	}
	image.Pointer = pointer
	c.images = append(c.images, namedImage{name, image})
	return nil
}

// read follows the fields that lead to the reference, and tells whether there is one.
func (c *collector) read(object map[string]any) (string, bool) {
	var value any = object
	for _, name := range c.value {
		fields, _ := value.(map[string]any)
		value = fields[name]
	}
	text, ok := value.(string)
	return text, ok && strings.TrimSpace(text) != ""
}

// parse reads what stands in place of an image.
func (c *collector) parse(text string) (Image, error) {
	if c.convert != nil {
		value, err := c.convert(text)
		if err != nil {
			return Image{}, fmt.Errorf("jmesPath of the image extractor: %w", err)
		}
		converted, ok := value.(string)
		if !ok {
			return Image{}, fmt.Errorf("jmesPath of the image extractor must yield a string, but yields %T", value)
		}
		text = converted
	}
	return Parse(text)
}

// escape writes the name of a field as JSON pointers have it.
var escape = strings.NewReplacer("~", "~0", "/", "~1")

// pointer is the JSON pointer to where the collector is, or to what lies further on.
func (c *collector) pointer(more ...string) string {
	var b strings.Builder
	for _, steps := range [2][]string{c.at, more} {
		for _, step := range steps {
			b.WriteByte('/')
			b.WriteString(escape.Replace(step))
		}
	}
	return b.String()
}
