package access

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// User is somebody as Kubernetes knows them. It is not changed.
type User struct {
	Name   string
	UID    string
	Groups []string
	Extra  map[string][]string
}

// TokenReviews is the call that says whose a token is; client-go's TokenReviews() is one.
type TokenReviews interface {
	Create(context.Context, *authenticationv1.TokenReview, metav1.CreateOptions) (*authenticationv1.TokenReview, error)
}

// ErrUnknown means a token that is missing or nobody's. Who sends it has to say who they are.
var ErrUnknown = errors.New("the token is missing, has expired, or is not for this service")

// maxToken bounds a token, in bytes. Those of Kubernetes have about 1,000.
const maxToken = 16 << 10

// identity is what is kept of a token: nil is nobody.
type identity struct{ user *User }

// Authenticate returns whose token it is. The error is [ErrUnknown], or that of a cluster that does not answer.
func (g *Gate) Authenticate(ctx context.Context, token string) (*User, error) {
	if token == "" || len(token) > maxToken {
		return nil, ErrUnknown
	}
	hash := sha256.Sum256([]byte(token))
	found, err := g.users.get(ctx, string(hash[:]), func(ctx context.Context) (identity, error) {
		return g.review(ctx, token)
	})
	if err != nil {
		return nil, err
	}
	if found.user == nil {
		return nil, ErrUnknown
	}
	return found.user, nil
}

func (g *Gate) review(ctx context.Context, token string) (identity, error) {
	ctx, cancel := context.WithTimeout(ctx, g.options.Timeout)
	defer cancel()
	review := &authenticationv1.TokenReview{Spec: authenticationv1.TokenReviewSpec{Token: token}}
	if g.options.Audience != "" {
		review.Spec.Audiences = []string{g.options.Audience}
	}
	answer, err := g.tokens.Create(ctx, review, metav1.CreateOptions{})
	if err != nil {
		return identity{}, fmt.Errorf("the token could not be reviewed: %w", err)
	}
	status := answer.Status
	// An authenticator that knows no audiences names none: its token is good for the API server, and for nobody else.
	foreign := g.options.Audience != "" && !slices.Contains(status.Audiences, g.options.Audience)
	if !status.Authenticated || foreign || status.User.Username == "" {
		return identity{}, nil
	}
	user := &User{Name: status.User.Username, UID: status.User.UID, Groups: status.User.Groups}
	for key, values := range status.User.Extra {
		if user.Extra == nil {
			user.Extra = map[string][]string{}
		}
		user.Extra[key] = values
	}
	return identity{user}, nil
}
