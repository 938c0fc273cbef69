// Package agent is `k3s agent`: it joins a server and then runs containerd, kubelet and kube-proxy.
package agent

import (
	"net"
	"path/filepath"

	"usher.internal/lab/k3s-stand-in/k3s/internal/config"
)

const (
	// nodeFolder survives the removal of everything else of k3s, and so does what it holds: password and id.
	nodeFolder = "/etc/rancher/node"
	// stateFolder is on a disk in memory: it is empty after each boot.
	stateFolder = "/run/k3s/containerd"
	// Socket is where containerd listens.
	Socket = stateFolder + "/containerd.sock"

	defaultPauseImage = "docker.io/usher/stand-in-pause:1"
	defaultRegistries = "/etc/rancher/k3s/registries.yaml"
)

// Options are the settings of an agent, with defaults filled in.
type Options struct {
	DataDir    string
	ServerURL  string
	Token      string
	NodeName   string
	NodeIP     net.IP
	NodeLabels []string
	NodeTaints []string
	// Bin is the folder with containerd's programs.
	Bin                    string
	BindAddress            string
	ResolvConf             string
	PauseImage             string
	Registries             string
	DisableDefaultRegistry bool
	Snapshotter            string
	KubeletArgs            []string
	KubeProxyArgs          []string
	LogLevel               string
}

// NewOptions fills in the defaults that need no look at the machine.
func NewOptions(values *config.Values) *Options {
	return &Options{
		DataDir:                values.Text("data-dir", "/var/lib/rancher/k3s"),
		ServerURL:              values.Text("server", ""),
		NodeLabels:             values.List("node-label"),
		NodeTaints:             values.List("node-taint"),
		BindAddress:            values.Text("bind-address", ""),
		ResolvConf:             values.Text("resolv-conf", ""),
		PauseImage:             values.Text("pause-image", defaultPauseImage),
		Registries:             values.Text("private-registry", defaultRegistries),
		DisableDefaultRegistry: values.On("disable-default-registry-endpoint"),
		Snapshotter:            values.Text("snapshotter", "overlayfs"),
		KubeletArgs:            values.List("kubelet-arg"),
		KubeProxyArgs:          values.List("kube-proxy-arg"),
		LogLevel:               values.Text("v", "0"),
	}
}

func (o *Options) file(parts ...string) string {
	return filepath.Join(append([]string{o.DataDir, "agent"}, parts...)...)
}

// HasCertificate tells whether an earlier join left a kubelet certificate, with which the agent can come back.
func (o *Options) HasCertificate() bool { return ownCertificate(o) != nil }
