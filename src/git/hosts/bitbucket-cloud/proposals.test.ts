import { beforeEach, describe, expect, it } from 'vitest';
import { startBitbucketCloud } from '../../../../test/conformance/bitbucket-cloud.ts';
import { access, branch, said, scriptBitbucket } from '../../../../test/conformance/bitbucket-cloud-replies.ts';
import { conformsAsProposals } from '../../../../test/conformance/proposals.ts';
import { file, HEAD, OTHER, ok, WRITTEN } from '../../../../test/conformance/scripted-replies.ts';
import { type ProposalRequest, proposalBranch } from '../host.ts';

conformsAsProposals('bitbucket-cloud', startBitbucketCloud, {
  labels: 'Bitbucket Cloud knows none',
  later: 'the API merges now or not at all',
  head: 'the request to merge cannot name a head',
});

it.each(['squash', 'rebase'] as const)(
  'says on the target what was reverted, also where it merges by %s',
  async (method) => {
    const { repository, host, access: hosted, close } = await startBitbucketCloud({ mergeMethods: [method] });
    const people = { author: 'Ann <ann@example.com>', time: 1_700_000_000_000 };
    const expectedHead = await repository.commit({ ...people, message: 'one', files: { 'a.yaml': 'a: 2\n' } });
    const branches = { from: proposalBranch('k'), into: 'main' };
    const texts = { title: 'Revert', body: 'why', message: 'Revert\n\nRevert-Key: k\n' };
    const changes = [file('a.yaml', 'a: 1\n')];
    const request = { branch: 'main', from: branches.from, expectedHead, changes, key: 'k', ...texts };
    const opened = await host.proposals?.open(hosted, request);
    if (opened?.kind !== 'proposal') throw new Error(JSON.stringify(opened));
    const merged = await host.proposals?.merge(hosted, { ...opened.proposal, ...branches });
    expect(merged).toMatchObject({ proposal: { state: 'merged', commit: await repository.head() } });
    expect((await repository.log())[0]?.message).toBe('Revert\n\nRevert-Key: k');
    await close();
  },
);

let { host, replies, asked, writes } = scriptBitbucket();
beforeEach(() => {
  ({ host, replies, asked, writes } = scriptBitbucket());
});

