// Command lbsync keeps Linux Virtual Server directors as a git repository says: one binary for the agent and for every command of
// the operator. One file holds one verb; only this package wires rooms together, and only package view prints.
package main

import "os"

// version is set by the linker (-X main.version=…).
var version = "unknown"

func main() {
	os.Exit(newApp(os.Stdin, os.Stdout, os.Stderr).run(os.Args[1:]))
}
