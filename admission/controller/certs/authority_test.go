package certs

import (
	"testing"
	"time"
)

func TestUnusable(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	names := []string{"a.ns.svc", "127.0.0.1"}
	mine, err := newAuthority(now, nil)
	if err != nil {
		t.Fatal(err)
	}
	other, err := newAuthority(now, nil)
	if err != nil {
		t.Fatal(err)
	}
	issued, err := mine.issue(now, names)
	if err != nil {
		t.Fatal(err)
	}
	second, err := mine.issue(now, names)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name  string
		pair  pair
		names []string
		by    *authority
		at    time.Time
		want  string
	}{
		{name: "good", pair: issued, names: names, by: mine, at: now},
		{name: "good until 15 days before its end", pair: issued, names: names, by: mine, at: now.Add(135 * 24 * time.Hour)},
		{name: "renewed then", pair: issued, names: names, by: mine, at: now.Add(135*24*time.Hour + time.Second), want: "about to expire"},
		{name: "a clock an hour behind", pair: issued, names: names, by: mine, at: now.Add(-time.Hour)},
		{name: "missing", by: mine, names: names, at: now, want: "missing"},
		{name: "another key", pair: pair{issued.certificate, second.key}, names: names, by: mine, at: now, want: "not a certificate with its key"},
		{name: "a new name", pair: issued, names: append(names, "b"), by: mine, at: now, want: "not valid for b"},
		{name: "another authority", pair: issued, names: names, by: other, at: now, want: "not valid for a.ns.svc"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := unusable(test.pair, test.names, test.by.trusted(test.at), test.at); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
