package sinks

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"
)

// requestTimeout bounds one request to a store; an upload of a 128 MiB file at
// 1 MB/s just fits.
const requestTimeout = 3 * time.Minute

// Bucket is a Store on gocloud.dev/blob: a local folder, memory, S3, Google
// Cloud Storage or Azure.
type Bucket struct {
	bucket  *blob.Bucket
	root    string // local folder, "" when remote
	timeout time.Duration
}

var _ Store = (*Bucket)(nil)

// OpenBucket opens a store by URL: file:///var/lib/adjoin/lake, mem://,
// s3://bucket/prefix?region=eu-west-1, gs://bucket/prefix or
// azblob://container/prefix, with the query parameters of gocloud.dev/blob. A
// local folder is made when it is missing. The three clouds are there in builds
// with the tag cloud.
func OpenBucket(ctx context.Context, rawURL string) (*Bucket, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, fmt.Errorf("sinks: store URL: %w", err)
	}
	b := &Bucket{timeout: requestTimeout}
	var prefix string
	switch u.Scheme {
	case "file":
		if b.root, err = localRoot(u); err != nil {
			return nil, err
		}
	case "mem":
	case "s3", "gs", "azblob":
		path := u.Path
		u.Path = ""
		if prefix, err = CleanPrefix(path); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("sinks: store URL has scheme %q; use file, mem, s3, gs or azblob", u.Scheme)
	}
	bucket, err := blob.OpenBucket(ctx, u.String())
	if err != nil {
		return nil, openError(u, err)
	}
	if prefix != "" {
		bucket = blob.PrefixedBucket(bucket, prefix)
	}
	b.bucket = bucket
	return b, nil
}

// localRoot makes the folder and sets what the driver needs: no side files for
// attributes, temporary files beside the final ones so that a rename suffices.
func localRoot(u *url.URL) (string, error) {
	if u.Host != "" && u.Host != "localhost" {
		return "", fmt.Errorf("sinks: store URL %s names a host; write file:///absolute/folder", u.Redacted())
	}
	dir := filepath.FromSlash(u.Path)
	if !filepath.IsAbs(dir) {
		return "", fmt.Errorf("sinks: store URL %s needs an absolute folder: file:///absolute/folder", u.Redacted())
	}
	dir = filepath.Clean(dir)
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return "", &Error{Op: "open", Key: dir, Class: max(classify(err), Refused), Err: err} // no time mends a path
	}
	q := u.Query()
	q.Set("no_tmp_dir", "true")
	q.Set("metadata", "skip")
	u.RawQuery = q.Encode()
	return dir, nil
}

func openError(u *url.URL, err error) error {
	if strings.Contains(err.Error(), "no driver registered") {
		return &Error{Op: "open", Key: u.Redacted(), Class: Refused, Err: fmt.Errorf("this build has no driver for %s:// stores; use a release build or build with -tags cloud", u.Scheme)}
	}
	return failed("open", u.Redacted(), err)
}

// Put implements Store.
func (b *Bucket) Put(ctx context.Context, f File, body io.ReadSeeker) error {
	if err := CheckKey(f.Key); err != nil {
		return failed("upload", f.Key, err)
	}
	if err := b.create(ctx, f.Key, body); err != nil {
		if !errors.Is(err, fs.ErrExist) {
			return failed("upload", f.Key, err)
		}
		// Somebody wrote this name before. Perhaps we did, and the answer was lost.
		if err := b.verify(ctx, f); err != nil {
			if errors.Is(err, ErrCorrupt) {
				err = ErrNameTaken
			}
			return failed("upload", f.Key, err)
		}
		return nil
	}
	if err := b.verify(ctx, f); err != nil {
		return failed("verify", f.Key, err)
	}
	return nil
}

// create uploads where the key is free.
func (b *Bucket) create(ctx context.Context, key string, body io.ReadSeeker) error {
	ctx, cancel := context.WithTimeout(ctx, b.timeout)
	defer cancel()
	if _, err := body.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if b.root != "" {
		return createLocal(b.root, key, body)
	}
	// Upload is the one entry of the library whose Azure driver reports a taken
	// name; the others crash.
	err := b.bucket.Upload(ctx, key, &cancelOnError{body, cancel}, &blob.WriterOptions{
		IfNotExist:  true,
		ContentType: "application/vnd.apache.parquet",
	})
	if gcerrors.Code(err) == gcerrors.FailedPrecondition {
		return fs.ErrExist
	}
	return err
}

