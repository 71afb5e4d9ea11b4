package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

// versionDocument is `adjoin version -o json`.
type versionDocument struct {
	FormatVersion int    `json:"format_version"`
	Version       string `json:"version"`
	Revision      string `json:"revision"`
	Modified      bool   `json:"modified"`
	Go            string `json:"go"`
	Platform      string `json:"platform"`
	DuckDB        bool   `json:"duckdb"`
}

func newVersionCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version of this build",
		Args:  noArguments,
		RunE: func(*cobra.Command, []string) error {
			v := buildVersion()
			if a.json() {
				return a.document(v)
			}
			warehouse := "with the embedded DuckDB"
			if !v.DuckDB {
				warehouse = "without the embedded DuckDB (built without cgo)"
			}
			_, err := fmt.Fprintf(a.out, "adjoin %s %s\n%s %s, %s\n", v.Version, v.Revision, v.Go, v.Platform, warehouse)
			return err
		},
	}
	return outputs(cmd, "text", "json")
}

// buildVersion is what the Go toolchain stamped into the binary.
func buildVersion() versionDocument {
	v := versionDocument{
		FormatVersion: 1, Version: "(devel)", Revision: "unknown",
		Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	if info.Main.Version != "" {
		v.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Revision = s.Value[:min(12, len(s.Value))]
		case "vcs.modified":
			v.Modified = s.Value == "true"
		case "CGO_ENABLED":
			v.DuckDB = s.Value == "1"
		case "-tags":
			v.Version += tagNote(s.Value)
		}
	}
	return v
}

func tagNote(tags string) string {
	if tags == "" {
		return ""
	}
	return " (" + strings.ReplaceAll(tags, ",", " ") + ")"
}
