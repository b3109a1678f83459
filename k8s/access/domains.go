package access

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Namespaces is the call that says whether there is a namespace; client-go's Namespaces() is one.
type Namespaces interface {
	Get(ctx context.Context, name string, o metav1.GetOptions) (*corev1.Namespace, error)
}

// Domains knows which domains there are: namespaces that are not being deleted. It is safe for concurrent use.
type Domains struct {
	namespaces Namespaces
	timeout    time.Duration
	known      *cache[bool]
}

// NewDomains returns domains that are asked for by a call, and remembered as the options say.
func NewDomains(namespaces Namespaces, options Options) *Domains {
	options = options.withDefaults()
	return &Domains{
		namespaces: namespaces, timeout: options.Timeout,
		known: newCache(options.Size, options.Now, options.keep),
	}
}

// Exists says whether there is a domain. The error is that of a cluster that does not answer.
func (d *Domains) Exists(ctx context.Context, domain string) (bool, error) {
	return d.known.get(ctx, domain, func(ctx context.Context) (bool, error) {
		ctx, cancel := context.WithTimeout(ctx, d.timeout)
		defer cancel()
		namespace, err := d.namespaces.Get(ctx, domain, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return false, nil
		}
		if err != nil {
			return false, fmt.Errorf("namespace %s: %w", domain, err)
		}
		return namespace.DeletionTimestamp == nil && namespace.Status.Phase != corev1.NamespaceTerminating, nil
	})
}
