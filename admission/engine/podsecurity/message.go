package podsecurity

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/edict-dev/edict/admission/engine/imageref"
)

// maxListed bounds how many violations of one check a message lists.
const maxListed = 100

// explain is the message for a Pod that fails.
func (c *Check) explain(failures []failure, p *pod) string {
	b := &strings.Builder{}
	fmt.Fprintf(b, `Validation rule '%s' failed. It violates PodSecurity "%s:%s": `, c.rule, c.level, c.version)
	for _, f := range failures {
		fmt.Fprintf(b, "(Forbidden reason: %s, field error list: [", f.reason)
		for i := range f.violations {
			if i > 0 {
				b.WriteString(", ")
			}
			if i == maxListed {
				fmt.Fprintf(b, "and %d more", len(f.violations)-i)
				break
			}
			f.violations[i].write(b, p.at)
		}
		b.WriteString("])")
	}
	return b.String()
}

// reported is a check that fails, as a report lists it.
type reported struct {
	ID     string
	Name   string
	Images []string
}

func (c *Check) properties(failures []failure) map[string]string {
	ids := make([]string, len(failures))
	list := make([]reported, len(failures))
	for i, f := range failures {
		ids[i] = string(f.check.id)
		list[i] = reported{ID: ids[i], Name: f.check.control, Images: f.images()}
	}
	// Strings always marshal.
	text, _ := json.Marshal(list)
	return map[string]string{
		"standard":     c.level,
		"version":      c.version,
		"controls":     strings.Join(ids, ","),
		"controlsJSON": string(text),
	}
}

// images are those of the containers that fail for the first of the causes there are; a container whose image is none
// stands by its name.
func (f *failure) images() []string {
	if f.check.anonymous {
		return nil
	}
	var images []string
	var last violation
	for i, v := range f.violations {
		if i == maxListed || v.cause != f.violations[0].cause {
			break
		}
		if !v.ofContainer() || v.container.Container == last.container.Container {
			continue
		}
		last = v
		images = append(images, imageOf(v.container))
	}
	return images
}

func imageOf(c container) string {
	image, err := imageref.Parse(c.Image)
	if err != nil {
		return c.Name
	}
	return image.Reference()
}
