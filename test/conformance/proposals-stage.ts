import { afterEach, beforeEach, expect } from 'vitest';
import {
  type Proposal,
  type ProposalOutcome,
  type ProposalRequest,
  type Proposals,
  proposalBranch,
  type RepositoryAccess,
} from '../../src/git/hosts/host.ts';
import type { HostHarness } from './git-host.ts';
import { takeMismatches } from './git-hosts.ts';

/** A proposal as people see it on the host's pages. */
export interface SeenProposal {
  number: number;
  state: Proposal['state'];
  title: string;
  body: string;
  from: string;
  into: string;
}

/** When the host's rules let a proposal into main. */
export type MergeRule =
  /** Nothing is missing: it is merged when asked for. */
  | 'atOnce'
  /** A rule is not fulfilled yet (a check is running), and the host can be told to wait for it. */
  | 'later'
  /** A rule is not fulfilled, and the host does not wait by itself. */
  | 'never';

/** One host that knows proposals over one real repository, for one test. People push to any branch by `repository.commit`. */
export interface ProposalsHarness extends HostHarness {
  /** All proposals of the repository, oldest first. */
  seen(): Promise<SeenProposal[]>;
  /** What was said below one, oldest first. */
  comments(number: number): Promise<string[]>;
  /** A person merges it on the host's pages. */
  mergeByHand(number: number): Promise<void>;
  /** A person closes it on the host's pages, and leaves its branch. */
  closeByHand(number: number): Promise<void>;
  deleteBranch(branch: string): Promise<void>;
  /** From now on this rule holds for main. People may still push to it. */
  setRule(rule: MergeRule): Promise<void>;
  /** What the rule `later` waits for happens; the host then merges what it was told to merge, maybe a little later. */
  fulfilRule(): Promise<void>;
  /** The write that comes after so many others (default 0) is carried out, but its answer is lost. */
  loseAnswer(after?: number): void;
  /** Runs once, right before the next write of any kind arrives. */
  beforeWrite(intrude: () => Promise<void>): void;
  /** The next write is not carried out, and answered with the rate limit; left out where that cannot be brought about. */
  limitRate?(): void;
  /** Who was asked to review one; left out where nobody can be asked by name. */
  asked?(number: number): Promise<string[]>;
  /** Two who can be asked, and one who cannot. */
  colleagues?: readonly [string, string, stranger: string];
  /** What one is labelled with; left out where the host knows no labels of proposals. */
  labels?(number: number): Promise<string[]>;
  /** Who may label, where that takes more than `access`. */
  labeller?: RepositoryAccess;
  /** What nobody can label one with; left out where there is no such thing. */
  badLabel?: string;
}

export interface ProposalDeviations {
  /** Why the host cannot be told to wait for a rule. */
  later?: string;
  /** Why the host may call closed what was merged in the moment of its being closed; our answer to the merge is right all the same. */
  together?: string;
  /** Why none carries a label. */
  labels?: string;
  /** Why what is pushed between the last look and the merge is merged too. */
  head?: string;
}

export const PEOPLE = { author: 'Ann <ann@example.com>', time: 1_700_000_000_000 };
export const KEY = 'c0ffee0123456789'.repeat(4);
export const MESSAGE = `Revert "second"\n\nThis reverts commit 0.\n\nReverts-Commit: 0\nRevert-Key: ${KEY}\n`;
export const TITLE = 'Revert "<b>second</b> & `third`" of shop/web: 5 > 3 \\o/ ünï 🚦';
export const BODY =
  'First **line**, <img src=x>\n\n```yaml\nimage: "v1"\n```\n\n- a | b\n- $HOME $(x) {{ y }} \\n %20 &amp;\n\nRevert-Scope: fields';
export const FROM = proposalBranch(KEY);
export const BRANCHES = { from: FROM, into: 'main' };
/** Hosts find out in the background whether a proposal can be merged. */
const PATIENCE_MILLISECONDS = 30_000;
const PAUSE_MILLISECONDS = 100;
export const LONGEST = 120_000;

export const plain = (path: string, content: string) => ({ path, content: Buffer.from(content), mode: '100644' });

export function proposalOf(outcome: ProposalOutcome | { kind: 'none' }): Proposal {
  if (outcome.kind === 'proposal') return outcome.proposal;
  throw new Error(`not a proposal: ${JSON.stringify(outcome)}`);
}

/** Asks until the answer is another than that the host waits. */
export async function settled<T extends ProposalOutcome | { kind: 'none' }>(ask: () => Promise<T>): Promise<T> {
  const end = Date.now() + PATIENCE_MILLISECONDS;
  let outcome = await ask();
  while (outcome.kind === 'proposal' && outcome.proposal.state === 'open' && Date.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MILLISECONDS));
    outcome = await ask();
  }
  return outcome;
}

/** A fresh repository for each test of the `describe` that this is called in, and what the tests ask of it. */
export function proposalsStage(name: string, start: () => Promise<ProposalsHarness>) {
  let harness: ProposalsHarness;
  let proposals: Proposals;
  let head: string;

  beforeEach(async () => {
    harness = await start();
    if (!harness.host.proposals) throw new Error(`${name} knows no proposals`);
    proposals = harness.host.proposals;
    const files = { 'app/web.yaml': 'image: v2\n', 'app/other.yaml': 'a: 1\n' };
    head = await harness.repository.commit({ ...PEOPLE, message: 'second', files });
  }, LONGEST);
  afterEach(async () => {
    await harness.close();
    expect(takeMismatches()).toEqual([]);
  });

  const request = (part: Partial<ProposalRequest> = {}): ProposalRequest => ({
    branch: 'main',
    from: FROM,
    expectedHead: head,
    message: MESSAGE,
    changes: [plain('app/web.yaml', 'image: v1\n')],
    key: KEY,
    title: TITLE,
    body: BODY,
    ...part,
  });
  const open = (part?: Partial<ProposalRequest>) => proposals.open(harness.access, request(part));
  const opened = async () => proposalOf(await open());
  const find = () => proposals.find(harness.access, BRANCHES);
  const merge = (proposal: Proposal) => proposals.merge(harness.access, { ...proposal, ...BRANCHES });
  const cancel = (proposal: Proposal) => proposals.cancelMerge(harness.access, { ...proposal, ...BRANCHES });
  const close = (proposal: Proposal, why = 'No longer needed.') =>
    proposals.close(harness.access, { ...proposal, ...BRANCHES }, why);
  const push = (branch: string, files: Record<string, string>) =>
    harness.repository.commit({ ...PEOPLE, branch, message: 'by a person', files });
  const headOf = (branch: string) => harness.repository.head(branch);
  const read = async (path: string) => (await harness.repository.read(String(await headOf('main')), path))?.toString();

  /** One proposal in this state from our branch, which holds our one commit on the expected head. */
  const expectOne = async (state: Proposal['state']) => {
    const seen = await harness.seen();
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({ state, from: FROM, into: 'main' });
  };
  const expectOurCommit = async () => {
    const [last, before] = await harness.repository.log(FROM);
    expect(last?.message).toBe(MESSAGE.trimEnd());
    expect(before?.id).toBe(head);
  };

  return {
    get harness() {
      return harness;
    },
    get proposals() {
      return proposals;
    },
    get head() {
      return head;
    },
    request,
    open,
    opened,
    find,
    merge,
    cancel,
    close,
    push,
    headOf,
    read,
    expectOne,
    expectOurCommit,
  };
}
