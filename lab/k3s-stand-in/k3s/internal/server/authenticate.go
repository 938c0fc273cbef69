package server

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"

	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

const (
	nodesGroup         = "system:nodes"
	nodeUserPrefix     = "system:node:"
	bootstrappersGroup = "system:bootstrappers"
	bearerPrefix       = "Bearer "
)

// identity is who sent a request.
type identity struct {
	name   string
	groups []string
	// certificate is the client certificate that proved it, if one did.
	certificate *x509.Certificate
}

// node gives the node whose kubelet this is, or "".
func (i *identity) node() string {
	if name, ok := strings.CutPrefix(i.name, nodeUserPrefix); ok && slices.Contains(i.groups, nodesGroup) {
		return name
	}
	return ""
}

// mayJoin tells whether the endpoints for agents are open to it: any agent token, bootstrap token or node certificate.
func (i *identity) mayJoin() bool {
	return slices.ContainsFunc(i.groups, func(group string) bool {
		return group == agentGroup || group == serverGroup || group == nodesGroup || group == bootstrappersGroup
	})
}

// authenticator finds out who sent a request to the supervisor's own endpoints.
type authenticator struct {
	clientCAs *x509.CertPool
	passwords *credentials
	api       kubernetes.Interface
}

// identify tries the client certificate first and then the Authorization header; nil means nobody we know.
func (a *authenticator) identify(request *http.Request) *identity {
	if by := a.byCertificate(request); by != nil {
		return by
	}
	if user, password, ok := request.BasicAuth(); ok {
		if group, ok := a.passwords.groupOf(user, password); ok {
			return &identity{name: user, groups: []string{group}}
		}
		return nil
	}
	if bearer, ok := strings.CutPrefix(request.Header.Get("Authorization"), bearerPrefix); ok {
		return a.byToken(request.Context(), bearer)
	}
	return nil
}

// byCertificate gives the subject of the client certificate when it comes from the clients' CA.
func (a *authenticator) byCertificate(request *http.Request) *identity {
	if request.TLS == nil || len(request.TLS.PeerCertificates) == 0 {
		return nil
	}
	leaf := request.TLS.PeerCertificates[0]
	intermediates := x509.NewCertPool()
	for _, certificate := range request.TLS.PeerCertificates[1:] {
		intermediates.AddCert(certificate)
	}
	_, err := leaf.Verify(x509.VerifyOptions{
		Roots:         a.clientCAs,
		Intermediates: intermediates,
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	if err != nil {
		return nil
	}
	return &identity{name: leaf.Subject.CommonName, groups: leaf.Subject.Organization, certificate: leaf}
}

// byToken asks the API server, which remembers a good answer for ten seconds: that is why a deleted token goes on being
// accepted from who used it just before (contract line 4).
func (a *authenticator) byToken(ctx context.Context, bearer string) *identity {
	review := &authenticationv1.TokenReview{Spec: authenticationv1.TokenReviewSpec{Token: bearer}}
	answer, err := a.api.AuthenticationV1().TokenReviews().Create(ctx, review, metav1.CreateOptions{})
	if err != nil || !answer.Status.Authenticated {
		return nil
	}
	return &identity{name: answer.Status.User.Username, groups: answer.Status.User.Groups}
}

// credentialID names a certificate the way the API server does for its audit log.
func credentialID(certificate *x509.Certificate) string {
	sum := sha256.Sum256(certificate.Raw)
	return "X509SHA256=" + hex.EncodeToString(sum[:])
}
