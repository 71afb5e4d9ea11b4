package main

import (
	"log/slog"

	"github.com/advertisex/adjoin/internal/config"
)

// newLogger writes to standard error: text on a terminal and JSON otherwise,
// unless the configuration or --log-format says otherwise. -q and -v win over
// the configured level.
func (a *app) newLogger(settings config.Log) *slog.Logger {
	options := &slog.HandlerOptions{Level: a.level(settings.Level)}
	format := settings.Format
	if a.flags.logFormat != "" {
		format = a.flags.logFormat
	}
	if format == "json" || (format == "auto" && !isTerminal(a.err)) {
		return slog.New(slog.NewJSONHandler(a.err, options))
	}
	return slog.New(slog.NewTextHandler(a.err, options))
}

func (a *app) level(configured string) slog.Level {
	switch {
	case a.flags.quiet:
		return slog.LevelError
	case a.flags.verbose > 0:
		return slog.LevelDebug
	}
	switch configured {
	case "debug":
		return slog.LevelDebug
	case "warn":
		return slog.LevelWarn
	case "error":
		return slog.LevelError
	}
	return slog.LevelInfo
}
