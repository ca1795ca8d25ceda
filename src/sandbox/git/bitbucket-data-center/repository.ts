import { type Answer, type Call, failure, notPermitted, ok, page } from './call.ts';

const STATES = ['SUCCESSFUL', 'FAILED', 'INPROGRESS', 'CANCELLED', 'UNKNOWN'];
const STATUS_CHARACTERS = 255;
const ADDRESS_CHARACTERS = 450;

export function repository({ hosted, name }: Call): Answer {
  const [key, slug] = name.split('/');
  return ok({ id: 1, slug, name: slug, state: 'AVAILABLE', archived: hosted.archived === true, project: { key } });
}

function noSuchCommit(id: string): Answer {
  return failure(404, 'commit.NoSuchCommitException', `Commit '${id}' does not exist in this repository.`);
}

export async function commits({ hosted, query }: Call): Promise<Answer> {
  const until = query.get('until') ?? '';
  const head = await hosted.bare.head(until.replace(/^refs\/heads\//, ''));
  if (!head) return noSuchCommit(until);
  const log = await hosted.bare.log(until.replace(/^refs\/heads\//, ''));
  return page(
    query,
    log.map(({ id, message }) => ({ id, displayId: id.slice(0, 11), message })),
  );
}

/** Who may read may say how a build went. */
export async function setStatus({ hosted, body }: Call, commit: string): Promise<Answer> {
  const known = await hosted.bare.git(['branch', '--contains', commit]).catch(() => undefined);
  if (!known) return noSuchCommit(commit);
  const { key = '', state = '', url = '', description = '' } = body as Record<string, string>;
  const isTooLong = Math.max(key.length, description.length) > STATUS_CHARACTERS || url.length > ADDRESS_CHARACTERS;
  if (!key || !url || isTooLong || !STATES.includes(state)) {
    return failure(400, 'validation.ArgumentValidationException', 'The build status is not valid.');
  }
  const others = (hosted.statuses ?? []).filter((each) => each.commit !== commit || each.context !== key);
  hosted.statuses = [...others, { commit, state, context: key, description, url }];
  return { status: 204 };
}

/** Says nothing of a branch that is not there. */
export async function deleteBranch({ hosted, rights, body }: Call): Promise<Answer> {
  if (!rights.write) return notPermitted();
  const ref = String(body.name);
  const branch = ref.replace(/^refs\/heads\//, '');
  const head = await hosted.bare.head(branch);
  if (!head) return { status: 204 };
  if (body.endPoint && body.endPoint !== head) {
    const message = `${ref} is at ${head}, and was expected to be at ${body.endPoint}.`;
    return failure(400, 'validation.ArgumentValidationException', message);
  }
  if (hosted.protectedBranches?.has(branch)) {
    return failure(403, 'repository.ref.restriction.RefRestrictedException', `Branch ${ref} cannot be deleted.`);
  }
  await hosted.bare.git(['update-ref', '-d', ref]);
  return { status: 204 };
}
