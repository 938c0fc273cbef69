// Package join is what both sides of k3s's join contract share: paths, headers and the server's answer to /config.
package join

// Paths of the endpoints for agents.
const (
	PathConfig           = "/v1-k3s/config"
	PathReady            = "/v1-k3s/readyz"
	PathServers          = "/v1-k3s/apiservers"
	PathServerCA         = "/v1-k3s/server-ca.crt"
	PathClientCA         = "/v1-k3s/client-ca.crt"
	PathClientKubelet    = "/v1-k3s/client-kubelet.crt"
	PathServingKubelet   = "/v1-k3s/serving-kubelet.crt"
	PathClientKubeProxy  = "/v1-k3s/client-kube-proxy.crt"
	PathClientController = "/v1-k3s/client-k3s-controller.crt"
)

// Headers in which an agent says who it is.
const (
	HeaderNodeName     = "k3s-Node-Name"
	HeaderNodePassword = "k3s-Node-Password"
	HeaderNodeIP       = "k3s-Node-IP"
)

// Config is what an agent learns of the cluster.
type Config struct {
	ClusterIPRange   string
	ServiceIPRange   string
	ClusterDNS       string
	ClusterDomain    string
	FlannelBackend   string
	DisableKubeProxy bool
	HTTPSPort        int
}
