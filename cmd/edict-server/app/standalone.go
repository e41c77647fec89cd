package app

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"k8s.io/apiserver/pkg/authentication/request/bearertoken"
	"k8s.io/apiserver/pkg/authentication/token/tokenfile"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizerfactory"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/apiserver/pkg/server/dynamiccertificates"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// standaloneKubeconfig is the file in the data directory that says how to reach a standalone server.
const standaloneKubeconfig = "kubeconfig"

// standaloneLifetime is how long the certificate of one run is good for. The next run makes another.
const standaloneLifetime = 365 * 24 * time.Hour

// alone has a standalone server do what it can do without Kubernetes, where changed does not tell that somebody asked
// for something else: the api role, on a free port of the loopback interface, which answers for its health there.
func (o *Options) alone(changed func(flag string) bool) {
	if !changed("roles") {
		o.Roles = []string{string(RoleAPI)}
	}
	if !changed("health-address") {
		o.HealthAddress = ""
	}
	if !changed("bind-address") {
		o.API.SecureServing.BindAddress = net.IPv4(127, 0, 0, 1)
	}
	o.freePort = !changed("secure-port")
}

func (o *Options) validateAlone() (errs []error) {
	if len(o.Roles) != 1 || Role(o.Roles[0]) != RoleAPI {
		errs = append(errs, fmt.Errorf("--standalone serves the API without Kubernetes, so it plays the role %s alone: leave --roles out", RoleAPI))
	}
	if o.kubeconfig(RoleAPI) != "" {
		errs = append(errs, errors.New("--standalone needs no Kubernetes: leave --kubeconfig and --api-kubeconfig out"))
	}
	if o.API.SecureServing.ServerCert.CertKey.CertFile != "" {
		errs = append(errs, errors.New("--standalone makes its own certificate: leave --tls-cert-file and --tls-private-key-file out"))
	}
	return errs
}

// standalone is the configuration of a server that needs no Kubernetes: whoever can read the kubeconfig that it writes
// into the data directory may do everything, and nobody else anything. out is told where that is, once it serves.
func (o *Options) standalone(out io.Writer) (*Config, error) {
	if err := os.MkdirAll(o.API.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("--data-dir: %w", err)
	}
	serving := o.API.SecureServing
	port := serving.BindPort
	if o.freePort {
		port = 0
	}
	var err error
	serving.Listener, err = net.Listen("tcp", net.JoinHostPort(serving.BindAddress.String(), strconv.Itoa(port)))
	if err != nil {
		return nil, fmt.Errorf("--secure-port: %w", err)
	}
	address := serving.Listener.Addr().(*net.TCPAddr)
	certificate, key, err := selfSigned(address.IP)
	if err != nil {
		return nil, fmt.Errorf("make a certificate: %w", err)
	}
	if serving.ServerCert.GeneratedCert, err = dynamiccertificates.NewStaticCertKeyContent("standalone", certificate, key); err != nil {
		return nil, fmt.Errorf("make a certificate: %w", err)
	}
	generic, err := o.API.generic()
	if err != nil {
		return nil, err
	}
	token := rand.Text()
	kubeconfig, err := filepath.Abs(filepath.Join(o.API.DataDir, standaloneKubeconfig))
	if err != nil {
		return nil, err
	}
	if err := writeKubeconfig(kubeconfig, "https://"+address.String(), certificate, token); err != nil {
		return nil, err
	}
	return &Config{
		Roles: []Role{RoleAPI}, Namespace: o.Namespace, HealthAddress: o.HealthAddress, Exceptions: o.Exceptions.config(),
		API: &APIConfig{
			Generic: generic, Identify: onlyHolderOf(token), Features: o.API.Features,
			DataDir: o.API.DataDir, AcceptStoreReset: o.API.AcceptStoreReset,
			Announce: func() {
				fmt.Fprintf(out, "Serving on https://%s without Kubernetes. Use it with\n\n  export KUBECONFIG=%s\n  kubectl get clusterpolicies\n", address, kubeconfig)
			},
		},
	}, nil
}

// onlyHolderOf lets whoever knows the token do everything, and nobody else anything.
func onlyHolderOf(token string) func(*genericapiserver.Config) error {
	admin := &user.DefaultInfo{Name: "admin", Groups: []string{user.SystemPrivilegedGroup, user.AllAuthenticated}}
	return func(config *genericapiserver.Config) error {
		config.Authentication.Authenticator = bearertoken.New(tokenfile.New(map[string]*user.DefaultInfo{token: admin}))
		config.Authorization.Authorizer = authorizerfactory.NewPrivilegedGroups(user.SystemPrivilegedGroup)
		return nil
	}
}

// writeKubeconfig writes what kubectl needs, for the owner of the data directory alone.
func writeKubeconfig(path, server string, certificate []byte, token string) error {
	const name = "edict"
	config := clientcmdapi.NewConfig()
	config.Clusters[name] = &clientcmdapi.Cluster{Server: server, CertificateAuthorityData: certificate}
	config.AuthInfos[name] = &clientcmdapi.AuthInfo{Token: token}
	config.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: name}
	config.CurrentContext = name
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// selfSigned makes a certificate for the address that is its own authority, and its key, as PEM.
func selfSigned(address net.IP) (certificate, key []byte, err error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, nil, err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "edict-server standalone"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(standaloneLifetime),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IsCA: true, BasicConstraintsValid: true,
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{address, net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		return nil, nil, err
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded}), nil
}
