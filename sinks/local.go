package sinks

import (
	"crypto/rand"
	"errors"
	"io"
	"os"
	"path"
)

// createLocal writes an object of a local store: a temporary file beside its
// place, fsync, a hard link to the final name, fsync of the folders. The link is
// create-only among all processes (fs.ErrExist), nothing half-written ever has
// the final name, and the commit that names the file cannot survive a power cut
// that the file does not. The library's own driver does none of the three. No
// path leaves the root, not even through a symbolic link (S8).
func createLocal(dir, key string, body io.Reader) (err error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	folder := path.Dir(key)
	if err := root.MkdirAll(folder, 0o750); err != nil {
		return err
	}
	temp := path.Join(folder, "upload-"+rand.Text()+".tmp")
	if err := writeSynced(root, temp, body); err != nil {
		return errors.Join(err, removeIfThere(root, temp))
	}
	if err := errors.Join(root.Link(temp, key), root.Remove(temp)); err != nil {
		return err
	}
	for f := folder; ; f = path.Dir(f) {
		if err := syncFolder(root, f); err != nil {
			return err
		}
		if f == "." {
			return nil
		}
	}
}

func writeSynced(root *os.Root, name string, body io.Reader) error {
	f, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o640)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, body)
	return errors.Join(err, f.Sync(), f.Close())
}

func removeIfThere(root *os.Root, name string) error {
	if err := root.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

func syncFolder(root *os.Root, name string) error {
	f, err := root.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
