import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { authorship } from '../repository.ts';
import { type Answer, type Call, type HostedRepository, mayWrite, NOT_ACCESSIBLE, restError } from '../world.ts';

/** What GitHub says of objects that are not there, and of trees that cannot be made. */
const BAD_OBJECT = 'GitRPC::BadObjectState';

interface TreeEntry {
  path: string;
  mode: string;
  /** Null: the file is deleted. */
  sha: string | null;
}

async function write(call: Call, what: () => Promise<{ sha: string }>): Promise<Answer> {
  if (!mayWrite(call.rights, 'contents')) return restError(403, NOT_ACCESSIBLE);
  return what().then(
    (body) => ({ status: 201, body }),
    () => restError(422, BAD_OBJECT),
  );
}

const line = (output: Buffer) => output.toString('utf8').trim();

export function createBlob(call: Call): Promise<Answer> {
  const { content, encoding = 'utf-8' } = call.body as { content: string; encoding?: string };
  return write(call, async () => {
    const input = Buffer.from(content, encoding === 'base64' ? 'base64' : 'utf8');
    return { sha: line(await call.hosted.bare.git(['hash-object', '-w', '--stdin'], { input })) };
  });
}

let indexes = 0;

async function makeTree({ bare }: HostedRepository, base: string | undefined, entries: readonly TreeEntry[]) {
  const index = join(bare.path, `tree-index-${indexes++}`);
  const env = { GIT_INDEX_FILE: index };
  try {
    await bare.git(['read-tree', ...(base === undefined ? ['--empty'] : [base])], { env });
    const there = (await bare.git(['ls-files', '-z'], { env })).toString('utf8').split('\0');
    for (const { path, sha } of entries) {
      if (sha === null && !there.includes(path)) throw new Error(`there is no ${path} to delete`);
    }
    const input = entries.map(({ path, mode, sha }) =>
      sha === null ? `0 ${'0'.repeat(40)}\t${path}\0` : `${mode} ${sha}\t${path}\0`,
    );
    await bare.git(['update-index', '-z', '--index-info'], { env, input: input.join('') });
    return line(await bare.git(['write-tree'], { env }));
  } finally {
    await rm(index, { force: true });
  }
}

export function createTree(call: Call): Promise<Answer> {
  const { base_tree: base, tree } = call.body as { base_tree?: string; tree: TreeEntry[] };
  return write(call, async () => ({ sha: await makeTree(call.hosted, base, tree), truncated: false }));
}

/** A commit that no branch leads to yet, by whoever asks. */
export function createCommitObject(call: Call): Promise<Answer> {
  const { hosted, name, rights, world } = call;
  const { message, tree, parents = [] } = call.body as { message: string; tree: string; parents?: string[] };
  const by = { author: `${rights.login} <${rights.login}@users.noreply.github.com>`, time: world.now() };
  return write(call, async () => {
    const args = ['commit-tree', tree, ...parents.flatMap((parent) => ['-p', parent])];
    const sha = line(await hosted.bare.git(args, { input: message, env: authorship(by) }));
    const html_url = `https://github.com/${name}/commit/${sha}`;
    return { sha, html_url, message, tree: { sha: tree }, parents: parents.map((parent) => ({ sha: parent })) };
  });
}
