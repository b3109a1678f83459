package condaenv

import (
	"fmt"
	"slices"
	"strings"

	"kernelindexer/condaenv/matchspec"
)

// graph is who depends on whom among the conda records of an environment: conda's PrefixGraph.
type graph struct {
	nodes   []*entry
	index   map[string]int // by name
	parents [][]int        // of each node, the nodes its depends match, each once
}

// newGraph matches every depends entry of every record. An entry that is no MatchSpec, or a version condition on a
// record whose version is none, ends conda's listing; so it does here.
func newGraph(nodes []*entry, specs *specCache) (*graph, error) {
	g := &graph{nodes: nodes, index: make(map[string]int, len(nodes)), parents: make([][]int, len(nodes))}
	candidates := make([]*matchspec.Record, len(nodes))
	for i, n := range nodes {
		g.index[n.Name] = i
		candidates[i] = n.record.matchRecord(n.canonical)
	}
	for i, n := range nodes {
		for _, dep := range n.record.depends {
			spec, err := specs.parse(dep)
			if err != nil {
				return nil, fmt.Errorf("%s: depends %q: %w", n.Name, dep, err)
			}
			if err := g.link(i, spec, candidates); err != nil {
				return nil, fmt.Errorf("%s: depends %q: %w", n.Name, dep, err)
			}
		}
	}
	return g, nil
}

// link makes the records that spec matches parents of node.
func (g *graph) link(node int, spec matchspec.Spec, candidates []*matchspec.Record) error {
	if spec.IsExactName() {
		if i, ok := g.index[spec.Name()]; ok {
			return g.linkIf(node, i, spec, candidates[i])
		}
		return nil
	}
	for i, c := range candidates {
		if err := g.linkIf(node, i, spec, c); err != nil {
			return err
		}
	}
	return nil
}

func (g *graph) linkIf(node, parent int, spec matchspec.Spec, candidate *matchspec.Record) error {
	ok, err := spec.Match(candidate)
	if ok && !slices.Contains(g.parents[node], parent) {
		g.parents[node] = append(g.parents[node], parent)
	}
	return err
}

// descendants returns the nodes from which node is reached by depends, node itself only if it is in a cycle.
func (g *graph) descendants(node int) []int {
	children := make([][]int, len(g.nodes))
	for child, parents := range g.parents {
		for _, p := range parents {
			children[p] = append(children[p], child)
		}
	}
	seen := make([]bool, len(g.nodes))
	queue := []int{node}
	var found []int
	for len(queue) > 0 {
		next := queue[0]
		queue = queue[1:]
		for _, child := range children[next] {
			if !seen[child] {
				seen[child] = true
				queue, found = append(queue, child), append(found, child)
			}
		}
	}
	return found
}

// topological returns the rank of each node in conda's order: those nobody is connected with first, then layer by layer
// parents before children, by name within a layer; a cycle is cut at the node with the fewest parents left.
func (g *graph) topological() []int {
	left := g.sortable()
	for n, parents := range left {
		delete(parents, n)
	}
	rank := make([]int, len(g.nodes))
	next := 0
	take := func(nodes []int) {
		slices.SortFunc(nodes, func(a, b int) int { return strings.Compare(g.nodes[a].Name, g.nodes[b].Name) })
		for _, n := range nodes {
			rank[n] = next
			next++
		}
		remove(left, nodes)
	}
	take(unconnected(left))
	for len(left) > 0 {
		layer := withoutParents(left)
		if len(layer) == 0 {
			layer = []int{g.fewestParents(left)}
		}
		take(layer)
	}
	return rank
}

// sortable is the graph as conda sorts it: without python's dependency on pip, and with menuinst before everything that
// needs python.
func (g *graph) sortable() map[int]map[int]bool {
	python, hasPython := g.index["python"]
	pip, hasPip := g.index["pip"]
	left := make(map[int]map[int]bool, len(g.nodes))
	for n, parents := range g.parents {
		left[n] = make(map[int]bool, len(parents))
		for _, p := range parents {
			if !hasPython || !hasPip || n != python || p != pip {
				left[n][p] = true
			}
		}
	}
	if menuinst, ok := g.index["menuinst"]; ok && hasPython {
		before := left[menuinst]
		for n, parents := range left {
			if parents[python] && !before[n] {
				parents[menuinst] = true
			}
		}
	}
	return left
}

// hasCycle reports whether some records depend on each other in a circle, or one on itself.
func (g *graph) hasCycle() bool {
	left := g.sortable()
	for len(left) > 0 {
		layer := withoutParents(left)
		if len(layer) == 0 {
			return true
		}
		remove(left, layer)
	}
	return false
}

// remove takes nodes out of the graph that is left.
func remove(left map[int]map[int]bool, nodes []int) {
	for _, n := range nodes {
		delete(left, n)
	}
	for _, parents := range left {
		for _, n := range nodes {
			delete(parents, n)
		}
	}
}

// unconnected returns the nodes without parents that are nobody's parent.
func unconnected(left map[int]map[int]bool) (nodes []int) {
	isParent := map[int]bool{}
	for _, parents := range left {
		for p := range parents {
			isParent[p] = true
		}
	}
	for n, parents := range left {
		if len(parents) == 0 && !isParent[n] {
			nodes = append(nodes, n)
		}
	}
	return nodes
}

func withoutParents(left map[int]map[int]bool) (nodes []int) {
	for n, parents := range left {
		if len(parents) == 0 {
			nodes = append(nodes, n)
		}
	}
	return nodes
}

// fewestParents picks where to cut a cycle; of equals the first by channel, subdir, name, version and build.
func (g *graph) fewestParents(left map[int]map[int]bool) int {
	best := -1
	for n, parents := range left {
		if best < 0 || len(parents) < len(left[best]) ||
			len(parents) == len(left[best]) && g.nodes[n].distString() < g.nodes[best].distString() {
			best = n
		}
	}
	return best
}
