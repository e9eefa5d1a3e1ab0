package spec

import (
	"io/fs"
	"maps"
	"sync"

	"github.com/hashicorp/hcl/v2"
	"github.com/lbsync/lbsync/spec/internal/schema"
)

// The limits of a fleet, besides those of its expressions.
const (
	MaxFiles     = 4096
	MaxBlocks    = 32768    // at the top of files, or virtual servers and instances of a cluster
	MaxFleetSize = 16 << 20 // bytes of all files together
	MaxBlockSize = 512 << 10
	maxSteps     = 20_000_000 // evaluation steps of all blocks together
)

// LoadFS loads the fleet from every *.hcl file below a folder. The fleet is nil when there are errors; warnings alone leave it
// usable. Every diagnostic has a subject; its file is found in Sources.
func LoadFS(fsys fs.FS) (*Fleet, *Sources, hcl.Diagnostics) { return NewLoader().Load(fsys) }

// Loader loads fleets one after another, and reads again only the blocks that changed since: those that did not are the same
// pointers in both fleets. A block is a director, an operator, a policy, a cluster, or a virtual_server or vrrp_instance in a cluster. Of a file system with
// a method BlobID(name string) (string, bool), whose equal ids promise equal bytes, it does not even open a file that it knows.
// A Loader is not for concurrent use.
type Loader struct {
	seeds  seeds
	units  map[sum]*unit
	sound  map[contentKey]*content // of the last fleet without a mistake
	known  map[contentKey]*content // of that, and of the last one
	latest map[string]*content     // by file, of the last fleet
	fleet  *Fleet                  // the last one without a mistake
}

// NewLoader is a loader that knows nothing yet.
func NewLoader() *Loader {
	return &Loader{seeds: newSeeds(), units: map[sum]*unit{}}
}

// load is one run of a Loader.
type load struct {
	*Loader
	fsys   fs.FS
	env    *schema.Env
	locals map[string]sum // by name: what their values are
	report *report
	files  []*source

	mu    sync.Mutex
	texts map[string]textFile
}

// Load loads the fleet; see LoadFS.
func (l *Loader) Load(fsys fs.FS) (*Fleet, *Sources, hcl.Diagnostics) {
	run := &load{Loader: l, fsys: fsys, texts: map[string]textFile{}, report: &report{}}
	run.read()
	return run.load()
}

// LoadText loads a fleet that is one text, such as that of a policy_test. It cannot read files.
func LoadText(name, text string) (*Fleet, hcl.Diagnostics) {
	run := &load{Loader: NewLoader(), fsys: noFiles{}, texts: map[string]textFile{}, report: &report{}}
	run.files = []*source{{name: name, content: &content{text: []byte(text), places: map[Pos]hcl.Range{}}, fresh: true}}
	fleet, _, diags := run.load()
	return fleet, diags
}

type noFiles struct{}

func (noFiles) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// load loads what was read.
func (run *load) load() (*Fleet, *Sources, hcl.Diagnostics) {
	l := run.Loader
	run.split()
	run.evaluateLocals()
	works := run.works()
	run.decode(works)
	fleet := run.assemble(works)
	run.check(fleet)
	l.retain(works, run.files, run.report.failed())
	diags := run.report.finish(run.rangeOf)
	sources := &Sources{fsys: run.fsys, kept: run.mentioned(diags), names: run.names()}
	if diags.HasErrors() {
		return nil, sources, diags
	}
	l.fleet = fleet.Fleet
	return fleet.Fleet, sources, append(diags, pendingWarnings(fleet.Fleet, run.rangeOf)...)
}

// retain keeps what this load found. After an error what was sound before is kept too: the mistake is mostly mended next.
func (l *Loader) retain(works []*work, files []*source, failed bool) {
	l.latest, l.known = make(map[string]*content, len(files)), make(map[contentKey]*content, len(files))
	for _, f := range files {
		if !f.broken {
			l.latest[f.name], l.known[f.key] = f.content, f.content
		}
	}
	for _, w := range works {
		if w.unit != nil && !w.failed && !w.cached {
			w.block.unit, l.units[w.key] = w.unit, w.unit
		}
	}
	if failed {
		maps.Copy(l.known, l.sound)
		return
	}
	l.sound = l.known
	l.forget(works)
}

// forget drops the units that this load did not use, once they are many: making the map anew costs more than reading a changed block.
func (l *Loader) forget(works []*work) {
	if len(l.units) <= len(works)+len(works)/4 {
		return
	}
	l.units = make(map[sum]*unit, len(works))
	for _, w := range works {
		l.units[w.key] = w.unit
	}
}
