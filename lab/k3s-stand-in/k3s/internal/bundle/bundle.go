// Package bundle holds the binaries of containerd, which k3s unpacks when it first starts on a machine.
package bundle

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

//go:embed files
var files embed.FS

const folder = "files"

// programs are unpacked; each of links is another name for one of them.
var (
	programs = []string{"containerd", "containerd-shim-runc-v2"}
	links    = map[string]string{"ctr": "containerd"}
)

// Unpack gives the folder <dataDir>/data/<hash>/bin with the programs in it, which it makes unless it is there.
func Unpack(dataDir string) (string, error) {
	// Only the build knows the hash: reading tens of megabytes at every start would cost memory and time.
	hash, err := files.ReadFile(folder + "/hash")
	if err != nil {
		return "", fmt.Errorf("containerd is not part of this build: %w", err)
	}
	data := filepath.Join(dataDir, "data")
	home := filepath.Join(data, string(bytes.TrimSpace(hash)))
	bin := filepath.Join(home, "bin")
	if _, err := os.Stat(bin); err == nil {
		return bin, nil
	}
	if err := os.MkdirAll(data, 0o755); err != nil {
		return "", err
	}
	temporary, err := os.MkdirTemp(data, ".unpacking-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(temporary)
	if err := write(filepath.Join(temporary, "bin")); err != nil {
		return "", err
	}
	if err := os.Chmod(temporary, 0o755); err != nil {
		return "", err
	}
	// The rename makes the folder whole or absent; losing a race against another start is as good as winning it.
	if err := os.Rename(temporary, home); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	current := filepath.Join(data, "current")
	_ = os.Remove(current)
	return bin, os.Symlink(home, current)
}

func write(bin string) error {
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return err
	}
	for _, program := range programs {
		content, err := files.ReadFile(folder + "/" + program)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(bin, program), content, 0o755); err != nil {
			return err
		}
	}
	for name, target := range links {
		if err := os.Symlink(target, filepath.Join(bin, name)); err != nil {
			return err
		}
	}
	return nil
}
