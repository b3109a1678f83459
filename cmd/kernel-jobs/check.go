package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"kernelindexer/k8s/processtype"
)

// checkSchemas is the backend's judgement of a file of schemas: what it says of an upload, said when the image is built.
// The error has one for each thing that is wrong, with the process type's name before it.
func checkSchemas(file []byte) error {
	_, err := processtype.Parse(file)
	var refused *processtype.Error
	if !errors.As(err, &refused) {
		return err
	}
	var all []error
	for _, problem := range refused.Problems {
		name, where := "", jsontext.Pointer("") // within the process type
		for i, token := range slices.Collect(jsontext.Pointer(problem.Pointer).Tokens()) {
			if i == 0 {
				name = token
			} else {
				where = where.AppendToken(token)
			}
		}
		text := problem.Message
		if where != "" {
			text = string(where) + ": " + text
		}
		all = append(all, fmt.Errorf("process type %q: %s", name, text))
	}
	return errors.Join(all...)
}
