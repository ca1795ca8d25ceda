import { HeadMoved, type NewContent } from '../repository.ts';
import type { Answer, MergeMethod } from '../world.ts';
import { type Call, failure, notFound, ok, refusal } from './call.ts';

const STRATEGIES: Record<MergeMethod, string> = { merge: 'merge_commit', squash: 'squash', rebase: 'fast_forward' };

/** The default one first. */
export function strategiesOf({ hosted }: Call): string[] {
  return (hosted.mergeMethods ?? ['merge', 'squash', 'rebase']).map((method) => STRATEGIES[method]);
}

async function commitObject({ hosted }: Call, revision: string): Promise<object | undefined> {
  const found = await hosted.bare.git(['log', '-1', '--format=%H%x00%P%x00%B', revision, '--']).catch(() => undefined);
  if (!found) return undefined;
  const [hash, parents = '', message] = found.toString('utf8').split('\0');
  const ids = parents.split(' ').filter((id) => id !== '');
  return { type: 'commit', hash, message, parents: ids.map((id) => ({ type: 'commit', hash: id })) };
}

export async function commit(call: Call, revision: string): Promise<Answer> {
  const isRevision = /^[0-9a-f]{7,40}$/.test(revision);
  const found = isRevision ? await commitObject(call, revision) : undefined;
  return found ? ok(found) : notFound('Commit');
}

export async function branch(call: Call, name: string): Promise<Answer> {
  const head = await call.hosted.bare.head(name);
  if (!head) return notFound(`Branch ${name}`);
  const merge_strategies = strategiesOf(call);
  const target = await commitObject(call, head);
  return ok({ type: 'branch', name, target, merge_strategies, default_merge_strategy: merge_strategies[0] });
}

export async function deleteBranch(call: Call, name: string): Promise<Answer> {
  const refused = refusal(call, 'repository:write');
  if (refused) return refused;
  const { bare, protectedBranches } = call.hosted;
  if (!(await bare.head(name))) return notFound(`Branch ${name}`);
  if (protectedBranches?.has(name)) return failure(403, `Permission denied to delete branch ${name}.`);
  await bare.git(['update-ref', '-d', `refs/heads/${name}`]);
  return { status: 204, body: undefined };
}

const ATTRIBUTES: Record<string, string[]> = {
  '100755': ['executable'],
  '120000': ['link'],
  '160000': ['subrepository'],
};

function entryOf(line: string, folder: string) {
  const { mode = '', size, name } = /^(?<mode>\d+) \w+ \w+ +(?<size>\S+)\t(?<name>.*)$/s.exec(line)?.groups ?? {};
  const path = `${folder}${name}`;
  if (mode === '040000') return { type: 'commit_directory', path };
  return { type: 'commit_file', path, attributes: ATTRIBUTES[mode] ?? [], size: Number(size) };
}

/** A file's content, or a page of what lies in a folder; a folder's path ends with a slash. */
export async function source({ hosted, query, api }: Call, rest: string): Promise<Answer> {
  const [, id = '', path = ''] = /^([0-9a-f]+)\/(.*)$/s.exec(rest) ?? [];
  if (path !== '' && !path.endsWith('/')) {
    const content = await hosted.bare.read(id, path);
    return content ? { status: 200, body: content } : notFound(path);
  }
  const listed = await hosted.bare.git(['ls-tree', '-l', '-z', `${id}:${path.slice(0, -1)}`]).catch(() => undefined);
  if (!listed) return notFound(path);
  const entries = listed.toString('utf8').split('\0').filter(Boolean);
  const size = Number(query.get('pagelen') ?? 10);
  const page = Number(query.get('page') ?? 1);
  const values = entries.slice((page - 1) * size, page * size).map((line) => entryOf(line, path));
  const more = new URLSearchParams(query);
  more.set('page', String(page + 1));
  const hasNext = page * size < entries.length;
  return ok({ values, page, pagelen: size, ...(hasNext && { next: `${api}/src/${rest}?${more}` }) });
}

