package jmespath

import (
	"strings"
	"testing"
	"time"
)

func TestTime(t *testing.T) { checkCases(t, "testdata/time.txt") }

func TestTimeNow(t *testing.T) {
	for expression, want := range map[string]string{
		"time_now()":     `"2026-06-01T12:30:00+02:00"`,
		"time_now_utc()": `"2026-06-01T10:30:00Z"`,
		"time_since('', '2026-06-01T10:00:00Z', '')":        `"30m0s"`,
		"time_since('2006-01-02', '2026-06-02', '')":        `"-13h30m0s"`,
		"time_diff(time_now(), time_now_utc())":             `"0s"`,
		"time_to_cron(time_add(time_now_utc(), '1h'))":      `"30 11 1 6 1"`,
		"time_before(time_now(), '2026-06-01T10:30:00.1Z')": "true",
	} {
		if got, err := ask(expression, ""); err != nil || got != want {
			t.Errorf("%s: got %s, %v; want %s", expression, got, err, want)
		}
	}
}

func TestTimesDoNotDependOnTheMachine(t *testing.T) {
	local := time.Local
	t.Cleanup(func() { time.Local = local })
	time.Local = time.FixedZone("EST", -5*60*60)
	for expression, want := range map[string]string{
		"time_parse('2006-01-02 MST', '2022-07-22 EST')": `"2022-07-22T00:00:00Z"`,
		"time_parse('2006-01-02', '2022-07-22')":         `"2022-07-22T00:00:00Z"`,
		"time_parse('1', '1516244198')":                  `"2018-01-18T02:56:38Z"`,
		"time_add('2021-01-02T15:04:05-05:00', '1h')":    `"2021-01-02T16:04:05-05:00"`,
	} {
		if got, err := ask(expression, ""); err != nil || got != want {
			t.Errorf("%s: got %s, %v; want %s", expression, got, err, want)
		}
	}
}

func TestErrorsDoNotRepeatLongTimes(t *testing.T) {
	long := strings.Repeat("1", 1<<20)
	for _, expression := range []string{
		"time_utc(@)", "time_parse('1', @)", "time_parse(@, @)", "time_parse('2006', @)", "time_since('', @, '')",
		"time_add(time_now(), @)", "time_truncate(time_now(), @)", "to_boolean(@)", "is_external_url(@)", "image_normalize(@)",
	} {
		compiled, err := Compile(expression)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := compiled.Evaluate(long, world()); err == nil || len(err.Error()) > 1000 {
			t.Errorf("%s: got %.100v", expression, err)
		}
	}
}
