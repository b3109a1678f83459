package catalog

import (
	"errors"
	"fmt"

	"kernelindexer/condaenv/matchspec"
)

// memo remembers what came out for a number. It is small and forgets: a few
// different texts make nearly all rows.
type memo struct {
	numbers  [1024]uint32
	verdicts [1024]verdict
}

type verdict uint8

const (
	unknown verdict = iota
	holds
	fails
)

// of returns the verdict on a number, which it finds out if it must.
func (m *memo) of(n uint32, find func(n uint32) bool) bool {
	slot := n * 0x9e3779b1 >> 22
	if m.numbers[slot] != n || m.verdicts[slot] == unknown {
		m.numbers[slot], m.verdicts[slot] = n, fails
		if find(n) {
			m.verdicts[slot] = holds
		}
	}
	return m.verdicts[slot] == holds
}

// fulfils reports whether a row of the right name and source meets the other
// conditions of the spec.
func (w *wanted) fulfils(c *Catalog, h holding) bool {
	return w.isRelease(c, &c.releases[h.release]) && w.hasFulfillingBuild(c, h)
}

// isRelease tests version and channel. A version that cannot be read meets no
// condition.
func (w *wanted) isRelease(c *Catalog, r *release) bool {
	if w.hasVersion && !w.versions.of(uint32(r.version), func(n uint32) bool {
		ok, err := w.version.MatchText(c.text.at(textID(n)))
		return ok && err == nil
	}) {
		return false
	}
	return !w.hasChannel || w.channels.of(uint32(r.channel), func(n uint32) bool { return w.isFrom(c.text.at(textID(n))) })
}

// isFrom tests the channel alone: it is what conda tests behind the name. Rows
// without a channel, such as an R library's, are from none.
func (w *wanted) isFrom(channel string) bool {
	if channel == "" {
		return false
	}
	w.record.Name, w.record.Channel = w.probe, channel
	miss, _ := w.spec.Miss(&w.record)
	return miss != "channel"
}

// hasFulfillingBuild tests the build of a row that meets the other conditions.
// Rows without a build meet no condition on it, save "*".
func (w *wanted) hasFulfillingBuild(c *Catalog, h holding) bool {
	return !w.hasBuild || w.builds.of(uint32(h.build), func(n uint32) bool {
		build := c.text.at(textID(n))
		if build == "" {
			return w.spec.Build() == "*"
		}
		asked := w.build
		w.record.Name, w.record.Build = w.probe, build
		if asked == nil {
			asked = &w.spec
			r := &c.releases[h.release]
			w.record.Version, w.record.Channel = c.text.at(r.version), c.text.at(r.channel)
		}
		ok, err := asked.Match(&w.record)
		return ok && err == nil
	})
}

// reason says why a row of the right name and source does not do.
func (w *wanted) reason(p Installed) string {
	if w.hasVersion {
		ok, err := w.version.MatchText(p.Version)
		switch e := new(matchspec.ParseError); {
		case errors.As(err, &e):
			return fmt.Sprintf("%s %s cannot be compared with %s: %s", p.Name, p.Version, w.version, e.Reason)
		case !ok && p.Version == "":
			return fmt.Sprintf("%s without a version does not satisfy %s", p.Name, w.version)
		case !ok:
			return fmt.Sprintf("%s %s does not satisfy %s", p.Name, p.Version, w.version)
		}
	}
	if w.hasChannel && !w.isFrom(p.Channel) {
		channel, _ := w.spec.Field("channel")
		if p.Channel == "" {
			return fmt.Sprintf("%s %s is not known to be from channel %s", p.Name, p.Version, channel)
		}
		return fmt.Sprintf("%s %s is from channel %s, not %s", p.Name, p.Version, p.Channel, channel)
	}
	if p.Build == "" {
		return fmt.Sprintf("%s %s has no build to satisfy %s", p.Name, p.Version, w.spec.Build())
	}
	return fmt.Sprintf("%s %s has build %s, not %s", p.Name, p.Version, p.Build, w.spec.Build())
}
