// Package version says what this binary is, in the same words everywhere.
package version

import (
	"runtime"

	"k8s.io/component-base/version"
)

// Notice follows the version wherever it is shown, so that nobody takes the stand-in for k3s.
const Notice = "upstream Kubernetes, not k3s"

// Kubernetes is the version the API server and the kubelets report, for instance v1.36.3+standin1. It is set when the
// binary is linked.
func Kubernetes() string { return version.Get().GitVersion }

// Line is the first line of `k3s --version`.
func Line() string { return "k3s version " + Kubernetes() + " (" + Notice + ")" }

// Go is the second line of `k3s --version`.
func Go() string { return "go version " + runtime.Version() }
