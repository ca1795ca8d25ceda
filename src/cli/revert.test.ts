/** The commands on GitReverts, with records in every state. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rollout, type SandboxCluster, sandboxCluster } from '../../test/sandbox-cluster.ts';
import { revertStates } from '../api/git-revert.ts';
import {
  APPROVE,
  type GitRevert,
  type GitRevertState,
  type GitRevertStatus,
  type Rollout,
  SKIP,
} from '../api/index.ts';
import { gitReverts, rollouts } from '../kube/resources.ts';
import { isFinal } from '../revert/index.ts';

let cluster: SandboxCluster;
beforeEach(async () => {
  cluster = await sandboxCluster();
});
afterEach(() => cluster.stop());

const CULPRIT = 'c'.repeat(40);
const COMMIT = 'd'.repeat(40);
const plan = {
  expectedHead: 'a'.repeat(40),
  tree: 'b'.repeat(40),
  patchDigest: 'x',
  files: ['apps/web/rollout.yaml', 'apps/web/extra.yaml'],
  attempt: 2,
  plannedAt: '2026-11-21T12:00:00Z',
};
const proposal = { branch: 'headgate/revert/1', number: 7, url: 'https://git.example/7', head: COMMIT };

/** What a controller has written by that state. */
function statusOf(state: GitRevertState, part: GitRevertStatus = {}): GitRevertStatus {
  const isWritten = ['landed', 'merged', 'observed', 'done'].includes(state);
  return {
    state,
    startedAt: '2026-11-21T12:00:00Z',
    ...(state === 'pending' ? {} : { plan }),
    ...(isWritten ? { way: 'Direct', commit: COMMIT } : {}),
    ...(['proposed', 'vetoed', 'merged'].includes(state) ? { way: 'PullRequest', proposal } : {}),
    ...(isFinal(state) ? { finishedAt: '2026-11-21T12:01:00Z' } : {}),
    ...part,
  };
}

/** An aborted Rollout, and a record of its failure. */
function record(name: string, status: GitRevertStatus, owner = 'web'): GitRevert {
  const of =
    cluster.api.store.get<Rollout>('Rollout', 'default', owner) ??
    cluster.api.store.create<Rollout>('Rollout', {
      ...rollout('web:2'),
      metadata: { namespace: 'default', name: owner },
    });
  abort(true, owner);
  cluster.api.store.create(gitReverts, {
    apiVersion: 'headgate.dev/v1alpha1',
    kind: 'GitRevert',
    metadata: { namespace: 'default', name },
    spec: {
      repository: 'https://git.example/team/shop',
      branch: 'main',
      path: 'apps/web',
      culprits: [CULPRIT],
      goodRevision: 'e'.repeat(40),
      badRevision: CULPRIT,
      key: 'f'.repeat(64),
      policy: 'shop',
      rollout: { namespace: 'default', name: owner, uid: of.metadata.uid ?? '' },
      run: { name: 'web-run', uid: 'u' },
      templates: { stable: 'aaa', canary: 'bbb' },
      stableReplicaSet: 'web-aaa',
      canaryReplicaSet: 'web-bbb',
    },
  });
  return cluster.api.store.patchStatus(gitReverts, { namespace: 'default', name }, status) as GitRevert;
}

const abort = (isAborted: boolean, name = 'web') =>
  cluster.api.store.patchStatus(
    rollouts,
    { namespace: 'default', name },
    { abort: isAborted, currentPodHash: 'bbb', stableRS: 'aaa' },
  );
const read = (name: string) => cluster.api.store.get<GitRevert>(gitReverts.kind, 'default', name);
const here = ['-n', 'default'];
const revert = (...args: string[]) => cluster.run(['revert', ...args, ...here], { now: Date.now });

/** As many as there are states, named after them. */
function everyState() {
  for (const state of revertStates) record(state.toLowerCase(), statusOf(state));
}

