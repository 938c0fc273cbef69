package agent

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/sirupsen/logrus"

	"usher.internal/lab/k3s-stand-in/k3s/internal/join"
	"usher.internal/lab/k3s-stand-in/k3s/internal/process"
)

const (
	connectRetry = 2 * time.Second
	// configRetry is the least time between two attempts to join; up to as much again is added at random.
	configRetry = 5 * time.Second
	// kubeProxyDelay is how long kube-proxy waits for the pods' network at most.
	kubeProxyDelay = 3 * time.Second
)

// Run joins the server, for as long as it takes, and starts the node's parts; they go on until ctx ends. The children
// belong to group.
func Run(ctx context.Context, options *Options, group *process.Group) error {
	if !connect(ctx, options) {
		return context.Cause(ctx)
	}
	config := retrieve(ctx, options)
	if config == nil {
		return context.Cause(ctx)
	}
	if err := prepareHost(); err != nil {
		return err
	}
	if err := clearNetwork(options); err != nil {
		return err
	}
	if err := startContainerd(options, group); err != nil {
		return err
	}
	if err := waitForContainerd(ctx); err != nil {
		return err
	}
	if err := startKubelet(options, config, group); err != nil {
		return err
	}
	logrus.Infof("k3s agent is up and running as %s (%s)", options.NodeName, options.NodeIP)
	imported := make(chan struct{})
	go func() {
		defer close(imported)
		importImages(ctx, options)
	}()
	up, err := startNetwork(ctx, options, config, imported)
	if err != nil || config.DisableKubeProxy {
		return err
	}
	// Until then nothing needs it, and the kubelet has the processors for itself.
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-up:
	case <-time.After(kubeProxyDelay):
	}
	return startKubeProxy(options, config, group)
}

// connect waits until the server's CA is the one of the token. It needs no credentials for that, so a token that is
// dead by now does not matter here, but a missing one does (contract line 8).
func connect(ctx context.Context, options *Options) bool {
	for {
		server, err := join.Connect(options.ServerURL, options.Token, ownCertificate(options))
		if err == nil {
			server.Close()
			return true
		}
		logrus.Errorf("Failed to validate connection to cluster at %s: %v", options.ServerURL, err)
		if !pause(ctx, connectRetry) {
			return false
		}
	}
}

// retrieve repeats the join until it succeeds; nil means that ctx ended.
func retrieve(ctx context.Context, options *Options) *join.Config {
	for {
		config, err := joinOnce(options)
		if err == nil {
			return config
		}
		logrus.Infof("Waiting to retrieve agent configuration; server is not ready: %v", err)
		if !pause(ctx, configRetry+rand.N(configRetry)) {
			return nil
		}
	}
}

func joinOnce(options *Options) (*join.Config, error) {
	server, err := join.Connect(options.ServerURL, options.Token, ownCertificate(options))
	if err != nil {
		return nil, err
	}
	defer server.Close()
	config, err := server.Config()
	if err != nil {
		return nil, err
	}
	return config, fetchIdentity(options, server)
}

// prepareHost makes the folders and kernel settings that pods need.
func prepareHost() error {
	for _, folder := range []string{stateFolder, "/var/log/pods", "/var/log/containers", "/var/lib/kubelet"} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
	}
	settings := map[string]string{
		"/proc/sys/net/ipv4/ip_forward":                 "1",
		"/proc/sys/net/bridge/bridge-nf-call-iptables":  "1",
		"/proc/sys/net/bridge/bridge-nf-call-ip6tables": "1",
	}
	for file, value := range settings {
		if err := os.WriteFile(file, []byte(value), 0o644); err != nil {
			logrus.Warnf("Setting %s: %v", filepath.Base(file), err)
		}
	}
	return nil
}

// pause waits and tells whether ctx still goes on.
func pause(ctx context.Context, duration time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(duration):
		return true
	}
}
