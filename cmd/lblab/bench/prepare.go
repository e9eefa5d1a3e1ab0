package bench

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// prepare writes the rules for both systems into a folder of their own below dir: keepalived-N.conf and, in repository.git, the commits
// of branch main and of version-N, whose
// last is also in the folder tree. It runs on the host, where git is fast.
func (r Rules) prepare(ctx context.Context, dir string) error {
	dir = filepath.Join(dir, r.folder())
	tree := filepath.Join(dir, "tree")
	if err := os.MkdirAll(tree, 0o755); err != nil {
		return fmt.Errorf("make a folder for %s: %w", r, err)
	}
	if err := git(ctx, tree, "init", "-q", "-b", "main"); err != nil {
		return err
	}
	for v := range versions {
		if err := os.WriteFile(keepalivedFile(dir, v), r.keepalivedConf(v), 0o644); err != nil {
			return fmt.Errorf("write keepalived's configuration: %w", err)
		}
		if err := r.commit(ctx, tree, v); err != nil {
			return err
		}
	}
	// A clone is packed. The work tree stays too: what needs no git reads the fleet there.
	if err := git(ctx, dir, "clone", "-q", "--bare", "--no-local", "tree", "repository.git"); err != nil {
		return err
	}
	return git(ctx, filepath.Join(dir, "repository.git"), "branch", "-f", "main", branch(0))
}

func (r Rules) commit(ctx context.Context, tree string, version int) error {
	for name, text := range r.fleetFiles(version) {
		if err := os.WriteFile(filepath.Join(tree, name), text, 0o644); err != nil {
			return fmt.Errorf("write fleet: %w", err)
		}
	}
	for _, args := range [][]string{{"add", "."}, {"commit", "-q", "-m", branch(version)}, {"branch", branch(version)}} {
		if err := git(ctx, tree, args...); err != nil {
			return err
		}
	}
	return nil
}

func branch(version int) string { return fmt.Sprintf("version-%d", version) }

func keepalivedFile(dir string, version int) string {
	return filepath.Join(dir, fmt.Sprintf("keepalived-%d.conf", version))
}

// git runs git without the user's own configuration, which may sign commits or run hooks.
func git(ctx context.Context, dir string, args ...string) error {
	_, err := gitOutput(ctx, dir, args...)
	return err
}

func gitOutput(ctx context.Context, dir string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", append([]string{"-c", "user.name=bench", "-c", "user.email=bench@example.net", "-C", dir}, args...)...)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("git %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out)), nil
}
