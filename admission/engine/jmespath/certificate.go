package jmespath

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"

	apijson "k8s.io/apimachinery/pkg/util/json"
)

// maxSerial is the length of a serial number, in bits; the standard wants it to be no longer than 160, and beyond 1023
// it would be no number of JSON.
const maxSerial = 512

// decodeX509 reads a certificate or a certificate request.
func decodeX509(text string) (any, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("failed to decode PEM block")
	}
	switch block.Type {
	case "CERTIFICATE":
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		if serial := certificate.SerialNumber; serial != nil && serial.BitLen() > maxSerial {
			return nil, fmt.Errorf("serial number has more than %d bits", maxSerial)
		}
		fields := *certificate
		fields.PublicKey = nil
		return decoded(&fields, certificate.PublicKey)
	case "CERTIFICATE REQUEST":
		request, err := x509.ParseCertificateRequest(block.Bytes)
		if err != nil {
			return nil, err
		}
		fields := *request
		fields.PublicKey = nil
		return decoded(&fields, request.PublicKey)
	}
	return nil, errors.New("PEM block neither contains a CERTIFICATE or CERTIFICATE REQUEST")
}

// decoded is what JSON makes of a certificate: the names of the fields of its Go struct are what policies know them by.
// The modulus of the key is a string, since no number of JSON has its digits.
func decoded(fields, key any) (any, error) {
	public, ok := key.(*rsa.PublicKey)
	if !ok {
		return nil, errors.New("certificate should use rsa algorithm")
	}
	text, err := json.Marshal(fields)
	if err != nil {
		return nil, err
	}
	var object map[string]any
	if err := apijson.Unmarshal(text, &object); err != nil {
		return nil, err
	}
	object["PublicKey"] = map[string]any{"N": public.N.String(), "E": int64(public.E)}
	return object, nil
}

// exampleCertificate signs itself, and its key is gone.
const exampleCertificate = `-----BEGIN CERTIFICATE-----
MIIBrjCCARcCFD22ElP9uRtV7/H1tLvlwqATw2TdMA0GCSqGSIb3DQEBCwUAMBYx
FDASBgNVBAMMC2V4YW1wbGUuY29tMB4XDTI2MTEyNTAzMTcxMloXDTM2MTEyMjAz
MTcxMlowFjEUMBIGA1UEAwwLZXhhbXBsZS5jb20wgZ8wDQYJKoZIhvcNAQEBBQAD
gY0AMIGJAoGBAM0USS0htZ/ZylYqLfYxGzbAZFb4MZ+lFUVLedAq+KyBeQlHzhfg
kT3owdb/NRZv9hXwwD/ipk9orH+JpXh0Vv0z6vuZhA8me015t/xlc5u+rHYbspac
R2EmTE1w3GYRT5RMuljEzmEjopDVeqVmeAGCyF3/XHHYzKCc/pzS6jIvAgMBAAEw
DQYJKoZIhvcNAQELBQADgYEAiS9RuoamZ0DchD7Cm+dOZVWG3Vyww8sqBJcCjxvn
fHGxgW7yt+SRu6pIWZv54b3GwEQ17rVXiusyjaiWqzimOHZgfJ6QLKKhgVrsTeey
A8hh8EHwz7CUtTahhgtyf1C8YcJr5rsvnSSy/6l3Xf88cbL8VEODiROawZIF7vil
u0U=
-----END CERTIFICATE-----
`
