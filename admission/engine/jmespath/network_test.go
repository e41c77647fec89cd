package jmespath

import (
	"strings"
	"testing"
)

func TestNetwork(t *testing.T) {
	checkCases(t, "testdata/network.txt")
}

func TestIsExternalURLResolves(t *testing.T) {
	for host, want := range map[string]string{
		"localhost": "false", "public.test": "true", "PUBLIC.test:8080": "true",
		// One address inside is enough, wherever it stands.
		"internal.test": "false",
		"odd.test":      "", "empty.test": "", "unknown.test": "", strings.Repeat("a", 300): "",
	} {
		got, err := ask("is_external_url('https://"+host+"/path')", "")
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%.40s: got %s, %v; want %s", host, got, err, want)
		}
	}
}

func TestIsExternalURLWithNobodyToAsk(t *testing.T) {
	env := world()
	env.Resolve = nil
	for url, fails := range map[string]bool{"http://8.8.8.8": false, "http://example.com": true} {
		if _, err := isExternalURL(env, []any{url}); (err != nil) != fails {
			t.Errorf("%s: got %v", url, err)
		}
	}
}
