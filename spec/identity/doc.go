// Package identity is who directors and operators are to each other: Ed25519 keys in a PEM file, and TLS 1.3 that admits keys and
// nothing else. There is no authority, no name and no date to check: a certificate is made at the start, only to carry the key, and what
// counts is that its owner holds the secret of a public key that the fleet declares.
package identity
