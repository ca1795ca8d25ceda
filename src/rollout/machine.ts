import { and, assign, setup, transition } from 'xstate';
import { type StepKind, stepKinds } from './steps.ts';

/** What the machine may know: facets of one observation. Every guard reads one of them. */
export interface Seen {
  /** Something is wrong with the object or with what it refers to. */
  invalid: boolean;
  /** There is no stable revision yet. */
  firstInstall: boolean;
  /** The spec's template is the stable one. */
  stableTemplate: boolean;
  /** Template or steps are not those that the status speaks of. */
  newRevision: boolean;
  /** The template is that of a former revision, which needs no steps: not further back than spec.rollbackWindow. */
  withinRollbackWindow: boolean;
  /** A person asks for an abort that was not taken up yet. */
  abortRequested: boolean;
  /** An analysis of this update ended as Failed or Error. */
  verdictBad: boolean;
  /** No progress within the deadline, and the spec asks to abort then. */
  stuck: boolean;
  /** A person takes the abort back. */
  retryRequested: boolean;
  /** A person asks to leave out the remaining steps. */
  promoteFull: boolean;
  /** All that the step under way asks for is there. */
  stepDone: boolean;
  firstStep: StepKind | 'none';
  nextStep: StepKind | 'none';
  /** Every pod of the new revision is available, and traffic is where it should be for promotion. */
  canaryReady: boolean;
  /** No request is sent to the canary any more. */
  trafficRestored: boolean;
  /** spec.paused. */
  paused: boolean;
}

export interface MachineContext {
  /** The step under way; the number of steps when all are done or skipped. */
  index: number;
  /** The number of steps. */
  length: number;
}

type Delivery = 'invalid' | 'settled' | { progressing: StepKind } | 'promoting' | 'aborting' | 'aborted';
export type DeliveryName = 'invalid' | 'settled' | 'progressing' | 'promoting' | 'aborting' | 'aborted';
export type Hold = 'running' | 'paused';

export interface MachineState {
  delivery: Delivery;
  hold: Hold;
  index: number;
  length: number;
}

interface Observed {
  type: 'OBSERVED';
  seen: Seen;
}

/** What a guard asks of a step. */
interface OfKind {
  kind: StepKind | 'none';
}

const states = {
  invalid: '#rollout.delivery.invalid',
  settled: '#rollout.delivery.settled',
  promoting: '#rollout.delivery.promoting',
  aborting: '#rollout.delivery.aborting',
  aborted: '#rollout.delivery.aborted',
  step: (kind: StepKind) => `#rollout.delivery.progressing.${kind}` as const,
};

const configured = setup({
  types: { context: {} as MachineContext, events: {} as Observed, input: {} as MachineContext },
  guards: {
    specInvalid: ({ event }) => event.seen.invalid,
    firstInstall: ({ event }) => event.seen.firstInstall,
    backToStable: ({ event }) => event.seen.stableTemplate,
    newRevision: ({ event }) => event.seen.newRevision,
    withinRollbackWindow: ({ event }) => event.seen.withinRollbackWindow,
    abortRequested: ({ event }) => event.seen.abortRequested,
    verdictBad: ({ event }) => event.seen.verdictBad,
    stuck: ({ event }) => event.seen.stuck,
    retryRequested: ({ event }) => event.seen.retryRequested,
    promoteFull: ({ event }) => event.seen.promoteFull,
    running: ({ event }) => !event.seen.paused,
    paused: ({ event }) => event.seen.paused,
    stepDone: ({ event }) => event.seen.stepDone,
    canaryReady: ({ event }) => event.seen.canaryReady,
    trafficRestored: ({ event }) => event.seen.trafficRestored,
    firstStepIs: ({ event }, { kind }: OfKind) => event.seen.firstStep === kind,
    nextStepIs: ({ event }, { kind }: OfKind) => event.seen.nextStep === kind,
  },
  actions: {
    toFirst: assign({ index: 0 }),
    toNext: assign({ index: ({ context }) => context.index + 1 }),
    toEnd: assign({ index: ({ context }) => context.length }),
  },
});

function firstStepIs(kind: StepKind | 'none') {
  return { type: 'firstStepIs', params: { kind } } as const;
}

function nextStepIs(kind: StepKind | 'none') {
  return { type: 'nextStepIs', params: { kind } } as const;
}

/** Where an update that starts (over) begins: with its first step, or with promotion where there are none. */
function startOver(guard: 'newRevision' | 'retryRequested') {
  return [
    ...stepKinds.map(
      (kind) => ({ guard: and([guard, firstStepIs(kind)]), target: states.step(kind), actions: 'toFirst' }) as const,
    ),
    { guard: and([guard, firstStepIs('none')]), target: states.promoting, actions: 'toFirst' } as const,
  ];
}

/** A new template: a former one, as long as it is remembered well enough, goes without steps. */
const startNew = [
  { guard: and(['newRevision', 'withinRollbackWindow']), target: states.promoting, actions: 'toEnd' } as const,
  ...startOver('newRevision'),
];

