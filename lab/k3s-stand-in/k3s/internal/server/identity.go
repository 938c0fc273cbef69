package server

import (
	"fmt"
	"time"

	"crypto/x509"

	"usher.internal/lab/k3s-stand-in/k3s/internal/pki"
)

// authorities are the certificate authorities of a cluster.
type authorities struct {
	server, client, requestHeader *pki.CA
}

// clientIdentity is a client certificate the server keeps for itself; kubeconfig says whether it gets a kubeconfig.
type clientIdentity struct {
	file, commonName string
	organizations    []string
	kubeconfig       string
}

var clientIdentities = []clientIdentity{
	{file: "client-admin", commonName: "system:admin", organizations: []string{"system:masters"}, kubeconfig: "admin"},
	{file: "client-supervisor", commonName: "system:k3s-supervisor", organizations: []string{"system:masters"}, kubeconfig: "supervisor"},
	{file: "client-controller", commonName: "system:kube-controller-manager", kubeconfig: "controller"},
	{file: "client-scheduler", commonName: "system:kube-scheduler", kubeconfig: "scheduler"},
	{file: "client-kube-apiserver", commonName: "kube-apiserver"},
}

// sharedKeys are handed to agents that ask for a certificate without sending a request of their own, as k3s does.
var sharedKeys = []string{"client-kubelet", "serving-kubelet", "client-kube-proxy", "client-k3s-controller"}

// prepareIdentity makes what is missing of the cluster's keys, certificates and kubeconfigs.
func prepareIdentity(options *Options) (*authorities, error) {
	now := time.Now()
	cas := &authorities{}
	for _, ca := range []struct {
		into *(*pki.CA)
		name string
	}{{&cas.server, "server-ca"}, {&cas.client, "client-ca"}, {&cas.requestHeader, "request-header-ca"}} {
		made, err := pki.LoadOrCreateCA(options.tls(ca.name+".crt"), options.tls(ca.name+".key"), "k3s-"+ca.name, now)
		if err != nil {
			return nil, err
		}
		*ca.into = made
	}
	if err := pki.EnsureServiceAccountKey(options.tls("service.key")); err != nil {
		return nil, err
	}
	for _, name := range sharedKeys {
		if _, err := pki.LoadOrCreateKey(options.tls(name + ".key")); err != nil {
			return nil, err
		}
	}
	for _, identity := range clientIdentities {
		leaf := pki.Leaf{CommonName: identity.commonName, Organizations: identity.organizations, Usage: x509.ExtKeyUsageClientAuth}
		if err := cas.client.Issue(leaf, options.tls(identity.file+".crt"), options.tls(identity.file+".key")); err != nil {
			return nil, err
		}
		if identity.kubeconfig == "" {
			continue
		}
		content := pki.Kubeconfig(apiURL, options.tls("server-ca.crt"), options.tls(identity.file+".crt"), options.tls(identity.file+".key"))
		if err := pki.WriteFile(options.cred(identity.kubeconfig+".kubeconfig"), content, 0o600); err != nil {
			return nil, err
		}
	}
	frontProxy := pki.Leaf{CommonName: frontProxyName, Usage: x509.ExtKeyUsageClientAuth}
	if err := cas.requestHeader.Issue(frontProxy, options.tls("client-auth-proxy.crt"), options.tls("client-auth-proxy.key")); err != nil {
		return nil, err
	}
	serving := pki.Leaf{CommonName: "kube-apiserver", Usage: x509.ExtKeyUsageServerAuth, DNSNames: []string{"localhost"}, IPs: loopback}
	if err := cas.server.Issue(serving, options.tls("serving-kube-apiserver.crt"), options.tls("serving-kube-apiserver.key")); err != nil {
		return nil, err
	}
	return cas, writeAdminKubeconfig(options)
}

// writeAdminKubeconfig writes the file people use; it carries its certificates, so that it can be copied.
func writeAdminKubeconfig(options *Options) error {
	url := fmt.Sprintf("https://127.0.0.1:%d", options.Port)
	content, err := pki.EmbeddedKubeconfig(url, options.tls("server-ca.crt"), options.tls("client-admin.crt"), options.tls("client-admin.key"))
	if err != nil {
		return err
	}
	return pki.WriteFile(options.Kubeconfig, content, options.KubeconfigMode)
}
