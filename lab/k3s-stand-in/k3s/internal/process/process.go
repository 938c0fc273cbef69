// Package process starts the parts of Kubernetes as children that cannot outlive their parent.
package process

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/sirupsen/logrus"
)

// self is this very file, even when the one on disk was replaced since the start.
const self = "/proc/self/exe"

// Spec says what to start.
type Spec struct {
	// Name is the program's own name (its argv[0]); a part of this binary unless Path is set.
	Name string
	Path string
	Args []string
	Dir  string
	// Env is added to the environment of the parent.
	Env []string
	// Output takes what the child prints; nil means where the parent prints.
	Output io.Writer
}

// Group is a set of children that live and die together: when one ends by itself, the whole group is told to stop.
type Group struct {
	cancel   context.CancelCauseFunc
	starts   chan func()
	mu       sync.Mutex
	children []*child
	stopping bool
}

type child struct {
	name string
	cmd  *exec.Cmd
	done chan struct{}
}

// NewGroup makes a group; cancel is called with the reason when a child ends that was not asked to.
func NewGroup(cancel context.CancelCauseFunc) *Group {
	group := &Group{cancel: cancel, starts: make(chan func())}
	go group.startOnOneThread()
	return group
}

// startOnOneThread does every start on one thread that lives as long as the process: the kernel sends the parent-death
// signal when the starting *thread* ends, not the process.
func (g *Group) startOnOneThread() {
	runtime.LockOSThread()
	for start := range g.starts {
		start()
	}
}

// Start starts a child.
func (g *Group) Start(spec Spec) error {
	path := spec.Path
	if path == "" {
		path = self
	}
	cmd := &exec.Cmd{
		Path:        path,
		Args:        append([]string{spec.Name}, spec.Args...),
		Dir:         spec.Dir,
		Env:         append(environment(), spec.Env...),
		Stdout:      spec.Output,
		Stderr:      spec.Output,
		SysProcAttr: &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true},
	}
	if spec.Output == nil {
		cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	}
	started := make(chan error)
	g.starts <- func() { started <- cmd.Start() }
	if err := <-started; err != nil {
		return fmt.Errorf("starting %s: %w", spec.Name, err)
	}
	one := &child{name: spec.Name, cmd: cmd, done: make(chan struct{})}
	g.mu.Lock()
	g.children = append(g.children, one)
	g.mu.Unlock()
	logrus.Infof("Running %s (process %d)", spec.Name, cmd.Process.Pid)
	go g.watch(one)
	return nil
}

func (g *Group) watch(one *child) {
	err := one.cmd.Wait()
	close(one.done)
	g.mu.Lock()
	stopping := g.stopping
	g.mu.Unlock()
	if !stopping {
		g.cancel(fmt.Errorf("%s exited: %v", one.name, err))
	}
}

// Stop asks all children to end, the youngest first, and kills those that still run after grace.
func (g *Group) Stop(grace time.Duration) {
	g.mu.Lock()
	g.stopping = true
	children := append([]*child(nil), g.children...)
	g.mu.Unlock()
	for i := len(children) - 1; i >= 0; i-- {
		_ = children[i].cmd.Process.Signal(syscall.SIGTERM)
	}
	deadline := time.After(grace)
	for _, one := range children {
		select {
		case <-one.done:
			continue
		case <-deadline:
		}
		for _, late := range children {
			_ = late.cmd.Process.Kill()
		}
		break
	}
	for _, one := range children {
		<-one.done
	}
}

// environment is the parent's without what speaks to systemd: only the supervisor says when the whole is ready.
func environment() []string {
	var kept []string
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "NOTIFY_SOCKET=") {
			kept = append(kept, entry)
		}
	}
	return kept
}
