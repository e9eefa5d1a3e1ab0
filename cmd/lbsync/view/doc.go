// Package view is the only place that prints. Every command hands it one document, a plain value; the human text and the JSON are
// both rendered from that value, so neither can say what the other does not know. Results go to stdout, diagnostics to stderr.
package view
