package scan

import (
	"slices"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/cache"
)

func packed(t *testing.T, name string, uid types.UID, resourceVersion string) *object {
	t.Helper()
	pod := newPod("team", name, nil)
	pod.SetUID(uid)
	pod.SetResourceVersion(resourceVersion)
	o, err := pack(pod)
	if err != nil {
		t.Fatal(err)
	}
	return o.(*object)
}

// What an informer that was cut off tells when it is back: several changes as one, and what was deleted unseen.
func TestWatchTellsWhatHappenedMeanwhile(t *testing.T) {
	w := newWorld(t)
	w.config.Settle = time.Nanosecond
	l := newLoop(w.config, nil)
	defer l.queue.ShutDown()
	events := (&watch{resource: resource{name: pods}}).events(l)

	events.OnUpdate(packed(t, "same", "u0", "1"), packed(t, "same", "u0", "1"))
	events.OnUpdate(packed(t, "replaced", "u1", "1"), packed(t, "replaced", "u2", "9"))
	events.OnDelete(cache.DeletedFinalStateUnknown{Key: "team/gone", Obj: packed(t, "gone", "u3", "1")})

	var got []types.UID
	for range 3 {
		job, _ := l.queue.Get()
		got = append(got, job.uid)
	}
	slices.Sort(got)
	if want := []types.UID{"u1", "u2", "u3"}; !slices.Equal(got, want) {
		t.Errorf("%v are judged, want %v", got, want)
	}
}
