import { type Answer, type Call, mayWrite, NOT_ACCESSIBLE, restError } from '../world.ts';

const COMMIT = /^[0-9a-f]{40}$/;

async function isCommit({ hosted }: Call, id: string): Promise<boolean> {
  return hosted.bare.git(['cat-file', '-e', `${id}^{commit}`]).then(
    () => COMMIT.test(id),
    () => false,
  );
}

export async function readRef({ hosted }: Call, branch: string): Promise<Answer> {
  const sha = await hosted.bare.head(branch);
  if (!sha) return restError(404, 'Not Found');
  return { status: 200, body: { ref: `refs/heads/${branch}`, object: { type: 'commit', sha } } };
}

export async function createRef(call: Call): Promise<Answer> {
  const { ref, sha } = call.body as { ref: string; sha: string };
  if (!mayWrite(call.rights, 'contents')) return restError(403, NOT_ACCESSIBLE);
  if (!(await isCommit(call, sha))) return restError(422, 'Object does not exist');
  const isNew = await call.hosted.bare.git(['update-ref', ref, sha, '0'.repeat(40)]).then(
    () => true,
    () => false,
  );
  if (!isNew) return restError(422, 'Reference already exists');
  return { status: 201, body: { ref, object: { type: 'commit', sha } } };
}

export async function deleteRef({ hosted, rights }: Call, branch: string): Promise<Answer> {
  if (!mayWrite(rights, 'contents')) return restError(403, NOT_ACCESSIBLE);
  if (!(await hosted.bare.head(branch))) return restError(422, 'Reference does not exist');
  if (hosted.protectedBranches?.has(branch)) return restError(422, 'Cannot delete this protected branch');
  await hosted.bare.git(['update-ref', '-d', `refs/heads/${branch}`]);
  return { status: 204, body: undefined };
}

export async function readCommit(call: Call, id: string): Promise<Answer> {
  if (!(await isCommit(call, id))) return restError(404, 'Not Found');
  const text = (await call.hosted.bare.git(['log', '-1', '--format=%P%x00%B', id])).toString('utf8');
  const [parents = '', message = ''] = text.split('\0');
  const ids = parents.split(' ').filter((each) => each !== '');
  return { status: 200, body: { sha: id, message: message.trimEnd(), parents: ids.map((sha) => ({ sha })) } };
}
