package process

import (
	"slices"
	"strings"
)

// Arguments are the flags of a part, by name.
type Arguments map[string]string

// With gives them as a command line, changed by extra ("name=value", the form of --kube-apiserver-arg and its kind).
// Extra arguments replace ours of the same name; several of one name are all given.
func (a Arguments) With(extra []string) []string {
	merged := map[string][]string{}
	for name, value := range a {
		merged[name] = []string{value}
	}
	replaced := map[string]bool{}
	for _, argument := range extra {
		name, value, _ := strings.Cut(strings.TrimLeft(argument, "-"), "=")
		if !replaced[name] {
			merged[name] = nil
		}
		replaced[name] = true
		merged[name] = append(merged[name], value)
	}
	line := make([]string, 0, len(merged))
	for name, values := range merged {
		for _, value := range values {
			line = append(line, "--"+name+"="+value)
		}
	}
	slices.Sort(line)
	return line
}
