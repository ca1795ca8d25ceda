/** Differences that stay, each with its reason. A long hunt in which one no longer occurs is the time to remove it. */
import type { Difference } from './compare.ts';
import type { Outcome } from './executor.ts';
import type { Operation } from './operations.ts';

export interface KnownDifference {
  reason: string;
  /** `earlier`: what was asked before, in the same sequence. */
  matches(
    operation: Operation,
    difference: Difference,
    outcomes: [Outcome, Outcome],
    earlier: readonly Operation[],
  ): boolean;
}

type Table = readonly KnownDifference[];

const panics: KnownDifference = {
  reason: 'a JSON patch that goes through a null makes the real server break the connection',
  matches: (operation, _difference, [real]) =>
    real.code === 0 && operation.verb === 'patch' && operation.type === 'json' && leadsThroughNull(operation.body),
};

function isNullOnTheWay(value: unknown, keys: readonly string[]): boolean {
  const [first, ...rest] = keys;
  if (first === undefined || value === undefined) return false;
  if (value === null) return true;
  return typeof value === 'object' && isNullOnTheWay((value as Record<string, unknown>)[first], rest);
}

/** Whether a step of the patch goes on below a null that an earlier one has put there. */
function leadsThroughNull(body: unknown): boolean {
  const steps = (Array.isArray(body) ? body : []) as { path?: string; value?: unknown }[];
  return steps.some(({ path = '' }, index) =>
    steps.slice(0, index).some((other) => {
      const isBelow = path.startsWith(`${other.path}/`);
      return isBelow && isNullOnTheWay(other.value, path.slice(`${other.path}/`.length).split('/'));
    }),
  );
}

const UNGIVEN = /^body\.(spec\.(clusterIPs?|ipFamil(ies|yPolicy))$|metadata\.managedFields\b)/;

const statusCreates: KnownDifference = {
  reason:
    'the real server makes a Service that is put to its status, without the addresses it gives every other one; its writer owns the status alone, and what is only tried keeps the version it said',
  matches: ({ kind, verb, subresource, query }, { path }, [real, sandbox]) =>
    kind.kind === 'Service' &&
    subresource === 'status' &&
    verb === 'update' &&
    real.code === 201 &&
    sandbox.code === 201 &&
    (UNGIVEN.test(path) || (query.dryRun === 'All' && path === 'body.metadata.resourceVersion')),
};

const repairs: KnownDifference = {
  reason: "the real server tells in an Event when it finds a Service's address that it has not given out",
  matches: ({ kind }, _difference, [real]) =>
    kind.kind === 'Event' && JSON.stringify(real.body).includes('"ipallocator-repair-controller"'),
};

const ownObstacle: KnownDifference = {
  reason:
    'the real server takes a finalizer of the collector away in a write of its own, and then refuses its deletion for the version that this made',
  matches: (operation, _difference, [real, sandbox], earlier) => {
    const isRefused = real.code === 409 && sandbox.code === 200;
    if (operation.verb !== 'delete' || operation.version !== 'fresh' || !isRefused) return false;
    const isSame = (other: Operation) => other.kind === operation.kind && ['', operation.name].includes(other.name);
    return (
      propagationOf(operation) === 'Background' &&
      earlier.some((other) => isSame(other) && ['Orphan', 'Foreground'].includes(String(propagationOf(other))))
    );
  },
};

/** What a deletion asks the collector to do. */
function propagationOf(operation: Operation): unknown {
  if (operation.verb !== 'delete' && operation.verb !== 'deleteCollection') return undefined;
  const { propagationPolicy = operation.query.propagationPolicy, orphanDependents } = operation.body ?? {};
  if (orphanDependents === undefined) return propagationPolicy;
  return orphanDependents === true ? 'Orphan' : 'Background';
}

export const knownDifferences: Table = [panics, statusCreates, repairs, ownObstacle];

export function knownDifference(
  operation: Operation,
  difference: Difference,
  outcomes: [Outcome, Outcome],
  earlier: readonly Operation[],
): KnownDifference | undefined {
  return knownDifferences.find((known) => known.matches(operation, difference, outcomes, earlier));
}
