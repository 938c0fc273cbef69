// Package config reads k3s's settings: flags, config files and environment, with k3s's names and order of precedence.
package config

// Kind is the form of a flag's value.
type Kind int

const (
	// Text is one value; a later one replaces an earlier one.
	Text Kind = iota
	// Switch is true when given without a value.
	Switch
	// List collects values, each of which may hold several with commas between them.
	List
	// Arguments collects values as they are: commas belong to them.
	Arguments
)

// Flag is one setting. Its name is also its key in a config file.
type Flag struct {
	Name  string
	Short string
	Env   string
	Kind  Kind
	// Inert flags are k3s's and taken without complaint, but change nothing here.
	Inert bool
}

// both are the flags of server and agent.
var both = []Flag{
	{Name: "config", Short: "c", Env: "K3S_CONFIG_FILE"},
	{Name: "token", Short: "t", Env: "K3S_TOKEN"},
	{Name: "token-file", Env: "K3S_TOKEN_FILE"},
	{Name: "server", Short: "s", Env: "K3S_URL"},
	{Name: "data-dir", Short: "d", Env: "K3S_DATA_DIR"},
	{Name: "node-name", Env: "K3S_NODE_NAME"},
	{Name: "with-node-id", Kind: Switch},
	{Name: "node-label", Kind: List},
	{Name: "node-taint", Kind: List},
	{Name: "node-ip", Short: "i", Kind: List},
	{Name: "flannel-iface"},
	{Name: "resolv-conf", Env: "K3S_RESOLV_CONF"},
	{Name: "kubelet-arg", Kind: Arguments},
	{Name: "kube-proxy-arg", Kind: Arguments},
	{Name: "pause-image"},
	{Name: "private-registry"},
	{Name: "disable-default-registry-endpoint", Kind: Switch},
	{Name: "snapshotter"},
	{Name: "log", Short: "l"},
	{Name: "v"},
	{Name: "debug", Env: "K3S_DEBUG", Kind: Switch},
	{Name: "alsologtostderr", Kind: Switch},
	{Name: "vmodule", Inert: true},
	{Name: "node-external-ip", Kind: List, Inert: true},
	{Name: "node-internal-dns", Kind: List, Inert: true},
	{Name: "node-external-dns", Kind: List, Inert: true},
	{Name: "lb-server-port", Inert: true},
	{Name: "selinux", Kind: Switch, Inert: true},
	{Name: "prefer-bundled-bin", Kind: Switch, Inert: true},
	{Name: "protect-kernel-defaults", Kind: Switch, Inert: true},
	{Name: "nonroot-devices", Kind: Switch, Inert: true},
	{Name: "default-runtime", Inert: true},
	{Name: "image-service-endpoint", Inert: true},
	{Name: "bind-address"},
}

var serverOnly = []Flag{
	{Name: "agent-token", Env: "K3S_AGENT_TOKEN"},
	{Name: "agent-token-file", Env: "K3S_AGENT_TOKEN_FILE"},
	{Name: "advertise-address"},
	{Name: "advertise-port", Inert: true},
	{Name: "https-listen-port"},
	{Name: "tls-san", Kind: List},
	{Name: "write-kubeconfig", Short: "o", Env: "K3S_KUBECONFIG_OUTPUT"},
	{Name: "write-kubeconfig-mode", Env: "K3S_KUBECONFIG_MODE"},
	{Name: "write-kubeconfig-group", Env: "K3S_KUBECONFIG_GROUP", Inert: true},
	{Name: "disable-agent", Kind: Switch},
	{Name: "secrets-encryption", Kind: Switch, Env: "K3S_SECRETS_ENCRYPTION"},
	{Name: "secrets-encryption-provider", Inert: true},
	{Name: "cluster-cidr"},
	{Name: "service-cidr"},
	{Name: "service-node-port-range"},
	{Name: "cluster-dns"},
	{Name: "cluster-domain"},
	{Name: "flannel-backend"},
	{Name: "kube-apiserver-arg", Kind: Arguments},
	{Name: "kube-controller-manager-arg", Kind: Arguments},
	{Name: "kube-scheduler-arg", Kind: Arguments},
	{Name: "disable-kube-proxy", Kind: Switch},
	{Name: "disable-scheduler", Kind: Switch},
	{Name: "disable", Kind: List, Inert: true},
	{Name: "disable-helm-controller", Kind: Switch, Inert: true},
	{Name: "disable-network-policy", Kind: Switch, Inert: true},
	{Name: "disable-cloud-controller", Kind: Switch, Inert: true},
	{Name: "kube-cloud-controller-manager-arg", Kind: Arguments, Inert: true},
	{Name: "etcd-arg", Kind: Arguments, Inert: true},
	{Name: "cluster-init", Kind: Switch, Inert: true},
	{Name: "tls-san-security", Kind: Switch, Inert: true},
	{Name: "flannel-ipv6-masq", Kind: Switch, Inert: true},
	{Name: "flannel-external-ip", Kind: Switch, Inert: true},
	{Name: "egress-selector-mode", Inert: true},
	{Name: "servicelb-namespace", Inert: true},
	{Name: "default-local-storage-path", Inert: true},
	{Name: "embedded-registry", Kind: Switch, Inert: true},
	{Name: "supervisor-metrics", Kind: Switch, Inert: true},
	{Name: "disable-etcd-snapshots", Kind: Switch, Inert: true},
	{Name: "etcd-disable-snapshots", Kind: Switch, Inert: true},
	{Name: "etcd-expose-metrics", Kind: Switch, Inert: true},
	{Name: "helm-job-image", Inert: true},
	{Name: "system-default-registry", Inert: true},
	{Name: "enable-pprof", Kind: Switch, Inert: true},
}

// ServerFlags are the settings of `k3s server`.
func ServerFlags() []Flag { return append(append([]Flag(nil), both...), serverOnly...) }

// AgentFlags are the settings of `k3s agent`.
func AgentFlags() []Flag { return append([]Flag(nil), both...) }
