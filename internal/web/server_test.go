package web

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

func TestReadinessFollowsTheChecks(t *testing.T) {
	var checks atomic.Pointer[[]Check]
	set := func(c ...Check) { checks.Store(&c) }
	set(Check{Name: "journal", Reason: "restoring from the journal"}, Check{Name: "kafka", OK: true, Reason: "never shown"})
	s := startServer(t, func(c *ServerConfig) { c.Checks = func() []Check { return *checks.Load() } })

	expectReady(t, s, http.StatusServiceUnavailable, "not ready\njournal: restoring from the journal\n",
		`{"format_version":1,"ready":false,"checks":[{"name":"journal","ok":false,"reason":"restoring from the journal"},{"name":"kafka","ok":true}]}`)
	set(Check{Name: "journal", OK: true}, Check{Name: "kafka", OK: true})
	expectReady(t, s, http.StatusOK, "ready\n",
		`{"format_version":1,"ready":true,"checks":[{"name":"journal","ok":true},{"name":"kafka","ok":true}]}`)
	set(Check{Name: "intake", Reason: "reading is paused:\r\n\x1b[31mdisk full"})
	expectReady(t, s, http.StatusServiceUnavailable, "not ready\nintake: reading is paused:   [31mdisk full\n",
		`{"format_version":1,"ready":false,"checks":[{"name":"intake","ok":false,"reason":"reading is paused:   [31mdisk full"}]}`)
	set(Check{Name: "intake", OK: true})
	s.Leave("the node is stopping")
	expectReady(t, s, http.StatusServiceUnavailable, "not ready\nleaving: the node is stopping\n",
		`{"format_version":1,"ready":false,"checks":[{"name":"intake","ok":true},{"name":"leaving","ok":false,"reason":"the node is stopping"}]}`)
	if code, body := get(t, s.PublicAddr(), "/healthz"); code != http.StatusOK || body != "ok\n" {
		t.Errorf("/healthz of a node that is not ready: %d %q", code, body)
	}
}

func expectReady(t *testing.T, s *Server, wantCode int, wantText, wantJSON string) {
	t.Helper()
	if code, body := get(t, s.PublicAddr(), "/readyz"); code != wantCode || body != wantText {
		t.Errorf("/readyz: %d %q, want %d %q", code, body, wantCode, wantText)
	}
	for _, query := range []string{"?verbose", "?verbose=1"} {
		code, body := get(t, s.PublicAddr(), "/readyz"+query)
		if code != wantCode || compact(t, body) != wantJSON {
			t.Errorf("/readyz%s: %d\n got %s\nwant %s", query, code, compact(t, body), wantJSON)
		}
	}
}

func compact(t *testing.T, document string) string {
	t.Helper()
	var b strings.Builder
	dec := json.NewDecoder(strings.NewReader(document))
	var raw json.RawMessage
	if err := dec.Decode(&raw); err != nil {
		t.Fatalf("%v in %s", err, document)
	}
	for _, line := range strings.Split(string(raw), "\n") {
		b.WriteString(strings.Replace(strings.TrimSpace(line), `": `, `":`, 1))
	}
	return b.String()
}

func TestAServerWithoutChecksIsNeverReady(t *testing.T) {
	s := startServer(t, func(c *ServerConfig) { c.Checks = nil })
	if code, _ := get(t, s.PublicAddr(), "/readyz"); code != http.StatusServiceUnavailable {
		t.Errorf("/readyz: %d, want 503", code)
	}
}

// TestHealthTouchesNothing: neither a snapshot that hangs nor checks that hang
// nor a listener at its limit of requests keep /healthz from being answered.
func TestHealthTouchesNothing(t *testing.T) {
	hang := make(chan struct{})
	s := startServer(t, func(c *ServerConfig) {
		c.Checks = func() []Check { <-hang; return nil }
		c.Metrics = demoMetrics(func(m *MetricsConfig) { m.Snapshot = func() Snapshot { <-hang; return Snapshot{} } })
	})
	var wg sync.WaitGroup
	defer wg.Wait()
	defer close(hang)
	for i := range requestsMax + 10 {
		path := "/readyz"
		if i%8 == 0 {
			path = "/metrics"
		}
		wg.Go(func() {
			if res, err := http.Get("http://" + s.PublicAddr() + path); err == nil {
				_ = res.Body.Close()
			}
		})
	}
	until(t, "the listener to be full", func() bool {
		code, _ := get(t, s.PublicAddr(), "/version")
		return code == http.StatusServiceUnavailable
	})
	begin := time.Now()
	if code, body := get(t, s.PublicAddr(), "/healthz"); code != http.StatusOK || body != "ok\n" {
		t.Errorf("/healthz: %d %q", code, body)
	}
	if took := time.Since(begin); took > 2*time.Second {
		t.Errorf("/healthz took %s", took)
	}
}

