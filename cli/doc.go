// Package cli is what the programs of the family have in common at the terminal: flags that an environment variable can
// set too, logs, colour, and the one line an error ends the program with.
//
// It knows no command and no document, and it never ends the process.
package cli
