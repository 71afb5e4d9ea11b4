package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// DefaultListen and DefaultAdmin are where a server listens when it is not told.
const (
	DefaultListen = "127.0.0.1:8080"
	DefaultAdmin  = "127.0.0.1:8081"
)

// ServerConfig is what a Server runs with.
type ServerConfig struct {
	// Listen is the address of the public listener, DefaultListen when empty. A
	// port of 0 takes a free one.
	Listen string
	// Admin is the address of the administrative listener, DefaultAdmin when
	// empty; it must be loopback. NoAdmin leaves that listener out.
	Admin   string
	NoAdmin bool

	Metrics *Metrics // required
	// Checks decide readiness. nil is a node that is never ready, so that one
	// that was wired wrongly gets no traffic.
	Checks Checker
	Build  Build
	Log    *slog.Logger // default: nothing is logged
}

// Server is the listeners of a node. Close ends it.
type Server struct {
	cfg     ServerConfig
	public  *listening
	admin   *listening // nil without
	leaving atomic.Pointer[string]
}

// listening is one listener, its server and the goroutine that serves it.
type listening struct {
	listener net.Listener
	server   *http.Server
	running  atomic.Int64  // requests being answered
	stopped  chan struct{} // closed when the goroutine is gone
}

// Start binds both listeners and serves them. The error is a *ListenError when
// one cannot be bound; then nothing runs.
func Start(cfg ServerConfig) (*Server, error) {
	cfg.Listen, cfg.Admin = cmp.Or(cfg.Listen, DefaultListen), cmp.Or(cfg.Admin, DefaultAdmin)
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Checks == nil {
		cfg.Checks = func() []Check { return []Check{{Name: "checks", Reason: "no checks are wired"}} }
	}
	public, err := listen(settingPublic, cfg.Listen, false)
	if err != nil {
		return nil, err
	}
	var admin net.Listener
	if !cfg.NoAdmin {
		if admin, err = listen(settingAdmin, cfg.Admin, true); err != nil {
			return nil, errors.Join(err, public.Close())
		}
	}
	s := &Server{cfg: cfg, public: newListening(public)}
	if admin != nil {
		s.admin = newListening(admin)
		s.admin.serve(localHost(mux(s.adminRoutes(), atMost(requestsMax))), cfg.Log)
	}
	s.public.serve(mux(s.publicRoutes(), atMost(requestsMax)), cfg.Log)
	if !isLoopback(public.Addr()) {
		cfg.Log.Info("health and metrics can be reached from other machines", "address", s.PublicAddr())
	}
	return s, nil
}

func newListening(l net.Listener) *listening {
	return &listening{listener: l, stopped: make(chan struct{})}
}

func (l *listening) serve(h http.Handler, log *slog.Logger) {
	l.server = &http.Server{
		Handler:           l.tracked(harden(h), log),
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    headerBytesMax,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	go func() {
		defer close(l.stopped)
		if err := l.server.Serve(l.listener); !errors.Is(err, http.ErrServerClosed) {
			log.Error("a listener ended; health and metrics are not served any more until a restart", "address", l.listener.Addr().String(), "error", err)
		}
	}()
}

// tracked counts the requests under way, and turns a panic of one into a 500
// and an error in the log.
func (l *listening) tracked(next http.Handler, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.running.Add(1)
		defer l.running.Add(-1)
		defer func() {
			switch p := recover(); p {
			case nil:
			case http.ErrAbortHandler:
				panic(p)
			default:
				log.Error("a request made its handler panic", "path", r.URL.Path, "panic", p, "stack", string(debug.Stack()))
				writeText(w, http.StatusInternalServerError, "internal error; the log of the node says more\n")
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// PublicAddr is host:port of the public listener, as bound.
func (s *Server) PublicAddr() string { return s.public.listener.Addr().String() }

// AdminAddr is host:port of the administrative listener, "" without one.
func (s *Server) AdminAddr() string {
	if s.admin == nil {
		return ""
	}
	return s.admin.listener.Addr().String()
}

// Leave makes /readyz answer 503 with this reason from now on, whatever the
// checks say, so that traffic goes elsewhere before the node stops.
func (s *Server) Leave(reason string) { s.leaving.Store(&reason) }

// closeGrace is what requests that were cut off get to notice it.
const closeGrace = time.Second

// Close stops both listeners, in two grades: until ctx ends it lets requests
// finish, then it cuts them off and waits a little longer. After nil no
// goroutine is left; the error says which listener has a request that would not
// end.
func (s *Server) Close(ctx context.Context) error {
	if s.admin == nil {
		return s.public.close(ctx)
	}
	var wg sync.WaitGroup
	var adminErr error
	wg.Go(func() { adminErr = s.admin.close(ctx) })
	publicErr := s.public.close(ctx)
	wg.Wait()
	return errors.Join(publicErr, adminErr)
}

func (l *listening) close(ctx context.Context) error {
	if err := l.server.Shutdown(ctx); err != nil {
		_ = l.server.Close() // its connections are closed whatever it says
	}
	<-l.stopped
	for end := time.Now().Add(closeGrace); l.running.Load() > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			return fmt.Errorf("closing the listener %s: a request does not end although its client is gone", l.listener.Addr())
		}
	}
	return nil
}
