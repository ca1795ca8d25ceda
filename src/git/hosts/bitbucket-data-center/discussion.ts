import { type Fields, fieldsOf, listOf, parsedFields, textOf } from '../../../api/fields.ts';
import type { PullRequestOutcome } from '../host.ts';
import {
  asPullRequest,
  asUnusedLink,
  broughtBy,
  type Candidate,
  type Comments,
  discussionOver,
  type ShownComment,
  someOf,
  type Talk,
} from '../host-discussion.ts';
import { Ended, type HttpResponse, type SendRequest } from '../http.ts';
import { type Api, failureOf, openApi } from './api.ts';
import { pullOf } from './pulls.ts';

/** Bitbucket takes no longer ones. */
const COMMENT_CHARACTERS = 32_767;
const PAGE_ENTRIES = 100;

const nameOf = (participant: unknown) => textOf(fieldsOf(fieldsOf(participant).user).name);

interface Merged extends Candidate {
  reviewers: (string | undefined)[];
}

function mergedOf(found: Fields): Merged {
  const { number, url, commit } = pullOf(found);
  const approved = listOf(found.participants).filter((each) => fieldsOf(each).approved === true);
  return {
    number,
    url,
    title: textOf(found.title) ?? '',
    author: nameOf(found.author),
    commits: [commit],
    mergedAt: typeof found.closedDate === 'number' ? new Date(found.closedDate).toISOString() : '',
    reviewers: [...listOf(found.reviewers), ...approved].map(nameOf),
  };
}

/** By the commit that the merge made, which is none of a pull request's own. Those merged last are looked through. */
async function madeBy(api: Api, commit: string, branch: string): Promise<Fields[]> {
  const at = encodeURIComponent(`refs/heads/${branch}`);
  const query = `at=${at}&direction=INCOMING&state=MERGED&order=NEWEST&limit=${PAGE_ENTRIES}`;
  const found = listOf((await api.get(`/pull-requests?${query}`)).values).map(fieldsOf);
  return found.filter((each) => pullOf(each).commit === commit);
}

async function pullRequestOf(api: Api, commit: string, branch: string): Promise<PullRequestOutcome> {
  const into = (found: Fields[]) =>
    found.filter(({ state, toRef }) => state === 'MERGED' && fieldsOf(toRef).id === `refs/heads/${branch}`);
  const made = into(await madeBy(api, commit, branch));
  const found = made.length > 0 ? made : into(await api.list(`/commits/${commit}/pull-requests?`));
  const pull = broughtBy(found.map(mergedOf), commit);
  return pull ? asPullRequest(pull, pull.reviewers) : { kind: 'none' };
}

/** Whose credential it is, as each answer says; undefined where it does not. */
function askerOf({ headers }: HttpResponse): string | undefined {
  return new URLSearchParams(`name=${headers['x-ausername'] ?? ''}`).get('name') || undefined;
}

/** One that stands by itself: no answer to another, and not about a line. The version is part of its id. */
function shownOf({ comment, commentAnchor, ...activity }: Fields, asker: string | undefined): ShownComment | undefined {
  const { id, version, text, author } = fieldsOf(comment);
  if (activity.action !== 'COMMENTED' || activity.commentAction !== 'ADDED' || commentAnchor) return undefined;
  const isOwn = asker === undefined || fieldsOf(author).name === asker;
  return { id: `${id}?version=${version}`, body: textOf(text) ?? '', isOwn };
}

async function commentsOf(api: Api, number: number): Promise<Comments> {
  const path = `/pull-requests/${number}`;
  const newestFirst = async function* () {
    for (let start: number | undefined = 0; start !== undefined; ) {
      const answer = await api.send('GET', `${path}/activities?limit=${PAGE_ENTRIES}&start=${start}`);
      if (answer.status !== 200) throw new Ended(failureOf(answer));
      const { values, isLastPage, nextPageStart } = parsedFields(answer.body);
      yield listOf(values).map((each) => shownOf(fieldsOf(each), askerOf(answer)));
      const next = isLastPage === false ? Number(nextPageStart) : 0;
      start = next > start ? next : undefined;
    }
  };
  const pages = async function* () {
    const all: ShownComment[] = [];
    for await (const page of someOf(newestFirst())) all.push(...page.filter((each) => each !== undefined));
    yield all.reverse();
  };
  return {
    pages: pages(),
    async add(text) {
      const answer = await api.send('POST', `${path}/comments`, { text });
      if (answer.status !== 201) throw new Ended(failureOf(answer));
      const { id } = parsedFields(answer.body);
      return `${api.pages}${path}/overview?commentId=${id}`;
    },
    async change({ id }, text) {
      const [number, version] = id.split('?version=');
      const answer = await api.send('PUT', `${path}/comments/${number}`, { text, version: Number(version) });
      if (answer.status !== 200) throw new Ended(failureOf(answer));
    },
  };
}

/** Who may read may comment; HTML is shown there as it is. */
export function createBitbucketDataCenterDiscussion(send: SendRequest): Talk {
  const calls = { pullRequestOf, comments: commentsOf, longest: COMMENT_CHARACTERS, hidden: asUnusedLink };
  return discussionOver((access) => openApi(send, access), calls);
}
