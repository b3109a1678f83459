package main

import (
	"fmt"
	"io"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"kernelindexer/cli"
)

// style is how a text looks where there is colour. Colour never says anything that the text does not.
type style string

// The styles, as terminals name them.
const (
	plain  style = ""
	head   style = "1"  // bold
	kernel style = "36" // cyan
	good   style = "32" // green
	bad    style = "33" // yellow
	faint  style = "2"
)

// cell is one text of a table. It is made printable when it is printed, and nowhere else.
type cell struct {
	text  string
	style style
}

// texted makes plain cells.
func texted(texts ...string) []cell {
	cells := make([]cell, len(texts))
	for i, t := range texts {
		cells[i].text = t
	}
	return cells
}

// screen prints tables and lines for people. The first error of writing is kept.
type screen struct {
	out   io.Writer
	color bool
	err   error
}

// paint returns a text as it is sent to the terminal.
func (s *screen) paint(c cell) string {
	shown := cli.Printable(c.text)
	if !s.color || c.style == plain || shown == "" {
		return shown
	}
	return "\x1b[" + string(c.style) + "m" + shown + "\x1b[0m"
}

func (s *screen) write(line string) {
	if s.err == nil {
		_, s.err = io.WriteString(s.out, line+"\n")
	}
}

// line prints a line.
func (s *screen) line(st style, format string, args ...any) {
	s.write(s.paint(cell{fmt.Sprintf(format, args...), st}))
}

// blank prints an empty line.
func (s *screen) blank() { s.write("") }

// columns are the alignment of a table that has none of its own: two blanks between columns, nothing else.
var columns = table.Style{
	Name:    "columns",
	Box:     table.BoxStyle{MiddleVertical: "  ", PaddingRight: ""},
	Format:  table.FormatOptions{Header: text.FormatDefault},
	Options: table.Options{SeparateColumns: true},
}

// table prints rows in columns below a header.
func (s *screen) table(header []string, rows [][]cell) {
	w := table.NewWriter()
	w.SetStyle(columns)
	w.SuppressTrailingSpaces()
	titles := make(table.Row, len(header))
	for i, h := range header {
		titles[i] = s.paint(cell{h, head})
	}
	w.AppendHeader(titles)
	for _, row := range rows {
		line := make(table.Row, len(row))
		for i, c := range row {
			line[i] = s.paint(c)
		}
		w.AppendRow(line)
	}
	s.write(w.Render())
}
