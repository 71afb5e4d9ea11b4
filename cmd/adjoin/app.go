package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/advertisex/adjoin/internal/config"
)

// app is what all commands share: the streams, the environment and the global
// flags. There is one for each run of the program and none in a variable.
type app struct {
	in       io.Reader
	out, err io.Writer
	environ  []string

	flags   globalFlags
	log     *slog.Logger
	ctx     context.Context // the command's, once --timeout is applied
	cancel  context.CancelFunc
	started bool // a command runs; before that every error is wrong usage
	written bool // the one document of JSON mode is out
}

// globalFlags are the flags of every command.
type globalFlags struct {
	files      []string
	set        []string
	output     string
	color      string
	logFormat  string
	quiet      bool
	verbose    int
	noProgress bool
	timeout    string
}

func (a *app) addGlobalFlags(cmd *cobra.Command) {
	f := cmd.PersistentFlags()
	f.StringArrayVarP(&a.flags.files, "config", "c", nil, "configuration `FILE`; may be given several times, later ones win")
	f.StringArrayVar(&a.flags.set, "set", nil, "set one configuration key, as `path=value`; may be given several times")
	f.StringVarP(&a.flags.output, "output", "o", "text", "form of the result: `text|json`")
	f.StringVar(&a.flags.color, "color", "auto", "use colour: `auto|always|never`")
	f.StringVar(&a.flags.logFormat, "log-format", "", "form of the log: `text|json` (default: text on a terminal, else json)")
	f.BoolVarP(&a.flags.quiet, "quiet", "q", false, "log errors only")
	f.CountVarP(&a.flags.verbose, "verbose", "v", "log more; may be repeated")
	f.BoolVar(&a.flags.noProgress, "no-progress", false, "show no progress")
	f.StringVar(&a.flags.timeout, "timeout", "", "give up after this `DURATION`, such as 30s or 10m")
	mustComplete(cmd, "set", completeSet)
	mustComplete(cmd, "output", fixed("text", "json"))
	mustComplete(cmd, "color", fixed("auto", "always", "never"))
	mustComplete(cmd, "log-format", fixed("text", "json"))
}

// outputsKey is the annotation that lists a command's forms of output.
const outputsKey = "adjoin/outputs"

// outputs declares which values of --output a command takes. A command that
// declares nothing takes text only.
func outputs(cmd *cobra.Command, forms ...string) *cobra.Command {
	if cmd.Annotations == nil {
		cmd.Annotations = map[string]string{}
	}
	cmd.Annotations[outputsKey] = strings.Join(forms, ",")
	return cmd
}

// prepare checks the global flags before a command runs, and sets up the log.
func (a *app) prepare(cmd *cobra.Command) error {
	forms := []string{"text"}
	if declared := cmd.Annotations[outputsKey]; declared != "" {
		forms = strings.Split(declared, ",")
	}
	if !slices.Contains(forms, a.flags.output) {
		return usagef("--output %q is not a form of %s; it has %s", a.flags.output, cmd.CommandPath(), strings.Join(forms, ", "))
	}
	if !slices.Contains([]string{"auto", "always", "never"}, a.flags.color) {
		return usagef("--color %q is not one of auto, always, never", a.flags.color)
	}
	if !slices.Contains([]string{"", "text", "json"}, a.flags.logFormat) {
		return usagef("--log-format %q is not one of text, json", a.flags.logFormat)
	}
	if a.flags.quiet && a.flags.verbose > 0 {
		return usagef("--quiet and --verbose exclude each other")
	}
	a.log = a.newLogger(config.Log{Level: "info", Format: "auto"})
	return a.applyTimeout(cmd)
}

// applyTimeout bounds the command's context by --timeout.
func (a *app) applyTimeout(cmd *cobra.Command) error {
	if a.flags.timeout == "" {
		return nil
	}
	limit, err := config.ParseDuration(a.flags.timeout)
	if err != nil {
		return usagef("--timeout %v", err)
	}
	a.ctx, a.cancel = context.WithTimeout(cmd.Context(), limit)
	cmd.SetContext(a.ctx)
	return nil
}

// json reports whether the result is a JSON document.
func (a *app) json() bool { return a.flags.output == "json" }

// document writes v as the one JSON document of the command.
func (a *app) document(v any) error {
	if a.written {
		return fmt.Errorf("second JSON document of type %T: a command prints exactly one", v)
	}
	a.written = true
	encoder := json.NewEncoder(a.out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(v)
}

// loadConfig reads the configuration that the global flags name. overrides are
// the command's own flags, need the fields that it cannot do without. Warnings
// go to the log, and the log takes its settings from the configuration.
func (a *app) loadConfig(need []string, overrides ...config.Override) (*config.Loaded, error) {
	loaded, err := config.Load(a.source(need, overrides))
	if err != nil {
		return nil, err
	}
	a.log = a.newLogger(loaded.Config.Log)
	for _, w := range loaded.Warnings {
		a.log.Warn(w.Message, "place", w.Place.String(), "rule", w.Rule)
	}
	return loaded, nil
}

func (a *app) source(need []string, overrides []config.Override) config.Source {
	return config.Source{
		Files:   a.flags.files,
		Environ: a.environ,
		Set:     a.flags.set,
		Flags:   overrides,
		Need:    need,
		Memory:  config.MachineMemory(),
	}
}

// override is a dedicated flag as a layer of the configuration, for loadConfig:
// empty when the flag was not given.
func override(cmd *cobra.Command, flag, path string) []config.Override {
	f := cmd.Flags().Lookup(flag)
	if f == nil || !f.Changed {
		return nil
	}
	return []config.Override{{Flag: "--" + flag, Path: path, Text: f.Value.String()}}
}

// isTerminal reports whether w is a terminal.
func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// getenv is the value of a variable, "" when it is not set.
func (a *app) getenv(name string) string {
	for _, pair := range a.environ {
		if value, ok := strings.CutPrefix(pair, name+"="); ok {
			return value
		}
	}
	return ""
}

// useColor reports whether text for w may be coloured. Colour never says
// anything that the words do not.
func (a *app) useColor(w io.Writer) bool {
	switch a.flags.color {
	case "always":
		return true
	case "never":
		return false
	}
	return isTerminal(w) && a.getenv("NO_COLOR") == "" && a.getenv("TERM") != "dumb"
}
