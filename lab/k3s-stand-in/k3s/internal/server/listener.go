package server

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"log"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"sync"

	"github.com/sirupsen/logrus"

	"usher.internal/lab/k3s-stand-in/k3s/internal/pki"
)

// servingCertificate is the certificate of the supervisor's listener. It is valid for every name and address the server
// is known by, and is issued anew when a client comes in by an address it does not have yet.
type servingCertificate struct {
	ca  *pki.CA
	key *tls.Certificate

	mu    sync.Mutex
	names []string
	ips   []net.IP
}

func newServingCertificate(options *Options, ca *pki.CA) (*servingCertificate, error) {
	serving := &servingCertificate{
		ca:    ca,
		names: []string{"localhost", options.NodeName, "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc." + options.ClusterDomain},
		ips:   append([]net.IP{options.NodeIP, options.AdvertiseAddress, options.serviceIP(1)}, loopback...),
	}
	if host, err := os.Hostname(); err == nil && host != options.NodeName {
		serving.names = append(serving.names, host)
	}
	for _, san := range options.TLSSAN {
		if ip := net.ParseIP(san); ip != nil {
			serving.ips = append(serving.ips, ip)
		} else {
			serving.names = append(serving.names, san)
		}
	}
	if ip := net.ParseIP(options.BindAddress); ip != nil && !ip.IsUnspecified() {
		serving.ips = append(serving.ips, ip)
	}
	return serving, serving.issue(options.tls("serving-k3s.key"))
}

// issue signs a certificate for the present names and addresses.
func (s *servingCertificate) issue(keyFile string) error {
	key, err := pki.LoadOrCreateKey(keyFile)
	if err != nil {
		return err
	}
	certPEM, err := s.ca.Sign(pki.Leaf{CommonName: "k3s", Organizations: []string{"k3s"}, Usage: x509.ExtKeyUsageServerAuth, DNSNames: s.names, IPs: s.ips}, key.Public())
	if err != nil {
		return err
	}
	leaf, err := pki.ParseCertificate(certPEM)
	if err != nil {
		return err
	}
	s.key = &tls.Certificate{Certificate: [][]byte{leaf.Raw, s.ca.Certificate.Raw}, PrivateKey: key, Leaf: leaf}
	return nil
}

func (s *servingCertificate) forClient(keyFile string) func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		address, ok := hello.Conn.LocalAddr().(*net.TCPAddr)
		if ok && !slices.ContainsFunc(s.ips, address.IP.Equal) {
			s.ips = append(s.ips, address.IP)
			if err := s.issue(keyFile); err != nil {
				return nil, err
			}
			logrus.Infof("Serving certificate now covers %s", address.IP)
		}
		return s.key, nil
	}
}

// listen serves handler on the supervisor's port until ctx ends.
func listen(ctx context.Context, options *Options, ca *pki.CA, handler http.Handler) error {
	serving, err := newServingCertificate(options, ca)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(options.BindAddress, strconv.Itoa(options.Port)))
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler:  handler,
		ErrorLog: log.New(logrus.StandardLogger().WriterLevel(logrus.DebugLevel), "", 0),
		TLSConfig: &tls.Config{
			GetCertificate: serving.forClient(options.tls("serving-k3s.key")),
			ClientAuth:     tls.RequestClientCert, // verified by who needs it: another CA's certificate is no reason to hang up
			MinVersion:     tls.VersionTLS12,
		},
	}
	go func() {
		<-ctx.Done()
		server.Close()
	}()
	go func() {
		if err := server.ServeTLS(listener, "", ""); ctx.Err() == nil {
			logrus.Errorf("Supervisor stopped listening: %v", err)
		}
	}()
	return nil
}
