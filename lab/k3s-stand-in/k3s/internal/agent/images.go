package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/sirupsen/logrus"

	"usher.internal/lab/k3s-stand-in/k3s/internal/pki"
)

const (
	imageCacheFile = ".cache.json"
	// importSettle is how long a file must be left alone before it counts as complete.
	importSettle = 500 * time.Millisecond
	containerdNS = "k8s.io"
)

// imageStamp tells whether a tarball was changed since it was imported.
type imageStamp struct {
	Size    int64     `json:"size"`
	ModTime time.Time `json:"modTime"`
}

// importImages imports the tarballs in agent/images, and then those that are put there later, until ctx ends. It gives
// back when the first round is through.
func importImages(ctx context.Context, options *Options) {
	folder := options.file("images")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		logrus.Errorf("Images: %v", err)
		return
	}
	done := map[string]imageStamp{}
	importChanged(ctx, options, folder, done)
	go watchImages(ctx, options, folder, done)
}

// importChanged imports the tarballs that differ from done. When .cache.json is there, it says what was done before
// the last start, as in k3s, and is brought up to date.
func importChanged(ctx context.Context, options *Options, folder string, done map[string]imageStamp) {
	cacheFile := filepath.Join(folder, imageCacheFile)
	cache, err := os.ReadFile(cacheFile)
	cached := err == nil
	if cached && len(done) == 0 && len(bytes.TrimSpace(cache)) > 0 {
		if err := json.Unmarshal(cache, &done); err != nil {
			logrus.Warnf("Images: %s is not readable and is made anew: %v", cacheFile, err)
		}
	}
	changed := false
	for _, file := range imageFiles(folder) {
		info, err := os.Stat(file)
		if err != nil {
			continue
		}
		stamp := imageStamp{Size: info.Size(), ModTime: info.ModTime().UTC()}
		if done[file] == stamp {
			continue
		}
		started := time.Now()
		if err := ctr(ctx, options, "-n", containerdNS, "images", "import", "--label", "io.cri-containerd.pinned=pinned", file); err != nil {
			logrus.Errorf("Unable to import %s: %v", file, err)
			continue
		}
		logrus.Infof("Imported images from %s in %s", file, time.Since(started).Round(time.Millisecond))
		done[file], changed = stamp, true
	}
	if !cached || !changed {
		return
	}
	content, err := json.Marshal(done)
	if err == nil {
		err = pki.WriteFile(cacheFile, content, 0o644)
	}
	if err != nil {
		logrus.Warnf("Images: %v", err)
	}
}

func imageFiles(folder string) []string {
	var files []string
	for _, ending := range []string{"*.tar", "*.tar.gz", "*.tgz", "*.tar.zst"} {
		matches, _ := filepath.Glob(filepath.Join(folder, ending)) // the pattern is well-formed
		files = append(files, matches...)
	}
	return files
}

func watchImages(ctx context.Context, options *Options, folder string, done map[string]imageStamp) {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		logrus.Warnf("Images: later tarballs wait for the next start: %v", err)
		return
	}
	defer watcher.Close()
	if err := watcher.Add(folder); err != nil {
		logrus.Warnf("Images: later tarballs wait for the next start: %v", err)
		return
	}
	settled := time.NewTimer(0)
	for {
		select {
		case <-ctx.Done():
			return
		case event := <-watcher.Events:
			if !strings.HasPrefix(filepath.Base(event.Name), ".") {
				settled.Reset(importSettle)
			}
		case err := <-watcher.Errors:
			logrus.Warnf("Images: %v", err)
		case <-settled.C:
			importChanged(ctx, options, folder, done)
		}
	}
}

func ctr(ctx context.Context, options *Options, args ...string) error {
	command := exec.CommandContext(ctx, filepath.Join(options.Bin, "ctr"), append([]string{"--address", Socket}, args...)...)
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, bytes.TrimSpace(output))
	}
	return nil
}
