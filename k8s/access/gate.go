package access

import (
	"time"
)

// Group is the API group of the virtual resources.
const Group = "kernel-jobs"

// The virtual resources.
const (
	Environments = "environments"
	Processes    = "processes"
	Logs         = "processes/logs"
)

// The verbs that are asked for. Whoever may get a resource of a domain may list it.
const (
	Get    = "get"
	Create = "create"
	Update = "update"
	Delete = "delete"
)

// Options say how a gate asks and how long it remembers.
type Options struct {
	// Audience is what a token must have been made for; "" takes tokens that are for the API server.
	Audience string
	// Yes and No are how long an answer holds; zero is 60 and 10 seconds. A right that is taken away ends with the first.
	Yes, No time.Duration
	// Size is how many users, and how many rights, are remembered; zero is 10,000.
	Size int
	// Timeout bounds one question to the cluster; zero is 10 seconds.
	Timeout time.Duration
	// Now is the clock; nil is the real one.
	Now func() time.Time
}

func (o Options) withDefaults() Options {
	if o.Yes == 0 {
		o.Yes = time.Minute
	}
	if o.No == 0 {
		o.No = 10 * time.Second
	}
	if o.Size == 0 {
		o.Size = 10_000
	}
	if o.Timeout == 0 {
		o.Timeout = 10 * time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// Gate asks, and remembers. It is safe for concurrent use.
type Gate struct {
	tokens  TokenReviews
	rights  SubjectAccessReviews
	options Options
	users   *cache[identity]
	allowed *cache[bool]
}

// New returns a gate that asks by the two calls.
func New(tokens TokenReviews, rights SubjectAccessReviews, options Options) *Gate {
	options = options.withDefaults()
	return &Gate{
		tokens: tokens, rights: rights, options: options,
		users:   newCache(options.Size, options.Now, func(i identity) time.Duration { return options.keep(i.user != nil) }),
		allowed: newCache(options.Size, options.Now, options.keep),
	}
}

// keep is how long an answer is kept.
func (o Options) keep(yes bool) time.Duration {
	if yes {
		return o.Yes
	}
	return o.No
}
