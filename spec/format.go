package spec

import (
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/lbsync/lbsync/spec/internal/scan"
)

// FormatHCL puts source into the canonical layout: indentation by two blanks, aligned equals signs. What does not even scan is
// returned as it is; its mistakes are for validation to name.
func FormatHCL(src []byte) []byte {
	if _, problem := scan.Split(src, scan.Options{}); problem != nil || len(src) > MaxFleetSize {
		return src
	}
	return hclwrite.Format(src)
}
