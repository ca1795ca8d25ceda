/** What is said below a pull request of Bitbucket Cloud. */
import type { Answer, PullRequest, SaidBelow } from '../world.ts';
import { accountOf, type Call, failure, notFound, ok } from './call.ts';

const COMMENT_CHARACTERS = 32_767;

interface Place {
  number: string;
  pull: PullRequest;
  /** Of a comment; no number where all of them are meant. */
  id: number;
}

function shown({ pages }: Call, number: string, { id, author, body }: SaidBelow) {
  return {
    type: 'pullrequest_comment',
    id,
    content: { raw: body },
    user: accountOf(author),
    deleted: false,
    links: { html: { href: `${pages}/pull-requests/${number}/_/diff#comment-${id}` } },
  };
}

function page(call: Call, { number, pull }: Place): Answer {
  const { query, api } = call;
  const [at, length] = [Number(query.get('page') ?? 1), Number(query.get('pagelen') ?? 10)];
  const values = pull.comments.slice((at - 1) * length, at * length).map((each) => shown(call, number, each));
  const more = pull.comments.length > at * length;
  const next = more && { next: `${api}/pullrequests/${number}/comments?pagelen=${length}&page=${at + 1}` };
  return ok({ pagelen: length, page: at, values, ...next });
}

/** Who reads pull requests may say something; only the author may change it. */
export function onComments(call: Call, place: Place): Answer {
  const { pull, number, id } = place;
  if (call.method === 'GET') return page(call, place);
  const raw = (call.body.content as { raw?: string } | undefined)?.raw;
  if (!raw || raw.length > COMMENT_CHARACTERS) return failure(400, 'content: required key not provided, or too long');
  const { login } = call.rights;
  if (call.method === 'POST') {
    const said = { id: pull.comments.length + 1, author: login, body: raw };
    pull.comments.push(said);
    return { status: 201, body: shown(call, number, said) };
  }
  const said = pull.comments.find((each) => each.id === id);
  if (!said) return notFound('Comment');
  if (said.author !== login) return failure(403, 'You cannot change the comment of another.');
  said.body = raw;
  return ok(shown(call, number, said));
}
