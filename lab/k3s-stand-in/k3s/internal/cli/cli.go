// Package cli is the command line of k3s: server, agent, token, kubectl, ctr.
package cli

import (
	"fmt"
	"os"

	"usher.internal/lab/k3s-stand-in/k3s/internal/upstream"
	"usher.internal/lab/k3s-stand-in/k3s/internal/version"
)

const usage = `Usage: k3s COMMAND [options]

This is the lab's stand-in for k3s (%s).

Commands:
  server     run the control plane, and a node beside it unless --disable-agent
  agent      join a server as a node
  token      create, list or delete bootstrap tokens
  kubectl    run kubectl
  ctr        run containerd's client
  --version  say which version this is
`

// Run runs the command line without the program's name and gives the exit code.
func Run(args []string) int {
	command := ""
	if len(args) > 0 {
		command, args = args[0], args[1:]
	}
	var err error
	switch command {
	case "server":
		err = runServer(args)
	case "agent":
		err = runAgent(args)
	case "token":
		err = runToken(args)
	case "kubectl":
		os.Args = append([]string{"kubectl"}, args...)
		run, _ := upstream.Part("kubectl")
		return run()
	case "ctr":
		err = runCtr(args)
	case "--version", "-v", "version":
		fmt.Println(version.Line())
		fmt.Println(version.Go())
	case "", "help", "--help", "-h":
		fmt.Printf(usage, version.Notice)
	default:
		err = fmt.Errorf("no such command: %s", command)
	}
	return report(err)
}