describe('a pull request', () => {
  const FROM = 'headgate/revert/c0ffee';
  const BRANCH = `GET /refs/branches/${FROM}`;
  const query = `source.branch.name = "${FROM}" AND destination.branch.name = "main"`;
  const LIST = `GET /pullrequests?q=${encodeURIComponent(query)}&state=OPEN&state=MERGED&state=DECLINED&state=SUPERSEDED&sort=-created_on&pagelen=50`;
  const branches = { from: FROM, into: 'main' };
  const url = 'https://bitbucket.org/rig/app/pull-requests/7';
  const proposal = { number: 7, url, state: 'open' as const, head: HEAD, ...branches };
  const end = (name: string, hash: string | undefined, full_name = 'rig/app') => ({
    branch: { name },
    commit: hash === undefined ? null : { hash: hash.slice(0, 12) },
    repository: { full_name },
  });
  const shown = (part: object = {}) => ({
    id: 7,
    state: 'OPEN',
    source: end(FROM, HEAD),
    destination: end('main', OTHER),
    merge_commit: null,
    links: { html: { href: url } },
    ...part,
  });
  const listed = (...values: object[]) => ok({ values });
  const merged = (part: object = {}) =>
    shown({ state: 'MERGED', merge_commit: { hash: WRITTEN.slice(0, 12) }, ...part });
  const proposals = () => {
    if (!host.proposals) throw new Error('Bitbucket knows proposals');
    return host.proposals;
  };
  const find = () => proposals().find(access, branches);
  const merge = () => proposals().merge(access, proposal);
  const close = () => proposals().close(access, proposal, 'why');
  const open = (part: Partial<ProposalRequest> = {}) => {
    const changes = [file('app/web.yaml', 'image: v100\n')];
    const texts = { title: 'Revert', body: 'why', message: 'Revert\n\nRevert-Key: k' };
    const request = { branch: 'main', from: FROM, expectedHead: HEAD, changes, key: 'k', ...texts, ...part };
    return proposals().open(access, request);
  };

  beforeEach(() => {
    replies['GET /refs/branches/main'] = branch({}, { default_merge_strategy: 'squash' });
    replies[BRANCH] = branch({ message: 'Revert\n\nRevert-Key: k\n' });
    replies[LIST] = listed();
    replies['GET /pullrequests/7'] = ok(shown());
    replies['POST /pullrequests'] = { status: 201, body: shown() };
    replies['POST /pullrequests/7/merge'] = ok(merged());
    for (const id of [WRITTEN, HEAD]) replies[`GET /commit/${id.slice(0, 12)}`] = ok({ hash: id });
  });

  it.each([
    ["from a fork's branch of the same name", end(FROM, HEAD, 'someone/app')],
    ['from a fork that is gone', { ...end(FROM, HEAD), repository: null }],
  ])('%s is none of ours', async (_, source) => {
    replies[LIST] = listed(shown({ source }));
    expect(await find()).toEqual({ kind: 'none' });
  });

  it('is the open one, or else the newest', async () => {
    replies[LIST] = listed(shown({ id: 9, state: 'DECLINED' }), shown({ id: 8 }), merged());
    expect(await find()).toMatchObject({ proposal: { number: 8, state: 'open' } });
    replies[LIST] = listed(shown({ id: 9, state: 'SUPERSEDED' }), merged());
    expect(await find()).toMatchObject({ proposal: { number: 9, state: 'closed' } });
  });

  it.each([
    ['the commit of its merge, whole', {}, { commit: WRITTEN }],
    ['its head, where the target was moved forward', { merge_commit: null }, { commit: HEAD }],
    ['none that the repository still has', { merge_commit: { hash: 'd'.repeat(12) } }, {}],
  ])('came to the other branch by %s', async (_, part, commit) => {
    replies[LIST] = listed(merged(part));
    replies[BRANCH] = said(404, 'Branch not found');
    expect(await find()).toEqual({ kind: 'proposal', proposal: { number: 7, url, state: 'merged', ...commit } });
  });

  it('is looked for by names that end no query', async () => {
    await proposals().find(access, { from: 'a"b\\c', into: 'main' });
    const [{ call = '' } = {}] = asked;
    expect(new URL(call.slice('GET '.length), 'https://x').searchParams.get('q')).toBe(
      String.raw`source.branch.name = "a\"b\\c" AND destination.branch.name = "main"`,
    );
  });

  it('begins with a branch from the expected head', async () => {
    replies[BRANCH] = said(404, 'Branch not found');
    expect(await open({ title: 'x'.repeat(300) })).toMatchObject({
      kind: 'proposal',
      proposal: { number: 7, head: WRITTEN },
    });
    const [made, opened] = writes();
    expect([made?.form?.get('branch'), made?.form?.get('parents')]).toEqual([FROM, HEAD]);
    expect(opened?.body).toEqual({
      title: 'x'.repeat(255),
      description: 'why',
      source: { branch: { name: FROM } },
      destination: { branch: { name: 'main' } },
      close_source_branch: true,
    });
  });

  it('that is open already is the one, whether Bitbucket answers with it or refuses', async () => {
    replies['POST /pullrequests'] = ok(shown());
    expect(await open()).toMatchObject({ kind: 'proposal', proposal: { number: 7 } });
    replies['POST /pullrequests'] = said(400, 'There is already a pull request open');
    replies[LIST] = [listed(), listed(shown())];
    expect(await open()).toMatchObject({ kind: 'proposal', proposal: { number: 7 } });
  });

  it.each([
    [400, 'There are no changes to be pulled', 'protected'],
    [403, 'Your credentials lack one or more required privilege scopes.', 'noRights'],
  ])('is not opened after %d %s', async (status, words, kind) => {
    replies['POST /pullrequests'] = said(status, words);
    expect(await open()).toMatchObject({ kind, message: expect.stringContaining(words) });
  });

  it('is merged the way its target is, with the message of its commit', async () => {
    expect(await merge()).toMatchObject({ proposal: { state: 'merged', commit: WRITTEN } });
    const message = 'Revert\n\nRevert-Key: k\n';
    expect(writes().map(({ body }) => body)).toEqual([
      { message, close_source_branch: true, merge_strategy: 'squash' },
    ]);
  });

  it('whose branch moved in the very moment is not taken for what was proposed', async () => {
    replies['POST /pullrequests/7/merge'] = ok(merged({ source: end(FROM, OTHER) }));
    expect(await merge()).toMatchObject({ kind: 'stale', message: expect.stringContaining(OTHER.slice(0, 12)) });
  });

  it('that takes long is looked at again', async () => {
    replies['POST /pullrequests/7/merge'] = { status: 202, body: '', headers: { location: 'https://x/task' } };
    expect(await merge()).toMatchObject({ proposal: { state: 'open', head: HEAD } });
    replies['GET /pullrequests/7'] = [ok(shown()), ok(merged())];
    expect(await merge()).toMatchObject({ proposal: { state: 'merged', commit: WRITTEN } });
  });

  it.each([
    [400, "You can't merge until you resolve all merge conflicts.", 'protected'],
    [403, 'Your credentials lack one or more required privilege scopes.', 'noRights'],
    [409, 'refs changed', 'stale'],
    [429, 'slow down', 'rateLimited'],
    [555, 'timed out', 'unknown'],
  ])('is not merged after %d %s', async (status, words, kind) => {
    replies['POST /pullrequests/7/merge'] = said(status, words);
    expect(await merge()).toMatchObject({ kind, message: expect.stringContaining(words) });
  });

  it('is closed after its branch and a comment, and keeps a branch that is at another head', async () => {
    replies['POST /pullrequests/7/comments'] = { status: 201, body: {} };
    replies['POST /pullrequests/7/decline'] = ok(shown({ state: 'DECLINED' }));
    replies[`DELETE /refs/branches/${FROM}`] = { status: 204, body: '' };
    expect(await close()).toMatchObject({ proposal: { state: 'closed' } });
    expect(writes().map(({ call, body }) => [call, body])).toEqual([
      [`DELETE /refs/branches/${FROM}`, {}],
      ['POST /pullrequests/7/comments', { content: { raw: 'why' } }],
      ['POST /pullrequests/7/decline', {}],
    ]);
    replies[BRANCH] = branch({ hash: OTHER });
    expect(await close()).toMatchObject({ proposal: { state: 'closed', head: OTHER } });
    expect(writes().filter(({ call }) => call.startsWith('DELETE'))).toHaveLength(1);
  });

  it.each([
    ['was merged meanwhile', merged(), { proposal: { state: 'merged', commit: WRITTEN } }],
    ['lost its branch and was declined by that', shown({ state: 'DECLINED' }), { proposal: { state: 'closed' } }],
    ['is open still', shown(), { kind: 'protected' }],
  ])('that cannot be declined is looked at again: one that %s', async (_, now, outcome) => {
    replies['POST /pullrequests/7/comments'] = { status: 201, body: {} };
    replies[`DELETE /refs/branches/${FROM}`] = said(404, 'Branch not found');
    replies['POST /pullrequests/7/decline'] = said(400, 'This pull request is already closed.');
    replies['GET /pullrequests/7'] = [ok(shown()), ok(now)];
    expect(await close()).toMatchObject(outcome);
  });

  it('is left open, and nothing said, where its branch may not be deleted', async () => {
    replies[`DELETE /refs/branches/${FROM}`] = said(403, `Permission denied to delete branch ${FROM}.`);
    expect(await close()).toMatchObject({ kind: 'protected' });
    expect(writes()).toHaveLength(1);
  });
});
