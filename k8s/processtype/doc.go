// Package processtype knows the file process_schemas.json, by which an environment says which types of process it runs
// and which parameters each takes:
//
//	{"fft": {"schema": {"type": "object", "properties": {…}, "required": […]}}, …}
//
// [Parse] takes the file apart and compiles every schema, so that an environment either has all its types or none;
// [Set.Validate] checks the parameters of a process against one of them.
//
// Schemas are JSON Schema 2020-12, or the draft that they name in $schema; formats such as uri are asserted. They are
// uploaded by users, and so hostile until proven otherwise: references lead nowhere but into the schema itself, regular
// expressions are RE2 (which cannot run away), and the work of one validation is bounded.
//
// The package knows nothing of images, of HTTP and of what a process does with its parameters.
package processtype
