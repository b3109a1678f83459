package manifests

// order watches kernels come by: no kernel twice, and sorted by language and
// name. It remembers all names, for the original's files are not sorted, and a
// file of ours may have the versions of one name in any order.
type order struct {
	seen         map[KernelKey]struct{}
	before, last KernelKey
}

func newOrder() *order { return &order{seen: map[KernelKey]struct{}{}} }

// addNew refuses a kernel that was there before.
func (o *order) addNew(k KernelKey) error {
	if _, twice := o.seen[k]; twice {
		return invalid("kernel %s appears twice", k)
	}
	o.seen[k] = struct{}{}
	o.before, o.last = o.last, k
	return nil
}

// sorted says whether the kernel that was added last is in its place.
func (o *order) sorted() error {
	if o.before.compareGroup(o.last) > 0 {
		return invalid("kernel %s stands after %s", o.last, o.before)
	}
	return nil
}

// firstError calls the checks in turn until one fails.
func firstError(checks ...func() error) error {
	for _, check := range checks {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}
