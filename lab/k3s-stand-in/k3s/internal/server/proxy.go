package server

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/sirupsen/logrus"
	"k8s.io/apimachinery/pkg/util/httpstream"
	utilnet "k8s.io/apimachinery/pkg/util/net"
)

const (
	frontProxyName    = "system:auth-proxy"
	userHeader        = "X-Remote-User"
	groupHeader       = "X-Remote-Group"
	extraHeaderPrefix = "X-Remote-Extra-"
	credentialExtra   = extraHeaderPrefix + "Authentication.kubernetes.io%2fcredential-Id"
)

var (
	apiURL   = "https://127.0.0.1:" + strconv.Itoa(apiPort)
	loopback = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
)

// apiProxy passes requests on to the API server. Who came with a client certificate is named in front-proxy headers;
// whatever else a request carries, such as a bearer token, is passed on for the API server to judge.
type apiProxy struct {
	authenticator *authenticator
	reverse       *httputil.ReverseProxy
}

// transports are the connections to the API server. One that shows the front-proxy certificate is trusted to name the
// user, so it carries nothing but requests whose user was proved. Upgrades (exec, port-forward) exist in HTTP/1.1 only.
type transports struct {
	asUser, asUserUpgrade, asItself, asItselfUpgrade *http.Transport
}

func newAPIProxy(options *Options, cas *authorities, who *authenticator) (*apiProxy, error) {
	certificate, err := tls.LoadX509KeyPair(options.tls("client-auth-proxy.crt"), options.tls("client-auth-proxy.key"))
	if err != nil {
		return nil, err
	}
	roots := cas.server.Pool()
	proxy := &apiProxy{authenticator: who}
	proxy.reverse = &httputil.ReverseProxy{
		Rewrite: proxy.rewrite,
		Transport: &transports{
			asUser:          transport(roots, true, certificate),
			asUserUpgrade:   transport(roots, false, certificate),
			asItself:        transport(roots, true),
			asItselfUpgrade: transport(roots, false),
		},
		FlushInterval: -1, // watches
		ErrorHandler: func(response http.ResponseWriter, request *http.Request, err error) {
			if request.Context().Err() == nil {
				logrus.Debugf("Proxy error for %s %s: %v", request.Method, request.URL.Path, err)
			}
			sendError(response, http.StatusServiceUnavailable, errors.New("apiserver not ready"))
		},
		ErrorLog: log.New(logrus.StandardLogger().WriterLevel(logrus.DebugLevel), "", 0),
	}
	return proxy, nil
}

func (p *apiProxy) ServeHTTP(response http.ResponseWriter, request *http.Request) {
	p.reverse.ServeHTTP(response, request)
}

func (p *apiProxy) rewrite(request *httputil.ProxyRequest) {
	request.SetURL(&url.URL{Scheme: "https", Host: strings.TrimPrefix(apiURL, "https://")})
	request.Out.Host = request.In.Host
	for name := range request.Out.Header {
		if strings.HasPrefix(http.CanonicalHeaderKey(name), "X-Remote-") {
			delete(request.Out.Header, name)
		}
	}
	if by := p.authenticator.byCertificate(request.In); by != nil {
		request.Out.Header.Set(userHeader, by.name)
		request.Out.Header[groupHeader] = by.groups
		request.Out.Header[credentialExtra] = []string{credentialID(by.certificate)}
	}
	request.SetXForwarded()
}

// RoundTrip picks the connection a request may go over.
func (t *transports) RoundTrip(request *http.Request) (*http.Response, error) {
	named, upgrade := request.Header.Get(userHeader) != "", httpstream.IsUpgradeRequest(request)
	switch {
	case named && upgrade:
		return t.asUserUpgrade.RoundTrip(request)
	case named:
		return t.asUser.RoundTrip(request)
	case upgrade:
		return t.asItselfUpgrade.RoundTrip(request)
	}
	return t.asItself.RoundTrip(request)
}

func transport(roots *x509.CertPool, http2 bool, certificates ...tls.Certificate) *http.Transport {
	made := &http.Transport{
		TLSClientConfig:     &tls.Config{RootCAs: roots, Certificates: certificates, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout: 10 * time.Second,
		MaxIdleConnsPerHost: 50,
		IdleConnTimeout:     90 * time.Second,
		DisableCompression:  true,
	}
	if http2 {
		return utilnet.SetTransportDefaults(made)
	}
	made.TLSClientConfig.NextProtos = []string{"http/1.1"}
	return made
}
