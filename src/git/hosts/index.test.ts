import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { clock } from '../../../test/conformance/git-hosts.ts';
import { hostTypes } from '../../api/revert-policy.ts';
import { createHosts } from './index.ts';

it('registers every host in the folder, by the names that a policy may use', () => {
  const nothing = () => Promise.reject(new Error('not asked'));
  const hosts = createHosts({ clock, locate: nothing, send: nothing, repositories: { open: () => ({}) as never } });
  const notHosts = ['host', 'http', 'index'];
  const files = readdirSync(import.meta.dirname).filter((file) => !file.endsWith('.test.ts'));
  const all = files.map((file) => file.replace(/\.ts$/, ''));
  // A part of a host has the host's name before a hyphen.
  const names = all.filter((name) => !all.some((other) => name.startsWith(`${other}-`)));
  const inFolder = names.filter((name) => !notHosts.includes(name));
  expect([...hosts.keys()].sort()).toEqual(inFolder.sort());
  expect([...hosts.keys()].sort()).toEqual([...hostTypes].sort());
});
