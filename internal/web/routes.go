package web

import (
	"net/http"
	"net/http/pprof"
	"runtime"
	"slices"
	"strings"
)

// route is one endpoint. A path that ends in a slash stands for all below it.
type route struct {
	path    string
	about   string
	vital   bool // answered even when the listener is at its limit of requests
	handler http.HandlerFunc
}

func (s *Server) publicRoutes() []route {
	return []route{
		{path: "/metrics", about: "metrics for Prometheus; name[]=... picks some", handler: s.cfg.Metrics.Handler().ServeHTTP},
		{path: "/healthz", about: "200 while the process is alive; depends on nothing else", vital: true, handler: serveHealth},
		{path: "/readyz", about: "200 when the node does its work, else 503 with the reasons; ?verbose as JSON", handler: s.serveReady},
		{path: "/version", about: "which build this is", handler: s.serveVersion},
	}
}

func (s *Server) adminRoutes() []route {
	return []route{
		{path: "/endpoints", about: "this list", handler: s.serveEndpoints},
		{path: "/debug/pprof/", about: "profiles of the Go runtime, by name", handler: pprof.Index},
		{path: "/debug/pprof/cmdline", about: "the command line of the process", handler: pprof.Cmdline},
		{path: "/debug/pprof/profile", about: "a CPU profile; seconds=30", handler: pprof.Profile},
		{path: "/debug/pprof/symbol", about: "names of program counters", handler: pprof.Symbol},
		{path: "/debug/pprof/trace", about: "an execution trace; seconds=1", handler: pprof.Trace},
	}
}

// mux serves routes to GET and HEAD, and says what there is to anything else.
func mux(routes []route, full func(http.Handler) http.Handler) http.Handler {
	m := http.NewServeMux()
	var paths []string
	for _, r := range routes {
		var h http.Handler = r.handler
		if !r.vital {
			h = full(h)
		}
		m.Handle(r.path, readOnly(h))
		paths = append(paths, r.path)
	}
	m.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		writeText(w, http.StatusNotFound, "nothing here; there is "+strings.Join(paths, ", ")+"\n")
	})
	return m
}

func readOnly(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			writeText(w, http.StatusMethodNotAllowed, "only GET and HEAD are answered here\n")
			return
		}
		h.ServeHTTP(w, r)
	})
}

func serveHealth(w http.ResponseWriter, _ *http.Request) { writeText(w, http.StatusOK, "ok\n") }

// versionDocument is `/version`; it has the names of `adjoin version -o json`.
type versionDocument struct {
	FormatVersion int    `json:"format_version"`
	Version       string `json:"version"`
	Revision      string `json:"revision"`
	Go            string `json:"go"`
	Platform      string `json:"platform"`
}

func (s *Server) serveVersion(w http.ResponseWriter, _ *http.Request) {
	b := s.cfg.Build
	writeJSON(w, http.StatusOK, versionDocument{
		FormatVersion: 1, Version: b.Version, Revision: b.Revision, Go: b.GoVersion,
		Platform: runtime.GOOS + "/" + runtime.GOARCH,
	})
}

// endpoints is `/endpoints`.
type endpoints struct {
	FormatVersion int        `json:"format_version"`
	Endpoints     []endpoint `json:"endpoints"`
}

type endpoint struct {
	Listener string `json:"listener"` // public or admin
	Method   string `json:"method"`
	URL      string `json:"url"`
	Path     string `json:"path"`
	About    string `json:"about"`
}

func (s *Server) serveEndpoints(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, endpoints{FormatVersion: 1, Endpoints: slices.Concat(
		listed("public", s.PublicAddr(), s.publicRoutes()),
		listed("admin", s.AdminAddr(), s.adminRoutes()),
	)})
}

func listed(listener, addr string, routes []route) []endpoint {
	var all []endpoint
	for _, r := range routes {
		all = append(all, endpoint{Listener: listener, Method: http.MethodGet, URL: "http://" + addr + r.path, Path: r.path, About: r.about})
	}
	return all
}
