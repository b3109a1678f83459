package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/itchyny/gojq"
	"github.com/spf13/cobra"

	"kernelindexer/cli"
	"kernelindexer/manifests"
)

// query is one call of query.
type query struct {
	index, raw, compact bool
}

func (p *program) queryCommand() *cobra.Command {
	var q query
	cmd := &cobra.Command{
		Use:   "query JQ",
		Short: "Run a jq expression on the published documents",
		Long: `Run a jq expression on the document of all kernels (collated_manifests.json), or
with --index on that of all packages (package_index.json), as they stand. jq
itself is not needed.

Expressions that begin with .kernels[] or [.kernels[] ...] (with --index:
.packages[]) are run while the document is read, a kernel at a time, whatever
its size. Others have the whole document in memory, at about ten times its size.

Exit codes: 0 done, 2 trouble.`,
		Example: `  kernels query '.kernels[] | select(.language == "R") | .kernel_name'
  kernels query --index '[.packages[] | select(.kernel_count > 3)] | length'`,
		Args:              arguments(cobra.ExactArgs(1)),
		ValidArgsFunction: cobra.NoFileCompletions,
		PreRunE:           p.without("output", "jq"),
		RunE: func(cmd *cobra.Command, args []string) error {
			parsed, err := parseJQ(args[0])
			if err != nil {
				return &usageError{err}
			}
			s, err := p.open(cmd.Context())
			if err != nil {
				return err
			}
			defer s.close()
			return q.run(cmd.Context(), p, s, parsed)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&q.index, "index", false, "query the document of packages")
	cli.Env(f, "index", "KERNELS_QUERY_INDEX")
	f.BoolVarP(&q.raw, "raw-output", "r", false, "print strings as they are, not as JSON")
	cli.Env(f, "raw-output", "KERNELS_QUERY_RAW")
	f.BoolVarP(&q.compact, "compact-output", "c", false, "print each value in one line")
	cli.Env(f, "compact-output", "KERNELS_QUERY_COMPACT")
	return cmd
}

func (q *query) run(ctx context.Context, p *program, s *source, expression *gojq.Query) error {
	document, member := s.collated, kernelsMember
	if q.index {
		document, member = s.index, packagesMember
	}
	to := &valuePrinter{out: p.out, raw: q.raw, compact: q.compact}
	err := runQuery(ctx, document, member, expression, to.print)
	var halt *gojq.HaltError
	switch {
	case err == nil || errors.As(err, &halt) && halt.Value() == nil:
		return nil
	case errors.Is(err, manifests.ErrInvalid):
		return s.explain(err)
	}
	var file interface{ Timeout() bool } // *fs.PathError and its kin
	if errors.As(err, &file) {
		return s.explain(err)
	}
	return err
}

// runQuery hands the results of an expression to emit, and reads the document in pieces where that gives the same.
func runQuery(ctx context.Context, document manifests.Location, member string, expression *gojq.Query, emit func(any) error) error {
	plan := planQuery(expression, member)
	if plan.each == nil {
		code, err := gojq.Compile(expression)
		if err != nil {
			return &usageError{err}
		}
		whole, err := readWhole(document)
		if err != nil {
			return err
		}
		return results(code.RunWithContext(ctx, whole), emit)
	}
	each, err := gojq.Compile(plan.each)
	if err != nil {
		return &usageError{err}
	}
	var rest *gojq.Code
	collected, to := []any{}, emit
	if plan.rest != nil {
		if rest, err = gojq.Compile(plan.rest); err != nil {
			return &usageError{err}
		}
		to = func(v any) error { collected = append(collected, v); return nil } //nolint:unparam // one of two that are called alike
	}
	if err := eachElement(document, member, func(dec *jsontext.Decoder) error {
		var element any
		if err := json.UnmarshalDecode(dec, &element); err != nil {
			return err
		}
		return results(each.RunWithContext(ctx, element), to)
	}); err != nil || rest == nil {
		return err
	}
	return results(rest.RunWithContext(ctx, collected), emit)
}

// results hands what an expression gives to emit, up to the first error of either.
func results(values gojq.Iter, emit func(any) error) error {
	for {
		value, ok := values.Next()
		if !ok {
			return nil
		}
		if err, failed := value.(error); failed {
			return err
		}
		if err := emit(value); err != nil {
			return err
		}
	}
}

func readWhole(document manifests.Location) (any, error) {
	f, err := openDocument(document)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var whole any
	if err := json.UnmarshalRead(f, &whole); err != nil {
		return nil, fmt.Errorf("%s: %w: %w", document.Name, manifests.ErrInvalid, err)
	}
	return whole, nil
}
