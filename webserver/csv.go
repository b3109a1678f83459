package webserver

import (
	"bytes"
	"encoding/csv"
	"net/http"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"kernelindexer/catalog"
)

// The list of a page is also there as a file of records: ?format=csv has all of its parts, filtered and sorted as the
// page is. Records are as RFC 4180 has them, in UTF-8, under the names of the command's records; texts are as they are
// in the documents.

// The heads of records.
var (
	kernelHead  = []string{"language", "kernel_name", "kernel_version", "language_version", "package_count", "indexed_date"}
	packageHead = []string{"name", "version", "build", "channel", "source"}
	rowHead     = append(slices.Clone(packageHead), "language", "kernel_name", "kernel_version")
	changeHead  = []string{
		"change", "name", "source", "version_a", "version_b", "build_a", "build_b", "channel_a", "channel_b",
	}
	findHead = []string{
		"status", "language", "kernel_name", "kernel_version", "spec",
		"name", "version", "build", "channel", "source", "reason",
	}
)

// formatCSV is the value of format that asks for records.
const formatCSV = "csv"

// wantsCSV reports whether records are asked for and not the page.
func (q *v1Query) wantsCSV() bool { return q.text("format") == formatCSV }

// csvLink leads from a page to its records.
func csvLink(path string, query fields) string {
	return path + query.with("format", formatCSV).String()
}

// writeCSV writes records below their head. The file is what a browser saves them as.
func (g *generation) writeCSV(c echo.Context, file string, head []string, records [][]string) error {
	if g.tagged(c) {
		return nil
	}
	var body bytes.Buffer
	w := csv.NewWriter(&body)
	w.UseCRLF = true
	if err := w.Write(head); err != nil {
		return err
	}
	if err := w.WriteAll(records); err != nil {
		return err
	}
	c.Response().Header().Set(echo.HeaderContentDisposition, `inline; filename="`+file+`.csv"`)
	return writeBody(c, http.StatusOK, typeCSV, body.Bytes())
}

// recordsOf makes a record of each element.
func recordsOf[T any](list []T, record func(T) []string) [][]string {
	records := make([][]string, len(list))
	for i, element := range list {
		records[i] = record(element)
	}
	return records
}

func kernelRecord(k catalog.Kernel) []string {
	return []string{k.Language(), k.Name(), k.Version(), k.LanguageVersion(), strconv.Itoa(k.Len()), k.IndexedDate()}
}

func packageRecord(r catalog.Row) []string {
	return []string{r.Name(), r.Version(), r.Build(), r.Channel(), string(r.Source())}
}

func rowRecord(r catalog.Row) []string {
	key := r.Key()
	return append(packageRecord(r), key.Language, key.Name, key.Version)
}

func changeRecord(d catalog.Differ) []string {
	var a, b catalog.Edition
	if d.A != nil {
		a = *d.A
	}
	if d.B != nil {
		b = *d.B
	}
	return []string{
		string(d.Change), d.Name, string(d.Source), a.Version, b.Version, a.Build, b.Build, a.Channel, b.Channel,
	}
}

// findRecords are the packages that satisfy a spec in each kernel, and what is there instead where none does.
func findRecords(answer catalog.Answer) [][]string {
	var records [][]string
	add := func(status string, kernel catalog.Named, spec string, p catalog.Installed, reason string) {
		records = append(records, []string{
			status, kernel.Language, kernel.Name, kernel.Version, spec,
			p.Name, p.Version, p.Build, p.Channel, string(p.Source), reason,
		})
	}
	for _, m := range answer.Matches {
		for _, p := range m.Packages {
			add("match", m.Named, p.Spec, p.Installed, "")
		}
	}
	for _, m := range answer.NearMisses {
		for _, p := range m.Packages {
			add("near miss", m.Named, p.Spec, p.Installed, "")
		}
		for _, miss := range m.Missing {
			found := miss.Found
			if len(found) == 0 {
				found = make([]catalog.Installed, 1)
			}
			for _, p := range found {
				add("missing", m.Named, miss.Spec, p, miss.Reason)
			}
		}
	}
	return records
}
