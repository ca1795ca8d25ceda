# In place of modules of code.forgejo.org, which not every proxy serves, what they were made from.
/^\tcode\.forgejo\.org\//d
s|"code\.forgejo\.org/go-chi/captcha"|"github.com/dchest/captcha"|
s|"code\.forgejo\.org/go-chi/|"gitea.com/go-chi/|
s|"code\.forgejo\.org/forgejo-contrib/go-libravatar"|"strk.kbt.io/projects/go/libravatar"|
s|"code\.forgejo\.org/forgejo/reply"|"github.com/dimiro1/reply"|
# Forgejo's own github.com/gliderlabs/ssh alone has it; the world's Forgejo listens to no SSH.
s/session\.ConnPermissions()/session.Permissions()/
# A fault of this very commit, which Forgejo 10.0.1 does not have: each comment on a pull request was written, and answered with 500.
s/^\t\tpullRequest = convert\.ToAPIPullRequest(ctx, issue\./\t\t_ = issue.LoadPullRequest(ctx)\n&/
