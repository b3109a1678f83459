// Package image tells what is in a container image: its name, its configuration and user, and the files from which the
// process types and packages of an environment are read. Images come as the tar of `docker save` (with manifest.json,
// as docker before 25, podman and skopeo write it; with index.json beside it, as docker since 25; as a bare OCI layout),
// or by reference from a registry. Both go through the same code.
//
// An upload is hostile until it has been looked at. Three steps look at it, in constant memory:
//
//   - [Spool] copies the upload to a nameless temporary file, decompressed, up to a limit;
//   - [Open] finds the one image in it by the tar's headers and a few small documents;
//   - [Scan] reads every layer once, from first to last: it checks digests and limits and keeps the few files of
//     [Contents] out of the millions, on disk. Only a link from a kept name to a file of another name costs a second
//     reading.
//
// What a layer does to those below it is the OCI image specification's (whiteouts, opaque directories); how links in
// paths are followed is what container runtimes do: inside the image, "/" being its root.
//
// Layers are never rewritten: Image.Source hands them on byte for byte, so what was checked is what is pushed.
//
// The package knows nothing of Kubernetes, of HTTP requests, of who uploads, nor of what a schema means. It executes
// nothing of an image, writes no file of an image under its own name, and fetches nothing that an image points to.
package image
