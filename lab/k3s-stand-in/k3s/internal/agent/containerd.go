package agent

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/sirupsen/logrus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"

	"usher.internal/lab/k3s-stand-in/k3s/internal/pki"
	"usher.internal/lab/k3s-stand-in/k3s/internal/process"
)

// cniBin are the folders where distributions put the CNI plugins.
var cniBin = []string{"/opt/cni/bin", "/usr/lib/cni", "/usr/libexec/cni"}

const containerdForm = `version = 3
imports = [%q]
root = %q
state = %q

[grpc]
  address = %q

[plugins.'io.containerd.cri.v1.images']
  snapshotter = %q
  [plugins.'io.containerd.cri.v1.images'.pinned_images]
    sandbox = %q
  [plugins.'io.containerd.cri.v1.images'.registry]
    config_path = %q

[plugins.'io.containerd.cri.v1.runtime']
  # Containers (and virtual machines' containers) may not lower their oom_score_adj: contract line 20.
  restrict_oom_score_adj = true
  device_ownership_from_security_context = true
  [plugins.'io.containerd.cri.v1.runtime'.cni]
    bin_dirs = [%s]
    conf_dir = %q
  [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
      BinaryName = %q
      SystemdCgroup = false
`

const (
	containerdPoll    = 10 * time.Millisecond
	containerdTimeout = time.Second
)

func startContainerd(options *Options, group *process.Group) error {
	runc, err := exec.LookPath("runc")
	if err != nil {
		return fmt.Errorf("the stand-in uses the machine's own runc: %w", err)
	}
	if err := writeRegistries(options); err != nil {
		return err
	}
	folders := make([]string, 0, len(cniBin))
	for _, folder := range cniBin {
		folders = append(folders, fmt.Sprintf("%q", folder))
	}
	file := options.file("etc", "containerd", "config.toml")
	content := fmt.Appendf(nil, containerdForm,
		filepath.Join(filepath.Dir(file), "config-v3.toml.d", "*.toml"), options.file("containerd"), stateFolder, Socket, options.Snapshotter, options.PauseImage,
		registriesFolder(options), strings.Join(folders, ", "), cniFolder(options), runc)
	if err := pki.WriteFile(file, content, 0o600); err != nil {
		return err
	}
	logFile := options.file("containerd", "containerd.log")
	if err := os.MkdirAll(filepath.Dir(logFile), 0o700); err != nil {
		return err
	}
	output, err := os.OpenFile(logFile, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer output.Close() // the child has its own
	return group.Start(process.Spec{
		Name:   "containerd",
		Path:   filepath.Join(options.Bin, "containerd"),
		Args:   []string{"--config", file},
		Env:    []string{"PATH=" + options.Bin + ":" + os.Getenv("PATH")},
		Output: output,
	})
}

// waitForContainerd waits until containerd answers as the kubelet will ask it; a kubelet that finds nobody ends.
func waitForContainerd(ctx context.Context) error {
	started := time.Now()
	connection, err := grpc.NewClient("unix://"+Socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer connection.Close()
	for {
		// Without the socket a call would only make the connection wait longer before it tries again.
		if _, err := os.Stat(Socket); err == nil {
			attempt, cancel := context.WithTimeout(ctx, containerdTimeout)
			_, err := cri.NewRuntimeServiceClient(connection).Version(attempt, &cri.VersionRequest{}, grpc.WaitForReady(true))
			cancel()
			if err == nil {
				logrus.Infof("containerd is up after %s", time.Since(started).Round(time.Millisecond))
				return nil
			}
		}
		if !pause(ctx, containerdPoll) {
			return context.Cause(ctx)
		}
	}
}
