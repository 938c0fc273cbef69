package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/sirupsen/logrus"

	"usher.internal/lab/k3s-stand-in/k3s/internal/agent"
	"usher.internal/lab/k3s-stand-in/k3s/internal/bundle"
	"usher.internal/lab/k3s-stand-in/k3s/internal/config"
	"usher.internal/lab/k3s-stand-in/k3s/internal/process"
	"usher.internal/lab/k3s-stand-in/k3s/internal/server"
	"usher.internal/lab/k3s-stand-in/k3s/internal/version"
)

// stopGrace is how long the parts may take to end when asked to.
const stopGrace = 1500 * time.Millisecond

var errStopped = errors.New("stopped by a signal")

func runServer(args []string) error {
	values, err := parse("server", config.ServerFlags(), args)
	if err != nil {
		return err
	}
	options, err := server.NewOptions(values)
	if err != nil {
		return err
	}
	if values.Text("server", "") != "" {
		return errors.New("joining further servers is not part of the stand-in")
	}
	return supervise(func(ctx context.Context, group *process.Group) error {
		if err := server.Run(ctx, options, group); err != nil || options.DisableAgent {
			return err
		}
		own, err := agentOptions(values)
		if err != nil {
			return err
		}
		own.ServerURL = fmt.Sprintf("https://127.0.0.1:%d", options.Port)
		if own.Token, err = readTrimmed(filepath.Join(options.DataDir, "server", "agent-token")); err != nil {
			return err
		}
		return agent.Run(ctx, own, group)
	})
}

func runAgent(args []string) error {
	values, err := parse("agent", config.AgentFlags(), args)
	if err != nil {
		return err
	}
	text, err := server.TextOrFile(values, "token")
	if err != nil {
		return err
	}
	options, err := agentOptions(values)
	if err != nil {
		return err
	}
	options.Token = text
	if options.Token == "" && !options.HasCertificate() {
		return errors.New("--token is required")
	}
	if options.ServerURL == "" {
		return errors.New("--server is required")
	}
	return supervise(func(ctx context.Context, group *process.Group) error { return agent.Run(ctx, options, group) })
}

// parse reads the settings, sets up the log, and says what this is.
func parse(command string, flags []config.Flag, args []string) (*config.Values, error) {
	values, err := config.Parse(flags, args)
	if err != nil {
		return nil, fmt.Errorf("Incorrect Usage: %w", err)
	}
	if os.Geteuid() != 0 {
		return nil, fmt.Errorf("%s must run as root", command)
	}
	if err := setUpLog(values); err != nil {
		return nil, err
	}
	logrus.Infof("Starting k3s %s %s", command, version.Kubernetes())
	logrus.Warnf("This is a stand-in for k3s made of %s; it is meant for the lab and for tests", version.Notice)
	for _, warning := range values.Warnings {
		logrus.Warn(warning)
	}
	for _, name := range values.Inert {
		logrus.Infof("--%s is accepted and changes nothing in the stand-in", name)
	}
	return values, nil
}

func agentOptions(values *config.Values) (*agent.Options, error) {
	options := agent.NewOptions(values)
	var err error
	if options.NodeName, err = server.NodeName(values.Text("node-name", "")); err != nil {
		return nil, err
	}
	if values.On("with-node-id") {
		if options.NodeName, err = agent.WithNodeID(options.NodeName); err != nil {
			return nil, err
		}
	}
	addresses := values.List("node-ip")
	if name := values.Text("flannel-iface", ""); name != "" && len(addresses) == 0 {
		if addresses, err = addressOf(name); err != nil {
			return nil, err
		}
	}
	if options.NodeIP, err = server.NodeIP(addresses); err != nil {
		return nil, err
	}
	options.Bin, err = bundle.Unpack(options.DataDir)
	return options, err
}

// supervise runs work, and then waits until a signal comes or a part ends by itself; either way all parts end.
func supervise(work func(context.Context, *process.Group) error) error {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-signals
		cancel(errStopped)
	}()
	group := process.NewGroup(cancel)
	err := work(ctx, group)
	if err == nil {
		notifySystemd("READY=1")
		<-ctx.Done()
		err = context.Cause(ctx)
	}
	notifySystemd("STOPPING=1")
	cancel(err)
	group.Stop(stopGrace)
	if errors.Is(err, errStopped) {
		return nil
	}
	return err
}

func setUpLog(values *config.Values) error {
	logrus.SetFormatter(&logrus.TextFormatter{FullTimestamp: true, DisableColors: true})
	if values.On("debug") {
		logrus.SetLevel(logrus.DebugLevel)
	}
	file := values.Text("log", "")
	if file == "" {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	output, err := os.OpenFile(file, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o640)
	if err != nil {
		return err
	}
	if values.On("alsologtostderr") {
		logrus.SetOutput(io.MultiWriter(os.Stderr, output))
		return nil
	}
	// The parts print to our standard error, so that is what goes to the file.
	return syscall.Dup3(int(output.Fd()), int(os.Stderr.Fd()), 0)
}

// notifySystemd tells the service manager, if one started us, how far we are.
func notifySystemd(state string) {
	address := os.Getenv("NOTIFY_SOCKET")
	if address == "" {
		return
	}
	connection, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: address, Net: "unixgram"})
	if err != nil {
		logrus.Warnf("Telling systemd: %v", err)
		return
	}
	defer connection.Close()
	if _, err := connection.Write([]byte(state)); err != nil {
		logrus.Warnf("Telling systemd: %v", err)
	}
}

func runCtr(args []string) error {
	bin, err := bundle.Unpack(server.DefaultDataDir)
	if err != nil {
		return err
	}
	command := exec.Command(filepath.Join(bin, "ctr"), append([]string{"--address", agent.Socket, "--namespace", "k8s.io"}, args...)...)
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	return command.Run()
}

// report prints err the way k3s does and gives the exit code.
func report(err error) int {
	if err == nil {
		return 0
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() > 0 {
		return exit.ExitCode()
	}
	logrus.StandardLogger().SetFormatter(&logrus.TextFormatter{FullTimestamp: true, DisableColors: true})
	logrus.StandardLogger().Log(logrus.FatalLevel, err)
	return 1
}
