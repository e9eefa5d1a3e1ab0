package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"
)

func TestLogKeepsLevelsFieldsAndGroups(t *testing.T) {
	var b bytes.Buffer
	log, err := newLog(&b, "info")
	if err != nil {
		t.Fatal(err)
	}
	log.Debug("not shown")
	log.With("director", "lb1").WithGroup("plan").Warn("apply", "changes", 3, "error", errors.New("no ip_vs"))
	var got map[string]any
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatalf("%v in %q", err, b.String())
	}
	plan, _ := got["plan"].(map[string]any)
	if got["level"] != "warn" || got["msg"] != "apply" || got["director"] != "lb1" || plan["changes"] != 3.0 || plan["error"] != "no ip_vs" {
		t.Errorf("line is %s", b.String())
	}
}
