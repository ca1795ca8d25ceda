/** What is said below a pull request, in threads. */
import type { Answer, Call, SaidBelow } from '../world.ts';
import { invalid, needsPermission, ok, refusal } from './call.ts';
import { type AzurePull, accountOf } from './pulls.ts';

const COMMENT_CHARACTERS = 150_000;

const commentOf = ({ author, body }: SaidBelow, commentType = 'text') => ({
  id: 1,
  parentCommentId: 0,
  author: accountOf(author),
  content: body,
  commentType,
});
const threadOf = (said: SaidBelow) => ({
  id: said.id,
  status: 'closed',
  threadContext: null,
  comments: [commentOf(said)],
});

/** Only the author may change what was said. */
export function onThreads(
  pull: AzurePull,
  method: string,
  path: string,
  { rights, body }: Pick<Call, 'rights' | 'body'>,
): Answer {
  const noted = { id: 0, author: pull.creator, body: `${pull.creator} joined as a reviewer` };
  const system = { id: 0, comments: [commentOf(noted, 'system')] };
  if (method === 'GET') return ok({ value: [system, ...pull.comments.map(threadOf)], count: pull.comments.length + 1 });
  if (!rights.write) return needsPermission(rights.login, 'PullRequestContribute');
  const { comments = [], content } = body as { comments?: { content: string }[]; content?: string };
  const text = content ?? comments[0]?.content ?? '';
  if (text === '' || text.length > COMMENT_CHARACTERS) return invalid('comment.Content');
  if (method === 'POST') {
    const said = { id: pull.comments.length + 1, author: rights.login, body: text };
    pull.comments.push(said);
    return ok(threadOf(said));
  }
  const [, thread] = /^\/threads\/(\d+)\/comments\/1$/.exec(path) ?? [];
  const said = pull.comments.find(({ id }) => id === Number(thread));
  if (!said) return refusal(404, 'GitPullRequestThreadNotFoundException', 'The thread was not found.');
  if (said.author !== rights.login) return needsPermission(rights.login, 'PullRequestContribute');
  said.body = text;
  return ok(commentOf(said));
}
