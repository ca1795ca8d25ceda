import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Waiting } from '../../errors.ts';
import { type Renderer, readApp } from '../../git/app.ts';
import { type Clone, openClone } from '../../git/clone.ts';
import { createGit } from '../../git/process.ts';
import { type BareRepository, openRepository } from '../../sandbox/git/index.ts';
import { originsOf } from './origins.ts';

let folder: string;
let bare: BareRepository;
let clone: Clone;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headgate-origins-'));
  bare = await openRepository(join(folder, 'repo.git'), process.env.PATH);
  const git = createGit({ protocols: [], environment: process.env });
  clone = openClone({ git, gitDir: bare.path, branch: 'main', call: () => ({}) });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

let renderings = 0;
/** Gives the one file back as it is; never ends where its value is `slow`. */
const renderer: Renderer = {
  availability: () => Promise.resolve({ kind: 'ready', version: 'v1' }),
  render({ files }) {
    renderings++;
    const output = files.get('app/c.yaml') ?? Buffer.alloc(0);
    if (output.includes('slow')) return Promise.reject(new Waiting('RenderTimedOut', 'stopped', 60));
    return Promise.resolve({ kind: 'rendered', output });
  },
};
const kustomization = (comment: string) => ({ 'app/kustomization.yaml': `# ${comment}\nresources: [c.yaml]\n` });
const value = (text: string) => ({
  'app/c.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {value: ${text}}\n`,
});
const commit = (files: Record<string, string>) =>
  bare.commit({ author: 'Ann <ann@example.com>', time: 0, message: 'change', files });

async function originAt(tree: string): Promise<string | undefined> {
  const reading = { renderer, parsed: new Map() };
  const app = { tree, path: 'app', namespace: 'shop' };
  const contents = await readApp(clone, app, reading);
  renderings = 0;
  const { commits } = await originsOf(clone, contents, { ...reading, app });
  return commits.get('/ConfigMap shop/c');
}

it('passes over a commit whose rendering was stopped', async () => {
  await commit({ ...kustomization('1'), ...value('a') });
  await commit(value('slow'));
  const next = await commit(value('b'));
  const head = await commit(kustomization('2'));
  expect(await originAt(head)).toBe(next);
});

it('renders no more than thirty commits', { timeout: 60_000 }, async () => {
  const commits = [await commit({ ...kustomization('1'), ...value('a') })];
  for (let count = 0; count < 34; count++) commits.push(await commit(kustomization(`again ${count}`)));
  expect(await originAt(commits.at(-1) ?? '')).toBe(commits.at(-30));
  expect(renderings).toBe(30);
});
