import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { type GitServer, noFaults, openRepository, type PullRequest, startGitServer } from './index.ts';

const BY = { author: 'Ann <ann@example.com>', time: 1_700_000_000_000 };
const TOKEN = 'secret';

let folder: string;
let server: GitServer;
afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

it('what is merged cannot be declined any more, nor the other way round, in the very moment either', async () => {
  folder = await mkdtemp(join(tmpdir(), 'one-at-a-time-'));
  const bare = await openRepository(join(folder, 'shop.git'), process.env.PATH);
  const start = await bare.commit({ ...BY, message: 'first', files: { a: '1' } });
  const head = await bare.commit({ ...BY, branch: 'topic', start, message: 'second', files: { a: '2' } });
  const about = { title: 'x', body: '', author: 'ann', from: 'topic', into: 'main', createdAt: 0, comments: [] };
  const pull: PullRequest = { ...about, state: 'open', head };
  const repositories = new Map([['team/shop', { bare, pulls: [pull] }]]);
  const tokens = new Map([[TOKEN, { login: 'headgate', write: true }]]);
  server = await startGitServer({ repositories, tokens, faults: noFaults(), now: () => BY.time });
  const ask = async (action: string) => {
    const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
    const url = `${server.url}/2.0/repositories/team/shop/pullrequests/1/${action}`;
    return (await fetch(url, { method: 'POST', headers, body: '{}' })).status;
  };
  const statuses = await Promise.all(['merge', 'decline'].map(ask));
  expect(statuses.toSorted()).toEqual([200, 400]);
  expect(pull.state).toBe((await bare.head()) === start ? 'closed' : 'merged');
});
