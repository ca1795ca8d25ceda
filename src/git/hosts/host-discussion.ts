/** What the hosts' discussions have in common: which pull request brought a commit, and which comment is meant. */
import type {
  CommentOutcome,
  Discussion,
  MarkedComment,
  MergedPullRequest,
  PullRequestOutcome,
  RepositoryAccess,
} from './host.ts';
import { Ended, orFailure } from './http.ts';

const MOST_REVIEWERS = 20;
/** Beside a title that is longer than any host takes. */
const TITLE_CHARACTERS = 300;
/** A server may answer with the same page for ever. */
const MOST_PAGES = 50;
const CUT = '\n\n(cut)';

/** A merged pull request as a host shows it. */
export interface Candidate extends Pick<MergedPullRequest, 'number' | 'url' | 'title' | 'author'> {
  /** The commits that brought it to its target, where the host says so. */
  commits: (string | undefined)[];
  mergedAt: string;
}

/** The one by which a commit came to its branch: the one that made it, else the first to be merged with it. */
export function broughtBy<T extends Candidate>(candidates: readonly T[], commit: string): T | undefined {
  const [first] = candidates.toSorted((one, other) => Date.parse(one.mergedAt) - Date.parse(other.mergedAt));
  return candidates.find(({ commits }) => commits.includes(commit)) ?? first;
}

/** With those behind it, each once. */
export function asPullRequest(
  { number, url, title, author }: Candidate,
  reviewers: readonly (string | undefined)[],
): PullRequestOutcome {
  const others = new Set(reviewers.filter((login) => login !== undefined && login !== author) as string[]);
  const named = [...others].slice(0, MOST_REVIEWERS);
  const pullRequest = { number, url, title: title.slice(0, TITLE_CHARACTERS), author, reviewers: named };
  return { kind: 'pullRequest', pullRequest };
}

/** How a mark is hidden from readers: most hosts leave out what HTML says to nobody. */
const inHtml = (mark: string) => `<!-- ${mark} -->`;

/** Where HTML is shown as it is: a link that is defined and never used. */
export const asUnusedLink = (mark: string) => `[//]: # (${mark})`;

/** The comment with its mark before it, so that what is cut is never that. `longest`: in characters. */
function markedText({ body }: MarkedComment, mark: string, longest: number): string {
  const text = `${mark}\n\n${body}`;
  return text.length <= longest ? text : `${text.slice(0, longest - CUT.length).toWellFormed()}${CUT}`;
}

/** A comment that is there. */
export interface ShownComment {
  id: string;
  body: string;
  url?: string | undefined;
  /** Whether the credential's owner wrote it; true also where the host does not let that be told. */
  isOwn: boolean;
}

/** The comments below one pull request. Each call may end early by `Ended`. */
export interface Comments {
  /** The oldest first, in pages. */
  pages: AsyncIterable<ShownComment[]>;
  /** Answers its address, where the host says so. */
  add(text: string): Promise<string | undefined>;
  change(comment: ShownComment, text: string): Promise<void>;
}

/** The same pages, as many as are looked through; throws `Ended` where there are more. */
export async function* someOf<T>(pages: AsyncIterable<T>): AsyncGenerator<T> {
  let looked = 0;
  for await (const page of pages) {
    yield page;
    looked++;
    if (looked < MOST_PAGES) continue;
    const message = 'the pull request has more comments than are looked through, so nothing is said there';
    throw new Ended({ kind: 'protected', message });
  }
}

async function findOwn(pages: Comments['pages'], mark: string): Promise<ShownComment | undefined> {
  for await (const page of someOf(pages)) {
    const found = page.find(({ body, isOwn }) => isOwn && body.trimStart().startsWith(mark));
    if (found) return found;
  }
  return undefined;
}

/** Hosts may keep other line ends than they were given. */
function sameText(one: string, other: string): boolean {
  const plain = (text: string) => text.replaceAll('\r\n', '\n').trim();
  return plain(one) === plain(other);
}

type Form = Pick<DiscussionCalls<unknown>, 'longest' | 'hidden'>;

async function say(comments: Comments, comment: MarkedComment, { longest, hidden = inHtml }: Form) {
  const mark = hidden(comment.mark);
  const text = markedText(comment, mark, longest);
  const own = await findOwn(comments.pages, mark);
  if (own && !sameText(own.body, text)) await comments.change(own, text);
  const url = own ? own.url : await comments.add(text);
  return { kind: 'commented' as const, ...(url && { url }) };
}

/** All of it but statuses of commits. */
export type Talk = Omit<Discussion, 'report'>;

/** The calls of `Talk` on one opened API. Each may end early by `Ended`. */
export interface DiscussionCalls<Api> {
  pullRequestOf(api: Api, commit: string, branch: string): Promise<PullRequestOutcome>;
  comments(api: Api, number: number): Promise<Comments>;
  /** How long a comment may be, in characters. */
  longest: number;
  /** How a mark is written so that nobody sees it; left out: as a comment of HTML. */
  hidden?(mark: string): string;
}

/** A discussion by an API that is opened anew for each call, whose credential may be another one each time. */
export function discussionOver<Api>(
  openApi: (access: RepositoryAccess) => Api,
  { pullRequestOf, comments, ...form }: DiscussionCalls<Api>,
): Talk {
  return {
    pullRequestOf: (access, commit, branch) => orFailure(async () => pullRequestOf(openApi(access), commit, branch)),
    comment: (access, number, comment) =>
      orFailure<CommentOutcome>(async () => say(await comments(openApi(access), number), comment, form)),
  };
}
