package boltstore

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/storage"

	"github.com/edict-dev/edict/registry/storage/mvcc"
)

// storeError is the error that a registry understands for one of the mvcc store.
func (s *Store) storeError(key string, err error) error {
	switch {
	case errors.Is(err, mvcc.ErrClosed), errors.Is(err, mvcc.ErrFailed):
		return apierrors.NewServiceUnavailable(err.Error())
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return storage.NewTimeoutError(key, err.Error())
	case errors.Is(err, mvcc.ErrValueTooLarge):
		return apierrors.NewRequestEntityTooLargeError(err.Error())
	case errors.Is(err, mvcc.ErrInvalidKey):
		return apierrors.NewBadRequest(err.Error())
	}
	return storage.NewInternalError(err)
}

func (s *Store) parseVersion(resourceVersion string) (uint64, error) {
	version, err := s.versioner.ParseResourceVersion(resourceVersion)
	if err != nil {
		return 0, apierrors.NewBadRequest(fmt.Sprintf("invalid resource version: %v", err))
	}
	return version, nil
}

// listError is storeError for lists, which can ask for what is gone or not yet there.
func (s *Store) listError(err error, r listRequest) error {
	switch {
	case errors.Is(err, mvcc.ErrFutureRevision):
		return storage.NewTooLargeResourceVersionError(uint64(r.revision), uint64(s.mvcc.Revision()), 0)
	case !errors.Is(err, mvcc.ErrCompacted):
		return s.storeError(r.prefix, err)
	case r.continued:
		return expiredContinue(r)
	}
	return apierrors.NewResourceExpired("The resourceVersion for the provided list is too old.")
}

// continueTooOld is how clients, and upstream's suite, recognise this error.
const continueTooOld = "The provided continue parameter is too old to display a consistent list result"

// expiredContinue offers to go on with the rest of the list as it is now, by a token without a revision.
func expiredContinue(r listRequest) error {
	status := apierrors.NewResourceExpired(continueTooOld + ". Start a new list, or go on with the continue token in this " +
		"answer; objects that changed since the first part was read may then be missing, or be there twice.")
	token, err := storage.EncodeContinue(string(r.start), r.prefix, -1)
	if err != nil {
		return apierrors.NewResourceExpired(continueTooOld + ". Start a new list.")
	}
	status.ErrStatus.Continue = token
	return status
}

// corruptObjectError says that what is stored under a key is no object any more.
type corruptObjectError struct {
	problem  string
	revision int64
	err      error
}

func (e *corruptObjectError) Error() string {
	return fmt.Sprintf("what was stored at revision %d %s: %v", e.revision, e.problem, e.err)
}

func (e *corruptObjectError) Unwrap() error { return e.err }

// readError lets the registry see that an object is corrupt, so that it offers to delete it unread.
func (s *Store) readError(key string, err error) error {
	var corrupt *corruptObjectError
	if err != nil && s.config.MarkCorrupt && errors.As(err, &corrupt) {
		return storage.NewCorruptObjError(key, corrupt)
	}
	return err
}

// maxCorrupt bounds how many corrupt objects a list names.
const maxCorrupt = 100

var errTooManyCorrupt = errors.New("too many errors, the list is truncated")

// unreadable collects the objects that a list could not read.
type unreadable struct {
	resource schema.GroupResource
	// aggregate goes on after a corrupt object, to name all of them at once.
	aggregate bool
	corrupt   []*storage.StorageError
	abort     error
}

// add returns false when the list shall not go on.
func (u *unreadable) add(key string, err error) bool {
	var corrupt *corruptObjectError
	if !u.aggregate || !errors.As(err, &corrupt) {
		u.abort = err
		return false
	}
	u.corrupt = append(u.corrupt, storage.NewCorruptObjError(key, corrupt))
	if len(u.corrupt) == maxCorrupt {
		u.abort = errTooManyCorrupt
		return false
	}
	return true
}

// err is what the list fails with; nil when everything could be read.
func (u *unreadable) err() error {
	if len(u.corrupt) == 0 {
		return u.abort
	}
	causes := make([]metav1.StatusCause, 0, len(u.corrupt)+1)
	keys := make([]string, 0, len(u.corrupt))
	for _, corrupt := range u.corrupt {
		keys = append(keys, corrupt.Key)
		causes = append(causes, metav1.StatusCause{Type: metav1.CauseTypeUnexpectedServerResponse, Field: corrupt.Key, Message: corrupt.Error()})
	}
	switch {
	case u.abort == nil:
	case errors.Is(u.abort, errTooManyCorrupt):
		causes = append(causes, metav1.StatusCause{Type: metav1.CauseTypeTooMany, Message: errTooManyCorrupt.Error()})
	default:
		causes = append(causes, metav1.StatusCause{Type: metav1.CauseTypeUnexpectedServerResponse, Message: u.abort.Error()})
	}
	return &apierrors.StatusError{ErrStatus: metav1.Status{
		Status:  metav1.StatusFailure,
		Code:    http.StatusInternalServerError,
		Reason:  metav1.StatusReasonStoreReadError,
		Message: fmt.Sprintf("some %s cannot be read from the store: %s", u.resource, strings.Join(keys, ", ")),
		Details: &metav1.StatusDetails{Group: u.resource.Group, Kind: u.resource.Resource, Name: "list", Causes: causes},
	}}
}
