package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/lbsync/lbsync/runtime/kernel"
)

// TestLab runs the scripts that need IPVS: with the kernel of the machine, each host in a network namespace.
func TestLab(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root")
	}
	k, err := kernel.Open(kernel.Options{Modprobe: true})
	if err != nil {
		t.Skipf("needs IPVS: %v", err)
	}
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
	runScripts(t, "testdata/lab", func(env *testscript.Env) {
		env.Setenv(kernelFile, "real")
		host := fmt.Sprintf("lab%d", os.Getpid()) // what the names of hosts begin with
		env.Setenv("HOST", host)
		env.Defer(func() {
			for _, ns := range []string{"lb1", "lb2", "rs1", "rs2", "wire"} {
				_ = exec.Command("ip", "netns", "del", host+"-"+ns).Run() // it may not have come that far
			}
		})
	})
}

// serveReal is a real server: it takes connections and sends datagrams back at the addresses that are its arguments, "tcp 203.0.113.1:80",
// until it is killed.
func serveReal() {
	for i := 1; i+1 < len(os.Args); i += 2 {
		network, at := os.Args[i], os.Args[i+1]
		if network == "udp" {
			c, err := net.ListenPacket(network, at)
			failOn(err)
			go echo(c)
			continue
		}
		l, err := net.Listen(network, at)
		failOn(err)
		go answerAll(l)
	}
	fmt.Println("ready")
	select {}
}

func failOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func echo(c net.PacketConn) {
	b := make([]byte, 1500)
	for {
		n, from, err := c.ReadFrom(b)
		if err != nil {
			return
		}
		_, _ = c.WriteTo(b[:n], from)
	}
}
