package view

// Version is what this program is.
type Version struct {
	Head
	Program string `json:"program"` // version of lbsync
	Go      string `json:"go"`
	Commit  string `json:"commit,omitempty"` // of lbsync's own source
}

// NewVersion makes the document.
func NewVersion(program, goVersion, commit string) Version {
	return Version{head("version"), program, goVersion, commit}
}

// Text is one line.
func (v Version) Text(t *Text) {
	line := "lbsync " + v.Program + " (" + v.Go
	if v.Commit != "" {
		line += ", commit " + v.Commit
	}
	t.Linef("%s)", line)
}
