/** What hosts send, cut down to what says where something happened and a little of what stands around it. */

const SHOP = 'https://git.example/team/shop';
const COMMIT = '709d658dc5b6d6afcd46049c2f332ee3f515a67d';
const BEFORE = '1e65c05c1d5171631d92438a13901ca7dae9618c';

const githubRepository = {
  id: 1296269,
  full_name: 'team/shop',
  private: true,
  html_url: SHOP,
  clone_url: `${SHOP}.git`,
  ssh_url: 'git@git.example:team/shop.git',
  default_branch: 'main',
};
const gitlabProject = {
  id: 15,
  web_url: SHOP,
  git_ssh_url: 'git@git.example:team/shop.git',
  git_http_url: `${SHOP}.git`,
  path_with_namespace: 'team/shop',
  default_branch: 'main',
  homepage: SHOP,
  http_url: `${SHOP}.git`,
};
const cloudRepository = {
  type: 'repository',
  full_name: 'team/shop',
  links: {
    self: { href: 'https://api.bitbucket.org/2.0/repositories/team/shop' },
    html: { href: 'https://bitbucket.org/team/shop' },
  },
};
const serverRepository = {
  slug: 'shop',
  id: 656,
  scmId: 'git',
  project: { key: 'TEAM', id: 389 },
  links: {
    clone: [
      { href: 'ssh://git@git.example:7999/team/shop.git', name: 'ssh' },
      { href: 'https://git.example/scm/team/shop.git', name: 'http' },
    ],
    self: [{ href: 'https://git.example/projects/TEAM/repos/shop/browse' }],
  },
};
const azureRepository = {
  id: '278d5cd2-584d-4b63-824a-2ba458937249',
  name: 'shop',
  url: 'https://dev.azure.com/team/_apis/git/repositories/278d5cd2-584d-4b63-824a-2ba458937249',
  defaultBranch: 'refs/heads/main',
  remoteUrl: 'https://team@dev.azure.com/team/Shop%20App/_git/shop',
};

const refPush = (ref: string) => ({ ref, before: BEFORE, after: COMMIT, commits: [{ id: COMMIT, message: 'v2' }] });
const pullRequest = (repository: object) => ({
  action: 'closed',
  number: 7,
  pull_request: {
    number: 7,
    state: 'closed',
    merged: true,
    head: { ref: 'headgate/revert/0a1b', sha: COMMIT, repo: repository },
    base: { ref: 'main', sha: BEFORE, repo: repository },
  },
  repository,
});
const cloudChange = (side: 'new' | 'old') => ({
  new: null,
  old: null,
  [side]: { type: 'branch', name: 'main', target: { type: 'commit', hash: COMMIT } },
  created: false,
  forced: false,
});

export interface Example {
  /** The address that a GitSource would have for it. */
  repository: string;
  push: unknown;
  pullRequest: unknown;
  tag: unknown;
}

/** By host; all of them are about the branch `main`. */
export const examples: Record<string, Example> = {
  github: {
    repository: SHOP,
    push: { ...refPush('refs/heads/main'), repository: { ...githubRepository, url: SHOP } },
    pullRequest: pullRequest(githubRepository),
    tag: { ...refPush('refs/tags/v1'), repository: githubRepository },
  },
  gitea: {
    repository: SHOP,
    push: { ...refPush('refs/heads/main'), compare_url: '', repository: githubRepository },
    pullRequest: pullRequest(githubRepository),
    tag: { ref: 'v1', ref_type: 'tag', sha: COMMIT, repository: githubRepository },
  },
  gitlab: {
    repository: SHOP,
    push: { object_kind: 'push', ...refPush('refs/heads/main'), project: gitlabProject },
    pullRequest: {
      object_kind: 'merge_request',
      project: gitlabProject,
      object_attributes: { iid: 7, target_branch: 'main', source_branch: 'headgate/revert/0a1b', action: 'merge' },
    },
    tag: { object_kind: 'tag_push', ...refPush('refs/tags/v1'), project: gitlabProject },
  },
  bitbucket: {
    repository: 'https://bitbucket.org/team/shop',
    push: { push: { changes: [cloudChange('new')] }, repository: cloudRepository },
    pullRequest: {
      pullrequest: {
        id: 7,
        state: 'MERGED',
        source: { branch: { name: 'headgate/revert/0a1b' }, repository: cloudRepository },
        destination: { branch: { name: 'main' }, repository: cloudRepository },
      },
      repository: cloudRepository,
    },
    tag: { push: { changes: [{ new: { type: 'tag', name: 'v1' }, old: null }] }, repository: cloudRepository },
  },
  'bitbucket-datacenter': {
    repository: 'https://git.example/scm/team/shop.git',
    push: {
      eventKey: 'repo:refs_changed',
      repository: serverRepository,
      changes: [
        {
          ref: { id: 'refs/heads/main', displayId: 'main', type: 'BRANCH' },
          refId: 'refs/heads/main',
          fromHash: BEFORE,
          toHash: COMMIT,
          type: 'UPDATE',
        },
      ],
    },
    pullRequest: {
      eventKey: 'pr:merged',
      pullRequest: {
        id: 7,
        state: 'MERGED',
        fromRef: { id: 'refs/heads/headgate/revert/0a1b', repository: serverRepository },
        toRef: { id: 'refs/heads/main', repository: serverRepository },
      },
    },
    tag: {
      eventKey: 'repo:refs_changed',
      repository: serverRepository,
      changes: [{ ref: { id: 'refs/tags/v1', type: 'TAG' }, refId: 'refs/tags/v1', type: 'ADD' }],
    },
  },
  'azure-devops': {
    repository: 'https://dev.azure.com/team/Shop%20App/_git/shop',
    push: {
      id: '03c164c2-8912-4d5e-8009-3707d5f83734',
      eventType: 'git.push',
      resource: {
        refUpdates: [{ name: 'refs/heads/main', oldObjectId: BEFORE, newObjectId: COMMIT }],
        repository: azureRepository,
      },
    },
    pullRequest: {
      id: 'af07be1b-f3ad-44c8-a7f1-c4835f2df06b',
      eventType: 'git.pullrequest.merged',
      resource: {
        repository: azureRepository,
        pullRequestId: 7,
        status: 'completed',
        sourceRefName: 'refs/heads/headgate/revert/0a1b',
        targetRefName: 'refs/heads/main',
      },
    },
    tag: {
      eventType: 'git.push',
      resource: { refUpdates: [{ name: 'refs/tags/v1' }], repository: azureRepository },
    },
  },
  generic: {
    repository: SHOP,
    push: { repository: SHOP, branch: 'main' },
    pullRequest: { repository: SHOP, branch: 'main', number: 7 },
    tag: { repository: SHOP, tag: 'v1' },
  },
};
examples.forgejo = examples.gitea as Example;

/** A change of a branch that is gone, as Bitbucket Cloud says it. */
export const branchGone = { push: { changes: [cloudChange('old')] }, repository: cloudRepository };
