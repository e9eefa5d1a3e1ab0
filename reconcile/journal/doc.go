// Package journal keeps the audit: append-only segments of JSON lines, each chained to the one before by its SHA-256.
//
// A segment is a file 00000001.jsonl, 00000002.jsonl, …; none is ever deleted. Every line begins, in every version, with the fields
// v, seq, time and prev in this order; prev is the SHA-256 of the bytes of the line before without its newline, in hexadecimal, and
// 64 zeros in record 1. The chain runs on from one segment into the next. What a newer version adds to a line is covered by the hash
// without being understood.
//
// The chain shows what was cut, edited or reordered. It cannot show that the end was cut off, or that all of it was written anew:
// this takes a Head that somebody else keeps, and Verify compares with it.
package journal
