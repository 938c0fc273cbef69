package server

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sirupsen/logrus"
	"golang.org/x/crypto/scrypt"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

const (
	nodePasswordType   corev1.SecretType = "k3s.cattle.io/node-password"
	nodePasswordSuffix                   = ".node-password.k3s"
	nodePasswordKey                      = "hash"

	// Cost of the hash, and its form: $1:<salt>:15:8:1:<base64> (contract line 5).
	hashVersion   = "$1"
	scryptLogN    = 15
	scryptR       = 8
	scryptP       = 1
	scryptSaltLen = 8
	scryptKeyLen  = 64

	deferredRetry = 5 * time.Second
)

var errPasswordRejected = errors.New("hash does not match")

// nodePasswords binds node names to the password of the machine that came with the name first, or to the one that
// somebody put into the Secret beforehand.
type nodePasswords struct {
	ctx context.Context
	api kubernetes.Interface

	mu sync.Mutex
	// verified remembers, by Secret, what was found good: an agent asks for two certificates, and a hash takes long.
	verified map[string][sha256.Size]byte
	deferred map[string]bool
}

func newNodePasswords(ctx context.Context, api kubernetes.Interface) *nodePasswords {
	return &nodePasswords{ctx: ctx, api: api, verified: map[string][sha256.Size]byte{}, deferred: map[string]bool{}}
}

// ensure checks password against the node's Secret, and makes the Secret when there is none. When making it fails, the
// node is let in all the same and the Secret is made later, as k3s does (contract line 7).
func (n *nodePasswords) ensure(ctx context.Context, node, password string) error {
	secret, err := n.get(ctx, node)
	if err != nil && !apierrors.IsNotFound(err) {
		return err
	}
	if err != nil {
		secret, err = n.create(ctx, node, password)
		if apierrors.IsAlreadyExists(err) {
			secret, err = n.get(ctx, node)
		}
		if err != nil {
			n.makeLater(node, password, err)
			return nil
		}
	}
	return n.verify(secret, password)
}

func (n *nodePasswords) get(ctx context.Context, node string) (*corev1.Secret, error) {
	return n.api.CoreV1().Secrets(metav1.NamespaceSystem).Get(ctx, node+nodePasswordSuffix, metav1.GetOptions{})
}

func (n *nodePasswords) create(ctx context.Context, node, password string) (*corev1.Secret, error) {
	hash, err := hashPassword(password)
	if err != nil {
		return nil, err
	}
	immutable := true
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: node + nodePasswordSuffix, Namespace: metav1.NamespaceSystem},
		Type:       nodePasswordType,
		Immutable:  &immutable,
		Data:       map[string][]byte{nodePasswordKey: []byte(hash)},
	}
	created, err := n.api.CoreV1().Secrets(metav1.NamespaceSystem).Create(ctx, secret, metav1.CreateOptions{})
	if err == nil {
		n.remember(created, password)
	}
	return created, err
}

func (n *nodePasswords) verify(secret *corev1.Secret, password string) error {
	n.mu.Lock()
	known, ok := n.verified[string(secret.UID)]
	n.mu.Unlock()
	if ok && known == sha256.Sum256([]byte(password)) {
		return nil
	}
	if err := verifyPassword(string(secret.Data[nodePasswordKey]), password); err != nil {
		return fmt.Errorf("unable to verify password for node %s: %w", strings.TrimSuffix(secret.Name, nodePasswordSuffix), err)
	}
	n.remember(secret, password)
	return nil
}

// remember relies on the Secret's data being immutable.
func (n *nodePasswords) remember(secret *corev1.Secret, password string) {
	if secret.Immutable == nil || !*secret.Immutable {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.verified[string(secret.UID)] = sha256.Sum256([]byte(password))
}

// forget drops what was remembered of a Secret that is gone.
func (n *nodePasswords) forget(secret *corev1.Secret) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.verified, string(secret.UID))
}

func (n *nodePasswords) makeLater(node, password string, cause error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.deferred[node] {
		return
	}
	n.deferred[node] = true
	logrus.Infof("Password verification deferred for node %s: %v", node, cause)
	go func() {
		defer func() {
			n.mu.Lock()
			defer n.mu.Unlock()
			delete(n.deferred, node)
		}()
		for {
			select {
			case <-n.ctx.Done():
				return
			case <-time.After(deferredRetry):
			}
			if _, err := n.create(n.ctx, node, password); err == nil || apierrors.IsAlreadyExists(err) {
				return
			}
		}
	}()
}

func hashPassword(password string) (string, error) {
	salt := make([]byte, scryptSaltLen)
	_, _ = rand.Read(salt) // never fails (crypto/rand)
	derived, err := scrypt.Key([]byte(password), salt, 1<<scryptLogN, scryptR, scryptP, scryptKeyLen)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s:%x:%d:%d:%d:%s", hashVersion, salt, scryptLogN, scryptR, scryptP, base64.RawStdEncoding.EncodeToString(derived)), nil
}

func verifyPassword(hash, password string) error {
	fields := strings.Split(hash, ":")
	if len(fields) != 6 || fields[0] != hashVersion {
		return fmt.Errorf("%w: unknown form of hash", errPasswordRejected)
	}
	salt, err := hex.DecodeString(fields[1])
	if err != nil {
		return fmt.Errorf("%w: %w", errPasswordRejected, err)
	}
	var cost [3]int
	for i := range cost {
		if cost[i], err = strconv.Atoi(fields[2+i]); err != nil {
			return fmt.Errorf("%w: %w", errPasswordRejected, err)
		}
	}
	want, err := base64.RawStdEncoding.DecodeString(fields[5])
	if err != nil {
		return fmt.Errorf("%w: %w", errPasswordRejected, err)
	}
	if cost[0] < 1 || cost[0] > 20 {
		return fmt.Errorf("%w: cost out of range", errPasswordRejected)
	}
	derived, err := scrypt.Key([]byte(password), salt, 1<<cost[0], cost[1], cost[2], len(want))
	if err != nil {
		return fmt.Errorf("%w: %w", errPasswordRejected, err)
	}
	if subtle.ConstantTimeCompare(derived, want) != 1 {
		return errPasswordRejected
	}
	return nil
}
