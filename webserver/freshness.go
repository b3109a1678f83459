package webserver

import (
	"fmt"
	"time"

	"kernelindexer/manifests"
)

// DefaultStaleAfter is the age from which pages warn that the index is old.
const DefaultStaleAfter = 12 * time.Hour

// outdated is the age from which an old index is a problem, but not before twice the age from which pages warn: who
// indexes once a week says so with that.
const outdated = 24 * time.Hour

// moment is a point in time as pages show it.
type moment struct{ ISO, Text, Ago string }

// momentOf reads a time of the documents. A text that is none is shown as it is.
func momentOf(text string, now time.Time) moment {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return moment{Text: text}
	}
	return momentAt(t, now)
}

func momentAt(t, now time.Time) moment {
	t = t.UTC()
	return moment{ISO: manifests.FormatTime(t), Text: t.Format("2006-01-02 15:04 UTC"), Ago: ago(now.Sub(t))}
}

// ago says how long something is past, in the unit that people would take.
func ago(d time.Duration) string {
	switch {
	case d < time.Minute:
		return "just now"
	case d < 2*time.Hour:
		return count(int(d/time.Minute), "minute") + " ago"
	case d < 48*time.Hour:
		return count(int(d/time.Hour), "hour") + " ago"
	default:
		return count(int(d/(24*time.Hour)), "day") + " ago"
	}
}

// count is a number of things: 1 kernel, 1,037 packages, 2 entries.
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	if thing == "entry" {
		return group(n) + " entries"
	}
	return group(n) + " " + thing + "s"
}

// banner is what is wrong with the index, on top of every page.
type banner struct {
	Level string // warning or error, also a class of the style sheet
	Text  string
}

// trouble is what is wrong with the files that are there now, without paths, or "".
func (s *server) trouble() string {
	if err := s.Pair.State().Err; err != nil {
		return err.Public()
	}
	return ""
}

// freshness says when the index was last known to be right, nil without one, and what is wrong with it.
func (s *server) freshness() (*moment, []banner) {
	var indexed *moment
	var banners []banner
	state := s.Pair.State()
	if view := s.Pair.Current(); view != nil {
		now := s.Now()
		m := momentAt(view.Confirmed(), now)
		indexed = &m
		if age := now.Sub(view.Confirmed()); s.StaleAfter > 0 && age > s.StaleAfter {
			level := "warning"
			if age > max(outdated, 2*s.StaleAfter) {
				level = "error"
			}
			banners = append(banners, banner{level, "The index is old: it was last known to be right " + m.Ago + "."})
		}
		if state.Err != nil {
			banners = append(banners, banner{"error", "There is a newer index that cannot be used; this is the last good one."})
		}
	}
	if run := state.Status; run != nil && run.ExitCode != 0 {
		text := "The last run of the indexer failed"
		if run.FailedKernel != "" {
			text += " at kernel " + run.FailedKernel
			if left := run.Kernels - run.Indexed - run.Reused; left > 0 {
				text += fmt.Sprintf(": %s of %s could not be indexed", group(left), count(run.Kernels, "kernel"))
			}
		}
		banners = append(banners, banner{"warning", text + "."})
	}
	return indexed, banners
}
