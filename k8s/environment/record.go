package environment

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"kernelindexer/k8s/processtype"
)

// Labels of the ConfigMaps.
const (
	LabelManagedBy   = "app.kubernetes.io/managed-by"
	LabelObject      = "kernel-jobs/object"      // environment, or packages
	LabelEnvironment = "kernel-jobs/environment" // of packages: the ID
	LabelDomain      = "kernel-jobs/domain"
	LabelScope       = "kernel-jobs/scope"
	LabelState       = "kernel-jobs/state"

	managedBy         = "kernel-jobs"
	objectEnvironment = "environment"
	objectPackages    = "packages"

	// annotationName is for people who look at ConfigMaps.
	annotationName = "kernel-jobs/full-name"
)

// Keys in the ConfigMaps.
const (
	keyRecord   = "environment.json"
	keySchemas  = "process_schemas.json.gz"
	keyPackages = "packages.json.gz"
)

// Sizes in bytes. A ConfigMap may have 1 MiB in all.
const (
	maxRecord     = 100 << 10
	maxCompressed = 900 << 10
	maxPackages   = 64 << 20 // of a list of packages, decompressed
)

// encode makes the ConfigMap of an environment.
func encode(e *Environment) (*corev1.ConfigMap, error) {
	record, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		return nil, err
	}
	if len(record) > maxRecord {
		return nil, fmt.Errorf("%w: the description has more than %d bytes", ErrTooLarge, maxRecord)
	}
	if len(e.schemas) > maxCompressed {
		return nil, fmt.Errorf("%w: the schemas of process types have more than %d bytes, compressed", ErrTooLarge,
			maxCompressed)
	}
	labels := map[string]string{
		LabelManagedBy: managedBy, LabelObject: objectEnvironment,
		LabelScope: string(e.Scope), LabelState: string(e.State),
	}
	if e.DomainID != "" {
		labels[LabelDomain] = e.DomainID
	}
	object := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{
			Name: e.ID, ResourceVersion: e.version, Labels: labels,
			Annotations: map[string]string{annotationName: e.FullName},
		},
		Data: map[string]string{keyRecord: string(record)},
	}
	if e.schemas != nil {
		object.BinaryData = map[string][]byte{keySchemas: e.schemas}
	}
	return object, nil
}

// decode reads the ConfigMap of an environment. What is not one that this program wrote is [ErrCorrupt].
func decode(object *corev1.ConfigMap) (*Environment, error) {
	var e Environment
	if err := json.Unmarshal([]byte(object.Data[keyRecord]), &e); err != nil {
		return nil, fmt.Errorf("%w: configmap %s: %w", ErrCorrupt, object.Name, err)
	}
	if e.ID != object.Name || e.ID != IDOf(e.FullName) || len(e.Revisions) == 0 || len(e.Revisions) > MaxRevisions {
		return nil, fmt.Errorf("%w: configmap %s is not that of %q", ErrCorrupt, object.Name, e.FullName)
	}
	e.version, e.schemas = object.ResourceVersion, object.BinaryData[keySchemas]
	return &e, nil
}

// Types returns the process types of the environment, compiled; an empty set if it has none.
func (e *Environment) Types() (*processtype.Set, error) {
	if e.schemas == nil {
		return processtype.Parse([]byte("{}"))
	}
	raw, err := decompress(e.schemas, processtype.MaxFile)
	if err != nil {
		return nil, fmt.Errorf("%w: schemas of %s: %w", ErrCorrupt, e.FullName, err)
	}
	set, err := processtype.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("%w: schemas of %s: %w", ErrCorrupt, e.FullName, err)
	}
	return set, nil
}

// compress makes the same bytes of the same bytes.
func compress(data []byte) ([]byte, error) {
	var buf bytes.Buffer
	w, err := gzip.NewWriterLevel(&buf, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	_, err = w.Write(data)
	if err = errors.Join(err, w.Close()); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

// decompress undoes compress, up to limit bytes.
func decompress(data []byte, limit int64) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	plain, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(plain)) > limit {
		err = ErrTooLarge
	}
	return plain, errors.Join(err, r.Close())
}
