package offline

import (
	"fmt"
	"strings"

	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/cmd/edict/manifest"
)

// UserInfo is who makes the requests.
type UserInfo struct {
	APIVersion   string                    `json:"apiVersion"`
	Kind         string                    `json:"kind"`
	Metadata     metav1.ObjectMeta         `json:"metadata"`
	Roles        []string                  `json:"roles"`
	ClusterRoles []string                  `json:"clusterRoles"`
	User         authenticationv1.UserInfo `json:"userInfo"`
}

// ReadUserInfo reads a file with a user. The warning is not empty when the file lacks apiVersion or kind.
func ReadUserInfo(documents []*manifest.Document, file string) (info *UserInfo, warning string, err error) {
	info = &UserInfo{}
	d, err := only(documents, file, "UserInfo")
	if err != nil {
		return nil, "", err
	}
	if err := DecodeLenient(d, info); err != nil {
		return nil, "", err
	}
	for _, role := range info.Roles {
		if strings.Count(role, ":") != 1 {
			return nil, "", d.At("roles", fmt.Errorf("roles: %q: write namespace:name", role))
		}
	}
	if info.APIVersion == "" || info.Kind == "" {
		warning = fmt.Sprintf("%s: apiVersion and kind are missing; write apiVersion: %s and kind: UserInfo", file, cliVersion)
	}
	return info, warning, nil
}

// Eval is the user as the engine knows users.
func (u *UserInfo) Eval() (*eval.User, eval.Roles) {
	user := &eval.User{Name: u.User.Username, UID: u.User.UID, Groups: u.User.Groups}
	if len(u.User.Extra) > 0 {
		user.Extra = make(map[string][]string, len(u.User.Extra))
		for key, values := range u.User.Extra {
			user.Extra[key] = values
		}
	}
	return user, eval.Roles{Roles: u.Roles, ClusterRoles: u.ClusterRoles}
}
