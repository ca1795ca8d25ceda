/** What GitLab says of the merge requests that brought a commit, and of the notes below one. */
import { brings } from '../brings.ts';
import { type Answer, type Call, failure, forbidden, notFound, ok } from './call.ts';
import { type MergeRequest, type MergeStage, show } from './merge-requests.ts';

const NOTE_CHARACTERS = 1_000_000;

export async function broughtBy(call: Call, stage: MergeStage, commit: string): Promise<Answer> {
  const { bare } = call.hosted;
  const isThere = await bare.git(['cat-file', '-e', commit]).then(Boolean, () => false);
  if (!isThere) return notFound('Commit');
  const wanted = call.query.get('state');
  const found: object[] = [];
  for (const request of stage.requests.all) {
    const merge = request.merge_commit_sha ?? request.squash_commit_sha ?? undefined;
    const isOwn = request.sha === commit || (await brings(bare, merge, request.sha, commit));
    const isBrought = request.state === 'merged' && isOwn;
    if (isBrought && (!wanted || wanted === request.state)) found.push(await show(stage, request, call.address));
  }
  return ok(found);
}

/** Whoever may read a project may say something; only the author may change it. */
export async function onNotes(call: Call, method: string, request: MergeRequest, rest: string): Promise<Answer> {
  const { rights, body, query, world } = call;
  const shown = ({ id, author, body: text }: MergeRequest['notes'][number]) => ({
    id,
    body: text,
    author: { username: author },
    system: false,
  });
  if (method === 'GET') {
    const [page, size] = [Number(query.get('page') ?? 1) - 1, Number(query.get('per_page') ?? 20)];
    const noted = { ...shown({ id: 0, author: request.openedBy, body: 'added 1 commit' }), system: true };
    return ok([noted, ...request.notes.map(shown)].slice(page * size, (page + 1) * size));
  }
  const text = String(body.body);
  if (text.length > NOTE_CHARACTERS) {
    return failure(400, { note: [`is too long (maximum is ${NOTE_CHARACTERS} characters)`] });
  }
  if (method === 'POST') {
    await world.beforeWrite?.();
    const note = { id: request.notes.length + 1, author: rights.login, body: text };
    request.notes.push(note);
    return { status: 201, body: shown(note) };
  }
  const note = request.notes.find(({ id }) => rest === `/notes/${id}`);
  if (!note) return notFound('Note');
  if (note.author !== rights.login) return forbidden();
  note.body = text;
  return ok(shown(note));
}
