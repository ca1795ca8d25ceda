import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AbortCause, AnalysisRun, GitRevert, GitRevertState, GitRevertStatus } from '../api/index.ts';
import { behindText, commentDue, commentText } from './comment.ts';
import { type Evidence, evidenceOf, evidenceTable } from './evidence.ts';
import { codeSpan, link } from './markdown.ts';
import { proposalText } from './message.ts';

const cause: AbortCause = {
  kind: 'analysis',
  run: 'web-2-1',
  phase: 'Failed',
  step: 2,
  weight: 20,
  at: '2026-11-21T12:01:33Z',
  message: 'Step-based analysis phase error/failed: metric "ok" assessed Failed due to failed (3) > failureLimit (2)',
};

const measured = (phase: string, value: string) => ({ phase, value }) as never;

function runWith(metric: object, result: object): AnalysisRun {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'AnalysisRun',
    metadata: { name: 'web-2-1', namespace: 'shop' },
    spec: {
      args: [
        { name: 'limit', value: '0.95' },
        { name: 'key', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
      ],
      metrics: [
        { name: 'ok', successCondition: 'result[0] >= {{args.limit}}', provider: {}, ...metric },
        { name: 'fine', provider: {} },
      ],
    },
    status: {
      phase: 'Failed',
      metricResults: [
        { name: 'fine', phase: 'Successful' },
        { name: 'dry', phase: 'Failed', dryRun: true },
        {
          name: 'ok',
          phase: 'Failed',
          measurements: [
            measured('Failed', '[0.5]'),
            measured('Successful', '[0.99]'),
            measured('Failed', '[0.91]'),
            measured('Failed', '[0.9]'),
            measured('Failed', '[0.875]'),
          ],
          metadata: { ResolvedPrometheusQuery: 'sum(rate(ok[5m]))\n  / sum(rate(all[5m]))' },
          ...result,
        },
      ],
    },
  } as AnalysisRun;
}

const times = { startedAt: '2026-11-21T12:00:00Z', takenOutAt: '2026-11-21T12:01:36Z' };
const evidence = (metric = {}, result = {}) => evidenceOf({ cause, run: runWith(metric, result), ...times });

describe('the evidence', () => {
  it('says what was measured, against what, how far the release had come and how long all took', () => {
    const graph = 'https://prometheus.example/graph?g0.expr={query}';
    expect(evidenceTable(evidence(), graph)).toMatchInlineSnapshot(`
      "| | |
      |---|---|
      | Metric | \`ok\` |
      | Last bad values | \`0.91\`, \`0.9\`, \`0.875\` |
      | Expected | \`result[0] >= 0.95\` |
      | Query | \`sum(rate(ok[5m])) / sum(rate(all[5m]))\` ([graph](https://prometheus.example/graph?g0.expr=sum%28rate%28ok%5B5m%5D%29%29%0A%20%20%2F%20sum%28rate%28all%5B5m%5D%29%29)) |
      | Given up | at step 2, with 20 % of the traffic, 93 s after the update began |
      | Out of Git | 3 s later |
      | Why | \`Step-based analysis phase error/failed: metric "ok" assessed Failed due to failed (3) > failureLimit (2)\` |
      | Analysis | \`shop/web-2-1\` |"
    `);
  });

  it('names the condition that was met where one says what must not be', () => {
    const table = evidenceTable(evidence({ failureCondition: 'result[0] < 0.9 || isNaN(result[0])' }));
    expect(table).toContain('| Fails where | `result[0] < 0.9 \\|\\| isNaN(result[0])` |');
  });

  it('leaves an argument that comes from a secret as it is written', () => {
    expect(evidence({ successCondition: 'result == "{{args.key}}"' }).metrics[0]?.condition?.text).toBe(
      'result == "{{args.key}}"',
    );
  });

  it('says what is remembered with the revision where the run is not there any more', () => {
    const table = evidenceTable(evidenceOf({ cause, run: undefined }));
    expect(table).toContain('| Given up | at step 2, with 20 % of the traffic |');
    expect(table).toContain('assessed Failed');
    expect(table).not.toMatch(/Metric|Out of Git|Analysis \|/);
    expect(evidenceTable(evidenceOf({ cause: undefined, run: undefined }))).toBe('');
  });

  it('shows numbers and truths only: any other answer of a backend is for those who may read the run', () => {
    const values = ['[0.1, 2e-3]', 'NaN', '[]', 'true', '{"token":"abc"}', '"abc"', '[1,"abc"]'];
    const shown = values.map((value) => evidenceTable({ metrics: [{ name: 'm', values: [value] }], cause: '' }));
    expect(shown.join()).not.toContain('abc');
    expect(shown.filter((text) => text.includes('(no number)'))).toHaveLength(3);
    expect(shown[0]).toContain('`[0.1, 2e-3]`');
  });

  it('shows no credentials that an address holds', () => {
    expect(codeSpan('cannot reach http://user:pass@prometheus:9090/x', 100)).toBe(
      '`cannot reach http:// prometheus:9090/x`',
    );
    expect(codeSpan('GET /api?query=up&access_token=hunter2&api_key=hunter2 failed', 100)).toBe(
      '`GET /api?query=up&access_token=...&api_key=... failed`',
    );
  });

  it('links no query that does not fit into an address', () => {
    const metrics = [{ name: 'm', values: [], query: 'x'.repeat(3000) }];
    expect(evidenceTable({ metrics, cause: '' }, 'https://p.example/g?q={query}')).not.toContain('https://');
  });
});

