package main

import (
	"errors"
	"fmt"
	"strings"

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
		name, rest, _ := strings.Cut(strings.TrimPrefix(problem.Pointer, "/"), "/")
		name = strings.NewReplacer("~1", "/", "~0", "~").Replace(name)
		where := ""
		if rest != "" {
			where = "/" + rest + ": "
		}
		all = append(all, fmt.Errorf("process type %q: %s%s", name, where, problem.Message))
	}
	return errors.Join(all...)
}
