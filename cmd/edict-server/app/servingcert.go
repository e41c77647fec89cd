package app

import (
	"context"
	"time"

	"k8s.io/klog/v2"

	"github.com/edict-dev/edict/admission/controller/certs"
)

// certificateReminder is how often it is told what the server waits for.
const certificateReminder = 5 * time.Second

// presentCertificate has the listener present the certificate that the admission role keeps in a Secret, unless another
// one was given. It waits for it: a certificate that nobody trusts would only move the error to the clients.
func (a *apiServer) presentCertificate(ctx context.Context) error {
	serving := a.Generic.SecureServing
	if serving.Cert != nil || a.Kubernetes == nil {
		return nil
	}
	certificate := certs.NewServing(a.Kubernetes, certs.APIService, a.namespace)
	go func() {
		if err := certificate.Run(ctx); err != nil {
			klog.FromContext(ctx).Error(err, "The serving certificate will not be renewed")
		}
	}()
	serving.Cert = certificate
	reminder := time.NewTicker(certificateReminder)
	defer reminder.Stop()
	loaded := make(chan error, 1)
	go func() { loaded <- certificate.Wait(ctx) }()
	for {
		select {
		case err := <-loaded:
			return err
		case <-reminder.C:
			klog.FromContext(ctx).Info("Waiting for the serving certificate, which the admission role makes",
				"secret", a.namespace+"/"+certificate.Name())
		}
	}
}
