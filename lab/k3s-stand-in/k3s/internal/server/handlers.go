package server

import (
	"crypto"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"

	"github.com/sirupsen/logrus"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"usher.internal/lab/k3s-stand-in/k3s/internal/join"
	"usher.internal/lab/k3s-stand-in/k3s/internal/pki"
)

var errNotReady = errors.New("runtime core not ready")

// maxRequest is far above any certificate request, in bytes.
const maxRequest = 64 << 10

// supervisor answers the endpoints that machines join by; see contract lines 1 to 9.
type supervisor struct {
	options   *Options
	cas       *authorities
	who       *authenticator
	api       kubernetes.Interface
	passwords *nodePasswords
	// ready is set once the API server answers and our own objects are in it.
	ready atomic.Bool
}

// routes gives the supervisor's endpoints; everything else belongs to the API server.
func (s *supervisor) routes(api http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/cacerts", s.text(s.cas.server.PEM))
	mux.HandleFunc("/ping", s.text([]byte("pong")))
	agents := map[string]http.HandlerFunc{
		join.PathConfig:           s.config,
		join.PathReady:            s.readyz,
		join.PathServers:          s.apiServers,
		join.PathServerCA:         s.text(s.cas.server.PEM),
		join.PathClientCA:         s.text(s.cas.client.PEM),
		join.PathClientKubelet:    s.clientKubelet,
		join.PathServingKubelet:   s.servingKubelet,
		join.PathClientKubeProxy:  s.shared("system:kube-proxy", "client-kube-proxy"),
		join.PathClientController: s.shared("system:k3s-controller", "client-k3s-controller"),
	}
	for path, handle := range agents {
		mux.HandleFunc(path, s.forAgents(handle))
	}
	mux.HandleFunc("/v1-k3s/", http.NotFound)
	mux.Handle("/", api)
	return mux
}

func (s *supervisor) text(content []byte) http.HandlerFunc {
	return func(response http.ResponseWriter, _ *http.Request) {
		response.Header().Set("Content-Type", "text/plain")
		_, _ = response.Write(content)
	}
}

// forAgents lets only those through that may join.
func (s *supervisor) forAgents(handle http.HandlerFunc) http.HandlerFunc {
	return func(response http.ResponseWriter, request *http.Request) {
		by := s.who.identify(request)
		switch {
		case by == nil && !s.ready.Load():
			sendError(response, http.StatusServiceUnavailable, errNotReady)
		case by == nil:
			sendError(response, http.StatusUnauthorized, errors.New("not authorized"))
		case !by.mayJoin():
			sendError(response, http.StatusForbidden, errors.New("forbidden"))
		default:
			handle(response, request.WithContext(withIdentity(request.Context(), by)))
		}
	}
}

func (s *supervisor) config(response http.ResponseWriter, _ *http.Request) {
	sendJSON(response, join.Config{
		ClusterIPRange:   s.options.ClusterCIDR,
		ServiceIPRange:   s.options.ServiceCIDR.String(),
		ClusterDNS:       s.options.ClusterDNS,
		ClusterDomain:    s.options.ClusterDomain,
		FlannelBackend:   s.options.FlannelBackend,
		DisableKubeProxy: s.options.DisableKubeProxy,
		HTTPSPort:        s.options.Port,
	})
}

func (s *supervisor) readyz(response http.ResponseWriter, request *http.Request) {
	if !s.ready.Load() {
		sendError(response, http.StatusServiceUnavailable, errNotReady)
		return
	}
	s.text([]byte("ok"))(response, request)
}

func (s *supervisor) apiServers(response http.ResponseWriter, _ *http.Request) {
	sendJSON(response, []string{net.JoinHostPort(s.options.AdvertiseAddress.String(), fmt.Sprint(s.options.Port))})
}

func (s *supervisor) clientKubelet(response http.ResponseWriter, request *http.Request) {
	if node, ok := s.admit(response, request); ok {
		s.sign(response, request, s.cas.client, "client-kubelet", pki.Leaf{
			CommonName: nodeUserPrefix + node, Organizations: []string{nodesGroup}, Usage: x509.ExtKeyUsageClientAuth,
		})
	}
}

