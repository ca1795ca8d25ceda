import { withoutCredentials } from './markdown.ts';

export interface MessageFacts {
  /** The culprit's message. */
  culpritMessage: string;
  culpritAuthor: string;
  /** Of the pull request that brought it, where that is known by then. */
  pullRequest?: number | undefined;
  /** 40 hex digits. */
  culprit: string;
  goodRevision: string;
  rollout: { namespace: string; name: string };
  /** The AnalysisRun, where its verdict was the cause. */
  run?: { name: string; uid: string } | undefined;
  /** The step at which it was aborted, from 0. */
  step?: number | undefined;
  /** Why it was aborted, as recorded with the revision. */
  cause: string;
  files: readonly string[];
  /** Whether single values were taken back, or all that the commit did to the files. */
  scope: 'fields' | 'paths';
  key: string;
  version: string;
  /** `Name <address>`, who answers for it as a rule of the host may ask; left out: nobody does. */
  signedOffBy?: string | undefined;
}

const SUBJECT_CHARACTERS = 80;
const CAUSE_CHARACTERS = 300;
const FILES_NAMED = 5;

/** Hosts close what a commit says that it fixes, also by its address. */
const NUMBERED_PAGE = /(\/(?:issues|pulls?|pull-?requests?|merge_requests|work_?items|epics)\/)(?=\d)/gi;

/**
 * One line of text from outside, made harmless: nothing in it can begin a line of its own (a forged trailer), mention
 * someone, refer to an issue or give an order to a build system. Credentials in addresses are left out.
 */
