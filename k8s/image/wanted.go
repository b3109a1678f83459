package image

import (
	"path"
	"strings"
)

// interest is how much of a file is kept.
type interest uint8

const (
	nothing  interest = iota // not even that it is there
	presence                 // that it is there
	content                  // what is in it
)

// wanted is which files are kept. Directories and symbolic links always are.
type wanted struct {
	files       map[string]bool   // more files, by path: what links from wanted names lead to
	directories map[string]string // names that directories have by way of links, by path
}

// ofFile decides by the last two names of a path, so that it needs to know neither where prefixes are nor what other
// layers hold. Kept are the names that are looked for in these places:
//
//	/app               process_schemas.json
//	/etc               passwd, group
//	a conda prefix     conda-meta/history, conda-meta/*.json, .condarc, condarc, condarc.d/*.yml and *.yaml
//	site-packages      what package pypi opens of dist-infos, egg-infos, eggs and egg-links
//	an R library       */Meta/package.rds, */DESCRIPTION
//	a package cache    urls.txt, which marks one
func (w *wanted) ofFile(name string) interest {
	if w.files[name] {
		return content
	}
	folder, base := path.Split(name)
	folder = strings.TrimSuffix(folder, "/")
	alias := w.directories[folder]
	switch path.Base(folder) {
	case condaMeta, condarcFolder:
		alias = path.Base(folder)
	}
	switch alias {
	case condaMeta:
		if strings.HasSuffix(base, ".json") {
			return content
		}
		if base == historyFile {
			return presence
		}
	case condarcFolder:
		if strings.HasSuffix(base, ".yml") || strings.HasSuffix(base, ".yaml") {
			return content
		}
	}
	return ofBase(base)
}

const (
	condaMeta     = "conda-meta"
	historyFile   = "history"
	condarcFolder = "condarc.d"
	cacheMark     = "urls.txt"
	schemasFile   = "process_schemas.json"
)

func ofBase(base string) interest {
	switch base {
	case schemasFile, "passwd", "group", ".condarc", "condarc",
		"METADATA", "PKG-INFO", "RECORD", "requires.txt", "depends.txt", "installed-files.txt",
		"package.rds", "DESCRIPTION":
		return content
	case cacheMark:
		return presence
	}
	switch path.Ext(base) {
	case ".egg-info", ".egg-link", ".dist-info":
		return content
	case ".egg":
		return presence
	}
	return nothing
}
