package webhook

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"runtime/debug"
	"time"

	"k8s.io/klog/v2"

	"github.com/edict-dev/edict/admission/engine"
	"github.com/edict-dev/edict/admission/engine/eval"
)

// problem is an HTTP error: kube-apiserver takes it for a failure of the webhook, never for an answer.
type problem struct {
	status  int
	message string
}

// answer is the handler of reviews.
func (s *Server) answer(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	operation := eval.Operation("")
	response, p := s.review(r, &operation)
	var encoded []byte
	if p == nil {
		var err error
		if encoded, err = encodeAnswer(response); err != nil {
			p = &problem{http.StatusInternalServerError, err.Error()}
		}
	}
	s.metrics.observe(operation, response.Allowed, p, time.Since(began))
	if p != nil {
		http.Error(w, p.message, p.status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	// When the client is gone there is nobody to tell.
	_, _ = w.Write(encoded)
}

// review answers one request. The order is deliberate: who asks is settled before anything that he sends is read.
func (s *Server) review(r *http.Request, operation *eval.Operation) (response answerResponse, p *problem) {
	defer func() {
		if cause := recover(); cause != nil {
			klog.FromContext(r.Context()).Error(fmt.Errorf("%v", cause), "A review broke down", "path", r.URL.Path, "stack", string(debug.Stack()))
			response, p = answerResponse{}, &problem{http.StatusInternalServerError, "the review broke down; the server's log says where"}
		}
	}()
	if r.Method != http.MethodPost {
		return answerResponse{}, &problem{http.StatusMethodNotAllowed, "reviews are sent by POST"}
	}
	if p := s.authenticate(r); p != nil {
		return answerResponse{}, p
	}
	timeout, p := timeoutOf(r)
	if p != nil {
		return answerResponse{}, p
	}
	ctx, cancel := context.WithTimeout(r.Context(), timeout)
	defer cancel()
	body, p := s.bodies.read(r)
	if p != nil {
		return answerResponse{}, p
	}
	defer body.release()

	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-ctx.Done():
		return answerResponse{}, busy()
	}
	req, err := decodeReview(body.bytes)
	if err != nil {
		return answerResponse{}, &problem{http.StatusBadRequest, err.Error()}
	}
	*operation = req.Operation
	req.Now, req.Seed = time.Now(), rand.Uint64()
	return s.evaluate(ctx, req)
}

// lookupContext ends before ctx does, so that a rule whose data does not come is an error of that rule, for which its
// policy decides, and is answered while kube-apiserver still listens.
func lookupContext(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, deadline.Add(-time.Until(deadline)/answerShare))
}

// evaluate asks every policy that concerns the request, whichever path it came on. A policy whose failurePolicy was
// changed a moment ago is still called on the path that it had: kube-apiserver learns later, and never at once.
func (s *Server) evaluate(ctx context.Context, req *eval.Request) (answerResponse, *problem) {
	if missing := incomplete(req); missing != "" {
		return deny(req.UID, missing), nil
	}
	if req.Subresource != "" {
		var err error
		if req.Parent, err = s.config.KindOf(ctx, req.Resource); err != nil {
			return answerResponse{}, &problem{http.StatusInternalServerError, err.Error()}
		}
	}
	programs, exceptions, loaded := s.config.Policies.Candidates(req)
	if !loaded {
		return answerResponse{}, &problem{http.StatusServiceUnavailable, "policies are not loaded yet"}
	}
	if len(programs) == 0 {
		return allow(req.UID, nil), nil
	}
	lookups, cancel := lookupContext(ctx)
	defer cancel()
	decisions := engine.Evaluate(engine.Input{
		Programs: programs, Exceptions: exceptions, Request: req, Lookup: s.config.Lookup(lookups),
		Over: func() bool { return lookups.Err() != nil },
	})
	response, err := judged(req, decisions)
	if err != nil {
		return answerResponse{}, &problem{http.StatusInternalServerError, err.Error()}
	}
	if !response.Allowed {
		logDenial(ctx, req, refusals(decisions))
	}
	return response, nil
}

// logDenial tells what was refused and by which rules, without their messages, which may quote the object.
func logDenial(ctx context.Context, req *eval.Request, refusing []eval.Decision) {
	logger := klog.FromContext(ctx).V(2)
	if !logger.Enabled() {
		return
	}
	rules := make([]string, len(refusing))
	for i, d := range refusing {
		rules[i] = d.Policy.String() + "." + d.Rule
	}
	logger.Info("Denied", "uid", req.UID, "operation", req.Operation, "kind", req.Kind, "namespace", req.Namespace, "name", req.Name,
		"user", req.User.Name, "dryRun", req.DryRun, "rules", rules)
}

// timeoutOf is how long kube-apiserver waits for the answer; it says so in the query.
func timeoutOf(r *http.Request) (time.Duration, *problem) {
	text := r.URL.Query().Get("timeout")
	if text == "" {
		return maxTimeout, nil
	}
	timeout, err := time.ParseDuration(text)
	if err != nil || timeout <= 0 {
		return 0, &problem{http.StatusBadRequest, fmt.Sprintf("timeout: %q is no positive duration", text)}
	}
	return min(timeout, maxTimeout), nil
}
