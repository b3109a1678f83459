package main

import (
	"slices"

	"github.com/itchyny/gojq"
)

// plan is how an expression is run on a long array without having it in memory.
type plan struct {
	each *gojq.Query // is run on every element; nil if the expression needs the whole document
	rest *gojq.Query // is run on the array of the results; nil if these are the answer
}

// planQuery takes ".member[]" off the front of an expression, or off the front of an array that it begins with:
//
//	.kernels[] | f        is  f  for each element
//	[.kernels[] | f] | g  is  g  of the array of what f gives for each element
//
// It knows only these two and leaves what it is not sure of whole. The expression itself is not changed.
func planQuery(q *gojq.Query, member string) plan {
	if len(q.Imports) > 0 || q.Meta != nil {
		return plan{}
	}
	if each, ok := cutFront(q, member); ok {
		return plan{each: each}
	}
	each, rest, ok := cutArray(q, member)
	if !ok {
		return plan{}
	}
	return plan{each: each, rest: rest}
}

// cutFront returns an expression that gives for one element what q gives for the whole document because of it.
func cutFront(q *gojq.Query, member string) (*gojq.Query, bool) {
	if q.Term != nil {
		term, ok := cutTerm(q.Term, member)
		return &gojq.Query{FuncDefs: q.FuncDefs, Term: term}, ok
	}
	if q.Op != gojq.OpPipe || len(q.Patterns) > 0 { // A as $x | B runs B on the whole
		return nil, false
	}
	left, ok := cutFront(q.Left, member)
	return &gojq.Query{FuncDefs: q.FuncDefs, Left: left, Op: q.Op, Right: q.Right}, ok
}

// cutTerm does it for .member[]… and (.member[]…)….
func cutTerm(t *gojq.Term, member string) (*gojq.Term, bool) {
	switch {
	case t.Type == gojq.TermTypeIndex && t.Index.Name == member && len(t.SuffixList) > 0 && t.SuffixList[0].Iter:
		rest := t.SuffixList[1:]
		if len(rest) > 0 && rest[0].Optional {
			rest = rest[1:] // there is an array to iterate over
		}
		return &gojq.Term{Type: gojq.TermTypeIdentity, SuffixList: rest}, true
	case t.Type == gojq.TermTypeQuery && !caught(t):
		inner, ok := cutFront(t.Query, member)
		return &gojq.Term{Type: gojq.TermTypeQuery, Query: inner, SuffixList: t.SuffixList}, ok
	}
	return nil, false
}

// caught reports whether the term is one of (…)? or […]?, which end at the first error inside.
func caught(t *gojq.Term) bool { return len(t.SuffixList) > 0 && t.SuffixList[0].Optional }

// cutArray does it for expressions that begin with an array: each is what is in it, rest is what follows.
func cutArray(q *gojq.Query, member string) (each, rest *gojq.Query, ok bool) {
	if q.Term != nil {
		if q.Term.Type != gojq.TermTypeArray || q.Term.Array.Query == nil || caught(q.Term) {
			return nil, nil, false
		}
		each, ok = cutFront(q.Term.Array.Query, member)
		rest = &gojq.Query{FuncDefs: q.FuncDefs, Term: &gojq.Term{Type: gojq.TermTypeIdentity, SuffixList: q.Term.SuffixList}}
	} else {
		if q.Op != gojq.OpPipe || len(q.Patterns) > 0 {
			return nil, nil, false
		}
		each, rest, ok = cutArray(q.Left, member)
		rest = &gojq.Query{FuncDefs: q.FuncDefs, Left: rest, Op: q.Op, Right: q.Right}
	}
	if ok && len(q.FuncDefs) > 0 {
		each = &gojq.Query{
			FuncDefs: slices.Clone(q.FuncDefs),
			Term:     &gojq.Term{Type: gojq.TermTypeQuery, Query: each},
		}
	}
	return each, rest, ok
}