// cancelOnError breaks an upload off when its source fails: a driver that closes
// what it has would publish half a file.
type cancelOnError struct {
	io.Reader
	cancel context.CancelFunc
}

func (r *cancelOnError) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		r.cancel()
	}
	return n, err
}

// verify compares an object with what it must be: size, then SHA-256.
func (b *Bucket) verify(ctx context.Context, f File) error {
	r, err := b.Open(ctx, f.Key, 0, -1)
	if err != nil {
		return err
	}
	return errors.Join(f.Check(r), r.Close())
}

// Check reads r to its end and compares size and hash with the commit's; the
// error is ErrCorrupt with both values, or a read error.
func (f File) Check(r io.Reader) error {
	sum := sha256.New()
	n, err := io.Copy(sum, r)
	if err != nil {
		return err
	}
	if n != f.Bytes {
		return fmt.Errorf("%d bytes, the commit says %d: %w", n, f.Bytes, ErrCorrupt)
	}
	var got Digest
	sum.Sum(got[:0])
	if got != f.SHA256 {
		return fmt.Errorf("SHA-256 %s, the commit says %s: %w", got, f.SHA256, ErrCorrupt)
	}
	return nil
}

// Open implements Store.
func (b *Bucket) Open(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	if err := CheckKey(key); err != nil {
		return nil, failed("read", key, err)
	}
	ctx, cancel := context.WithTimeout(ctx, b.timeout)
	r, err := b.bucket.NewRangeReader(ctx, key, offset, length, nil)
	if err != nil {
		cancel()
		if gcerrors.Code(err) == gcerrors.NotFound {
			err = fmt.Errorf("no such object: %w", ErrCorrupt)
		}
		return nil, failed("read", key, err)
	}
	return &reader{Reader: r, cancel: cancel, key: key}, nil
}

// reader classifies read errors and ends its deadline.
type reader struct {
	*blob.Reader
	cancel context.CancelFunc
	key    string
}

func (r *reader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = failed("read", r.key, err)
	}
	return n, err
}

// WriteTo hides the library's, whose errors would lack a class.
func (r *reader) WriteTo(w io.Writer) (int64, error) {
	return io.Copy(w, struct{ io.Reader }{r})
}

func (r *reader) Close() error {
	defer r.cancel()
	return r.Reader.Close()
}

// List implements Store. Temporary files of uploads in progress are not shown.
func (b *Bucket) List(ctx context.Context, prefix string, visit func(Object) error) error {
	it := b.bucket.List(&blob.ListOptions{Prefix: prefix})
	for {
		page, cancel := context.WithTimeout(ctx, b.timeout)
		o, err := it.Next(page)
		cancel()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return failed("list", prefix, err)
		}
		if o.IsDir || CheckKey(o.Key) != nil || !strings.HasSuffix(o.Key, ".parquet") {
			continue
		}
		if err := visit(Object{Key: o.Key, Bytes: o.Size}); err != nil {
			return err
		}
	}
}

// Delete implements Store.
func (b *Bucket) Delete(ctx context.Context, key string) error {
	if err := CheckKey(key); err != nil {
		return failed("delete", key, err)
	}
	ctx, cancel := context.WithTimeout(ctx, b.timeout)
	defer cancel()
	err := b.bucket.Delete(ctx, key)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil
	}
	return failed("delete", key, err)
}

// LocalPath implements Store.
func (b *Bucket) LocalPath(key string) (string, bool) {
	if b.root == "" || CheckKey(key) != nil {
		return "", false
	}
	return filepath.Join(b.root, filepath.FromSlash(key)), true
}

// Close implements Store.
func (b *Bucket) Close() error { return failed("close", "", b.bucket.Close()) }

// Fetch copies an object to a local file of the given name, verified; a wrong
// object leaves no file. With a store that is a local folder nothing is copied:
// the object is verified where it is and its own path is returned.
func Fetch(ctx context.Context, s Store, f File, to string) (path string, err error) {
	r, err := s.Open(ctx, f.Key, 0, -1)
	if err != nil {
		return "", err
	}
	defer func() { err = cmp.Or(err, r.Close()) }()
	if local, ok := s.LocalPath(f.Key); ok {
		return local, failed("verify", f.Key, f.Check(r))
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o640)
	if err != nil {
		return "", failed("read", to, err)
	}
	check := f.Check(io.TeeReader(r, out))
	if err := errors.Join(check, out.Close()); err != nil {
		return "", errors.Join(failed("verify", f.Key, err), os.Remove(to))
	}
	return to, nil
}
