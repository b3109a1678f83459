package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"kernelindexer/manifests"
)

// manifests makes a repository that has been indexed: manifests and nothing else, for collating needs no more.
func (b *bench) manifests(kernels int) (string, error) {
	root := filepath.Join(b.temp, "collate")
	now := time.Now()
	for i := range kernels {
		key := manyKey(i)
		if err := os.MkdirAll(filepath.Join(root, key.String(), "conda-meta"), 0o755); err != nil {
			return "", err
		}
		if err := writeManifest(filepath.Join(root, key.String()), manyManifest(i, 0, now)); err != nil {
			return "", err
		}
	}
	return root, nil
}

// manyKey names the i-th kernel of a large repository.
func manyKey(i int) manifests.KernelKey {
	return manifests.KernelKey{Language: "Python", Name: fmt.Sprintf("kernel%05d", i/4), Version: fmt.Sprintf("1.%d", i%4)}
}

// manyManifest is the manifest of the i-th kernel of a large repository; salt makes its versions others.
func manyManifest(i, salt int, now time.Time) manifests.Manifest {
	key, seed := manyKey(i), i
	m := manifests.Manifest{
		KernelName: key.Name, KernelVersion: key.Version, Language: key.Language, LanguageVersion: "3.11",
		IndexedDate: manifests.FormatTime(now),
	}
	for p := range 300 {
		m.Packages = append(m.Packages, manifests.Package{
			// 3,000 names in all, a version or two of each in use at a time
			Name:    fmt.Sprintf("package-%04d", (seed*7+p*10)%3000+p%10),
			Version: fmt.Sprintf("%d.%d.%d", p%5+salt, seed%8, p%3), Source: manifests.SourcePython,
			Build: fmt.Sprintf("py311h%07x_%d", p*7919, seed%3), Channel: "conda-forge",
		})
	}
	manifests.SortPackages(m.Packages)
	m.Packages = distinct(m.Packages)
	return m
}

func writeManifest(path string, m manifests.Manifest) error {
	data, err := m.Encode()
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(path, manifests.PackageManifestName), data, 0o644)
}

// distinct drops packages of a name that came up before.
func distinct(sorted []manifests.Package) []manifests.Package {
	kept := sorted[:0]
	for _, p := range sorted {
		if len(kept) == 0 || kept[len(kept)-1].Name != p.Name {
			kept = append(kept, p)
		}
	}
	return kept
}
