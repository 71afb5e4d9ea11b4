package dump

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/advertisex/adjoin/internal/reference"
)

// The names inside a dump folder.
const (
	suffixPlain   = ".ndjson"
	suffixZstd    = ".ndjson.zst"
	CampaignsFile = "campaigns.json"
	CreativesFile = "creatives.json"
)

// Files lists the topic files of a dump folder by name. A topic with both a
// plain and a compressed file is an error: nobody can say which one counts.
func Files(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("dump: %w", err)
	}
	var files []string
	seen := map[string]bool{}
	for _, e := range entries {
		topic, ok := topicOf(e.Name())
		if !ok || e.IsDir() {
			continue
		}
		if seen[topic] {
			return nil, fmt.Errorf("dump: %s holds topic %s twice, plain and compressed: delete one", dir, topic)
		}
		seen[topic] = true
		files = append(files, filepath.Join(dir, e.Name()))
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("dump: %s holds no <topic>.ndjson or <topic>.ndjson.zst: is it the right folder?", dir)
	}
	return files, nil
}

func topicOf(name string) (string, bool) {
	if topic, ok := strings.CutSuffix(name, suffixZstd); ok {
		return topic, topic != ""
	}
	topic, ok := strings.CutSuffix(name, suffixPlain)
	return topic, ok && topic != ""
}

// Open reads a file of a dump in line order. The caller closes.
func Open(path string) (*Reader, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("dump: %w", err)
	}
	if !strings.HasSuffix(path, suffixZstd) {
		r := NewReader(f, path)
		r.close = f.Close
		return r, nil
	}
	z, err := zstd.NewReader(f, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(256<<20))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("dump: %s: %w", path, err), f.Close())
	}
	r := NewReader(z, path)
	r.close = func() error { z.Close(); return f.Close() }
	return r, nil
}

// Reference reads campaigns.json and creatives.json of a dump folder; a file
// that is not there is no rows. The defaults are a deployment's, see
// reference.ParseWith.
func Reference(dir string, defaults reference.Campaign) (*reference.Set, error) {
	campaigns, err1 := readOptional(filepath.Join(dir, CampaignsFile))
	creatives, err2 := readOptional(filepath.Join(dir, CreativesFile))
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	set, err := reference.ParseWith(defaults, campaigns, creatives)
	if err != nil {
		return nil, fmt.Errorf("dump: %s: %w", dir, err)
	}
	return set, nil
}

func readOptional(path string) ([]byte, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("dump: %w", err)
	}
	return b, nil
}

// Folder writes a dump folder. It is not safe for concurrent use.
type Folder struct {
	dir    string
	zstd   bool
	topics map[string]*topicFile
}

type topicFile struct {
	lines *Writer
	next  []int64 // next offset by partition
	file  *os.File
	zip   *zstd.Encoder // nil for a plain file
}

// maxPartition bounds the table of next offsets; no broker has a topic of more.
const maxPartition = 200_000

// Create makes the folder if need be. Topic files are made at their first
// record and must not exist: a dump is never mixed into another.
func Create(dir string, compressed bool) (*Folder, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("dump: %w", err)
	}
	return &Folder{dir: dir, zstd: compressed, topics: map[string]*topicFile{}}, nil
}

// AddTopic makes the topic's file even if no record will follow.
func (f *Folder) AddTopic(topic string) error {
	_, err := f.topic(topic)
	return err
}

// Write adds one record to its topic's file. With NextOffset it numbers the
// record in its partition, from 0, and stores the number in rec.
func (f *Folder) Write(rec *Record) error {
	t, err := f.topic(rec.Topic)
	if err != nil {
		return err
	}
	if rec.Partition < 0 || rec.Partition > maxPartition {
		return fmt.Errorf("dump: partition %d of topic %s: 0 to %d", rec.Partition, rec.Topic, maxPartition)
	}
	for int(rec.Partition) >= len(t.next) {
		t.next = append(t.next, 0)
	}
	if rec.Offset == NextOffset {
		rec.Offset = t.next[rec.Partition]
	}
	t.next[rec.Partition] = max(t.next[rec.Partition], rec.Offset+1)
	return t.lines.Write(rec)
}

func (f *Folder) topic(topic string) (*topicFile, error) {
	if t, ok := f.topics[topic]; ok {
		return t, nil
	}
	if !validTopic(topic) {
		return nil, fmt.Errorf("dump: %q is not a Kafka topic name", topic)
	}
	suffix := suffixPlain
	if f.zstd {
		suffix = suffixZstd
	}
	path := filepath.Join(f.dir, topic+suffix)
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return nil, fmt.Errorf("dump: %w: choose an empty folder", err)
	}
	t := &topicFile{file: file}
	var to io.Writer = file
	if f.zstd {
		t.zip, err = zstd.NewWriter(file, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest))
		if err != nil {
			return nil, errors.Join(fmt.Errorf("dump: %s: %w", path, err), file.Close())
		}
		to = t.zip
	}
	t.lines = NewWriter(to)
	f.topics[topic] = t
	return t, nil
}

// validTopic holds what Kafka allows, which is also what a file name may be.
func validTopic(s string) bool {
	if s == "" || s == "." || s == ".." || len(s) > 249 {
		return false
	}
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == ""
}

// WriteFile puts another file, such as campaigns.json, into the folder.
func (f *Folder) WriteFile(name string, data []byte) error {
	if err := os.WriteFile(filepath.Join(f.dir, name), data, 0o644); err != nil {
		return fmt.Errorf("dump: %w", err)
	}
	return nil
}

// Close flushes and closes every file. The dump is complete when it returns nil.
func (f *Folder) Close() error {
	names := make([]string, 0, len(f.topics))
	for name := range f.topics {
		names = append(names, name)
	}
	slices.Sort(names)
	var faults []error
	for _, name := range names {
		t := f.topics[name]
		faults = append(faults, t.lines.Flush())
		if t.zip != nil {
			faults = append(faults, t.zip.Close())
		}
		faults = append(faults, t.file.Close())
	}
	clear(f.topics)
	return errors.Join(faults...)
}
