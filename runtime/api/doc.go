// Package api is how an operator's command talks to the local agent: HTTP and JSON over a unix socket that only root may use.
// Every document carries its version; who asks is taken from the socket (SO_PEERCRED), never from the request.
package api
