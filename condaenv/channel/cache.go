package channel

import (
	"maps"
	"strings"
	"sync"
	"sync/atomic"
)

// Limits of a cache. Real prefixes name a few dozens of channels, in texts of some forty bytes.
const (
	maxCached     = 256
	maxCachedText = 1024
)

// cache keeps the channels of texts. Reading takes no lock: the map is never changed, only replaced by a larger one.
// When it is full it starts anew, so that a prefix full of odd texts does not spoil it for the others. The zero value
// is an empty cache.
type cache struct {
	current atomic.Pointer[map[string]*Channel]
	mu      sync.Mutex // Held by those who replace the map.
}

// find gives the channel of a text, or nil if the cache has none.
func (c *cache) find(text string) *Channel {
	known := c.current.Load()
	if known == nil {
		return nil
	}
	return (*known)[text]
}

// get gives the channel of a text, which it asks read for if the cache has none. Errors are not kept.
func (c *cache) get(text string, read func(string) (*Channel, error)) (*Channel, error) {
	if channel := c.find(text); channel != nil {
		return channel, nil
	}
	if len(text) > maxCachedText {
		return read(text)
	}
	// Texts may be parts of a large file, which the cache must not keep alive.
	text = strings.Clone(text)
	channel, err := read(text)
	if err == nil {
		c.add(text, channel)
	}
	return channel, err
}

func (c *cache) add(text string, channel *Channel) {
	c.mu.Lock()
	defer c.mu.Unlock()
	next := make(map[string]*Channel)
	if known := c.current.Load(); known != nil && len(*known) < maxCached {
		maps.Copy(next, *known)
	}
	next[text] = channel
	c.current.Store(&next)
}

// packageFolder gives the folder of a package's URL if the channel depends on the folder alone. That is so if the file
// name ends like a package's and has none of the characters that mean something in URLs, and the folder does not end in
// /t, for then the file name would be taken for a token.
func (s *Settings) packageFolder(url string) (string, bool) {
	slash := strings.LastIndexByte(url, '/')
	if slash < 0 || !s.platforms.isCommon() || PackageExtension(url) == "" || strings.HasSuffix(url[:slash], "/t") {
		return "", false
	}
	for _, c := range []byte(url[slash+1:]) {
		if !plainInFile[c] {
			return "", false
		}
	}
	return url[:slash], true
}

// plainInFile are the characters of ordinary file names of packages.
var plainInFile = func() (plain [256]bool) {
	for _, c := range []byte("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-+!") {
		plain[c] = true
	}
	return plain
}()
