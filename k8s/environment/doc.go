// Package environment keeps the environments: what each is, who owns it, and which image its work runs in.
//
// There is no database. An environment is a ConfigMap whose name is made of the environment's full name, so that the
// API server, which creates an object of a name once, makes full names unique across domains and across replicas of
// this program; changes are made with optimistic locking. The schemas of process types lie in the same ConfigMap, the
// packages, which are longer and rarely asked for, in an immutable one beside it. The image lies in an OCI registry and
// is always named by its digest.
//
// An environment is of a domain (a user environment) or of everybody (a system environment, which users cannot change).
// Registering the same full name again makes a new revision; the images of former revisions stay named, for runs that
// refer to them. Deleting leaves a tombstone: what runs goes on, new runs are refused, and the name stays taken until
// [Store.Sweep] finds that nobody refers to it any more.
//
// [Registrar] is the way from an uploaded archive, or from an image in some registry, to an environment.
//
// The package knows nothing of HTTP and of tokens: whether somebody may change what another has made is answered by a
// function that its caller passes.
package environment
