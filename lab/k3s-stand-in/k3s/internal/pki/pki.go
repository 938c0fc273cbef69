// Package pki makes the keys and certificates of a cluster: ECDSA P-256, in PEM files, made once and kept.
package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

const (
	caLifetime   = 10 * 365 * 24 * time.Hour
	leafLifetime = 365 * 24 * time.Hour
	// caBackdate is how far before the first start a CA becomes valid (contract line 1): the clocks of joining machines
	// may be a little slow.
	caBackdate = time.Hour
)

// CA is a self-signed certificate with its key.
type CA struct {
	Certificate *x509.Certificate
	// PEM is the certificate file, byte for byte; tokens carry its hash.
	PEM []byte
	key crypto.Signer
}

// Leaf describes a certificate to be signed.
type Leaf struct {
	CommonName    string
	Organizations []string
	Usage         x509.ExtKeyUsage
	DNSNames      []string
	IPs           []net.IP
}

// LoadOrCreateCA reads a CA from its two files, or makes one that is valid from an hour before now.
func LoadOrCreateCA(certFile, keyFile, commonName string, now time.Time) (*CA, error) {
	key, err := LoadOrCreateKey(keyFile)
	if err != nil {
		return nil, err
	}
	if certPEM, err := os.ReadFile(certFile); err == nil {
		certificate, err := ParseCertificate(certPEM)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", certFile, err)
		}
		return &CA{Certificate: certificate, PEM: certPEM, key: key}, nil
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(0),
		Subject:               pkix.Name{CommonName: fmt.Sprintf("%s@%d", commonName, now.Unix())},
		NotBefore:             now.Add(-caBackdate).UTC(),
		NotAfter:              now.Add(caLifetime).UTC(),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment | x509.KeyUsageCertSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	certPEM := EncodeCertificate(der)
	return &CA{Certificate: certificate, PEM: certPEM, key: key}, WriteFile(certFile, certPEM, 0o644)
}

// Sign issues leaf for the public key and gives its PEM followed by the CA's. Like k3s's, a leaf is valid from the
// moment its CA is, so that a machine with a slow clock can use it at once.
func (ca *CA) Sign(leaf Leaf, public crypto.PublicKey) ([]byte, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: leaf.CommonName, Organization: leaf.Organizations},
		NotBefore:    ca.Certificate.NotBefore,
		NotAfter:     time.Now().Add(leafLifetime).UTC(),
		KeyUsage:     x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		ExtKeyUsage:  []x509.ExtKeyUsage{leaf.Usage},
		DNSNames:     leaf.DNSNames,
		IPAddresses:  leaf.IPs,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, ca.Certificate, public, ca.key)
	if err != nil {
		return nil, err
	}
	return append(EncodeCertificate(der), ca.PEM...), nil
}

// Issue signs leaf for the key in keyFile (made when absent) and writes the certificate to certFile.
func (ca *CA) Issue(leaf Leaf, certFile, keyFile string) error {
	key, err := LoadOrCreateKey(keyFile)
	if err != nil {
		return err
	}
	certPEM, err := ca.Sign(leaf, key.Public())
	if err != nil {
		return err
	}
	return WriteFile(certFile, certPEM, 0o644)
}

// Pool is a certificate pool with just this CA.
func (ca *CA) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(ca.Certificate)
	return pool
}

// LoadOrCreateKey reads an EC key from file, or makes one and writes it there (0600).
func LoadOrCreateKey(file string) (crypto.Signer, error) {
	if keyPEM, err := os.ReadFile(file); err == nil {
		block, _ := pem.Decode(keyPEM)
		if block == nil {
			return nil, fmt.Errorf("%s: no key in PEM form", file)
		}
		return x509.ParseECPrivateKey(block.Bytes)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	return key, WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), 0o600)
}

// EnsureServiceAccountKey makes the RSA key that signs service account tokens, unless the file exists.
func EnsureServiceAccountKey(file string) error {
	if _, err := os.Stat(file); err == nil {
		return nil
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	block := &pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}
	return WriteFile(file, pem.EncodeToMemory(block), 0o600)
}

// ParseCertificate reads the first certificate of a PEM file.
func ParseCertificate(certPEM []byte) (*x509.Certificate, error) {
	block, _ := pem.Decode(certPEM)
	if block == nil {
		return nil, errors.New("no certificate in PEM form")
	}
	return x509.ParseCertificate(block.Bytes)
}

// EncodeCertificate gives the PEM form of one certificate.
func EncodeCertificate(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// WriteFile writes data to file by way of a temporary one beside it, so that a power cut leaves the old or the new
// content and never half of it.
func WriteFile(file string, data []byte, mode os.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	temporary, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+"-")
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name())
	if _, err := temporary.Write(data); err != nil {
		temporary.Close()
		return err
	}
	if err := temporary.Chmod(mode); err != nil {
		temporary.Close()
		return err
	}
	if err := temporary.Close(); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), file)
}
