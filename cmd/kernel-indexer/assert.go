package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/itchyny/gojq"

	"kernelindexer/manifests"
)

// errAssertion means that a jq expression was not true of what it was given.
var errAssertion = errors.New("assertion failed")

// assertions are the jq expressions of validate.
type assertions struct{ store, kernel, pkg jqFlag }

// jqFlag is a repeatable flag of jq expressions, compiled as they are given.
type jqFlag struct {
	texts []string
	codes []*gojq.Code
}

// String implements pflag.Value.
func (j *jqFlag) String() string { return strings.Join(j.texts, ", ") }

// Type implements pflag.Value.
func (j *jqFlag) Type() string { return "jq" }

// Set implements pflag.Value.
func (j *jqFlag) Set(text string) error {
	query, err := gojq.Parse(text)
	if err != nil {
		return fmt.Errorf("not a jq expression: %w", err)
	}
	code, err := gojq.Compile(query)
	if err != nil {
		return fmt.Errorf("not a jq expression: %w", err)
	}
	j.texts, j.codes = append(j.texts, text), append(j.codes, code)
	return nil
}

// check runs every expression on value, which is made JSON first. what names the value in the error.
func (j *jqFlag) check(ctx context.Context, what string, value any) error {
	if len(j.codes) == 0 {
		return nil
	}
	input, err := plain(value)
	if err != nil {
		return err
	}
	for i, code := range j.codes {
		if err := isTrue(ctx, code, input); err != nil {
			return fmt.Errorf("%w: %s: %s: %w", errAssertion, what, j.texts[i], err)
		}
	}
	return nil
}

// isTrue says why the first result of an expression is not true.
func isTrue(ctx context.Context, code *gojq.Code, input any) error {
	result, ok := code.RunWithContext(ctx, input).Next()
	if !ok {
		return errors.New("no result")
	}
	if err, failed := result.(error); failed {
		return err
	}
	if result == nil || result == false {
		return fmt.Errorf("is %v", result)
	}
	return nil
}

// plain turns a document into the maps and slices that gojq works on.
func plain(value any) (any, error) {
	data, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	var input any
	err = json.Unmarshal(data, &input)
	return input, err
}

// check reads the pair once more, one kernel and one package at a time.
func (a *assertions) check(ctx context.Context, collated, index manifests.Location, dir fs.FS) error {
	if len(a.store.codes)+len(a.kernel.codes)+len(a.pkg.codes) == 0 {
		return nil
	}
	pair, err := manifests.LoadPair(ctx, collated, index,
		func(e manifests.Entry) error { return a.kernel.check(ctx, e.Key().String(), e) },
		func(p manifests.PackageEntry) error { return a.pkg.check(ctx, "package "+p.Name, p) })
	if err != nil {
		return err
	}
	var status any
	if s, err := manifests.ReadStatus(dir); err == nil {
		status = s
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return a.store.check(ctx, "the pair", map[string]any{
		"collated": map[string]any{
			"indexed_date": pair.Collated.IndexedDate, "generation": pair.Collated.Generation,
			"total_kernels": pair.Collated.TotalKernels,
		},
		"index": map[string]any{
			"indexed_date": pair.Index.IndexedDate, "generation": pair.Index.Generation,
			"total_packages": pair.Index.TotalPackages,
		},
		"status": status,
	})
}
