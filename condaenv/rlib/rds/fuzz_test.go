package rds_test

import (
	"errors"
	"testing"

	"kernelindexer/condaenv/rlib/rds"
)

// FuzzDecode asks everything of what any file holds: it must end, without a panic.
func FuzzDecode(f *testing.F) {
	fsys := recorded(f)
	for _, name := range list(f, fsys, "values", 30) {
		for _, format := range formats {
			if data := fsys["values/"+name+"/"+format].Data; len(data) < 2000 {
				f.Add(data)
			}
		}
	}
	for _, name := range list(f, fsys, "texts", 180) {
		f.Add(fsys["texts/"+name+"/file"].Data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d := rds.Decoder{Limits: rds.Limits{Bytes: 1 << 16, Values: 1 << 12, Depth: 1 << 8}}
		v, err := d.Decode(data)
		if (v == nil) != (err != nil) {
			t.Fatalf("value %v, error %v", v, err)
		}
		if err != nil {
			if errors.Is(err, rds.ErrCorrupt) == errors.Is(err, rds.ErrUnsupported) {
				t.Errorf("the error is not one of the two: %v", err)
			}
			return
		}
		// Values may contain each other and be much longer than the file.
		const visits, elements = 10000, 1000
		todo := []*rds.Value{v}
		for n := 0; n < visits && len(todo) > 0; n++ {
			v, todo = todo[0], todo[1:]
			v.Index("Version")
			v.Inherits("factor")
			if field, ok := v.Field("Built"); ok {
				todo = append(todo, field)
			}
			for i := range min(v.Len(), elements) {
				v.Text(i)
				todo = append(todo, v.Elem(i))
			}
		}
	})
}
