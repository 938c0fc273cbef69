package server

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"usher.internal/lab/k3s-stand-in/k3s/internal/pki"
	"usher.internal/lab/k3s-stand-in/k3s/internal/token"
)

const (
	serverUser  = "server"
	agentUser   = "node"
	serverGroup = "k3s:server"
	agentGroup  = "k3s:agent"
)

// credentials are the two passwords machines may join with besides bootstrap tokens.
type credentials struct {
	server, agent string
}

// datastoreSeal is what the datastore remembers of the credentials it was made with.
type datastoreSeal struct {
	Token  string `json:"tokenSha256"`
	Passwd string `json:"passwdSha256"`
}

// prepareCredentials settles the passwords, checks them against the datastore and writes the token files.
func prepareCredentials(options *Options, ca *pki.CA) (*credentials, error) {
	server, err := serverPassword(options)
	if err != nil {
		return nil, err
	}
	known := &credentials{server: server, agent: server}
	if options.AgentToken != "" {
		parsed, err := token.Parse(options.AgentToken, agentUser)
		if err != nil {
			return nil, fmt.Errorf("--agent-token: %w", err)
		}
		known.agent = parsed.Password
	}
	if err := known.checkSeal(options); err != nil {
		return nil, err
	}
	return known, known.write(options, ca)
}

// serverPassword gives the password of --token, else the one made at an earlier start, else a new one.
func serverPassword(options *Options) (string, error) {
	text := options.Token
	if text == "" {
		content, err := os.ReadFile(options.file("token"))
		if errors.Is(err, fs.ErrNotExist) {
			return randomHex(16), nil
		}
		if err != nil {
			return "", err
		}
		text = string(bytes.TrimSpace(content))
	}
	parsed, err := token.Parse(text, serverUser)
	if err != nil {
		return "", fmt.Errorf("--token: %w", err)
	}
	if parsed.Bearer != "" {
		return "", errors.New("failed to normalize server token; must be in format K10<CA-HASH>::<USERNAME>:<PASSWORD> or <PASSWORD>")
	}
	return parsed.Password, nil
}

// checkSeal refuses passwords other than those of the first start (contract line 14).
func (c *credentials) checkSeal(options *Options) error {
	file := options.file(filepath.Join("db", "stand-in-seal.json"))
	now := datastoreSeal{Token: sha256Hex([]byte(c.server)), Passwd: sha256Hex(c.passwd())}
	content, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		sealed, err := json.Marshal(now)
		if err != nil {
			return err
		}
		return pki.WriteFile(file, sealed, 0o600)
	}
	if err != nil {
		return err
	}
	var then datastoreSeal
	if err := json.Unmarshal(content, &then); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	switch {
	case then.Token != now.Token:
		return errors.New("bootstrap data already found and encrypted with different token")
	case then.Passwd != now.Passwd:
		return fmt.Errorf("%s newer than datastore and could cause a cluster outage. Remove the file(s) from disk and restart to be recreated from datastore.", options.cred("passwd"))
	}
	return nil
}

func (c *credentials) write(options *Options, ca *pki.CA) error {
	if err := pki.WriteFile(options.cred("passwd"), c.passwd(), 0o600); err != nil {
		return err
	}
	serverToken, err := token.Format(ca.PEM, serverUser+":"+c.server)
	if err != nil {
		return err
	}
	if err := pki.WriteFile(options.file("token"), []byte(serverToken+"\n"), 0o600); err != nil {
		return err
	}
	if err := link("token", options.file("node-token")); err != nil {
		return err
	}
	if options.AgentToken == "" {
		return link("token", options.file("agent-token"))
	}
	agentToken, err := token.Format(ca.PEM, agentUser+":"+c.agent)
	if err != nil {
		return err
	}
	return pki.WriteFile(options.file("agent-token"), []byte(agentToken+"\n"), 0o600)
}

// passwd is the content of the file with both passwords: password, user, uid, group.
func (c *credentials) passwd() []byte {
	var content bytes.Buffer
	lines := csv.NewWriter(&content)
	_ = lines.WriteAll([][]string{
		{c.agent, agentUser, agentUser, agentGroup},
		{c.server, serverUser, serverUser, serverGroup},
	})
	return content.Bytes()
}

// groupOf gives the group that user and password stand for.
func (c *credentials) groupOf(user, password string) (string, bool) {
	for _, known := range []struct{ user, password, group string }{
		{agentUser, c.agent, agentGroup}, {serverUser, c.server, serverGroup},
	} {
		if user == known.user && subtle.ConstantTimeCompare([]byte(password), []byte(known.password)) == 1 {
			return known.group, true
		}
	}
	return "", false
}

func link(target, name string) error {
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Symlink(target, name)
}

func sha256Hex(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// randomHex gives n random bytes in hex.
func randomHex(n int) string {
	random := make([]byte, n)
	_, _ = rand.Read(random) // never fails (crypto/rand)
	return hex.EncodeToString(random)
}
