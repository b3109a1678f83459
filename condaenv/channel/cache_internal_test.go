package channel

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

// However many texts come, the cache keeps a limited number, none of them long, and goes on taking new ones.
func TestCacheIsBounded(t *testing.T) {
	s := newSettings(nil)
	for i := range 3 * maxCached {
		for _, text := range []string{fmt.Sprintf("name-%d", i), fmt.Sprintf("https://h/%d/noarch/x-1-0.conda", i)} {
			if _, err := s.Channel(text); err != nil {
				t.Fatal(err)
			}
			if _, err := s.ChannelFromURL(text); err != nil {
				t.Fatal(err)
			}
		}
	}
	long := strings.Repeat("x", maxCachedText+1)
	if _, err := s.Channel(long); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]*cache{"texts": &s.texts, "folders": &s.folders} {
		if n := len(*c.current.Load()); n == 0 || n > maxCached {
			t.Errorf("%s: %d entries", name, n)
		}
	}
	if s.texts.find(long) != nil {
		t.Error("a long text is kept")
	}
	if s.texts.find(fmt.Sprintf("name-%d", 3*maxCached-1)) == nil {
		t.Error("the last text is not kept")
	}
}

// Goroutines that meet a text at the same time all get its channel.
func TestCacheUnderContention(t *testing.T) {
	s := newSettings(nil)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 2 * maxCached {
				want := fmt.Sprintf("name-%d", i)
				if c, err := s.Channel(want + "/noarch"); err != nil || c.Name() != want {
					t.Errorf("got %v, %v; want %s", c, err, want)
				}
			}
		})
	}
	wg.Wait()
}
