package main

import (
	"github.com/spf13/cobra"
)

func (a *app) completion(root *cobra.Command) *cobra.Command {
	shells := []string{"bash", "zsh", "fish"}
	return &cobra.Command{
		Use: "completion bash|zsh|fish", Short: "Write the completion script of a shell", ValidArgs: shells,
		Args: arguments(1, 1, "a shell: bash, zsh or fish"),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := a.textOnly("completion"); err != nil {
				return err
			}
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(a.out, true)
			case "zsh":
				return root.GenZshCompletion(a.out)
			case "fish":
				return root.GenFishCompletion(a.out, true)
			}
			return usagef("completion: shell %q is not known; use bash, zsh or fish", args[0])
		},
	}
}

// textOnly refuses -o json where there is no document to print.
func (a *app) textOnly(verb string) error {
	if a.print.JSON {
		return usagef("%s: has no JSON form", verb)
	}
	return nil
}
