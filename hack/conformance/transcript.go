package main

import (
	"regexp"
	"strings"
)

// transcript is what chainsaw's log says of each step of a test, in order.
type transcript map[string][]event

// event is a line of the log and what is indented beneath it: an error, or what a command printed.
type event struct {
	status, object string
	detail         string
}

var (
	// Chainsaw writes backspaces over what go test puts in front of a line.
	line  = regexp.MustCompile(`^\s+\S+\.go:\d+: \x08*\| [^|]+ \| [^|]+ \| ([^|]*) \| [^|]* \| ([^|]*) \|(.*)$`)
	block = regexp.MustCompile(`^\s+=== (ERROR|STDERR|STDOUT|COMMAND)$`)
)

func readLog(text string) transcript {
	said := transcript{}
	step := ""
	for row := range strings.Lines(text) {
		row = strings.TrimRight(row, "\n")
		if m := line.FindStringSubmatch(row); m != nil {
			step = strings.TrimSpace(m[1])
			said[step] = append(said[step], event{status: strings.TrimSpace(m[2]), object: strings.TrimSpace(m[3])})
			continue
		}
		if events := said[step]; len(events) > 0 && strings.HasPrefix(row, " ") && !block.MatchString(row) {
			events[len(events)-1].detail += row + "\n"
		}
	}
	return said
}

// gaveUp are chainsaw's words for that its time was up. Why it was, says what happened before.
var gaveUp = regexp.MustCompile(`context deadline|client rate limiter`)

// why is the reason of a step's failure: the object that it was about, the error, and what led to it.
func (s transcript) why(step, failure string) string {
	var object, printed, before string
	for _, e := range s[step] {
		switch {
		case e.status == "LOG":
			printed = e.detail
		case e.detail != "" && !gaveUp.MatchString(e.detail):
			before = e.detail
		}
		if e.status == "ERROR" {
			object = e.object
			break
		}
	}
	why := failure
	switch {
	case gaveUp.MatchString(failure) && before != "":
		why = before
	case printed != "":
		why += " after: " + printed
	}
	if object != "" {
		why = object + ": " + why
	}
	return why
}
