import { describe, expect, it } from 'vitest';
import { expectGolden } from '../../test/golden.ts';
import { type MachineState, machine, nameOf, type Seen, step } from './machine.ts';
import { type StepKind, stepKinds } from './steps.ts';

const LENGTH = 3;
const nothing: Seen = {
  invalid: false,
  firstInstall: false,
  stableTemplate: false,
  newRevision: false,
  withinRollbackWindow: false,
  abortRequested: false,
  verdictBad: false,
  stuck: false,
  retryRequested: false,
  promoteFull: false,
  stepDone: false,
  firstStep: 'setWeight',
  nextStep: 'pause',
  canaryReady: false,
  trafficRestored: false,
  paused: false,
};

const flags = (Object.keys(nothing) as (keyof Seen)[]).filter((key) => typeof nothing[key] === 'boolean');
const kinds: (StepKind | 'none')[] = [...stepKinds, 'none'];

const deliveries: MachineState['delivery'][] = [
  'invalid',
  'settled',
  ...stepKinds.map((kind) => ({ progressing: kind })),
  'promoting',
  'aborting',
  'aborted',
];
const states = deliveries.flatMap((delivery) =>
  (['running', 'paused'] as const).map((hold): MachineState => ({ delivery, hold, index: 1, length: LENGTH })),
);

const combinations = kinds.length * 2 ** flags.length;

/** One of all combinations of the facets that are true or false, with every kind of first and of next step. */
function seenOf(combination: number): Seen {
  const position = combination >> flags.length;
  const set = Object.fromEntries(flags.map((flag, place) => [flag, (combination & (1 << place)) !== 0]));
  const [firstStep = 'none', nextStep = 'none'] = [kinds[position], kinds[(position + 1) % kinds.length]];
  return { ...nothing, ...set, firstStep, nextStep };
}

function text({ delivery, hold }: MachineState): string {
  return `${typeof delivery === 'string' ? delivery : delivery.progressing}/${hold}`;
}

type Taken = [from: MachineState, seen: Seen, to: MachineState];

/** What every state makes of every n-th observation, each state of others. */
function* product(chart: typeof machine, thinning: number): Generator<Taken> {
  for (const [offset, state] of states.entries()) {
    for (let combination = offset; combination < combinations; combination += thinning) {
      const seen = seenOf(combination);
      yield [state, seen, step(state, seen, chart)];
    }
  }
}

const inFlight = (state: MachineState) => ['progressing', 'promoting'].includes(nameOf(state.delivery));
const gaveUp = (state: MachineState) => ['aborting', 'aborted'].includes(nameOf(state.delivery));
const valid = (seen: Seen) => !seen.invalid;

type Rule = (from: MachineState, seen: Seen, to: MachineState) => boolean | undefined;

/** What holds of every transition of the machine; undefined where a rule has nothing to say. */
const rules: Record<string, Rule> = {
  'an invalid spec stops everything, from every state': (_, seen, to) =>
    seen.invalid ? to.delivery === 'invalid' : undefined,
  'only an invalid spec leads there': (from, seen, to) =>
    from.delivery !== 'invalid' && valid(seen) ? to.delivery !== 'invalid' : undefined,
  'the stable template never starts steps, and ends every update': (from, seen, to) =>
    valid(seen) && seen.stableTemplate && !seen.newRevision && !seen.firstInstall && from.delivery !== 'invalid'
      ? to.delivery === 'settled'
      : undefined,
  'a first install needs no steps': (from, seen, to) =>
    from.delivery === 'promoting' && valid(seen) && seen.firstInstall ? to.delivery === 'settled' : undefined,
  'an update given up is at its first step': (_, __, to) => (gaveUp(to) ? to.index === 0 || undefined : undefined),
  'a settled Rollout is past its steps': (from, __, to) =>
    to.delivery === 'settled' && from.delivery !== 'settled' ? to.index === LENGTH : undefined,
  'an abort goes through whatever else is seen, spec.paused too': (from, seen, to) =>
    inFlight(from) &&
    valid(seen) &&
    (seen.abortRequested || seen.verdictBad || seen.stuck) &&
    !seen.stableTemplate &&
    !seen.newRevision &&
    !seen.firstInstall
      ? to.delivery === 'aborting'
      : undefined,
  'nothing is given up without a reason': (from, seen, to) =>
    !gaveUp(from) && gaveUp(to) ? seen.abortRequested || seen.verdictBad || seen.stuck : undefined,
  'a new revision begins with the first step, from every state but invalid': (from, seen, to) =>
    valid(seen) &&
    seen.newRevision &&
    !isRemembered(seen) &&
    !seen.stableTemplate &&
    !seen.firstInstall &&
    from.delivery !== 'invalid'
      ? to.index === 0 && (seen.firstStep === 'none' ? to.delivery === 'promoting' : kindOf(to) === seen.firstStep)
      : undefined,
  'a former revision that is remembered well enough goes without steps, from every state but invalid': (
    from,
    seen,
    to,
  ) =>
    isRemembered(seen) && valid(seen) && !seen.stableTemplate && !seen.firstInstall && from.delivery !== 'invalid'
      ? to.delivery === 'promoting' && to.index === LENGTH
      : undefined,
  'one observation completes at most one step': (from, seen, to) =>
    nameOf(from.delivery) === 'progressing' && nameOf(to.delivery) === 'progressing' && !seen.newRevision
      ? to.index - from.index <= 1
      : undefined,
  'a step completes only when it is done': (from, seen, to) =>
    nameOf(from.delivery) === 'progressing' && inFlight(to) && to.index === from.index + 1 && !seen.newRevision
      ? (seen.stepDone && !seen.paused) || seen.promoteFull
      : undefined,
  'a done step completes, into the kind of step that follows': (from, seen, to) =>
    nameOf(from.delivery) === 'progressing' && onlyDone(seen)
      ? to.index === from.index + 1 &&
        (seen.nextStep === 'none' ? to.delivery === 'promoting' : kindOf(to) === seen.nextStep)
      : undefined,
  'under spec.paused nothing is promoted by itself': (from, seen, to) =>
    from.delivery === 'promoting' && seen.paused && valid(seen) && !seen.firstInstall && !seen.stableTemplate
      ? to.delivery !== 'settled'
      : undefined,
  'a promotion ends only with every pod and all traffic there': (from, seen, to) =>
    from.delivery === 'promoting' && to.delivery === 'settled'
      ? seen.canaryReady || seen.firstInstall || seen.stableTemplate
      : undefined,
  'a ready canary is promoted': (from, seen, to) =>
    from.delivery === 'promoting' && seen.canaryReady && !seen.paused && calm(seen)
      ? to.delivery === 'settled'
      : undefined,
  'an aborted update goes on only by a retry, a full promotion or another template': (from, seen, to) =>
    gaveUp(from) && !gaveUp(to) && to.delivery !== 'invalid'
      ? seen.retryRequested || seen.promoteFull || seen.newRevision || seen.stableTemplate
      : undefined,
  'a retry begins with the first step': (from, seen, to) =>
    gaveUp(from) && seen.retryRequested && valid(seen) && !seen.stableTemplate && !seen.newRevision
      ? to.index === 0 && (seen.firstStep === 'none' ? to.delivery === 'promoting' : kindOf(to) === seen.firstStep)
      : undefined,
  'a full promotion leaves the steps out': (from, seen, to) =>
    nameOf(from.delivery) !== 'promoting' &&
    (gaveUp(from) || inFlight(from)) &&
    seen.promoteFull &&
    calm(seen) &&
    !seen.retryRequested
      ? to.delivery === 'promoting' && to.index === LENGTH
      : undefined,
  'aborting ends when no request goes to the canary any more': (from, seen, to) =>
    from.delivery === 'aborting' && calm(seen) && !seen.promoteFull && !seen.retryRequested
      ? to.delivery === (seen.trafficRestored ? 'aborted' : 'aborting')
      : undefined,
  'the hold is what the spec says': (_, seen, to) => to.hold === (seen.paused ? 'paused' : 'running'),
};

