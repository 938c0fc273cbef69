package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	"sigs.k8s.io/yaml"
)

// readFiles reads file and then, in the order of their names, the *.yaml files in the folder file.d beside it. A later
// file replaces a key of an earlier one; a key that ends in + adds to it. It also gives the keys that flags do not know.
func readFiles(flags []Flag, file string, required bool) (map[string][]string, []string, error) {
	parts, err := filesToRead(file, required)
	if err != nil {
		return nil, nil, err
	}
	given := map[string][]string{}
	var unknown []string
	for _, part := range parts {
		data, err := os.ReadFile(part)
		if err != nil {
			return nil, nil, err
		}
		var content map[string]any
		if err := yaml.Unmarshal(data, &content); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", part, err)
		}
		for key, value := range content {
			name, adds := strings.CutSuffix(key, "+")
			flag, known := find(flags, name)
			if !known {
				unknown = append(unknown, name)
				continue
			}
			if !adds {
				given[flag.Name] = nil
			}
			given[flag.Name] = append(given[flag.Name], texts(value)...)
		}
	}
	sort.Strings(unknown)
	return given, unknown, nil
}

func filesToRead(file string, required bool) ([]string, error) {
	var dropIns []string
	for _, pattern := range []string{"*.yaml", "*.yml"} {
		matches, err := filepath.Glob(filepath.Join(file+".d", pattern))
		if err != nil {
			return nil, err
		}
		dropIns = append(dropIns, matches...)
	}
	sort.Strings(dropIns)
	switch _, err := os.Stat(file); {
	case err == nil:
		return append([]string{file}, dropIns...), nil
	case required || !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	return dropIns, nil
}

func texts(value any) []string {
	list, ok := value.([]any)
	if !ok {
		return []string{text(value)}
	}
	given := []string{}
	for _, item := range list {
		given = append(given, text(item))
	}
	return given
}

func text(value any) string {
	if number, ok := value.(float64); ok {
		return strconv.FormatFloat(number, 'f', -1, 64)
	}
	return fmt.Sprint(value)
}
