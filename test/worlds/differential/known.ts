/** Differences that stay, each with its reason. A long hunt in which one no longer occurs is the time to remove it. */
import type { Difference } from './compare.ts';
import type { Outcome } from './executor.ts';
import type { Operation } from './operations.ts';

export interface KnownDifference {
  reason: string;
  matches(operation: Operation, difference: Difference, outcomes: [Outcome, Outcome]): boolean;
}

type Table = readonly KnownDifference[];

const panics: KnownDifference = {
  reason: 'a JSON patch that goes through a null makes the real server break the connection',
  matches: (operation, _difference, [real]) =>
    real.code === 0 && operation.verb === 'patch' && operation.type === 'json',
};

const statusCreates: KnownDifference = {
  reason: 'the real server makes a Service that is put to its status, without the addresses it gives every other one',
  matches: ({ kind, verb, subresource }, _difference, [real]) =>
    kind.kind === 'Service' && subresource === 'status' && verb !== 'create' && real.code === 201,
};

const emptyData: KnownDifference = {
  reason: 'to the real server an empty map of data is a change of an immutable ConfigMap or Secret that has none',
  matches: ({ kind }, _difference, [real, sandbox]) =>
    ['ConfigMap', 'Secret'].includes(kind.kind) && real.code === 422 && sandbox.code === 200 && areData(real.body),
};

function areData(refusal: unknown): boolean {
  const { fields = [] } = refusal as { fields?: string[] };
  return fields.length > 0 && fields.every((field) => field === 'data' || field === 'binaryData');
}

const repairs: KnownDifference = {
  reason: "the real server tells in an Event when it finds a Service's address that it has not given out",
  matches: ({ kind }, _difference, [real]) =>
    kind.kind === 'Event' && JSON.stringify(real.body).includes('"ipallocator-repair-controller"'),
};

const ownObstacle: KnownDifference = {
  reason:
    'the real server takes a finalizer of the collector away in a write of its own, and then refuses its deletion for the version that this made',
  matches: (operation, _difference, [real, sandbox]) =>
    operation.verb === 'delete' && operation.version === 'fresh' && real.code === 409 && sandbox.code === 200,
};

export const knownDifferences: Table = [panics, statusCreates, emptyData, repairs, ownObstacle];

export function knownDifference(
  operation: Operation,
  difference: Difference,
  outcomes: [Outcome, Outcome],
): KnownDifference | undefined {
  return knownDifferences.find((known) => known.matches(operation, difference, outcomes));
}