function isRemembered(seen: Seen): boolean {
  return seen.newRevision && seen.withinRollbackWindow;
}

function kindOf({ delivery }: MachineState): StepKind | undefined {
  return typeof delivery === 'object' ? delivery.progressing : undefined;
}

/** Nothing but what each rule asks for is going on. */
function calm(seen: Seen): boolean {
  return (
    valid(seen) &&
    !seen.firstInstall &&
    !seen.stableTemplate &&
    !seen.newRevision &&
    !seen.abortRequested &&
    !seen.verdictBad &&
    !seen.stuck
  );
}

function onlyDone(seen: Seen): boolean {
  return calm(seen) && !seen.promoteFull && !seen.paused && seen.stepDone;
}

function breaches(rule: Rule, taken: Taken[]): Taken[] {
  return taken.filter(([from, seen, to]) => rule(from, seen, to) === false);
}

/** As soon as there is one: the rest is not even made. */
function first(all: Iterable<Taken>, holds: (taken: Taken) => boolean): Taken | undefined {
  for (const taken of all) if (holds(taken)) return taken;
  return undefined;
}

describe("the machine's whole graph", () => {
  const taken = [...product(machine, 61)];

  it.each(Object.entries(rules))('%s', (_, rule) => {
    expect(
      taken.some((transition) => rule(...transition) !== undefined),
      'the rule speaks of something',
    ).toBe(true);
    expect(breaches(rule, taken).slice(0, 3)).toEqual([]);
  });

  it('reaches every state; the list of all that is taken is in testdata', () => {
    expect([...new Set(taken.map(([, , to]) => text(to)))].sort()).toEqual(states.map(text).sort());
    const edges = [...new Set(taken.map(([from, , to]) => `${text(from)} -> ${text(to)}`))].sort();
    expectGolden(import.meta.url, 'machine-edges', `${edges.join('\n')}\n`);
  });

  const guards = machine.implementations.guards as Record<string, (args: unknown, params: unknown) => boolean>;

  it.each(Object.keys(guards))('breaks a rule when the guard %s is turned round', (name) => {
    const turned = { [name]: (args: unknown, params: unknown) => !guards[name]?.(args, params) };
    const chart = machine.provide({ guards: turned as never });
    const all = Object.values(rules);
    const breaksOne = (taken: Taken) => all.some((rule) => rule(...taken) === false);
    expect(first(product(chart, 251), breaksOne)).toBeDefined();
  });
});

describe('one promote', () => {
  it('completes one step: what is done already needs a promote of its own', () => {
    const released = { ...nothing, stepDone: true, nextStep: 'setWeight' } as const;
    const after = step({ delivery: { progressing: 'pause' }, hold: 'running', index: 0, length: 5 }, released);
    expect(after).toEqual({ delivery: { progressing: 'setWeight' }, hold: 'running', index: 1, length: 5 });
  });
});
