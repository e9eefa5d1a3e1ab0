package source

import (
	"io"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
	"github.com/go-git/go-git/v5/plumbing/storer"
)

// deltaWindow is how many neighbours an object is compared with to store it as a difference; git's own default (pack.window).
const deltaWindow = 10

// encode streams a pack of objects.
func encode(sto storer.EncodedObjectStorer, hashes []plumbing.Hash) io.ReadCloser {
	return stream(func(w io.Writer) error {
		_, err := packfile.NewEncoder(w, sto, false).Encode(hashes, deltaWindow)
		return err
	})
}

// stream is what a function writes. Closing it ends the function before it returns: the storage may be closed then.
func stream(write func(io.Writer) error) io.ReadCloser {
	r, w := io.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.CloseWithError(write(w))
	}()
	return &encoding{r, done}
}

type encoding struct {
	*io.PipeReader
	done <-chan struct{}
}

func (e *encoding) Close() error {
	err := e.PipeReader.Close()
	<-e.done
	return err
}
