import { join } from 'node:path';
import { expect, it } from 'vitest';
import { conformsAsGitHost, type HostHarness } from '../../../../test/conformance/git-host.ts';
import {
  clock,
  interrupted,
  protectByHook,
  READ_TOKEN,
  startHostedWorld,
  viewOf,
  WRITE_TOKEN,
} from '../../../../test/conformance/git-hosts.ts';
import type { BareRepository } from '../../../sandbox/git/index.ts';
import { markerRef } from '../host.ts';
import { createGitHost } from './index.ts';

async function harness(over: 'http' | 'file'): Promise<HostHarness & { bare: BareRepository }> {
  const hosted = await startHostedWorld();
  let intrude = async () => {};
  const repositories = interrupted(hosted.repositories, () => intrude());
  const url = over === 'http' ? hosted.url : hosted.bare.path;
  return {
    host: createGitHost({ repositories, locate: hosted.locate, clock }),
    bare: hosted.bare,
    repository: viewOf(hosted.bare),
    access: { url, token: WRITE_TOKEN },
    missing: {
      url: over === 'http' ? `${hosted.url}-missing` : join(hosted.folder, 'missing.git'),
      token: WRITE_TOKEN,
    },
    protect: () => protectByHook(hosted.bare),
    beforeWrite(next) {
      intrude = next;
    },
    ...(over === 'http'
      ? {
          readOnly: [{ url, token: READ_TOKEN }],
          move: () => hosted.move(),
          loseAnswer() {
            hosted.world.faults.cutAfterWrite = 1;
          },
        }
      : {}),
    close: hosted.close,
  };
}

conformsAsGitHost('git over http', () => harness('http'));
conformsAsGitHost('git, local', () => harness('file'));

it('creates the marker in the same step as the commit, by Headgate', async () => {
  const { host, access, bare, close } = await harness('file');
  const head = await bare.commit({ author: 'Ann <a@b>', time: 0, message: 'one', files: { 'a.yaml': 'a: 1\n' } });
  const changes = [{ path: 'a.yaml', content: Buffer.from('a: 0\n'), mode: '100644' }];
  const outcome = await host.commit(access, {
    branch: 'main',
    expectedHead: head,
    message: 'Revert',
    changes,
    key: 'abc',
  });
  const marker = (await bare.git(['rev-parse', markerRef('abc')])).toString().trim();
  expect(outcome).toEqual({ kind: 'written', commit: marker });
  expect((await bare.log())[0]?.author).toBe('Headgate <noreply@headgate.dev>');
  await close();
});
