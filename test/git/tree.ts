import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clone, openClone } from '../../src/git/clone.ts';
import { createGit } from '../../src/git/process.ts';
import { locateProgram } from '../../src/git/render/isolation.ts';
import type { Tool } from '../../src/git/render/renderer.ts';
import { openRepository } from '../../src/sandbox/git/index.ts';

/** A file, or anything else that a tree may hold: a symbolic link by what it leads to, a submodule by its commit. */
export type Content = string | Buffer | { content: string; mode: '120000' | '160000' };

/** A real repository on disk, for trees of files that have nothing to do with each other. */
export interface Trees {
  clone: Clone;
  /** A commit without a parent that holds these files alone. */
  commit(files: Record<string, Content>): Promise<string>;
  close(): Promise<void>;
}

function modification(path: string, content: Content): Buffer {
  const { content: own, mode } =
    typeof content === 'string' || Buffer.isBuffer(content) ? { content, mode: '100644' } : content;
  const name = JSON.stringify(path);
  if (mode === '160000') return Buffer.from(`M 160000 ${own} ${name}\n`);
  const bytes = Buffer.from(own);
  return Buffer.concat([Buffer.from(`M ${mode} inline ${name}\ndata ${bytes.length}\n`), bytes, Buffer.from('\n')]);
}

export async function startTrees(): Promise<Trees> {
  const folder = await mkdtemp(join(tmpdir(), 'headgate-trees-'));
  const bare = await openRepository(join(folder, 'repo.git'), process.env.PATH);
  const git = createGit({ protocols: [], environment: process.env });
  let count = 0;
  return {
    clone: openClone({ git, gitDir: bare.path, branch: 'main', call: () => ({}) }),
    async commit(files) {
      const head = `commit refs/heads/tree-${count++}\nmark :1\ncommitter Ann <ann@example.com> 0 +0000\ndata 0\n`;
      const changes = Object.entries(files).map(([path, content]) => modification(path, content));
      const input = Buffer.concat([Buffer.from(head), ...changes, Buffer.from('\nget-mark :1\n')]);
      return (await bare.git(['fast-import', '--quiet'], { input })).toString().trim();
    },
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

/** The real program: on the PATH, or as the real world's run has built it; undefined where there is none. */
async function realProgram(tool: Tool): Promise<string | undefined> {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'headgate', 'real');
  const built = (await readdir(cache).catch(() => []))
    .filter((name) => name.startsWith(`${tool}-`))
    .sort()
    .reverse();
  for (const name of [tool, ...built.map((each) => join(cache, each, tool))]) {
    const path = await locateProgram(name, process.env);
    if (path !== undefined) return path;
  }
  return undefined;
}

/** Those that this machine has. */
export async function realPrograms(): Promise<Partial<Record<Tool, string>>> {
  const [kustomize, helm] = await Promise.all([realProgram('kustomize'), realProgram('helm')]);
  return { ...(kustomize && { kustomize }), ...(helm && { helm }) };
}
