module headgate.dev/parts/forgejo

go 1.23

// Forgejo's module goes by Gitea's name, and says which Gitea's API it is compatible with.
require code.gitea.io/gitea v1.22.0

replace code.gitea.io/gitea => ./source

// In place of modules of code.forgejo.org, as source.sed has it; in Gitea 1.22's versions.
require (
	gitea.com/go-chi/binding v0.0.0-20240430071103-39a851e106ed
	gitea.com/go-chi/cache v0.2.1
	gitea.com/go-chi/session v0.0.0-20240316035857-16768d98ec96
	github.com/dchest/captcha v1.0.0
	github.com/dimiro1/reply v0.0.0-20200315094148-d0136a4c9e21
	strk.kbt.io/projects/go/libravatar v0.0.0-20191008002943-06d1c002b251
)

replace github.com/nektos/act => gitea.com/gitea/act v0.259.1

// As Forgejo's own go.mod has them, but for a fork of github.com/goccy/go-json that the checksum database does not know.
replace (
	github.com/hashicorp/go-version => github.com/6543/go-version v1.3.1
	github.com/shurcooL/vfsgen => github.com/lunny/vfsgen v0.0.0-20220105142115-2c99e1ffdfa0
)
