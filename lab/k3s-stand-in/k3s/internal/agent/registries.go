package agent

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"

	"usher.internal/lab/k3s-stand-in/k3s/internal/pki"
)

// registries is the part of k3s's registries.yaml that the stand-in knows: mirrors and how to trust them.
type registries struct {
	Mirrors map[string]struct {
		Endpoint []string `json:"endpoint"`
	} `json:"mirrors"`
	Configs map[string]struct {
		TLS struct {
			CAFile             string `json:"ca_file"`
			CertFile           string `json:"cert_file"`
			KeyFile            string `json:"key_file"`
			InsecureSkipVerify bool   `json:"insecure_skip_verify"`
		} `json:"tls"`
	} `json:"configs"`
}

func registriesFolder(options *Options) string { return options.file("etc", "containerd", "certs.d") }

// writeRegistries turns registries.yaml, when there is one, into containerd's folder of hosts.
func writeRegistries(options *Options) error {
	folder := registriesFolder(options)
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	content, err := os.ReadFile(options.Registries)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var known registries
	if err := yaml.Unmarshal(content, &known); err != nil {
		return fmt.Errorf("%s: %w", options.Registries, err)
	}
	for name, mirror := range known.Mirrors {
		host := name
		if host == "*" {
			host = "_default"
		}
		file := filepath.Join(folder, host, "hosts.toml")
		if err := pki.WriteFile(file, []byte(known.hosts(mirror.Endpoint, options.DisableDefaultRegistry)), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// hosts gives the hosts.toml that tries endpoints in their order and then, unless onlyThese, the registry itself.
func (r registries) hosts(endpoints []string, onlyThese bool) string {
	var text strings.Builder
	if onlyThese && len(endpoints) > 0 {
		fmt.Fprintf(&text, "server = %q\n", endpoints[len(endpoints)-1])
	}
	for _, endpoint := range endpoints {
		fmt.Fprintf(&text, "\n[host.%q]\n  capabilities = [\"pull\", \"resolve\"]\n", endpoint)
		host := strings.TrimPrefix(strings.TrimPrefix(endpoint, "https://"), "http://")
		host, _, _ = strings.Cut(host, "/")
		trust := r.Configs[host].TLS
		if trust.CAFile != "" {
			fmt.Fprintf(&text, "  ca = [%q]\n", trust.CAFile)
		}
		if trust.CertFile != "" && trust.KeyFile != "" {
			fmt.Fprintf(&text, "  client = [[%q, %q]]\n", trust.CertFile, trust.KeyFile)
		}
		if trust.InsecureSkipVerify {
			text.WriteString("  skip_verify = true\n")
		}
	}
	return text.String()
}
