package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/advertisex/adjoin/internal/config"
	"github.com/advertisex/adjoin/internal/kafka"
	"github.com/advertisex/adjoin/sinks"
	"github.com/advertisex/adjoin/sinks/duckdb"
)

// checkTimeout is how long a check waits without --timeout.
const checkTimeout = 10 * time.Second

func newCheckCommand(a *app) *cobra.Command {
	cmd := group(&cobra.Command{Use: "check", Short: "Try the connections a node needs, step by step"})
	cmd.AddCommand(newCheckKafkaCommand(a), newCheckStoreCommand(a), newCheckWarehouseCommand(a))
	return cmd
}

// checkReport is `adjoin check ... -o json`.
type checkReport struct {
	FormatVersion int         `json:"format_version"`
	OK            bool        `json:"ok"`
	Steps         []checkStep `json:"steps"`
}

type checkStep struct {
	Name    string `json:"name"`
	Where   string `json:"where"`
	Verdict string `json:"verdict"`
	Detail  string `json:"detail"`
	Code    string `json:"code,omitempty"`
	Hint    string `json:"hint,omitempty"`
}

// newCheck makes one check command: it loads the configuration and bounds the
// time.
func (a *app) newCheck(use, short string, need []string, check func(context.Context, *config.Config) ([]checkStep, error)) *cobra.Command {
	cmd := &cobra.Command{
		Use: use + " -c FILE", Short: short, Args: noArguments,
		Long: short + ".\nGives up after " + checkTimeout.String() + ", unless --timeout says otherwise.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			loaded, err := a.loadConfig(need)
			if err != nil {
				return err
			}
			ctx := cmd.Context()
			if a.flags.timeout == "" {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, checkTimeout)
				defer cancel()
			}
			steps, failed := check(ctx, &loaded.Config)
			if err := a.printChecks(steps, failed == nil); err != nil {
				return err
			}
			return engineFailure(failed)
		},
	}
	return outputs(cmd, "text", "json")
}

func newCheckKafkaCommand(a *app) *cobra.Command {
	return a.newCheck("kafka", "Names, connections, TLS, log-in, topics, rights and retention", config.NodeNeeds(),
		func(ctx context.Context, c *config.Config) ([]checkStep, error) {
			steps, err := kafka.Check(ctx, kafkaConfig(c), kafka.CheckConfig{Sources: c.Kafka.Topics.All(), Own: ownTopics(c)})
			out := make([]checkStep, len(steps))
			for i, s := range steps {
				out[i] = checkStep{Name: s.Name, Where: s.Where, Verdict: string(s.Verdict), Detail: s.Detail, Code: s.Code, Hint: s.Hint}
			}
			return out, err
		})
}

func newCheckStoreCommand(a *app) *cobra.Command {
	return a.newCheck("store", "Write, read and delete a small object where the files go", nil,
		func(ctx context.Context, c *config.Config) ([]checkStep, error) {
			step := checkStep{Name: "store", Where: c.Sink.URL, Verdict: "ok", Detail: "wrote, read and deleted an object; a name that is taken is refused"}
			store, err := sinks.OpenBucket(ctx, c.Sink.URL)
			if err == nil {
				err = errors.Join(sinks.CheckStore(ctx, store), store.Close())
			}
			return checked(step, err)
		})
}

func newCheckWarehouseCommand(a *app) *cobra.Command {
	return a.newCheck("warehouse", "Open each warehouse of section load and read its token", nil,
		func(ctx context.Context, c *config.Config) ([]checkStep, error) {
			var steps []checkStep
			for _, target := range c.Load {
				step := checkStep{Name: target.Target, Where: string(target.Path), Verdict: "ok"}
				token, err := warehouseToken(ctx, target)
				step.Detail = loadedUpTo(token)
				if errors.Is(err, fs.ErrNotExist) {
					step.Detail, err = "not there yet; the first load makes it", nil
				}
				one, err := checked(step, err)
				if steps = append(steps, one...); err != nil {
					return steps, err
				}
			}
			if len(steps) == 0 {
				steps = append(steps, checkStep{Name: "load", Verdict: "ok", Detail: "no warehouse is configured; files stay in the lake"})
			}
			return steps, nil
		})
}

// warehouseToken opens a warehouse and asks where it is.
func warehouseToken(ctx context.Context, target config.LoadTarget) (sinks.Token, error) {
	warehouse, err := duckdb.OpenReadOnly(ctx, string(target.Path), duckdb.Config{})
	if err != nil {
		return sinks.NoToken, err
	}
	token, err := warehouse.Token(ctx)
	return token, errors.Join(err, warehouse.Close())
}

// checked is one step and the failure that goes with its error.
func checked(step checkStep, err error) ([]checkStep, error) {
	if err == nil {
		return []checkStep{step}, nil
	}
	f := sinkFailure(err)
	step.Verdict, step.Detail, step.Code, step.Hint = "failed", f.message, f.id, strings.Join(f.hint, " ")
	return []checkStep{step}, f
}

func (a *app) printChecks(steps []checkStep, ok bool) error {
	if a.json() {
		return a.document(checkReport{FormatVersion: 1, OK: ok, Steps: steps})
	}
	var errs []error
	for _, s := range steps {
		_, err := fmt.Fprintf(a.out, "%s %-7s %-10s %s  %s\n", a.mark(s.Verdict), s.Verdict, s.Name, s.Where, s.Detail)
		errs = append(errs, err)
		if s.Hint != "" {
			fmt.Fprintf(a.out, "    %s\n", s.Hint)
		}
	}
	return errors.Join(errs...)
}

// mark stands for a verdict, in colour where colour is wanted; the word beside it
// says the same.
func (a *app) mark(verdict string) string {
	mark, colour := "✓", "32"
	switch verdict {
	case "failed":
		mark, colour = "✗", "31"
	case "warning":
		mark, colour = "!", "33"
	case "skipped":
		return "-"
	}
	if a.useColor(a.out) {
		return "\x1b[" + colour + "m" + mark + "\x1b[0m"
	}
	return mark
}
