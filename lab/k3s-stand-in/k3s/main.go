// Command k3s is a stand-in for k3s made of upstream Kubernetes, for the lab and for CI (see README.md).
//
// It is one file: called as k3s it is the supervisor that speaks k3s's join contract; called by the name of a part of
// Kubernetes it is that part, which is how the supervisor starts them.
package main

import (
	"os"
	"path/filepath"

	"usher.internal/lab/k3s-stand-in/k3s/internal/cli"
	"usher.internal/lab/k3s-stand-in/k3s/internal/upstream"
)

func main() {
	if run, ok := upstream.Part(filepath.Base(os.Args[0])); ok {
		os.Exit(run())
	}
	os.Exit(cli.Run(os.Args[1:]))
}
