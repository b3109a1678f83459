package runner_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kernelindexer/k8s/runner"
)

func schemas(interpreter, packages, group string, check runner.Check) (file []byte, errOut string, err error) {
	var out, warnings bytes.Buffer
	p := runner.Python{Interpreter: interpreter, Group: group, Env: work{}.env(packages), Stdout: &out, Stderr: &warnings}
	file, err = p.Schemas(check)
	if out.Len() > 0 {
		return nil, "", errors.New("something on stdout: " + out.String())
	}
	return file, warnings.String(), err
}

// TestSchemasFile is the file that the backend reads, as the seed's program writes it: indented by two, members in the
// order that the process type gave them, ASCII. What modules print when they are imported is not in it.
func TestSchemasFile(t *testing.T) {
	const area = `  "area": {
    "schema": {
      "type": "object",
      "title": "Fl\u00e4che",
      "properties": {
        "width": {
          "type": "number",
          "minimum": 0
        },
        "height": {
          "type": "number",
          "default": 1
        }
      },
      "required": [
        "width"
      ]
    }
  },`
	for _, path := range pythons(t) {
		t.Run(path, func(t *testing.T) {
			file, errOut, err := schemas(path, "packages", "", nil)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(string(file), "{\n"+area+"\n") || !strings.HasSuffix(string(file), "}\n") {
				t.Errorf("file %s", file)
			}
			if !strings.Contains(errOut, "printed when imported") {
				t.Errorf("stderr %q", errOut)
			}
		})
	}
}

// TestGroupIsExact is that the entry points of other groups are not process types.
func TestGroupIsExact(t *testing.T) {
	file, _, err := schemas(python(t), "packages", "other.group", nil)
	want := "{\n  \"area\": {\n    \"schema\": {\n      \"type\": \"object\",\n      \"properties\": {}\n    }\n  }\n}\n"
	if err != nil || string(file) != want {
		t.Errorf("%v: %s", err, file)
	}
	if _, _, err := schemas(python(t), "packages", "other", nil); err == nil || !strings.Contains(err.Error(), "no package registers") {
		t.Errorf("no process types: %v", err)
	}
}

// TestEveryFailingTypeIsNamed is that a build fails if one of its process types does, and says of each what is wrong.
func TestEveryFailingTypeIsNamed(t *testing.T) {
	_, _, err := schemas(python(t), "broken", "", func([]byte) error { return errors.New("process type invalid: not compiled") })
	got := map[string]string{}
	var traces []string
	for _, one := range err.(interface{ Unwrap() []error }).Unwrap() {
		var failure *runner.TypeError
		if errors.As(one, &failure) {
			got[failure.Type] = failure.Message
			if failure.Trace != "" {
				traces = append(traces, failure.Type)
			}
		} else {
			got["check"] = one.Error()
		}
	}
	want := map[string]string{
		"raising":  "KeyError: 'units'",
		"notjson":  "TypeError: Object of type set is not JSON serializable",
		"nan":      got["nan"], // its words differ between Pythons
		"list":     "process type list: schema() returned list, not a dict",
		"norun":    "process type norun: broken:NoRun has no method run()",
		"missing":  got["missing"],
		"nomodule": "ModuleNotFoundError: No module named 'nowhere'",
		"exits":    "SystemExit: this is a script",
		"check":    "process type invalid: not compiled",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if !strings.HasPrefix(got["nan"], "ValueError: ") || !strings.HasPrefix(got["missing"], "AttributeError: ") {
		t.Errorf("nan: %s, missing: %s", got["nan"], got["missing"])
	}
	if diff := cmp.Diff([]string{"exits", "missing", "nan", "nomodule", "notjson", "raising"}, traces); diff != "" {
		t.Errorf("tracebacks (-want +got)\n%s", diff)
	}
}

// TestPythonThatDiesIsNoEmptyFile is that a module that ends the process fails the build, too.
func TestPythonThatDiesIsNoEmptyFile(t *testing.T) {
	if file, _, err := schemas(python(t), "broken", "only.exits", nil); err == nil || !strings.Contains(err.Error(), "before it had looked at all") {
		t.Errorf("%v: %s", err, file)
	}
}

// TestTypeThatIsRegisteredTwice is an error for whoever asks for it, unless both say the same.
func TestTypeThatIsRegisteredTwice(t *testing.T) {
	again := t.TempDir()
	for name, value := range map[string]string{"a": "shapes:Area", "b": "shapes:Context"} {
		dir := filepath.Join(again, name, name+"-1.0.dist-info")
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		files := map[string]string{
			"METADATA":         "Metadata-Version: 2.1\nName: " + name + "\nVersion: 1.0\n",
			"entry_points.txt": "[nagelfluh.process_types]\narea = " + value + "\n",
		}
		for file, text := range files {
			if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, want := range map[string]string{"a": "", "b": "registered more than once: shapes:Area, shapes:Context"} {
		env := work{}.env("packages")
		env[2] += string(os.PathListSeparator) + filepath.Join(again, name)
		p := runner.Python{Interpreter: python(t), Env: env, Stderr: &bytes.Buffer{}}
		_, err := p.Schemas(nil)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSchemasAreWrittenWholeOrNotAtAll keeps the file there was where the new one cannot be written.
func TestSchemasAreWrittenWholeOrNotAtAll(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "process_schemas.json")
	for _, text := range []string{"{}\n", "{\"a\":1}\n"} {
		if err := runner.WriteSchemas(path, []byte(text)); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if err != nil || string(got) != text {
			t.Errorf("%v: %s", err, got)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("%v: %v", err, info.Mode())
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 {
		t.Errorf("%v: %v", err, left)
	}
	if err := runner.WriteSchemas(filepath.Join(dir, "nowhere", "x.json"), nil); err == nil || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("a folder that does not exist: %v", err)
	}
}
