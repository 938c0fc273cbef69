package server

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/sirupsen/logrus"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"usher.internal/lab/k3s-stand-in/k3s/internal/process"
)

const (
	readyPoll    = 50 * time.Millisecond
	readyTimeout = 2 * time.Second
)

// Run starts the control plane and gives back once machines can join; it goes on working until ctx ends. The children
// belong to group.
func Run(ctx context.Context, options *Options, group *process.Group) error {
	if err := os.MkdirAll(options.file(filepath.Join("db", "etcd")), 0o700); err != nil {
		return err
	}
	cas, err := prepareIdentity(options)
	if err != nil {
		return fmt.Errorf("preparing certificates: %w", err)
	}
	passwords, err := prepareCredentials(options, cas.server)
	if err != nil {
		return fmt.Errorf("starting kubernetes: preparing server: %w", err)
	}
	api, err := adminClient(options)
	if err != nil {
		return err
	}
	boss := &supervisor{
		options:   options,
		cas:       cas,
		api:       api,
		who:       &authenticator{clientCAs: cas.client.Pool(), passwords: passwords, api: api},
		passwords: newNodePasswords(ctx, api),
	}
	if err := startStore(options, group); err != nil {
		return err
	}
	proxy, err := newAPIProxy(options, cas, boss.who)
	if err != nil {
		return err
	}
	if err := listen(ctx, options, cas.server, boss.routes(proxy)); err != nil {
		return err
	}
	if err := waitForAPI(ctx, api); err != nil {
		return err
	}
	return boss.open(ctx, group)
}

func startStore(options *Options, group *process.Group) error {
	spec, err := apiServer(options)
	if err != nil {
		return err
	}
	if err := group.Start(etcd(options)); err != nil {
		return err
	}
	return group.Start(spec)
}

// open starts what needs the API server, which for the controller manager includes the roles it finds there.
func (s *supervisor) open(ctx context.Context, group *process.Group) error {
	if err := group.Start(controllerManager(s.options)); err != nil {
		return err
	}
	if !s.options.DisableScheduler {
		if err := group.Start(scheduler(s.options)); err != nil {
			return err
		}
	}
	if err := ensureObjects(ctx, s.options, s.api); err != nil {
		return fmt.Errorf("preparing the cluster's objects: %w", err)
	}
	go newNodeController(s.api, s.passwords, s.options.NodeName).run(ctx)
	s.ready.Store(true)
	logrus.Info("Kube API server is now running")
	return nil
}

func adminClient(options *Options) (kubernetes.Interface, error) {
	config, err := clientcmd.BuildConfigFromFlags("", options.cred("supervisor.kubeconfig"))
	if err != nil {
		return nil, err
	}
	// The supervisor's own requests are few; waiting in a queue for them would only slow a join.
	config.QPS = -1
	config.WarningHandler = rest.NoWarnings{}
	return kubernetes.NewForConfig(config)
}

func waitForAPI(ctx context.Context, api kubernetes.Interface) error {
	for {
		attempt, cancel := context.WithTimeout(ctx, readyTimeout)
		_, err := api.Discovery().RESTClient().Get().AbsPath("/readyz").DoRaw(attempt)
		cancel()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(readyPoll):
		}
	}
}
