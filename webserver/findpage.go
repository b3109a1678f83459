package webserver

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"kernelindexer/catalog"
	"kernelindexer/condaenv/matchspec"
)

// Bounds of lists on the page of an answer.
const (
	nearShown    = 20 // near misses
	guessesShown = 5  // names that may have been meant
	guessedAbout = 5  // specs that names are guessed for
)

// findForm is the form that asks for kernels.
type findForm struct {
	Text      string
	Language  string
	Languages []string
	Exact     bool
}

// findData is a question with its answer.
type findData struct {
	Form     findForm
	Specs    []chip
	Trouble  *specTrouble
	Answered bool
	Matches  []findMatch
	Pager    pager
	Near     []findMatch
	NearAll  int
	Guesses  []link // other questions that may have been meant
}

// chip is one spec with the question that leaves it out.
type chip struct{ Text, Without string }

// specTrouble is a spec that cannot be read; what is wrong begins after Good.
type specTrouble struct{ Good, Bad, Msg string }

// findMatch is a kernel of the answer.
type findMatch struct {
	Kernel   link
	Language string
	Use      string
	Packages []catalog.MatchedPackage
	Missing  []catalog.Unmatched
}

// findPage asks which kernels have everything that somebody needs. Specs come one by one as spec, and as text in q.
func (s *server) findPage(c echo.Context) error {
	g, err := s.loaded(noData)
	if err != nil {
		return err
	}
	q := readQuery(c)
	specs := slices.Clone(q.values["spec"])
	for _, text := range q.values["q"] {
		specs = append(specs, splitSpecs(text)...)
	}
	specs = slices.DeleteFunc(specs, func(spec string) bool { return strings.TrimSpace(spec) == "" })
	exact := q.flag("exact")
	q.errors = nil // of exact; anything else is off
	specs = q.bounded(specs)
	data := findData{Form: findForm{
		Text: strings.Join(specs, ", "), Language: q.text("language"), Languages: g.languageNames(), Exact: exact,
	}}
	f := frame{Name: "find", Title: "Find kernels", Section: "home"}
	status := http.StatusOK
	if len(q.errors) > 0 {
		status, data.Trouble = http.StatusUnprocessableEntity, &specTrouble{Msg: "Specs " + q.errors[0].Msg}
	} else if len(specs) > 0 {
		f.Title = "Kernels with " + strings.Join(specs, ", ")
		f.Twin = s.BasePath + "/api/v1/find" + data.Form.query(specs).String()
		f.CSV = csvLink(s.BasePath+"/find", data.Form.query(specs))
		if q.wantsCSV() {
			return s.findCSV(c, g, data.Form, specs)
		}
		if status, err = s.answerPage(c, g, &data, specs, q.offset()); err != nil {
			return err
		}
		if status != http.StatusOK {
			f.Twin, f.CSV = "", "" // they would be errors
		}
	}
	f.Main = data
	return s.writePage(c, status, f)
}

// query is the question as the query of a link.
func (f *findForm) query(specs []string) fields {
	var query fields
	for _, spec := range specs {
		query = append(query, "spec", spec)
	}
	query = append(query, "language", f.Language)
	if f.Exact {
		query = append(query, "exact", "1")
	}
	return query
}

// answerPage puts the answer into the page.
func (s *server) answerPage(c echo.Context, g *generation, data *findData, specs []string, offset int) (int, error) {
	query := catalog.Query{
		Specs: specs, Language: data.Form.Language, Exact: data.Form.Exact,
		Matches: catalog.Page{Offset: offset, Limit: pageSize}, NearMisses: catalog.Page{Limit: nearShown},
	}
	answer, err := g.find(c.Request().Context(), query)
	if err == nil && offset >= answer.TotalMatches && answer.TotalMatches > 0 { // the list has become shorter
		query.Matches.Offset = newPager("", nil, offset, answer.TotalMatches).First - 1
		answer, err = g.find(c.Request().Context(), query)
	}
	var wrong *httpError
	switch {
	case errors.As(err, &wrong) && wrong.errors != nil:
		data.Trouble = troubleOf(wrong.errors[0])
		return wrong.status, nil
	case err != nil:
		return 0, err
	}
	path := s.BasePath + "/find"
	for i, spec := range answer.Specs {
		without := slices.Delete(slices.Clone(answer.Specs), i, i+1)
		data.Specs = append(data.Specs, chip{spec, path + data.Form.query(without).String()})
	}
	data.Answered, data.NearAll = true, answer.TotalNearMisses
	data.Pager = newPager(path, data.Form.query(answer.Specs), offset, answer.TotalMatches)
	for _, m := range answer.Matches {
		data.Matches = append(data.Matches, s.findMatch(m, nil))
	}
	for _, m := range answer.NearMisses {
		data.Near = append(data.Near, s.findMatch(m.Match, m.Missing))
	}
	if answer.TotalMatches == 0 {
		data.Guesses = s.guesses(g, &data.Form, answer.Specs)
	}
	return http.StatusOK, nil
}

// findCSV answers with records: as many kernels as the API lists at most.
func (s *server) findCSV(c echo.Context, g *generation, form findForm, specs []string) error {
	answer, err := g.find(c.Request().Context(), catalog.Query{
		Specs: specs, Language: form.Language, Exact: form.Exact,
		Matches: catalog.Page{Limit: maxLimit}, NearMisses: catalog.Page{Limit: maxLimit},
	})
	var wrong *httpError
	if errors.As(err, &wrong) && wrong.errors != nil {
		return &httpError{status: wrong.status, detail: wrong.detail + ": " + wrong.errors[0].Msg}
	}
	if err != nil {
		return err
	}
	return g.writeCSV(c, "find", findHead, findRecords(answer))
}

func (s *server) findMatch(m catalog.Match, missing []catalog.Unmatched) findMatch {
	return findMatch{
		Kernel: s.kernelLink(m.Key()), Language: m.Language, Use: command(s.UseCommand, m.Key()),
		Packages: m.Packages, Missing: missing,
	}
}

// troubleOf parts a spec where it goes wrong.
func troubleOf(e fieldError) *specTrouble {
	t := &specTrouble{Msg: e.Msg}
	if e.Input != nil {
		t.Bad = *e.Input
		if e.Offset != nil {
			t.Good, t.Bad = mendUTF8(t.Bad[:*e.Offset]), mendUTF8(t.Bad[*e.Offset:])
		}
	}
	return t
}

// guesses are questions with other names for what no kernel has.
func (s *server) guesses(g *generation, form *findForm, specs []string) []link {
	var guesses []link
	for i, text := range specs[:min(len(specs), guessedAbout)] {
		spec, err := matchspec.Parse(text)
		if err != nil || spec.Name() == "" {
			continue
		}
		for _, name := range g.NearestPackages(spec.Name(), guessesShown) {
			if strings.EqualFold(name, spec.Name()) {
				break // it is there; the version or another spec is the reason
			}
			other := slices.Clone(specs)
			other[i] = name
			guesses = append(guesses, link{s.BasePath + "/find" + form.query(other).String(), name})
		}
	}
	return guesses
}
