package catalog

import "kernelindexer/manifests"

// Origin is what an answer made of a catalog begins with: of which content it is, and of when. Files of the original
// have no generation, which is null.
type Origin struct {
	Generation *string `json:"generation"`
	Generated  string  `json:"generated"`
}

// Origin returns where answers of the catalog come from.
func (c *Catalog) Origin() Origin {
	o := Origin{Generated: c.IndexedDate()}
	if generation := c.Generation(); generation != "" {
		o.Generation = &generation
	}
	return o
}

// Summary is a kernel without its packages, as the API and the command line show it.
type Summary struct {
	Language        string `json:"language"`
	Name            string `json:"name"`
	Version         string `json:"version"`
	LanguageVersion string `json:"language_version"`
	PackageCount    int    `json:"package_count"`
	IndexedDate     string `json:"indexed_date"`
	ManifestPath    string `json:"manifest_path"`
	manifests.KernelInfo
}

// Summary returns the kernel without its packages.
func (k Kernel) Summary() Summary {
	return Summary{
		Language: k.Language(), Name: k.Name(), Version: k.Version(), LanguageVersion: k.LanguageVersion(),
		PackageCount: k.Len(), IndexedDate: k.IndexedDate(), ManifestPath: k.ManifestPath(), KernelInfo: k.Info(),
	}
}

// Key returns the kernel's name.
func (s *Summary) Key() manifests.KernelKey {
	return manifests.KernelKey{Language: s.Language, Name: s.Name, Version: s.Version}
}
