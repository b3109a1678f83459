package environment

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/remote"
	"golang.org/x/sync/errgroup"

	"kernelindexer/k8s/image"
	"kernelindexer/k8s/processtype"
)

// Registrar makes environments of images.
type Registrar struct {
	Store    *Store
	Registry *Registry
	// Image is the platform of the nodes, and the limits of what is looked at.
	Image image.Options
	// Remote says how other registries are spoken to, for images by reference.
	Remote []remote.Option
	// Allowed says which references images may be registered by; nil allows none. It keeps users from having the backend
	// speak to whatever they can name.
	Allowed func(reference string) bool
	// Insecure says of a registry, host[:port], whether images by reference may be pulled from it without TLS; nil says it
	// of none.
	Insecure func(registry string) bool
	// MaxPerDomain is how many environments users may make in one domain; 0 is any number. Several who register at once may
	// pass it by as many as they are.
	MaxPerDomain int
	// Timeout bounds looking into one image, its packages included; an hour if it is 0.
	Timeout time.Duration
}

// Upload makes a user environment of an uploaded archive. Nothing is kept of one that is refused but unreferenced layers
// in the registry. Layers are pushed while they are being looked at; the image becomes pullable, and the environment
// visible, when all of it has been found good.
//
// The errors are those of this package, an *image.Error, a *processtype.Error, what Terms.Permit returned, and those of
// the machine, the registry and the API server.
func (r *Registrar) Upload(ctx context.Context, upload *Incoming, domain string, terms Terms) (*Environment, Result, error) {
	ctx, cancel := r.limit(ctx)
	defer cancel()
	found, err := image.Open(ctx, upload, upload.Size, r.Image)
	if err != nil {
		return nil, "", err
	}
	if err := r.check(ctx, found.Name, domain, terms); err != nil {
		return nil, "", err
	}
	id := IDOf(found.Name.String())
	entry := Entry{Name: found.Name, Scope: User, Kind: Image, Domain: domain}
	both, alongside := errgroup.WithContext(ctx)
	both.Go(func() error {
		if err := upload.Followed(alongside); err != nil {
			return err
		}
		return r.Registry.PushLayers(alongside, id, found, upload.sent)
	})
	both.Go(func() error { return look(alongside, found, &entry) })
	if err := both.Wait(); err != nil {
		return nil, "", err
	}
	if entry.Image, err = r.Registry.PushManifest(ctx, id, found); err != nil {
		return nil, "", err
	}
	return r.Store.Register(ctx, entry, terms)
}

// Reference makes a user environment of an image in some registry, which is not copied: it is named by the digest that
// it has now. name is that of the environment; without a tag it gets the reference's.
func (r *Registrar) Reference(ctx context.Context, name, reference, domain string, terms Terms) (*Environment, Result, error) {
	ctx, cancel := r.limit(ctx)
	defer cancel()
	if err := r.permitted(reference); err != nil {
		return nil, "", err
	}
	found, err := r.pull(ctx, reference)
	if err != nil {
		return nil, "", err
	}
	full, err := image.ParseName(name)
	var refused *image.Error
	if errors.As(err, &refused) && refused.Code == image.NoRepoTag && found.Name.Tag != "" {
		full, err = image.ParseName(name + ":" + found.Name.Tag)
	}
	if err != nil {
		return nil, "", err
	}
	if err := r.check(ctx, full, domain, terms); err != nil {
		return nil, "", err
	}
	entry := Entry{Name: full, Scope: User, Kind: Image, Domain: domain, Image: pinned(found)}
	if err := look(ctx, found, &entry); err != nil {
		return nil, "", err
	}
	return r.Store.Register(ctx, entry, terms)
}

// check says whether a user environment of that name could be registered now: before the work.
func (r *Registrar) check(ctx context.Context, name image.Name, domain string, terms Terms) error {
	if err := r.Store.Check(ctx, name, User, domain, terms); err != nil {
		return err
	}
	return r.Store.Room(ctx, name, domain, r.MaxPerDomain)
}

// permitted refuses references that users may not name: those that are not allowed, and the repositories of uploaded
// images, each of which is the affair of one environment and of those who may see it.
func (r *Registrar) permitted(reference string) error {
	ref, err := image.ParseReference(reference)
	if err != nil {
		return err
	}
	if r.Allowed == nil || !r.Allowed(reference) || r.Registry != nil && r.Registry.keeps(ref.Context()) {
		return &image.Error{Code: image.BadReference, Detail: fmt.Sprintf("images may not be taken from %.100q", reference)}
	}
	return nil
}

func (r *Registrar) pull(ctx context.Context, reference string) (*image.Image, error) {
	return image.Remote(ctx, reference, r.Insecure, r.Image, r.Remote...)
}

func (r *Registrar) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	timeout := r.Timeout
	if timeout <= 0 {
		timeout = time.Hour
	}
	return context.WithTimeout(ctx, timeout)
}

// pinned names a remote image by its digest.
func pinned(found *image.Image) string { return found.Repository + "@" + found.Digest.String() }

// look fills in an entry by what is in the image.
func look(ctx context.Context, found *image.Image, entry *Entry) (err error) {
	contents, err := image.Scan(ctx, found)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, contents.Close()) }()
	entry.ImageID, entry.Platform, entry.Size = found.ID.String(), found.Platform.String(), found.Size
	entry.Runtime = Runtime{
		Entrypoint: found.Config.Entrypoint, Cmd: found.Config.Cmd, WorkingDir: found.Config.WorkingDir,
		Path: pathOf(found.Config.Env),
	}
	if entry.User, err = contents.User(found.Config); err != nil {
		return err
	}
	if entry.Types, err = types(contents); err != nil {
		return err
	}
	if entry.Prefixes, err = image.Packages(ctx, contents.FS); err != nil {
		return err
	}
	entry.Warnings = warnings(found, entry)
	return nil
}

// types reads the process types of an image, nil if it has none.
func types(contents *image.Contents) (*processtype.Set, error) {
	raw, ok, err := contents.Schemas(processtype.MaxFile)
	if err != nil || !ok {
		return nil, err
	}
	return processtype.Parse(raw)
}

// warnings says what whoever builds images would want to know, though the environment is registered.
func warnings(found *image.Image, entry *Entry) []string {
	list := []string{}
	if entry.Types == nil {
		list = append(list, "the image has no "+image.SchemasPath+": it can run commands, but has no process types")
	} else if len(entry.Types.Names()) == 0 {
		list = append(list, image.SchemasPath+" has no process types")
	}
	if len(found.Config.Entrypoint) == 0 && entry.Types != nil {
		list = append(list, "the image has no ENTRYPOINT, which is what runs a process type")
	}
	if entry.User.Root() {
		list = append(list, "the image's USER is root; processes run as another user, who may lack rights in the image")
	}
	for _, p := range entry.Prefixes {
		if p.Error != "" {
			list = append(list, fmt.Sprintf("packages of %s are not known: %s", p.Path, p.Error))
		}
	}
	const most = 50
	return list[:min(len(list), most)]
}

// pathOf returns the value of PATH, the last if there are several.
func pathOf(env []string) (path string) {
	for _, variable := range env {
		if value, ok := strings.CutPrefix(variable, "PATH="); ok {
			path = value
		}
	}
	return path
}
