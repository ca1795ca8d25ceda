/** A hint is a reason to look now; what is done is what any look would do. */
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { handsOn } from '../../test/conformance/github-proposals.ts';
import {
  abort,
  allow,
  failedRelease,
  gitSource,
  HASHES,
  type Loop,
  PATH,
  rolloutYaml,
  startLoop,
} from '../../test/git/loop.ts';
import { hooks } from '../git/hooks/index.ts';
import { createHookReceiver } from '../git/hooks/receiver.ts';
import type { GitHost } from '../git/hosts/host.ts';
import { gitSources } from '../kube/resources.ts';
import { silentLog } from '../log.ts';

let loop: Loop;
const ends: (() => void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) end();
  await loop.close();
});

const SECRET = 'a long secret';
const image = () => loop.rollout()?.spec.template?.spec?.containers[0]?.image;
const release = (tag: string) => loop.commit({ [`${PATH}/rollout.yaml`]: rolloutYaml(`web:${tag}`) }, `Release ${tag}`);
/** Too short for any interval to be over. */
const AT_ONCE = 100;

/** Receives webhooks as the controller does; answers where. */
async function receive(): Promise<string> {
  const receiver = createHookReceiver({
    hooks,
    secretOf: async () => SECRET,
    lookAgain: (hint) => loop.hint(hint),
    isAtWork: () => true,
    log: silentLog(),
  });
  const server = createServer(receiver.handle);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  ends.push(() => {
    receiver.stop();
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function send(url: string, payload: object) {
  const body = JSON.stringify(payload);
  const signature = `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`;
  const headers = { 'content-type': 'application/json', 'x-headgate-signature': signature };
  const { status } = await fetch(`${url}/hooks/generic`, { method: 'POST', headers, body });
  expect(status).toBe(202);
}

describe('a GitSource', () => {
  const follow = async () => {
    loop = await startLoop();
    await release('v1');
    loop.api.store.create(gitSources, gitSource(loop) as never);
    await loop.settle(AT_ONCE);
    expect(image()).toBe('web:v1');
  };

  it('applies what was pushed as soon as a hook says so', async () => {
    await follow();
    const url = await receive();
    await release('v2');
    await loop.settle(AT_ONCE);
    expect(image()).toBe('web:v1');
    await send(url, { repository: loop.url, branch: 'main' });
    await loop.settle(AT_ONCE);
    expect(image()).toBe('web:v2');
  });

  it('does not look for another branch or repository', async () => {
    await follow();
    await release('v2');
    loop.hint({ repositories: [loop.url], branches: ['next'] });
    loop.hint({ repositories: [`${loop.url}-other`], branches: ['main'] });
    await loop.settle(AT_ONCE);
    expect(image()).toBe('web:v1');
  });

  it('looks once more for a hint that comes while it looks', async () => {
    await follow();
    const hint = { repositories: [loop.url], branches: ['main'] };
    loop.hint(hint);
    const running = loop.settle(AT_ONCE);
    await release('v2');
    loop.hint(hint);
    await running;
    await loop.settle(AT_ONCE);
    expect(image()).toBe('web:v2');
  });

  it('looks again at its interval after a hint as without one', async () => {
    await follow();
    loop.hint({ repositories: [loop.url], branches: ['main'] });
    await loop.settle(AT_ONCE);
    await release('v2');
    await loop.settle(61_000);
    expect(image()).toBe('web:v2');
  });
});

describe('a revert that is proposed', () => {
  const state = () => loop.reverts()[0]?.status?.state;
  const propose = async (wrap = (host: GitHost) => host) => {
    loop = await startLoop({ github: { pulls: [] }, wrap });
    allow(loop, { mode: 'PullRequest' });
    await failedRelease(loop);
    abort(loop, HASHES);
    await loop.settle(1000);
    expect(state()).toBe('proposed');
  };
  const merge = () => handsOn(loop.url)('PUT', 'pulls/1/merge');

  it('goes on as soon as a hook says that its branch has changed', async () => {
    await propose();
    await loop.settle(5000);
    await merge();
    await loop.settle(AT_ONCE);
    expect(state()).toBe('proposed');
    loop.hint({ repositories: [loop.url], branches: ['main'] });
    await loop.settle(AT_ONCE);
    expect(state()).not.toBe('proposed');
  });

  it('is left alone for as long as its host has asked for, whatever a hook says', async () => {
    let isLimited = false;
    let looks = 0;
    await propose((host) => {
      const { proposals } = host;
      if (!proposals) return host;
      const find: typeof proposals.find = async (...args) => {
        looks++;
        if (isLimited) return { kind: 'rateLimited', message: 'later', retryAfterSeconds: 300 };
        return proposals.find(...args);
      };
      return { ...host, proposals: { ...proposals, find } };
    });
    isLimited = true;
    await loop.settle(35_000);
    const before = looks;
    loop.hint({ repositories: [loop.url], branches: ['main'] });
    await loop.settle(AT_ONCE);
    expect(looks).toBe(before);
    isLimited = false;
    await merge();
    await loop.settle(300_000);
    expect(state()).not.toBe('proposed');
  });

  it('is looked at for its own branch, too, and for no other', async () => {
    await propose();
    await loop.settle(5000);
    await merge();
    loop.hint({ repositories: [loop.url], branches: ['next'] });
    await loop.settle(AT_ONCE);
    expect(state()).toBe('proposed');
    const branch = loop.reverts()[0]?.status?.proposal?.branch ?? '';
    loop.hint({ repositories: [loop.url], branches: [branch] });
    await loop.settle(AT_ONCE);
    expect(state()).not.toBe('proposed');
  });
});