describe('revert list', () => {
  it('says that there is none', async () => {
    const stderr = 'No GitReverts in namespace "default": nothing was to be taken out of Git.\n';
    expect(await revert('list')).toEqual({ code: 0, stdout: '', stderr });
    expect(await revert('list', '-A')).toMatchObject({ code: 0, stderr: expect.stringContaining('in any namespace') });
    expect(await revert('list', '-o', 'name')).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('has a line for each, whatever its state', async () => {
    everyState();
    const { code, stdout, stderr } = await revert('list');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const cells = stdout.split('\n').map((line) => line.split(/ {2,}/).slice(0, -1));
    expect(cells[0]).toEqual(['NAME', 'ROLLOUT', 'STATE', 'WAY', 'CULPRIT', 'WRITTEN']);
    expect(cells).toHaveLength(revertStates.length + 2);
    for (const row of [
      ['pending', 'web', 'Pending', '-', 'ccccccc', '-'],
      ['proposed', 'web', 'Proposed', 'PullRequest', 'ccccccc', '#7'],
      ['merged', 'web', 'Merged', 'PullRequest', 'ccccccc', 'ddddddd'],
      ['landed', 'web', 'Landed', 'Direct', 'ccccccc', 'ddddddd'],
      ['needshuman', 'web', 'NeedsHuman', '-', 'ccccccc', '-'],
    ])
      expect(cells).toContainEqual(row);
  });

  it('has the newest first', async () => {
    const made = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString();
    const items = [30, 10, 20].map((seconds) => {
      const { metadata, ...rest } = record(`r${seconds}`, {});
      return { ...rest, metadata: { ...metadata, creationTimestamp: made(seconds) } };
    });
    const connect = async () =>
      ({ client: { list: async () => items }, namespace: 'default', close: () => {} }) as never;
    const { stdout } = await cluster.run(['revert', 'list', '-o', 'name'], { connect });
    expect(stdout).toBe([10, 20, 30].map((seconds) => `gitrevert.headgate.dev/r${seconds}\n`).join(''));
  });

  it('prints objects for programs', async () => {
    record('one', statusOf('landed'));
    const { stdout } = await revert('list', '-o', 'json');
    expect(JSON.parse(stdout)).toMatchObject({
      kind: 'List',
      items: [{ kind: 'GitRevert', metadata: { name: 'one' } }],
    });
    expect((await revert('list', '-A')).stdout).toMatch(/^NAMESPACE +NAME .*\ndefault +one /);
  });
});

describe('revert show', () => {
  it('tells all of a record that is proposed, and what can be done', async () => {
    const message = 'required checks are missing';
    record('one', statusOf('proposed', { proposal: { ...proposal, message }, message }));
    const { code, stdout } = await revert('show', 'one');
    expect(code).toBe(0);
    expect(stdout.replaceAll(/\(.* ago\)/g, '(AGO)')).toBe(`Name:            one
Namespace:       default
State:           ◌ Proposed
                 The revert is proposed and waits for a person. Because: required checks are missing
Failed:          rollout web, template bbb, by analysis web-run
Culprit:         ${CULPRIT}
Repository:      https://git.example/team/shop
Branch:          main
Path:            apps/web
Policy:          shop
Files:           apps/web/rollout.yaml
                 apps/web/extra.yaml
Planned:         on aaaaaaa, attempt 2, 2026-11-21T12:00:00Z
Way:             a pull request
Pull request:    #7 https://git.example/7
                 required checks are missing
Began:           2026-11-21T12:00:00Z (AGO)
You can:         merge pull request 7: https://git.example/7
                 close pull request 7: the change stays in Git, and it is not proposed again
                 headgate revert skip one -n default # leaves the change in Git, for good, and closes the pull request
`);
  });

  it('tells where the cluster does not follow, as long as that holds', async () => {
    const [type, message] = ['RevertNotSynced', 'GitSource web says Suspended'];
    record('one', statusOf('landed', { conditions: [{ type, status: 'True', message }] }));
    expect((await revert('show', 'one')).stdout).toContain(`Cluster:         ${message}\n`);
    record('two', statusOf('done', { conditions: [{ type, status: 'False', message }] }));
    expect((await revert('show', 'two')).stdout).not.toContain('Cluster:');
  });

  it('tells what was found in Git besides', async () => {
    const cautions = [{ reason: 'Sensitive', most: 'PullRequest' as const, message: 'it touches db/1.sql' }];
    record('one', statusOf('proposed', { plan: { ...plan, cautions } }));
    expect((await revert('show', 'one')).stdout).toContain('Found:           it touches db/1.sql\n');
  });

  it('tells a commit, and what the host was told', async () => {
    const url = 'https://git.example/d';
    record('one', statusOf('done', { url, reported: { at: '2026-11-21T12:02:00Z' } }));
    const { stdout } = await revert('show', 'one');
    expect(stdout).toContain(`Commit:          ${COMMIT} ${url}\nTold the host:   2026-11-21T12:02:00Z\n`);
    record('two', statusOf('done', { reported: { at: '2026-11-21T12:02:00Z', problem: 'no right' } }));
    expect((await revert('show', 'two')).stdout).toContain('Told the host:   not shown there: no right\n');
  });

  it('tells who stands behind the change, and what they were told', async () => {
    const pullRequest = { number: 3, url: 'https://git.example/3', author: 'ann-gh' };
    const culprit = { author: 'Ann \u001b[31mA.', pullRequest, reviewers: ['bob', 'eve'] };
    const at = '2026-11-21T12:02:00Z';
    record('one', statusOf('done', { culprit, reported: { at, comment: { says: 'landed', at } } }));
    const { stdout } = await revert('show', 'one');
    expect(stdout).toContain(`Culprit:         ${CULPRIT}
Author:          Ann  [31mA.
Came by:         #3 by ann-gh https://git.example/3
Reviewers:       bob, eve
`);
    expect(stdout).toContain('Commented:       landed, 2026-11-21T12:02:00Z\n');
    record('two', statusOf('done', { reported: { at, comment: { says: 'landed', at, problem: 'no right' } } }));
    expect((await revert('show', 'two')).stdout).toContain('Commented:       not said there: no right\n');
  });

  it('offers in each state the commands that would be taken, and no other', async () => {
    everyState();
    for (const state of revertStates) {
      const name = state.toLowerCase();
      const { stdout } = await revert('show', name);
      const offered = [...stdout.matchAll(/headgate revert (skip|approve|retry) /g)].map(([, command]) => command);
      expect(stdout, state).toContain('You can: ');
      for (const command of ['skip', 'approve', 'retry']) {
        const { code } = await revert(command, name);
        expect([state, command, code]).toEqual([state, command, offered.includes(command) ? 0 : 1]);
      }
    }
  });

  it('shows no control character that somebody wrote', async () => {
    record('one', statusOf('skipped', { reason: 'x\u001b[2J', message: 'a\u001b[31mb' }));
    expect((await revert('show', 'one')).stdout).not.toContain('\u001b');
  });

  it('prints the object for programs', async () => {
    record('one', statusOf('landed'));
    expect(JSON.parse((await revert('show', 'one', '-o', 'json')).stdout)).toEqual(read('one'));
  });
});

describe('revert diff', () => {
  const diff = 'diff --git a/x b/x\n-\ta: 1 \u001b[31m\u202e\n+\ta: 2\n';

  it.each<GitRevertState>(['dryRun', 'needsHuman'])(
    'prints what one that is %s would write, harmless',
    async (state) => {
      record('one', statusOf(state, { plan: { ...plan, diff } }));
      const stdout = 'diff --git a/x b/x\n-\ta: 1  [31m \n+\ta: 2\n';
      expect(await revert('diff', 'one')).toEqual({ code: 0, stdout, stderr: '' });
      expect((await revert('show', 'one')).stdout).toContain(
        'headgate revert diff one -n default # prints what it would write\n',
      );
    },
  );

  it.each<[GitRevertState, GitRevertStatus, string]>([
    ['pending', {}, 'has no plan, so there is nothing that it would write'],
    ['landed', {}, 'keeps no diff: Git has it'],
    ['proposed', {}, 'keeps no diff: Git has it'],
    ['needsHuman', {}, 'keeps no diff: that is kept for dry runs, and where a person must decide about a plan'],
  ])('says why one that is %s has none', async (state, part, why) => {
    record('one', statusOf(state, part));
    const { code, stdout, stderr } = await revert('diff', 'one');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(`Error: gitrevert 'one' ${why}. It is ${state}: `);
  });
});

describe('revert skip', () => {
  it('writes the annotation onto the record as it was seen', async () => {
    const { metadata } = record('one', statusOf('verified'));
    const stdout = "gitrevert 'one' skipped: the change stays in Git\n";
    expect(await revert('skip', 'one')).toEqual({ code: 0, stdout, stderr: '' });
    const body = { metadata: { resourceVersion: metadata.resourceVersion, annotations: { [SKIP]: 'true' } } };
    expect(cluster.patches).toEqual([`merge gitreverts/one ${JSON.stringify(body)}`]);
    expect(read('one')?.metadata.annotations).toEqual({ [SKIP]: 'true' });
    expect((await revert('skip', 'one')).code).toBe(0);
  });

  it('says that the pull request is closed for it', async () => {
    record('one', statusOf('proposed'));
    expect((await revert('skip', 'one')).stdout).toContain('; pull request 7 is closed for it\n');
  });

  it('looks again where the record has moved on meanwhile, and comes too late then', async () => {
    record('one', statusOf('verified'));
    const moveOn = (state: GitRevertState) =>
      cluster.api.store.patchStatus(gitReverts, { namespace: 'default', name: 'one' }, statusOf(state));
    cluster.beforePatch = () => {
      cluster.beforePatch = () => void moveOn('landed');
      moveOn('writing');
    };
    const { code, stderr } = await revert('skip', 'one');
    expect(code).toBe(1);
    expect(stderr).toContain(
      "Error: gitrevert 'one' cannot be skipped any more. It is landed: The change is out of Git",
    );
    expect(stderr).toContain('You can:         to land the change after all, fix it forward, or revert the revert\n');
    expect(read('one')?.metadata.annotations).toBeUndefined();
  });

  it('gives up where it changes with every look', async () => {
    record('one', statusOf('writing'));
    let count = 0;
    cluster.beforePatch = () => {
      const message = String(count++);
      cluster.api.store.patchStatus(gitReverts, { namespace: 'default', name: 'one' }, { message });
    };
    const stderr = "Error: gitrevert 'one' keeps changing, so nothing was written; try again\n";
    expect(await revert('skip', 'one')).toEqual({ code: 1, stdout: '', stderr });
  });
});

describe('revert approve', () => {
  const REASONS = [
    ...['BudgetExhausted', 'FailedAgain', 'BreakerOpen', 'ProvenanceByHand', 'Sensitive'],
    ...['StableNotServing', 'StableFailsToo'],
  ];
  const waiting: GitRevertState[] = ['pending', 'planned', 'verified', 'writing', 'proposed', 'needsHuman'];

  it.each(waiting.flatMap((state) => REASONS.map((reason) => [state, reason] as const)))(
    'writes the annotation where it is %s for %s, and offers that before',
    async (state, reason) => {
      const { metadata } = record('one', statusOf(state, { reason }));
      expect((await revert('show', 'one')).stdout).toContain('headgate revert approve one -n default # lets it pass');
      const stdout = `gitrevert 'one' approved: ${reason} does not hold it up any more\n`;
      expect(await revert('approve', 'one')).toEqual({ code: 0, stdout, stderr: '' });
      const body = { metadata: { resourceVersion: metadata.resourceVersion, annotations: { [APPROVE]: 'true' } } };
      expect(cluster.patches).toEqual([`merge gitreverts/one ${JSON.stringify(body)}`]);
      expect((await revert('show', 'one')).stdout).not.toContain('revert approve');
      const again = await revert('approve', 'one');
      expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('was approved already') });
    },
  );

  it.each<[GitRevertState, string]>([
    ['needsHuman', 'Conflict'],
    ['needsHuman', 'OptOutUnreadable'],
    ['writing', 'Paused'],
    ['pending', 'Frozen'],
    ['skipped', 'OptedOut'],
    ['landed', 'BudgetExhausted'],
    ['superseded', 'BudgetExhausted'],
  ])('leaves one that is %s for %s', async (state, reason) => {
    record('one', statusOf(state, { reason }));
    expect((await revert('show', 'one')).stdout).not.toContain('revert approve');
    const { code, stderr } = await revert('approve', 'one');
    expect(code).toBe(1);
    expect(stderr).toContain("gitrevert 'one' does not wait for a person's word. It is ");
    expect(read('one')?.metadata.annotations).toBeUndefined();
  });
});

