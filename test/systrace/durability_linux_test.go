package systrace

import "testing"

// step is what a process does to a file, in the order that a tracer sees it.
type step func(d *Durability)

func wrotePage(file string) step {
	return func(d *Durability) { d.wrote(file, metaSize, []byte("…"+Mark(1, 2)+"…")) }
}

func wroteMeta(file string) step {
	return func(d *Durability) { d.wrote(file, metaSize/2, make([]byte, metaSize/2)) }
}

func syncBegins(thread int, file string) step {
	return func(d *Durability) { d.syncBegins(thread, file) }
}

func syncEnds(thread int, succeeded bool) step {
	return func(d *Durability) { d.syncEnds(thread, succeeded) }
}

func synced(file string) step {
	return func(d *Durability) {
		d.syncBegins(1, file)
		d.syncEnds(1, true)
	}
}

func TestDurable(t *testing.T) {
	const a, b = "/data/policies.db", "/data/reports.db"
	for name, c := range map[string]struct {
		steps []step
		want  bool
	}{
		"nothing":                            {nil, false},
		"a transaction":                      {[]step{wrotePage(a), synced(a), wroteMeta(a), synced(a)}, true},
		"and another on the same page":       {[]step{wrotePage(a), synced(a), wroteMeta(a), synced(a), wrotePage(a)}, true},
		"never synced":                       {[]step{wrotePage(a), wroteMeta(a)}, false},
		"never synced, several transactions": {[]step{wrotePage(a), wroteMeta(a), wrotePage(a), wroteMeta(a)}, false},
		"the meta page not synced":           {[]step{wrotePage(a), synced(a), wroteMeta(a)}, false},
		"the pages not synced before it":     {[]step{wrotePage(a), wroteMeta(a), synced(a)}, false},
		"no meta page":                       {[]step{wrotePage(a), synced(a), synced(a)}, false},
		"another file synced":                {[]step{wrotePage(a), synced(b), wroteMeta(a), synced(b)}, false},
		"another file's meta page":           {[]step{wrotePage(a), synced(a), wroteMeta(b), synced(a)}, false},
		"a sync that had begun before":       {[]step{syncBegins(2, a), wrotePage(a), syncEnds(2, true), wroteMeta(a), synced(a)}, false},
		"a sync that has not ended":          {[]step{wrotePage(a), synced(a), wroteMeta(a), syncBegins(2, a)}, false},
		"a sync that failed":                 {[]step{wrotePage(a), synced(a), wroteMeta(a), syncBegins(2, a), syncEnds(2, false)}, false},
	} {
		t.Run(name, func(t *testing.T) {
			d := NewDurability("policies.db", "reports.db")
			for _, step := range c.steps {
				step(d)
			}
			if got := d.Durable(Mark(1, 2)); got != c.want {
				t.Errorf("durable: %v, want %v", got, c.want)
			}
			if d.Durable(Mark(1, 20)) {
				t.Error("a write that never was is durable")
			}
		})
	}
}
