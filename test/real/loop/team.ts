import { type Caller, caller, type GiteaStage, type RunningGitea, setGiteaStage } from '../../conformance/gitea.ts';

export interface Commit {
  id: string;
  message: string;
  parents: string[];
}

export interface Pull {
  number: number;
  state: string;
  merged: boolean;
}

/** A team with a private repository on Gitea, which it works on through Gitea's API. */
export interface Team {
  /** The repository's address. */
  url: string;
  /** Of someone who may write to it, and is no administrator. */
  writeToken: string;
  /** For reading only. */
  readToken: string;
  /** Puts files where there may have been others before; answers with the commit. */
  commit(message: string, files: Record<string, string>): Promise<string>;
  /** Of the main branch, the latest first. */
  log(): Promise<Commit[]>;
  /** The id of each file's content, by path. */
  tree(commit: string): Promise<Record<string, string>>;
  /** What people see beside a commit. */
  statuses(commit: string): Promise<{ state: string; context: string; description: string }[]>;
  /** Lets nobody but the owner push to main; others propose, and what they propose may be merged. */
  protect(): Promise<void>;
  pulls(): Promise<Pull[]>;
  closePull(number: number): Promise<void>;
  close(): Promise<void>;
}

const ANN = { name: 'Ann', email: 'ann@example.com' };

async function treeOf(api: Caller, at: string, commit: string): Promise<Record<string, string>> {
  const answer = await api<{ tree: { path: string; type: string; sha: string }[] }>(
    'GET',
    `${at}/git/trees/${commit}?recursive=1`,
  );
  return Object.fromEntries(answer.tree.filter(({ type }) => type === 'blob').map(({ path, sha }) => [path, sha]));
}

async function logOf(api: Caller, at: string): Promise<Commit[]> {
  const commits = await api<{ sha: string; commit: { message: string }; parents: { sha: string }[] }[]>(
    'GET',
    `${at}/commits?sha=main&limit=50&stat=false&files=false`,
  );
  return commits.map(({ sha, commit, parents }) => ({
    id: sha,
    message: commit.message,
    parents: parents.map((parent) => parent.sha),
  }));
}

/** Headgate's tokens are those of a collaborator. */
function tokensOf({ access, readOnly = [] }: GiteaStage): { writeToken: string; readToken: string } {
  const [, mayReadOnly] = readOnly;
  if (!access.token || !mayReadOnly?.token) throw new Error('nobody has a token');
  return { writeToken: access.token, readToken: mayReadOnly.token };
}

/** Founds a team; its repository holds nothing but what Gitea begins with. */
export async function foundTeam(gitea: RunningGitea): Promise<Team> {
  const stage = await setGiteaStage(gitea);
  // Not by way of the stage's proxy.
  const { pathname } = new URL(stage.access.url);
  const api = caller(gitea.url, `token ${gitea.admin.token}`);
  const at = `/repos${pathname}`;
  return {
    url: gitea.url + pathname,
    ...tokensOf(stage),
    async commit(message, files) {
      const there = await treeOf(api, at, 'main');
      const changes = Object.entries(files).map(([path, text]) => {
        const content = Buffer.from(text).toString('base64');
        return there[path]
          ? { operation: 'update', path, content, sha: there[path] }
          : { operation: 'create', path, content };
      });
      const body = { branch: 'main', message, author: ANN, files: changes };
      const made = await stage.owner.call<{ commit: { sha: string } }>('POST', `${at}/contents`, body);
      return made.commit.sha;
    },
    log: () => logOf(api, at),
    tree: (commit) => treeOf(api, at, commit),
    statuses: async (commit) => (await stage.statuses?.(commit)) ?? [],
    async protect() {
      const own = { enable_push: true, enable_push_whitelist: true, push_whitelist_usernames: [stage.owner.name] };
      await stage.owner.call('POST', `${at}/branch_protections`, { rule_name: 'main', ...own });
    },
    pulls: () => stage.owner.call<Pull[]>('GET', `${at}/pulls?state=all`),
    async closePull(number) {
      await stage.owner.call('PATCH', `${at}/pulls/${number}`, { state: 'closed' });
    },
    close: stage.close,
  };
}