func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func TestVersion(t *testing.T) {
	s := startServer(t)
	code, body := get(t, s.PublicAddr(), "/version")
	var v map[string]any
	if err := json.Unmarshal([]byte(body), &v); err != nil || code != http.StatusOK {
		t.Fatal(code, err, body)
	}
	for key, want := range map[string]any{"format_version": 1.0, "version": "v0.1.0", "revision": "abcdef012345", "go": "go1.26.0"} {
		if v[key] != want {
			t.Errorf("%s is %v, want %v", key, v[key], want)
		}
	}
}

// TestS5_EveryRoute: what holds for all endpoints of both listeners.
func TestS5_EveryRoute(t *testing.T) {
	s := startServer(t)
	for addr, routes := range map[string][]route{s.PublicAddr(): s.publicRoutes(), s.AdminAddr(): s.adminRoutes()} {
		for _, r := range routes {
			path := r.path
			if strings.HasSuffix(path, "/profile") || strings.HasSuffix(path, "/trace") {
				path += "?seconds=1"
			}
			res, _ := request(t, http.MethodGet, addr, path)
			if res.StatusCode != http.StatusOK {
				t.Errorf("GET %s: %d", path, res.StatusCode)
			}
			expectHardened(t, res, path)
			for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete} {
				res, _ := request(t, method, addr, r.path)
				if res.StatusCode != http.StatusMethodNotAllowed || res.Header.Get("Allow") != "GET, HEAD" {
					t.Errorf("%s %s: %d, Allow %q", method, r.path, res.StatusCode, res.Header.Get("Allow"))
				}
			}
		}
		res, body := request(t, http.MethodGet, addr, "/no/such/page")
		if res.StatusCode != http.StatusNotFound || !strings.Contains(body, routes[0].path) {
			t.Errorf("an unknown path: %d %q", res.StatusCode, body)
		}
		expectHardened(t, res, "an unknown path")
	}
}

func expectHardened(t *testing.T, res *http.Response, what string) {
	t.Helper()
	for name, want := range map[string]string{
		"X-Content-Type-Options":  "nosniff",
		"X-Frame-Options":         "DENY",
		"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
		"Cache-Control":           "no-store",
		"Referrer-Policy":         "no-referrer",
	} {
		if got := res.Header.Get(name); got != want {
			t.Errorf("%s: %s is %q, want %q", what, name, got, want)
		}
	}
}

func TestS5_ProfilesAreNotPublic(t *testing.T) {
	s := startServer(t)
	for _, r := range s.adminRoutes() {
		if code, _ := get(t, s.PublicAddr(), r.path); code != http.StatusNotFound {
			t.Errorf("%s on the public listener: %d, want 404", r.path, code)
		}
	}
}

func TestEndpointsListThemselves(t *testing.T) {
	s := startServer(t)
	_, body := get(t, s.AdminAddr(), "/endpoints")
	var list endpoints
	if err := json.Unmarshal([]byte(body), &list); err != nil {
		t.Fatal(err)
	}
	if want := len(s.publicRoutes()) + len(s.adminRoutes()); len(list.Endpoints) != want {
		t.Errorf("%d endpoints, want %d", len(list.Endpoints), want)
	}
	for _, e := range list.Endpoints {
		if e.About == "" || e.Path == "/debug/pprof/profile" || e.Path == "/debug/pprof/trace" {
			continue
		}
		res, err := http.Get(e.URL)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != http.StatusOK {
			t.Errorf("%s: %d", e.URL, res.StatusCode)
		}
	}
}

func TestS5_AdminAnswersLocalNamesOnly(t *testing.T) {
	s := startServer(t)
	for host, want := range map[string]int{
		s.AdminAddr(): http.StatusOK, "localhost:8081": http.StatusOK, "[::1]:8081": http.StatusOK, "LOCALHOST": http.StatusOK,
		"evil.example": http.StatusMisdirectedRequest, "127.0.0.1.evil.example:80": http.StatusMisdirectedRequest, "10.0.0.1": http.StatusMisdirectedRequest,
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.AdminAddr()+"/endpoints", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("Host %s: %d, want %d", host, res.StatusCode, want)
		}
	}
}

