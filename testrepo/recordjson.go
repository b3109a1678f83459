package testrepo

const (
	packageCache      = "/opt/conda/pkgs/"
	placeholderText   = "/opt/anaconda1anaconda2anaconda3"
	placeholderBinary = "/home/conda/feedstock_root/build_artifacts/_h_env_placehold_placehold_placehold_placehold_placehold_placehold_placehold_pl"
)

// AppendJSON appends the document in conda's key order and layout: two spaces,
// non-ASCII escaped, no newline at the end.
func (r *Record) AppendJSON(b []byte) []byte {
	d := newDice("record", r.Salt, r.Channel, r.Subdir, r.Dist())
	w := newObject(b, 2, r.SortedKeys)
	w.text("name", r.Name)
	w.text("version", r.Version)
	w.text("build", r.Build)
	w.number("build_number", int64(r.BuildNumber))
	w.text("channel", r.Channel+"/"+r.Subdir)
	w.text("subdir", r.Subdir)
	w.text("fn", r.tarball())
	w.text("md5", d.hex(32))
	w.text("url", r.Channel+"/"+r.Subdir+"/"+r.tarball())
	w.text("sha256", d.hex(64))
	if r.Subdir == "noarch" {
		w.raw("arch", "null")
		w.raw("platform", "null")
	} else {
		w.text("arch", "x86_64")
		w.text("platform", "linux")
	}
	w.list("depends", r.Depends)
	w.list("constrains", r.Constrains)
	w.optional("noarch", r.Noarch)
	w.optional("python_site_packages_path", r.SitePackages)
	w.optional("license", r.License)
	if r.Noarch != "" {
		w.text("package_type", "noarch_"+r.Noarch)
	}
	w.number("timestamp", r.Timestamp)
	w.number("size", int64(d.between(8_000, 4_000_000)))
	if len(r.Requested) > 0 {
		w.text("requested_spec", r.Requested[0])
	} else if r.SortedKeys {
		w.text("requested_spec", "None") // The text of Python's None.
	}
	w.text("package_tarball_full_path", packageCache+r.tarball())
	w.text("extracted_package_dir", packageCache+r.Dist())
	r.appendFiles(w, d)
	return w.close()
}

// appendFiles appends the members that say what was installed, and how.
func (r *Record) appendFiles(w *object, d dice) {
	names := make([]string, len(r.Paths))
	for i, p := range r.Paths {
		names[i] = p.Name
	}
	w.list("files", names)
	w.key("paths_data")
	data := newObject(w.b, 4, r.SortedKeys)
	data.number("paths_version", 1)
	data.key("paths")
	data.b = appendPaths(data.b, r.Paths, r.SortedKeys, d)
	w.b = data.close()
	w.key("link")
	link := newObject(w.b, 4, r.SortedKeys)
	link.text("source", packageCache+r.Dist())
	link.number("type", 1)
	w.b = link.close()
	if len(r.Requested) > 0 && !r.SortedKeys {
		w.list("requested_specs", r.Requested)
	}
}

// appendPaths appends the list in paths_data: three quarters of a record's bytes.
func appendPaths(b []byte, paths []Path, sorted bool, d dice) []byte {
	b = append(b, '[')
	for i, p := range paths {
		if i > 0 {
			b = append(b, ',')
		}
		b = p.appendJSON(append(b, "\n      "...), sorted, d)
	}
	if len(paths) > 0 {
		b = append(b, "\n    "...)
	}
	return append(b, ']')
}

func (p Path) appendJSON(b []byte, sorted bool, d dice) []byte {
	w := newObject(b, 8, sorted)
	w.text("_path", p.Name)
	switch p.Kind {
	case TextPrefix:
		w.text("prefix_placeholder", placeholderText)
		w.text("file_mode", "text")
	case BinaryPrefix:
		w.text("prefix_placeholder", placeholderBinary)
		w.text("file_mode", "binary")
	default:
	}
	switch p.Kind {
	case Bytecode:
		w.text("path_type", "pyc_file")
		return w.close()
	case Softlink:
		w.text("path_type", "softlink")
	default:
		w.text("path_type", "hardlink")
	}
	var hash [66]byte
	quoted := append(d.appendHex(append(hash[:0], '"'), 64), '"')
	w.key("sha256")
	w.b = append(w.b, quoted...)
	w.number("size_in_bytes", int64(d.between(20, 90_000)))
	switch p.Kind {
	case Hardlink: // Linked as it is: the same hash once more.
		w.key("sha256_in_prefix")
		w.b = append(w.b, quoted...)
	case TextPrefix, BinaryPrefix:
		w.text("sha256_in_prefix", d.hex(64))
	default: // The target of a link has no prefix in it.
	}
	return w.close()
}
