// Command conda stands in for conda in the images of the cluster tests: it answers
//
//	conda list --json --prefix PREFIX
//
// from the records in PREFIX/conda-meta, as conda does for a kernel without packages of pip, and ends with 1 if one
// cannot be read. As long as PREFIX holds a file called "gate" it does not answer: a test decides how long a run takes.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

func main() {
	args := os.Args[1:]
	if len(args) != 4 || args[0] != "list" || args[1] != "--json" || args[2] != "--prefix" {
		fmt.Fprintln(os.Stderr, "usage: conda list --json --prefix PREFIX")
		os.Exit(2)
	}
	if err := list(args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "conda:", err)
		os.Exit(1)
	}
}

func list(prefix string) error {
	for {
		_, err := os.Stat(filepath.Join(prefix, "gate"))
		if errors.Is(err, fs.ErrNotExist) {
			break
		}
		if err != nil {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
	files, err := filepath.Glob(filepath.Join(prefix, "conda-meta", "*.json"))
	if err != nil {
		return err
	}
	list := make([]map[string]any, 0, len(files))
	for _, file := range files {
		item, err := record(file)
		if err != nil {
			return err
		}
		list = append(list, item)
	}
	answer, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Println(string(answer))
	return err
}

// record reads what conda list shows of a record.
func record(file string) (map[string]any, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var r struct {
		Name, Version, Build, Subdir string
		BuildNumber                  int `json:"build_number"`
	}
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return map[string]any{
		"base_url": "https://conda.anaconda.org/conda-forge", "channel": "conda-forge",
		"build_number": r.BuildNumber, "build_string": r.Build, "platform": r.Subdir,
		"dist_name": r.Name + "-" + r.Version + "-" + r.Build, "name": r.Name, "version": r.Version,
	}, nil
}
