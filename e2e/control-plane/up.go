package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// Generous, because several control planes may start on a machine that is also compiling.
const readyTimeout = 3 * time.Minute

// supervisor runs the programs of one control plane and answers commands.
// Everything in it belongs to the main thread.
type supervisor struct {
	*layout
	children map[string]*child
	stop     <-chan os.Signal
	// commands are the lines of stdin; its end ends the control plane.
	commands <-chan string
	// queue holds the lines that came during a wait.
	queue []string
}

// up runs a control plane until stdin ends or a signal comes.
func up(arguments []string) int {
	runtime.LockOSThread()
	flags := flag.NewFlagSet("up", flag.ExitOnError)
	dir := flags.String("dir", "", "directory for kubeconfig, logs and the audit log (required)")
	withNodes := flags.Bool("with-nodes", false, "run the scheduler and one node played by kwok")
	audit := flags.Bool("audit", false, "write DIR/audit.log at metadata level")
	remove := flags.Bool("remove", false, "remove DIR with everything in it at the end")
	_ = flags.Parse(arguments)
	if *dir == "" || flags.NArg() != 0 {
		flags.Usage()
		return 2
	}
	if *remove {
		defer func() { _ = os.RemoveAll(*dir) }()
	}
	if err := serve(*dir, *withNodes, *audit); err != nil {
		fmt.Fprintln(os.Stderr, "control-plane:", err)
		return 1
	}
	return 0
}

func serve(dir string, withNodes, audit bool) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	data, err := newDataDir(dir)
	if err != nil {
		return err
	}
	defer data.remove()
	l, err := newLayout(dir, data.path, withNodes, audit)
	if err != nil {
		return err
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	s := &supervisor{
		layout:   l,
		children: map[string]*child{},
		stop:     signals,
		commands: lines(os.Stdin),
	}
	defer s.killAll()
	if err := s.bringUp(); err != nil {
		return s.unlessStopped(err)
	}
	s.report(map[string]any{
		"kubeconfig": s.kubeconfig("admin"),
		"server":     s.server(),
		"ports":      s.ports,
		"pids":       s.pids(),
	})
	return s.unlessStopped(s.loop())
}

// errStopped tells that the control plane was asked to end.
var errStopped = errors.New("stopped")

func (s *supervisor) unlessStopped(err error) error {
	if errors.Is(err, errStopped) {
		return nil
	}
	return err
}

func (s *supervisor) bringUp() error {
	for _, name := range s.programsToRun() {
		if err := s.start(name); err != nil {
			return err
		}
		// The API server waits for etcd by itself; the others give up after a while.
		if name == "kube-apiserver" {
			if err := s.await("the API server", s.apiServerReady); err != nil {
				return err
			}
		}
	}
	if s.withNodes {
		if err := s.await("the node", s.nodeReady); err != nil {
			return err
		}
	}
	return s.await("the default service account", s.defaultAccountExists)
}

func (s *supervisor) loop() error {
	// A dead program is looked for rather than waited for: which ones run changes by command.
	check := time.NewTicker(200 * time.Millisecond)
	defer check.Stop()
	for {
		for len(s.queue) > 0 {
			line := s.queue[0]
			s.queue = s.queue[1:]
			if err := s.answer(line); err != nil {
				return err
			}
		}
		select {
		case <-s.stop:
			return errStopped
		case line, open := <-s.commands:
			if !open {
				return errStopped
			}
			s.queue = append(s.queue, line)
		case <-check.C:
			if err := s.allRunning(); err != nil {
				return err
			}
		}
	}
}

// answer carries out a line and reports the outcome; only a stop is an error.
func (s *supervisor) answer(line string) error {
	report := map[string]any{"done": line}
	if err := s.command(strings.Fields(line)); errors.Is(err, errStopped) {
		return err
	} else if err != nil {
		report = map[string]any{"failed": line, "error": err.Error()}
	}
	report["pids"] = s.pids()
	s.report(report)
	return nil
}

// command carries out `stop NAME`, `start NAME` or `restart NAME`.
func (s *supervisor) command(words []string) error {
	if len(words) != 2 {
		return errors.New("expected {start|stop|restart} PROGRAM")
	}
	verb, name := words[0], words[1]
	known := false
	for _, program := range s.programsToRun() {
		known = known || program == name
	}
	if !known {
		return fmt.Errorf("%s does not run here", name)
	}
	switch verb {
	case "stop":
		s.kill(name)
		return nil
	case "start", "restart":
		s.kill(name)
		if err := s.start(name); err != nil {
			return err
		}
		// Without etcd or the API server nothing can be ready: that is for the tester to know.
		if s.children["etcd"] == nil || s.children["kube-apiserver"] == nil {
			return nil
		}
		return s.await("the API server", s.apiServerReady)
	default:
		return fmt.Errorf("unknown command %s", verb)
	}
}

func (s *supervisor) start(name string) error {
	c, err := startChild(s.dir, name, s.arguments(name))
	if err != nil {
		return err
	}
	s.children[name] = c
	return nil
}

func (s *supervisor) kill(name string) {
	if c := s.children[name]; c != nil {
		c.kill()
		delete(s.children, name)
	}
}

func (s *supervisor) killAll() {
	for _, c := range s.children {
		_ = c.cmd.Process.Kill()
	}
	for _, c := range s.children {
		<-c.done
	}
}

func (s *supervisor) allRunning() error {
	for name, c := range s.children {
		if c.ended() {
			return fmt.Errorf("%s ended by itself: %s\n%s",
				name, c.cmd.ProcessState, logTail(s.dir, name))
		}
	}
	return nil
}

// await polls until the condition holds, a program dies or the wait is called off.
func (s *supervisor) await(what string, condition func(context.Context) error) error {
	deadline := time.Now().Add(readyTimeout)
	poll := time.NewTicker(50 * time.Millisecond)
	defer poll.Stop()
	for {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		err := condition(ctx)
		cancel()
		if err == nil {
			return nil
		}
		if dead := s.allRunning(); dead != nil {
			return dead
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s is not ready after %s: %w\n%s",
				what, readyTimeout, err, logTail(s.dir, "kube-apiserver"))
		}
		select {
		case <-s.stop:
			return errStopped
		case line, open := <-s.commands:
			if !open {
				return errStopped
			}
			s.queue = append(s.queue, line)
		case <-poll.C:
		}
	}
}

func (s *supervisor) pids() map[string]int {
	pids := map[string]int{}
	for name, c := range s.children {
		pids[name] = c.cmd.Process.Pid
	}
	return pids
}

func (s *supervisor) report(line map[string]any) {
	// A reader that went away is noticed by the end of stdin.
	_ = json.NewEncoder(os.Stdout).Encode(line)
}

func lines(file *os.File) <-chan string {
	channel := make(chan string)
	go func() {
		defer close(channel)
		scanner := bufio.NewScanner(file)
		for scanner.Scan() {
			channel <- scanner.Text()
		}
	}()
	return channel
}
