package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/advertisex/adjoin/codecs/avrobid"
)

// Defaults and limits of a client.
const (
	defaultAttempts = 4
	defaultBackoff  = 200 * time.Millisecond
	defaultTimeout  = 10 * time.Second
	unknownFor      = 30 * time.Second // how long "no such schema" is believed
	maxAnswerBytes  = 1 << 20
	maxRemembered   = 1024
)

// unknownSchemaCode is the registry's error code for "schema not found", which
// tells it from a wrong address.
const unknownSchemaCode = 40403

// Config is how a registry is reached.
type Config struct {
	// URL is its address, such as https://schemas:8081; a path before the
	// registry's own may be part of it.
	URL string
	// Username and Password are sent as basic authentication where set.
	Username, Password string
	// HTTP sends the requests; nil is a client with a time-out of 10 s.
	HTTP *http.Client
	// Attempts is how often a lookup is tried, 0 is 4; Backoff is the pause
	// after the first, doubled after each, 0 is 200 ms.
	Attempts int
	Backoff  time.Duration
}

// Error is a registry that gives no answer.
type Error struct {
	URL    string
	Status int   // of the last answer, 0 for none
	Err    error // why there was no answer, nil with a Status
}

// Error says which registry, what happened and what to do.
func (e *Error) Error() string {
	switch {
	case e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden:
		return fmt.Sprintf("schema registry %s refuses the credentials (HTTP %d): check user name and password", e.URL, e.Status)
	case e.Status == http.StatusNotFound:
		return fmt.Sprintf("%s does not answer like a schema registry (HTTP 404): check its URL", e.URL)
	case e.Status != 0:
		return fmt.Sprintf("schema registry %s answers HTTP %d: waiting for it to recover", e.URL, e.Status)
	}
	return fmt.Sprintf("schema registry %s cannot be reached: %v", e.URL, e.Err)
}

// Unwrap is the cause, nil when the registry did answer.
func (e *Error) Unwrap() error { return e.Err }

// Client looks schemas up. It may be shared by any number of decoders.
type Client struct {
	config Config
	base   *url.URL

	mu struct {
		sync.Mutex
		schemas map[avrobid.SchemaID]string
		unknown map[avrobid.SchemaID]time.Time // until when there is none
	}
}

var _ avrobid.Registry = (*Client)(nil)

// New makes a client. It fails for an address that is none.
func New(config Config) (*Client, error) {
	base, err := url.Parse(config.URL)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return nil, fmt.Errorf("schema registry URL %q: write it as https://host:port", config.URL)
	}
	if config.HTTP == nil {
		config.HTTP = &http.Client{Timeout: defaultTimeout}
	}
	if config.Attempts == 0 {
		config.Attempts = defaultAttempts
	}
	if config.Backoff == 0 {
		config.Backoff = defaultBackoff
	}
	c := &Client{config: config, base: base}
	c.mu.schemas = make(map[avrobid.SchemaID]string)
	c.mu.unknown = make(map[avrobid.SchemaID]time.Time)
	return c, nil
}

// Schema is the text of a schema: avrobid.ErrUnknownSchema when the registry
// says that there is none, *Error when it says nothing.
func (c *Client) Schema(ctx context.Context, id avrobid.SchemaID) (string, error) {
	if text, known, err := c.remembered(id); known {
		return text, err
	}
	pause := c.config.Backoff
	for attempt := 1; ; attempt++ {
		text, err := c.ask(ctx, id)
		if err == nil || errors.Is(err, avrobid.ErrUnknownSchema) {
			c.remember(id, text, err)
			return text, err
		}
		var failed *Error
		if attempt == c.config.Attempts || errors.As(err, &failed) && !failed.passes() {
			return "", err
		}
		select {
		case <-ctx.Done():
			return "", err
		case <-time.After(pause):
			pause *= 2
		}
	}
}

// passes reports whether asking again may help.
func (e *Error) passes() bool {
	return e.Status == 0 || e.Status == http.StatusTooManyRequests || e.Status >= 500
}

func (c *Client) remembered(id avrobid.SchemaID) (text string, known bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if text, known = c.mu.schemas[id]; known {
		return text, true, nil
	}
	if until, unknown := c.mu.unknown[id]; unknown && time.Now().Before(until) {
		return "", true, avrobid.ErrUnknownSchema
	}
	return "", false, nil
}

// remember keeps an answer. A full memory is emptied: it holds what can be had
// again, and a deployment has a handful of schemas.
func (c *Client) remember(id avrobid.SchemaID, text string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.mu.schemas)+len(c.mu.unknown) >= maxRemembered {
		clear(c.mu.schemas)
		clear(c.mu.unknown)
	}
	if err != nil {
		c.mu.unknown[id] = time.Now().Add(unknownFor)
		return
	}
	delete(c.mu.unknown, id)
	c.mu.schemas[id] = text
}

// answer is the body of a lookup, or of a refusal.
type answer struct {
	Schema string `json:"schema"`
	Type   string `json:"schemaType"`
	Code   int    `json:"error_code"`
}

// ask sends one request.
func (c *Client) ask(ctx context.Context, id avrobid.SchemaID) (string, error) {
	path := "schemas/ids/"
	if id.ByGUID {
		path = "schemas/guids/"
	}
	target := c.base.JoinPath(path, id.String())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return "", &Error{URL: c.shown(), Err: err}
	}
	req.Header.Set("Accept", "application/vnd.schemaregistry.v1+json, application/json")
	if c.config.Username != "" {
		req.SetBasicAuth(c.config.Username, c.config.Password)
	}
	resp, err := c.config.HTTP.Do(req)
	if err != nil {
		return "", &Error{URL: c.shown(), Err: err}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswerBytes+1))
	if err != nil {
		return "", &Error{URL: c.shown(), Err: err}
	}
	return c.read(resp.StatusCode, body)
}

// read takes an answer apart.
func (c *Client) read(status int, body []byte) (string, error) {
	var a answer
	err := json.Unmarshal(body, &a)
	switch {
	case status == http.StatusNotFound && err == nil && a.Code == unknownSchemaCode:
		return "", avrobid.ErrUnknownSchema
	case status != http.StatusOK:
		return "", &Error{URL: c.shown(), Status: status}
	case len(body) > maxAnswerBytes:
		return "", fmt.Errorf("%w: its answer is above %d bytes", avrobid.ErrUnknownSchema, maxAnswerBytes)
	case err != nil:
		return "", &Error{URL: c.shown(), Err: errors.New("its answer is not JSON: check its URL")}
	case a.Type != "" && !strings.EqualFold(a.Type, "AVRO"):
		return "", fmt.Errorf("%w: it is of type %s", avrobid.ErrUnknownSchema, a.Type)
	}
	return a.Schema, nil
}

// shown is the address without user and password.
func (c *Client) shown() string { return c.base.Redacted() }
