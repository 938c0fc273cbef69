// Package server is `k3s server`: the control plane's parts as children, and the supervisor that machines join.
package server

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	utilnet "k8s.io/apimachinery/pkg/util/net"

	"usher.internal/lab/k3s-stand-in/k3s/internal/config"
	"usher.internal/lab/k3s-stand-in/k3s/internal/upstream"
)

const (
	// apiPort is where the API server listens, on the loopback interface only; the supervisor is in front of it.
	apiPort = 6444
	// DefaultDataDir is where k3s keeps everything.
	DefaultDataDir = "/var/lib/rancher/k3s"
)

// Options are the settings of a server, with defaults filled in.
type Options struct {
	DataDir            string
	NodeName           string
	NodeIP             net.IP
	BindAddress        string
	AdvertiseAddress   net.IP
	Port               int
	TLSSAN             []string
	Token              string
	AgentToken         string
	Kubeconfig         string
	KubeconfigMode     os.FileMode
	DisableAgent       bool
	DisableKubeProxy   bool
	DisableScheduler   bool
	SecretsEncryption  bool
	FlannelBackend     string
	ClusterCIDR        string
	ServiceCIDR        *net.IPNet
	NodePortRange      string
	ClusterDNS         string
	ClusterDomain      string
	APIServerArgs      []string
	ControllerArgs     []string
	SchedulerArgs      []string
	ControllerLogLevel string
}

// NewOptions fills in the defaults and checks the values.
func NewOptions(values *config.Values) (*Options, error) {
	options := &Options{
		DataDir:            values.Text("data-dir", DefaultDataDir),
		BindAddress:        values.Text("bind-address", ""),
		TLSSAN:             values.List("tls-san"),
		Kubeconfig:         values.Text("write-kubeconfig", upstream.Kubeconfig),
		DisableAgent:       values.On("disable-agent"),
		DisableKubeProxy:   values.On("disable-kube-proxy"),
		DisableScheduler:   values.On("disable-scheduler"),
		SecretsEncryption:  values.On("secrets-encryption"),
		FlannelBackend:     values.Text("flannel-backend", "host-gw"),
		ClusterCIDR:        values.Text("cluster-cidr", "10.42.0.0/16"),
		NodePortRange:      values.Text("service-node-port-range", "30000-32767"),
		ClusterDomain:      values.Text("cluster-domain", "cluster.local"),
		APIServerArgs:      values.List("kube-apiserver-arg"),
		ControllerArgs:     values.List("kube-controller-manager-arg"),
		SchedulerArgs:      values.List("kube-scheduler-arg"),
		ControllerLogLevel: values.Text("v", "0"),
	}
	var err error
	if options.Port, err = strconv.Atoi(values.Text("https-listen-port", "6443")); err != nil {
		return nil, fmt.Errorf("invalid value for --https-listen-port: %w", err)
	}
	mode, err := strconv.ParseUint(values.Text("write-kubeconfig-mode", "600"), 8, 32)
	if err != nil {
		return nil, fmt.Errorf("invalid value for --write-kubeconfig-mode: %w", err)
	}
	options.KubeconfigMode = os.FileMode(mode)
	if _, options.ServiceCIDR, err = net.ParseCIDR(values.Text("service-cidr", "10.43.0.0/16")); err != nil {
		return nil, fmt.Errorf("invalid value for --service-cidr: %w", err)
	}
	options.ClusterDNS = values.Text("cluster-dns", options.serviceIP(10).String())
	if options.NodeName, err = NodeName(values.Text("node-name", "")); err != nil {
		return nil, err
	}
	if options.NodeIP, err = NodeIP(values.List("node-ip")); err != nil {
		return nil, err
	}
	options.AdvertiseAddress = options.NodeIP
	if text := values.Text("advertise-address", ""); text != "" {
		if options.AdvertiseAddress = net.ParseIP(text); options.AdvertiseAddress == nil {
			return nil, fmt.Errorf("invalid value for --advertise-address: %s", text)
		}
	}
	if options.Token, err = TextOrFile(values, "token"); err != nil {
		return nil, err
	}
	if options.AgentToken, err = TextOrFile(values, "agent-token"); err != nil {
		return nil, err
	}
	return options, nil
}

// serviceIP is the n-th address of the services' range.
func (o *Options) serviceIP(n byte) net.IP {
	ip := append(net.IP(nil), o.ServiceCIDR.IP...)
	ip[len(ip)-1] += n
	return ip
}

func (o *Options) tls(name string) string  { return filepath.Join(o.DataDir, "server", "tls", name) }
func (o *Options) cred(name string) string { return filepath.Join(o.DataDir, "server", "cred", name) }
func (o *Options) file(name string) string { return filepath.Join(o.DataDir, "server", name) }

// NodeName gives the name a node goes by: the one that was set, or that of the host, in lower case.
func NodeName(set string) (string, error) {
	if set != "" {
		return strings.ToLower(set), nil
	}
	name, err := os.Hostname()
	return strings.ToLower(name), err
}

// NodeIP gives the address a node goes by: the first that was set, or that of the interface with the default route.
func NodeIP(set []string) (net.IP, error) {
	if len(set) == 0 {
		ip, err := utilnet.ChooseHostInterface()
		if err != nil {
			return nil, fmt.Errorf("failed to find an address by the default route, set --node-ip: %w", err)
		}
		return ip, nil
	}
	ip := net.ParseIP(set[0])
	if ip == nil {
		return nil, fmt.Errorf("invalid value for --node-ip: %s", set[0])
	}
	return ip, nil
}

// TextOrFile gives the value of the flag name, or the content of the file that the flag name-file names.
func TextOrFile(values *config.Values, name string) (string, error) {
	file := values.Text(name+"-file", "")
	if file == "" {
		return values.Text(name, ""), nil
	}
	content, err := os.ReadFile(file)
	return strings.TrimSpace(string(content)), err
}
