//go:build e2e

package jobs

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// entry is an entry of a tar.
type entry struct {
	tar.Header

	text string
}

func tarOf(t *testing.T, entries ...entry) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, e := range entries {
		e.Size = int64(len(e.text))
		if err := w.WriteHeader(&e.Header); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, e.text); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func file(name, text string) entry { return entry{tar.Header{Name: name, Mode: 0o644}, text} }

func link(name, to string) entry {
	return entry{tar.Header{Name: name, Typeflag: tar.TypeSymlink, Linkname: to}, ""}
}

// saved is an archive as docker save writes it, of an image of one layer.
func saved(t *testing.T, name string, layer []byte) []byte {
	t.Helper()
	sum := sha256.Sum256(layer)
	config := `{"os":"linux","architecture":"amd64","config":{"Entrypoint":["/x"],"User":"1:1"},"rootfs":{"type":"layers","diff_ids":["sha256:` + hex.EncodeToString(sum[:]) + `"]}}`
	return tarOf(t, file("config.json", config), file("layer.tar", string(layer)),
		file("manifest.json", `[{"Config":"config.json","RepoTags":["`+name+`"],"Layers":["layer.tar"]}]`))
}

// TestHostileArchivesAreRefusedAndCostLittle: each with what is wrong, none leaves an environment or a file, and the
// backend goes on. T20.
func TestHostileArchivesAreRefusedAndCostLittle(t *testing.T) {
	t.Parallel()
	spool := t.TempDir()
	b := newBackend(t, "hostile", "--spool-dir", spool, "--max-image", "64Mi")
	schemas := file("app/process_schemas.json", `{"a":{"schema":{"type":"object"}}}`)
	good := saved(t, "good:1", tarOf(t, schemas))
	other := sha256.Sum256([]byte("another layer"))
	var bomb bytes.Buffer
	packed := gzip.NewWriter(&bomb)
	if _, err := io.CopyN(packed, zeros{}, 256<<20); err != nil {
		t.Fatal(err)
	}
	if err := packed.Close(); err != nil {
		t.Fatal(err)
	}
	layer := tarOf(t, schemas)
	sum := sha256.Sum256(layer)
	lie := bytes.Replace(saved(t, "lie:1", layer), []byte(hex.EncodeToString(sum[:])), []byte(hex.EncodeToString(other[:])), 1)
	before := memoryPeak(t, b)
	for name, tt := range map[string]struct {
		status int
		body   []byte
	}{
		"not a tar":                   {422, []byte("text")},
		"cut":                         {422, good[:len(good)/2]},
		"a bomb":                      {413, bomb.Bytes()},
		"a layer that leads out":      {422, saved(t, "out:1", tarOf(t, file("../../etc/cron.d/x", "* * * * * root true")))},
		"a whiteout that leads out":   {422, saved(t, "white:1", tarOf(t, file("a/.wh...", "")))},
		"a hard link that leads out":  {422, saved(t, "hard:1", tarOf(t, entry{tar.Header{Name: "app/x", Typeflag: tar.TypeLink, Linkname: "../../etc/shadow"}, ""}))},
		"links in circles":            {422, saved(t, "loop:1", tarOf(t, link("app", "app2"), link("app2", "app"), file("app/process_schemas.json", "{}")))},
		"another layer than promised": {422, lie},
		"schemas that reach out":      {422, saved(t, "ref:1", tarOf(t, file("app/process_schemas.json", `{"a":{"schema":{"$ref":"file:///etc/passwd"}}}`)))},
		"a name that is none":         {422, saved(t, "../../x:1", layer)},
	} {
		archive := filepath.Join(t.TempDir(), "image.tar")
		if err := os.WriteFile(archive, tt.body, 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := b.upload(t, "ada", archive)
		if err != nil || got.status != tt.status || !bytes.Contains(got.body, []byte(`"code"`)) {
			t.Errorf("%s: %d, want %d, with a code (%v): %.300s", name, got.status, tt.status, err, got.body)
		}
	}
	// A link to a file of the backend's machine is a link within the image: there is no such file.
	archive := filepath.Join(t.TempDir(), "image.tar")
	if err := os.WriteFile(archive, saved(t, "link:1", tarOf(t, link("app/process_schemas.json", "/etc/passwd"))), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := b.upload(t, "ada", archive); err != nil || got.status != http.StatusCreated || bytes.Contains(got.body, []byte("root:")) {
		t.Errorf("a link to the backend's files: %d, %v: %.300s", got.status, err, got.body)
	}
	var list []struct{ FullName string }
	b.want(t, http.StatusOK, http.MethodGet, "/environments", nil).into(t, &list)
	if len(list) != 1 {
		t.Errorf("environments %v", list)
	}
	if left, err := os.ReadDir(spool); err != nil || len(left) != 0 {
		t.Errorf("%v is left in the spool (%v)", left, err)
	}
	if peak := memoryPeak(t, b); peak > before+100 {
		t.Errorf("the peak of memory went from %d to %d MB", before, peak)
	}
	b.register(t, archives["tool"])
}

// zeros never end.
type zeros struct{}

// Read implements io.Reader.
func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// memoryPeak is what the program had resident at most, in MB.
func memoryPeak(t *testing.T, b *backend) (mb int) {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", b.program.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	if _, err := fmt.Sscan(rest, &mb); err != nil {
		t.Fatal(err)
	}
	return mb >> 10
}

// TestStreamThatIsCutGoesOnWhereItWas: a client loses its connection again and again and sends the id that it saw last,
// until the stream has ended. No line is missing, and none comes twice. T22.
func TestStreamThatIsCutGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	b := newBackend(t, "stream")
	id := b.register(t, archives["tool"])
	const count = 200
	path := b.launch(t, work(id, "spew", fmt.Sprint(count), "20", "3"))
	var got []string
	last, ended, connections := "", false, 0
	for ; !ended && connections < 200; connections++ {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+b.address+path+"/logs", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Accept", "text/event-stream")
		request.Header.Set("Authorization", "Bearer "+b.tokens["ada"])
		if last != "" {
			request.Header.Set("Last-Event-ID", last)
		}
		answer, err := b.client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		lines, before := bufio.NewScanner(answer.Body), len(got)
		for len(got) < before+29 && lines.Scan() {
			line := lines.Text()
			if id, ok := strings.CutPrefix(line, "id: "); ok {
				last = id
			}
			if _, rest, ok := strings.Cut(line, `"message":"`); ok {
				message, _, _ := strings.Cut(rest, `"`)
				got = append(got, message)
			}
			ended = ended || line == "event: end"
		}
		answer.Body.Close()
	}
	var want []string
	for i := range count {
		want = append(want, fmt.Sprint(i, " xxx"), "same")
	}
	if diff := cmp.Diff(want, got); diff != "" || connections < 10 {
		t.Errorf("%d connections; lines (-want +got):\n%s", connections, diff)
	}
}
