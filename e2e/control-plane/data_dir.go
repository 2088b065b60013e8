package main

import (
	"os"
	"path/filepath"
	"syscall"
	"time"
)

const (
	memory        = "/dev/shm"
	dataDirPrefix = "windlass-etcd-"
	sweepAge      = time.Minute
)

// dataDir holds etcd's files, in memory where the system offers that. A lock
// held by the supervisor tells a live directory from one left by a killed one.
type dataDir struct {
	path string
	lock *os.File
}

func newDataDir(fallback string) (*dataDir, error) {
	parent := memory
	if info, err := os.Stat(memory); err != nil || !info.IsDir() {
		parent = fallback
	}
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return nil, err
	}
	sweep(parent)
	path, err := os.MkdirTemp(parent, dataDirPrefix)
	if err != nil {
		if parent == fallback {
			return nil, err
		}
		// The system may have it and not let this user write there.
		if path, err = os.MkdirTemp(fallback, dataDirPrefix); err != nil {
			return nil, err
		}
	}
	lock, err := os.OpenFile(filepath.Join(path, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return nil, err
	}
	return &dataDir{path: filepath.Join(path, "data"), lock: lock}, nil
}

func (d *dataDir) remove() {
	_ = os.RemoveAll(filepath.Dir(d.path))
	_ = d.lock.Close()
}

// sweep removes what supervisors that were killed could not remove themselves.
// A directory without a lock file is one that is being made right now.
func sweep(parent string) {
	locks, _ := filepath.Glob(filepath.Join(parent, dataDirPrefix+"*", "lock"))
	for _, path := range locks {
		lock, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			continue
		}
		// Between creation and locking of a live one lies less than a millisecond; its age
		// keeps that window out.
		info, err := lock.Stat()
		old := err == nil && time.Since(info.ModTime()) > sweepAge
		if old && syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
			_ = os.RemoveAll(filepath.Dir(path))
		}
		_ = lock.Close()
	}
}
