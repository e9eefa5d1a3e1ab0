package pair

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Wire keeps what the nodes send into one switch, in the order in which it was sent. The times are the kernel's: it stamps a frame as it
// takes it from the sender, so that a busy observer changes nothing.
type Wire struct {
	mu      sync.Mutex
	frames  []Frame
	changed chan struct{} // closed at the next frame
	places  map[int]int   // of nodes, by the index of their port
	file    *os.File
	reader  sync.WaitGroup
}

// room is the receive buffer: thousands of announcements come within milliseconds.
const room = 32 << 20

// Watch begins to keep what passes switch i.
func (s *Segment) Watch(i int) (*Wire, error) {
	w := &Wire{changed: make(chan struct{}), places: map[int]int{}}
	for place := range s.Nodes {
		link, err := s.links.LinkByName(port(place, i))
		if err != nil {
			return nil, fmt.Errorf("find port: %w", err)
		}
		w.places[link.Attrs().Index] = place
	}
	if err := Inside(s.hub, func() (err error) {
		w.file, err = capture(slices.Sorted(maps.Keys(w.places)))
		return err
	}); err != nil {
		return nil, err
	}
	w.reader.Go(w.read)
	return w, nil
}

// capture is one socket for all ports: with one for each, their readers would mix up the order.
func capture(ports []int) (*os.File, error) {
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("open a packet socket: %w", err)
	}
	filter := incoming(ports)
	err = errors.Join(unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, room),
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1),
		unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}),
		unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: bigEndian(unix.ETH_P_ALL)}))
	if err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("watch a switch: %w", err)
	}
	return os.NewFile(uintptr(fd), "switch"), nil
}

// incoming takes what comes in at a port, once. Without it the sender would pay for the copies that the bridge makes, too: they are
// captured in its own system call.
func incoming(ports []int) []unix.SockFilter {
	const ancillary, kind, index = 0xfffff000, 4, 8 // SKF_AD_OFF, SKF_AD_PKTTYPE and SKF_AD_IFINDEX of linux/filter.h
	load := func(k uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: ancillary + k}
	}
	accept := uint8(len(ports)) // from the first comparison of a port to the last instruction
	out := []unix.SockFilter{load(kind), {Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jt: accept + 1, K: unix.PACKET_OUTGOING}, load(index)}
	for n, port := range ports {
		out = append(out, unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jt: accept - uint8(n), K: uint32(port)})
	}
	const all = 1 << 16
	return append(out, unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: 0}, unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: all})
}

func bigEndian(v uint16) uint16 { return v<<8 | v>>8 }

// read ends when the file is closed.
func (w *Wire) read() {
	raw, err := w.file.SyscallConn()
	if err != nil {
		return
	}
	var buf [2048]byte
	oob := make([]byte, unix.CmsgSpace(16))
	_ = raw.Read(func(fd uintptr) bool {
		for {
			n, on, _, from, err := unix.Recvmsg(int(fd), buf[:], oob, 0)
			if err != nil {
				return !errors.Is(err, unix.EAGAIN) && !errors.Is(err, unix.EINTR) && !errors.Is(err, unix.ENETDOWN)
			}
			ll, ok := from.(*unix.SockaddrLinklayer)
			if f, known := parseFrame(buf[:n]); ok && known {
				f.Place, f.At = w.places[ll.Ifindex], stamp(oob[:on])
				w.add(f)
			}
		}
	})
}

// stamp is the time in a control message SCM_TIMESTAMPNS, the only one asked for.
func stamp(oob []byte) time.Time {
	at := unix.CmsgLen(0)
	return time.Unix(int64(binary.NativeEndian.Uint64(oob[at:])), int64(binary.NativeEndian.Uint64(oob[at+8:])))
}

func (w *Wire) add(f Frame) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.frames = append(w.frames, f)
	close(w.changed)
	w.changed = make(chan struct{})
}

// Frames are all that were kept so far.
func (w *Wire) Frames() []Frame {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.frames[:len(w.frames):len(w.frames)]
}

// Until waits for frames that satisfy what was asked, and looks at every one that comes.
func (w *Wire) Until(ctx context.Context, enough func([]Frame) bool) error {
	for {
		w.mu.Lock()
		frames, changed := w.frames[:len(w.frames):len(w.frames)], w.changed
		w.mu.Unlock()
		if enough(frames) {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for frames: %w", context.Cause(ctx))
		case <-changed:
		}
	}
}

// Close ends the capture; the frames stay.
func (w *Wire) Close() error {
	err := w.file.Close()
	w.reader.Wait()
	return err
}
