package kyverno

import (
	"context"
	"slices"

	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"

	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

// author is who makes the request. It is nil when that is not known: rights are then borrowed from nobody.
func author(ctx context.Context) *kyvernov1.Author {
	user, ok := genericapirequest.UserFrom(ctx)
	if !ok {
		return nil
	}
	return &kyvernov1.Author{Username: user.GetName(), UID: user.GetUID(), Groups: slices.Clone(user.GetGroups())}
}
