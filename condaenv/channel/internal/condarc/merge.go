package condarc

import "slices"

// upToFinal drops the values after the first one that is flagged final.
func upToFinal(values []match) []match {
	for i, m := range values {
		if m.flag == final {
			return values[:i+1]
		}
	}
	return values
}

// line is an item of a list with the file it is from.
type line struct {
	match
	item value
}

// mergeLists merges the lists that several files give, lowest precedence first, into one without repeated items:
// first the items flagged top (lowest precedence first), then all others (highest precedence first), last the items
// flagged bottom (lowest precedence last). A value that is null or an empty mapping counts as an empty list.
func mergeLists(lists []match) ([]string, error) {
	lists = upToFinal(lists)
	var tops, all, bottoms []line
	for _, m := range lists {
		tops = append(tops, flagged(m, top)...)
	}
	for _, m := range slices.Backward(lists) {
		for _, item := range m.items {
			all = append(all, line{m, item})
		}
		bottoms = append(bottoms, flagged(m, bottom)...)
	}
	upper := unique(append(tops, all...))
	// Seen from the end, the items flagged bottom come first, so that one that is also elsewhere stays at the end.
	slices.Reverse(upper)
	slices.Reverse(bottoms)
	merged := unique(append(bottoms, upper...))
	slices.Reverse(merged)
	result := make([]string, 0, len(merged))
	for _, l := range merged {
		text, err := texts(l.match, []value{l.item})
		if err != nil {
			return nil, err
		}
		result = append(result, text...)
	}
	return result, nil
}

// flagged gives the items of a list that carry a flag.
func flagged(m match, f flag) []line {
	var found []line
	for _, item := range m.items {
		if item.flag == f {
			found = append(found, line{m, item})
		}
	}
	return found
}

// unique drops items that are equal to an earlier one. Items that are no scalars are kept, to be reported later.
func unique(lines []line) []line {
	known := make(map[string]bool, len(lines))
	kept := make([]line, 0, len(lines))
	for _, l := range lines {
		if l.item.shape == isScalar {
			id := l.item.scalar.identity()
			if known[id] {
				continue
			}
			known[id] = true
		}
		kept = append(kept, l)
	}
	return kept
}

// texts gives the items of a list as texts.
func texts(m match, items []value) ([]string, error) {
	result := make([]string, 0, len(items))
	for _, item := range items {
		if item.shape != isScalar {
			return nil, m.fail(item.line, "an item is not a single value")
		}
		result = append(result, item.scalar.Text)
	}
	return result, nil
}
