import { type Answer, type Call, failure, forbidden, notFound, ok } from './call.ts';
import { type CommitBody, commitActions, lastChange } from './commits.ts';

const DEVELOPER = 30;
const REPORTER = 20;
const STATES = ['pending', 'running', 'success', 'failed', 'canceled', 'skipped'];
const STATUS_CHARACTERS = 255;

function mayPush({ hosted, rights }: Call, branch: string): boolean {
  return rights.write && !hosted.archived && !hosted.protectedBranches?.has(branch);
}

export function project({ hosted, name, rights }: Call): Answer {
  const project_access = { access_level: rights.write ? DEVELOPER : REPORTER, notification_level: 3 };
  const permissions = { project_access, group_access: null };
  const merge_requests_access_level = hosted.takesPulls === false ? 'disabled' : 'enabled';
  const archived = hosted.archived === true;
  return ok({ id: 1, path_with_namespace: name, archived, permissions, merge_requests_access_level });
}

export async function branch(call: Call, name: string): Promise<Answer> {
  const { bare, protectedBranches } = call.hosted;
  const id = await bare.head(name);
  if (!id) return notFound('Branch');
  const message = (await bare.git(['log', '-1', '--format=%B', id])).toString();
  const isProtected = protectedBranches?.has(name) === true;
  return ok({ name, commit: { id, message }, protected: isProtected, can_push: mayPush(call, name) });
}

export async function deleteBranch(call: Call, name: string): Promise<Answer> {
  if (!call.rights.write) return forbidden();
  if (!(await call.hosted.bare.head(name))) return notFound('Branch');
  await call.hosted.bare.git(['update-ref', '-d', `refs/heads/${name}`]);
  return { status: 204 };
}

export async function tree({ hosted, query }: Call): Promise<Answer> {
  const path = query.get('path') ?? '';
  const args = ['ls-tree', '-z', `${query.get('ref')}:${path}`];
  const listed = await hosted.bare.git(args).catch(() => undefined);
  if (!listed) return notFound('invalid revision or path');
  const entries = listed.toString('utf8').split('\0').filter(Boolean);
  const page = Number(query.get('page') ?? 1) - 1;
  const size = Number(query.get('per_page') ?? 20);
  const found = entries.slice(page * size, (page + 1) * size).map((line) => {
    const {
      mode,
      type,
      id,
      name = '',
    } = /^(?<mode>\d+) (?<type>\w+) (?<id>\w+)\t(?<name>.*)$/s.exec(line)?.groups ?? {};
    return { id, name, type, path: path ? `${path}/${name}` : name, mode };
  });
  return ok(found);
}

export async function file({ hosted, query }: Call, path: string): Promise<Answer> {
  const ref = String(query.get('ref'));
  const content = await hosted.bare.read(ref, path);
  if (!content) return notFound('File');
  const last_commit_id = await lastChange(hosted, ref, path);
  return ok({ file_path: path, ref, last_commit_id, content: content.toString('base64'), encoding: 'base64' });
}

export async function commit(call: Call): Promise<Answer> {
  const { world, hosted, address } = call;
  const body = call.body as CommitBody;
  // What is missing is told before what the branch allows.
  const missing = (['branch', 'commit_message', 'actions'] as const).filter((key) => !body[key]);
  if (missing.length > 0) return { status: 400, body: { error: missing.map((key) => `${key} is missing`).join(', ') } };
  if (!mayPush(call, String(body.branch))) return forbidden('You are not allowed to push into this branch');
  await world.beforeWrite?.();
  const id = await commitActions(hosted, body, world.now());
  const parents = (await hosted.bare.git(['log', '-1', '--format=%P', id])).toString().trim();
  const web_url = `${address}/-/commit/${id}`;
  return { status: 201, body: { id, parent_ids: parents.split(' ').filter(Boolean), web_url } };
}

export async function setStatus({ hosted, rights, body }: Call, id: string): Promise<Answer> {
  if (!rights.write) return forbidden();
  const state = String(body.state);
  const description = String(body.description ?? '');
  const context = String(body.name ?? body.context ?? 'default');
  const url = typeof body.target_url === 'string' ? body.target_url : null;
  const known = await hosted.bare.git(['branch', '--contains', id]).catch(() => undefined);
  if (!known) return notFound('Commit');
  if (!STATES.includes(state)) return failure(400, 'state does not have a valid value');
  if (description.length > STATUS_CHARACTERS) {
    return failure(400, { description: [`is too long (maximum is ${STATUS_CHARACTERS} characters)`] });
  }
  hosted.statuses = [...(hosted.statuses ?? []), { commit: id, state, context, description, url }];
  return { status: 201, body: { sha: id, status: state, name: context, description, target_url: url } };
}
