package web

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// The bounds of a request. They belong together: a client gets headerTimeout to
// say what it wants, an answer takes writeTimeout at most, and connectionsMax
// clients that dawdle for all of it hold a few megabytes.
const (
	headerTimeout  = 5 * time.Second
	readTimeout    = 10 * time.Second
	writeTimeout   = 30 * time.Second // pprof adds the seconds it was asked for
	idleTimeout    = 90 * time.Second // beyond the usual scrape interval
	headerBytesMax = 16 << 10
	bodyBytesMax   = 1 << 20
	connectionsMax = 2048
	requestsMax    = 64 // at once, on a listener; vital routes do not count
)

// harden sets the headers that make an answer harmless to a browser and bounds
// the body. No endpoint reads one.
func harden(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		if r.ContentLength > bodyBytesMax {
			h.Set("Connection", "close")
			writeText(w, http.StatusRequestEntityTooLarge, "the body is larger than 1 MiB, and none is needed\n")
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, bodyBytesMax)
		next.ServeHTTP(w, r)
	})
}

// atMost answers 503 beyond n requests at once.
func atMost(n int) func(http.Handler) http.Handler {
	slots := make(chan struct{}, n)
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			select {
			case slots <- struct{}{}:
				defer func() { <-slots }()
				next.ServeHTTP(w, r)
			default:
				w.Header().Set("Retry-After", "1")
				writeText(w, http.StatusServiceUnavailable, "too many requests at once; try again\n")
			}
		})
	}
}

// localHost refuses requests that a name led here. A browser on this machine
// that shows a foreign page would send them, after that page's name was made to
// point to 127.0.0.1; the Host header still carries the name.
func localHost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isLocalName(r.Host) {
			writeText(w, http.StatusMisdirectedRequest, "this listener answers to 127.0.0.1, [::1] and localhost only\n")
			return
		}
		next.ServeHTTP(w, r)
	})
}

func isLocalName(hostport string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