/** What the form asks for, by path; undefined where it deletes what is not there. Every file it brings is a plain one. */
async function filesOf(
  { hosted }: Call,
  form: FormData,
  start: string,
): Promise<Record<string, NewContent> | undefined> {
  const files: Record<string, NewContent> = {};
  for (const [name, value] of form) {
    if (typeof value !== 'string') files[name.replace(/^\//, '')] = Buffer.from(await value.arrayBuffer());
  }
  for (const path of form.getAll('files').map((each) => String(each).replace(/^\//, ''))) {
    if (path in files) continue;
    const isThere = await hosted.bare.git(['cat-file', '-e', `${start}:${path}`]).then(
      () => true,
      () => false,
    );
    if (!isThere) return undefined;
    files[path] = null;
  }
  return files;
}

/** Where the new commit is to lie: a branch that is there is named by its head, a new one by where it starts. */
async function startOf(
  { hosted }: Call,
  branchName: string,
  parent: string | undefined,
): Promise<{ parent: string } | { start: string } | Answer> {
  const { bare } = hosted;
  const head = await bare.head(branchName);
  if (head && parent && head !== parent) return failure(409, `${parent} is not the tip of ${branchName}`);
  const start = head ?? parent ?? (await bare.head()) ?? '';
  const isCommit = await bare.git(['cat-file', '-e', `${start}^{commit}`]).then(
    () => true,
    () => false,
  );
  if (!isCommit) return notFound('Commit');
  return head ? { parent: start } : { start };
}

export async function commitForm(call: Call): Promise<Answer> {
  const { hosted, form = new FormData(), world, rights, api } = call;
  const refused = refusal(call, 'repository:write');
  if (refused) return refused;
  const text = (name: string) => form.get(name)?.toString();
  const name = text('branch') ?? 'main';
  if (hosted.protectedBranches?.has(name)) return failure(403, `Permission denied to update branch ${name}.`);
  const start = await startOf(call, name, text('parents'));
  if ('status' in start) return start;
  const files = await filesOf(call, form, 'start' in start ? start.start : start.parent);
  if (!files) return failure(400, 'A file to be deleted does not exist');
  const author = text('author') ?? `${rights.login} <${rights.login}@example.com>`;
  const message = text('message') ?? 'Edited with Bitbucket';
  try {
    const id = await hosted.bare.commit({ branch: name, ...start, author, message, time: world.now(), files });
    return { status: 201, body: undefined, headers: { location: `${api}/commit/${id}` } };
  } catch (error) {
    if (error instanceof HeadMoved) return failure(409, error.message);
    throw error;
  }
}

const STATES: Record<string, string> = {
  SUCCESSFUL: 'success',
  FAILED: 'failure',
  INPROGRESS: 'pending',
  STOPPED: 'error',
};

/** Sets a commit's build status; one of the same key before it is gone. */
export async function setStatus(call: Call, id: string): Promise<Answer> {
  const { hosted, body } = call;
  const refused = refusal(call, 'repository:write');
  if (refused) return refused;
  if (!(await commitObject(call, id))) return notFound('Commit');
  const [key, name, description, url] = ['key', 'name', 'description', 'url'].map((field) => String(body[field] ?? ''));
  const tooLong = (value: string | undefined, most: number) => (value?.length ?? 0) > most;
  if (!key || tooLong(key, 40))
    return failure(400, `key: Ensure this value has at most 40 characters (it has ${key?.length}).`);
  if (tooLong(name, 255) || tooLong(description, 255) || tooLong(url, 450)) return failure(400, 'Bad request');
  const state = STATES[String(body.state)];
  if (!state || !url) return failure(400, 'Bad request');
  const shown = { commit: id, state, context: name || key, description: description ?? '', url };
  const others = (hosted.statuses ?? []).filter((each) => each.commit !== id || each.context !== shown.context);
  hosted.statuses = [...others, shown];
  return { status: 201, body };
}