func TestS5_LargeBodiesAreRefused(t *testing.T) {
	s := startServer(t)
	for size, want := range map[int]int{bodyBytesMax: http.StatusOK, bodyBytesMax + 1: http.StatusRequestEntityTooLarge} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, "/healthz", strings.NewReader(strings.Repeat("x", size)))
		s.public.server.Handler.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("a body of %d bytes: %d, want %d", size, w.Code, want)
		}
	}
}

// TestS5_SlowClients: many connections that never finish their header do not
// delay /healthz, and are closed when their time is up.
func TestS5_SlowClients(t *testing.T) {
	s := startServer(t)
	const slow = 300
	for range slow {
		c, err := net.Dial("tcp", s.PublicAddr())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := io.WriteString(c, "GET /healthz HTTP/1.1\r\nHost: a\r\nX-Slow: "); err != nil {
			t.Fatal(err)
		}
	}
	begin := time.Now()
	if code, _ := get(t, s.PublicAddr(), "/healthz"); code != http.StatusOK {
		t.Errorf("/healthz: %d", code)
	}
	if took := time.Since(begin); took > time.Second {
		t.Errorf("/healthz took %s beside %d slow clients", took, slow)
	}
	if s.public.server.ReadHeaderTimeout != 5*time.Second {
		t.Errorf("the header timeout is %s, want 5s", s.public.server.ReadHeaderTimeout)
	}
}

// TestConnectionsBeyondTheLimitAreClosed: those within are served on, and a
// place that becomes free is given away.
func TestConnectionsBeyondTheLimitAreClosed(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := newListening(&limited{Listener: inner, max: 2})
	l.serve(http.HandlerFunc(serveHealth), slog.New(slog.DiscardHandler))
	defer func() { _ = l.close(t.Context()) }()
	ask := func() (net.Conn, error) {
		c, err := net.Dial("tcp", inner.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		_, _ = io.WriteString(c, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
		_, err = http.ReadResponse(bufio.NewReader(c), nil)
		return c, err
	}
	first, err := ask()
	if err != nil {
		t.Fatal(err)
	}
	if _, err = ask(); err != nil {
		t.Fatal(err)
	}
	if _, err = ask(); err == nil {
		t.Error("the third of two connections was served")
	}
	_ = first.Close()
	until(t, "a free place", func() bool { _, err := ask(); return err == nil })
}

func TestS4_DefaultIsLoopback(t *testing.T) {
	for _, addr := range []string{DefaultListen, DefaultAdmin} {
		host, _, err := net.SplitHostPort(addr)
		if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
			t.Errorf("%s is not loopback", addr)
		}
	}
}

func TestS4_AdminRefusesOtherAddresses(t *testing.T) {
	_, err := Start(ServerConfig{Listen: "127.0.0.1:0", Admin: "0.0.0.0:0", Metrics: demoMetrics()})
	var e *ListenError
	if !errors.As(err, &e) || !errors.Is(err, ErrNotLoopback) || e.Setting != "server.admin" {
		t.Fatalf("got %v, want a ListenError of server.admin", err)
	}
	if !strings.Contains(err.Error(), "use 127.0.0.1") {
		t.Errorf("%q does not say what to do", err)
	}
}

func TestATakenPortSaysWhatToDo(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	taken := l.Addr().String()
	_, port, _ := net.SplitHostPort(taken)
	for setting, cfg := range map[string]ServerConfig{
		"server.listen": {Listen: taken, NoAdmin: true},
		"server.admin":  {Listen: "127.0.0.1:0", Admin: taken},
	} {
		cfg.Metrics = demoMetrics()
		_, err := Start(cfg)
		var e *ListenError
		if !errors.As(err, &e) || !errors.Is(err, syscall.EADDRINUSE) || e.Setting != setting || e.Addr != taken {
			t.Fatalf("%s: got %v", setting, err)
		}
		for _, part := range []string{setting, taken, "ss -ltnp 'sport = :" + port + "'", "--" + strings.TrimPrefix(setting, "server.")} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%q does not name %s", err, part)
			}
		}
	}
}

