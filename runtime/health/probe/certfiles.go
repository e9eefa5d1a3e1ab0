package probe

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"sync"
	"weak"

	"github.com/lbsync/lbsync/runtime/patient"
)

// certFiles are the files of this host that a check needs for TLS; "" where there is none. They are read when they changed, which costs
// a probe stat(2) of each. All checks with the same files share them: where a file system hangs, one call waits for it and not one of
// each check, which has a thread of the process.
type certFiles struct {
	certPaths
	now   patient.Call[*certs]
	state fileStates // when they were read
	held  *certs
}

type certPaths struct{ ca, cert, key string }

// certs are what the files say. The same pointer says that they have not changed.
type certs struct {
	roots *x509.CertPool    // nil: those of the system
	own   []tls.Certificate // one, or none
}

// certTable has the files that some check uses.
var certTable = struct {
	sync.Mutex
	of map[certPaths]weak.Pointer[certFiles]
}{of: map[certPaths]weak.Pointer[certFiles]{}}

func certFilesOf(paths certPaths) *certFiles {
	certTable.Lock()
	defer certTable.Unlock()
	if f := certTable.of[paths].Value(); f != nil {
		return f
	}
	f := &certFiles{certPaths: paths}
	f.now.Do = f.load
	certTable.of[paths] = weak.Make(f)
	runtime.AddCleanup(f, forgetCertFiles, paths)
	return f
}

// forgetCertFiles is called when no check uses them any more, and none may since.
func forgetCertFiles(paths certPaths) {
	certTable.Lock()
	defer certTable.Unlock()
	if certTable.of[paths].Value() == nil {
		delete(certTable.of, paths)
	}
}

// load is one call at a time.
func (f *certFiles) load() (*certs, error) {
	now, err := f.stat()
	if err != nil {
		return nil, err
	}
	if f.held != nil && now.same(f.state) {
		return f.held, nil
	}
	held, err := f.read()
	if err != nil {
		return nil, err
	}
	f.held, f.state = held, now
	return held, nil
}

// fileStates are those of ca, cert and key; nil where there is none.
type fileStates [3]fs.FileInfo

func (f *certFiles) stat() (fileStates, error) {
	var out fileStates
	for i, name := range []string{f.ca, f.cert, f.key} {
		if name == "" {
			continue
		}
		info, err := os.Stat(name)
		if err != nil {
			return out, fmt.Errorf("read certificates: %w", err)
		}
		out[i] = info
	}
	return out, nil
}

func (f fileStates) same(o fileStates) bool {
	for i := range f {
		if f[i] != nil && (!os.SameFile(f[i], o[i]) || f[i].Size() != o[i].Size() || !f[i].ModTime().Equal(o[i].ModTime())) {
			return false
		}
	}
	return true
}

func (f *certFiles) read() (*certs, error) {
	c := &certs{}
	if f.ca != "" {
		pem, err := readRegular(f.ca)
		if err != nil {
			return nil, fmt.Errorf("read ca_file: %w", err)
		}
		c.roots = x509.NewCertPool()
		if !c.roots.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("read ca_file: %s has no certificate in PEM", f.ca)
		}
	}
	if f.cert != "" {
		own, err := f.readOwn()
		if err != nil {
			return nil, fmt.Errorf("read client certificate: %w", err)
		}
		c.own = []tls.Certificate{own}
	}
	return c, nil
}

func (f *certFiles) readOwn() (tls.Certificate, error) {
	cert, err := readRegular(f.cert)
	if err != nil {
		return tls.Certificate{}, err
	}
	key, err := readRegular(f.key)
	if err != nil {
		return tls.Certificate{}, err
	}
	own, err := tls.X509KeyPair(cert, key)
	if err != nil {
		err = fmt.Errorf("%s and %s: %w", f.cert, f.key, err)
	}
	return own, err
}

func readRegular(path string) ([]byte, error) {
	f, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return io.ReadAll(f)
}
