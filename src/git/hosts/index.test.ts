import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { clock } from '../../../test/conformance/git-hosts.ts';
import { hostTypes } from '../../api/revert-policy.ts';
import { createHosts } from './index.ts';

it('registers every host that has a folder, by the names that a policy may use', () => {
  const nothing = () => Promise.reject(new Error('not asked'));
  const hosts = createHosts({ clock, locate: nothing, send: nothing, repositories: { open: () => ({}) as never } });
  const entries = readdirSync(import.meta.dirname, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  expect([...hosts.keys()].sort()).toEqual(folders.sort());
  expect([...hosts.keys()].sort()).toEqual([...hostTypes].sort());
});

it('asks every API under the authorities that the access names', async () => {
  const asked: (string | undefined)[] = [];
  const send = async ({ ca }: { ca?: string | undefined }) => {
    asked.push(ca);
    throw new Error('nobody there');
  };
  const locate = () => Promise.reject(new Error('not asked'));
  const hosts = createHosts({ clock, locate, send, repositories: { open: () => ({}) as never } });
  const apis = [...hosts].filter(([name]) => name !== 'git');
  /** Where a host's addresses have more to them. */
  const urls: Record<string, string> = {
    'bitbucket-data-center': 'https://host.example/scm/team/shop.git',
    'azure-devops': 'https://host.example/all/team/_git/shop',
  };
  for (const [name, host] of apis) {
    const url = urls[name] ?? 'https://host.example/team/shop';
    await host.probe({ url, token: 't', ca: 'AUTHORITY' }, 'main');
    expect(asked, name).toEqual(['AUTHORITY']);
    asked.length = 0;
  }
});
