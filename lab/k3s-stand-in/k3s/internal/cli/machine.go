package cli

import (
	"bytes"
	"fmt"
	"net"
	"os"
)

// addressOf gives the first IPv4 address of an interface.
func addressOf(name string) ([]string, error) {
	found, err := net.InterfaceByName(name)
	if err != nil {
		return nil, fmt.Errorf("unable to find interface %s: %w", name, err)
	}
	addresses, err := found.Addrs()
	if err != nil {
		return nil, err
	}
	for _, address := range addresses {
		if network, ok := address.(*net.IPNet); ok && network.IP.To4() != nil {
			return []string{network.IP.String()}, nil
		}
	}
	return nil, fmt.Errorf("interface %s has no IPv4 address", name)
}

func readTrimmed(file string) (string, error) {
	content, err := os.ReadFile(file)
	return string(bytes.TrimSpace(content)), err
}
