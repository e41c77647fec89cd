package command

import (
	"encoding/csv"
	"fmt"
	"strings"
)

// list is a flag that may be repeated, under several names, and holds several values parted by commas.
type list []string

// String implements pflag.Value.
func (l *list) String() string { return strings.Join(*l, ",") }

// Type implements pflag.Value.
func (l *list) Type() string { return "strings" }

// Set implements pflag.Value: it adds to what is there.
func (l *list) Set(text string) error {
	if text == "" {
		return nil
	}
	values, err := csv.NewReader(strings.NewReader(text)).Read()
	if err != nil {
		return fmt.Errorf("not a list parted by commas: %w", err)
	}
	*l = append(*l, values...)
	return nil
}
