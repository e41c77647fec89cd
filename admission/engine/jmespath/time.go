package jmespath

import (
	"fmt"
	"strconv"
	"time"
)

// Times are RFC 3339 where no layout is given; layouts are written as Go's package time has them, with the reference
// time Mon Jan 2 15:04:05 MST 2006. Abbreviations of time zones other than UTC count as UTC: what they mean depends on
// the machine.
var timeFunctions = []Function{
	{
		Name:     "time_now",
		Returns:  String,
		Doc:      "Returns the time of the request.",
		Examples: []Example{{Expression: "time_before('2026-01-01T00:00:00Z', time_now())", Result: "true"}},
		call:     func(env *Environment, _ []any) (any, error) { return env.Now.Format(time.RFC3339), nil },
	},
	{
		Name:     "time_now_utc",
		Returns:  String,
		Doc:      "Returns the time of the request in UTC.",
		Examples: []Example{{Expression: "ends_with(time_now_utc(), 'Z')", Result: "true"}},
		call:     func(env *Environment, _ []any) (any, error) { return env.Now.UTC().Format(time.RFC3339), nil },
	},
	{
		Name:      "time_since",
		Arguments: []Argument{arg("layout", String), arg("from", String), arg("to", String)},
		Returns:   String,
		Doc: "Returns the duration between two times of one layout; an empty layout is RFC 3339, an empty end the time of " +
			"the request.",
		Examples: []Example{
			{Expression: "time_since('', '2026-01-01T00:00:00Z', '2026-01-02T06:30:00Z')", Result: `"30h30m0s"`},
			{Expression: "time_since('2006-01-02', '2026-01-01', '2026-01-03')", Result: `"48h0m0s"`},
		},
		call: timeSince,
	},
	{
		Name:      "time_diff",
		Arguments: []Argument{arg("from", String), arg("to", String)},
		Returns:   String,
		Doc:       "Returns the duration from one time to another; it is negative when the second is earlier.",
		Examples:  []Example{{Expression: "time_diff('2026-01-01T00:00:00Z', '2026-01-01T01:00:00+01:00')", Result: `"0s"`}},
		call:      onTimes(func(t []time.Time) any { return t[1].Sub(t[0]).String() }),
	},
	{
		Name:      "time_before",
		Arguments: []Argument{arg("a", String), arg("b", String)},
		Returns:   Boolean,
		Doc:       "Tells whether the first time is earlier than the second.",
		Examples:  []Example{{Expression: "time_before('2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z')", Result: "true"}},
		call:      onTimes(func(t []time.Time) any { return t[0].Before(t[1]) }),
	},
	{
		Name:      "time_after",
		Arguments: []Argument{arg("a", String), arg("b", String)},
		Returns:   Boolean,
		Doc:       "Tells whether the first time is later than the second.",
		Examples:  []Example{{Expression: "time_after('2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z')", Result: "false"}},
		call:      onTimes(func(t []time.Time) any { return t[0].After(t[1]) }),
	},
	{
		Name:      "time_between",
		Arguments: []Argument{arg("time", String), arg("from", String), arg("to", String)},
		Returns:   Boolean,
		Doc:       "Tells whether a time is later than one and earlier than another; it is not when it is one of the two.",
		Examples: []Example{{
			Expression: "time_between('2026-01-02T00:00:00Z', '2026-01-01T00:00:00Z', '2026-01-03T00:00:00Z')", Result: "true",
		}},
		call: onTimes(func(t []time.Time) any { return t[0].After(t[1]) && t[0].Before(t[2]) }),
	},
	{
		Name:      "time_add",
		Arguments: []Argument{arg("time", String), arg("duration", String)},
		Returns:   String,
		Doc:       "Adds a duration, such as '1h30m' or '-24h', to a time.",
		Examples:  []Example{{Expression: "time_add('2026-01-31T23:30:00Z', '45m')", Result: `"2026-02-01T00:15:00Z"`}},
		call:      withDuration(func(t time.Time, d time.Duration) time.Time { return t.Add(d) }),
	},
	{
		Name:      "time_truncate",
		Arguments: []Argument{arg("time", String), arg("duration", String)},
		Returns:   String,
		Doc:       "Goes back from a time to the last multiple of a duration since the year 1 in UTC.",
		Examples:  []Example{{Expression: "time_truncate('2026-01-31T23:30:59Z', '1h')", Result: `"2026-01-31T23:00:00Z"`}},
		call:      withDuration(func(t time.Time, d time.Duration) time.Time { return t.Truncate(d) }),
	},
	{
		Name:      "time_parse",
		Arguments: []Argument{arg("layout", String), arg("time", String)},
		Returns:   String,
		Doc:       "Reads a time of some layout; where the layout is a whole number the time is seconds since 1970.",
		Examples: []Example{
			{Expression: "time_parse('02.01.2006', '24.12.2026')", Result: `"2026-12-24T00:00:00Z"`},
			{Expression: "time_parse('0', '1767225600')", Result: `"2026-01-01T00:00:00Z"`},
		},
		call: timeParse,
	},
	{
		Name:      "time_utc",
		Arguments: []Argument{arg("time", String)},
		Returns:   String,
		Doc:       "Returns a time in UTC.",
		Examples:  []Example{{Expression: "time_utc('2026-01-01T00:00:00+05:30')", Result: `"2025-12-31T18:30:00Z"`}},
		call:      onTimes(func(t []time.Time) any { return t[0].UTC().Format(time.RFC3339) }),
	},
	{
		Name:      "time_to_cron",
		Arguments: []Argument{arg("time", String)},
		Returns:   String,
		Doc:       "Writes a time as a cron schedule: minute, hour, day, month and weekday, with Sunday as 0.",
		Examples:  []Example{{Expression: "time_to_cron('2026-02-01T14:05:09Z')", Result: `"5 14 1 2 0"`}},
		call: onTimes(func(t []time.Time) any {
			return fmt.Sprintf("%d %d %d %d %d", t[0].Minute(), t[0].Hour(), t[0].Day(), t[0].Month(), t[0].Weekday())
		}),
	},
}

