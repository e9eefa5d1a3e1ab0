package policies

// IsBuiltIn says whether a rule is one of the program.
func IsBuiltIn(name string) bool { _, ok := builtIn(name); return ok }
