package pki

import (
	"encoding/base64"
	"fmt"
	"os"
)

const kubeconfigForm = `apiVersion: v1
kind: Config
clusters:
- name: default
  cluster:
    server: %s
    certificate-authority%s: %s
users:
- name: default
  user:
    client-certificate%s: %s
    client-key%s: %s
contexts:
- name: default
  context:
    cluster: default
    user: default
current-context: default
`

// Kubeconfig gives a kubeconfig that refers to the certificate files.
func Kubeconfig(server, caFile, certFile, keyFile string) []byte {
	return fmt.Appendf(nil, kubeconfigForm, server, "", caFile, "", certFile, "", keyFile)
}

// EmbeddedKubeconfig gives a kubeconfig that carries the content of the certificate files.
func EmbeddedKubeconfig(server, caFile, certFile, keyFile string) ([]byte, error) {
	encoded := map[string]string{}
	for _, file := range []string{caFile, certFile, keyFile} {
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		encoded[file] = base64.StdEncoding.EncodeToString(content)
	}
	const data = "-data"
	return fmt.Appendf(nil, kubeconfigForm, server, data, encoded[caFile], data, encoded[certFile], data, encoded[keyFile]), nil
}
