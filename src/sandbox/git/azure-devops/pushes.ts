import { HeadMoved, type NewContent } from '../repository.ts';
import type { Answer, Call } from '../world.ts';
import { invalid, needsPermission, noObject, ok, refusal } from './call.ts';

interface Change {
  changeType: 'add' | 'edit' | 'delete';
  item: { path: string };
  newContent?: { content: string; contentType: 'rawtext' | 'base64encoded' };
}

interface Push {
  refUpdates?: { name: string; oldObjectId: string; newObjectId?: string }[];
  commits?: { comment?: string; author?: { name: string; email: string }; changes?: Change[] }[];
}

type Mode = '100644' | '100755' | '120000';
const OBJECT_ID = /^[0-9a-f]{40}$/;
const BRANCH = 'refs/heads/';
const POLICY = 'Pushes to this branch are not permitted; you must use a pull request to update this branch.';

export const stale = (name: string) =>
  refusal(
    409,
    'GitReferenceStaleException',
    `TF401028: The reference '${name}' has already been updated by another client, so you cannot update it. Please try again.`,
  );

export async function isKnown({ hosted }: Call, id: string): Promise<boolean> {
  return hosted.bare.git(['cat-file', '-e', `${id}^{commit}`]).then(
    () => true,
    () => false,
  );
}

async function modesAt({ hosted }: Call, commit: string): Promise<Map<string, string>> {
  const output = (await hosted.bare.git(['ls-tree', '-r', '-t', '-z', commit])).toString('utf8');
  const lines = output.split('\0').filter(Boolean);
  return new Map(lines.map((line) => [line.slice(line.indexOf('\t') + 1), line.slice(0, 6)]));
}

/** The files of a commit; the words of a refusal where one of them cannot be changed so. What is edited keeps its mode. */
function filesOf(changes: Change[], modes: Map<string, string>): Record<string, NewContent> | string {
  const files: Record<string, NewContent> = {};
  for (const { changeType, item, newContent } of changes) {
    const path = item.path.replace(/^\/+/, '');
    const there = modes.get(path);
    if (path in files) return `Multiple operations were attempted on file '${item.path}' within the same request.`;
    if (changeType === 'add' && there) return `The path '${item.path}' specified in the add operation already exists.`;
    if (changeType !== 'add' && !there) return `The path '${item.path}' does not exist at commit.`;
    if ((changeType === 'delete') === (newContent !== undefined)) return 'newPush';
    const encoding = newContent?.contentType === 'base64encoded' ? 'base64' : 'utf8';
    const content = Buffer.from(newContent?.content ?? '', encoding);
    files[path] = newContent ? { content, mode: (there ?? '100644') as Mode } : null;
  }
  return files;
}

async function ingest(call: Call, name: string, parent: string, commit: NonNullable<Push['commits']>[number]) {
  const { hosted, rights, world } = call;
  const branch = name.slice(BRANCH.length);
  const files = filesOf(commit.changes ?? [], await modesAt(call, parent));
  if (typeof files === 'string') return invalid(files);
  if (!rights.write) return needsPermission(rights.login, 'GenericContribute');
  if (hosted.protectedBranches?.has(branch)) {
    return refusal(403, 'GitRefUpdateRejectedByPolicyException', `TF402455: ${POLICY}`);
  }
  const { comment = '', author } = commit;
  const by = author ? `${author.name} <${author.email}>` : `${rights.login} <${rights.login}@example.com>`;
  try {
    const from = (await hosted.bare.head(branch)) ? { parent } : { start: parent };
    const id = await hosted.bare.commit({ branch, ...from, author: by, message: comment, time: world.now(), files });
    const refUpdates = [{ name, oldObjectId: parent, newObjectId: id }];
    return ok({ commits: [{ commitId: id, comment, parents: [parent] }], refUpdates, pushId: 1 }, 201);
  } catch (error) {
    if (error instanceof HeadMoved) return stale(name);
    throw error;
  }
}

/** One commit on one branch, which is made where it is not there. What is wrong is found in this order. */
export async function push(call: Call): Promise<Answer> {
  const { refUpdates = [], commits = [] } = call.body as Push;
  const [update] = refUpdates;
  const [commit] = commits;
  if (!update || !commit || refUpdates.length + commits.length > 2) {
    return invalid('You must specify exactly one commit and one ref update');
  }
  const { name, oldObjectId, newObjectId } = update;
  if (!commit.comment || !commit.changes?.length || newObjectId || !OBJECT_ID.test(oldObjectId))
    return invalid('newPush');
  const head = await call.hosted.bare.head(name.slice(BRANCH.length));
  if (head && head !== oldObjectId) return stale(name);
  if (!(await isKnown(call, oldObjectId))) return noObject(oldObjectId);
  return ingest(call, name, oldObjectId, commit);
}

/** Deletes branches, the only thing that it can do here. What is refused is told with 200. */
export async function updateRefs({ hosted, rights, body }: Call): Promise<Answer> {
  const value: object[] = [];
  for (const { name, oldObjectId, newObjectId = '' } of body as NonNullable<Push['refUpdates']>) {
    if (/[^0]/.test(newObjectId)) return invalid('newObjectId');
    const tried = rights.write
      ? await hosted.bare.git(['update-ref', '-d', name, oldObjectId]).then(
          () => 'succeeded',
          () => 'staleOldObjectId',
        )
      : 'writePermissionRequired';
    value.push({ name, oldObjectId, newObjectId, updateStatus: tried, success: tried === 'succeeded' });
  }
  return ok({ value, count: value.length });
}
