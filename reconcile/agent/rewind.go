package agent

import (
	"errors"
	"fmt"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/reconcile/source"
	"github.com/lbsync/lbsync/spec"
)

// rewound refuses a tip that does not descend from the newest commit that was accepted: whoever can push could otherwise bring back
// an old mistake, or drop a fix, without a new commit.
func (a *Agent) rewound(c spec.Commit) (*spec.Refusal, error) {
	mark := a.held.HighWater
	if mark == "" || mark == c.ID || a.cfg.AnyHistory {
		return nil, nil
	}
	ok, err := a.parts.Source.IsAncestor(mark, c.ID)
	if errors.Is(err, source.ErrShallow) {
		// The first fetch brings the tip alone, the next one its history.
		a.agenda.sooner(fetch, a.later())
	}
	if ok || err != nil {
		return nil, err
	}
	return refuse(c, rewoundFrom(c, mark, "")), nil
}

func rewoundFrom(c spec.Commit, mark, by string) string {
	return fmt.Sprintf("the branch was rewound: %s does not descend from %s, which was accepted before%s; if history was rewritten on purpose, run lbsync pin %s and then lbsync unpin",
		c.Short(), spec.ShortID(mark), by, c.Short())
}

// overtaken does the same with what the other directors accepted, where this one's own mark is lost or old; it says whether the commit
// may not be applied, now or at all. The first commit of all waits until each was heard or is silent.
func (a *Agent) overtaken(c candidate) bool {
	if !c.branch || a.cfg.AnyHistory || len(c.view.Others) == 0 {
		return false
	}
	if a.held.View == nil {
		a.parts.Exchange.Trust(c.view) // else they are not asked
	}
	marks, err := a.marks(c)
	if err != nil {
		a.source = problem(a.source, "compare "+c.commit.Short()+" with what other directors accepted", err)
		a.failed()
		return true
	}
	by, hold := reconcile.Rewound(c.commit.ID, marks)
	if tip, ok := a.parts.Source.Tip(); by != nil && ok && tip.ID != c.commit.ID {
		by, hold = nil, "the branch has moved on" // what a fetch brought just now is on its way here
	}
	switch {
	case by != nil:
		a.pending, a.awaited = nil, nil
		a.refuse(*refuse(c.commit, rewoundFrom(c.commit, by.Commit, " by "+by.Director)), self)
		a.contradicted = contradiction{a.refusal, by.Director, by.Commit}
		return true
	case hold != "":
		if len(a.awaited) == 0 || a.awaited[0].Why != hold {
			a.agenda.sooner(fetch, a.later()) // once: from then on it is asked as usual
		}
		a.await(c, []spec.Hold{{Why: hold}})
		return true
	}
	return false
}

// marks are what the others of the commit's clusters accepted, as far as they can be asked.
func (a *Agent) marks(c candidate) ([]reconcile.Mark, error) {
	mates, _ := reconcile.Apart(a.parts.Exchange.Facts(), c.view)
	var out []reconcile.Mark
	for _, name := range sortedNames(mates) {
		p := mates[name]
		m := reconcile.Mark{Director: name, Unheard: a.lasting && a.held.HighWater == "" && p.Report == nil && p.Silent.IsZero()}
		if p.Report != nil {
			m.Commit = p.Report.HighWater
		}
		if err := a.place(&m, c.commit.ID); err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, nil
}

// place looks in the mirror how a mark stands to the tip and to the own mark.
func (a *Agent) place(m *reconcile.Mark, tip string) error {
	own := a.held.HighWater
	if m.Commit == "" || m.Commit == tip || m.Commit == own {
		return nil
	}
	_, err := a.parts.Source.IsAncestor(m.Commit, m.Commit)
	if err == nil {
		m.Leads, err = a.parts.Source.IsAncestor(m.Commit, tip)
	}
	if err == nil {
		m.Newer = own == ""
		if !m.Newer {
			m.Newer, err = a.parts.Source.IsAncestor(own, m.Commit)
		}
	}
	if errors.Is(err, source.ErrNoCommit) || errors.Is(err, source.ErrShallow) {
		m.Missing, err = true, nil
	}
	return err
}

// contradiction is a refusal for the sake of what another director accepted.
type contradiction struct {
	refusal          *spec.Refusal
	director, commit string
}

// reconsider takes such a refusal back when the other director does not say so any more: an operator accepted the new history there.
func (a *Agent) reconsider() bool {
	was := a.contradicted
	if was.refusal == nil || was.refusal != a.refusal {
		return false
	}
	r := a.parts.Exchange.Facts()[was.director].Report
	if r == nil || r.HighWater == was.commit {
		return false
	}
	a.refusal, a.contradicted = nil, contradiction{}
	return true
}
