// Package token reads and writes the join tokens of k3s.
//
// The forms are K10<hash of the CA>::<credentials> and the credentials alone; credentials are user:password or a
// bootstrap token id.secret. Only the K10 form lets an agent check that it speaks to the right server.
package token

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

const (
	prefix     = "K10"
	hashLength = 2 * sha256.Size
)

var bootstrap = regexp.MustCompile(`^([a-z0-9]{6})\.([a-z0-9]{16})$`)

// ErrEmpty is what an agent without a token reports for ever; the wording is k3s's.
var ErrEmpty = errors.New("token must not be empty")

// Token is a join token taken apart. Either Bearer is set (a bootstrap token) or User and Password are.
type Token struct {
	// CAHash is the hash of the server's CA in hex; empty for the short form, which cannot be checked.
	CAHash   string
	User     string
	Password string
	Bearer   string
}

// Parse takes text apart. A password without a user belongs to defaultUser.
func Parse(text, defaultUser string) (Token, error) {
	if text == "" {
		return Token{}, ErrEmpty
	}
	var parsed Token
	credentials := text
	if rest, long := strings.CutPrefix(text, prefix); long {
		hash, after, found := strings.Cut(rest, "::")
		if !found {
			return Token{}, errors.New("invalid token format")
		}
		if len(hash) != hashLength {
			return Token{}, errors.New("invalid token CA hash length")
		}
		parsed.CAHash, credentials = hash, after
	}
	switch user, password, both := strings.Cut(credentials, ":"); {
	case bootstrap.MatchString(credentials):
		parsed.Bearer = credentials
	case both:
		parsed.User, parsed.Password = user, password
	default:
		parsed.User, parsed.Password = defaultUser, credentials
	}
	if parsed.Bearer == "" && parsed.Password == "" {
		return Token{}, errors.New("invalid token format")
	}
	return parsed, nil
}

// Format gives the K10 form of credentials for the CA in caPEM.
func Format(caPEM []byte, credentials string) (string, error) {
	hash, err := HashCA(caPEM)
	if err != nil {
		return "", err
	}
	return prefix + hash + "::" + credentials, nil
}

// Verify checks the CA a server presents against the hash in the token; a short token accepts any.
func (t Token) Verify(caPEM []byte) error {
	if t.CAHash == "" {
		return nil
	}
	hash, err := HashCA(caPEM)
	if err != nil {
		return err
	}
	if hash != t.CAHash {
		return fmt.Errorf("token CA hash does not match the Cluster CA certificate hash: %s != %s", t.CAHash, hash)
	}
	return nil
}

// HashCA gives the hash of a CA file as tokens carry it: SHA-256 of the file's bytes when it holds one certificate, of
// the last certificate's DER when it is a bundle.
func HashCA(caPEM []byte) (string, error) {
	var last []byte
	count := 0
	for block, rest := pem.Decode(caPEM); block != nil; block, rest = pem.Decode(rest) {
		last = block.Bytes
		count++
	}
	if count == 0 {
		return "", errors.New("no certificate in the CA file")
	}
	hashed := caPEM
	if count > 1 {
		hashed = last
	}
	sum := sha256.Sum256(hashed)
	return hex.EncodeToString(sum[:]), nil
}
