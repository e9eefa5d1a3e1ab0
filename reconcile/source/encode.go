package source

import (
	"io"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
	"github.com/go-git/go-git/v5/plumbing/storer"
)

// deltaWindow is how many neighbours an object is compared with to store it as a difference; git's own default (pack.window).
const deltaWindow = 10

// encode streams a pack of objects. Closing the stream ends the goroutine before it returns: the storage may be closed then.
func encode(sto storer.EncodedObjectStorer, hashes []plumbing.Hash) io.ReadCloser {
	r, w := io.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, err := packfile.NewEncoder(w, sto, false).Encode(hashes, deltaWindow)
		w.CloseWithError(err)
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
