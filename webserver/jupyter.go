package webserver

import (
	"sync"

	"kernelindexer/catalog"
)

// jupyterKernels are the packages, in R's and in conda's spelling, with one of which an environment can run in Jupyter:
// each speaks Jupyter's protocol for a language.
var jupyterKernels = []string{
	"ipykernel", "IRkernel", "r-irkernel", "IJulia",
	"xeus-python", "xeus-r", "xeus-cling", "xeus-octave", "octave_kernel", "bash_kernel",
}

// jupyter says, by the number of a kernel, which package has it run in Jupyter; "" is none.
func (g *generation) jupyter() []string { return g.byJupyter() }

// newJupyter looks at all kernels when the first page asks.
func newJupyter(c *catalog.Catalog) func() []string {
	return sync.OnceValue(func() []string {
		names := make([]string, c.Stats().Kernels)
		for _, name := range jupyterKernels {
			p, ok := c.Package(name)
			if !ok {
				continue
			}
			for row := range p.Rows() {
				if k, ok := row.Kernel(); ok && names[k.Number()] == "" {
					names[k.Number()] = name + " " + row.Version()
				}
			}
		}
		return names
	})
}
