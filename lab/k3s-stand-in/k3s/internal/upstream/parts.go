// Package upstream holds the parts of Kubernetes this binary is made of, each as the program it is upstream.
package upstream

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	kubectl "k8s.io/kubectl/pkg/cmd"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"

	// Log format and metrics that the upstream programs register in their own main packages.
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
)

// Kubeconfig is where the server writes the administrator's kubeconfig, and where kubectl looks for it.
const Kubeconfig = "/etc/rancher/k3s/k3s.yaml"

// Part gives the main function of the part called name; it reads os.Args and returns the exit code.
func Part(name string) (func() int, bool) {
	switch name {
	case "etcd":
		return func() int { etcdmain.Main(os.Args); return 0 }, true
	case "kube-apiserver":
		return command(apiserver.NewAPIServerCommand), true
	case "kube-controller-manager":
		return command(controllermanager.NewControllerManagerCommand), true
	case "kube-scheduler":
		return command(func() *cobra.Command { return scheduler.NewSchedulerCommand() }), true
	case "kubelet":
		return command(func() *cobra.Command { return kubelet.NewKubeletCommand(context.Background()) }), true
	case "kube-proxy":
		return command(proxy.NewProxyCommand), true
	case "kubectl":
		return runKubectl, true
	}
	return nil, false
}

func command(create func() *cobra.Command) func() int {
	return func() int { return cli.Run(create()) }
}

func runKubectl() int {
	if _, chosen := os.LookupEnv("KUBECONFIG"); !chosen {
		if _, err := os.Stat(Kubeconfig); err == nil {
			os.Setenv("KUBECONFIG", Kubeconfig)
		}
	}
	if err := cli.RunNoErrOutput(kubectl.NewDefaultKubectlCommand()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}
