package forgejo

import (
	"context"

	"github.com/urfave/cli/v2"
)

// CmdF3 does nothing: what it would import and export with comes from code.forgejo.org.
func CmdF3(context.Context) *cli.Command {
	return &cli.Command{Name: "f3"}
}
