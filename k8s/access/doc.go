// Package access asks Kubernetes who somebody is and what they may do.
//
// A token becomes a user by a TokenReview for the audience of this service; a deed is allowed by a SubjectAccessReview on
// a virtual resource: environments, processes and processes/logs of an API group that has no API. Roles on them are
// ordinary RBAC objects, a domain is a namespace, and there is no table of users anywhere. Whoever uploaded an environment
// or started a process owns it, too.
//
// Both answers are kept for a short while, in a bounded cache that holds no token.
//
// The package refuses to know HTTP, what an environment or a process is, and how Kubernetes comes to its answers.
package access