// maxTime is the length of a time, a layout or a duration, in bytes: errors repeat them.
const maxTime = 256

func checkTime(text string) error {
	if len(text) > maxTime {
		return fmt.Errorf("time, layout or duration is longer than %d bytes", maxTime)
	}
	return nil
}

// parseTime reads a time the same way on every machine.
func parseTime(layout, text string) (time.Time, error) {
	if err := checkTime(text); err != nil {
		return time.Time{}, err
	}
	if err := checkTime(layout); err != nil {
		return time.Time{}, err
	}
	return time.ParseInLocation(layout, text, time.UTC)
}

// onTimes is a function whose arguments are all times.
func onTimes(run func(times []time.Time) any) caller {
	return func(_ *Environment, args []any) (any, error) {
		times := make([]time.Time, len(args))
		for i, text := range args {
			t, err := parseTime(time.RFC3339, text.(string))
			if err != nil {
				return nil, err
			}
			times[i] = t
		}
		return run(times), nil
	}
}

// withDuration is a function that makes a time of a time and a duration.
func withDuration(run func(t time.Time, d time.Duration) time.Time) caller {
	return func(_ *Environment, args []any) (any, error) {
		t, err := parseTime(time.RFC3339, args[0].(string))
		if err != nil {
			return nil, err
		}
		if err := checkTime(args[1].(string)); err != nil {
			return nil, err
		}
		d, err := time.ParseDuration(args[1].(string))
		if err != nil {
			return nil, err
		}
		return run(t, d).Format(time.RFC3339), nil
	}
}

func timeSince(env *Environment, args []any) (any, error) {
	layout, from, to := args[0].(string), args[1].(string), args[2].(string)
	if layout == "" {
		layout = time.RFC3339
	}
	start, err := parseTime(layout, from)
	if err != nil {
		return nil, err
	}
	end := env.Now
	if to != "" {
		if end, err = parseTime(layout, to); err != nil {
			return nil, err
		}
	}
	return end.Sub(start).String(), nil
}

func timeParse(_ *Environment, args []any) (any, error) {
	layout, text := args[0].(string), args[1].(string)
	if _, err := strconv.ParseInt(layout, 10, 64); err == nil {
		if err := checkTime(text); err != nil {
			return nil, err
		}
		seconds, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, err
		}
		return time.Unix(seconds, 0).UTC().Format(time.RFC3339), nil
	}
	t, err := parseTime(layout, text)
	if err != nil {
		return nil, err
	}
	return t.Format(time.RFC3339), nil
}
