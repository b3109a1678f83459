package main

import (
	"context"
	"fmt"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/itchyny/gojq"

	"kernelindexer/manifests"
)

const planDocument = `{"total_kernels":3,"kernels":[
	{"kernel_name":"a","packages":[{"name":"x"},{"name":"y"}]},
	{"kernel_name":"b","packages":[]},
	{"kernel_name":"c","packages":[{"name":"z"}]}]}`

// streamedQueries must be run in pieces, and give what they give on the whole document.
var streamedQueries = []string{
	`.kernels[]`,
	`.kernels[]?`,
	`.kernels[].kernel_name`,
	`.kernels[]?.kernel_name`,
	`.kernels[].packages[].name`,
	`.kernels[].packages[0].name?`,
	`.kernels[].kernel_name.x?`,
	`.kernels[] | .kernel_name | ascii_upcase`,
	`.kernels[] | select(.packages | length > 0) | {kernel_name, n: (.packages | length)}`,
	`def f: .kernel_name; .kernels[] | f`,
	`def kernels: 1; .kernels[] | kernels`,
	`(.kernels[] | .packages[]).name`,
	`(.kernels[] | .packages)[].name`,
	`.kernels[] | . as $k | .packages[] | $k.kernel_name + .name`,
	`.kernels[] | .packages[] // "none"`,
	`.kernels[] | if .kernel_name == "b" then error("stop") else .kernel_name end`,
	`.kernels[] | try error("x") catch .`,
	`.kernels[] | limit(1; .packages[])`,
	`.kernels[] | empty`,
	`[.kernels[]]`,
	`[.kernels[] | .packages[].name] | sort | reverse`,
	`[.kernels[].packages[].name][1:]`,
	`[.kernels[].kernel_name] | length as $n | map(. + ($n | tostring))`,
	`def f: .kernel_name; def g: length; [.kernels[] | f] | g`,
	`[.kernels[] | error("x")] | length`,
}

// wholeQueries need the document; in pieces they would give something else.
var wholeQueries = []string{
	`.`,
	`.kernels | length`,
	`.kernels[0]`,
	`.kernels[1:] | length`,
	`.kernels[], .total_kernels`,
	`.kernels[] as $k | .total_kernels`,
	`. as $d | .kernels[] | $d.total_kernels`,
	`[.kernels[], .total_kernels]`,
	`[.kernels[] as $k | .total_kernels]`,
	`(.kernels[] | if .kernel_name == "b" then error else .kernel_name end)?`,
	`[.kernels[] | error("x")]? | length`,
	`first(.kernels[])`,
	`[limit(2; .kernels[])] | length`,
	`reduce .kernels[] as $k (0; . + 1)`,
	`label $out | .kernels[] | if .kernel_name == "b" then break $out else .kernel_name end`,
	`del(.kernels[]) | .kernels`,
	`.kernels[] |= 1`,
	`.kernels[].kernel_name = "x" | .kernels`,
	`.kernels[] // 1`,
	`[.kernels[]] + [1] | length`,
	`{n: [.kernels[]] | length}`,
	`path(.kernels[])`,
	`try .kernels[] catch .`,
	`.other[]?`,
	`.["kernels"][] | .kernel_name`,
	`.kernels[] as {packages: $p} | 1 | $p`,
	`(.kernels[].packages[] as $p | $p.name)`,
	`def f: 2; ([.kernels[]] | length) * f`,
	`-.kernels[]`,
	`[]`,
	`input`,
}

func TestQueryInPiecesGivesTheSame(t *testing.T) {
	document := manifests.Location{FS: fstest.MapFS{"d": {Data: []byte(planDocument), Mode: 0o444}}, Name: "d"}
	for streamed, queries := range map[bool][]string{true: streamedQueries, false: wholeQueries} {
		for _, text := range queries {
			q, err := gojq.Parse(text)
			if err != nil {
				t.Fatal(text, err)
			}
			if got := planQuery(q, kernelsMember).each != nil; got != streamed {
				// Staying whole is never wrong; being cut can be.
				t.Errorf("%s: streamed %v, want %v", text, got, streamed)
			}
			if again, _ := gojq.Parse(text); again.String() != q.String() {
				t.Errorf("%s: changed to %s", text, q)
			}
			whole, err := readWhole(document)
			if err != nil {
				t.Fatal(err)
			}
			want := collect(func(emit func(any) error) error { return results(q.Run(whole), emit) })
			got := collect(func(emit func(any) error) error {
				return runQuery(t.Context(), document, kernelsMember, q, emit)
			})
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("%s (-want +got):\n%s", text, d)
			}
		}
	}
}

// collect returns what a run gives, and its error at the end.
func collect(run func(func(any) error) error) []any {
	var all []any
	if err := run(func(v any) error { all = append(all, v); return nil }); err != nil {
		all = append(all, fmt.Sprint("error: ", err))
	}
	return all
}

// FuzzQueryInPieces looks for an expression that gives something else in pieces.
func FuzzQueryInPieces(f *testing.F) {
	for _, q := range append(streamedQueries, wholeQueries...) {
		f.Add(q)
	}
	document := manifests.Location{FS: fstest.MapFS{"d": {Data: []byte(planDocument), Mode: 0o444}}, Name: "d"}
	f.Fuzz(func(t *testing.T, text string) {
		q, err := gojq.Parse(text)
		if err != nil || planQuery(q, kernelsMember).each == nil {
			return
		}
		if _, err := gojq.Compile(q); err != nil {
			return
		}
		whole, err := readWhole(document)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		const enough = 1000
		some := func(run func(func(any) error) error) []any {
			n := 0
			return collect(func(emit func(any) error) error {
				return run(func(v any) error {
					if n++; n > enough {
						return errEnough
					}
					return emit(v)
				})
			})
		}
		want := some(func(emit func(any) error) error { return results(q.RunWithContext(ctx, whole), emit) })
		got := some(func(emit func(any) error) error { return runQuery(ctx, document, kernelsMember, q, emit) })
		if ctx.Err() != nil || len(want) > enough {
			return // an expression without end
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", text, d)
		}
	})
}
