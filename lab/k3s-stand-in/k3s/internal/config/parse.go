package config

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// DefaultFile is read when no other config file is named; it may be absent.
const DefaultFile = "/etc/rancher/k3s/config.yaml"

// Values are the settings as given, before defaults.
type Values struct {
	given map[string][]string
	// Warnings are for the log: keys of the config files that this command does not know.
	Warnings []string
	// Inert are the settings that were given but change nothing here.
	Inert []string
}

// Parse reads the command line, the config files and the environment; the first of these that sets a flag wins, and a
// list given on the command line replaces the one in a file, as in k3s.
func Parse(flags []Flag, args []string) (*Values, error) {
	line, err := parseLine(flags, args)
	if err != nil {
		return nil, err
	}
	file, required := lastOf(line["config"]), true
	if file == "" {
		file = os.Getenv("K3S_CONFIG_FILE")
	}
	if file == "" {
		file, required = DefaultFile, false
	}
	files, unknown, err := readFiles(flags, file, required)
	if err != nil {
		return nil, err
	}
	values := &Values{given: map[string][]string{}}
	for _, key := range unknown {
		values.Warnings = append(values.Warnings, fmt.Sprintf("Unknown flag --%s found in %s, skipping", key, file))
	}
	for _, flag := range flags {
		given, ok := line[flag.Name]
		if !ok {
			given, ok = files[flag.Name]
		}
		if text := os.Getenv(flag.Env); !ok && flag.Env != "" && text != "" {
			given, ok = []string{text}, true
		}
		if !ok {
			continue
		}
		values.given[flag.Name] = normalize(flag, given)
		if flag.Inert {
			values.Inert = append(values.Inert, flag.Name)
		}
		if err := check(flag, values.given[flag.Name]); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// Text gives the value of a flag, or fallback when it was not given.
func (v *Values) Text(name, fallback string) string {
	if given := v.given[name]; len(given) > 0 {
		return lastOf(given)
	}
	return fallback
}

// On tells whether a switch is on.
func (v *Values) On(name string) bool {
	on, _ := strconv.ParseBool(lastOf(v.given[name]))
	return on
}

// List gives all values of a flag.
func (v *Values) List(name string) []string { return v.given[name] }

func parseLine(flags []Flag, args []string) (map[string][]string, error) {
	given := map[string][]string{}
	for len(args) > 0 {
		argument := args[0]
		args = args[1:]
		name, value, inline := strings.Cut(strings.TrimLeft(argument, "-"), "=")
		if !strings.HasPrefix(argument, "-") || name == "" {
			return nil, fmt.Errorf("unexpected argument %q", argument)
		}
		flag, known := find(flags, name)
		if !known {
			return nil, fmt.Errorf("flag provided but not defined: -%s", name)
		}
		switch {
		case inline:
		case flag.Kind == Switch:
			value = "true"
		case len(args) == 0:
			return nil, fmt.Errorf("flag needs an argument: -%s", name)
		default:
			value, args = args[0], args[1:]
		}
		given[flag.Name] = append(given[flag.Name], value)
	}
	return given, nil
}

func find(flags []Flag, name string) (Flag, bool) {
	for _, flag := range flags {
		if flag.Name == name || flag.Short == name {
			return flag, true
		}
	}
	return Flag{}, false
}

func normalize(flag Flag, given []string) []string {
	if flag.Kind != List {
		return given
	}
	var values []string
	for _, text := range given {
		for _, value := range strings.Split(text, ",") {
			if value = strings.TrimSpace(value); value != "" {
				values = append(values, value)
			}
		}
	}
	return values
}

func check(flag Flag, values []string) error {
	if flag.Kind == Switch {
		if _, err := strconv.ParseBool(lastOf(values)); err != nil {
			return fmt.Errorf("invalid boolean value %q for -%s", lastOf(values), flag.Name)
		}
	}
	return nil
}

func lastOf(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[len(values)-1]
}
