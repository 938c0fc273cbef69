package server

import (
	"fmt"
	"path/filepath"

	"usher.internal/lab/k3s-stand-in/k3s/internal/process"
)

// The datastore is reached by a socket in a folder only root may enter, so it needs no certificates of its own.
const (
	etcdClientSocket = "client.sock"
	etcdPeerSocket   = "peer.sock"
)

func etcd(options *Options) process.Spec {
	folder := options.file(filepath.Join("db", "etcd"))
	client, peer := "unix://"+etcdClientSocket+":0", "unix://"+etcdPeerSocket+":0"
	return process.Spec{Name: "etcd", Dir: folder, Args: []string{
		"--name=default",
		"--data-dir=" + filepath.Join(folder, "member-data"),
		"--listen-client-urls=" + client,
		"--advertise-client-urls=" + client,
		"--listen-peer-urls=" + peer,
		"--initial-advertise-peer-urls=" + peer,
		"--initial-cluster=default=" + peer,
		"--log-level=error",
		// A lab loses power by SIGKILL, and what was written is safe from that without waiting for the disk.
		"--unsafe-no-fsync",
	}}
}

func apiServer(options *Options) (process.Spec, error) {
	args := process.Arguments{
		"advertise-address":                  options.AdvertiseAddress.String(),
		"allow-privileged":                   "true",
		"anonymous-auth":                     "false",
		"api-audiences":                      "https://kubernetes.default.svc." + options.ClusterDomain + ",k3s",
		"authorization-mode":                 "Node,RBAC",
		"bind-address":                       "127.0.0.1",
		"cert-dir":                           options.tls("temporary-certs"),
		"client-ca-file":                     options.tls("client-ca.crt"),
		"enable-admission-plugins":           "NodeRestriction",
		"enable-bootstrap-token-auth":        "true",
		"endpoint-reconciler-type":           "none", // the port the API server knows is not the one machines reach it by
		"etcd-servers":                       "unix://" + etcdClientSocket + ":0",
		"kubelet-certificate-authority":      options.tls("server-ca.crt"),
		"kubelet-client-certificate":         options.tls("client-kube-apiserver.crt"),
		"kubelet-client-key":                 options.tls("client-kube-apiserver.key"),
		"kubelet-preferred-address-types":    "InternalIP,ExternalIP,Hostname",
		"proxy-client-cert-file":             options.tls("client-auth-proxy.crt"),
		"proxy-client-key-file":              options.tls("client-auth-proxy.key"),
		"requestheader-allowed-names":        frontProxyName,
		"requestheader-client-ca-file":       options.tls("request-header-ca.crt"),
		"requestheader-extra-headers-prefix": extraHeaderPrefix,
		"requestheader-group-headers":        groupHeader,
		"requestheader-username-headers":     userHeader,
		"secure-port":                        fmt.Sprint(apiPort),
		"service-account-issuer":             "https://kubernetes.default.svc." + options.ClusterDomain,
		"service-account-key-file":           options.tls("service.key"),
		"service-account-signing-key-file":   options.tls("service.key"),
		"service-cluster-ip-range":           options.ServiceCIDR.String(),
		"service-node-port-range":            options.NodePortRange,
		"shutdown-delay-duration":            "0s",
		"tls-cert-file":                      options.tls("serving-kube-apiserver.crt"),
		"tls-private-key-file":               options.tls("serving-kube-apiserver.key"),
		"v":                                  options.ControllerLogLevel,
	}
	if options.SecretsEncryption {
		file, err := encryptionConfig(options)
		if err != nil {
			return process.Spec{}, err
		}
		args["encryption-provider-config"] = file
	}
	return process.Spec{
		Name: "kube-apiserver",
		Dir:  options.file(filepath.Join("db", "etcd")),
		Args: args.With(options.APIServerArgs),
	}, nil
}

func controllerManager(options *Options) process.Spec {
	kubeconfig := options.cred("controller.kubeconfig")
	args := process.Arguments{
		"allocate-node-cidrs":       "true",
		"authentication-kubeconfig": kubeconfig,
		"authorization-kubeconfig":  kubeconfig,
		"bind-address":              "127.0.0.1",
		"cluster-cidr":              options.ClusterCIDR,
		"cluster-signing-kube-apiserver-client-cert-file": options.tls("client-ca.crt"),
		"cluster-signing-kube-apiserver-client-key-file":  options.tls("client-ca.key"),
		"cluster-signing-kubelet-client-cert-file":        options.tls("client-ca.crt"),
		"cluster-signing-kubelet-client-key-file":         options.tls("client-ca.key"),
		"cluster-signing-kubelet-serving-cert-file":       options.tls("server-ca.crt"),
		"cluster-signing-kubelet-serving-key-file":        options.tls("server-ca.key"),
		"cluster-signing-legacy-unknown-cert-file":        options.tls("client-ca.crt"),
		"cluster-signing-legacy-unknown-key-file":         options.tls("client-ca.key"),
		"controllers":                      "*,tokencleaner",
		"kube-api-burst":                   "400", // the start alone is hundreds of requests
		"kube-api-qps":                     "200",
		"kubeconfig":                       kubeconfig,
		"leader-elect":                     "false",
		"root-ca-file":                     options.tls("server-ca.crt"),
		"service-account-private-key-file": options.tls("service.key"),
		"service-cluster-ip-range":         options.ServiceCIDR.String(),
		"use-service-account-credentials":  "true",
		"v":                                options.ControllerLogLevel,
	}
	return process.Spec{Name: "kube-controller-manager", Args: args.With(options.ControllerArgs)}
}

func scheduler(options *Options) process.Spec {
	kubeconfig := options.cred("scheduler.kubeconfig")
	args := process.Arguments{
		"authentication-kubeconfig": kubeconfig,
		"authorization-kubeconfig":  kubeconfig,
		"bind-address":              "127.0.0.1",
		"kubeconfig":                kubeconfig,
		"leader-elect":              "false",
		"v":                         options.ControllerLogLevel,
	}
	return process.Spec{Name: "kube-scheduler", Args: args.With(options.SchedulerArgs)}
}
