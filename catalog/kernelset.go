package catalog

// kernelSet is a set of kernels by their numbers.
type kernelSet []uint64

func (c *Catalog) newKernelSet() kernelSet { return make(kernelSet, (c.kernelCount+63)/64) }

func (s kernelSet) has(kernel uint32) bool { return s[kernel/64]>>(kernel%64)&1 != 0 }

func (s kernelSet) add(kernel uint32) { s[kernel/64] |= 1 << (kernel % 64) }