describe('revert retry', () => {
  it.each<GitRevertState>(['skipped', 'needsHuman', 'superseded', 'dryRun'])(
    'deletes one that is %s',
    async (state) => {
      record('one', statusOf(state));
      const stdout = "gitrevert 'one' deleted: the controller takes the failure up anew, under the same name\n";
      expect(await revert('retry', 'one')).toEqual({ code: 0, stdout, stderr: '' });
      expect(read('one')).toBeUndefined();
    },
  );

  it.each(revertStates.filter((state) => !['skipped', 'needsHuman', 'superseded', 'dryRun', 'vetoed'].includes(state)))(
    'leaves one that is %s',
    async (state) => {
      record('one', statusOf(state));
      const { code, stderr } = await revert('retry', 'one');
      expect(code).toBe(1);
      expect(stderr).toContain(`cannot be taken up anew: it has not ended without a write. It is ${state}: `);
      expect(read('one')).toBeDefined();
    },
  );

  it.each<GitRevertState>(['vetoed', 'skipped'])(
    'leaves one that is %s with a closed pull request, and says where to begin',
    async (state) => {
      record('one', statusOf(state, { proposal }));
      const { code, stderr } = await revert('retry', 'one');
      expect(code).toBe(1);
      expect(stderr).toContain('while pull request 7 is closed');
      expect(stderr).toContain('reopen pull request 7 on the host (https://git.example/7)');
      expect(read('one')).toBeDefined();
    },
  );

  it.each<[string, () => unknown]>([
    ['is tried again', () => abort(false)],
    [
      'has another template',
      () => cluster.api.store.patchStatus(rollouts, { namespace: 'default', name: 'web' }, { currentPodHash: 'ccc' }),
    ],
    ['is gone', () => cluster.api.store.delete(rollouts, 'default', 'web')],
  ])('leaves one whose Rollout %s', async (_, change) => {
    record('one', statusOf('needsHuman'));
    change();
    const { code, stderr } = await revert('retry', 'one');
    expect(code).toBe(1);
    expect(stderr).toContain('rollout "web" is not aborted on the template that failed (bbb)');
    expect(read('one')).toBeDefined();
  });
});

