package onenode

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"
)

// serveForward joins each connection that comes in to one to the address that target names, inside.
func serveForward(listener net.Listener, target func(net.Conn) (string, error)) {
	for {
		conn, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			time.Sleep(pollPause) // out of descriptors: some will be closed
			continue
		}
		go func() {
			defer hangUp(conn)
			address, err := target(conn)
			if err != nil {
				return
			}
			inner, err := net.DialTimeout("tcp", address, 10*time.Second)
			if err != nil {
				return
			}
			defer hangUp(inner)
			join(conn, inner)
		}()
	}
}

// join copies both ways and hands on the end of each direction.
func join(a, b net.Conn) {
	var both sync.WaitGroup
	half := func(to, from net.Conn) {
		_, err := io.Copy(to, from)
		if closer, ok := to.(interface{ CloseWrite() error }); ok && err == nil {
			err = closer.CloseWrite()
		}
		if err != nil { // the other side would wait for ever
			hangUp(to, from)
		}
	}
	both.Go(func() { half(a, b) })
	both.Go(func() { half(b, a) })
	both.Wait()
}

// hangUp closes what nothing more is expected of.
func hangUp(all ...io.Closer) {
	for _, one := range all {
		_ = one.Close()
	}
}

// maxAddress is the longest line that readAddress takes.
const maxAddress = 300

// readAddress reads the line with which [Cluster.DialContext] says where it wants to go. It reads no byte more.
func readAddress(conn net.Conn) (string, error) {
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return "", err
	}
	line, err := bufio.NewReaderSize(io.LimitReader(oneByOne{conn}, maxAddress), 16).ReadString('\n')
	if err != nil {
		return "", err
	}
	return strings.TrimSuffix(line, "\n"), conn.SetReadDeadline(time.Time{})
}

// oneByOne reads single bytes, so that a buffer in front of it holds nothing back.
type oneByOne struct{ io.Reader }

func (r oneByOne) Read(p []byte) (int, error) { return r.Reader.Read(p[:min(1, len(p))]) }

// DialContext connects to an address inside of the cluster, such as that of a Service or a pod, as a proxy in front of
// the cluster would. An address that refuses shows as a connection that ends at once. It fits http.Transport.
func (c *Cluster) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	if network != "tcp" && network != "tcp4" || len(address) >= maxAddress || strings.Contains(address, "\n") {
		return nil, fmt.Errorf("dial %s %q inside of the cluster: want tcp and an address", network, address)
	}
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "unix", c.layout.door())
	if err != nil {
		return nil, err
	}
	if _, err := io.WriteString(conn, address+"\n"); err != nil {
		hangUp(conn)
		return nil, err
	}
	return conn, nil
}
