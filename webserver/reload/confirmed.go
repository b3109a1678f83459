package reload

import "time"

// Confirmed returns when the content of the view was last known to be true: when the kernels were collated, or the end
// of a later run that found nothing changed and left the documents as they were. Zero where the documents give no date.
func (v *View) Confirmed() time.Time {
	confirmed := parseTime(v.Catalog.IndexedDate())
	s := v.Status
	if s != nil && s.ExitCode == 0 && s.Generation != "" && s.Generation == v.Catalog.Generation() {
		if end := parseTime(s.End); end.After(confirmed) {
			return end
		}
	}
	return confirmed
}

// parseTime reads a time as manifests.FormatTime writes it; what is none is zero.
func parseTime(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}
	}
	return t
}
