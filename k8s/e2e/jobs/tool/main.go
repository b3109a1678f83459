// Command tool is all that the images of the tests hold. Its arguments, or those in the parameters of process type "run",
// say what it does; see commands.
package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// commands are what the program can do.
var commands = map[string]func(args []string) error{
	"echo":         echo,     // tells everything that it was given
	"print":        printAll, // a line for each argument
	"exit":         exit,     // with a code, after a line on standard error
	"oom":          oom,      // uses memory until it is killed
	"child":        child,    // has another one do that, and ends well
	"sleep":        sleep,    // for some seconds, or until SIGTERM, of which it tells
	"spew":         spew,     // lines, so many a second
	"write":        write,    // a file
	"read":         read,     // files, and tells what is in them
	"fill":         fill,     // a file with so many MB, and waits
	"noise":        noise,    // a line that is too long, bytes that are no text, and an end without a line feed
	"env":          env,      // the values of variables, a line for each
	"env-and-fail": func(args []string) error { return errors.Join(env(args), errors.New("and that was it")) },
}

func main() {
	args := os.Args[1:]
	switch kind := os.Getenv("PROCESS_TYPE"); {
	case kind == "run":
		var parameters struct{ Args []string }
		if err := json.Unmarshal([]byte(os.Getenv("PARAMETERS_JSON")), &parameters); err != nil {
			fail(err)
		}
		args = parameters.Args
	case kind != "":
		args = []string{kind}
	}
	if len(args) == 0 || commands[args[0]] == nil {
		fail(fmt.Errorf("no such command: %q", args))
	}
	if err := commands[args[0]](args[1:]); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "ERROR:", err)
	os.Exit(2)
}

// given is what echo tells.
type given struct {
	Args       []string
	Env        map[string]string
	Parameters []byte // of PARAMETERS_FILE
	UID, GID   int
	Groups     []int
	Dir        string
}

// echo prints in base64, in lines that nobody cuts.
func echo(args []string) error {
	all := given{Args: args, Env: map[string]string{}, UID: os.Getuid(), GID: os.Getgid()}
	for _, variable := range os.Environ() {
		name, value, _ := strings.Cut(variable, "=")
		all.Env[name] = value
	}
	var err error
	if all.Groups, err = os.Getgroups(); err != nil {
		return err
	}
	if all.Dir, err = os.Getwd(); err != nil {
		return err
	}
	if file := os.Getenv("PARAMETERS_FILE"); file != "" {
		if all.Parameters, err = os.ReadFile(file); err != nil {
			return err
		}
	}
	text, err := json.Marshal(all)
	if err != nil {
		return err
	}
	for rest := base64.StdEncoding.EncodeToString(text); rest != ""; {
		n := min(len(rest), 4000)
		fmt.Println(rest[:n])
		rest = rest[n:]
	}
	return nil
}

func printAll(args []string) error {
	for _, arg := range args {
		fmt.Println(arg)
	}
	return nil
}

func exit(args []string) error {
	code, err := number(args, 0)
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "this is why: exit", code)
	os.Exit(code)
	return nil
}

func oom([]string) error {
	fmt.Println("taking all memory")
	var all [][]byte
	for {
		block := make([]byte, 1<<20)
		for i := 0; i < len(block); i += 4096 {
			block[i] = 1
		}
		all = append(all, block)
		if len(all) > 4096 {
			return errors.New("4 GiB are not the end")
		}
	}
}

func child([]string) error {
	cmd := exec.Command("/proc/self/exe", "oom")
	// The kernel takes the larger of the two: not this one.
	cmd.Stdout, cmd.Stderr, cmd.Env = os.Stdout, os.Stderr, []string{"PROCESS_TYPE="}
	fmt.Println("the child ended:", cmd.Run())
	return nil
}

func sleep(args []string) error {
	seconds, err := number(args, 0)
	if err != nil {
		return err
	}
	term := make(chan os.Signal, 1)
	signal.Notify(term, syscall.SIGTERM)
	fmt.Println("asleep")
	select {
	case <-term:
		fmt.Println("asked to end")
		os.Exit(143)
	case <-time.After(time.Duration(seconds) * time.Second):
		fmt.Println("awake")
	}
	return nil
}

// spew prints numbered lines, each with one after it that is always the same: count of them all, a number a second, in
// bursts, each padded to a width.
func spew(args []string) error {
	count, err := number(args, 0)
	if err != nil {
		return err
	}
	rate, err := number(args, 1)
	if err != nil {
		return err
	}
	width, err := number(args, 2)
	if err != nil {
		return err
	}
	const bursts = 20 // a second
	pad := strings.Repeat("x", width)
	out := bufio.NewWriterSize(os.Stdout, 64<<10)
	tick := time.NewTicker(time.Second / bursts)
	defer tick.Stop()
	for i := 0; i < count; {
		for range max(rate/bursts, 1) {
			if i >= count {
				break
			}
			fmt.Fprintf(out, "%d %s\nsame\n", i, pad)
			i++
		}
		if err := out.Flush(); err != nil {
			return err
		}
		<-tick.C
	}
	return out.Flush()
}

func noise([]string) error {
	_, err := os.Stdout.WriteString(strings.Repeat("x", 200<<10) + "\n\xff\xfe\x00\x1b[31m\n\n\r\nno line feed")
	return err
}

func env(args []string) error {
	for _, name := range args {
		fmt.Println(name, "is", os.Getenv(name))
	}
	return nil
}

func write(args []string) error {
	if len(args) != 2 {
		return errors.New("want a file and a text")
	}
	return os.WriteFile(args[0], []byte(args[1]), 0o644)
}

func fill(args []string) error {
	if len(args) != 2 {
		return errors.New("want a file and a number")
	}
	count, err := number(args, 1)
	if err != nil {
		return err
	}
	file, err := os.Create(args[0])
	if err != nil {
		return err
	}
	block := make([]byte, 1<<20)
	for range count {
		if _, err := file.Write(block); err != nil {
			return err
		}
	}
	if err := file.Close(); err != nil {
		return err
	}
	fmt.Println("filled")
	return sleep([]string{"600"})
}

func read(args []string) error {
	for _, name := range args {
		text, err := os.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) {
			text, err = []byte("not there"), nil
		}
		if err != nil {
			return err
		}
		fmt.Printf("%s: %s\n", name, text)
	}
	return nil
}

func number(args []string, i int) (int, error) {
	if i >= len(args) {
		return 0, fmt.Errorf("argument %d is missing", i+1)
	}
	return strconv.Atoi(args[i])
}
