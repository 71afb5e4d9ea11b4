package avrobid_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/advertisex/adjoin/codecs"
	"github.com/advertisex/adjoin/codecs/avrobid"
	"github.com/advertisex/adjoin/codecs/avrobid/registry"
	"github.com/advertisex/adjoin/internal/event"
)

// fakeRegistry serves schemas by path and counts requests.
type fakeRegistry struct {
	*httptest.Server
	schemas  map[string]string
	status   []int // of the next answers; 200 when used up
	requests int
	user     string
}

func newRegistry(t *testing.T) *fakeRegistry {
	t.Helper()
	f := &fakeRegistry{schemas: make(map[string]string)}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	return f
}

func (f *fakeRegistry) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.requests++
	if user, password, _ := r.BasicAuth(); f.user != "" && user+":"+password != f.user {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if len(f.status) > 0 {
		status := f.status[0]
		f.status = f.status[1:]
		w.WriteHeader(status)
		return
	}
	schema, ok := f.schemas[r.URL.Path]
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte(`{"error_code":40403,"message":"Schema not found"}`))
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]string{"schema": schema})
}

func client(t *testing.T, f *fakeRegistry, config registry.Config) *registry.Client {
	t.Helper()
	config.URL, config.Backoff = f.URL, time.Millisecond
	c, err := registry.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func framed(id uint32) []byte {
	return append(avrobid.AppendRegistryHeader(nil, id), avrobid.AppendBid(nil, full())...)
}

func TestF39_SchemasComeFromTheRegistryOnce(t *testing.T) {
	f := newRegistry(t)
	f.schemas["/schemas/ids/7"] = avrobid.Schema
	d := decoder(t, avrobid.Config{Registry: client(t, f, registry.Config{})})
	for range 3 {
		rec, c := record(framed(7)), new(collector)
		if err := d.Prepare(context.Background(), rec); err != nil {
			t.Fatal(err)
		}
		d.Decode(rec, c)
		if len(c.bids) != 1 || c.bids[0].AuctionID != "auc-550e8400" {
			t.Fatalf("%+v", c.rejects)
		}
	}
	if f.requests != 1 {
		t.Errorf("%d requests", f.requests)
	}
}

func TestF39_TheHeaderFormNamesASchemaByGUID(t *testing.T) {
	f := newRegistry(t)
	f.schemas["/schemas/guids/89791762-2336-4186-9674-299b90a802e2"] = minimalSchema
	d := decoder(t, avrobid.Config{Registry: client(t, f, registry.Config{})})
	value := encodeWith(t, minimalSchema, map[string]any{"auction_id": "a1", "timestamp": int64(1), "user": map[string]any{"user_id": "u"},
		"imps": []any{map[string]any{"imp_id": "1"}}})
	rec, c := record(value), new(collector)
	guid := []byte{1, 0x89, 0x79, 0x17, 0x62, 0x23, 0x36, 0x41, 0x86, 0x96, 0x74, 0x29, 0x9b, 0x90, 0xa8, 0x02, 0xe2}
	rec.Headers = []codecs.Header{{Key: []byte("other")}, {Key: []byte("__value_schema_id"), Value: guid}}
	if err := d.Prepare(context.Background(), rec); err != nil {
		t.Fatal(err)
	}
	if d.Decode(rec, c); len(c.bids) != 1 || c.bids[0].UserID != "u" {
		t.Errorf("%+v", c.rejects)
	}
}

func TestF39_ASchemaThatDoesNotExistIsARejectAndAskedForOnce(t *testing.T) {
	f := newRegistry(t)
	f.schemas["/schemas/ids/9"] = `"string"`
	d := decoder(t, avrobid.Config{Registry: client(t, f, registry.Config{})})
	for _, id := range []uint32{8, 8, 9, 9} {
		rec, c := record(framed(id)), new(collector)
		if err := d.Prepare(context.Background(), rec); err != nil {
			t.Fatal(err)
		}
		d.Decode(rec, c)
		if len(c.rejects) != 1 || c.rejects[0].Reason != event.UnknownSchema {
			t.Fatalf("%d: %+v", id, c.rejects)
		}
	}
	if f.requests != 2 {
		t.Errorf("%d requests", f.requests)
	}
}

func TestF39_ARegistryThatDoesNotAnswerIsAPause(t *testing.T) {
	f := newRegistry(t)
	f.schemas["/schemas/ids/7"] = avrobid.Schema
	f.status = []int{503, 503, 503, 500}
	d := decoder(t, avrobid.Config{Registry: client(t, f, registry.Config{})})
	rec := record(framed(7))
	err := d.Prepare(context.Background(), rec)
	var failed *registry.Error
	if !errors.As(err, &failed) || failed.Status != 500 || f.requests != 4 {
		t.Fatalf("%v after %d requests", err, f.requests)
	}
	if err := d.Prepare(context.Background(), rec); err != nil {
		t.Fatalf("after it recovered: %v", err)
	}
	f.Close()
	if err := d.Prepare(context.Background(), record(framed(11))); !errors.As(err, &failed) || failed.Status != 0 {
		t.Errorf("a registry that is gone: %v", err)
	}
	if err := d.Prepare(context.Background(), rec); err != nil {
		t.Errorf("what is known needs no registry: %v", err)
	}
}

func TestS2_CredentialsAreSentAndARefusalIsNotRepeated(t *testing.T) {
	f := newRegistry(t)
	f.user, f.schemas["/schemas/ids/7"] = "joe:secret", avrobid.Schema
	good := client(t, f, registry.Config{Username: "joe", Password: "secret"})
	if _, err := good.Schema(context.Background(), avrobid.SchemaID{Number: 7}); err != nil {
		t.Error(err)
	}
	f.requests = 0
	bad := client(t, f, registry.Config{Username: "joe", Password: "guess"})
	var failed *registry.Error
	_, err := bad.Schema(context.Background(), avrobid.SchemaID{Number: 7})
	if !errors.As(err, &failed) || failed.Status != http.StatusUnauthorized || f.requests != 1 {
		t.Errorf("%v after %d requests", err, f.requests)
	}
}

func TestARegistryNeedsAnAddress(t *testing.T) {
	for _, url := range []string{"", "schemas:8081", "ftp://schemas", "http://", "://"} {
		if _, err := registry.New(registry.Config{URL: url}); err == nil {
			t.Errorf("%q is accepted", url)
		}
	}
}

func TestALeadingZeroIsBareDataWithoutARegistryAndWithASchema(t *testing.T) {
	value := encodeWith(t, legacyMap, map[string]any{"user_id": nil, "auction_id": "a1", "timestamp": "1763892000", "targeting_criteria": map[string]any{}})
	if value[0] != 0 {
		t.Fatal("the test needs data that starts with 0")
	}
	if c := decode(t, decoder(t, avrobid.Config{Schema: legacyMap}), value); len(c.bids) != 1 {
		t.Errorf("%+v", c.rejects)
	}
}