export function harmless(text: string, longest: number): string {
  const line = withoutCredentials(text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').replace(/\p{Cf}/gu, ''))
    .replaceAll('@', '(at)')
    .replace(/[#!](?=\d)/g, 'no. ')
    .replace(/\bGH-(?=\d)/gi, 'GH ')
    .replace(NUMBERED_PAGE, '$1 ')
    .replaceAll('[', '(')
    .replaceAll(']', ')')
    .replace(/\*{2,}/g, '*')
    .replace(/\b(skip-checks|signed-off-by|co-authored-by)\s*:/gi, '$1')
    .replace(/\s+/g, ' ')
    .trim();
  return line.length > longest ? `${line.slice(0, longest - 1).trimEnd()}…` : line;
}

function filesText(files: readonly string[]): string {
  const named = files.slice(0, FILES_NAMED).map((file) => harmless(file, 120));
  const more = files.length - named.length;
  return more > 0 ? `${named.join(', ')} and ${more} more` : named.join(', ');
}

function causeText({ run, step, cause }: MessageFacts): string {
  const what = run ? `analysis ${harmless(run.name, 100)} failed` : 'the update was aborted';
  const where = step === undefined ? '' : ` at step ${step}`;
  const why = cause === '' ? '' : ` (${harmless(cause, CAUSE_CHARACTERS)})`;
  return `Automatic rollback: ${what}${where}${why}.`;
}

/** The message of the commit that takes the culprit out. Hosts and people's tools parse "This reverts commit" and the trailers. */
export function revertMessage(facts: MessageFacts): string {
  const subject = harmless(facts.culpritMessage.split('\n')[0] ?? '', SUBJECT_CHARACTERS);
  const rollout = `${facts.rollout.namespace}/${facts.rollout.name}`;
  const author = harmless(facts.culpritAuthor, 80);
  // Without the sign that hosts make a link of.
  const by = facts.pullRequest === undefined ? author : `${author}, pull request ${facts.pullRequest}`;
  const trailers = [
    `Rollout: ${rollout}`,
    `Revert-Key: ${facts.key}`,
    `Reverts-Commit: ${facts.culprit}`,
    `Good-Revision: ${facts.goodRevision}`,
    `Revert-Scope: ${facts.scope}`,
    ...(facts.run ? [`Analysis-Run: ${facts.rollout.namespace}/${facts.run.name}/${facts.run.uid}`] : []),
    `Rollout-Controller: headgate/${facts.version}`,
    ...(facts.signedOffBy ? [`Signed-off-by: ${facts.signedOffBy}`] : []),
  ];
  return `Revert "${subject}" (${rollout})

${causeText(facts)}
Restores ${facts.scope === 'fields' ? 'the values in ' : ''}${filesText(facts.files)} to what was there before ${facts.culprit.slice(0, 7)}. Original author: ${by}.
To re-land: fix forward, or revert this commit. To keep a commit from being
reverted by a program, give it the trailer "Auto-Revert: disable".

This reverts commit ${facts.culprit}.

${trailers.join('\n')}
`;
}

/**
 * Title and Markdown text of the proposal of a commit with this message. `caution`: what whoever merges it should know; `unproved`:
 * it is the best that there is, and not proved; `why`: more in Markdown, harmless already.
 */
export function proposalText(
  message: string,
  { namespace, name }: MessageFacts['rollout'],
  {
    caution,
    unproved = false,
    why = [],
  }: { caution?: string | undefined; unproved?: boolean; why?: readonly string[] } = {},
) {
  const before = caution === undefined ? '' : `Before you merge:\n\n${fenced(caution)}`;
  const [subject = ''] = message.split('\n');
  const title = unproved ? `Needs a person: ${subject}` : subject;
  const doubt = unproved
    ? '**This needs a person.** It is the best that Headgate can propose, and it is not proved that it restores what ran before and nothing else. Change it on its branch as you see fit; nothing is merged by itself.'
    : '';
  const body = `The release of ${namespace}/${name} failed, and its traffic is back on what ran before. This takes the change out of Git, too.

- To have it so, merge this.
- To keep the change, close this: it is not opened again, and the cluster stays as it is until the pod template changes.

${[doubt, before, ...why, fenced(message)].filter(Boolean).join('\n\n')}
`;
  return { title, body };
}

/** As it is: what stands in a fence is no mention, link or markup. */
function fenced(text: string): string {
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map(({ length }) => length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}text\n${text.trimEnd()}\n${fence}`;
}

/**
 * Whether a commit says of itself that it takes the culprit out for this key. A commit with keys of its own speaks of those
 * alone: what a program wrote for another folder names the same culprit.
 */
export function takesOut(message: string, key: string, culprit: string): boolean {
  const lines = message.split('\n').map((line) => line.trim());
  const keys = lines.filter((line) => line.startsWith('Revert-Key:')).map((line) => line.slice('Revert-Key:'.length));
  if (keys.length > 0) return keys.some((each) => each.trim() === key);
  return lines.some((line) => line.startsWith(`This reverts commit ${culprit}`));
}

/** A commit, as far as what it says of itself goes. */
interface Said {
  id: string;
  message: string;
}

const NAMED_REVERT = /^This reverts commit ([0-9a-f]{7,64})/gm;
const REVERT_SUBJECT = /^(?:Re(?:vert|apply) "|revert(?:\([^)\n]*\))?!?: )/;

/** `own`: commits that came with it; to take one of those back is work on the change itself. */
function isRevert(message: string, own: readonly Said[]): boolean {
  if (/^Revert-Key:/m.test(message)) return true;
  const named = [...message.matchAll(NAMED_REVERT)].map(([, commit = '']) => commit);
  if (named.length > 0) return !named.every((commit) => own.some(({ id }) => id.startsWith(commit)));
  return REVERT_SUBJECT.test(message);
}

/** A merge has the title of what it merges somewhere below its subject. */
function namesRevert({ message }: Said, merged: readonly Said[]): boolean {
  return merged.length > 0 && message.split('\n').some((line) => REVERT_SUBJECT.test(line));
}

/**
 * Why a commit is never reverted by a program, whatever it broke; undefined where nothing speaks against it. `merged`: the commits
 * that it has brought in, where it is a merge.
 */
export function neverReverted(commit: Said, merged: readonly Said[]): { reason: string; message: string } | undefined {
  const all = [commit, ...merged];
  const what = (said: Said) => (said === commit ? 'the commit' : `commit ${said.id.slice(0, 7)}, which it merges,`);
  const optOut = all.find(({ message }) => /^Auto-Revert:\s*disable\s*$/im.test(message));
  if (optOut) return { reason: 'OptedOut', message: `${what(optOut)} carries the trailer "Auto-Revert: disable"` };
  const revert = namesRevert(commit, merged) ? commit : all.find(({ message }) => isRevert(message, merged));
  if (!revert) return undefined;
  const message = `${what(revert)} is itself a revert, or takes one back: a person must decide`;
  return { reason: 'CulpritIsRevert', message };
}