describe('a command line that cannot be carried out', () => {
  it.each(['show', 'diff', 'skip', 'approve', 'retry'])('revert %s: names those that there are', async (command) => {
    const none = 'Error: gitrevert.headgate.dev "x" not found in namespace "default": there is none\n';
    expect(await revert(command, 'x')).toEqual({ code: 1, stdout: '', stderr: none });
    for (let index = 10; index < 22; index++) record(`r${index}`, {});
    const { stderr } = await revert(command, 'x');
    expect(stderr).toMatch(/there are r\d+(, r\d+){9} and 2 more\n$/);
  });

  it.each([
    [['revert'], 'revert needs to know what; known is list, show, diff, skip, approve, retry'],
    [['revert', 'undo', 'x'], '"undo" cannot be used with revert; known is list, show, diff, skip, approve, retry'],
    [['revert', 'show'], 'revert show needs the name of a GitRevert'],
    [['revert', 'skip', 'a', 'b'], 'revert skip takes one name, not also b'],
    [['revert', 'retry', 'a', '--vetoed'], '--vetoed'],
    [['revert', 'list', 'a'], 'revert list takes no names, not a'],
    [['revert', 'list', '-o', 'yaml'], '--output "yaml" is not known; known is json, name'],
    [['revert', 'show', 'a', '-o', 'name'], '--output "name" is not known; known is json'],
  ])('%j is refused', async (args, message) => {
    const { code, stdout, stderr } = await cluster.run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
  });
});
