package onenode

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"time"
)

// authority signs the certificates of one cluster. Each part has its own name, as on a real cluster, so that what RBAC
// and the Node authorizer refuse there is refused here.
type authority struct {
	layout layout
	cert   *x509.Certificate
	key    crypto.Signer
	serial int64
}

// identity is what a client's certificate says.
type identity struct{ file, user, group string }

var (
	admin      = identity{"admin", "kernel-indexer-admin", "system:masters"}
	manager    = identity{"kube-controller-manager", "system:kube-controller-manager", ""}
	scheduler  = identity{"kube-scheduler", "system:kube-scheduler", ""}
	proxy      = identity{"kube-proxy", "system:kube-proxy", ""}
	kubelet    = identity{"kubelet", "system:node:" + NodeName, "system:nodes"}
	identities = []identity{admin, manager, scheduler, proxy, kubelet}
)

// writePKI makes all keys and certificates of a cluster below pki.
func writePKI(l layout) error {
	ca := &authority{layout: l}
	if err := ca.create("ca", &x509.Certificate{
		Subject: pkix.Name{CommonName: "cluster for tests"},
		IsCA:    true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}); err != nil {
		return err
	}
	server := &x509.Certificate{
		Subject:     pkix.Name{CommonName: "kube-apiserver"},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:    []string{"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.ParseIP(nodeIP), net.ParseIP(serviceIP)},
	}
	if err := ca.create("kube-apiserver", server); err != nil {
		return err
	}
	for _, who := range identities {
		subject := pkix.Name{CommonName: who.user}
		if who.group != "" {
			subject.Organization = []string{who.group}
		}
		usage := []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
		if err := ca.create(who.file, &x509.Certificate{Subject: subject, ExtKeyUsage: usage}); err != nil {
			return err
		}
	}
	return ca.create("service-account", &x509.Certificate{Subject: pkix.Name{CommonName: "service accounts"}})
}

// create writes NAME.key and NAME.crt. The first certificate signs itself and then the others.
func (a *authority) create(name string, template *x509.Certificate) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	a.serial++
	template.SerialNumber = big.NewInt(a.serial)
	template.NotBefore = time.Now().Add(-time.Hour)
	template.NotAfter = template.NotBefore.AddDate(0, 0, 30)
	template.KeyUsage |= x509.KeyUsageDigitalSignature
	if a.cert == nil {
		a.cert, a.key = template, key
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		return fmt.Errorf("certificate %s: %w", name, err)
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	if err := writePEM(a.layout.path("pki", name+".key"), "EC PRIVATE KEY", der); err != nil {
		return err
	}
	return writePEM(a.layout.path("pki", name+".crt"), "CERTIFICATE", cert)
}

func writePEM(path, kind string, der []byte) error {
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
}
