package app

import (
	"fmt"
	"time"

	"github.com/spf13/pflag"
)

// BackgroundOptions are the flags of the background role.
type BackgroundOptions struct {
	// ScanInterval is how often everything is judged again.
	ScanInterval time.Duration
}

func newBackgroundOptions() *BackgroundOptions {
	return &BackgroundOptions{ScanInterval: time.Hour}
}

func (o *BackgroundOptions) addFlags(flags *pflag.FlagSet) {
	flags.DurationVar(&o.ScanInterval, "background-scan-interval", o.ScanInterval,
		"How often everything that exists is judged again. Changes are judged at once.")
}

func (o *BackgroundOptions) validate() []error {
	if o.ScanInterval < time.Minute {
		return []error{fmt.Errorf("--background-scan-interval %s is too short: choose one minute or more", o.ScanInterval)}
	}
	return nil
}

func (o *BackgroundOptions) config() *BackgroundConfig {
	return &BackgroundConfig{ScanInterval: o.ScanInterval}
}
