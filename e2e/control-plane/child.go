package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// child is one running program of the control plane.
type child struct {
	name string
	cmd  *exec.Cmd
	// done is closed once the process has been waited for.
	done chan struct{}
}

// startChild runs a program with its output appended to logs/NAME.log.
//
// It has to be called on the locked main thread: the kernel sends the parent
// death signal when the thread that forked ends, not the process.
func startChild(dir, name string, args []string) (*child, error) {
	path, err := programPath(name)
	if err != nil {
		return nil, err
	}
	log, err := os.OpenFile(logPath(dir, name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := &exec.Cmd{
		Path:        path,
		Args:        append([]string{name}, args...),
		Dir:         dir,
		Stdout:      log,
		Stderr:      log,
		SysProcAttr: &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL},
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	c := &child{name: name, cmd: cmd, done: make(chan struct{})}
	go func() {
		_ = cmd.Wait()
		close(c.done)
	}()
	return c, nil
}

// kill ends the process the hard way and waits for it. Nothing it holds is
// worth a graceful stop: the data of the cluster ends with the cluster.
func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	<-c.done
}

func (c *child) ended() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// programPath is the executable that plays the program: one of the user's own
// in $KUBEBUILDER_ASSETS, else this very binary, called by the program's name.
func programPath(name string) (string, error) {
	if assets := os.Getenv("KUBEBUILDER_ASSETS"); assets != "" {
		path, err := exec.LookPath(filepath.Join(assets, name))
		if err == nil {
			return filepath.Abs(path)
		}
	}
	return os.Executable()
}

func logPath(dir, name string) string {
	return filepath.Join(dir, "logs", name+".log")
}

// logTail is the end of a program's log, for the message that reports its death.
func logTail(dir, name string) string {
	const limit = 4096
	data, err := os.ReadFile(logPath(dir, name))
	if err != nil {
		return err.Error()
	}
	if len(data) > limit {
		data = data[len(data)-limit:]
	}
	return string(data)
}
