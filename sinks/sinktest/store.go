package sinktest

import (
	"context"
	"io"
	"sync"

	"github.com/advertisex/adjoin/sinks"
)

// FaultStore puts faults in front of a Store. A nil function injects nothing.
// Safe for concurrent use.
type FaultStore struct {
	sinks.Store

	mu sync.Mutex
	// before and after are asked around each Put, open before each Open.
	before, after, open func(key string) error
	remote              bool
}

// NewFaultStore wraps a store.
func NewFaultStore(s sinks.Store) *FaultStore { return &FaultStore{Store: s} }

// FailPut sets what Put answers instead of uploading, and what it answers after
// it uploaded (a lost answer).
func (s *FaultStore) FailPut(before, after func(key string) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before, s.after = before, after
}

// FailOpen sets what Open answers instead of reading.
func (s *FaultStore) FailOpen(open func(key string) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open = open
}

// ActRemote hides that the store is a local folder.
func (s *FaultStore) ActRemote() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remote = true
}

// Put implements sinks.Store.
func (s *FaultStore) Put(ctx context.Context, f sinks.File, body io.ReadSeeker) error {
	s.mu.Lock()
	before, after := s.before, s.after
	s.mu.Unlock()
	if err := ask(before, f.Key); err != nil {
		return err
	}
	if err := s.Store.Put(ctx, f, body); err != nil {
		return err
	}
	return ask(after, f.Key)
}

// Open implements sinks.Store.
func (s *FaultStore) Open(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	s.mu.Lock()
	open := s.open
	s.mu.Unlock()
	if err := ask(open, key); err != nil {
		return nil, err
	}
	return s.Store.Open(ctx, key, offset, length)
}

// LocalPath implements sinks.Store.
func (s *FaultStore) LocalPath(key string) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.remote {
		return "", false
	}
	return s.Store.LocalPath(key)
}

func ask(f func(string) error, key string) error {
	if f == nil {
		return nil
	}
	return f(key)
}
