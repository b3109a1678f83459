package access

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// SubjectAccessReviews is the call that says what somebody may do; client-go's SubjectAccessReviews() is one.
type SubjectAccessReviews interface {
	Create(context.Context, *authorizationv1.SubjectAccessReview, metav1.CreateOptions) (*authorizationv1.SubjectAccessReview, error)
}

// Deed is what somebody wants to do.
type Deed struct {
	Verb     string // one of the verbs
	Resource string // one of the virtual resources
	Domain   string // the namespace
	Name     string // of the object; "" asks for all objects of the domain
	// Owner is the name of the user who made the object; "" if that does not matter. An owner may do with it what they
	// could do with one of their own making: all, as long as they may still create in the domain.
	Owner string
}

// Refusals. The first is for those who may know that the object is there; to others it is not.
var (
	ErrForbidden = errors.New("forbidden")
	ErrHidden    = errors.New("not found")
)

// Require returns nil if the user may do it. Else the error is [ErrForbidden] if they may at least see objects of the
// kind in the domain, [ErrHidden] if not, or that of a cluster that does not answer.
func (g *Gate) Require(ctx context.Context, user *User, deed Deed) error {
	may, err := g.May(ctx, user, deed)
	if err != nil || may {
		return err
	}
	if deed.Verb != Get {
		see := Deed{Verb: Get, Resource: deed.Resource, Domain: deed.Domain}
		if may, err = g.May(ctx, user, see); err != nil {
			return err
		}
		if may {
			return fmt.Errorf("%w: %s may not %s %s in domain %s", ErrForbidden, user.Name, deed.Verb, deed.Resource, deed.Domain)
		}
	}
	return ErrHidden
}

// May says whether the user may do it. The error is that of a cluster that does not answer.
func (g *Gate) May(ctx context.Context, user *User, deed Deed) (bool, error) {
	may, err := g.ask(ctx, user, deed)
	if err != nil || may || deed.Owner == "" || deed.Owner != user.Name {
		return may, err
	}
	return g.ask(ctx, user, Deed{Verb: Create, Resource: deed.Resource, Domain: deed.Domain})
}

// ask asks whether the user has the right itself.
func (g *Gate) ask(ctx context.Context, user *User, deed Deed) (bool, error) {
	deed.Owner = ""
	key, err := json.Marshal(struct {
		User *User
		Deed Deed
	}{user, deed})
	if err != nil {
		return false, err
	}
	hash := sha256.Sum256(key)
	return g.allowed.get(ctx, string(hash[:]), func(ctx context.Context) (bool, error) {
		return g.reviewAccess(ctx, user, deed)
	})
}

func (g *Gate) reviewAccess(ctx context.Context, user *User, deed Deed) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, g.options.Timeout)
	defer cancel()
	resource, sub, _ := strings.Cut(deed.Resource, "/")
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User: user.Name, UID: user.UID, Groups: user.Groups,
		ResourceAttributes: &authorizationv1.ResourceAttributes{
			Namespace: deed.Domain, Verb: deed.Verb, Group: Group, Version: "*", Resource: resource, Subresource: sub, Name: deed.Name,
		},
	}}
	for key, values := range user.Extra {
		if review.Spec.Extra == nil {
			review.Spec.Extra = map[string]authorizationv1.ExtraValue{}
		}
		review.Spec.Extra[key] = values
	}
	answer, err := g.rights.Create(ctx, review, metav1.CreateOptions{})
	if err != nil {
		return false, fmt.Errorf("the right to %s %s could not be reviewed: %w", deed.Verb, deed.Resource, err)
	}
	return answer.Status.Allowed && !answer.Status.Denied, nil
}
