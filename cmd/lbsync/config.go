package main

import (
	"fmt"
	"os"

	"github.com/hashicorp/hcl/v2"

	"github.com/lbsync/lbsync/spec"
)

// agentConfig reads the agent's own file; what is wrong in it is shown with its place.
func (a *app) agentConfig() (*spec.AgentConfig, error) {
	src, err := os.ReadFile(a.config)
	if err != nil {
		return nil, fmt.Errorf("read the agent's own file: %w; --config names another one", err)
	}
	cfg, diags := spec.LoadAgentConfig(a.config, src)
	files := map[string]*hcl.File{a.config: {Bytes: src}}
	if err := a.print.Diagnostics(diags, files); err != nil {
		return nil, err
	}
	if diags.HasErrors() {
		return nil, fmt.Errorf("%s cannot be used", a.config)
	}
	return cfg, nil
}