/** One observation completes at most one step. */
const advance = [
  ...stepKinds.map(
    (kind) =>
      ({
        guard: and(['running', 'stepDone', nextStepIs(kind)]),
        target: states.step(kind),
        actions: 'toNext',
        reenter: true,
      }) as const,
  ),
  { guard: and(['running', 'stepDone', nextStepIs('none')]), target: states.promoting, actions: 'toNext' } as const,
];

/** What ends an update in flight, whatever it is doing. */
const giveUp = [
  { guard: 'abortRequested', target: states.aborting, actions: 'toFirst' },
  { guard: 'verdictBad', target: states.aborting, actions: 'toFirst' },
  { guard: 'stuck', target: states.aborting, actions: 'toFirst' },
] as const;

const invalidFirst = { guard: 'specInvalid', target: states.invalid } as const;
/** The spec returned to the stable template: never a canary of one's own rollback, from whatever state. */
const home = { guard: 'backToStable', target: states.settled, actions: 'toEnd' } as const;
const skipSteps = { guard: 'promoteFull', target: states.promoting, actions: 'toEnd' } as const;

/** Pure: one event, guards and assign only. What follows from a state is derived from the state (see plan.ts). */
export const machine = configured.createMachine({
  id: 'rollout',
  type: 'parallel',
  context: ({ input }) => input,
  states: {
    delivery: {
      initial: 'settled',
      states: {
        /** Left by being valid again: `derive` then finds the state that the status speaks of. */
        invalid: {
          description: 'The object cannot be followed: nothing moves, but an abort still takes traffic back.',
        },
        settled: {
          description: 'The spec asks for the stable revision.',
          on: { OBSERVED: [invalidFirst, ...startNew] },
        },
        progressing: {
          description: 'A step of the update is under way.',
          initial: 'setWeight',
          states: {
            preview: { description: 'The new pods run beside the active ones, and wait to be looked at.' },
            cutover: { description: 'All new pods are asked for, and users are led to them once they are there.' },
            setWeight: { description: "The canary's pods and traffic come to the step's weight." },
            setCanaryScale: { description: "The canary's pods come to the number that the step asks for." },
            setHeaderRoute: {
              description: 'The route that sends the requests with certain headers to the canary comes or goes.',
            },
            setMirrorRoute: { description: 'The route that copies requests to the canary comes or goes.' },
            pause: { description: 'The update waits for the time to pass, or for a person.' },
            analysis: { description: 'The update waits for the verdict of an AnalysisRun.' },
          },
          on: { OBSERVED: [invalidFirst, home, ...startNew, ...giveUp, skipSteps, ...advance] },
        },
        promoting: {
          description:
            'The steps are over: the new revision has all traffic and all pods, and passes what is to be verified, before it becomes stable.',
          on: {
            OBSERVED: [
              invalidFirst,
              { guard: 'firstInstall', target: states.settled, actions: 'toEnd' },
              home,
              ...startNew,
              ...giveUp,
              { guard: and(['running', 'canaryReady']), target: states.settled, actions: 'toEnd' },
            ],
          },
        },
        aborting: {
          description: 'The update was given up, and traffic goes back to stable.',
          on: {
            OBSERVED: [
              invalidFirst,
              home,
              ...startNew,
              ...startOver('retryRequested'),
              skipSteps,
              { guard: 'trafficRestored', target: states.aborted },
            ],
          },
        },
        aborted: {
          description: 'The update was given up, and no request goes to the canary; a person has to act.',
          on: {
            OBSERVED: [invalidFirst, home, ...startNew, ...startOver('retryRequested'), skipSteps],
          },
        },
      },
    },
    hold: {
      initial: 'running',
      states: {
        running: {
          description: 'Steps complete by themselves.',
          on: { OBSERVED: { guard: 'paused', target: 'paused' } },
        },
        paused: {
          description: 'No step completes and no weight rises; an abort goes through.',
          on: { OBSERVED: { guard: 'running', target: 'running' } },
        },
      },
    },
  },
});

/** An update is under way, and was not given up. */
export function isInFlight({ delivery }: MachineState): boolean {
  return ['progressing', 'promoting'].includes(nameOf(delivery));
}

/** The update was given up. */
export function hasGivenUp({ delivery }: MachineState): boolean {
  return delivery === 'aborting' || delivery === 'aborted';
}

export function nameOf(delivery: Delivery): DeliveryName {
  return typeof delivery === 'string' ? delivery : 'progressing';
}

/** The state that one observation leads to. */
export function step(state: MachineState, seen: Seen, chart = machine): MachineState {
  const { delivery, hold, ...context } = state;
  const snapshot = chart.resolveState({ value: { delivery, hold } as never, context });
  const [next] = transition(chart, snapshot, { type: 'OBSERVED', seen });
  const value = next.value as { delivery: Delivery; hold: Hold };
  return { delivery: value.delivery, hold: value.hold, index: next.context.index, length: next.context.length };
}
