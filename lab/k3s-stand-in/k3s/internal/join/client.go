package join

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/sirupsen/logrus"

	"usher.internal/lab/k3s-stand-in/k3s/internal/token"
)

const (
	requestTimeout = 10 * time.Second
	maxAnswer      = 1 << 20
)

// Server is a server whose CA was found to be the one of our token.
type Server struct {
	url    string
	ca     []byte
	token  token.Token
	client *http.Client
	// byCertificate tells that client shows a certificate of an earlier join beside the token.
	byCertificate bool
}

// Node is who asks for certificates.
type Node struct {
	Name, Password, IP string
	// PasswordFile is named in the message that the password is wrong.
	PasswordFile string
}

// Connect parses text, fetches the server's CA and compares it with the token's hash. No credentials are sent before.
// certificate is the one an earlier join left, or nil.
func Connect(url, text string, certificate *tls.Certificate) (*Server, error) {
	parsed, err := token.Parse(text, "node")
	if err != nil {
		return nil, err
	}
	server := &Server{url: strings.TrimSuffix(url, "/"), token: parsed, byCertificate: certificate != nil}
	blind := &http.Client{Timeout: requestTimeout, Transport: &http.Transport{
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true}, // only to learn the CA, which is then compared
		DisableKeepAlives: true,
	}}
	if server.ca, err = fetch(blind, server.url+"/cacerts"); err != nil {
		return nil, fmt.Errorf("failed to get CA certs: %w", err)
	}
	if err := parsed.Verify(server.ca); err != nil {
		return nil, err
	}
	server.client = server.newClient(certificate)
	return server, nil
}

// Close lets go of the connections.
func (s *Server) Close() { s.client.CloseIdleConnections() }

// Get fetches one of the endpoints for agents.
func (s *Server) Get(path string) ([]byte, error) {
	request, err := http.NewRequest(http.MethodGet, s.url+path, nil)
	if err != nil {
		return nil, err
	}
	s.authorize(request)
	response, err := s.client.Do(request)
	if err != nil {
		return nil, err
	}
	return content(response)
}

// Config fetches the cluster's settings.
func (s *Server) Config() (*Config, error) {
	answer, err := s.Get(PathConfig)
	if err != nil {
		return nil, err
	}
	config := &Config{}
	return config, json.Unmarshal(answer, config)
}

// Certificate asks for the certificate at path, for key and in the name of node.
func (s *Server) Certificate(path string, key crypto.Signer, node Node) ([]byte, error) {
	csr, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{}}, key)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequest(http.MethodPost, s.url+path, bytes.NewReader(csr))
	if err != nil {
		return nil, err
	}
	s.authorize(request)
	request.Header.Set(HeaderNodeName, node.Name)
	request.Header.Set(HeaderNodePassword, node.Password)
	request.Header.Set(HeaderNodeIP, node.IP)
	response, err := s.client.Do(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode == http.StatusUnauthorized && s.byCertificate {
		response.Body.Close()
		// k3s sends the very same request once more, whose body has been read by then: this is the trap of contract
		// line 9, and it is here on purpose.
		logrus.Info("Node authorization rejected, retrying without client certificate authentication")
		if response, err = s.newClient(nil).Do(request); err != nil {
			return nil, err
		}
	}
	if response.StatusCode == http.StatusForbidden {
		response.Body.Close()
		return nil, fmt.Errorf("Node password rejected, duplicate hostname or contents of '%s' may not match server node-passwd entry, try enabling a unique node name with the --with-node-id flag", node.PasswordFile)
	}
	return content(response)
}

func (s *Server) authorize(request *http.Request) {
	if s.token.Bearer != "" {
		request.Header.Set("Authorization", "Bearer "+s.token.Bearer)
		return
	}
	request.SetBasicAuth(s.token.User, s.token.Password)
}

func (s *Server) newClient(certificate *tls.Certificate) *http.Client {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(s.ca)
	config := &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	if certificate != nil {
		config.Certificates = []tls.Certificate{*certificate}
	}
	return &http.Client{Timeout: requestTimeout, Transport: &http.Transport{TLSClientConfig: config}}
}

func fetch(client *http.Client, url string) ([]byte, error) {
	response, err := client.Get(url)
	if err != nil {
		return nil, err
	}
	return content(response)
}

func content(response *http.Response) ([]byte, error) {
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return nil, err
	}
	if response.StatusCode == http.StatusOK {
		return answer, nil
	}
	var status struct{ Message string }
	if json.Unmarshal(answer, &status) == nil && status.Message != "" {
		return nil, fmt.Errorf("%s: %s: %w", response.Request.URL, response.Status, errors.New(status.Message))
	}
	return nil, fmt.Errorf("%s: %s", response.Request.URL, response.Status)
}
