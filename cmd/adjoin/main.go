package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

func main() {
	a := &app{in: os.Stdin, out: os.Stdout, err: os.Stderr, environ: os.Environ()}
	ctx, stop := withSignals(context.Background(), os.Stderr)
	code := a.run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

// run is the whole program but for the process around it: it reads the
// arguments, runs a command and reports its error. The result is the exit code.
func (a *app) run(ctx context.Context, args []string) (code int) {
	a.ctx, a.cancel = ctx, func() {}
	defer func() { a.cancel() }()
	defer func() {
		if p := recover(); p != nil {
			f := asFailure(a.ctx, fmt.Errorf("panic: %v", p), true)
			f.report(a.err, a.json())
			fmt.Fprintf(a.err, "%s", debug.Stack())
			code = exitUnexpected
		}
	}()
	root := newRootCommand(a)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	f := asFailure(a.ctx, err, a.started)
	f.report(a.err, a.json())
	return f.exit
}

// withSignals ends the context at the first interrupt or SIGTERM, which lets a
// command finish its clean-up, and the process at the second. The function it
// returns stops its goroutine and waits for it.
func withSignals(parent context.Context, stderr io.Writer) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for n := 0; ; n++ {
			select {
			case s := <-signals:
				if n > 0 {
					os.Exit(exitInterrupted)
				}
				cause := errTerminated
				if s == os.Interrupt {
					cause = errInterrupted
					fmt.Fprintln(stderr, "stopping; a second Ctrl-C stops at once")
				}
				cancel(cause)
			case <-quit:
				return
			}
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(quit)
		<-done
		cancel(nil)
	}
}
