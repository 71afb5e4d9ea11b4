package sinks

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
)

// CheckStore proves that a store can do what commits rest on, with one small
// object that it deletes again: create, refuse to overwrite, read a range,
// delete. The error says which of them fails.
func CheckStore(ctx context.Context, s Store) (err error) {
	key := "adjoin-check/part-" + rand.Text() + ".parquet"
	content := []byte("adjoin check store")
	file := func(b []byte) File { return File{Key: key, Bytes: int64(len(b)), SHA256: sha256.Sum256(b)} }
	if err := s.Put(ctx, file(content), bytes.NewReader(content)); err != nil {
		return fmt.Errorf("creating an object: %w", err)
	}
	defer func() {
		if gone := s.Delete(ctx, key); gone != nil {
			err = errors.Join(err, fmt.Errorf("deleting an object (it is left behind): %w", gone))
		}
	}()
	other := []byte("adjoin check other")
	if err := s.Put(ctx, file(other), bytes.NewReader(other)); !errors.Is(err, ErrNameTaken) {
		return &Error{Op: "check", Key: key, Class: Refused, Err: errors.Join(errors.New("the store overwrote an object instead of refusing; create-only writes are what keeps two writers apart"), err)}
	}
	r, err := s.Open(ctx, key, 7, 5)
	if err != nil {
		return fmt.Errorf("reading an object: %w", err)
	}
	got, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		return fmt.Errorf("reading an object: %w", err)
	}
	if string(got) != "check" {
		return &Error{Op: "check", Key: key, Class: Refused, Err: fmt.Errorf("a range read gave %q instead of %q", got, "check")}
	}
	return nil
}