func TestOtherListenErrors(t *testing.T) {
	for addr, want := range map[string]string{
		"192.0.2.1:0":      "not an address of this machine",
		"no.such.invalid:": "write for example 127.0.0.1:8080",
		"127.0.0.1:99999":  "write for example 127.0.0.1:8080",
	} {
		_, err := Start(ServerConfig{Listen: addr, NoAdmin: true, Metrics: demoMetrics()})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q in it", addr, err, want)
		}
	}
	e := &ListenError{Setting: "server.listen", Addr: "127.0.0.1:80", Err: syscall.EACCES}
	if !strings.Contains(e.Error(), "ports below 1024") {
		t.Errorf("permission: %v", e)
	}
}

// TestCloseLetsRequestsFinish: the first grade.
func TestCloseLetsRequestsFinish(t *testing.T) {
	begun, goOn := make(chan struct{}), make(chan struct{})
	s := startServer(t, func(c *ServerConfig) {
		c.Checks = func() []Check { close(begun); <-goOn; return nil }
	})
	answer := make(chan string, 1)
	go func() {
		res, err := http.Get("http://" + s.PublicAddr() + "/readyz")
		if err != nil {
			answer <- err.Error()
			return
		}
		defer res.Body.Close()
		b, _ := io.ReadAll(res.Body)
		answer <- string(b)
	}()
	<-begun
	closed := make(chan error, 1)
	go func() { closed <- s.Close(t.Context()) }()
	until(t, "the listener to be closed", func() bool {
		c, err := net.Dial("tcp", s.PublicAddr())
		if err == nil {
			_ = c.Close()
		}
		return err != nil
	})
	select {
	case err := <-closed:
		t.Fatalf("Close returned before the request: %v", err)
	default:
	}
	close(goOn)
	if got := <-answer; got != "ready\n" {
		t.Errorf("the request under way got %q", got)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
	for _, l := range []*listening{s.public, s.admin} {
		select {
		case <-l.stopped:
		default:
			t.Errorf("Close returned before the goroutine of %s", l.listener.Addr())
		}
	}
	if _, err := net.Dial("tcp", s.AdminAddr()); err == nil {
		t.Error("the administrative listener is still open")
	}
}

// TestCloseAbandonsRequests: the second grade. A profile of a minute ends with
// its connection; a handler that hears nothing is reported.
func TestCloseAbandonsRequests(t *testing.T) {
	hang, begun := make(chan struct{}), make(chan struct{})
	s, err := Start(ServerConfig{Listen: "127.0.0.1:0", Admin: "127.0.0.1:0", Metrics: demoMetrics(),
		Checks: func() []Check { close(begun); <-hang; return nil }})
	if err != nil {
		t.Fatal(err)
	}
	for _, url := range []string{"http://" + s.PublicAddr() + "/readyz", "http://" + s.AdminAddr() + "/debug/pprof/trace?seconds=60"} {
		go func() {
			if res, err := http.Get(url); err == nil {
				_, _ = io.Copy(io.Discard, res.Body)
				_ = res.Body.Close()
			}
		}()
	}
	<-begun
	until(t, "the trace to begin", func() bool { return s.admin.running.Load() == 1 })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	begin := time.Now()
	err = s.Close(ctx)
	if err == nil || !strings.Contains(err.Error(), s.PublicAddr()) || strings.Contains(err.Error(), s.AdminAddr()) {
		t.Errorf("got %v, want an error about the public listener alone", err)
	}
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("Close took %s", took)
	}
	close(hang)
	until(t, "the request to end", func() bool { return s.public.running.Load() == 0 })
}

func TestAPanicInAHandlerIsA500(t *testing.T) {
	var log strings.Builder
	var mu sync.Mutex
	s := startServer(t, func(c *ServerConfig) {
		c.Checks = func() []Check { panic("no engine") }
		c.Log = textLog(&mu, &log)
	})
	if code, body := get(t, s.PublicAddr(), "/readyz"); code != http.StatusInternalServerError || strings.Contains(body, "no engine") {
		t.Errorf("%d %q", code, body)
	}
	mu.Lock()
	defer mu.Unlock()
	if !strings.Contains(log.String(), "level=ERROR") || !strings.Contains(log.String(), "no engine") {
		t.Errorf("the log says %q", fmt.Sprint(log.String()))
	}
}
