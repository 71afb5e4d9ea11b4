package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/advertisex/adjoin/sinks"
)

// lockedStore is a node's store together with the lock on its folder: whoever
// closes the one gives up the other.
type lockedStore struct {
	sinks.Store
	lock *os.File
}

// Close implements sinks.Store.
func (s lockedStore) Close() error { return errors.Join(s.Store.Close(), s.lock.Close()) }

// lockDataDir takes the folder for this process; the kernel gives it up when the
// process ends, however it ends. Two processes with one folder would delete each
// other's spool.
func lockDataDir(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("node.data_dir: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("node.data_dir: %w", err)
	}
	err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	switch {
	case err == nil:
		return lock, nil
	case errors.Is(err, syscall.EWOULDBLOCK):
		err = &failure{
			exit: exitNo, id: "E-DATA-DIR", message: "another process uses the folder " + dir + " (node.data_dir)", cause: err,
			hint: []string{"Stop the other node, or give this one a folder of its own: --data-dir DIR."},
		}
	default:
		err = fmt.Errorf("node.data_dir: locking %s: %w", dir, err)
	}
	return nil, errors.Join(err, lock.Close())
}
