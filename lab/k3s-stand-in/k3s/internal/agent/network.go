package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/vishvananda/netlink"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"

	"usher.internal/lab/k3s-stand-in/k3s/internal/join"
	"usher.internal/lab/k3s-stand-in/k3s/internal/pki"
)

const (
	bridge = "cni0"
	// routeProtocol marks our routes in the kernel's table, so that those of an earlier run are known again.
	routeProtocol netlink.RouteProtocol = 142
)

// network makes one network of all nodes' pods: a bridge on each node, and on each node a route to every other one's
// range by way of that node (what flannel calls host-gw).
type network struct {
	options  *Options
	imported <-chan struct{}
	nodes    cache.SharedIndexInformer
	// changed holds at most one token: something about the nodes is new.
	changed chan struct{}
	// up is closed once pods can be started.
	up chan struct{}
}

func cniFolder(options *Options) string { return options.file("etc", "cni", "net.d") }

// clearNetwork removes the file of an earlier run: it may be of another range, and without it the node is not Ready too
// early. It comes before containerd, which ends when the folder that it watches is removed.
func clearNetwork(options *Options) error {
	if err := os.RemoveAll(cniFolder(options)); err != nil {
		return err
	}
	return os.MkdirAll(cniFolder(options), 0o700)
}

// startNetwork gives back at once; the pods' network is up, and the channel closed, when this node has its range and
// imported is closed. A node becomes Ready with its network, so a Ready node has its images.
func startNetwork(ctx context.Context, options *Options, config *join.Config, imported <-chan struct{}) (<-chan struct{}, error) {
	up := make(chan struct{})
	if config.FlannelBackend == "none" {
		close(up)
		return up, nil
	}
	masquerade(config.ClusterIPRange)
	rest, err := clientcmd.BuildConfigFromFlags("", options.file("k3scontroller.kubeconfig"))
	if err != nil {
		return nil, err
	}
	api, err := kubernetes.NewForConfig(rest)
	if err != nil {
		return nil, err
	}
	made := &network{
		options:  options,
		imported: imported,
		nodes:    informers.NewSharedInformerFactory(api, 0).Core().V1().Nodes().Informer(),
		changed:  make(chan struct{}, 1),
		up:       up,
	}
	note := func(any) {
		select {
		case made.changed <- struct{}{}:
		default:
		}
	}
	if _, err := made.nodes.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: note, UpdateFunc: func(_, node any) { note(node) }, DeleteFunc: note,
	}); err != nil {
		return nil, err
	}
	go made.nodes.RunWithContext(ctx)
	go made.run(ctx)
	return up, nil
}

func (n *network) run(ctx context.Context) {
	if !cache.WaitForCacheSync(ctx.Done(), n.nodes.HasSynced) {
		return
	}
	written := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-n.changed:
		}
		ranges := map[string]net.IP{}
		for _, object := range n.nodes.GetStore().List() {
			node := object.(*corev1.Node)
			if node.Name != n.options.NodeName {
				if ip := internalIP(node); ip != nil && node.Spec.PodCIDR != "" {
					ranges[node.Spec.PodCIDR] = ip
				}
				continue
			}
			if own := node.Spec.PodCIDR; own != "" && own != written {
				if err := n.setUp(ctx, own); err != nil {
					logrus.Errorf("Pod network: %v", err)
					continue
				}
				if written == "" {
					close(n.up)
				}
				written = own
			}
		}
		if err := setRoutes(ranges); err != nil {
			logrus.Errorf("Routes to other nodes: %v", err)
		}
	}
}

// setUp writes the CNI configuration for the node's own range, which makes the node Ready.
func (n *network) setUp(ctx context.Context, podCIDR string) error {
	started := time.Now()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-n.imported:
	}
	if err := removeOldBridge(podCIDR); err != nil {
		return err
	}
	type object = map[string]any
	content, err := json.Marshal(object{
		"cniVersion": "1.0.0",
		"name":       "cbr0",
		"plugins": []object{
			{
				"type": "bridge", "bridge": bridge, "isDefaultGateway": true, "hairpinMode": true,
				"ipam": object{"type": "host-local", "ranges": [][]object{{{"subnet": podCIDR}}}},
			},
			{"type": "portmap", "capabilities": object{"portMappings": true}},
		},
	})
	if err != nil {
		return err
	}
	logrus.Infof("Pod network %s (waited %s for images)", podCIDR, time.Since(started).Round(time.Millisecond))
	return pki.WriteFile(filepath.Join(cniFolder(n.options), "10-k3s-stand-in.conflist"), content, 0o600)
}

// removeOldBridge removes the bridge of an earlier life of this machine, whose range was another one.
func removeOldBridge(podCIDR string) error {
	link, err := netlink.LinkByName(bridge)
	if err != nil {
		return nil // there is none
	}
	_, own, err := net.ParseCIDR(podCIDR)
	if err != nil {
		return err
	}
	addresses, err := netlink.AddrList(link, netlink.FAMILY_V4)
	if err != nil {
		return err
	}
	for _, address := range addresses {
		if !own.Contains(address.IP) {
			return netlink.LinkDel(link)
		}
	}
	return nil
}

// setRoutes makes our routes in the kernel be exactly those to ranges.
func setRoutes(ranges map[string]net.IP) error {
	present, err := netlink.RouteListFiltered(netlink.FAMILY_ALL, &netlink.Route{Protocol: routeProtocol}, netlink.RT_FILTER_PROTOCOL)
	if err != nil {
		return err
	}
	for _, route := range present {
		if route.Dst != nil && !ranges[route.Dst.String()].Equal(route.Gw) {
			if err := netlink.RouteDel(&route); err != nil {
				return fmt.Errorf("removing %s: %w", route.Dst, err)
			}
		}
	}
	for text, gateway := range ranges {
		_, destination, err := net.ParseCIDR(text)
		if err != nil {
			return err
		}
		if err := netlink.RouteReplace(&netlink.Route{Dst: destination, Gw: gateway, Protocol: routeProtocol}); err != nil {
			return fmt.Errorf("%s by way of %s: %w", text, gateway, err)
		}
	}
	return nil
}

// masquerade lets pods speak to the world outside by their node's address.
func masquerade(clusterCIDR string) {
	rule := []string{"POSTROUTING", "-s", clusterCIDR, "!", "-d", clusterCIDR, "-j", "MASQUERADE"}
	if exec.Command("iptables", append([]string{"-w", "-t", "nat", "-C"}, rule...)...).Run() == nil {
		return
	}
	if output, err := exec.Command("iptables", append([]string{"-w", "-t", "nat", "-A"}, rule...)...).CombinedOutput(); err != nil {
		logrus.Warnf("Pods cannot reach beyond the cluster: %v: %s", err, output)
	}
}

func internalIP(node *corev1.Node) net.IP {
	for _, address := range node.Status.Addresses {
		if address.Type == corev1.NodeInternalIP {
			return net.ParseIP(address.Address)
		}
	}
	return nil
}
