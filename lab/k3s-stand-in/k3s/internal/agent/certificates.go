package agent

import (
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"usher.internal/lab/k3s-stand-in/k3s/internal/join"
	"usher.internal/lab/k3s-stand-in/k3s/internal/pki"
)

// certificates are what an agent asks for at every start, by the name of its files.
var certificates = []struct{ name, path string }{
	{"serving-kubelet", join.PathServingKubelet},
	{"client-kubelet", join.PathClientKubelet},
	{"client-kube-proxy", join.PathClientKubeProxy},
	{"client-k3s-controller", join.PathClientController},
}

// kubeconfigs of the parts, by the certificate they use.
var kubeconfigs = map[string]string{
	"client-kubelet":        "kubelet.kubeconfig",
	"client-kube-proxy":     "kubeproxy.kubeconfig",
	"client-k3s-controller": "k3scontroller.kubeconfig",
}

// ownCertificate gives the kubelet's certificate of an earlier join, or nil.
func ownCertificate(options *Options) *tls.Certificate {
	certificate, err := tls.LoadX509KeyPair(options.file("client-kubelet.crt"), options.file("client-kubelet.key"))
	if err != nil {
		return nil
	}
	return &certificate
}

// fetchIdentity fetches the CAs and has all certificates issued.
func fetchIdentity(options *Options, server *join.Server) error {
	for name, path := range map[string]string{"client-ca.crt": join.PathClientCA, "server-ca.crt": join.PathServerCA} {
		content, err := server.Get(path)
		if err != nil {
			return err
		}
		if err := pki.WriteFile(options.file(name), content, 0o600); err != nil {
			return err
		}
	}
	password, file, err := nodePassword()
	if err != nil {
		return err
	}
	node := join.Node{Name: options.NodeName, Password: password, PasswordFile: file, IP: options.NodeIP.String()}
	for _, certificate := range certificates {
		keyFile, certFile := options.file(certificate.name+".key"), options.file(certificate.name+".crt")
		key, err := pki.LoadOrCreateKey(keyFile)
		if err != nil {
			return err
		}
		certPEM, err := server.Certificate(certificate.path, key, node)
		if err != nil {
			return err
		}
		if err := pki.WriteFile(certFile, certPEM, 0o600); err != nil {
			return err
		}
		if name, ok := kubeconfigs[certificate.name]; ok {
			content := pki.Kubeconfig(options.ServerURL, options.file("server-ca.crt"), certFile, keyFile)
			if err := pki.WriteFile(options.file(name), content, 0o600); err != nil {
				return err
			}
		}
	}
	return nil
}

// nodePassword gives the password that binds the node's name to this machine, made when there is none, and its file.
func nodePassword() (string, string, error) {
	file := filepath.Join(nodeFolder, "password")
	text, err := readOrMake(file, 16)
	return text, file, err
}

// WithNodeID adds this machine's random id to a node name.
func WithNodeID(name string) (string, error) {
	id, err := readOrMake(filepath.Join(nodeFolder, "id"), 4)
	return name + "-" + id, err
}

// readOrMake gives the text in file; when the file is absent, it is made with n random bytes in hex.
func readOrMake(file string, n int) (string, error) {
	content, err := os.ReadFile(file)
	if err == nil {
		return strings.TrimSpace(string(content)), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	random := make([]byte, n)
	_, _ = rand.Read(random) // never fails (crypto/rand)
	text := hex.EncodeToString(random)
	return text, pki.WriteFile(file, []byte(text+"\n"), 0o600)
}