func (s *supervisor) servingKubelet(response http.ResponseWriter, request *http.Request) {
	node, ok := s.admit(response, request)
	if !ok {
		return
	}
	ips := []net.IP{loopback[0]}
	for _, text := range strings.Split(request.Header.Get(join.HeaderNodeIP), ",") {
		if text == "" {
			continue
		}
		ip := net.ParseIP(text)
		if ip == nil {
			sendError(response, http.StatusInternalServerError, fmt.Errorf("invalid node IP address %s", text))
			return
		}
		ips = append(ips, ip)
	}
	s.sign(response, request, s.cas.server, "serving-kubelet", pki.Leaf{
		CommonName: node, Usage: x509.ExtKeyUsageServerAuth, DNSNames: []string{node, "localhost"}, IPs: ips,
	})
}

// shared issues a certificate that is the same for every node: neither name nor node password is asked for.
func (s *supervisor) shared(commonName, keyName string) http.HandlerFunc {
	return func(response http.ResponseWriter, request *http.Request) {
		s.sign(response, request, s.cas.client, keyName, pki.Leaf{CommonName: commonName, Usage: x509.ExtKeyUsageClientAuth})
	}
}

// admit checks that the sender may have a certificate for the node it names, and gives that name.
func (s *supervisor) admit(response http.ResponseWriter, request *http.Request) (string, bool) {
	node := strings.ToLower(request.Header.Get(join.HeaderNodeName))
	password := request.Header.Get(join.HeaderNodePassword)
	switch {
	case node == "":
		sendError(response, http.StatusBadRequest, errors.New("node name not set"))
		return "", false
	case password == "":
		sendError(response, http.StatusBadRequest, errors.New("node password not set"))
		return "", false
	case !s.ready.Load():
		sendError(response, http.StatusServiceUnavailable, errNotReady)
		return "", false
	}
	ctx := request.Context()
	if own := identityOf(ctx).node(); own != "" {
		if own != node {
			sendError(response, http.StatusBadRequest, errors.New("header node name does not match auth node name"))
			return "", false
		}
		if _, err := s.api.CoreV1().Nodes().Get(ctx, own, metav1.GetOptions{}); err != nil {
			sendError(response, http.StatusUnauthorized, fmt.Errorf("unable to verify node identity: %w", err))
			return "", false
		}
	}
	if err := s.passwords.ensure(ctx, node, password); err != nil {
		code := http.StatusInternalServerError
		if errors.Is(err, errPasswordRejected) {
			code = http.StatusForbidden
		}
		sendError(response, code, err)
		return "", false
	}
	return node, true
}

// sign answers with the certificate for the key of the request's CSR. Without a CSR it is for a key all such callers
// share, which is then part of the answer: k3s still does this for old agents.
func (s *supervisor) sign(response http.ResponseWriter, request *http.Request, ca *pki.CA, keyName string, leaf pki.Leaf) {
	var public crypto.PublicKey
	var sharedKey []byte
	if csr := certificateRequest(request); csr != nil {
		public = csr.PublicKey
	} else {
		key, err := pki.LoadOrCreateKey(s.options.tls(keyName + ".key"))
		if err != nil {
			sendError(response, http.StatusInternalServerError, err)
			return
		}
		public = key.Public()
		if sharedKey, err = os.ReadFile(s.options.tls(keyName + ".key")); err != nil {
			sendError(response, http.StatusInternalServerError, err)
			return
		}
	}
	certPEM, err := ca.Sign(leaf, public)
	if err != nil {
		sendError(response, http.StatusInternalServerError, err)
		return
	}
	_, _ = response.Write(append(certPEM, sharedKey...))
}

func certificateRequest(request *http.Request) *x509.CertificateRequest {
	if request.Method != http.MethodPost {
		return nil
	}
	der, err := io.ReadAll(io.LimitReader(request.Body, maxRequest))
	if err != nil {
		return nil
	}
	csr, err := x509.ParseCertificateRequest(der)
	if err != nil || csr.CheckSignature() != nil {
		return nil
	}
	return csr
}

func sendJSON(response http.ResponseWriter, value any) {
	response.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(response).Encode(value); err != nil {
		logrus.Debugf("Sending an answer: %v", err)
	}
}

// sendError answers with a Kubernetes Status, as the API server does.
func sendError(response http.ResponseWriter, code int, err error) {
	response.Header().Set("Content-Type", "application/json")
	response.WriteHeader(code)
	_ = json.NewEncoder(response).Encode(metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"},
		Status:   metav1.StatusFailure, Message: err.Error(), Reason: metav1.StatusReason(http.StatusText(code)), Code: int32(code),
	})
}
