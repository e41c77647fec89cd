package command

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"
	"k8s.io/component-base/version"
	"sigs.k8s.io/yaml"
)

func versionCommand() *cobra.Command {
	var format string
	command := &cobra.Command{
		Use:   "version",
		Short: "Print which build this is",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			info := version.Get()
			var text []byte
			var err error
			switch format {
			case "":
				text = fmt.Appendf(nil, "edict %s %s %s\n", info.GitVersion, info.GoVersion, info.Platform)
			case "json":
				text, err = json.MarshalIndent(info, "", "  ")
				text = append(text, '\n')
			case "yaml":
				text, err = yaml.Marshal(info)
			default:
				return fmt.Errorf("--output: %q is no format; write json or yaml", format)
			}
			if err != nil {
				return err
			}
			_, err = cmd.OutOrStdout().Write(text)
			return err
		},
	}
	command.Flags().StringVarP(&format, "output", "o", "", "json or yaml")
	return command
}
