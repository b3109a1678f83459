package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"io"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/itchyny/gojq"
	"go.yaml.in/yaml/v3"

	"kernelindexer/cli"
)

// answer is what a command has to say, in every shape it can be asked for.
type answer interface {
	object() any                                 // for JSON, YAML and jq
	records() (header []string, rows [][]string) // for CSV
	print(s *screen, wide bool)                  // for people
}

// print writes an answer as --output asks for.
func (p *program) print(ctx context.Context, a answer) error {
	switch p.options.output {
	case formatJSON:
		return p.printObject(ctx, a.object())
	case formatYAML:
		return p.printYAML(a.object())
	case formatCSV:
		return p.printCSV(a.records())
	case formatTable, formatWide:
	}
	var page bytes.Buffer
	s := p.screen(&page)
	a.print(s, p.options.output == formatWide)
	if s.err != nil {
		return s.err
	}
	_, err := p.out.Write(page.Bytes())
	return err
}

// screen returns a screen that is coloured as the output may be.
func (p *program) screen(w io.Writer) *screen {
	return &screen{out: w, color: p.options.color.Use(p.out, p.lookup)}
}

// printObject writes JSON, or what a jq expression makes of it.
func (p *program) printObject(ctx context.Context, object any) error {
	if p.options.jq.code == nil {
		data, err := json.Marshal(object, jsontext.WithIndent("  "), json.FormatNilSliceAsNull(false))
		if err != nil {
			return err
		}
		_, err = p.out.Write(append(cli.PrintableJSON(data), '\n'))
		return err
	}
	data, err := json.Marshal(object)
	if err != nil {
		return err
	}
	var input any
	if err := json.Unmarshal(data, &input); err != nil {
		return err
	}
	to := &valuePrinter{out: p.out, raw: true, compact: true}
	return results(p.options.jq.code.RunWithContext(ctx, input), to.print)
}

// valuePrinter writes the values that gojq gives, one after the other.
type valuePrinter struct {
	out     io.Writer
	raw     bool // strings without quotes, but nothing in them that a terminal obeys
	compact bool // a value a line
}

func (v *valuePrinter) print(value any) error {
	if s, ok := value.(string); ok && v.raw {
		_, err := fmt.Fprintln(v.out, cli.PrintableLines(s))
		return err
	}
	data, err := gojq.Marshal(value)
	if err != nil {
		return err
	}
	if !v.compact {
		if data, err = jsontext.AppendFormat(nil, data, jsontext.WithIndent("  ")); err != nil {
			return err
		}
	}
	_, err = v.out.Write(append(cli.PrintableJSON(data), '\n'))
	return err
}

// printYAML writes the JSON object as YAML, its members in the same order.
func (p *program) printYAML(object any) error {
	data, err := json.Marshal(object)
	if err != nil {
		return err
	}
	var node yaml.Node
	if err := yaml.Unmarshal(cli.PrintableJSON(data), &node); err != nil {
		return err
	}
	blockStyle(&node)
	var text bytes.Buffer
	enc := yaml.NewEncoder(&text)
	enc.SetIndent(2)
	if err := enc.Encode(&node); err != nil {
		return err
	}
	if err := enc.Close(); err != nil {
		return err
	}
	_, err = io.WriteString(p.out, cli.PrintableLines(text.String()))
	return err
}

// blockStyle takes the braces and quotes of JSON away where YAML needs none. Between quotes an escape as it is shown is
// one of YAML's, too.
func blockStyle(n *yaml.Node) {
	n.Style = 0
	if n.Kind == yaml.ScalarNode && cli.PrintableLines(n.Value) != n.Value {
		n.Style = yaml.DoubleQuotedStyle
	}
	for _, c := range n.Content {
		blockStyle(c)
	}
}

// printCSV writes records as RFC 4180 has them: a header, CRLF, quotes where they are needed.
func (p *program) printCSV(header []string, rows [][]string) error {
	w := csv.NewWriter(p.out)
	w.UseCRLF = true
	if err := w.Write(header); err != nil {
		return err
	}
	for _, row := range rows {
		shown := make([]string, len(row))
		for i, field := range row {
			shown[i] = cli.Printable(field)
		}
		if err := w.Write(shown); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}
