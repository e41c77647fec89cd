package jmespath

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
)

var networkFunctions = []Function{{
	Name:      "is_external_url",
	Arguments: []Argument{arg("url", String)},
	Returns:   Boolean,
	Doc: "Tells whether the host of a URL is outside: no address of it is a loopback or a private one. A host that cannot be " +
		"resolved is an error.",
	Examples: []Example{
		{Expression: "is_external_url('https://8.8.8.8/resolve')", Result: "true"},
		{Expression: "is_external_url('http://[::1]:8080/')", Result: "false"},
	},
	call: isExternalURL,
}}

const (
	// maxURL is the length of a URL, in bytes.
	maxURL = 8 << 10
	// maxHost is the longest name that a host can have.
	maxHost = 253
)

func isExternalURL(env *Environment, args []any) (any, error) {
	text := args[0].(string)
	if len(text) > maxURL {
		return nil, fmt.Errorf("URL is longer than %d bytes", maxURL)
	}
	parsed, err := url.Parse(text)
	if err != nil {
		return nil, err
	}
	host := parsed.Hostname()
	if address, err := netip.ParseAddr(host); err == nil {
		return external(address), nil
	}
	if host == "" || len(host) > maxHost {
		return nil, fmt.Errorf("lookup %.100s: no such host", host)
	}
	if env.Resolve == nil {
		return nil, errors.New("lookup " + host + ": hosts cannot be resolved here")
	}
	addresses, err := env.Resolve(host)
	if err != nil {
		return nil, err
	}
	if len(addresses) == 0 {
		return nil, fmt.Errorf("lookup %s: no such host", host)
	}
	for _, text := range addresses {
		address, err := netip.ParseAddr(text)
		if err != nil {
			return nil, fmt.Errorf("lookup %s: %w", host, err)
		}
		if !external(address) {
			return false, nil
		}
	}
	return true, nil
}

func external(address netip.Addr) bool {
	address = address.Unmap()
	return !address.IsLoopback() && !address.IsPrivate()
}
