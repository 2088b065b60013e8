package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	_ "embed"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	certutil "k8s.io/client-go/util/cert"
)

//go:embed stages.yaml
var stages []byte

const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
`

// layout is everything about a control plane that stays the same while its
// programs come and go: ports, credentials and the files that hold them.
type layout struct {
	dir       string
	etcdData  string
	withNodes bool
	audit     bool
	ports     map[string]int
}

func (l *layout) path(name string) string { return filepath.Join(l.dir, name) }

func (l *layout) server() string {
	return fmt.Sprintf("https://127.0.0.1:%d", l.ports["kube-apiserver"])
}

// newLayout chooses the ports and writes the files.
func newLayout(dir, etcdData string, withNodes, audit bool) (*layout, error) {
	l := &layout{dir: dir, etcdData: etcdData, withNodes: withNodes, audit: audit}
	if err := os.MkdirAll(l.path("logs"), 0o755); err != nil {
		return nil, err
	}
	var err error
	if l.ports, err = freePorts("etcd", "etcd-peer", "kube-apiserver"); err != nil {
		return nil, err
	}
	certificate, key, err := certutil.GenerateSelfSignedCertKey("127.0.0.1",
		nil, []string{"localhost", "kubernetes.default.svc"})
	if err != nil {
		return nil, err
	}
	authority, err := lastCertificate(certificate)
	if err != nil {
		return nil, err
	}
	accountKey, err := privateKey()
	if err != nil {
		return nil, err
	}
	users := map[string]string{}
	tokens := ""
	// One user for each program, so that an audit log tells them apart.
	for _, user := range []string{"admin", "kube-controller-manager", "kube-scheduler", "kwok"} {
		users[user] = randomToken()
		tokens += fmt.Sprintf("%s,%s,%s,system:masters\n", users[user], user, user)
	}
	files := map[string][]byte{
		"ca.crt":       authority,
		"server.crt":   certificate,
		"server.key":   key,
		"accounts.key": accountKey,
		"tokens.csv":   []byte(tokens),
		"audit.yaml":   []byte(auditPolicy),
		"stages.yaml":  stages,
	}
	for name, data := range files {
		if err := os.WriteFile(l.path(name), data, 0o600); err != nil {
			return nil, err
		}
	}
	for user, token := range users {
		if err := l.writeKubeconfig(user, token, authority); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// kubeconfig is the path of a user's kubeconfig; the admin's has the plain name.
func (l *layout) kubeconfig(user string) string {
	if user == "admin" {
		return l.path("kubeconfig")
	}
	return l.path(user + ".kubeconfig")
}

func (l *layout) writeKubeconfig(user, token string, authority []byte) error {
	config := clientcmdapi.NewConfig()
	config.Clusters["windlass"] = &clientcmdapi.Cluster{
		Server: l.server(), CertificateAuthorityData: authority,
	}
	config.AuthInfos[user] = &clientcmdapi.AuthInfo{Token: token}
	config.Contexts["windlass"] = &clientcmdapi.Context{Cluster: "windlass", AuthInfo: user}
	config.CurrentContext = "windlass"
	return clientcmd.WriteToFile(*config, l.kubeconfig(user))
}

// freePorts picks loopback ports below the range that the kernel hands out to
// outgoing connections, so that a program can be restarted on its port.
func freePorts(names ...string) (map[string]int, error) {
	const first, count, attempts = 12000, 20000, 1000
	ports := map[string]int{}
	taken := map[int]bool{}
	for _, name := range names {
		for attempt := 0; ports[name] == 0; attempt++ {
			if attempt == attempts {
				return nil, fmt.Errorf("no free port for %s", name)
			}
			n, err := rand.Int(rand.Reader, big.NewInt(count))
			if err != nil {
				return nil, err
			}
			port := first + int(n.Int64())
			if taken[port] {
				continue
			}
			listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
			if err != nil {
				continue
			}
			listener.Close()
			taken[port] = true
			ports[name] = port
		}
	}
	return ports, nil
}

func randomToken() string {
	token := make([]byte, 16)
	// Documented never to fail.
	_, _ = rand.Read(token)
	return hex.EncodeToString(token)
}

// lastCertificate is the authority of a chain that starts with the leaf.
func lastCertificate(chain []byte) ([]byte, error) {
	certificates, err := certutil.ParseCertsPEM(chain)
	if err != nil {
		return nil, err
	}
	return certutil.EncodeCertificates(certificates[len(certificates)-1])
}

func privateKey() ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), nil
}