describe('a code span', () => {
  it.each([
    ['rate(x{code=~"5.."}[5m])', '`rate(x{code=~"5.."}[5m])`'],
    ['x[1h30m:500ms] offset 5m', '`x[1h30m:500ms] offset 5m`'],
    ['x{a=~"[a-zA-Z0-9]"}', '`x{a=~"[a-zA-Z0-9]"}`'],
    ['result[0] == [NaN]', '`result[0] == [NaN]`'],
    ['a [skip ci] b [CI-Skip] c [[no ci]]', '`a (skip ci) b (CI-Skip) c [(no ci)]`'],
    ['***NO_CI***', '`*NO_CI*`'],
    [
      '@{557058:1a2b} @<9E1C2F00-0000-4000> @"Ann Lee" !12',
      '`@ {557058:1a2b} @ <9E1C2F00-0000-4000> @ "Ann Lee" ! 12`',
    ],
    ['`a` ``b`` @team fixes #12, !3, GH-4', "`'a' ''b'' @ team fixes # 12, ! 3, GH- 4`"],
    ['a || b', '`a \\|\\| b`'],
    ['a \\| b', '`a \\¦ b`'],
    ['one\ntwo\u2028three\u202e\u200b', '`one two three`'],
    [' ', '`(nothing)`'],
  ])('of %j', (text, shown) => expect(codeSpan(text, 100)).toBe(shown));
});

const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc
    .array(
      fc.oneof(
        fc.string({ maxLength: 4 }),
        fc.constantFrom(
          ...[
            '`',
            '``',
            '|',
            '\\',
            '\n',
            '\r\n',
            '\u2028',
            '@team',
            '#12',
            '!7',
            'GH-3',
            '<b>',
            '-->',
            '<!--',
            '</details>',
          ],
          ...[
            '[skip ci]',
            '[',
            ']',
            'skip',
            ' ci',
            '***NO_CI***',
            '\n/close',
            '/assign @x',
            '\nSigned-off-by: E <e@e>',
          ],
          ...[
            'Revert-Key: 1',
            '\n\n# x',
            'https://evil.example/',
            '](',
            'javascript:',
            '\u202e',
            '\u200b',
            '\ud800',
            'e@e',
          ],
        ),
      ),
      { maxLength: 14 },
    )
    .map((parts) => parts.join('')),
);

