package catalog

import (
	"context"
	"fmt"
	"slices"

	"kernelindexer/condaenv/matchspec"
)

// Query is a question for kernels.
type Query struct {
	// Specs are what a kernel must have, all of it; see [Catalog.Find].
	Specs []string
	// Language is exactly this language directory; "" is any.
	Language string
	// Exact says that names are what the spec says: not folded, and no R
	// package for its conda record or the other way round. As conda does, a
	// name with capitals also means the name in lower case.
	Exact bool
	// Matches and NearMisses say which of them to list.
	Matches, NearMisses Page
}

// Page is a part of a list.
type Page struct {
	Offset int // how many to leave out; negative is 0
	Limit  int // how many to list at most; 0 or less is all
}

// of returns the bounds of the page in a list of n.
func (p Page) of(n int) (start, end int) {
	start = min(max(p.Offset, 0), n)
	end = n
	if p.Limit > 0 && p.Limit < n-start {
		end = start + p.Limit
	}
	return start, end
}

// Find answers which kernels have packages that satisfy all specs, and which
// come near.
//
// A spec is conda's MatchSpec: name, version, build and channel, where the
// name may be a pattern. Its other fields are not known of the packages in
// kernels and are errors; [source=conda], [source=python] and [source=r] are
// ours. Versions of all sources are in conda's order. A version that cannot be
// read satisfies no condition on it. Entries of R libraries have neither build
// nor channel, and satisfy no condition on them save the build "*".
//
// A name means all that folds to the same: R's sf is r-sf and conda's r-sf is
// sf. It never means conda's library by the name of an R binding: r-openssl is
// not openssl. Each package of the answer says its source.
//
// A near miss has a package by the name of at least one spec, in whatever
// version. Kernels are listed by language and name, the newest version first,
// near misses by the number of missing specs before that.
//
// The error is a [*matchspec.ParseError], of the first spec that cannot be
// read, or the cause of ctx. What a pattern can cost is bounded, but a page
// should not wait for it: give ctx a deadline.
func (c *Catalog) Find(ctx context.Context, q Query) (Answer, error) {
	f := &finder{c: c, ctx: ctx}
	if err := f.parse(q.Specs); err != nil {
		return Answer{}, err
	}
	for _, w := range f.wanted {
		if err := w.findNames(ctx, c, q.Exact); err != nil {
			return Answer{}, err
		}
		if err := f.evaluate(w); err != nil {
			return Answer{}, err
		}
	}
	return f.answer(q)
}

// finder answers one question.
type finder struct {
	c         *Catalog
	ctx       context.Context //nolint:containedctx // lives as long as the call it is of.
	wanted    []*wanted
	present   []kernelSet // by spec: has a package of that name
	satisfied []kernelSet // by spec: has one that meets the conditions
}

// parse reads the specs, each once.
func (f *finder) parse(specs []string) error {
	if len(specs) > MaxSpecs {
		return &matchspec.ParseError{Kind: "spec", Text: specs[MaxSpecs], Reason: fmt.Sprintf("more than %d specs", MaxSpecs)}
	}
	for _, text := range specs {
		w, err := parseWanted(text)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(f.wanted, func(o *wanted) bool { return o.text == w.text }) {
			f.wanted = append(f.wanted, w)
		}
	}
	return nil
}

// answer lists the kernels of the pages.
func (f *finder) answer(q Query) (Answer, error) {
	matches, near := f.sort(q.Language)
	a := Answer{
		Specs: make([]string, 0, len(f.wanted)), Matches: []Match{}, NearMisses: []NearMiss{},
		TotalMatches: len(matches), TotalNearMisses: len(near),
	}
	for _, w := range f.wanted {
		a.Specs = append(a.Specs, w.text)
	}
	start, end := q.Matches.of(len(matches))
	for _, number := range matches[start:end] {
		if f.ctx.Err() != nil {
			return Answer{}, context.Cause(f.ctx)
		}
		a.Matches = append(a.Matches, f.describe(number).Match)
	}
	start, end = q.NearMisses.of(len(near))
	for _, number := range near[start:end] {
		if f.ctx.Err() != nil {
			return Answer{}, context.Cause(f.ctx)
		}
		a.NearMisses = append(a.NearMisses, f.describe(number))
	}
	return a, nil
}

// sort parts the kernels that satisfy all specs from those that come near, each
// in the order of the answer.
func (f *finder) sort(language string) (matches, near []uint32) {
	byMisses := make([][]uint32, len(f.wanted)+1)
	for _, number := range f.c.ranked {
		if language != "" && f.c.text.at(f.c.kernels[number].language) != language {
			continue
		}
		misses, present := 0, false
		for i := range f.wanted {
			if !f.satisfied[i].has(number) {
				misses++
			}
			present = present || f.present[i].has(number)
		}
		if misses == 0 || present {
			byMisses[misses] = append(byMisses[misses], number)
		}
	}
	return byMisses[0], slices.Concat(byMisses[1:]...)
}
