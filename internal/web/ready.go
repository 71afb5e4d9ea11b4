package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// Check is one condition of readiness. Reason says what is missing, in words
// for a person, and is shown to whoever can reach the listener; it is not used
// when OK.
type Check struct {
	Name   string
	OK     bool
	Reason string
}

// Checker lists the conditions now, in the order they are shown. It is called
// for every request of /readyz, from several goroutines, and waits for nothing.
type Checker func() []Check

// readiness is `/readyz?verbose`.
type readiness struct {
	FormatVersion int         `json:"format_version"`
	Ready         bool        `json:"ready"`
	Checks        []checkJSON `json:"checks"`
}

type checkJSON struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Reason string `json:"reason,omitempty"`
}

// ready is the state of the checks; a node that is leaving fails one more.
func (s *Server) ready() readiness {
	r := readiness{FormatVersion: 1, Ready: true, Checks: []checkJSON{}}
	checks := s.cfg.Checks()
	if why := s.leaving.Load(); why != nil {
		checks = append(checks[:len(checks):len(checks)], Check{Name: "leaving", Reason: *why})
	}
	for _, c := range checks {
		shown := checkJSON{Name: c.Name, OK: c.OK}
		if !c.OK {
			r.Ready = false
			shown.Reason = oneLine(c.Reason)
		}
		r.Checks = append(r.Checks, shown)
	}
	return r
}

func (s *Server) serveReady(w http.ResponseWriter, r *http.Request) {
	state := s.ready()
	code := http.StatusOK
	if !state.Ready {
		code = http.StatusServiceUnavailable
	}
	if r.URL.Query().Has("verbose") {
		writeJSON(w, code, state)
		return
	}
	text := "ready\n"
	if !state.Ready {
		text = "not ready\n"
	}
	for _, c := range state.Checks {
		if !c.OK {
			text += fmt.Sprintf("%s: %s\n", c.Name, c.Reason)
		}
	}
	writeText(w, code, text)
}

// oneLine keeps a reason, which may quote an error from anywhere, on its line
// and free of control characters.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
}

func writeText(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(code)
	fmt.Fprint(w, text)
}

func writeJSON(w http.ResponseWriter, code int, document any) {
	b, err := json.MarshalIndent(document, "", "  ")
	if err != nil {
		writeText(w, http.StatusInternalServerError, "the answer could not be written: "+err.Error()+"\n")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	fmt.Fprintf(w, "%s\n", b)
}