const ORDERS =
  /\[(?:skip[- ]ci|ci[- ]skip|no ci|skip actions|actions skip)\]|\*\*\*NO_CI\*\*\*|skip-checks:|signed-off-by:/i;

/** What must hold of every text that goes to a host, whatever is in it. */
function expectHarmless(markdown: string) {
  expect(markdown.isWellFormed()).toBe(true);
  expect(markdown).not.toMatch(ORDERS);
  expect(markdown).not.toMatch(/@[\w-]|[#!]\d|[\u2028\u2029\u202e\r]|\p{Cf}/u);
  for (const line of markdown.split('\n')) {
    const outside = line.replace(/`[^`]*`/g, '').replace(/\(https:\/\/prometheus\.example\/[\w.?=%~-]*\)/, '');
    expect(outside).not.toMatch(/[`<>@]|#\d|\bevil|\bjavascript/);
    expect(line).not.toMatch(/^\s*(?:\/|#|>|[-*+] |\d+\.|[\w-]+:)/);
    if (line.startsWith('|')) expect(line.replaceAll('\\|', '').split('|')).toHaveLength(4);
  }
}

const metrics = fc.array(
  fc.record({
    name: hostile,
    values: fc.array(hostile, { maxLength: 3 }),
    condition: fc.record({ expects: fc.constantFrom('success' as const, 'failure' as const), text: hostile }),
    query: hostile,
  }),
  { maxLength: 3 },
);
const anyEvidence: fc.Arbitrary<Evidence> = fc.record({ metrics, run: hostile, cause: hostile });

function record(part: GitRevertStatus, rollout = { namespace: 'shop', name: 'web', uid: 'u' }): GitRevert {
  const spec = { rollout, culprits: ['c'.repeat(40)], branch: 'main' } as GitRevert['spec'];
  return { apiVersion: 'headgate.dev/v1alpha1', kind: 'GitRevert', metadata: { name: 'r' }, spec, status: part };
}

const STATES: GitRevertState[] = ['proposed', 'landed', 'needsHuman', 'vetoed', 'superseded', 'skipped'];

/** A page of the host itself, as its API names it; or not one at all. */
const pageUrl = hostile.map((text) => (/^https?:/i.test(text) ? 'https://host.example/pull/7' : text));

describe('whatever texts from outside hold', () => {
  it('a table of evidence cannot mention, refer, order, begin a line or break its cells', () => {
    fc.assert(
      fc.property(anyEvidence, (each) => {
        expectHarmless(evidenceTable(each, 'https://prometheus.example/graph?g0.expr={query}'));
      }),
      { numRuns: 1000 },
    );
  });

  it('a comment cannot either', () => {
    const facts = fc.record({ evidence: anyEvidence, state: fc.constantFrom(...STATES), text: hostile, url: pageUrl });
    fc.assert(
      fc.property(facts, ({ evidence: each, state, text, url }) => {
        const proposal = { branch: text, number: 7, url };
        const culprit = { author: text, pullRequest: { number: 3, url, author: text } };
        const status = { state, message: text, url, commit: 'd'.repeat(40), proposal, culprit };
        const revert = record(status, { namespace: text, name: text, uid: 'u' });
        const said = commentText({ revert, state, evidence: each, mentionsAuthor: false, graphUrl: undefined });
        expectHarmless(said);
        expect(said.length).toBeLessThan(8000);
      }),
      { numRuns: 500 },
    );
  });

  it('the names of those behind the change cannot either', () => {
    fc.assert(
      fc.property(hostile, fc.array(hostile, { maxLength: 3 }), (author, reviewers) => {
        expectHarmless(behindText({ author, reviewers, pullRequest: { number: 3, url: author } }));
      }),
    );
  });

  it('mentions the author by a login only, and only where that is asked for', () => {
    fc.assert(
      fc.property(hostile, (author) => {
        const status = {
          state: 'landed' as const,
          culprit: { author: 'A', pullRequest: { number: 3, url: '', author } },
        };
        const facts = { revert: record(status), state: 'landed' as const, evidence: { metrics: [], cause: '' } };
        const said = commentText({ ...facts, mentionsAuthor: true, graphUrl: undefined });
        expect(said.split('\n')[0]).toMatch(/^(@[A-Za-z0-9][\w.-]*: )?The release of /);
      }),
    );
  });
});

describe('the comment', () => {
  const proposal = { branch: 'b', number: 7, url: 'https://git.example/pulls/7' };
  const culprit = { author: 'Ann', pullRequest: { number: 3, url: 'https://git.example/pulls/3', author: 'ann' } };
  const commit = 'd'.repeat(40);
  const say = (state: GitRevertState, status: GitRevertStatus, mentionsAuthor = false) =>
    commentText({
      revert: record({ state, culprit, ...status }),
      state,
      evidence: { metrics: [], cause: 'why' },
      mentionsAuthor,
      graphUrl: undefined,
    });

  it('links what takes the change out, and says what is to be done', () => {
    expect(say('proposed', { proposal })).toMatchInlineSnapshot(`
      "The release of \`shop/web\` with \`ccccccc\` failed, and its traffic is back on what ran before.

      The change is still in Git: [pull request 7](https://git.example/pulls/7) takes it out, and has to be merged.

      | | |
      |---|---|
      | Why | \`why\` |"
    `);
    expect(say('landed', { commit, url: 'https://git.example/c/d' })).toContain(
      'is out of Git: [commit ddddddd](https://git.example/c/d) takes it back.',
    );
    expect(say('needsHuman', { message: 'later commits changed the same lines' })).toContain(
      'a person has to decide what becomes of it: `later commits changed the same lines`.',
    );
  });

  it('mentions the author where the policy says so', () => {
    expect(say('landed', { commit })).not.toContain('@');
    expect(say('landed', { commit }, true)).toMatch(/^@ann: The release/);
  });

  it('makes no link of what is none', () => {
    expect(link('x', 'javascript:alert(1)')).toBe('x');
    expect(link('x', 'https://a.example/)[evil](https://b.example')).toBe('x');
    expect(link('x', 'https://u:p@a.example/')).toBe('x');
    expect(link('x', 'https://a.example/-/commit/1?a=b')).toBe('[x](https://a.example/-/commit/1?a=b)');
  });

  it.each<[string, GitRevertStatus, GitRevertState | undefined]>([
    ['planned', { state: 'pending' }, undefined],
    ['proposed', { state: 'proposed', proposal }, 'proposed'],
    [
      'merged after it was proposed',
      { state: 'merged', commit, reported: { comment: { says: 'proposed', at: '' } } },
      'landed',
    ],
    ['told to be out of Git', { state: 'done', commit, reported: { comment: { says: 'landed', at: '' } } }, undefined],
    ['a case for a person', { state: 'needsHuman' }, 'needsHuman'],
    ['superseded before anything was said', { state: 'superseded' }, undefined],
    [
      'superseded after it was proposed',
      { state: 'superseded', reported: { comment: { says: 'proposed', at: '' } } },
      'superseded',
    ],
    ['a dry run', { state: 'dryRun' }, undefined],
  ])('is due once for what is %s', (_, status, due) => expect(commentDue(record(status))).toBe(due));
});

describe('the text of a proposal', () => {
  it('holds the evidence before the message', () => {
    const { body } = proposalText(
      'Revert "x"\n\nmessage',
      { namespace: 'shop', name: 'web' },
      { why: ['Behind it', '', '| a |'] },
    );
    expect(body).toContain('template changes.\n\nBehind it\n\n| a |\n\n```text\nRevert "x"');
  });
});
