package main

import (
	"fmt"
	"strings"
)

// always pass from the caller; anything else of its environment would make results depend on who runs them.
var always = []string{"PATH", "HOME"}

// environment resolves NAME and NAME=VALUE; lookup is os.LookupEnv.
func environment(names []string, lookup func(string) (string, bool)) ([]string, error) {
	var env []string
	for _, name := range always {
		if value, found := lookup(name); found {
			env = append(env, name+"="+value)
		}
	}
	for _, name := range names {
		if strings.Contains(name, "=") {
			env = append(env, name)
			continue
		}
		value, found := lookup(name)
		if !found {
			return nil, fmt.Errorf("pass the variable %s on: it is not set; write --env %[1]s=VALUE", name)
		}
		env = append(env, name+"="+value)
	}
	return env, nil
}
