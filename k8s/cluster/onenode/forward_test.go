package onenode

import (
	"bytes"
	"io"
	"net"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestForwardCarriesBothWaysAndEnds talks to a server through a door, half-closing on the way.
func TestForwardCarriesBothWaysAndEnds(t *testing.T) {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	go func() {
		conn, err := server.Accept()
		if err != nil {
			return
		}
		data, _ := io.ReadAll(conn) // until the client has said all
		_, _ = conn.Write(bytes.ToUpper(data))
		hangUp(conn)
	}()
	c := &Cluster{layout: layout{t.TempDir()}}
	door, err := net.Listen("unix", c.layout.door())
	if err != nil {
		t.Fatal(err)
	}
	defer door.Close()
	go serveForward(door, readAddress)
	conn, err := c.DialContext(t.Context(), "tcp", server.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "hello"); err != nil {
		t.Fatal(err)
	}
	if err := conn.(*net.UnixConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if answer, err := io.ReadAll(conn); err != nil || string(answer) != "HELLO" {
		t.Errorf("%q, %v", answer, err)
	}
	for _, address := range []string{"a\nb", strings.Repeat("a", maxAddress)} {
		if _, err := c.DialContext(t.Context(), "tcp", address); err == nil {
			t.Errorf("dialled %q", address)
		}
	}
}

// FuzzReadAddress shows that the door takes a line and no byte of what follows it.
func FuzzReadAddress(f *testing.F) {
	f.Add([]byte("10.96.0.1:443\nGET / HTTP/1.1\r\n"))
	f.Add([]byte("\n"))
	f.Add(bytes.Repeat([]byte("a"), 2*maxAddress))
	f.Fuzz(func(t *testing.T, data []byte) {
		near, far := socketPair(t)
		go func() {
			_, _ = near.Write(data)
			hangUp(near)
		}()
		line, rest, complete := bytes.Cut(data, []byte("\n"))
		address, err := readAddress(far)
		if fits := complete && len(line) < maxAddress; (err == nil) != fits {
			t.Fatalf("%q: %v", data, err)
		}
		defer hangUp(far)
		if err != nil {
			return
		}
		left, _ := io.ReadAll(far)
		if address != string(line) || !bytes.Equal(left, rest) {
			t.Errorf("%q: address %q, left %q", data, address, left)
		}
	})
}

// socketPair is two connected sockets. (A net.Pipe takes no deadline once its other end is closed, which sockets do.)
func socketPair(t *testing.T) (near, far net.Conn) {
	t.Helper()
	ends, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	conns := [2]net.Conn{}
	for i, fd := range ends {
		file := os.NewFile(uintptr(fd), "end")
		conns[i], err = net.FileConn(file)
		file.Close()
		if err != nil {
			t.Fatal(err)
		}
	}
	return conns[0], conns[1]
}
